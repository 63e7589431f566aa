// Made by mkdtemp, removed from the leaves.
#include "temporary_folder.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { OPEN_FOLDERS_MAX = 8 };

char temporary_folder[TEMPORARY_FOLDER_MAX];

int temporary_folder_make(void **state)
{
    (void)state;
    const char *parent = getenv("TMPDIR");
    if (parent == NULL) {
        parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    }
    snprintf(temporary_folder, sizeof temporary_folder, "%s/soglia-state-XXXXXX", parent);
    return mkdtemp(temporary_folder) == NULL ? -1 : 0;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    return remove(path);
}

int temporary_folder_remove(void **state)
{
    (void)state;
    return nftw(temporary_folder, remove_one, OPEN_FOLDERS_MAX, FTW_DEPTH | FTW_PHYS);
}
