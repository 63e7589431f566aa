// The value of a line as it would stand in Kafka, and back.
#pragma once
#include "tests/replay/replay_line.h"
#include "tests/replay/replay_machine.h"

#include <jansson.h>

// Objects whose fields are added where a line leaves them out, by topic. NULL for none.
struct replay_defaults {
    json_t *by_topic[TOPIC_COUNT];
};

// What lines are read with.
struct replay_scope {
    struct replay_machine *machine;
    const struct replay_defaults *defaults;
    struct arena *arena; // Lives as long as what is read.
};

// Keeps the value of a default line. Fails: SG_DROP.
SG_RESULT replay_defaults_set(struct replay_defaults *defaults, enum topic topic,
                              struct bytes json);
void replay_defaults_done(struct replay_defaults *defaults);

// Key and value of the line, in the arena; data NULL for none. A line without a key has that of its
// record. Fails: SG_DROP when the line's value is no such record.
SG_RESULT replay_value_of(const struct replay_scope *scope, enum topic topic,
                          const struct replay_line *line, struct bytes *ret_key,
                          struct bytes *ret_value);

// A value of a topic with records as JSON, for people and for comparing field by field; NULL when
// it is no such record. The caller frees it.
json_t *replay_value_json(struct replay_machine *machine, enum topic topic, struct bytes value);
