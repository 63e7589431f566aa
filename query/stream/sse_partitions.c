// Where the hub begins to read, and whether it can go on.
#include "query/stream/sse_partitions.h"

#include "query/stream/sse_record.h"

#include <stdlib.h>

enum {
    RING_RECORD_BYTES = 1024, // More than most events take.
};

sg_result sse_partitions_count(struct sse_partitions *partitions, int32_t counts[static SSE_TOPICS])
{
    for (unsigned i = 0; i < SSE_TOPICS; i++) {
        topic_full_name(partitions->hub->config.topics, sse_record_topic((enum sse_topic)i),
                        partitions->topics[i]);
        SG_TRY(kafka_consumer_partitions(partitions->consumer, partitions->topics[i], &counts[i]));
    }
    return sg_ok();
}

// Fills slots with the newest records that the buffer is likely to hold.
static sg_result plan_slots(struct sse_partitions *partitions,
                            const int32_t counts[static SSE_TOPICS], struct sse_slot *slots,
                            size_t count)
{
    int64_t newest =
        partitions->hub->config.settings->buffer_bytes / RING_RECORD_BYTES / (int64_t)count;
    for (size_t i = 0; i < count; i++) {
        bool alerts = i >= (size_t)counts[SSE_TOPIC_QUOTES];
        enum sse_topic topic = alerts ? SSE_TOPIC_ALERTS : SSE_TOPIC_QUOTES;
        int32_t partition = (int32_t)i - (alerts ? counts[SSE_TOPIC_QUOTES] : 0);
        int64_t first = 0;
        int64_t end = 0;
        SG_TRY(kafka_consumer_range(partitions->consumer, partitions->topics[topic], partition,
                                    &first, &end));
        int64_t start = end - newest > first ? end - newest : first;
        slots[i] = (struct sse_slot){
            .topic = topic, .partition = partition, .floor = start, .next = start, .goal = end};
    }
    return sg_ok();
}

static void free_slots(struct sse_slot **slots)
{
    free(*slots);
    *slots = NULL;
}

sg_result sse_partitions_begin(struct sse_partitions *partitions,
                               const int32_t counts[static SSE_TOPICS])
{
    struct sse_hub *hub = partitions->hub;
    size_t count = (size_t)counts[SSE_TOPIC_QUOTES] + (size_t)counts[SSE_TOPIC_ALERTS];
    if (count > SSE_SLOTS_MAX) {
        return sg_fail(SG_FATAL, 0, "streams: more than %d partitions", SSE_SLOTS_MAX);
    }
    SG_CLEANUP(free_slots) struct sse_slot *slots = calloc(count, sizeof *slots);
    SG_CLEANUP(sse_ring_free)
    struct sse_ring *ring = sse_ring_new((size_t)hub->config.settings->buffer_bytes);
    if (slots == NULL || ring == NULL) {
        return sg_fail(SG_RETRY, 0, "streams: out of memory");
    }
    SG_TRY(plan_slots(partitions, counts, slots, count));
    pthread_mutex_lock(&hub->lock);
    sse_hub_reset(hub);
    hub->ring = SG_MOVE(ring);
    hub->slots = SG_MOVE(slots);
    hub->slot_count = count;
    hub->partitions[SSE_TOPIC_QUOTES] = counts[SSE_TOPIC_QUOTES];
    hub->partitions[SSE_TOPIC_ALERTS] = counts[SSE_TOPIC_ALERTS];
    pthread_mutex_unlock(&hub->lock);
    return sg_ok();
}

sg_result sse_partitions_keep(struct sse_partitions *partitions,
                              const int32_t counts[static SSE_TOPICS], bool *ret_keep)
{
    // This thread alone changes the slots.
    const struct sse_hub *hub = partitions->hub;
    *ret_keep = hub->slots != NULL && hub->live;
    for (unsigned i = 0; i < SSE_TOPICS; i++) {
        *ret_keep = *ret_keep && hub->partitions[i] == counts[i];
    }
    for (size_t i = 0; i < hub->slot_count && *ret_keep; i++) {
        const struct sse_slot *slot = &hub->slots[i];
        int64_t first = 0;
        int64_t end = 0;
        SG_TRY(kafka_consumer_range(partitions->consumer, partitions->topics[slot->topic],
                                    slot->partition, &first, &end));
        *ret_keep = slot->next >= first && slot->next <= end;
    }
    return sg_ok();
}
