// Changes that people have asked for and that are not answered yet: written to the topic commands
// by a thread of its own, known by user and command id until the views have the answer. The answer
// itself is in the views, so that a desk that dies takes nothing with it: who asks again with the
// same id gets it.
#pragma once
#include "query/commands/command_settings.h"
#include "query/views/view_store.h"
#include "schemas/command.h"
#include "schemas/registry.h"

struct command_desk_config {
    const struct command_settings *commands;
    const struct kafka_settings *kafka;
    const struct topic_settings *topics;
    struct view_store *store;
    struct registry *(*registry)(void *context); // NULL until Kafka was there once.
    void (*wake)(void *context); // A ticket is done; called without a lock of the desk.
    void *context;
};

struct command_desk;
struct command_ticket; // What a request holds of a command at work.

// Starts the thread; what is pointed to must outlive the desk. Kafka need not be there yet. Fails:
// SG_FATAL.
SG_RESULT command_desk_open(const struct command_desk_config *config,
                            struct command_desk **ret_desk);

// Ends the thread, at most a second after what it has to write is written or Kafka is away. All
// tickets must have been dropped. Accepts NULL.
void command_desk_close(struct command_desk **desk);

// Writes a command, unless one of the same user and id is at work; the command's fingerprint must
// be set. Fails: SG_DROP 409 for the same one at work, 422 for another one under the same id;
// SG_RETRY when too many are at work or Kafka is away. Any thread.
SG_RESULT command_desk_send(struct command_desk *desk, const struct command *command,
                            struct command_ticket **ret_ticket);

// Whether a command of this user and id is at work here, and fits the fingerprint: fails as
// command_desk_send(). Any thread.
SG_RESULT command_desk_check(struct command_desk *desk, struct bytes user_id,
                             struct bytes command_id, struct bytes fingerprint);

// Whether a command of this user and id is at work here. Any thread.
bool command_desk_is_at_work(struct command_desk *desk, struct bytes user_id,
                             struct bytes command_id);

// Looks which answers the views have by now. To be called behind their commits, by one thread.
void command_desk_look(struct command_desk *desk);

// True when the views have the answer or the command could not be written. Any thread.
bool command_ticket_is_done(const struct command_ticket *ticket);

// Of a done one: a success when the views have the answer. Fails: SG_RETRY when Kafka did not take
// the command; whether it is in the topic is then not known, so that it must be sent again under
// the same id or not at all.
SG_RESULT command_ticket_result(const struct command_ticket *ticket);

// Lets go of it; the command goes on. Sets `*ticket` to NULL. Accepts NULL. Any thread.
void command_ticket_drop(struct command_ticket **ticket);
