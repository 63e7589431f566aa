// A GET changes nothing: programs that look at mails follow links.
#include "query/accounts/link_routes.h"

#include "core/number.h"
#include "core/secrets/link_token.h"
#include "query/accounts/form_body.h"
#include "query/accounts/link_page.h"
#include "query/accounts/write_job.h"
#include "query/query_context.h"
#include "query/views/accounts/subscription_view.h"
#include "schemas/command_result.h"

#include <stdio.h>

enum { STATUS_OK = 200, STATUS_NOT_FOUND = 404, ARENA_BYTES = 65536, MESSAGE_MAX = 300 };

static sg_result read_target(const struct secrets *secrets, const struct http_request *request,
                             struct link_target *ret_target)
{
    sg_result read = link_token_read(secrets, request->captures[0], ret_target);
    return read.class == SG_DROP ? sg_fail(SG_DROP, STATUS_NOT_FOUND,
                                           "this link is not valid: use the one of the mail, whole")
                                 : read;
}

// Nobody is told where a reader of the page came from: the address is a key.
static sg_result add_headers(struct http_response *response)
{
    SG_TRY(http_response_header(response, "Referrer-Policy", "no-referrer"));
    SG_TRY(http_response_header(response, "Cache-Control", "no-store"));
    return http_response_header(response, "Content-Security-Policy",
                                "default-src 'none'; style-src 'unsafe-inline'; form-action "
                                "'self'; frame-ancestors 'none'; base-uri 'none'");
}

static sg_result write_page(const struct subscription *subscription, const char *message,
                            struct http_response *response)
{
    buffer_clear(&response->body);
    SG_TRY(add_headers(response));
    return link_page_write(subscription, message, &response->body);
}

sg_result link_routes_show(void *context, const struct http_request *request,
                           struct http_response *response)
{
    const struct query_context *query = context;
    SG_CLEANUP(view_snapshot_done) struct view_snapshot snapshot = {.transaction = NULL};
    SG_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_BYTES);
    struct link_target target;
    struct subscription subscription;
    bool found = false;
    if (arena == NULL) {
        return sg_fail(SG_RETRY, 0, "the server is out of memory");
    }
    SG_TRY(read_target(query->secrets, request, &target));
    SG_TRY(view_store_read(query->store, &snapshot));
    const struct view_reader reader = {
        .snapshot = &snapshot, .user_id = bytes_of_text(target.user_id), .arena = arena};
    SG_TRY(subscription_view_find(&reader, bytes_of_text(target.subscription_id), &subscription,
                                  &found));
    return write_page(found ? &subscription : NULL, "", response);
}

static sg_result name_user(struct write_job *job, const struct http_request *request)
{
    struct link_target target;
    SG_TRY(read_target(job->services->secrets, request, &target));
    return write_job_keep(job, bytes_of_text(target.user_id), &job->command.user_id);
}

// A threshold of the form: empty takes it away.
static sg_result read_side(struct write_job *job, const struct http_request *request,
                           const char *name, bool *has, double *value)
{
    struct bytes text = {NULL, 0};
    bool found = false;
    SG_TRY(form_body_find(request->body, name, job->arena, &text, &found));
    *has = text.size > 0;
    return !*has || number_read_double(text, value) ? sg_ok()
                                                    : sg_fail(SG_DROP, 0, "%s: is no number", name);
}

static sg_result begin_change(struct write_job *job, const struct http_request *request,
                              struct bytes subscription_id)
{
    struct change_subscription *change = &job->command.body.change_subscription;
    job->command.body_type = COMMAND_BODY_CHANGE_SUBSCRIPTION;
    *change = change_subscription_default;
    change->subscription_id = subscription_id;
    SG_TRY(read_side(job, request, "low", &change->has_low, &change->low));
    SG_TRY(read_side(job, request, "high", &change->has_high, &change->high));
    change->clear_low = !change->has_low;
    change->clear_high = !change->has_high;
    return sg_ok();
}

static void begin_end(struct write_job *job, struct bytes subscription_id)
{
    struct unsubscribe *end = &job->command.body.unsubscribe;
    job->command.body_type = COMMAND_BODY_UNSUBSCRIBE;
    *end = unsubscribe_default;
    end->subscription_id = subscription_id;
}

// Whether the form has this field with this value.
static sg_result says(struct write_job *job, const struct http_request *request, const char *name,
                      const char *value, bool *ret_says)
{
    struct bytes text = {NULL, 0};
    SG_TRY(form_body_find(request->body, name, job->arena, &text, ret_says));
    *ret_says = *ret_says && bytes_is_text(text, value);
    return sg_ok();
}

static sg_result begin(struct write_job *job, const struct http_request *request,
                       struct http_response *response)
{
    (void)response;
    struct link_target target;
    struct bytes id;
    bool change = false;
    bool end = false;
    bool one_click = false;
    SG_TRY(read_target(job->services->secrets, request, &target));
    SG_TRY(write_job_keep(job, bytes_of_text(target.subscription_id), &id));
    SG_TRY(says(job, request, "do", "change", &change));
    SG_TRY(says(job, request, "do", "end", &end));
    SG_TRY(says(job, request, "List-Unsubscribe", "One-Click", &one_click));
    if (change) {
        return begin_change(job, request, id);
    }
    if (!end && !one_click) {
        return sg_fail(SG_DROP, 0,
                       "the form says nothing to do: List-Unsubscribe=One-Click ends "
                       "the alert");
    }
    begin_end(job, id);
    return sg_ok();
}

// What ended before is as good as what ends now.
static sg_result answer(const struct write_job *job, const struct command_result *result,
                        struct http_response *response)
{
    bool ends = job->command.body_type == COMMAND_BODY_UNSUBSCRIBE;
    response->status = STATUS_OK;
    if (!result->has_problem) {
        return write_page(ends ? NULL : &result->result.subscription,
                          ends ? "" : "The thresholds are changed.", response);
    }
    if (result->problem.code == PROBLEM_CODE_NOT_FOUND) {
        return write_page(NULL, "", response);
    }
    return sg_fail(SG_DROP, 0, "%.*s", (int)result->problem.detail.size,
                   (const char *)result->problem.detail.data);
}

static const struct write_kind by_link = {
    .name_user = name_user, .begin = begin, .answer = answer, .done_status = STATUS_OK};

sg_result link_routes_do(void *context, const struct http_request *request,
                         struct http_response *response)
{
    const struct query_context *query = context;
    return write_job_handle(query->accounts, &by_link, request, response);
}
