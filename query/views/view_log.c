// Logs. Times, offsets and partitions are inverted in the keys, so that the newest row comes first.
#include "query/views/view_log.h"

#include <endian.h>
#include <string.h>

enum { FORGOTTEN_AT_ONCE = 16 };

struct view_log_key view_log_key_of(const struct view_row *row)
{
    struct view_log_key key;
    uint64_t time = htobe64(~((uint64_t)row->time_ms ^ UINT64_C(1) << 63));
    uint64_t offset = htobe64(~(uint64_t)row->place.offset);
    uint32_t partition = htobe32(~(uint32_t)row->place.partition);
    memcpy(key.data, &time, sizeof time);
    memcpy(key.data + 8, &offset, sizeof offset);
    memcpy(key.data + 16, &partition, sizeof partition);
    return key;
}

static int64_t key_time(struct bytes key)
{
    uint64_t time = 0;
    memcpy(&time, key.data, sizeof time);
    return (int64_t)(~be64toh(time) ^ UINT64_C(1) << 63);
}

static struct view_key count_key(const struct view_log *log, struct bytes user_id)
{
    struct view_key key = {.size = 0};
    view_key_add_byte(&key, log->id);
    view_key_add_name(&key, user_id);
    return key;
}

static sg_result read_count(const struct view_write *write, const struct view_key *key,
                            int64_t *ret_count)
{
    struct bytes value;
    bool found = false;
    SG_TRY(table_get(write->transaction, view_store_table(write->store, VIEW_TABLE_COUNTS),
                     view_key_bytes(key), &value, &found));
    *ret_count = 0;
    if (found && value.size == sizeof *ret_count) {
        memcpy(ret_count, value.data, sizeof *ret_count);
    }
    return sg_ok();
}

static sg_result put_count(const struct view_write *write, const struct view_key *key,
                           int64_t count)
{
    return table_put(write->transaction, view_store_table(write->store, VIEW_TABLE_COUNTS),
                     view_key_bytes(key), bytes_of(&count, sizeof count));
}

// A row that was found at the old end of a log, copied.
struct oldest {
    struct view_key key;
    struct view_log_key log_key;
    struct view_row row;
    bool found;
};

static sg_result copy_row(const struct view_write *write, struct view_row *row)
{
    uint8_t *copy = arena_take(write->arena, row->avro.size + 1);
    if (copy == NULL) {
        return sg_fail(SG_FATAL, 0, "views: out of memory");
    }
    memcpy(copy, row->avro.data, row->avro.size);
    row->avro = bytes_of(copy, row->avro.size);
    return sg_ok();
}

static sg_result find_oldest(const struct view_write *write, const struct view_log *log,
                             struct bytes user_id, struct oldest *oldest)
{
    struct view_log_key last;
    memset(last.data, 0xFF, sizeof last.data);
    SG_CLEANUP(cursor_close) struct cursor *cursor = NULL;
    SG_TRY(cursor_open(write->transaction, view_store_table(write->store, log->table), &cursor));
    struct view_key prefix;
    view_key_begin(&prefix, user_id);
    oldest->key = prefix;
    view_key_add_bytes(&oldest->key, bytes_of(last.data, sizeof last.data));
    struct bytes key;
    struct bytes value;
    struct bytes rest;
    SG_TRY(cursor_at_most(cursor, view_key_bytes(&oldest->key), &key, &value, &oldest->found));
    oldest->found =
        oldest->found && view_key_begins(&prefix, key, &rest) && rest.size == VIEW_LOG_KEY_BYTES;
    if (!oldest->found) {
        return sg_ok();
    }
    memcpy(oldest->log_key.data, rest.data, rest.size);
    oldest->key = prefix;
    view_key_add_bytes(&oldest->key, bytes_of(oldest->log_key.data, VIEW_LOG_KEY_BYTES));
    SG_TRY(view_row_read(value, &oldest->row));
    return copy_row(write, &oldest->row);
}

static sg_result forget(const struct view_write *write, const struct view_log *log,
                        struct bytes user_id, const struct oldest *oldest)
{
    struct bytes log_key = bytes_of(oldest->log_key.data, VIEW_LOG_KEY_BYTES);
    SG_TRY(log->forget(write, user_id, log_key, &oldest->row));
    return table_delete(write->transaction, view_store_table(write->store, log->table),
                        view_key_bytes(&oldest->key));
}

// Forgets the oldest rows while they are more than `max` or older than `oldest_ms`. `*count` is how
// many there are.
static sg_result prune(const struct view_write *write, const struct view_log *log,
                       struct bytes user_id, int64_t max, int64_t oldest_ms)
{
    struct view_key counted = count_key(log, user_id);
    int64_t count = 0;
    SG_TRY(read_count(write, &counted, &count));
    int64_t before = count;
    for (int i = 0; i < FORGOTTEN_AT_ONCE; i++) {
        struct oldest oldest = {.found = false};
        if (count <= max && oldest_ms == VIEW_LOG_EARLIEST_MS) {
            break;
        }
        SG_TRY(find_oldest(write, log, user_id, &oldest));
        if (!oldest.found || (count <= max && oldest.row.time_ms >= oldest_ms)) {
            break;
        }
        SG_TRY(forget(write, log, user_id, &oldest));
        count--;
    }
    return count == before ? sg_ok() : put_count(write, &counted, count);
}

sg_result view_log_add(const struct view_write *write, const struct view_log *log,
                       struct bytes user_id, const struct view_row *row, int64_t max)
{
    struct view_log_key log_key = view_log_key_of(row);
    struct view_key key;
    view_key_begin(&key, user_id);
    view_key_add_bytes(&key, bytes_of(log_key.data, sizeof log_key.data));
    SG_TRY(view_row_put(write, log->table, &key, row));
    struct view_key counted = count_key(log, user_id);
    int64_t count = 0;
    SG_TRY(read_count(write, &counted, &count));
    SG_TRY(put_count(write, &counted, count + 1));
    return prune(write, log, user_id, max, VIEW_LOG_EARLIEST_MS);
}

sg_result view_log_forget_before(const struct view_write *write, const struct view_log *log,
                                 struct bytes user_id, int64_t time_ms)
{
    return prune(write, log, user_id, INT64_MAX, time_ms);
}

// The first count of a log.
static sg_result first_count(const struct view_write *write, const struct view_log *log,
                             struct view_key *ret_key, bool *ret_found)
{
    SG_CLEANUP(cursor_close) struct cursor *cursor = NULL;
    SG_TRY(cursor_open(write->transaction, view_store_table(write->store, VIEW_TABLE_COUNTS),
                       &cursor));
    struct bytes key;
    struct bytes value;
    SG_TRY(cursor_at_least(cursor, bytes_of(&log->id, 1), &key, &value, ret_found));
    *ret_found = *ret_found && key.data[0] == log->id && key.size <= sizeof ret_key->data;
    ret_key->size = 0;
    if (*ret_found) {
        view_key_add_bytes(ret_key, key);
    }
    return sg_ok();
}

sg_result view_log_clear(const struct view_write *write, const struct view_log *log)
{
    struct table counts = view_store_table(write->store, VIEW_TABLE_COUNTS);
    struct view_key key;
    bool found = false;
    SG_TRY(table_clear(write->transaction, view_store_table(write->store, log->table)));
    SG_TRY(first_count(write, log, &key, &found));
    while (found) {
        SG_TRY(table_delete(write->transaction, counts, view_key_bytes(&key)));
        SG_TRY(first_count(write, log, &key, &found));
    }
    return sg_ok();
}

sg_result view_log_get(const struct view_reader *reader, const struct view_log *log,
                       struct bytes key, struct view_row *ret_row)
{
    struct view_key row_key;
    bool found = false;
    view_key_begin(&row_key, reader->user_id);
    view_key_add_bytes(&row_key, key);
    SG_TRY(view_row_get(reader->snapshot, log->table, &row_key, ret_row, &found));
    return found ? sg_ok() : sg_fail(SG_FATAL, 0, "views: a row is not where its index says");
}

// Where a page begins: behind `after`, or at the newest row before `to_ms`.
static void start_of(const struct view_key *prefix, const struct view_log_page *page,
                     struct view_key *ret_start)
{
    struct view_row first = {.place = {-1, -1}, .time_ms = page->to_ms - 1};
    struct view_log_key key = view_log_key_of(&first);
    struct bytes start = bytes_of(key.data, sizeof key.data);
    if (page->after.size == VIEW_LOG_KEY_BYTES && bytes_compare(page->after, start) > 0) {
        start = page->after;
    }
    *ret_start = *prefix;
    view_key_add_bytes(ret_start, start);
}

sg_result view_log_walk(const struct view_snapshot *snapshot, const struct view_log_place *place,
                        const struct view_log_page *page, view_log_fn each, void *context)
{
    if (page->from_ms >= page->to_ms) {
        return sg_ok();
    }
    SG_CLEANUP(cursor_close) struct cursor *cursor = NULL;
    SG_TRY(cursor_open(snapshot->transaction, view_store_table(snapshot->store, place->table),
                       &cursor));
    struct view_key start;
    struct bytes key;
    struct bytes value;
    struct bytes rest;
    bool found = false;
    start_of(&place->prefix, page, &start);
    SG_TRY(cursor_at_least(cursor, view_key_bytes(&start), &key, &value, &found));
    if (found && page->after.size > 0 && bytes_equal(key, view_key_bytes(&start))) {
        SG_TRY(cursor_next(cursor, &key, &value, &found));
    }
    for (size_t i = 0; i < page->max && found; i++) {
        if (!view_key_begins(&place->prefix, key, &rest) || rest.size != VIEW_LOG_KEY_BYTES ||
            key_time(rest) < page->from_ms) {
            return sg_ok();
        }
        SG_TRY(each(context, rest));
        SG_TRY(cursor_next(cursor, &key, &value, &found));
    }
    return sg_ok();
}
