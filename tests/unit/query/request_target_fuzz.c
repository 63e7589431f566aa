// Target: http_request_parse(), and what reads its parameters: lists, times, cursors, links.
#include "query/http/http_request.h"
#include "query/list_request.h"
#include "query/page_cursor.h"

#include "core/utf8.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SCOPE_MAX = 3 * HTTP_TARGET_MAX };

static void check_slices(const struct http_request *request)
{
    for (size_t i = 0; i < request->segment_count; i++) {
        assert(utf8_is_printable(request->segments[i]));
    }
    for (size_t i = 0; i < request->parameter_count; i++) {
        assert(utf8_is_printable(request->parameters[i].name));
        assert(utf8_is_printable(request->parameters[i].value));
    }
}

// What a link to the next page says is understood as the same list.
static void check_link(const struct http_request *request, struct bytes scope)
{
    static struct http_request again;
    SG_CLEANUP(http_response_done) struct http_response response;
    SG_CLEANUP(buffer_done) struct buffer other;
    http_response_init(&response);
    buffer_init(&other, SCOPE_MAX);
    assert(sg_is_ok(list_request_link(request, "AAAA", &response)));
    const char *link = http_response_find(&response, "Link");
    struct bytes target = bytes_of(link + 1, (size_t)(strchr(link, '>') - link - 1));
    sg_result parsed = http_request_parse(&again, target);
    // Escaping may make it too long, or the cursor be one parameter too many; nothing else.
    assert(sg_is_ok(parsed) || parsed.code == 414 ||
           request->parameter_count == HTTP_PARAMETERS_MAX || request->segment_count == 0);
    if (sg_is_ok(parsed)) {
        assert(sg_is_ok(list_request_scope(&again, &other)));
        assert(bytes_equal(scope, buffer_bytes(&other)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct http_request request;
    sg_result parsed = http_request_parse(&request, bytes_of(data, size));
    if (!sg_is_ok(parsed)) {
        assert(parsed.class == SG_DROP && (parsed.code == 400 || parsed.code == 414));
        return 0;
    }
    check_slices(&request);
    SG_CLEANUP(buffer_done) struct buffer scope;
    buffer_init(&scope, SCOPE_MAX);
    assert(sg_is_ok(list_request_scope(&request, &scope)));
    size_t limit = 0;
    int64_t ms = 0;
    sg_result read = list_request_limit(&request, &limit);
    assert(!sg_is_ok(read) || (limit >= 1 && limit <= LIST_REQUEST_LIMIT_MAX));
    read = list_request_time(&request, "from", 0, &ms);
    assert(sg_is_ok(read) || read.code == 400);
    const struct bytes *cursor = http_request_parameter(&request, "cursor");
    uint8_t key[PAGE_CURSOR_KEY_MAX];
    size_t key_size = 0;
    if (cursor != NULL &&
        sg_is_ok(page_cursor_read(buffer_bytes(&scope), *cursor, key, &key_size))) {
        assert(key_size <= sizeof key);
    }
    if (!request.whole_server) {
        check_link(&request, buffer_bytes(&scope));
    }
    return 0;
}
