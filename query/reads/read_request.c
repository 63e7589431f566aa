// One's own data: looks and pages.
#include "query/reads/read_request.h"

#include <string.h>

enum {
    ARENA_BYTES_MAX = 8 * 1024 * 1024,
    PAGE_BYTES_MAX = 4 * 1024 * 1024, // A page that has grown so large ends.
};

void read_request_done(struct read_request *read)
{
    view_snapshot_done(&read->snapshot);
    arena_free(&read->arena);
}

sg_result read_request_begin(void *context, const struct http_request *request,
                             const struct position_topics *topics, struct http_response *response,
                             struct read_request *ret_read)
{
    if (request->user_id.size == 0) {
        SG_TRY(http_response_header(response, "WWW-Authenticate", "Bearer"));
        return sg_fail(SG_DROP, 401, "log in first, and send the token as Authorization: Bearer");
    }
    ret_read->arena = arena_new(ARENA_BYTES_MAX);
    if (ret_read->arena == NULL) {
        return sg_fail(SG_RETRY, 0, "the server is out of memory");
    }
    SG_TRY(view_request_begin(context, topics, response, &ret_read->snapshot));
    ret_read->reader = (struct view_reader){&ret_read->snapshot, request->user_id, ret_read->arena};
    return sg_ok();
}

void read_page_done(struct read_page *page)
{
    read_request_done(&page->read);
    buffer_done(&page->scope);
}

sg_result read_page_begin(struct read_page *page, void *context, const struct http_request *request,
                          const struct position_topics *topics, struct http_response *response)
{
    buffer_init(&page->scope, LIST_REQUEST_SCOPE_MAX);
    // A cursor of another user's list is none of this one's.
    SG_TRY(buffer_append(&page->scope, request->user_id));
    SG_TRY(buffer_append_byte(&page->scope, 0));
    SG_TRY(list_request_scope(request, &page->scope));
    SG_TRY(list_request_limit(request, &page->limit));
    SG_TRY(list_request_cursor(request, buffer_bytes(&page->scope), page->after_key, &page->after));
    SG_TRY(read_request_begin(context, request, topics, response, &page->read));
    page->body = &response->body;
    json_writer_init(&page->json, page->body);
    json_writer_object(&page->json, NULL);
    return sg_ok();
}

bool read_page_takes(struct read_page *page, struct bytes key)
{
    bool large = page->body->size >= PAGE_BYTES_MAX;
    if (page->count == page->limit || large || key.size > sizeof page->last) {
        page->more = true;
        return false;
    }
    page->count++;
    memcpy(page->last, key.data, key.size);
    page->last_size = key.size;
    return true;
}

size_t read_page_rows(const struct read_page *page)
{
    return page->limit + 1;
}

sg_result read_page_finish(struct read_page *page, const struct http_request *request,
                           struct http_response *response)
{
    char cursor[PAGE_CURSOR_TEXT_MAX] = "";
    if (page->more) {
        page_cursor_print(buffer_bytes(&page->scope), bytes_of(page->last, page->last_size),
                          cursor);
        SG_TRY(list_request_link(request, cursor, response));
    }
    answer_json_next(&page->json, cursor);
    json_writer_end(&page->json);
    return json_writer_finish(&page->json);
}

sg_result read_page_span(const struct read_page *page, const struct http_request *request,
                         struct view_log_page *ret_span)
{
    int64_t from_ms = 0;
    int64_t to_ms = 0;
    SG_TRY(list_request_time(request, "from", 0, &from_ms));
    SG_TRY(list_request_time(request, "to", INT64_MAX, &to_ms));
    if (from_ms > to_ms) {
        return sg_fail(SG_DROP, 400, "from must not be after to");
    }
    *ret_span = (struct view_log_page){
        .from_ms = from_ms, .to_ms = to_ms, .after = page->after, .max = read_page_rows(page)};
    return sg_ok();
}
