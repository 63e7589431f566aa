// What the fold made of a transaction against what the journal says, then against the topics.
#include "app/audit/verify/verify_state.h"

#include <stdlib.h>

static const struct journal_output *output_in(const struct journal *journal, struct bytes topic)
{
    for (size_t i = 0; i < journal->outputs_count; i++) {
        if (bytes_equal(journal->outputs[i].topic, topic)) {
            return &journal->outputs[i];
        }
    }
    return NULL;
}

static bool is_same_output(const struct journal_output *left, const struct journal_output *right)
{
    return left != NULL && right != NULL && left->records == right->records &&
           bytes_equal(left->hash, right->hash);
}

// Every topic of `journal` must be the same in `other`.
static sg_result compare_outputs(struct verify *verify, const struct verify_task *task,
                                 const struct verify_entry *entry, const struct journal *journal,
                                 const struct journal *other)
{
    for (size_t i = 0; i < journal->outputs_count; i++) {
        const struct journal_output *output = &journal->outputs[i];
        if (!is_same_output(output, output_in(other, output->topic))) {
            char *name = bytes_to_text(output->topic);
            enum topic topic = name == NULL ? TOPIC_COUNT : topic_by_name(name);
            free(name);
            return verify_name_outputs(verify, task, entry, topic);
        }
    }
    return sg_ok();
}

// The stores of a processor are in the same order in every record.
static sg_result compare_state(struct verify *verify, const struct verify_task *task,
                               const struct verify_entry *entry, const struct journal *made)
{
    const struct journal *journal = &entry->journal;
    for (size_t i = 0; i < made->state_count; i++) {
        bool is_same = i < journal->state_count &&
                       bytes_equal(journal->state[i].store, made->state[i].store) &&
                       bytes_equal(journal->state[i].hash, made->state[i].hash);
        if (!is_same) {
            return verify_name_state(verify, task, entry, i);
        }
        verify->result->states += entry->is_in_span ? 1 : 0;
    }
    return sg_ok();
}

// A task's records in a partition are in its order: before the first that is found, what is not
// there may have been deleted by retention.
static bool may_be_deleted(struct verify *verify, const struct verify_task *task, size_t slot,
                           const struct fold_output *output)
{
    bool may_be = output_log_kept_from(verify->outputs, slot) > 0 && task->behind[slot] == 0;
    if (may_be) {
        verify_note(verify, "%s: the first records of %s are not kept any more", task->name,
                    topic_info(output->topic)->name);
    }
    return may_be;
}

// Takes every record that the fold made out of the topics.
static sg_result take_outputs(struct verify *verify, const struct verify_task *task,
                              const struct verify_entry *entry)
{
    for (const struct fold_output *output = fold_outputs(task->fold); output != NULL;
         output = output->next) {
        struct place place;
        bool is_found = false;
        SG_TRY(output_log_take(verify->outputs, output, &place, &is_found));
        size_t slot = output_log_slot(verify->outputs, output->topic, place.partition);
        if (is_found) {
            task->behind[slot] = place.offset + 1;
            verify->result->outputs += entry->is_in_span ? 1 : 0;
            verify->result->alerts += entry->is_in_span && output->topic == TOPIC_ALERTS ? 1 : 0;
        } else if (!verify->is_behind_span && !may_be_deleted(verify, task, slot, output)) {
            place.offset = task->behind[slot];
            return verify_name_missing(verify, task, entry, output, &place);
        }
    }
    return sg_ok();
}

static bool are_same_outputs(const struct journal *left, const struct journal *right)
{
    bool are_same = left->outputs_count == right->outputs_count;
    for (size_t i = 0; are_same && i < left->outputs_count; i++) {
        const struct journal_output *output = &left->outputs[i];
        are_same = is_same_output(output, output_in(right, output->topic));
    }
    return are_same;
}

SG_RESULT verify_compare(struct verify *verify, const struct verify_task *task,
                         const struct verify_entry *entry)
{
    struct journal made;
    arena_reset(verify->other);
    SG_TRY(fold_record(task->fold, verify->other, &made));
    if (verify->is_behind_span) {
        verify->is_unsure = verify->is_unsure || !are_same_outputs(&entry->journal, &made);
        return take_outputs(verify, task, entry);
    }
    SG_TRY(compare_outputs(verify, task, entry, &entry->journal, &made));
    SG_TRY(compare_outputs(verify, task, entry, &made, &entry->journal));
    SG_TRY(compare_state(verify, task, entry, &made));
    return take_outputs(verify, task, entry);
}
