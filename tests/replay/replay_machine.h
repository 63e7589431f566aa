// A processor with real stores and codecs and without Kafka: given an event, it says what came of
// it. On request it commits, aborts and restores in between, which must not change anything.
#pragma once
#include "schemas/codec.h"
#include "streams/processor.h"

struct replay_options {
    const char *dir;      // Where stores are kept.
    int64_t commit_every; // Events; 0: never within a case.
    int64_t abort_every; // Events after which all since the last commit are aborted and done again.
    int64_t restore_every; // Commits after which state is emptied and rebuilt from its changelog.
};

// What came of an event. A refusal has the topic TOPIC_DEAD_LETTERS and the reason as value.
struct replay_output {
    enum topic topic;
    struct bytes key;
    struct bytes value; // As in Kafka.
};

struct replay_outputs {
    struct replay_output *list;
    size_t count;
    size_t capacity;
};

struct replay_machine;

// Fails: SG_FATAL.
SG_RESULT replay_machine_open(const struct processor *processor,
                              const struct replay_options *options,
                              struct replay_machine **ret_machine);
void replay_machine_close(struct replay_machine **machine);

// Forgets everything: a new case, with these settings as for replay_settings_read(). Fails: SG_DROP
// for wrong settings, SG_FATAL.
SG_RESULT replay_machine_begin(struct replay_machine *machine, struct bytes settings);

// Takes an event whose value is as in Kafka (`record` is not looked at; value.data NULL is a
// tombstone), or with the topic replay_outcome_topic an outcome whose value is its JSON;
// `*ret_outputs` is borrowed until the next case. Fails: SG_FATAL when the processor fails
// otherwise than by a refusal, breaks its promises, or does something else when done again.
SG_RESULT replay_machine_give(struct replay_machine *machine, const struct event *event,
                              const struct replay_outputs **ret_outputs);

// The codec of a topic with records, for tests to write and read values; NULL for others. Made when
// first asked for. Borrowed.
struct codec *replay_machine_codec(struct replay_machine *machine, enum topic topic);
