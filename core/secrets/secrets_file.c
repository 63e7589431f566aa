// A new file gets its name by link(2), which gives it to one process only and never takes the place
// of a file; rename(2) would, and two processes that start at once would keep different keys.
#include "core/secrets/secrets_file.h"

#include "core/folder.h"
#include "core/service/log.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
    FILE_BYTES_MAX = 65536,
    HEX_MAX = 2 * SECRETS_KEY_BYTES + 1,
    MODE_FORBIDDEN = S_IWGRP | S_IXGRP | S_IRWXO,
    MODE_FORBIDDEN_READ_ONLY = S_IWGRP | S_IXGRP | S_IWOTH | S_IXOTH
};

static const char made_format[] =
    "# The keys of this soglia: every process of it needs this file, nobody else may have it.\n"
    "# Keep a copy: without `identity` nobody can log in any more. It never changes.\n"
    "# The other keys rotate: put a new one, with a new name, above them; remove an old one "
    "later.\n"
    "k1 %s\n"
    "identity %s\n";

static void close_file(const int *file)
{
    if (*file >= 0) {
        close(*file);
    }
}

static void free_secret(uint8_t **memory)
{
    sodium_free(*memory);
}

static sg_result file_failed(const char *path, const char *what)
{
    return sg_fail(SG_FATAL, errno, "secrets: cannot %s %s: %s", what, path, strerror(errno));
}

bool secrets_file_is_kept(mode_t mode, bool is_read_only_mount)
{
    return (mode & (is_read_only_mount ? MODE_FORBIDDEN_READ_ONLY : MODE_FORBIDDEN)) == 0;
}

static bool is_on_read_only_mount(int file)
{
    struct statvfs mount;
    return fstatvfs(file, &mount) == 0 && (mount.f_flag & ST_RDONLY) != 0;
}

static sg_result check_status(const char *path, int file)
{
    struct stat status;
    if (fstat(file, &status) != 0) {
        return file_failed(path, "read");
    }
    if (!S_ISREG(status.st_mode)) {
        return sg_fail(SG_FATAL, 0, "secrets: %s is no file", path);
    }
    if (!secrets_file_is_kept(status.st_mode, is_on_read_only_mount(file))) {
        return sg_fail(SG_FATAL, 0,
                       "secrets: %s may be read or changed by others (mode %04o): chmod 600 %s, "
                       "and new keys if others have seen it",
                       path, (unsigned)status.st_mode & 07777U, path);
    }
    if (status.st_size > FILE_BYTES_MAX) {
        return sg_fail(SG_FATAL, 0, "secrets: %s has more than %d bytes", path, FILE_BYTES_MAX);
    }
    return sg_ok();
}

// Returns the bytes read, -1 on failure.
static ssize_t read_all(int file, uint8_t *data, size_t size)
{
    size_t got = 0;
    while (got < size) {
        ssize_t step = read(file, data + got, size - got);
        if (step < 0) {
            return -1;
        }
        if (step == 0) {
            break;
        }
        got += (size_t)step;
    }
    return (ssize_t)got;
}

sg_result secrets_file_read(const char *path, struct secrets *secrets, bool *ret_missing)
{
    // Not blocking: a pipe of that name is refused, not waited for.
    SG_CLEANUP(close_file) int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    *ret_missing = file < 0 && errno == ENOENT;
    if (*ret_missing) {
        return sg_ok();
    }
    if (file < 0) {
        return file_failed(path, "read");
    }
    SG_TRY(check_status(path, file));
    SG_CLEANUP(free_secret) uint8_t *text = sodium_malloc(FILE_BYTES_MAX);
    if (text == NULL) {
        return sg_fail(SG_FATAL, 0, "secrets: out of memory");
    }
    ssize_t size = read_all(file, text, FILE_BYTES_MAX);
    if (size < 0) {
        return file_failed(path, "read");
    }
    return secrets_lines_read(bytes_of(text, (size_t)size), path, secrets);
}

// The folder of a path, "." if it names none.
static void folder_of(const char *path, char ret_folder[static SECRETS_PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    size_t size = slash == NULL ? 1 : (size_t)(slash - path);
    if (slash == path) {
        size = 1;
    }
    snprintf(ret_folder, SECRETS_PATH_MAX, "%.*s", (int)size, slash == NULL ? "." : path);
}

static void random_hex(char ret_text[static HEX_MAX])
{
    uint8_t key[SECRETS_KEY_BYTES];
    randombytes_buf(key, sizeof key);
    sodium_bin2hex(ret_text, HEX_MAX, key, sizeof key);
    sodium_memzero(key, sizeof key);
}

static bool write_keys(int file)
{
    char text[sizeof made_format + 2 * HEX_MAX];
    char signing[HEX_MAX];
    char identity[HEX_MAX];
    random_hex(signing);
    random_hex(identity);
    int size = snprintf(text, sizeof text, made_format, signing, identity);
    bool written = write(file, text, (size_t)size) == size && fsync(file) == 0;
    sodium_memzero(text, sizeof text);
    sodium_memzero(signing, sizeof signing);
    sodium_memzero(identity, sizeof identity);
    return written;
}

static sg_result keep_folder(const char *folder)
{
    SG_CLEANUP(close_file) int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0 || fsync(file) != 0) {
        return file_failed(folder, "sync");
    }
    return sg_ok();
}

sg_result secrets_file_make(const char *path)
{
    char folder[SECRETS_PATH_MAX];
    char fresh[SECRETS_PATH_MAX];
    int length = snprintf(fresh, sizeof fresh, "%s.XXXXXX", path);
    if (length < 0 || (size_t)length >= sizeof fresh) {
        return sg_fail(SG_FATAL, 0, "secrets: the path is too long");
    }
    folder_of(path, folder);
    SG_TRY(folder_make(folder));
    SG_CLEANUP(close_file) int file = mkostemp(fresh, O_CLOEXEC); // Mode 0600.
    if (file < 0) {
        return file_failed(fresh, "make");
    }
    bool written = write_keys(file);
    bool linked = written && link(fresh, path) == 0;
    bool there = linked || (written && errno == EEXIST);
    sg_result result = there ? sg_ok() : file_failed(path, "make");
    unlink(fresh);
    SG_TRY(result);
    if (linked) {
        log_info("secrets made: every process of this installation needs this file",
                 (struct log_field[]){log_text("path", path), {.name = NULL}});
    }
    return keep_folder(folder);
}
