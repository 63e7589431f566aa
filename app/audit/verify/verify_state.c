// What is said of a transaction: notes, and where a difference lies.
#include "app/audit/verify/verify_state.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void verify_note(struct verify *verify, const char *format, ...)
{
    char note[VERIFY_NOTE_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(note, sizeof note, format, arguments);
    va_end(arguments);
    struct verify_result *result = verify->result;
    for (size_t i = 0; i < result->note_count; i++) {
        if (strcmp(result->notes[i], note) == 0) {
            return;
        }
    }
    if (result->note_count < VERIFY_NOTES_MAX) {
        memcpy(result->notes[result->note_count++], note, sizeof note);
    }
}

struct difference verify_difference(const struct verify_task *task,
                                    const struct verify_entry *entry)
{
    struct difference difference = {
        .sequence = entry->journal.sequence,
        .journal_partition = entry->partition,
        .journal_offset = entry->offset,
        .topic = TOPIC_JOURNAL,
        .partition = entry->partition,
        .offset = entry->offset,
    };
    snprintf(difference.task, sizeof difference.task, "%s", task->name);
    snprintf(difference.program, sizeof difference.program, "%.*s",
             (int)entry->journal.program.size, (const char *)entry->journal.program.data);
    return difference;
}
