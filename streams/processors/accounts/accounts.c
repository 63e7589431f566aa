// A command is looked up by its id first: what was answered is answered again.
#include "streams/processors/accounts/accounts.h"

#include "core/hash.h"
#include "core/settings/option.h"
#include "schemas/command_state.h"
#include "streams/processors/accounts/account_change.h"
#include "streams/processors/checks.h"

#include <endian.h>
#include <stddef.h>
#include <string.h>

enum {
    COMMAND_BYTES_MAX = 1 << 20,
    FORGOTTEN_AT_ONCE = 16, // Of those that are due, at each command.
    TIME_BYTES = 8,
};

// User, 0, command: names hold no zero byte.
struct command_key {
    size_t size;
    uint8_t data[2 * CHECKS_NAME_MAX + 1];
};

static const struct option options[] = {
    {.key = "accounts.subscriptions_max",
     .type = OPTION_INT,
     .offset = offsetof(struct accounts_settings, subscriptions_max),
     .fallback = "1000",
     .min = 1,
     .max = 10000,
     .help = "Active subscriptions that one user may have. Who leaves ends them all in one "
             "transaction."},
    {.key = "accounts.remember",
     .type = OPTION_DURATION,
     .offset = offsetof(struct accounts_settings, remember_ms),
     .fallback = "24h",
     .min = 60000,
     .max = INT64_C(31) * 86400000,
     .help = "How long a command is known, so that the same one again gets the same answer and "
             "does nothing."},
};

struct option_table accounts_options(struct accounts_settings *target)
{
    return (struct option_table){"Accounts", options, sizeof options / sizeof options[0], target,
                                 false};
}

static struct bytes key_of(const struct command *command, struct command_key *key)
{
    memcpy(key->data, command->user_id.data, command->user_id.size);
    key->data[command->user_id.size] = 0;
    memcpy(key->data + command->user_id.size + 1, command->command_id.data,
           command->command_id.size);
    key->size = command->user_id.size + 1 + command->command_id.size;
    return bytes_of(key->data, key->size);
}

// Keys of the index: when it is due, then the key of the command.
static void due_key(int64_t expires_at, struct bytes key, struct index_key *ret_key)
{
    uint64_t ordered = htobe64((uint64_t)expires_at ^ UINT64_C(1) << 63);
    memcpy(ret_key->data, &ordered, TIME_BYTES);
    memcpy(ret_key->data + TIME_BYTES, key.data, key.size);
    ret_key->size = TIME_BYTES + key.size;
}

static int64_t due_of(const struct index_key *key)
{
    uint64_t ordered = 0;
    memcpy(&ordered, key->data, TIME_BYTES);
    return (int64_t)(be64toh(ordered) ^ UINT64_C(1) << 63);
}

sg_result accounts_reindex_commands(struct index *index, struct bytes key, const void *before,
                                    const void *after)
{
    struct index_key due;
    if (before != NULL) {
        due_key(((const struct command_state *)before)->expires_at, key, &due);
        SG_TRY(index_remove(index, index_key_bytes(&due)));
    }
    if (after != NULL) {
        due_key(((const struct command_state *)after)->expires_at, key, &due);
        SG_TRY(index_add(index, index_key_bytes(&due)));
    }
    return sg_ok();
}

// Forgets some of the commands that are due by the time of this one.
static sg_result forget(const struct process *process, int64_t now_ms)
{
    struct store *commands = stores_get(process->stores, ACCOUNTS_COMMANDS);
    struct index *index = store_index(commands);
    static const uint8_t least[1] = {0};
    for (int i = 0; i < FORGOTTEN_AT_ONCE; i++) {
        struct index_key key;
        bool found = false;
        SG_TRY(index_at_least(index, bytes_of(least, 1), &key, &found));
        if (!found || due_of(&key) > now_ms) {
            return sg_ok();
        }
        SG_TRY(store_remove(commands, bytes_of(key.data + TIME_BYTES, key.size - TIME_BYTES)));
    }
    return sg_ok();
}

// The command's own, or a hash of everything but the time.
static sg_result fingerprint_of(const struct process *process, const struct command *command,
                                struct bytes *ret_fingerprint)
{
    if (command->has_fingerprint) {
        *ret_fingerprint = command->fingerprint;
        return sg_ok();
    }
    char *text = arena_take(process->arena, HASH_IDENTITY_CHARS + 1);
    if (text == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory for a command");
    }
    struct command timeless = *command;
    timeless.at = 0;
    SG_CLEANUP(buffer_done) struct buffer encoded;
    buffer_init(&encoded, COMMAND_BYTES_MAX);
    SG_TRY(sg_explain(command_encode(&timeless, &encoded), "the command"));
    hash_identity(buffer_bytes(&encoded), text);
    *ret_fingerprint = bytes_of_text(text);
    return sg_ok();
}

static sg_result do_command(struct account_change *change)
{
    switch (change->command->body_type) {
    case COMMAND_BODY_REGISTER_USER:
        return account_register(change);
    case COMMAND_BODY_CHANGE_USER:
        return account_change_user(change);
    case COMMAND_BODY_DELETE_USER:
        return account_delete(change);
    case COMMAND_BODY_SUBSCRIBE:
        return account_subscribe(change);
    case COMMAND_BODY_CHANGE_SUBSCRIPTION:
        return account_change_subscription(change);
    case COMMAND_BODY_UNSUBSCRIBE:
        return account_unsubscribe(change);
    }
    return sg_fail(SG_FATAL, 0, "a command of no kind that was decoded");
}

// The answer to a command that was answered before: the same one, or that its id is taken.
static sg_result answer_again(const struct process *process, const struct event *event,
                              struct command_result *known, struct bytes fingerprint)
{
    const struct command *command = event->record;
    if (bytes_equal(known->fingerprint, fingerprint)) {
        return process_emit(process, TOPIC_COMMAND_RESULTS, command->user_id, known);
    }
    struct command_result refusal = {
        .command_id = command->command_id,
        .user_id = command->user_id,
        .fingerprint = fingerprint,
        .at = process_stamp(event->timestamp_ms),
        .command_offset = event->offset,
    };
    struct account_change change = {
        .process = process, .event = event, .command = command, .result = &refusal};
    account_change_refuse(&change, PROBLEM_CODE_ID_REUSED,
                          "this id was used for another command: take a new one", "/command_id");
    return process_emit(process, TOPIC_COMMAND_RESULTS, command->user_id, &refusal);
}

sg_result accounts_take(const struct process *process, const struct event *event)
{
    const struct command *command = event->record;
    struct store *commands = stores_get(process->stores, ACCOUNTS_COMMANDS);
    struct command_key key;
    struct command_state known;
    struct bytes fingerprint = {NULL, 0};
    bool found = false;
    SG_TRY(check_command_frame(command));
    SG_TRY(fingerprint_of(process, command, &fingerprint));
    // From here on nothing is refused as a dead letter: something is written.
    SG_TRY(forget(process, event->timestamp_ms));
    SG_TRY(store_read(commands, key_of(command, &key), process->arena, &known, &found));
    if (found && known.expires_at > event->timestamp_ms) {
        return answer_again(process, event, &known.result, fingerprint);
    }
    const struct accounts_settings *settings = process->settings;
    struct command_state state = {
        .result = {.command_id = command->command_id,
                   .user_id = command->user_id,
                   .status = COMMAND_STATUS_DONE,
                   .fingerprint = fingerprint,
                   .at = process_stamp(event->timestamp_ms),
                   .command_offset = event->offset},
        .expires_at = event->timestamp_ms + settings->remember_ms,
    };
    struct account_change change = {process, event, command, settings, &state.result};
    SG_TRY(do_command(&change));
    SG_TRY(store_write(commands, key_of(command, &key), &state));
    return process_emit(process, TOPIC_COMMAND_RESULTS, command->user_id, &state.result);
}
