// Merging: a head for each input, the earliest goes first.
#include "streams/tasks/input.h"

// How long an input that is known to have more may be silent: the broker may be away, and then
// nothing else should overtake.
enum { CATCH_UP_WAIT_US = 30000000 };

// Brings the next record to the head, if there is one.
static sg_result fill(struct input *input, int64_t now_us)
{
    sg_result failure = sg_ok();
    switch (kafka_queue_next(input->queue, &input->head, &failure)) {
    case KAFKA_NEXT_RECORD:
        input->has_head = true;
        input->ended = false;
        input->silent_since_us = 0;
        break;
    case KAFKA_NEXT_END:
        input->ended = true;
        break;
    case KAFKA_NEXT_EMPTY:
        if (input->silent_since_us == 0) {
            input->silent_since_us = now_us;
        }
        break;
    case KAFKA_NEXT_FAILED:
        return sg_explain(failure, "%s, partition %d", input->name, (int)input->partition);
    }
    return sg_ok();
}

// True when the others may go on without this input.
static bool may_be_passed(const struct input *input, int64_t merge_wait_us, int64_t now_us)
{
    if (input->ended) {
        return true;
    }
    if (input->silent_since_us == 0) {
        return false;
    }
    int64_t wait_us = input->next_offset < input->known_end ? CATCH_UP_WAIT_US : merge_wait_us;
    return now_us - input->silent_since_us >= wait_us;
}

static bool comes_before(const struct input *left, const struct input *right)
{
    if (left->head.timestamp_ms != right->head.timestamp_ms) {
        return left->head.timestamp_ms < right->head.timestamp_ms;
    }
    return left->order < right->order;
}

sg_result input_next(const struct input_list *inputs, int64_t now_us, struct input **ret_input)
{
    struct input *first = NULL;
    bool wait = false;
    for (size_t i = 0; i < inputs->count; i++) {
        struct input *input = &inputs->list[i];
        if (!input->has_head) {
            SG_TRY(fill(input, now_us));
        }
        if (!input->has_head) {
            wait = wait || !may_be_passed(input, inputs->merge_wait_us, now_us);
        } else if (first == NULL || comes_before(input, first)) {
            first = input;
        }
    }
    *ret_input = wait ? NULL : first;
    return sg_ok();
}

void input_taken(struct input *input)
{
    input->next_offset = input->head.offset + 1;
    kafka_record_done(&input->head);
    input->has_head = false;
}

void input_reset(struct input *input)
{
    if (input->has_head) {
        kafka_record_done(&input->head);
    }
    input->has_head = false;
    input->ended = false;
    input->silent_since_us = 0;
    input->queue = NULL;
}
