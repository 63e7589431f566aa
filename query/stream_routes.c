// The way to the hub.
#include "query/stream_routes.h"

#include "query/accounts/account_services.h"
#include "query/query_context.h"
#include "query/stream/sse_hub.h"

sg_result stream_routes_events(void *context, const struct http_request *request,
                               struct http_response *response)
{
    const struct query_context *query = context;
    bool is_private = query->accounts != NULL && query->accounts->market_is_private;
    if (is_private && request->user_id.size == 0) {
        return sg_fail(SG_DROP, 401, "market data is for users here: POST /v1/sessions first");
    }
    return sse_hub_answer(query->streams, request, response);
}
