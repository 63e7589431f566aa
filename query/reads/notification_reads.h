// The reading of /v1/notifications. The context is a struct query_context with views.
#pragma once
#include "query/http/http_router.h"
#include "query/http/json_writer.h"
#include "query/views/notifications/notification_view.h"

// Notifications of the user who asks, newest first, a page of them.
sg_result notification_reads_list(void *context, const struct http_request *request,
                                  struct http_response *response);

// Writes a notification with its deliveries. Fails: SG_FATAL.
SG_RESULT notification_reads_write(struct json_writer *json, const struct view_reader *reader,
                                   const struct notification_row *row);

// Writes the member "deliveries": the attempts under an id. `*ret_last` is the outcome of the last
// one, NULL when there was none. Fails: SG_FATAL.
SG_RESULT notification_reads_deliveries(struct json_writer *json, const struct view_reader *reader,
                                        struct bytes notification_id, const char **ret_last);
