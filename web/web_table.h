// What embed_files.cmake makes of the files, for web_files.c alone.
#pragma once
#include "web/web_files.h"

extern const struct web_file web_table_page;
extern const struct web_file web_table[];
extern const size_t web_table_count;
extern const char web_table_version[];
