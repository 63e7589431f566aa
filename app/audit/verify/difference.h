// The first difference between what was done and what the fold makes, and how it is told.
#pragma once
#include "core/buffer.h"
#include "core/result.h"
#include "schemas/topic_table.h"

enum { DIFFERENCE_TEXT_MAX = 1024, DIFFERENCE_FIELD_MAX = 128, DIFFERENCE_TASK_MAX = 64 };

// Code of the failure that says that there is one.
enum { DIFFERENCE_FOUND = 1000003 };

struct difference {
    bool is_found;
    char what[DIFFERENCE_TEXT_MAX]; // One sentence without its end.
    // The transaction.
    char task[DIFFERENCE_TASK_MAX]; // "" when it is in no transaction.
    int64_t sequence;
    char program[DIFFERENCE_FIELD_MAX]; // Version that did it.
    int32_t journal_partition;
    int64_t journal_offset;
    // The record that differs.
    enum topic topic;
    int32_t partition;
    int64_t offset;                     // -1: it is not there.
    char field[DIFFERENCE_FIELD_MAX];   // "" for the record as a whole.
    char there[DIFFERENCE_TEXT_MAX];    // What is there, "" for nothing.
    char expected[DIFFERENCE_TEXT_MAX]; // What should be, "" for nothing.
};

// Notes the first difference and fails with SG_FATAL and DIFFERENCE_FOUND; a later one is not
// noted.
sg_result difference_found(struct difference *difference, const struct difference *found);

// Adds it for a person, or as the members of a JSON object. Fails as buffer_append().
SG_RESULT difference_print(const struct difference *difference, struct buffer *out);
SG_RESULT difference_print_json(const struct difference *difference, struct buffer *out);

// Compares two records of a type: the name of the first field that differs and both values as
// text. False when they are equal. Any thread.
bool difference_of_records(const struct record_type *type, const void *there, const void *expected,
                           struct difference *ret_difference);

// How many fields are the same. Any thread.
size_t difference_equal_fields(const struct record_type *type, const void *left, const void *right);

// A record as one line of JSON, cut to what fits. Any thread.
void difference_text(const struct record_type *type, const void *record,
                     char ret_text[static DIFFERENCE_TEXT_MAX]);
