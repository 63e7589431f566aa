// The text that goes with committed positions: what a task knows beside its state, so that another
// machine goes on with it.
#pragma once
#include "core/digest.h"
#include "core/result.h"

struct commit_note {
    int64_t sequence;               // Of the last transaction; 0: there is no note.
    int64_t stream_time_ms;         // 0: not noted.
    char journal[DIGEST_CHARS + 1]; // Digest of its Journal record, "" for none.
};

// Room for the text.
enum { COMMIT_NOTE_MAX = 160 };

// Writes "sequence=7 time=1700000000000 journal=ab12...". Any thread.
void commit_note_print(const struct commit_note *note, char ret_text[static COMMIT_NOTE_MAX]);

// Reads it, or the sequence alone, as older programs wrote it. What cannot be read is no note.
// Accepts NULL. Any thread.
struct commit_note commit_note_read(const char *text);
