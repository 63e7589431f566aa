// The folder is the process's own, so that nothing else is removed with it.
#include "app/audit/fold/scratch_folder.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPEN_FOLDERS_MAX = 16 };

SG_RESULT scratch_folder_make(struct scratch_folder *ret_folder)
{
    const char *parent = getenv("TMPDIR");
    parent = parent == NULL || parent[0] == '\0' ? "/tmp" : parent;
    struct scratch_folder folder;
    int length = snprintf(folder.path, sizeof folder.path, "%s/soglia-audit-XXXXXX", parent);
    if (length >= (int)sizeof folder.path) {
        return sg_fail(SG_FATAL, ENAMETOOLONG, "TMPDIR is too long");
    }
    if (mkdtemp(folder.path) == NULL) {
        return sg_fail(SG_FATAL, errno, "%s: %s; TMPDIR names another place", folder.path,
                       strerror(errno));
    }
    *ret_folder = folder;
    return sg_ok();
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
    (void)status;
    (void)type;
    (void)ftw;
    return remove(path);
}

void scratch_folder_remove(struct scratch_folder *folder)
{
    if (folder->path[0] != '\0') {
        nftw(folder->path, remove_one, OPEN_FOLDERS_MAX, FTW_DEPTH | FTW_PHYS);
        folder->path[0] = '\0';
    }
}
