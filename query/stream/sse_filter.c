// Names are found by the hash that the event brings; a table of numbers leads to them.
#include "query/stream/sse_filter.h"

#include "core/hash.h"
#include "core/utf8.h"
#include "query/views/quotes/instrument_view.h"

#include <stdlib.h>
#include <string.h>

enum { EMPTY = 0xFF, TABLE_MIN = 8, STATUS_BAD_REQUEST = 400 };

struct name {
    uint64_t hash;
    struct bytes text;
};

struct sse_filter {
    uint64_t user_hash;
    struct bytes user;
    size_t count;
    size_t mask;    // The table has one more entry than this.
    uint8_t *table; // Numbers of names, or EMPTY; behind the names.
    uint8_t *text;  // What the slices point into; behind the table.
    size_t text_size;
    struct name names[];
};

void sse_filter_free(struct sse_filter **filter)
{
    free(*filter);
    *filter = NULL;
}

// Where in the table the name stands, or would.
static uint8_t *place_of(const struct sse_filter *filter, uint64_t hash, struct bytes name)
{
    size_t at = (size_t)hash & filter->mask;
    while (filter->table[at] != EMPTY) {
        const struct name *found = &filter->names[filter->table[at]];
        if (found->hash == hash && bytes_equal(found->text, name)) {
            break;
        }
        at = (at + 1) & filter->mask;
    }
    return &filter->table[at];
}

static sg_result add_name(struct sse_filter *filter, struct bytes name)
{
    if (name.size == 0 || name.size > INSTRUMENT_NAME_MAX || !utf8_is_printable(name)) {
        return sg_fail(SG_DROP, STATUS_BAD_REQUEST,
                       "instruments must be names of 1 to %d bytes with commas between",
                       INSTRUMENT_NAME_MAX);
    }
    if (filter->count == SSE_INSTRUMENTS_MAX) {
        return sg_fail(SG_DROP, STATUS_BAD_REQUEST, "a stream has at most %d instruments",
                       SSE_INSTRUMENTS_MAX);
    }
    uint64_t hash = hash_bytes(name);
    uint8_t *place = place_of(filter, hash, name);
    if (*place != EMPTY) {
        return sg_fail(SG_DROP, STATUS_BAD_REQUEST, "instrument \"%.*s\" is named twice",
                       (int)name.size, (const char *)name.data);
    }
    *place = (uint8_t)filter->count;
    filter->names[filter->count++] = (struct name){hash, name};
    return sg_ok();
}

// Copies the next name without its backslashes; `*at` is then behind its comma.
static sg_result take_name(struct sse_filter *filter, struct bytes list, size_t *at)
{
    uint8_t *start = filter->text + filter->text_size;
    size_t size = 0;
    for (; *at < list.size && list.data[*at] != ','; ++*at) {
        if (list.data[*at] == '\\' && ++*at == list.size) {
            return sg_fail(SG_DROP, STATUS_BAD_REQUEST, "instruments must not end in a backslash");
        }
        start[size++] = list.data[*at];
    }
    ++*at;
    filter->text_size += size;
    return add_name(filter, bytes_of(start, size));
}

static size_t count_names(struct bytes list)
{
    size_t count = 1;
    for (size_t i = 0; i < list.size; i++) {
        count += list.data[i] == ',' ? 1 : 0;
    }
    return count < SSE_INSTRUMENTS_MAX ? count : SSE_INSTRUMENTS_MAX;
}

static struct sse_filter *make(struct bytes instruments, struct bytes user)
{
    size_t names = count_names(instruments);
    size_t table = TABLE_MIN;
    while (table < 2 * names) {
        table *= 2;
    }
    struct sse_filter *filter = malloc(sizeof *filter + names * sizeof filter->names[0] + table +
                                       instruments.size + user.size);
    if (filter == NULL) {
        return NULL;
    }
    *filter = (struct sse_filter){.mask = table - 1};
    filter->table = (uint8_t *)&filter->names[names];
    memset(filter->table, EMPTY, table);
    filter->text = filter->table + table;
    if (user.size > 0) {
        memcpy(filter->text, user.data, user.size);
    }
    filter->user = bytes_of(filter->text, user.size);
    filter->user_hash = hash_bytes(filter->user);
    filter->text_size = user.size;
    return filter;
}

sg_result sse_filter_new(struct bytes instruments, struct bytes user,
                         struct sse_filter **ret_filter)
{
    SG_CLEANUP(sse_filter_free) struct sse_filter *filter = make(instruments, user);
    if (filter == NULL) {
        return sg_fail(SG_FATAL, 0, "stream: out of memory");
    }
    // A comma at the end is followed by a name that is empty.
    size_t at = 0;
    while (instruments.size > 0 && at <= instruments.size) {
        SG_TRY(take_name(filter, instruments, &at));
    }
    *ret_filter = SG_MOVE(filter);
    return sg_ok();
}

int sse_filter_takes(const struct sse_filter *filter, const struct sse_event *event)
{
    switch (event->kind) {
    case SSE_QUOTE: {
        uint8_t found = *place_of(filter, event->hash, event->key);
        return found == EMPTY ? -1 : found;
    }
    case SSE_ALERT: {
        bool own = filter->user.size > 0 && filter->user_hash == event->hash &&
                   bytes_equal(filter->user, event->key);
        return own ? SSE_INSTRUMENTS_MAX : -1;
    }
    case SSE_GAP:
        return SSE_INSTRUMENTS_MAX;
    }
    return -1;
}

size_t sse_filter_count(const struct sse_filter *filter)
{
    return filter->count;
}

struct bytes sse_filter_name(const struct sse_filter *filter, size_t index)
{
    return filter->names[index].text;
}

struct bytes sse_filter_user(const struct sse_filter *filter)
{
    return filter->user;
}
