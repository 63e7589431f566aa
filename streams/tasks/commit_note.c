// Words in a fixed order; those that a program does not know yet may follow.
#include "streams/tasks/commit_note.h"

#include "core/number.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void commit_note_print(const struct commit_note *note, char ret_text[static COMMIT_NOTE_MAX])
{
    snprintf(ret_text, COMMIT_NOTE_MAX, "sequence=%" PRId64 " time=%" PRId64 " journal=%s",
             note->sequence, note->stream_time_ms, note->journal);
}

// The value of the word "name=value" at the beginning of `*text`, which moves behind it; empty when
// there is another word.
static struct bytes take_word(const char **text, const char *name)
{
    size_t name_size = strlen(name);
    if (strncmp(*text, name, name_size) != 0) {
        return bytes_of(*text, 0);
    }
    const char *value = *text + name_size;
    size_t size = strcspn(value, " ");
    *text = value + size + (value[size] == ' ' ? 1 : 0);
    return bytes_of(value, size);
}

struct commit_note commit_note_read(const char *text)
{
    struct commit_note note = {0};
    if (text == NULL) {
        return note;
    }
    const char *rest = text;
    if (!number_read_int(take_word(&rest, "sequence="), &note.sequence)) {
        return (struct commit_note){0};
    }
    if (!number_read_int(take_word(&rest, "time="), &note.stream_time_ms)) {
        note.stream_time_ms = 0;
    }
    struct bytes journal = take_word(&rest, "journal=");
    if (journal.size == DIGEST_CHARS) {
        memcpy(note.journal, journal.data, journal.size);
    }
    return note;
}
