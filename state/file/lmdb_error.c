// The one translator of LMDB's codes.
#include "state/file/lmdb_error.h"

#include "state/file/disk.h"

#include <lmdb.h>

#include <errno.h>
#include <inttypes.h>

sg_result lmdb_result(int code, const char *path, const char *action)
{
    switch (code) {
    case MDB_SUCCESS:
        return sg_ok();
    case MDB_MAP_FULL:
    case MDB_TXN_FULL:
    case MDB_BAD_TXN:
        return sg_fail(SG_ABORT, code, "state %s: %s: %s", path, action, mdb_strerror(code));
    case MDB_READERS_FULL:
        return sg_fail(SG_RETRY, code, "state %s: %s: too many readers at once", path, action);
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
        return sg_fail(SG_FATAL, code,
                       "state %s: %s: the file is damaged (%s); move the folder away and start "
                       "again: state is restored from Kafka",
                       path, action, mdb_strerror(code));
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EIO: // LMDB's word for a write that was cut short.
        return sg_fail(SG_FATAL, code,
                       "state %s: %s: the file cannot be written (%s), %" PRId64
                       " KiB are free on its disk; make room and start again: nothing is lost",
                       path, action, mdb_strerror(code), disk_free_bytes(path) >> 10);
    default:
        return sg_fail(SG_FATAL, code, "state %s: %s: %s", path, action, mdb_strerror(code));
    }
}
