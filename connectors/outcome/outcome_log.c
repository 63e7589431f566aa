// The file is a journal of records; the entries in memory are its index, chained by hash for the
// look-up and by age for the limit. One lock guards both.
#include "connectors/outcome/outcome_log.h"
#include "core/hash.h"
#include "core/service/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BUCKETS = 4096,
    REWRITE_BYTES = 1024 * 1024, // Smaller files are not worth rewriting.
    DAY_MS = 24 * 60 * 60 * 1000,
    // Every attempt under way may write its record; twice that is asked for at a time.
    AHEAD_BYTES = OUTCOME_LOG_UNDER_WAY_MAX * OUTCOME_RECORD_MAX,
};

struct entry {
    struct entry *chain; // Next of its bucket.
    struct entry *older;
    struct entry *newer;
    uint64_t hash;
    struct outcome_record record; // Texts in `room`.
    size_t size;                  // In the file.
    struct outcome_room room;
};

struct outcome_log {
    pthread_mutex_t lock;
    int file;
    int lock_file;
    char path[PATH_MAX];
    size_t file_size;
    size_t reserved_size; // Up to here the disk has room for the file.
    size_t live_size;     // Of the file, what the entries are.
    size_t count;
    struct entry *oldest;
    struct entry *newest;
    struct entry *buckets[BUCKETS];
};

static uint64_t hash_of(struct bytes id, int32_t attempt)
{
    // The attempts of one notification share a bucket: there are few.
    return hash_bytes(id) + (uint32_t)attempt;
}

static struct entry **slot_of(struct outcome_log *log, struct bytes id, int32_t attempt)
{
    uint64_t hash = hash_of(id, attempt);
    struct entry **slot = &log->buckets[hash % BUCKETS];
    while (*slot != NULL && !((*slot)->hash == hash && (*slot)->record.attempt == attempt &&
                              bytes_equal((*slot)->record.notification_id, id))) {
        slot = &(*slot)->chain;
    }
    return slot;
}

// Copies the record's texts to `room` and lets it point there.
static void settle_in(struct outcome_record *record, struct outcome_room *room)
{
    struct bytes reply = record->reply;
    reply.size = reply.size < sizeof room->reply ? reply.size : sizeof room->reply;
    memcpy(room->id, record->notification_id.data, record->notification_id.size);
    if (reply.size > 0) {
        memcpy(room->reply, reply.data, reply.size);
    }
    record->notification_id = bytes_of(room->id, record->notification_id.size);
    record->reply = bytes_of(room->reply, reply.size);
}

// Takes out what is in the slot, if anything.
static void remove_entry(struct outcome_log *log, struct entry **slot)
{
    struct entry *entry = *slot;
    if (entry == NULL) {
        return;
    }
    *slot = entry->chain;
    *(entry->older == NULL ? &log->oldest : &entry->older->newer) = entry->newer;
    *(entry->newer == NULL ? &log->newest : &entry->newer->older) = entry->older;
    log->live_size -= entry->size;
    log->count--;
    free(entry);
}

static void remove_oldest(struct outcome_log *log)
{
    const struct outcome_record *record = &log->oldest->record;
    remove_entry(log, slot_of(log, record->notification_id, record->attempt));
}

// Takes the place of an earlier record of the same attempt.
static void add_entry(struct outcome_log *log, struct entry *entry)
{
    struct entry **slot = slot_of(log, entry->record.notification_id, entry->record.attempt);
    remove_entry(log, slot);
    if (log->count == OUTCOME_LOG_MAX) {
        remove_oldest(log);
    }
    slot = slot_of(log, entry->record.notification_id, entry->record.attempt);
    entry->chain = *slot;
    *slot = entry;
    entry->older = log->newest;
    *(log->newest == NULL ? &log->oldest : &log->newest->newer) = entry;
    log->newest = entry;
    log->live_size += entry->size;
    log->count++;
}

static struct entry *new_entry(const struct outcome_record *record, size_t size)
{
    struct entry *entry = calloc(1, sizeof *entry);
    if (entry != NULL) {
        entry->record = *record;
        entry->size = size;
        entry->hash = hash_of(record->notification_id, record->attempt);
        settle_in(&entry->record, &entry->room);
    }
    return entry;
}

static sg_result file_failed(enum sg_class class, const struct outcome_log *log, const char *what)
{
    return sg_fail(class, errno, "%s: cannot %s: %s", log->path, what, strerror(errno));
}

// Reads the records of `content`; sets `*ret_sound` to the size of the whole ones.
static sg_result read_records(struct outcome_log *log, struct bytes content, size_t *ret_sound)
{
    const int64_t oldest_at = clock_wall_ms() - (int64_t)OUTCOME_LOG_KEEP_DAYS * DAY_MS;
    size_t position = 0;
    size_t size = 0;
    struct outcome_record record;
    while (outcome_record_read(bytes_of(content.data + position, content.size - position), &record,
                               &size)) {
        position += size;
        if (record.at < oldest_at || record.notification_id.size > OUTCOME_ID_MAX) {
            continue;
        }
        struct entry *entry = new_entry(&record, size);
        if (entry == NULL) {
            return sg_fail(SG_FATAL, 0, "%s: out of memory", log->path);
        }
        add_entry(log, entry);
    }
    *ret_sound = position;
    return sg_ok();
}

static sg_result read_file(struct outcome_log *log)
{
    struct stat status;
    if (fstat(log->file, &status) != 0) {
        return file_failed(SG_FATAL, log, "read");
    }
    size_t size = (size_t)status.st_size;
    SG_CLEANUP(buffer_done) struct buffer content;
    buffer_init(&content, size + 1);
    SG_TRY(buffer_reserve(&content, size + 1));
    ssize_t got = 1;
    while (content.size < size && got > 0) {
        got =
            pread(log->file, content.data + content.size, size - content.size, (off_t)content.size);
        content.size += got > 0 ? (size_t)got : 0;
    }
    if (got < 0) {
        return file_failed(SG_FATAL, log, "read");
    }
    SG_TRY(read_records(log, buffer_bytes(&content), &log->file_size));
    if (log->file_size < size && ftruncate(log->file, (off_t)log->file_size) != 0) {
        return file_failed(SG_FATAL, log, "cut the torn end");
    }
    return sg_ok();
}

static sg_result take_lock(struct outcome_log *log, const char *folder)
{
    char path[PATH_MAX];
    int size = snprintf(path, sizeof path, "%s/outcomes.lock", folder);
    if (size < 0 || (size_t)size >= sizeof path) {
        return sg_fail(SG_FATAL, 0, "%s: path too long", folder);
    }
    log->lock_file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (log->lock_file < 0) {
        return sg_fail(SG_FATAL, errno, "%s: cannot open: %s", path, strerror(errno));
    }
    if (flock(log->lock_file, LOCK_EX | LOCK_NB) != 0) {
        return sg_fail(SG_FATAL, errno, "%s: in use by another process", path);
    }
    return sg_ok();
}

sg_result outcome_log_open(const char *folder, struct outcome_log **ret_log)
{
    SG_CLEANUP(outcome_log_close) struct outcome_log *log = calloc(1, sizeof *log);
    if (log == NULL) {
        return sg_fail(SG_FATAL, 0, "outcome log: out of memory");
    }
    log->file = -1;
    log->lock_file = -1;
    pthread_mutex_init(&log->lock, NULL);
    int size = snprintf(log->path, sizeof log->path, "%s/outcomes.log", folder);
    if (size < 0 || (size_t)size >= sizeof log->path) {
        return sg_fail(SG_FATAL, 0, "%s: path too long", folder);
    }
    SG_TRY(take_lock(log, folder));
    log->file = open(log->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log->file < 0) {
        return file_failed(SG_FATAL, log, "open");
    }
    SG_TRY(read_file(log));
    *ret_log = SG_MOVE(log);
    return sg_ok();
}

// A file system that cannot reserve is no reason to keep mails back.
static bool is_unsupported(int error)
{
    return error == EOPNOTSUPP || error == ENOSYS || error == ENODEV || error == ESPIPE;
}

static sg_result reserve(struct outcome_log *log)
{
    if (log->file_size + AHEAD_BYTES <= log->reserved_size) {
        return sg_ok();
    }
    // The size stays: what is read at the next open ends where the records end.
    if (fallocate(log->file, FALLOC_FL_KEEP_SIZE, (off_t)log->file_size, 2 * AHEAD_BYTES) != 0) {
        return is_unsupported(errno) ? sg_ok() : file_failed(SG_RETRY, log, "reserve room");
    }
    log->reserved_size = log->file_size + 2 * AHEAD_BYTES;
    return sg_ok();
}

sg_result outcome_log_reserve(struct outcome_log *log)
{
    pthread_mutex_lock(&log->lock);
    sg_result result = reserve(log);
    pthread_mutex_unlock(&log->lock);
    return result;
}

// Cuts the file at `size`, which gives back what was reserved behind it.
static bool cut(struct outcome_log *log, size_t size)
{
    if (ftruncate(log->file, (off_t)size) != 0) {
        return false;
    }
    log->file_size = size;
    log->reserved_size = size;
    // For the attempts under way. Should it fail, the next one is held back.
    sg_ignore(reserve(log));
    return true;
}

static sg_result write_record(struct outcome_log *log, struct bytes record)
{
    ssize_t written = write(log->file, record.data, record.size);
    if (written == (ssize_t)record.size) {
        log->file_size += record.size;
        return sg_ok();
    }
    sg_result failed = file_failed(SG_RETRY, log, "append");
    // What a full disk let through would hide the records behind it.
    if (written > 0 && !cut(log, log->file_size)) {
        return file_failed(SG_RETRY, log, "cut a torn record");
    }
    return failed;
}

sg_result outcome_log_append(struct outcome_log *log, const struct outcome_record *record)
{
    SG_CLEANUP(buffer_done) struct buffer bytes;
    buffer_init(&bytes, OUTCOME_RECORD_MAX);
    SG_TRY(outcome_record_write(record, &bytes));
    struct entry *entry = new_entry(record, bytes.size);
    if (entry == NULL) {
        return sg_fail(SG_RETRY, 0, "%s: out of memory", log->path);
    }
    pthread_mutex_lock(&log->lock);
    sg_result result = write_record(log, buffer_bytes(&bytes));
    if (sg_is_ok(result)) {
        add_entry(log, SG_MOVE(entry));
    }
    pthread_mutex_unlock(&log->lock);
    free(entry);
    return result;
}

bool outcome_log_find(struct outcome_log *log, struct bytes notification_id, int32_t attempt,
                      struct outcome_room *room, struct outcome_record *ret_record)
{
    pthread_mutex_lock(&log->lock);
    const struct entry *entry = *slot_of(log, notification_id, attempt);
    bool found = entry != NULL;
    if (found) {
        *ret_record = entry->record;
        settle_in(ret_record, room);
    }
    pthread_mutex_unlock(&log->lock);
    return found;
}

static sg_result write_entries(struct outcome_log *log, struct buffer *out)
{
    for (const struct entry *entry = log->oldest; entry != NULL; entry = entry->newer) {
        SG_TRY(outcome_record_write(&entry->record, out));
    }
    return sg_ok();
}

// Writes the entries to a new file that takes the old one's place. On failure the old one stays.
static void rewrite(struct outcome_log *log)
{
    char path[PATH_MAX + 4];
    snprintf(path, sizeof path, "%s.new", log->path);
    SG_CLEANUP(buffer_done) struct buffer content;
    buffer_init(&content, (size_t)OUTCOME_LOG_MAX * OUTCOME_RECORD_MAX);
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0) {
        return;
    }
    if (!sg_is_ok(write_entries(log, &content)) ||
        write(file, content.data, content.size) != (ssize_t)content.size ||
        rename(path, log->path) != 0) {
        close(file);
        unlink(path);
        return;
    }
    close(log->file);
    log->file = file;
    log->file_size = content.size;
    log->reserved_size = content.size;
    log->live_size = content.size;
    sg_ignore(reserve(log));
}

static void trim(struct outcome_log *log)
{
    if (log->count == 0 && log->file_size > 0) {
        cut(log, 0);
    }
    if (log->file_size > REWRITE_BYTES && log->live_size < log->file_size / 2) {
        rewrite(log);
    }
}

void outcome_log_settle(struct outcome_log *log, struct bytes notification_id, int32_t attempt)
{
    pthread_mutex_lock(&log->lock);
    remove_entry(log, slot_of(log, notification_id, attempt));
    trim(log);
    pthread_mutex_unlock(&log->lock);
}

size_t outcome_log_count(struct outcome_log *log)
{
    pthread_mutex_lock(&log->lock);
    size_t count = log->count;
    pthread_mutex_unlock(&log->lock);
    return count;
}

void outcome_log_close(struct outcome_log **log)
{
    struct outcome_log *closing = *log;
    if (closing == NULL) {
        return;
    }
    while (closing->oldest != NULL) {
        remove_oldest(closing);
    }
    if (closing->file >= 0) {
        close(closing->file);
    }
    if (closing->lock_file >= 0) {
        close(closing->lock_file);
    }
    pthread_mutex_destroy(&closing->lock);
    free(closing);
    *log = NULL;
}
