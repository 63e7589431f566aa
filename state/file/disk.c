// A few calls of the system, and the words of a full disk.
#include "state/file/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { FREE_BYTES_MIN = 256 << 10, PATH_BYTES_MAX = 4096, FILE_MODE = 0640 };

int64_t disk_free_bytes(const char *path)
{
    struct statvfs disk;
    return statvfs(path, &disk) == 0 ? (int64_t)(disk.f_bavail * disk.f_frsize) : INT64_MAX;
}

sg_result disk_check(const char *path)
{
    int64_t free_bytes = disk_free_bytes(path);
    if (free_bytes >= FREE_BYTES_MIN) {
        return sg_ok();
    }
    return sg_fail(SG_FATAL, ENOSPC,
                   "state %s: the disk is full, %" PRId64
                   " KiB are free; make room and start again: nothing is lost",
                   path, free_bytes >> 10);
}

sg_result disk_reserve(const char *path, const char *file, int64_t bytes)
{
    char name[PATH_BYTES_MAX];
    int length = snprintf(name, sizeof name, "%s/%s", path, file);
    if (length < 0 || (size_t)length >= sizeof name) {
        return sg_fail(SG_FATAL, ENAMETOOLONG, "state %s: the path is too long", path);
    }
    int opened = open(name, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
    if (opened < 0) {
        return sg_fail(SG_FATAL, errno, "cannot open %s: %s", name, strerror(errno));
    }
    int code = posix_fallocate(opened, 0, (off_t)bytes);
    close(opened);
    if (code == 0 || code == EOPNOTSUPP || code == EINVAL) {
        return sg_ok();
    }
    return sg_fail(SG_FATAL, code,
                   "cannot write %s: %s, %" PRId64
                   " KiB are free on its disk; make room and start again: nothing is lost",
                   name, strerror(code), disk_free_bytes(path) >> 10);
}
