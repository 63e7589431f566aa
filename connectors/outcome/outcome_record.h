// One line of the outcome log: how an attempt ended, with its length and checksum around it.
#pragma once
#include "core/buffer.h"
#include "schemas/outcome.h"

// Longest texts of a record; longer ones are refused (id) or cut (reply).
enum { OUTCOME_ID_MAX = 256, OUTCOME_REPLY_MAX = 256 };
enum { OUTCOME_RECORD_MAX = 1024 };

struct outcome_record {
    struct bytes notification_id; // Borrowed.
    int32_t attempt;
    enum outcome outcome;
    bool ambiguous; // RETRY although the receiver may have taken it.
    int32_t code;
    struct bytes reply; // Borrowed.
    int64_t at;         // ms since the epoch
    int64_t not_before; // Of RETRY: when the receiver wants the next one at the earliest, 0 for any
                        // time.
};

// Adds the record to `out`. Fails: SG_DROP for an id that is too long; as buffer_append(). Any
// thread.
SG_RESULT outcome_record_write(const struct outcome_record *record, struct buffer *out);

// Reads the record at the beginning of `bytes`; its texts are borrowed from there. False when there
// is no whole and sound record. Any thread.
bool outcome_record_read(struct bytes bytes, struct outcome_record *ret_record, size_t *ret_size);
