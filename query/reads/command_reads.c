// Answers to commands.
#include "query/reads/command_reads.h"

#include "query/reads/account_json.h"
#include "query/reads/read_request.h"
#include "query/views/accounts/command_view.h"

static const enum topic topics[] = {TOPIC_COMMAND_RESULTS};
static const struct position_topics positions = {topics, sizeof topics / sizeof topics[0]};

static void write_problem(struct json_writer *json, const struct command_result *result)
{
    if (!result->has_problem) {
        json_writer_null(json, "problem");
        return;
    }
    const struct problem *problem = &result->problem;
    json_writer_object(json, "problem");
    json_writer_literal(json, "code", problem_code_name(problem->code));
    json_writer_text(json, "detail", problem->detail);
    answer_json_optional_text(json, "pointer", problem->has_pointer, problem->pointer);
    json_writer_end(json);
}

static void write_result(struct json_writer *json, const struct secrets *secrets,
                         const struct command_result *result)
{
    if (!result->has_result) {
        json_writer_null(json, "result");
        return;
    }
    switch (result->result_type) {
    case COMMAND_RESULT_RESULT_USER:
        account_json_user(json, "result", secrets, &result->result.user);
        break;
    case COMMAND_RESULT_RESULT_SUBSCRIPTION:
        account_json_subscription(json, "result", &result->result.subscription);
        break;
    }
}

static void write_answer(struct json_writer *json, const struct secrets *secrets,
                         const struct command_answer *answer)
{
    const struct command_result *result = &answer->result;
    json_writer_object(json, NULL);
    json_writer_text(json, "command_id", result->command_id);
    json_writer_literal(json, "status", command_status_name(result->status));
    write_problem(json, result);
    write_result(json, secrets, result);
    answer_json_time(json, "at", result->at);
    json_writer_int(json, "at_ms", result->at);
    answer_json_position(json, "position", bytes_of_text(topic_info(TOPIC_COMMAND_RESULTS)->name),
                         answer->place.partition, answer->place.offset);
    json_writer_end(json);
}

sg_result command_reads_one(void *context, const struct http_request *request,
                            struct http_response *response)
{
    const struct query_context *query = context;
    SG_CLEANUP(read_request_done) struct read_request read = {.arena = NULL};
    SG_TRY(read_request_begin(context, request, &positions, response, &read));
    struct command_answer answer;
    bool found = false;
    SG_TRY(command_view_find(&read.reader, request->captures[0], &answer, &found));
    if (!found) {
        return http_response_problem(response, request, 404,
                                     "no answer to a command of yours with this id is known");
    }
    struct json_writer json;
    json_writer_init(&json, &response->body);
    write_answer(&json, query->secrets, &answer);
    return json_writer_finish(&json);
}
