// The parts of a record's JSON that have no parts. For record_json.c alone.
#pragma once
#include "core/json_reader.h"
#include "schemas/record_type.h"

enum { RECORD_JSON_SHOWN_MAX = 40 }; // Of a text from outside in a reason.

// A text from outside, made fit for a reason: cut, and nothing but printable ASCII.
const char *record_json_shown(struct bytes text, char ret_text[static RECORD_JSON_SHOWN_MAX + 1]);

// Fails with SG_DROP when something else comes next.
SG_RESULT record_json_expect(struct json_reader *reader, enum json_reader_kind wanted);

// Reads a value that is no record, list or union. Fails: SG_DROP, saying what was wanted.
SG_RESULT record_json_scalar(const struct record_value *value, struct json_reader *reader,
                             void *place);
