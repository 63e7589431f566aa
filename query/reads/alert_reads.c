// Alerts.
#include "query/reads/alert_reads.h"

#include "query/reads/notification_reads.h"
#include "query/reads/read_request.h"
#include "query/views/alerts/alert_view.h"

static const enum topic list_topics[] = {TOPIC_ALERTS};
static const struct position_topics list_positions = {list_topics, 1};
static const enum topic story_topics[] = {TOPIC_ALERTS, TOPIC_DELIVERIES, TOPIC_NOTIFICATIONS};
static const struct position_topics story_positions = {story_topics, sizeof story_topics /
                                                                         sizeof story_topics[0]};

// Writes the members of an alert into an object that is open.
static void write_members(struct json_writer *json, const struct alert_row *row)
{
    const struct alert *alert = &row->alert;
    json_writer_text(json, "alert_id", alert->alert_id);
    json_writer_text(json, "subscription_id", alert->subscription_id);
    json_writer_int(json, "subscription_version", alert->subscription_version);
    json_writer_text(json, "user_id", alert->user_id);
    json_writer_text(json, "instrument", alert->instrument);
    json_writer_literal(json, "side", side_name(alert->side));
    json_writer_literal(json, "edge", edge_name(alert->edge));
    json_writer_bool(json, "initial", alert->initial);
    json_writer_double(json, "threshold", alert->threshold);
    json_writer_double(json, "value", alert->value);
    answer_json_optional_double(json, "previous_value", alert->has_previous_value,
                                alert->previous_value);
    answer_json_time(json, "event_time", alert->event_time);
    json_writer_int(json, "event_time_ms", alert->event_time);
    answer_json_optional_text(json, "suppressed", alert->has_suppressed, alert->suppressed);
    answer_json_optional_text(json, "label", alert->has_label, alert->label);
    json_writer_bool(json, "notify", alert->notify);
    answer_json_position(json, "cause", alert->cause.topic, alert->cause.partition,
                         alert->cause.offset);
    answer_json_position(json, "position", bytes_of_text(topic_info(TOPIC_ALERTS)->name),
                         row->place.partition, row->place.offset);
}

static sg_result add(void *context, const struct alert_row *row)
{
    struct read_page *page = context;
    if (read_page_takes(page, row->key)) {
        json_writer_object(&page->json, NULL);
        write_members(&page->json, row);
        json_writer_end(&page->json);
    }
    arena_reset(page->read.arena);
    return sg_ok();
}

sg_result alert_reads_list(void *context, const struct http_request *request,
                           struct http_response *response)
{
    SG_CLEANUP(read_page_done) struct read_page page = {.count = 0};
    SG_TRY(read_page_begin(&page, context, request, &list_positions, response));
    struct view_log_page span;
    struct bytes instrument;
    SG_TRY(read_page_span(&page, request, &span));
    SG_TRY(list_request_name(request, "instrument", &instrument));
    json_writer_array(&page.json, "alerts");
    SG_TRY(alert_view_list(&page.read.reader, &span, instrument, add, &page));
    json_writer_end(&page.json);
    return read_page_finish(&page, request, response);
}

// The notifications of an alert while they are written.
struct story {
    struct json_writer json;
    const struct view_reader *reader;
};

static sg_result add_notification(void *context, const struct notification_row *row)
{
    struct story *story = context;
    return notification_reads_write(&story->json, story->reader, row);
}

static sg_result write_story(const struct view_reader *reader, const struct alert_row *row,
                             struct http_response *response)
{
    struct story story = {.reader = reader};
    const char *last = NULL;
    json_writer_init(&story.json, &response->body);
    json_writer_object(&story.json, NULL);
    write_members(&story.json, row);
    json_writer_array(&story.json, "notifications");
    SG_TRY(notification_view_of_alert(reader, row->alert.alert_id, add_notification, &story));
    json_writer_end(&story.json);
    // Under the alert's own id stands why nobody was told: the user had no channel.
    SG_TRY(notification_reads_deliveries(&story.json, reader, row->alert.alert_id, &last));
    json_writer_end(&story.json);
    return json_writer_finish(&story.json);
}

sg_result alert_reads_one(void *context, const struct http_request *request,
                          struct http_response *response)
{
    SG_CLEANUP(read_request_done) struct read_request read = {.arena = NULL};
    SG_TRY(read_request_begin(context, request, &story_positions, response, &read));
    struct alert_row row;
    bool found = false;
    SG_TRY(alert_view_find(&read.reader, request->captures[0], &row, &found));
    return found ? write_story(&read.reader, &row, response)
                 : http_response_problem(response, request, 404,
                                         "you have no alert of this id (any more)");
}
