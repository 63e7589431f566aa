// Writes messages to the topic commands, one after the other, from a thread that owns the producer.
// While Kafka acknowledges some, the next ones gather.
#pragma once
#include "core/buffer.h"
#include "schemas/topic_table.h"

// A message on its way. The one who puts it keeps it until it is told the outcome.
struct command_parcel {
    struct command_parcel *next; // The sender's.
    struct bytes key;
    struct buffer message;
};

struct command_sender_config {
    const struct kafka_settings *kafka;
    const struct topic_settings *topics;
    // Told once for each parcel: a success when Kafka has it for good, SG_RETRY when it was not
    // taken. Called by the sender's thread, or at the end by the one who closes.
    void (*outcome)(void *context, struct command_parcel *parcel, sg_result result);
    void *context;
};

struct command_sender;

// Starts the thread; Kafka need not be there yet. Fails: SG_FATAL.
SG_RESULT command_sender_open(const struct command_sender_config *config,
                              struct command_sender **ret_sender);

// Ends the thread; what Kafka has not taken within 10 s is told as failed. Accepts NULL.
void command_sender_close(struct command_sender **sender);

// Hands a parcel over. Any thread.
void command_sender_put(struct command_sender *sender, struct command_parcel *parcel);
