// Notifications and the attempts to deliver them.
#include "query/reads/notification_reads.h"

#include "query/reads/read_request.h"

static const enum topic topics[] = {TOPIC_DELIVERIES, TOPIC_NOTIFICATIONS};
static const struct position_topics positions = {topics, sizeof topics / sizeof topics[0]};

// Attempts while they are written.
struct attempts {
    struct json_writer *json;
    const char *last; // Outcome.
};

static sg_result add_attempt(void *context, const struct delivery *delivery)
{
    struct attempts *attempts = context;
    struct json_writer *json = attempts->json;
    attempts->last = outcome_name(delivery->outcome);
    json_writer_object(json, NULL);
    json_writer_int(json, "attempt", delivery->attempt);
    json_writer_literal(json, "outcome", attempts->last);
    json_writer_int(json, "code", delivery->code);
    json_writer_text(json, "reply", delivery->reply);
    answer_json_time(json, "at", delivery->at);
    json_writer_int(json, "at_ms", delivery->at);
    if (delivery->has_next_attempt_at) {
        answer_json_time(json, "next_attempt_at", delivery->next_attempt_at);
        json_writer_int(json, "next_attempt_at_ms", delivery->next_attempt_at);
    }
    json_writer_end(json);
    return sg_ok();
}

sg_result notification_reads_deliveries(struct json_writer *json, const struct view_reader *reader,
                                        struct bytes notification_id, const char **ret_last)
{
    struct attempts attempts = {json, NULL};
    json_writer_array(json, "deliveries");
    SG_TRY(notification_view_deliveries(reader, notification_id, add_attempt, &attempts));
    json_writer_end(json);
    *ret_last = attempts.last;
    return sg_ok();
}

sg_result notification_reads_write(struct json_writer *json, const struct view_reader *reader,
                                   const struct notification_row *row)
{
    const struct notification *notification = &row->notification;
    json_writer_object(json, NULL);
    json_writer_text(json, "notification_id", notification->notification_id);
    json_writer_literal(json, "channel", channel_kind_name(notification->channel));
    json_writer_text(json, "address", notification->address);
    json_writer_text(json, "subject", notification->subject);
    json_writer_text(json, "body_text", notification->body_text);
    json_writer_array(json, "alert_ids");
    for (size_t i = 0; i < notification->alert_ids_count; i++) {
        json_writer_text(json, NULL, notification->alert_ids[i]);
    }
    json_writer_end(json);
    answer_json_time(json, "created_at", notification->created_at);
    json_writer_int(json, "created_at_ms", notification->created_at);
    answer_json_position(json, "position", bytes_of_text(topic_info(TOPIC_NOTIFICATIONS)->name),
                         row->place.partition, row->place.offset);
    const char *last = NULL;
    SG_TRY(notification_reads_deliveries(json, reader, notification->notification_id, &last));
    json_writer_literal(json, "status", last == NULL ? "PENDING" : last);
    json_writer_end(json);
    return sg_ok();
}

static sg_result add(void *context, const struct notification_row *row)
{
    struct read_page *page = context;
    if (read_page_takes(page, row->key)) {
        SG_TRY(notification_reads_write(&page->json, &page->read.reader, row));
    }
    arena_reset(page->read.arena);
    return sg_ok();
}

sg_result notification_reads_list(void *context, const struct http_request *request,
                                  struct http_response *response)
{
    SG_CLEANUP(read_page_done) struct read_page page = {.count = 0};
    SG_TRY(read_page_begin(&page, context, request, &positions, response));
    struct view_log_page span;
    SG_TRY(read_page_span(&page, request, &span));
    json_writer_array(&page.json, "notifications");
    SG_TRY(notification_view_list(&page.read.reader, &span, add, &page));
    json_writer_end(&page.json);
    return read_page_finish(&page, request, response);
}
