// The inputs of a task, merged by record timestamp, ties with tables before streams (the order of
// the processor's list).
#pragma once
#include "core/kafka/consumer.h"
#include "streams/processor.h"

// One partition of one topic.
struct input {
    const struct topic_info *info;
    char name[KAFKA_TOPIC_MAX + 1]; // Full name of the topic.
    size_t order;                   // Place in the processor's list.
    int32_t partition;
    struct kafka_queue *queue; // Borrowed from the consumer until the next assignment.
    struct kafka_record head;  // The next record, if has_head.
    bool has_head;
    bool ended;               // The end was reached and nothing came since.
    int64_t next_offset;      // Behind the last record taken.
    int64_t committed_offset; // The same at the last commit.
    int64_t known_end;        // End when it was assigned: before that, silence does not count.
    int64_t empty_at_us;      // Time of the last look at it that found nothing.
    int64_t silent_since_us;  // When the queue was first found empty, 0 if it was not.
    int64_t silent_until_us;  // Until when it is known to have been empty since.
    int64_t settled_us;       // Before that the head does not pass an input that has none.
};

// The inputs of one task.
struct input_list {
    struct input *list;
    size_t count;
    int64_t merge_wait_us;
};

// The head that comes next, NULL when there is none or an input of which nothing is known may still
// bring an earlier one. `now_us` is the monotonic clock; an input that was found empty is not
// looked at again at the same time, so who takes many in a row asks the clock once. Fails: SG_FATAL
// when an offset is not kept any more, SG_RETRY.
SG_RESULT input_next(const struct input_list *inputs, int64_t now_us, struct input **ret_input);

// Says that nothing came to empty inputs before `now_us`: the caller has waited for it.
void inputs_waited(const struct input_list *inputs, int64_t now_us);

// Gives the head back and moves on.
void input_taken(struct input *input);

// Forgets head and queue, as before an assignment.
void input_reset(struct input *input);
