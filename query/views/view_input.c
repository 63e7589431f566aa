// Where the views go on. A topic that was deleted and made again under its name would be read from
// somewhere in its middle, silently. Two things give it away: it ends before our position, or the
// record that we took last is another one.
#include "query/views/view_input.h"

#include "core/service/log.h"

#include <stdlib.h>

enum { INPUTS_MAX = VIEW_SOURCE_COUNT * 1024 };

void view_inputs_done(struct view_inputs *inputs)
{
    free(inputs->inputs);
    inputs->inputs = NULL;
    inputs->count = 0;
}

static sg_result find_partitions(struct view_inputs *inputs, const struct topic_settings *settings,
                                 size_t *ret_count)
{
    *ret_count = 0;
    for (size_t source = 0; source < VIEW_SOURCE_COUNT; source++) {
        topic_full_name(settings, view_writer_topic(source), inputs->topics[source]);
        SG_TRY(kafka_consumer_partitions(inputs->consumer, inputs->topics[source],
                                         &inputs->partition_counts[source]));
        *ret_count += (size_t)inputs->partition_counts[source];
    }
    if (*ret_count > INPUTS_MAX) {
        return sg_fail(SG_FATAL, 0, "views: more than %d partitions", INPUTS_MAX);
    }
    return sg_ok();
}

// Fills an input. `*ret_recreated` true: the topic is another one.
static sg_result plan_input(struct view_inputs *inputs, struct view_input *input,
                            bool *ret_recreated)
{
    const char *topic = inputs->topics[input->source];
    int64_t first = 0;
    int64_t end = 0;
    struct view_position position;
    bool found = false;
    SG_TRY(kafka_consumer_range(inputs->consumer, topic, input->partition, &first, &end));
    SG_TRY(
        view_writer_position(inputs->writer, input->source, input->partition, &position, &found));
    input->verify = -1;
    input->start = first;
    input->goal = end;
    *ret_recreated = found && position.next > end;
    if (!found || *ret_recreated) {
        return sg_ok();
    }
    if (position.last >= first) {
        input->verify = position.last;
        input->expected = position.fingerprint;
        input->start = position.last;
        return sg_ok();
    }
    if (first > position.next) {
        log_warn("records were deleted before the views had read them",
                 (struct log_field[]){log_text("topic", topic),
                                      log_int("partition", input->partition),
                                      log_int("records", first - position.next),
                                      {.name = NULL}});
    }
    input->start = first > position.next ? first : position.next;
    return sg_ok();
}

static sg_result plan_source(struct view_inputs *inputs, size_t source, bool *ret_recreated)
{
    // A topic never loses partitions while it lives.
    int32_t known = 0;
    SG_TRY(view_writer_partitions(inputs->writer, source, &known));
    *ret_recreated = known > inputs->partition_counts[source];
    for (int32_t i = 0; i < inputs->partition_counts[source] && !*ret_recreated; i++) {
        struct view_input *input = &inputs->inputs[inputs->count + (size_t)i];
        *input = (struct view_input){.source = source, .partition = i};
        SG_TRY(plan_input(inputs, input, ret_recreated));
    }
    if (*ret_recreated) {
        log_warn("a topic is not the one that was read before: its view is built anew",
                 (struct log_field[]){log_text("topic", inputs->topics[source]), {.name = NULL}});
    }
    inputs->count += (size_t)inputs->partition_counts[source];
    return sg_ok();
}

// Plans the sources of a view. `*ret_recreated` true: one of its topics is another one.
static sg_result plan_view(struct view_inputs *inputs, size_t view, bool *ret_recreated)
{
    *ret_recreated = false;
    for (size_t source = 0; source < VIEW_SOURCE_COUNT && !*ret_recreated; source++) {
        if (view_writer_view_of(source) == view) {
            SG_TRY(plan_source(inputs, source, ret_recreated));
        }
    }
    return sg_ok();
}

static sg_result plan_views(struct view_inputs *inputs)
{
    inputs->count = 0;
    for (size_t view = 0; view < VIEW_COUNT; view++) {
        size_t count = inputs->count;
        bool recreated = false;
        SG_TRY(plan_view(inputs, view, &recreated));
        if (recreated) {
            SG_TRY(view_writer_rebuild(inputs->writer, view));
            inputs->count = count;
            SG_TRY(plan_view(inputs, view, &recreated));
        }
    }
    return sg_ok();
}

// Somebody may wait for a position that only deleted records could have brought.
static sg_result skip_deleted(struct view_inputs *inputs)
{
    for (size_t i = 0; i < inputs->count; i++) {
        const struct view_input *input = &inputs->inputs[i];
        struct view_position position;
        bool found = false;
        SG_TRY(view_writer_position(inputs->writer, input->source, input->partition, &position,
                                    &found));
        if (input->start > (found ? position.next : 0)) {
            SG_TRY(view_writer_skip(inputs->writer, input->source, input->partition, input->start));
        }
    }
    return sg_ok();
}

static void free_positions(struct kafka_position **positions)
{
    free(*positions);
    *positions = NULL;
}

static sg_result assign(struct view_inputs *inputs)
{
    SG_CLEANUP(free_positions)
    struct kafka_position *positions = calloc(inputs->count, sizeof *positions);
    if (positions == NULL) {
        return sg_fail(SG_FATAL, 0, "views: out of memory");
    }
    for (size_t i = 0; i < inputs->count; i++) {
        const struct view_input *input = &inputs->inputs[i];
        positions[i] = (struct kafka_position){.topic = inputs->topics[input->source],
                                               .partition = input->partition,
                                               .offset = input->start};
    }
    SG_TRY(kafka_consumer_assign(inputs->consumer, positions, inputs->count));
    for (size_t i = 0; i < inputs->count; i++) {
        struct view_input *input = &inputs->inputs[i];
        input->queue =
            kafka_consumer_queue(inputs->consumer, inputs->topics[input->source], input->partition);
        if (input->queue == NULL) {
            return sg_fail(SG_FATAL, 0, "views: %s [%d] was not assigned",
                           inputs->topics[input->source], input->partition);
        }
    }
    return sg_ok();
}

sg_result view_inputs_assign(struct view_inputs *inputs, const struct topic_settings *settings)
{
    size_t count = 0;
    view_inputs_done(inputs);
    SG_TRY(find_partitions(inputs, settings, &count));
    inputs->inputs = calloc(count, sizeof inputs->inputs[0]);
    if (inputs->inputs == NULL) {
        return sg_fail(SG_FATAL, 0, "views: out of memory");
    }
    SG_TRY(plan_views(inputs));
    SG_TRY(skip_deleted(inputs));
    return assign(inputs);
}

static int64_t input_lag(const struct view_inputs *inputs, const struct view_input *input)
{
    struct view_position position;
    bool found = false;
    int64_t end = kafka_queue_end(input->queue);
    if (input->at_end || end == KAFKA_OFFSET_NONE) {
        return 0;
    }
    sg_result result =
        view_writer_position(inputs->writer, input->source, input->partition, &position, &found);
    int64_t next = sg_is_ok(result) && found ? position.next : input->start;
    return end > next ? end - next : 0;
}

int64_t view_inputs_lag(const struct view_inputs *inputs, size_t source)
{
    int64_t lag = 0;
    for (size_t i = 0; i < inputs->count; i++) {
        if (inputs->inputs[i].source == source) {
            lag += input_lag(inputs, &inputs->inputs[i]);
        }
    }
    return lag;
}

bool view_inputs_caught_up(const struct view_inputs *inputs)
{
    for (size_t i = 0; i < inputs->count; i++) {
        if (!inputs->inputs[i].caught_up) {
            return false;
        }
    }
    return inputs->count > 0;
}
