// A span of the journal folded again from the topics, and compared: chain, outputs, state. Reads
// only. One thread.
#pragma once
#include "app/audit/verify/difference.h"
#include "app/settings_all.h"
#include "streams/processor.h"

// An end of the span: a stream time, or a number of a task's transaction.
struct verify_bound {
    bool is_given;
    bool is_time;
    int64_t value;
};

enum { VERIFY_NOTES_MAX = 16, VERIFY_NOTE_MAX = 256 };

// What was verified so far, and what could not be.
struct verify_result {
    int64_t records;      // Folded.
    int64_t transactions; // Of the span.
    int64_t outputs;      // Records of transactions of the span, found in the topics.
    int64_t states;       // Hashes of stores compared.
    int64_t alerts;
    int64_t attempts; // To deliver, verified as recorded.
    char notes[VERIFY_NOTES_MAX][VERIFY_NOTE_MAX];
    size_t note_count;
    struct difference difference; // The first, if there is one.
};

struct verify_request {
    const struct settings_all *all;
    struct verify_bound from;
    struct verify_bound to;
    bool wanted[PROCESSOR_COUNT];
    void (*progress)(const struct verify_result *result); // Called now and then.
};

// A success says that nothing differs, or that `ret_result->difference` is found. Fails: SG_FATAL,
// SG_RETRY when Kafka does not answer.
SG_RESULT verify_run(const struct verify_request *request, struct verify_result *ret_result);
