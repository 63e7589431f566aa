// What accounts said, as HTTP says it.
#include "query/accounts/write_answer.h"

#include "query/reads/account_json.h"
#include "query/view_request.h"
#include "query/views/accounts/command_view.h"

#include <inttypes.h>
#include <stdio.h>

enum { TEXT_MAX = 256 };

static int status_of(enum problem_code code)
{
    switch (code) {
    case PROBLEM_CODE_INVALID:
        return 400;
    case PROBLEM_CODE_NOT_FOUND:
        return 404;
    case PROBLEM_CODE_ALREADY_EXISTS:
    case PROBLEM_CODE_LIMIT_REACHED:
        return 409;
    case PROBLEM_CODE_VERSION_MISMATCH:
        return 412;
    case PROBLEM_CODE_ID_REUSED:
        return 422;
    }
    return 500;
}

static sg_result answer_refused(const struct http_request *request, const struct problem *problem,
                                struct http_response *response)
{
    char detail[TEXT_MAX];
    snprintf(detail, sizeof detail, "%.*s", (int)problem->detail.size,
             (const char *)problem->detail.data);
    return http_response_problem_of(response, request,
                                    &(struct http_problem){.status = status_of(problem->code),
                                                           .detail = detail,
                                                           .pointer = problem->has_pointer
                                                                          ? problem->pointer
                                                                          : bytes_of(NULL, 0)});
}

static sg_result add_location(const struct write_kind *kind, const struct command_result *result,
                              struct http_response *response)
{
    if (kind->location == NULL) {
        return sg_ok();
    }
    if (result->result_type == COMMAND_RESULT_RESULT_SUBSCRIPTION) {
        struct bytes id = result->result.subscription.subscription_id;
        return http_response_header(response, "Location", "%s%.*s", kind->location, (int)id.size,
                                    (const char *)id.data);
    }
    return http_response_header(response, "Location", "%s", kind->location);
}

static sg_result answer_done(const struct write_job *job, const struct command_result *result,
                             struct http_response *response)
{
    response->status = job->kind->done_status;
    if (response->status == 204) {
        response->content_type = NULL;
        return sg_ok();
    }
    struct json_writer json;
    json_writer_init(&json, &response->body);
    int64_t version = 0;
    if (result->result_type == COMMAND_RESULT_RESULT_USER) {
        version = result->result.user.version;
        account_json_user(&json, NULL, job->services->secrets, &result->result.user);
    } else {
        version = result->result.subscription.version;
        account_json_subscription(&json, NULL, &result->result.subscription);
    }
    SG_TRY(add_location(job->kind, result, response));
    SG_TRY(http_response_header(response, "ETag", "\"%" PRId64 "\"", version));
    return json_writer_finish(&json);
}

sg_result write_answer(struct write_job *job, const struct http_request *request,
                       struct http_response *response, bool *ret_found)
{
    SG_CLEANUP(view_snapshot_done) struct view_snapshot snapshot = {.transaction = NULL};
    struct command_answer answer;
    SG_TRY(view_store_read(job->services->store, &snapshot));
    const struct view_reader reader = {
        .snapshot = &snapshot, .user_id = job->command.user_id, .arena = job->arena};
    SG_TRY(command_view_find(&reader, job->command.command_id, &answer, ret_found));
    if (!*ret_found) {
        return sg_ok();
    }
    if (!bytes_equal(answer.result.fingerprint, job->command.fingerprint)) {
        return sg_fail(SG_DROP, 422,
                       "this Idempotency-Key was used for another change: take a new one");
    }
    static const enum topic results[] = {TOPIC_COMMAND_RESULTS};
    SG_TRY(view_request_tell(&snapshot, &(struct position_topics){results, 1}, response));
    if (job->kind->answer != NULL) {
        return job->kind->answer(job, &answer.result, &reader, response);
    }
    if (answer.result.has_problem) {
        return answer_refused(request, &answer.result.problem, response);
    }
    return answer_done(job, &answer.result, response);
}
