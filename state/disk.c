// One call of the system, and the words of a full disk.
#include "state/disk.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/statvfs.h>

// LMDB maps its lock file with holes: on a full disk the first touch of one would be a SIGBUS.
enum { FREE_BYTES_MIN = 256 << 10 };

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
