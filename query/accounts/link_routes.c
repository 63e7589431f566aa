// A GET changes nothing: programs that look at mails follow links.
#include "query/accounts/link_routes.h"

#include "core/number.h"
#include "core/secrets/link_token.h"
#include "core/service/clock.h"
#include "core/timestamp.h"
#include "query/accounts/form_body.h"
#include "query/accounts/link_page.h"
#include "query/accounts/write_job.h"
#include "query/query_context.h"
#include "query/views/accounts/subscription_view.h"
#include "query/views/accounts/user_view.h"
#include "schemas/command_result.h"

#include <stdio.h>

enum { STATUS_OK = 200, STATUS_NOT_FOUND = 404, STATUS_CONFLICT = 409, ARENA_BYTES = 65536 };

static const int64_t day_ms = 86400000;
static const int64_t week_ms = 7 * INT64_C(86400000);

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

// `subscription` NULL: it has ended. Times are those of the reader's user.
static sg_result write_page(const struct view_reader *reader,
                            const struct subscription *subscription, const char *message,
                            struct http_response *response)
{
    struct user user;
    bool found = false;
    SG_TRY(user_view_find(reader, &user, &found));
    const struct link_page page = {.subscription = subscription,
                                   .message = message,
                                   .time_zone = found ? user.time_zone : bytes_of_text("UTC"),
                                   .now_ms = clock_wall_ms()};
    buffer_clear(&response->body);
    SG_TRY(add_headers(response));
    return link_page_write(&page, &response->body);
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
    return write_page(&reader, found ? &subscription : NULL, "", response);
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

static struct change_subscription *begin_patch(struct write_job *job, struct bytes subscription_id)
{
    struct change_subscription *change = &job->command.body.change_subscription;
    job->command.body_type = COMMAND_BODY_CHANGE_SUBSCRIPTION;
    *change = change_subscription_default;
    change->subscription_id = subscription_id;
    return change;
}

static sg_result begin_change(struct write_job *job, const struct http_request *request,
                              struct bytes subscription_id)
{
    struct change_subscription *change = begin_patch(job, subscription_id);
    SG_TRY(read_side(job, request, "low", &change->has_low, &change->low));
    SG_TRY(read_side(job, request, "high", &change->has_high, &change->high));
    change->clear_low = !change->has_low;
    change->clear_high = !change->has_high;
    return sg_ok();
}

static sg_result begin_pause(struct write_job *job, const struct http_request *request,
                             struct bytes subscription_id)
{
    struct change_subscription *change = begin_patch(job, subscription_id);
    struct bytes span = {NULL, 0};
    SG_TRY(form_body_find(request->body, "for", job->arena, &span, &change->has_paused_until));
    if (bytes_is_text(span, "day")) {
        change->paused_until = clock_wall_ms() + day_ms;
    } else if (bytes_is_text(span, "week")) {
        change->paused_until = clock_wall_ms() + week_ms;
    } else if (bytes_is_text(span, "ever")) {
        change->paused_until = timestamp_last();
    } else {
        return sg_fail(SG_DROP, 0, "for: must be day, week or ever");
    }
    return sg_ok();
}

static void begin_resume(struct write_job *job, struct bytes subscription_id)
{
    begin_patch(job, subscription_id)->resume = true;
}

static void begin_end(struct write_job *job, struct bytes subscription_id)
{
    struct unsubscribe *end = &job->command.body.unsubscribe;
    job->command.body_type = COMMAND_BODY_UNSUBSCRIBE;
    *end = unsubscribe_default;
    end->subscription_id = subscription_id;
}

static sg_result begin(struct write_job *job, const struct http_request *request,
                       struct http_response *response)
{
    (void)response;
    struct link_target target;
    struct bytes id;
    struct bytes what = {NULL, 0};
    struct bytes click = {NULL, 0};
    bool found = false;
    SG_TRY(read_target(job->services->secrets, request, &target));
    SG_TRY(write_job_keep(job, bytes_of_text(target.subscription_id), &id));
    SG_TRY(form_body_find(request->body, "do", job->arena, &what, &found));
    SG_TRY(form_body_find(request->body, "List-Unsubscribe", job->arena, &click, &found));
    if (bytes_is_text(what, "change")) {
        return begin_change(job, request, id);
    }
    if (bytes_is_text(what, "pause")) {
        return begin_pause(job, request, id);
    }
    if (bytes_is_text(what, "resume")) {
        begin_resume(job, id);
        return sg_ok();
    }
    if (!bytes_is_text(what, "end") && !bytes_is_text(click, "One-Click")) {
        return sg_fail(SG_DROP, 0,
                       "the form says nothing to do: List-Unsubscribe=One-Click ends "
                       "the alert");
    }
    begin_end(job, id);
    return sg_ok();
}

static struct bytes subscription_of(const struct command *command)
{
    return command->body_type == COMMAND_BODY_CHANGE_SUBSCRIPTION
               ? command->body.change_subscription.subscription_id
               : command->body.unsubscribe.subscription_id;
}

// What was done. Of what was asked before under the same key only the answer is known.
static const char *message_of(const struct command *command)
{
    const struct change_subscription *change = &command->body.change_subscription;
    if (command->body_type != COMMAND_BODY_CHANGE_SUBSCRIPTION) {
        return "It is done.";
    }
    return change->has_paused_until ? "The alert is paused."
           : change->resume         ? "The alert is resumed: you are told again."
                                    : "The thresholds are changed.";
}

// The accounts have no such subscription: it has ended, or is one of the topic alone.
static sg_result answer_unknown(struct bytes subscription_id, const struct view_reader *reader,
                                struct http_response *response)
{
    struct subscription subscription;
    bool found = false;
    SG_TRY(subscription_view_find(reader, subscription_id, &subscription, &found));
    if (!found) {
        return write_page(reader, NULL, "", response);
    }
    response->status = STATUS_CONFLICT;
    return write_page(reader, &subscription,
                      "Nothing was changed: this alert was not made by an account, but written to "
                      "the topic of subscriptions. It is changed and ended there.",
                      response);
}

// What ended before is as good as what ends now.
static sg_result answer(const struct write_job *job, const struct command_result *result,
                        const struct view_reader *reader, struct http_response *response)
{
    response->status = STATUS_OK;
    if (!result->has_problem) {
        const struct subscription *it = &result->result.subscription;
        return it->active ? write_page(reader, it, message_of(&job->command), response)
                          : write_page(reader, NULL, "", response);
    }
    if (result->problem.code == PROBLEM_CODE_NOT_FOUND) {
        return answer_unknown(subscription_of(&job->command), reader, response);
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
