// Whether an output is what a then line says, and if not, where it differs.
#pragma once
#include "tests/replay/replay_value.h"

// The topic of a then line, TOPIC_COUNT for "nothing". Fails: SG_DROP for a name that is none.
SG_RESULT replay_expect_topic(struct bytes name, enum topic *ret_topic);

// Compares; `*ret_same` false: `report` says the difference in lines. Fails: SG_DROP when the line
// itself is wrong.
SG_RESULT replay_expect(const struct replay_scope *scope, const struct replay_line *line,
                        const struct replay_output *output, struct buffer *report, bool *ret_same);

// Adds an output to a report as one line.
SG_RESULT replay_expect_print(struct replay_machine *machine, const struct replay_output *output,
                              struct buffer *report);
