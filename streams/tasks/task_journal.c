// What the ledger holds, with the place before and the state after.
#include "streams/tasks/task_journal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void task_journal_name(const struct task *task, char ret_name[static TASK_JOURNAL_NAME_MAX])
{
    snprintf(ret_name, TASK_JOURNAL_NAME_MAX, "%s/%" PRId32, task->config->processor->name,
             task->partition);
}

static sg_result out_of_memory(void)
{
    return sg_fail(SG_FATAL, 0, "out of memory for a record of the journal");
}

static sg_result fill_from(const struct task *task, struct journal *record)
{
    record->from = arena_take(task->arena, task->inputs.count * sizeof *record->from);
    if (record->from == NULL) {
        return out_of_memory();
    }
    record->from_count = task->inputs.count;
    for (size_t i = 0; i < task->inputs.count; i++) {
        const struct input *input = &task->inputs.list[i];
        record->from[i] = (struct journal_position){
            .topic = bytes_of_text(input->info->name),
            .partition = input->partition,
            .offset = input->committed_offset,
        };
    }
    return sg_ok();
}

static sg_result fill_state(const struct task *task, struct journal *record)
{
    const struct processor *processor = task->config->processor;
    record->state_count = processor->store_count;
    if (record->state_count == 0) {
        return sg_ok();
    }
    record->state = arena_take(task->arena, record->state_count * sizeof *record->state);
    char *texts = arena_take(task->arena, record->state_count * (DIGEST_CHARS + 1));
    if (record->state == NULL || texts == NULL) {
        return out_of_memory();
    }
    for (size_t i = 0; i < record->state_count; i++) {
        char *text = texts + i * (DIGEST_CHARS + 1);
        stores_hash(task->stores, i, text);
        record->state[i] = (struct journal_state){.store = bytes_of_text(processor->stores[i].name),
                                                  .hash = bytes_of_text(text)};
    }
    return sg_ok();
}

sg_result task_journal_write(struct task *task, struct output *output)
{
    char name[TASK_JOURNAL_NAME_MAX];
    task_journal_name(task, name);
    struct journal record = {
        .task = bytes_of_text(name),
        .sequence = task->place.sequence,
        .stream_time = task->place.stream_time_ms,
        .program = bytes_of_text(SOGLIA_VERSION),
        .previous = bytes_of_text(task->committed.journal),
    };
    arena_reset(task->arena);
    SG_TRY(fill_from(task, &record));
    SG_TRY(ledger_fill(task->ledger, task->arena, &record));
    SG_TRY(fill_state(task, &record));
    char digest[DIGEST_CHARS + 1];
    SG_TRY(output_journal(output, &record, digest));
    memcpy(task->place.journal, digest, sizeof digest);
    return sg_ok();
}
