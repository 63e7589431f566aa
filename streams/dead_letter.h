// A record that was refused, as it goes to dead-letters: its bytes, and headers that say why and
// where it is.
#pragma once
#include "core/kafka/producer.h"
#include "core/service/clock.h"
#include "streams/processor.h"

enum { DEAD_LETTER_NUMBER_MAX = 24, DEAD_LETTER_TEXT_MAX = 160, DEAD_LETTER_HEADERS_MAX = 7 };

// The message borrows from the letter, the event and the reason; the letter must not move.
struct dead_letter {
    char partition[DEAD_LETTER_NUMBER_MAX];
    char offset[DEAD_LETTER_NUMBER_MAX];
    char at[CLOCK_TEXT_MAX];
    char left_out[DEAD_LETTER_TEXT_MAX];
    struct kafka_header headers[DEAD_LETTER_HEADERS_MAX];
    struct kafka_message message;
};

// What was refused: `has_value` false for a tombstone; `at_ms` is the wall clock.
struct dead_letter_cause {
    const struct event *event;
    bool has_value;
    const char *reason;
    const char *by; // Name of the processor.
    int64_t at_ms;
};

// Fills the letter. Any thread.
void dead_letter_fill(const struct dead_letter_cause *cause, struct dead_letter *ret_letter);

// For a record that is larger than any that can be sent: the letter says where its bytes are, in
// place of them. Any thread.
void dead_letter_leave_out(struct dead_letter *letter);
