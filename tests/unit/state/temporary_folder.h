// A folder for state files, in memory where that is to be had.
#pragma once

enum { TEMPORARY_FOLDER_MAX = 256 };

// Setup and teardown of cmocka: the path is temporary_folder.
extern char temporary_folder[TEMPORARY_FOLDER_MAX];
int temporary_folder_make(void **state);
int temporary_folder_remove(void **state);
