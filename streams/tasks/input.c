// Merging: a head for each input, the earliest goes first.
#include "streams/tasks/input.h"

enum {
    // How long an input that is known to have more may be silent: the broker may be away, and then
    // nothing else should overtake.
    CATCH_UP_WAIT_US = 30000000,
    // Records that were written together are not seen together: a transaction's end reaches each
    // partition on its own. So the first record after a quiet time waits this long for the others.
    SETTLE_US = 4000,
    // Silences shorter than this are the pauses of a stream that flows, which is not delayed.
    QUIET_US = 20000,
};

static void note_silence(struct input *input, int64_t now_us)
{
    if (input->silent_since_us == 0) {
        input->silent_since_us = now_us;
    }
    input->silent_until_us = now_us;
}

// How long it was away from the queue says nothing: a commit takes longer than the pauses of a
// stream.
static void end_silence(struct input *input, int64_t now_us)
{
    if (input->silent_since_us != 0 &&
        input->silent_until_us - input->silent_since_us >= QUIET_US) {
        input->settled_us = now_us + SETTLE_US;
    }
    input->silent_since_us = 0;
}

void inputs_waited(const struct input_list *inputs, int64_t now_us)
{
    for (size_t i = 0; i < inputs->count; i++) {
        if (inputs->list[i].silent_since_us != 0) {
            note_silence(&inputs->list[i], now_us);
        }
    }
}

// Brings the next record to the head, if there is one. The end of the log stands in the queue
// between records once more of them have come, so it is not the end of the queue.
static sg_result fill(struct input *input, int64_t now_us)
{
    sg_result failure = sg_ok();
    enum kafka_next next = KAFKA_NEXT_END;
    while (next == KAFKA_NEXT_END) {
        next = kafka_queue_next(input->queue, &input->head, &failure);
        input->ended = next == KAFKA_NEXT_END || (input->ended && next == KAFKA_NEXT_EMPTY);
    }
    if (next == KAFKA_NEXT_FAILED) {
        return sg_explain(failure, "%s, partition %d", input->name, (int)input->partition);
    }
    input->has_head = next == KAFKA_NEXT_RECORD;
    if (input->has_head) {
        end_silence(input, now_us);
    } else {
        input->empty_at_us = now_us;
        note_silence(input, now_us);
    }
    return sg_ok();
}

// True when the others may go on without this input.
static bool may_be_passed(const struct input *input, int64_t merge_wait_us, int64_t now_us)
{
    if (input->ended) {
        return true;
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
    bool complete = true;
    bool wait = false;
    for (size_t i = 0; i < inputs->count; i++) {
        struct input *input = &inputs->list[i];
        if (!input->has_head && input->empty_at_us != now_us) {
            SG_TRY(fill(input, now_us));
        }
        if (!input->has_head) {
            complete = false;
            wait = wait || !may_be_passed(input, inputs->merge_wait_us, now_us);
        } else if (first == NULL || comes_before(input, first)) {
            first = input;
        }
    }
    wait = wait || (!complete && first != NULL && now_us < first->settled_us);
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
    input->empty_at_us = 0;
    input->silent_since_us = 0;
    input->settled_us = 0;
    input->queue = NULL;
}
