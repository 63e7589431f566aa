// Made by mkdtemp, removed from the leaves.
#include "tests/replay/state_folder.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPEN_FOLDERS_MAX = 8 };

sg_result state_folder_make(char ret_path[static STATE_FOLDER_MAX])
{
    const char *parent = getenv("TMPDIR");
    snprintf(ret_path, STATE_FOLDER_MAX, "%s/soglia-replay-XXXXXX",
             parent == NULL ? "/tmp" : parent);
    if (mkdtemp(ret_path) == NULL) {
        return sg_fail(SG_FATAL, errno, "%s: %s", ret_path, strerror(errno));
    }
    return sg_ok();
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    return remove(path);
}

void state_folder_remove(const char *path)
{
    // A folder that stays behind is the system's to clean: the tests have their result.
    (void)!nftw(path, remove_one, OPEN_FOLDERS_MAX, FTW_DEPTH | FTW_PHYS);
}
