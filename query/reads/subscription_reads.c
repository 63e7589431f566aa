// Subscriptions.
#include "query/reads/subscription_reads.h"

#include "query/reads/account_json.h"
#include "query/reads/read_request.h"
#include "query/reads/version_tag.h"
#include "query/views/accounts/subscription_view.h"

static const enum topic topics[] = {TOPIC_COMMAND_RESULTS, TOPIC_SUBSCRIPTIONS, TOPIC_USERS};
static const struct position_topics positions = {topics, sizeof topics / sizeof topics[0]};

static sg_result add(void *context, const struct subscription *subscription)
{
    struct read_page *page = context;
    if (read_page_takes(page, subscription->subscription_id)) {
        account_json_subscription(&page->json, NULL, subscription);
    }
    arena_reset(page->read.arena);
    return sg_ok();
}

sg_result subscription_reads_list(void *context, const struct http_request *request,
                                  struct http_response *response)
{
    SG_CLEANUP(read_page_done) struct read_page page = {.count = 0};
    SG_TRY(read_page_begin(&page, context, request, &positions, response));
    struct subscription_page part = {.after = page.after, .max = read_page_rows(&page)};
    SG_TRY(list_request_name(request, "instrument", &part.instrument));
    json_writer_array(&page.json, "subscriptions");
    SG_TRY(subscription_view_list(&page.read.reader, &part, add, &page));
    json_writer_end(&page.json);
    return read_page_finish(&page, request, response);
}

sg_result subscription_reads_one(void *context, const struct http_request *request,
                                 struct http_response *response)
{
    SG_CLEANUP(read_request_done) struct read_request read = {.arena = NULL};
    SG_TRY(read_request_begin(context, request, &positions, response, &read));
    struct subscription subscription;
    bool found = false;
    SG_TRY(subscription_view_find(&read.reader, request->captures[0], &subscription, &found));
    if (!found) {
        return http_response_problem(response, request, 404, "you have no subscription of this id");
    }
    struct json_writer json;
    json_writer_init(&json, &response->body);
    account_json_subscription(&json, NULL, &subscription);
    SG_TRY(json_writer_finish(&json));
    return version_tag_set(response, subscription.version, request);
}
