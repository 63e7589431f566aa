// From a snapshot of the views to JSON.
#include "query/instrument_routes.h"

#include "query/answer_json.h"
#include "query/list_request.h"
#include "query/page_cursor.h"
#include "query/view_request.h"
#include "query/views/quotes/exact_sum.h"
#include "query/views/quotes/history_block.h"
#include "query/views/quotes/instrument_view.h"

#include <stdlib.h>
#include <string.h>

enum { MEAN_VALUES_MAX = 10000 };

static void free_values(struct history_value **values)
{
    free(*values);
    *values = NULL;
}

static sg_result make_values(size_t count, struct history_value **ret_values)
{
    *ret_values = calloc(count, sizeof **ret_values);
    return *ret_values != NULL ? sg_ok() : sg_fail(SG_RETRY, 0, "the server is out of memory");
}

static const enum topic topics[] = {TOPIC_QUOTES};
static const struct position_topics positions = {topics, sizeof topics / sizeof topics[0]};

static void write_instrument(struct json_writer *json, struct bytes name,
                             const struct instrument_row *row)
{
    const struct instrument_numbers *numbers = &row->numbers;
    json_writer_object(json, NULL);
    json_writer_text(json, "instrument", name);
    json_writer_double(json, "value", numbers->value);
    if (numbers->has_unit) {
        json_writer_text(json, "unit", instrument_row_unit(row));
    } else {
        json_writer_null(json, "unit");
    }
    json_writer_text(json, "source", instrument_row_source(row));
    answer_json_time(json, "event_time", numbers->event_time);
    json_writer_int(json, "event_time_ms", numbers->event_time);
    json_writer_int(json, "count", numbers->count);
    json_writer_int(json, "late", numbers->late);
    json_writer_object(json, "position");
    json_writer_literal(json, "topic", topic_info(TOPIC_QUOTES)->name);
    json_writer_int(json, "partition", numbers->partition);
    json_writer_int(json, "offset", numbers->offset);
    json_writer_end(json);
    json_writer_end(json);
}

// The parameter `kind` as a prefix of names.
static sg_result read_kind(const struct http_request *request,
                           uint8_t prefix[static INSTRUMENT_NAME_MAX], struct bytes *ret_prefix)
{
    const struct bytes *kind = http_request_parameter(request, "kind");
    *ret_prefix = bytes_of(prefix, 0);
    if (kind == NULL) {
        return sg_ok();
    }
    if (kind->size == 0 || kind->size >= INSTRUMENT_NAME_MAX) {
        return sg_fail(SG_DROP, 400, "kind must be what stands before the colon of instruments");
    }
    memcpy(prefix, kind->data, kind->size);
    prefix[kind->size] = ':';
    *ret_prefix = bytes_of(prefix, kind->size + 1);
    return sg_ok();
}

// A page of instruments while it is written.
struct list_page {
    struct json_writer json;
    size_t limit;
    size_t count;
    bool more; // There is an instrument behind the page.
    size_t last_size;
    uint8_t last[INSTRUMENT_NAME_MAX];
};

static sg_result add_instrument(void *context, struct bytes name, const struct instrument_row *row)
{
    struct list_page *page = context;
    if (page->count == page->limit) {
        page->more = true;
        return sg_ok();
    }
    page->count++;
    memcpy(page->last, name.data, name.size);
    page->last_size = name.size;
    write_instrument(&page->json, name, row);
    return sg_ok();
}

sg_result instrument_routes_list(void *context, const struct http_request *request,
                                 struct http_response *response)
{
    SG_CLEANUP(buffer_done) struct buffer scope;
    buffer_init(&scope, LIST_REQUEST_SCOPE_MAX);
    SG_TRY(list_request_scope(request, &scope));
    struct list_page page = {.count = 0};
    SG_TRY(list_request_limit(request, &page.limit));
    struct instrument_page range = {.max = page.limit + 1};
    uint8_t prefix[INSTRUMENT_NAME_MAX];
    uint8_t key[PAGE_CURSOR_KEY_MAX];
    SG_TRY(read_kind(request, prefix, &range.prefix));
    SG_TRY(list_request_cursor(request, buffer_bytes(&scope), key, &range.after));
    SG_CLEANUP(view_snapshot_done) struct view_snapshot snapshot = {.transaction = NULL};
    SG_TRY(view_request_begin(context, &positions, response, &snapshot));

    json_writer_init(&page.json, &response->body);
    json_writer_object(&page.json, NULL);
    json_writer_array(&page.json, "instruments");
    SG_TRY(instrument_view_list(&snapshot, &range, add_instrument, &page));
    json_writer_end(&page.json);
    char cursor[PAGE_CURSOR_TEXT_MAX] = "";
    if (page.more) {
        page_cursor_print(buffer_bytes(&scope), bytes_of(page.last, page.last_size), cursor);
        SG_TRY(list_request_link(request, cursor, response));
    }
    answer_json_next(&page.json, cursor);
    json_writer_end(&page.json);
    return json_writer_finish(&page.json);
}

// The instrument of the path, as the views have it.
struct look {
    struct view_snapshot snapshot;
    struct instrument_row row;
    bool found; // False: the answer is a 404.
};

static void look_done(struct look *look)
{
    view_snapshot_done(&look->snapshot);
}

static sg_result look_up(void *context, const struct http_request *request,
                         struct http_response *response, struct look *look)
{
    SG_TRY(view_request_begin(context, &positions, response, &look->snapshot));
    SG_TRY(instrument_view_find(look->snapshot.store, look->snapshot.transaction,
                                request->captures[0], &look->row, &look->found));
    return look->found ? sg_ok()
                       : http_response_problem(response, request, 404,
                                               "no quote of this instrument has been seen");
}

sg_result instrument_routes_last(void *context, const struct http_request *request,
                                 struct http_response *response)
{
    SG_CLEANUP(look_done) struct look look = {.found = false};
    SG_TRY(look_up(context, request, response, &look));
    if (!look.found) {
        return sg_ok();
    }
    struct json_writer json;
    json_writer_init(&json, &response->body);
    write_instrument(&json, request->captures[0], &look.row);
    return json_writer_finish(&json);
}

// The range that from, to and cursor ask for.
static sg_result read_range(const struct http_request *request, struct bytes scope,
                            struct history_range *ret_range)
{
    int64_t from = 0;
    SG_TRY(list_request_time(request, "from", 0, &from));
    SG_TRY(list_request_time(request, "to", INT64_MAX, &ret_range->to_ms));
    if (from > ret_range->to_ms) {
        return sg_fail(SG_DROP, 400, "from must not be after to");
    }
    ret_range->from = (struct history_value){.event_time = from < 0 ? 0 : from};
    uint8_t key[PAGE_CURSOR_KEY_MAX];
    struct bytes start;
    SG_TRY(list_request_cursor(request, scope, key, &start));
    if (start.size == HISTORY_VALUE_BYTES) {
        ret_range->from = history_block_value(start, 0);
    }
    return sg_ok();
}

static void write_value(struct json_writer *json, const struct history_value *value)
{
    json_writer_object(json, NULL);
    json_writer_double(json, "value", value->value);
    answer_json_time(json, "event_time", value->event_time);
    json_writer_int(json, "event_time_ms", value->event_time);
    json_writer_int(json, "partition", value->partition);
    json_writer_int(json, "offset", value->offset);
    json_writer_end(json);
}

// Writes up to `limit` of the values; one more that was read begins the next page.
static sg_result write_quotes(const struct http_request *request, struct http_response *response,
                              struct bytes scope, const struct history_value *values, size_t count)
{
    size_t limit = 0;
    SG_TRY(list_request_limit(request, &limit));
    char cursor[PAGE_CURSOR_TEXT_MAX] = "";
    if (count > limit) {
        // Packed: the bytes between a struct's members are nobody's.
        uint8_t next[HISTORY_VALUE_BYTES];
        history_block_pack(next, 0, &values[limit]);
        page_cursor_print(scope, bytes_of(next, sizeof next), cursor);
        SG_TRY(list_request_link(request, cursor, response));
        count = limit;
    }
    struct json_writer json;
    json_writer_init(&json, &response->body);
    json_writer_object(&json, NULL);
    json_writer_text(&json, "instrument", request->captures[0]);
    json_writer_array(&json, "quotes");
    for (size_t i = 0; i < count; i++) {
        write_value(&json, &values[i]);
    }
    json_writer_end(&json);
    answer_json_next(&json, cursor);
    json_writer_end(&json);
    return json_writer_finish(&json);
}

sg_result instrument_routes_quotes(void *context, const struct http_request *request,
                                   struct http_response *response)
{
    SG_CLEANUP(buffer_done) struct buffer scope;
    buffer_init(&scope, LIST_REQUEST_SCOPE_MAX);
    SG_TRY(list_request_scope(request, &scope));
    struct history_range range;
    memset(&range, 0, sizeof range);
    SG_TRY(read_range(request, buffer_bytes(&scope), &range));
    size_t limit = 0;
    SG_TRY(list_request_limit(request, &limit));

    SG_CLEANUP(look_done) struct look look = {.found = false};
    SG_TRY(look_up(context, request, response, &look));
    if (!look.found) {
        return sg_ok();
    }
    range.number = look.row.numbers.number;
    SG_CLEANUP(free_values) struct history_value *values = NULL;
    SG_TRY(make_values(limit + 1, &values));
    size_t count = 0;
    SG_TRY(history_view_range(&look.snapshot, &range, limit + 1, values, &count));
    return write_quotes(request, response, buffer_bytes(&scope), values, count);
}

static sg_result write_mean(struct http_response *response, const struct http_request *request,
                            const struct history_value *values, size_t count)
{
    struct json_writer json;
    json_writer_init(&json, &response->body);
    json_writer_object(&json, NULL);
    json_writer_text(&json, "instrument", request->captures[0]);
    json_writer_double(&json, "mean", exact_sum_mean(&values[0].value, count, sizeof values[0]));
    json_writer_int(&json, "count", (int64_t)count);
    answer_json_time(&json, "from", values[count - 1].event_time);
    answer_json_time(&json, "to", values[0].event_time);
    json_writer_end(&json);
    return json_writer_finish(&json);
}

sg_result instrument_routes_mean(void *context, const struct http_request *request,
                                 struct http_response *response)
{
    static const int64_t limits[] = {1, MEAN_VALUES_MAX};
    int64_t last = 0;
    SG_TRY(list_request_int(request, "last", limits, 0, &last));
    SG_CLEANUP(look_done) struct look look = {.found = false};
    SG_TRY(look_up(context, request, response, &look));
    if (!look.found) {
        return sg_ok();
    }
    SG_CLEANUP(free_values) struct history_value *values = NULL;
    SG_TRY(make_values((size_t)last, &values));
    size_t count = 0;
    SG_TRY(
        history_view_last(&look.snapshot, look.row.numbers.number, (size_t)last, values, &count));
    if (count == 0) {
        return http_response_problem(response, request, 404, "this instrument has no history");
    }
    return write_mean(response, request, values, count);
}
