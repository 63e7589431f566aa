// Each partition shows its next record, or that it is at its end; once all do, the oldest goes
// first.
#include "app/pipe/tail_source.h"

#include "app/command.h"

#include "core/number.h"
#include "core/timestamp.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PARTITIONS_MAX = 4096, WAIT_MS = 200 };

struct partition {
    char name[KAFKA_TOPIC_MAX + 1];
    enum topic topic;
    int32_t number;
    struct kafka_queue *queue;
    struct kafka_record record;
    bool has_record;
    bool is_at_end;
};

struct tail_source {
    struct kafka_consumer *consumer;
    struct partition *partitions;
    size_t count;
    struct partition *shown; // Its record was handed out.
};

static bool read_duration(const char *text, int64_t *ret_ms)
{
    const struct option option = {.key = "from", .type = OPTION_DURATION};
    return sg_is_ok(option_read(&option, text, ret_ms));
}

SG_RESULT tail_position_read(const char *text, int64_t now_ms, struct tail_position *ret_position)
{
    int64_t value = 0;
    struct bytes bytes = bytes_of_text(text);
    if (strcmp(text, "beginning") == 0) {
        *ret_position = (struct tail_position){TAIL_START_BEGINNING, 0};
    } else if (strcmp(text, "end") == 0) {
        *ret_position = (struct tail_position){TAIL_START_END, 0};
    } else if (number_read_int(bytes, &value) && value > INT64_MIN) {
        *ret_position = value < 0 ? (struct tail_position){TAIL_START_LAST, -value}
                                  : (struct tail_position){TAIL_START_OFFSET, value};
    } else if (timestamp_read(bytes, &value)) {
        *ret_position = (struct tail_position){TAIL_START_TIME, value};
    } else if (read_duration(text, &value) && value > 0) {
        *ret_position = (struct tail_position){TAIL_START_TIME, now_ms - value};
    } else {
        return sg_fail(SG_FATAL, COMMAND_BAD_WORDS,
                       "--from=%s: not beginning, end, an offset, -10 for the last ten, a time as "
                       "2026-11-21T08:00:00Z or a duration as 10m",
                       text);
    }
    return sg_ok();
}

static int64_t clamp(int64_t value, int64_t least, int64_t most)
{
    value = value < least ? least : value;
    return value > most ? most : value;
}

static sg_result offset_of(struct tail_source *source, const struct partition *partition,
                           const struct tail_position *from, int64_t *ret_offset)
{
    int64_t first = 0;
    int64_t end = 0;
    SG_TRY(
        kafka_consumer_range(source->consumer, partition->name, partition->number, &first, &end));
    switch (from->start) {
    case TAIL_START_BEGINNING:
        *ret_offset = first;
        break;
    case TAIL_START_END:
        *ret_offset = end;
        break;
    case TAIL_START_OFFSET:
        *ret_offset = clamp(from->value, first, end);
        break;
    case TAIL_START_LAST:
        *ret_offset = clamp(end - clamp(from->value, 0, end), first, end);
        break;
    case TAIL_START_TIME:
        return kafka_consumer_offset_at(source->consumer, partition->name, partition->number,
                                        from->value, ret_offset);
    }
    return sg_ok();
}

static sg_result add_topic(struct tail_source *source, const struct topic_settings *settings,
                           enum topic topic)
{
    char name[KAFKA_TOPIC_MAX + 1];
    int32_t count = 0;
    topic_full_name(settings, topic, name);
    sg_result result = kafka_consumer_partitions(source->consumer, name, &count);
    SG_TRY(sg_explain(result, "topic %s", name));
    for (int32_t number = 0; number < count; number++) {
        if (source->count == PARTITIONS_MAX) {
            return sg_fail(SG_FATAL, 0, "more than %d partitions", PARTITIONS_MAX);
        }
        struct partition *partition = &source->partitions[source->count++];
        *partition = (struct partition){.topic = topic, .number = number};
        snprintf(partition->name, sizeof partition->name, "%s", name);
    }
    return sg_ok();
}

static sg_result assign(struct tail_source *source, const struct tail_position *from)
{
    struct kafka_position *positions = calloc(source->count + 1, sizeof *positions);
    if (positions == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory");
    }
    sg_result result = sg_ok();
    for (size_t i = 0; i < source->count && sg_is_ok(result); i++) {
        const struct partition *partition = &source->partitions[i];
        positions[i].topic = partition->name;
        positions[i].partition = partition->number;
        result = offset_of(source, partition, from, &positions[i].offset);
    }
    if (sg_is_ok(result)) {
        result = kafka_consumer_assign(source->consumer, positions, source->count);
    }
    free(positions);
    for (size_t i = 0; i < source->count; i++) {
        struct partition *partition = &source->partitions[i];
        partition->queue =
            kafka_consumer_queue(source->consumer, partition->name, partition->number);
    }
    return result;
}

static sg_result open_topics(struct tail_source *source, const struct settings_all *all,
                             const enum topic *topics, size_t count)
{
    struct kafka_consumer_config config = {.kafka = &all->kafka};
    SG_TRY(kafka_consumer_open(&config, &source->consumer));
    for (size_t i = 0; i < count; i++) {
        SG_TRY(add_topic(source, &all->topics, topics[i]));
    }
    return sg_ok();
}

SG_RESULT tail_source_open(const struct settings_all *all, const enum topic *topics, size_t count,
                           const struct tail_position *from, struct tail_source **ret_source)
{
    struct tail_source *source = calloc(1, sizeof *source);
    if (source == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory");
    }
    source->partitions = calloc(PARTITIONS_MAX, sizeof *source->partitions);
    sg_result result = source->partitions == NULL ? sg_fail(SG_FATAL, 0, "out of memory")
                                                  : open_topics(source, all, topics, count);
    if (sg_is_ok(result)) {
        result = assign(source, from);
    }
    if (!sg_is_ok(result)) {
        tail_source_close(&source);
        return result;
    }
    *ret_source = source;
    return sg_ok();
}

void tail_source_close(struct tail_source **source)
{
    if (*source == NULL) {
        return;
    }
    for (size_t i = 0; i < (*source)->count; i++) {
        if ((*source)->partitions[i].has_record) {
            kafka_record_done(&(*source)->partitions[i].record);
        }
    }
    kafka_consumer_close(&(*source)->consumer);
    free((*source)->partitions);
    free(*source);
    *source = NULL;
}

// Takes the next record of a partition that shows none. `*ret_ready` false: it may have one.
static sg_result look(struct partition *partition, bool *ret_ready)
{
    sg_result failure = sg_ok();
    if (!partition->has_record) {
        switch (kafka_queue_next(partition->queue, &partition->record, &failure)) {
        case KAFKA_NEXT_RECORD:
            partition->has_record = true;
            partition->is_at_end = false;
            break;
        case KAFKA_NEXT_END:
            partition->is_at_end = true;
            break;
        case KAFKA_NEXT_EMPTY:
            break;
        case KAFKA_NEXT_FAILED:
            if (failure.class != SG_RETRY) {
                return sg_explain(failure, "%s/%d", partition->name, (int)partition->number);
            }
            break;
        }
    }
    *ret_ready = partition->has_record || partition->is_at_end;
    return sg_ok();
}

// Looks at all partitions. The oldest record goes to `*ret_oldest`, NULL when none shows one.
static sg_result look_at_all(struct tail_source *source, struct partition **ret_oldest,
                             bool *ret_ready)
{
    struct partition *oldest = NULL;
    *ret_ready = true;
    for (size_t i = 0; i < source->count; i++) {
        struct partition *partition = &source->partitions[i];
        bool is_ready = false;
        SG_TRY(look(partition, &is_ready));
        *ret_ready = *ret_ready && is_ready;
        bool is_older =
            partition->has_record &&
            (oldest == NULL || partition->record.timestamp_ms < oldest->record.timestamp_ms);
        oldest = is_older ? partition : oldest;
    }
    *ret_oldest = oldest;
    return sg_ok();
}

static void give_back(struct tail_source *source)
{
    if (source->shown != NULL) {
        kafka_record_done(&source->shown->record);
        source->shown->has_record = false;
        source->shown = NULL;
    }
}

SG_RESULT tail_source_next(struct tail_source *source, bool follow,
                           const struct kafka_record **ret_record, enum topic *ret_topic,
                           bool *ret_more)
{
    give_back(source);
    for (;;) {
        struct partition *oldest = NULL;
        bool is_ready = false;
        SG_TRY(look_at_all(source, &oldest, &is_ready));
        if (is_ready && oldest != NULL) {
            source->shown = oldest;
            *ret_record = &oldest->record;
            *ret_topic = oldest->topic;
            *ret_more = true;
            return sg_ok();
        }
        if (is_ready && !follow) {
            *ret_more = false;
            return sg_ok();
        }
        fflush(stdout);
        SG_TRY(kafka_consumer_poll(source->consumer, 0));
        kafka_consumer_wait(source->consumer, WAIT_MS);
    }
}
