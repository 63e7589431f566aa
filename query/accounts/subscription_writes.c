// Subscriptions: begin, change, end.
#include "query/accounts/account_routes.h"
#include "query/accounts/request_body.h"
#include "query/accounts/write_job.h"
#include "query/query_context.h"
#include "schemas/record_json.h"
#include "schemas/subscription_patch.h"

enum { STATUS_OK = 200, STATUS_CREATED = 201, STATUS_NO_CONTENT = 204 };

static sg_result begin_subscribe(struct write_job *job, const struct http_request *request,
                                 struct http_response *response)
{
    (void)response;
    uint64_t present = 0;
    job->command.body_type = COMMAND_BODY_SUBSCRIBE;
    return request_body_read(request, &subscribe_type, job->arena, &job->command.body.subscribe,
                             &present);
}

static bool given(uint64_t present, const char *field)
{
    return (present & record_json_bit(&subscription_patch_type, field)) != 0;
}

// Fields that a subscription always has.
static sg_result refuse_nulls(const struct subscription_patch *patch, uint64_t present)
{
    const struct {
        const char *name;
        bool has;
    } fields[] = {{"rearm", patch->has_rearm},
                  {"hold_ms", patch->has_hold_ms},
                  {"cooldown_ms", patch->has_cooldown_ms},
                  {"notify_cleared", patch->has_notify_cleared}};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (given(present, fields[i].name) && !fields[i].has) {
            return sg_fail(SG_DROP, 0, "%s: cannot be null", fields[i].name);
        }
    }
    return sg_ok();
}

static sg_result begin_change(struct write_job *job, const struct http_request *request,
                              struct http_response *response)
{
    (void)response;
    struct subscription_patch patch;
    uint64_t present = 0;
    SG_TRY(request_body_read(request, &subscription_patch_type, job->arena, &patch, &present));
    SG_TRY(refuse_nulls(&patch, present));
    struct change_subscription *change = &job->command.body.change_subscription;
    job->command.body_type = COMMAND_BODY_CHANGE_SUBSCRIPTION;
    *change = (struct change_subscription){
        .has_low = patch.has_low,
        .low = patch.low,
        .clear_low = given(present, "low") && !patch.has_low,
        .has_high = patch.has_high,
        .high = patch.high,
        .clear_high = given(present, "high") && !patch.has_high,
        .has_rearm = patch.has_rearm,
        .rearm = patch.rearm,
        .has_hold_ms = patch.has_hold_ms,
        .hold_ms = patch.hold_ms,
        .has_cooldown_ms = patch.has_cooldown_ms,
        .cooldown_ms = patch.cooldown_ms,
        .has_notify_cleared = patch.has_notify_cleared,
        .notify_cleared = patch.notify_cleared,
        .has_label = given(present, "label"),
        .label = patch.has_label ? patch.label : bytes_of_text(""),
        .has_paused_until = patch.has_paused_until,
        .paused_until = patch.paused_until,
        .resume = given(present, "paused_until") && !patch.has_paused_until,
    };
    SG_TRY(write_job_keep(job, request->captures[0], &change->subscription_id));
    return write_job_expected(request, &change->has_expected_version, &change->expected_version);
}

static sg_result begin_unsubscribe(struct write_job *job, const struct http_request *request,
                                   struct http_response *response)
{
    (void)response;
    struct unsubscribe *asked = &job->command.body.unsubscribe;
    job->command.body_type = COMMAND_BODY_UNSUBSCRIBE;
    *asked = unsubscribe_default;
    SG_TRY(write_job_keep(job, request->captures[0], &asked->subscription_id));
    return write_job_expected(request, &asked->has_expected_version, &asked->expected_version);
}

static const struct write_kind subscription = {
    .begin = begin_subscribe, .done_status = STATUS_CREATED, .location = "/v1/subscriptions/"};
static const struct write_kind change = {.begin = begin_change, .done_status = STATUS_OK};
static const struct write_kind end = {.begin = begin_unsubscribe, .done_status = STATUS_NO_CONTENT};

sg_result account_routes_subscribe(void *context, const struct http_request *request,
                                   struct http_response *response)
{
    const struct query_context *query = context;
    return write_job_handle(query->accounts, &subscription, request, response);
}

sg_result account_routes_change_subscription(void *context, const struct http_request *request,
                                             struct http_response *response)
{
    const struct query_context *query = context;
    return write_job_handle(query->accounts, &change, request, response);
}

sg_result account_routes_unsubscribe(void *context, const struct http_request *request,
                                     struct http_response *response)
{
    const struct query_context *query = context;
    return write_job_handle(query->accounts, &end, request, response);
}
