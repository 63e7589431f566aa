// mkdir -p.
#include "core/folder.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum { FOLDER_MODE = 0750, PATH_BYTES_MAX = 4096 };

sg_result folder_make(const char *path)
{
    char part[PATH_BYTES_MAX];
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof part) {
        return sg_fail(SG_FATAL, ENAMETOOLONG, "not a usable path for a folder: %s", path);
    }
    memcpy(part, path, length + 1);
    for (size_t i = 1; i <= length; i++) {
        if (part[i] != '/' && part[i] != '\0') {
            continue;
        }
        char kept = part[i];
        part[i] = '\0';
        if (mkdir(part, FOLDER_MODE) != 0 && errno != EEXIST) {
            return sg_fail(SG_FATAL, errno, "cannot make the folder %s: %s", part, strerror(errno));
        }
        part[i] = kept;
    }
    return sg_ok();
}
