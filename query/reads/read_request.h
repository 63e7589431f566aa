// What the reads of one's own data share: who asks, a snapshot of the views, pages.
#pragma once
#include "query/answer_json.h"
#include "query/list_request.h"
#include "query/view_request.h"
#include "query/views/view_log.h"

// A user's look at the views.
struct read_request {
    struct view_snapshot snapshot;
    struct view_reader reader;
    struct arena *arena;
};

// Begins for the user who asks; ended by read_request_done(). Fails: SG_DROP (401) when nobody is
// logged in, else as view_request_begin().
SG_RESULT read_request_begin(void *context, const struct http_request *request,
                             const struct position_topics *topics, struct http_response *response,
                             struct read_request *ret_read);

// Accepts one that was zeroed.
void read_request_done(struct read_request *read);

// A page while it is written: `"<name>":[...],"next":...` in the answer's object.
struct read_page {
    struct read_request read;
    struct json_writer json;
    struct buffer *body;
    struct buffer scope;
    size_t limit;
    size_t count;
    bool more;          // There is something behind the page.
    struct bytes after; // Where the page begins; empty: at the start.
    uint8_t after_key[PAGE_CURSOR_KEY_MAX];
    size_t last_size; // Of the key that the page ends with.
    uint8_t last[PAGE_CURSOR_KEY_MAX];
};

// Reads limit and cursor, begins the look and the answer. `name` is of the list. Ended by
// read_page_done(). Fails as read_request_begin(), SG_DROP (400).
SG_RESULT read_page_begin(struct read_page *page, void *context, const struct http_request *request,
                          const struct position_topics *topics, struct http_response *response);

// Accepts one that was zeroed.
void read_page_done(struct read_page *page);

// Asked for each row, with its key: true when it belongs to the page. A page has up to `limit` rows
// and ends early when it is large.
bool read_page_takes(struct read_page *page, struct bytes key);

// How many rows to go through: one more than the page has.
size_t read_page_rows(const struct read_page *page);

// Ends the answer, with the link to the next page. Fails: SG_FATAL.
SG_RESULT read_page_finish(struct read_page *page, const struct http_request *request,
                           struct http_response *response);

// The parameters from and to, as a part of a log behind the page's cursor. Fails: SG_DROP (400).
SG_RESULT read_page_span(const struct read_page *page, const struct http_request *request,
                         struct view_log_page *ret_span);
