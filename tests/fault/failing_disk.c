// Loaded before libc into the program under test: lets writes to state files fail, or records them.
// FAILING_DISK=<nth>:<ENOSPC|EIO|short>: from the nth write to a data.mdb on every one fails so.
// RECORDING_DISK=<file>: each write and each sync of a data.mdb is appended to the file, in order,
// so that a test can make what a power cut may leave of it.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PATH_BYTES_MAX = 4096, KIND_WRITE = 'W', KIND_DURABLE_WRITE = 'D', KIND_SYNC = 'S' };

// What stands before the bytes of a write in the record.
struct step {
    int64_t kind;
    int64_t offset;
    int64_t size;
};

typedef ssize_t (*pwrite_fn)(int file, const void *data, size_t size, off_t offset);
typedef ssize_t (*writev_fn)(int file, const struct iovec *parts, int count);
typedef int (*sync_fn)(int file);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int64_t writes;

static void *libc_function(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

static bool is_state(int file)
{
    char link[64];
    char path[PATH_BYTES_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    static const char name[] = "/data.mdb";
    size_t size = sizeof name - 1;
    return length >= (ssize_t)size && memcmp(path + length - size, name, size) == 0;
}

// The error of this write, 0 for none; `*ret_short` when only its first half is written.
static int next_error(bool *ret_short)
{
    const char *wish = getenv("FAILING_DISK");
    if (wish == NULL) {
        return 0;
    }
    char *kind = NULL;
    int64_t nth = strtoll(wish, &kind, 10);
    pthread_mutex_lock(&lock);
    bool is_due = ++writes >= nth;
    *ret_short = writes == nth && strcmp(kind, ":short") == 0;
    pthread_mutex_unlock(&lock);
    if (!is_due || *ret_short) {
        return 0;
    }
    return strcmp(kind, ":EIO") == 0 ? EIO : ENOSPC;
}

static void put(int record, const void *data, size_t size)
{
    if (write(record, data, size) != (ssize_t)size) {
        abort(); // A record with a hole would make the test prove nothing.
    }
}

static void record_step(const struct step *step, const void *data)
{
    const char *path = getenv("RECORDING_DISK");
    if (path == NULL) {
        return;
    }
    pthread_mutex_lock(&lock);
    int record = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    put(record, step, sizeof *step);
    put(record, data, (size_t)step->size);
    close(record);
    pthread_mutex_unlock(&lock);
}

static void record_write(int file, const void *data, size_t size, off_t offset)
{
    bool is_durable = (fcntl(file, F_GETFL) & O_DSYNC) != 0;
    struct step step = {is_durable ? KIND_DURABLE_WRITE : KIND_WRITE, offset, (int64_t)size};
    record_step(&step, data);
}

static void record_sync(void)
{
    struct step step = {KIND_SYNC, 0, 0};
    record_step(&step, "");
}

// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): libc's names are reserved.
ssize_t pwrite(int file, const void *data, size_t size, off_t offset)
{
    pwrite_fn real = (pwrite_fn)(uintptr_t)libc_function("pwrite");
    bool is_short = false;
    int error = is_state(file) ? next_error(&is_short) : 0;
    if (error != 0) {
        errno = error;
        return -1;
    }
    ssize_t written = real(file, data, is_short ? size / 2 : size, offset);
    if (written > 0 && is_state(file)) {
        record_write(file, data, (size_t)written, offset);
    }
    return written;
}

ssize_t pwrite64(int file, const void *data, size_t size, off_t offset)
{
    return pwrite(file, data, size, offset);
}

ssize_t writev(int file, const struct iovec *parts, int count)
{
    writev_fn real = (writev_fn)(uintptr_t)libc_function("writev");
    if (!is_state(file)) {
        return real(file, parts, count);
    }
    // One part after the other: the caller sees the same, and each goes through pwrite().
    off_t offset = lseek(file, 0, SEEK_CUR);
    ssize_t sum = 0;
    for (int i = 0; i < count; i++) {
        ssize_t written = pwrite(file, parts[i].iov_base, parts[i].iov_len, offset + sum);
        if (written < 0) {
            return sum > 0 ? sum : -1;
        }
        sum += written;
        if ((size_t)written < parts[i].iov_len) {
            break;
        }
    }
    lseek(file, sum, SEEK_CUR);
    return sum;
}

int fdatasync(int file)
{
    sync_fn real = (sync_fn)(uintptr_t)libc_function("fdatasync");
    int code = real(file);
    if (code == 0 && is_state(file)) {
        record_sync();
    }
    return code;
}
// NOLINTEND(readability-inconsistent-declaration-parameter-name)
