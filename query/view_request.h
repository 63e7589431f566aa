// A request's look at the views: a snapshot, how far it goes, and whether that is far enough.
#pragma once
#include "query/http/http_router.h"
#include "query/query_context.h"
#include "query/views/position_text.h"

// Opens a snapshot and says in the header Soglia-Position how far it goes in these topics.
// `context` is the query_context of the handler. Fails: SG_RETRY, SG_FATAL.
SG_RESULT view_request_begin(void *context, const struct position_topics *topics,
                             struct http_response *response, struct view_snapshot *ret_snapshot);

// The header alone, for a snapshot that is open. Fails: SG_FATAL.
SG_RESULT view_request_tell(const struct view_snapshot *snapshot,
                            const struct position_topics *topics, struct http_response *response);

// Whether the views have reached the request's min_position, parameter or header: `ready` of the
// application. Fails: SG_DROP (400) for one that cannot be understood, SG_RETRY, SG_FATAL.
sg_result view_request_ready(void *context, const struct http_request *request, bool *ret_ready);
