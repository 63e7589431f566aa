// The lock is advisory and ends with the process, so a crash leaves nothing to clean up. The note
// is a file with the boot id of the system that writes without sync; no file means that all is
// synced.
#include "state/file/trust.h"

#include "core/buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { BOOT_ID_CHARS = 36, NAME_MAX_BYTES = 4096, FILE_MODE = 0640, OWNER_CHARS = 32 };

// A text that ends with a NUL, in a buffer of its own.
static sg_result join(struct buffer *name, const char *path, const char *file)
{
    buffer_init(name, NAME_MAX_BYTES);
    SG_TRY(buffer_print(name, "%s/%s", path, file));
    return buffer_append_byte(name, '\0');
}

static const char *text(const struct buffer *name)
{
    return (const char *)name->data;
}

// Reads up to `size` bytes; `*ret_size` -1 when there is no such file.
static sg_result read_file(const char *name, char *data, size_t size, ssize_t *ret_size)
{
    int file = open(name, O_RDONLY | O_CLOEXEC);
    if (file < 0 && errno == ENOENT) {
        *ret_size = -1;
        return sg_ok();
    }
    ssize_t got = file < 0 ? -1 : read(file, data, size);
    int code = errno;
    if (file >= 0) {
        close(file);
    }
    if (got < 0) {
        return sg_fail(SG_FATAL, code, "cannot read %s: %s", name, strerror(code));
    }
    *ret_size = got;
    return sg_ok();
}

static sg_result read_boot_id(char ret_id[static BOOT_ID_CHARS])
{
    ssize_t size = 0;
    SG_TRY(read_file("/proc/sys/kernel/random/boot_id", ret_id, BOOT_ID_CHARS, &size));
    if (size != BOOT_ID_CHARS) {
        return sg_fail(SG_FATAL, 0,
                       "cannot read the boot id of this system; set state.sync=commit");
    }
    return sg_ok();
}

static sg_result remove_file(const char *path, const char *file)
{
    SG_CLEANUP(buffer_done) struct buffer name;
    SG_TRY(join(&name, path, file));
    if (unlink(text(&name)) != 0 && errno != ENOENT) {
        return sg_fail(SG_FATAL, errno, "cannot remove %s: %s", text(&name), strerror(errno));
    }
    return sg_ok();
}

static sg_result refuse(const char *path, int file)
{
    char owner[OWNER_CHARS] = {0};
    ssize_t got = read(file, owner, sizeof owner - 1);
    owner[strcspn(owner, "\n")] = '\0';
    return sg_fail(SG_FATAL, EWOULDBLOCK,
                   "state %s is in use by process %s; stop that one first, or give this "
                   "process another state.dir",
                   path, got > 0 ? owner : "(unknown)");
}

// Locks the file of the owner and writes this process into it.
static sg_result take_lock(const char *path, const char *name, int file)
{
    if (flock(file, LOCK_EX | LOCK_NB) != 0) {
        return refuse(path, file);
    }
    char owner[OWNER_CHARS];
    int length = snprintf(owner, sizeof owner, "%ld\n", (long)getpid());
    if (ftruncate(file, 0) != 0 || pwrite(file, owner, (size_t)length, 0) != length) {
        return sg_fail(SG_FATAL, errno, "cannot write %s: %s", name, strerror(errno));
    }
    return sg_ok();
}

sg_result trust_lock(const char *path, int *ret_lock)
{
    SG_CLEANUP(buffer_done) struct buffer name;
    SG_TRY(join(&name, path, "owner"));
    int file = open(text(&name), O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
    if (file < 0) {
        return sg_fail(SG_FATAL, errno, "cannot open %s: %s", text(&name), strerror(errno));
    }
    sg_result taken = take_lock(path, text(&name), file);
    if (!sg_is_ok(taken)) {
        close(file);
        return taken;
    }
    *ret_lock = file;
    return sg_ok();
}

sg_result trust_check(const char *path, bool *ret_removed)
{
    SG_CLEANUP(buffer_done) struct buffer name;
    SG_TRY(join(&name, path, "unsynced"));
    char noted[BOOT_ID_CHARS];
    char current[BOOT_ID_CHARS];
    ssize_t size = 0;
    SG_TRY(read_file(text(&name), noted, sizeof noted, &size));
    *ret_removed = false;
    if (size < 0) {
        return sg_ok();
    }
    // A note that was cut short, even to nothing, was being written when the system died.
    SG_TRY(read_boot_id(current));
    if (size == BOOT_ID_CHARS && memcmp(noted, current, sizeof noted) == 0) {
        return sg_ok();
    }
    SG_TRY(remove_file(path, "data.mdb"));
    SG_TRY(remove_file(path, "lock.mdb"));
    SG_TRY(remove_file(path, "unsynced"));
    *ret_removed = true;
    return sg_ok();
}

static sg_result write_synced(int file, const char *data, size_t size, const char *name)
{
    if (write(file, data, size) != (ssize_t)size || fsync(file) != 0) {
        return sg_fail(SG_FATAL, errno, "cannot write %s: %s", name, strerror(errno));
    }
    return sg_ok();
}

// Without this the name of the note could be lost with the power although its bytes are there.
static sg_result sync_folder(const char *path)
{
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int code = folder < 0 || fsync(folder) != 0 ? errno : 0;
    if (folder >= 0) {
        close(folder);
    }
    return code == 0 ? sg_ok()
                     : sg_fail(SG_FATAL, code, "cannot sync %s: %s", path, strerror(code));
}

static sg_result write_note(const char *name)
{
    char current[BOOT_ID_CHARS];
    SG_TRY(read_boot_id(current));
    int file = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
    if (file < 0) {
        return sg_fail(SG_FATAL, errno, "cannot open %s: %s", name, strerror(errno));
    }
    sg_result written = write_synced(file, current, sizeof current, name);
    close(file);
    return written;
}

// Under its name only when it is whole: a process killed in between leaves no note that says
// nothing.
sg_result trust_begin_unsynced(const char *path)
{
    SG_CLEANUP(buffer_done) struct buffer name;
    SG_TRY(join(&name, path, "unsynced"));
    SG_CLEANUP(buffer_done) struct buffer new_name;
    SG_TRY(join(&new_name, path, "unsynced.new"));
    SG_TRY(write_note(text(&new_name)));
    if (rename(text(&new_name), text(&name)) != 0) {
        return sg_fail(SG_FATAL, errno, "cannot write %s: %s", text(&name), strerror(errno));
    }
    return sync_folder(path);
}

sg_result trust_end_unsynced(const char *path)
{
    return remove_file(path, "unsynced");
}
