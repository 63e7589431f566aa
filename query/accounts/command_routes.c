// What became of changes.
#include "query/accounts/account_routes.h"
#include "query/accounts/account_services.h"
#include "query/http/json_writer.h"
#include "query/query_context.h"
#include "query/reads/command_reads.h"

enum { STATUS_OK = 200, STATUS_NOT_FOUND = 404 };

sg_result account_routes_command(void *context, const struct http_request *request,
                                 struct http_response *response)
{
    const struct query_context *query = context;
    struct bytes id = request->captures[0];
    // Asked before the views, so that an answer that comes meanwhile is not missed.
    struct command_desk *desk = query->accounts->commands;
    bool at_work = desk != NULL && command_desk_is_at_work(desk, request->user_id, id);
    SG_TRY(command_reads_one(context, request, response));
    if (response->status != STATUS_NOT_FOUND || !at_work) {
        return sg_ok();
    }
    struct json_writer json;
    buffer_clear(&response->body);
    response->status = STATUS_OK;
    response->content_type = "application/json";
    json_writer_init(&json, &response->body);
    json_writer_object(&json, NULL);
    json_writer_text(&json, "command_id", id);
    json_writer_literal(&json, "status", "PENDING");
    json_writer_end(&json);
    return json_writer_finish(&json);
}
