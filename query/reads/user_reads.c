// Users.
#include "query/reads/user_reads.h"

#include "query/reads/account_json.h"
#include "query/reads/read_request.h"
#include "query/reads/version_tag.h"
#include "query/views/accounts/user_view.h"

static const enum topic topics[] = {TOPIC_COMMAND_RESULTS, TOPIC_USERS};
static const struct position_topics positions = {topics, sizeof topics / sizeof topics[0]};

sg_result user_reads_me(void *context, const struct http_request *request,
                        struct http_response *response)
{
    const struct query_context *query = context;
    SG_CLEANUP(read_request_done) struct read_request read = {.arena = NULL};
    SG_TRY(read_request_begin(context, request, &positions, response, &read));
    struct user user;
    bool found = false;
    SG_TRY(user_view_find(&read.reader, &user, &found));
    if (!found || !user.active) {
        return http_response_problem(response, request, 404, "there is no such user (any more)");
    }
    struct json_writer json;
    json_writer_init(&json, &response->body);
    account_json_user(&json, NULL, query->secrets, &user);
    SG_TRY(json_writer_finish(&json));
    return version_tag_set(response, user.version, request);
}
