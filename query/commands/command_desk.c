// An entry is held by the table while it is at work, by the sender until Kafka has it, and by the
// request that waits. Who lets go last frees it.
#include "query/commands/command_desk.h"

#include "core/hash.h"
#include "core/service/clock.h"
#include "query/commands/command_sender.h"
#include "query/views/accounts/command_view.h"
#include "schemas/wire.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
    BUCKETS = 4096,
    NAME_MAX_BYTES = 128, // Of a user id and of a command id.
    FINGERPRINT_MAX = 32,
    MESSAGE_BYTES_MAX = 1 << 20,
    ARENA_BYTES = 1 << 20,
    // A command without an answer for so long is forgotten: accounts was not running, or it went to
    // the dead letters.
    FORGET_S = 600,
    US_PER_S = 1000000,
};

enum ticket_state { TICKET_AT_WORK, TICKET_ANSWERED, TICKET_FAILED };

static const struct option options[] = {
    {"commands.at_work", OPTION_INT, offsetof(struct command_settings, at_work), "10000", 1,
     1000000, NULL, "Most changes that wait for their answer; further ones are told to come back."},
};
struct option_table command_options(struct command_settings *target)
{
    return (struct option_table){"Commands", options, sizeof options / sizeof options[0], target,
                                 false};
}

struct command_ticket {
    struct command_parcel parcel; // First, so that the sender's pointer is ours.
    struct command_ticket *next;  // In its bucket.
    atomic_int holders;
    atomic_int state;
    int64_t began_us;
    size_t name_size; // User id, a zero byte, command id.
    size_t user_size;
    uint8_t name[2 * NAME_MAX_BYTES + 1];
    size_t fingerprint_size;
    uint8_t fingerprint[FINGERPRINT_MAX];
};

struct command_desk {
    struct command_desk_config config;
    struct command_sender *sender;
    pthread_mutex_t lock; // Guards the table.
    struct command_ticket *buckets[BUCKETS];
    int64_t count;
    struct arena *arena; // Of command_desk_look().
    uint64_t seen;       // The positions that it looked at last.
};

// User, zero byte, command.
struct ticket_name {
    size_t size;
    uint8_t data[2 * NAME_MAX_BYTES + 1];
};

static bool make_name(struct bytes user_id, struct bytes command_id, struct ticket_name *ret_name)
{
    if (user_id.size == 0 || user_id.size > NAME_MAX_BYTES || command_id.size == 0 ||
        command_id.size > NAME_MAX_BYTES) {
        return false;
    }
    memcpy(ret_name->data, user_id.data, user_id.size);
    ret_name->data[user_id.size] = 0;
    memcpy(ret_name->data + user_id.size + 1, command_id.data, command_id.size);
    ret_name->size = user_id.size + 1 + command_id.size;
    return true;
}

static struct command_ticket **bucket_of(struct command_desk *desk, struct bytes name)
{
    return &desk->buckets[hash_bytes(name) % BUCKETS];
}

// The lock is held.
static struct command_ticket *find(struct command_desk *desk, struct bytes name)
{
    struct command_ticket *each = *bucket_of(desk, name);
    while (each != NULL && !bytes_equal(bytes_of(each->name, each->name_size), name)) {
        each = each->next;
    }
    return each;
}

static void let_go(struct command_ticket *ticket)
{
    if (atomic_fetch_sub(&ticket->holders, 1) == 1) {
        buffer_done(&ticket->parcel.message);
        free(ticket);
    }
}

// Takes it out of the table with its new state. The lock is held.
static void settle(struct command_desk *desk, struct command_ticket *ticket,
                   enum ticket_state state)
{
    struct command_ticket **link = bucket_of(desk, bytes_of(ticket->name, ticket->name_size));
    while (*link != NULL && *link != ticket) {
        link = &(*link)->next;
    }
    if (*link == ticket) {
        *link = ticket->next;
        desk->count--;
        ticket->state = (int)state;
        let_go(ticket);
    }
}

// Called by the sender.
static void take_outcome(void *context, struct command_parcel *parcel, sg_result result)
{
    struct command_desk *desk = context;
    struct command_ticket *ticket = (struct command_ticket *)parcel;
    bool failed = !sg_is_ok(result);
    if (failed) {
        pthread_mutex_lock(&desk->lock);
        settle(desk, ticket, TICKET_FAILED);
        pthread_mutex_unlock(&desk->lock);
    }
    let_go(ticket);
    if (failed) {
        desk->config.wake(desk->config.context);
    }
}

sg_result command_desk_open(const struct command_desk_config *config,
                            struct command_desk **ret_desk)
{
    SG_CLEANUP(command_desk_close) struct command_desk *desk = calloc(1, sizeof *desk);
    if (desk == NULL) {
        return sg_fail(SG_FATAL, 0, "commands: out of memory");
    }
    desk->config = *config;
    pthread_mutex_init(&desk->lock, NULL);
    desk->arena = arena_new(ARENA_BYTES);
    if (desk->arena == NULL) {
        return sg_fail(SG_FATAL, 0, "commands: out of memory");
    }
    SG_TRY(command_sender_open(&(struct command_sender_config){.kafka = config->kafka,
                                                               .topics = config->topics,
                                                               .outcome = take_outcome,
                                                               .context = desk},
                               &desk->sender));
    *ret_desk = SG_MOVE(desk);
    return sg_ok();
}

void command_desk_close(struct command_desk **desk)
{
    struct command_desk *closing = *desk;
    if (closing == NULL) {
        return;
    }
    command_sender_close(&closing->sender);
    for (size_t i = 0; i < BUCKETS; i++) {
        while (closing->buckets[i] != NULL) {
            settle(closing, closing->buckets[i], TICKET_FAILED);
        }
    }
    arena_free(&closing->arena);
    pthread_mutex_destroy(&closing->lock);
    free(closing);
    *desk = NULL;
}

static sg_result make_ticket(struct command_desk *desk, const struct command *command,
                             struct command_ticket **ret_ticket)
{
    struct ticket_name name;
    struct registry *registry = desk->config.registry(desk->config.context);
    if (registry == NULL) {
        return sg_fail(SG_RETRY, 0, "Kafka has not been reached yet: nothing can be changed");
    }
    if (!make_name(command->user_id, command->command_id, &name) ||
        command->fingerprint.size > FINGERPRINT_MAX) {
        return sg_fail(SG_FATAL, 0, "a command with an id that is none");
    }
    int32_t id = 0;
    SG_TRY(registry_id(registry, TOPIC_COMMANDS, &id));
    struct command_ticket *ticket = calloc(1, sizeof *ticket);
    if (ticket == NULL) {
        return sg_fail(SG_RETRY, 0, "the server is out of memory");
    }
    buffer_init(&ticket->parcel.message, MESSAGE_BYTES_MAX);
    ticket->holders = 1;
    ticket->began_us = clock_monotonic_us();
    ticket->name_size = name.size;
    ticket->user_size = command->user_id.size;
    memcpy(ticket->name, name.data, name.size);
    ticket->fingerprint_size = command->fingerprint.size;
    memcpy(ticket->fingerprint, command->fingerprint.data, command->fingerprint.size);
    ticket->parcel.key = bytes_of(ticket->name, command->user_id.size);
    sg_result encoded = wire_encode(id, &command_type, command, &ticket->parcel.message);
    if (!sg_is_ok(encoded)) {
        let_go(ticket);
        return encoded;
    }
    *ret_ticket = ticket;
    return sg_ok();
}

static sg_result refuse_taken(const struct command_ticket *taken, struct bytes fingerprint)
{
    bool same = bytes_equal(bytes_of(taken->fingerprint, taken->fingerprint_size), fingerprint);
    return same ? sg_fail(SG_DROP, 409,
                          "this change is still at work: ask again, or GET /v1/commands/{id}")
                : sg_fail(SG_DROP, 422, "this Idempotency-Key is another change's: take a new one");
}

// Puts it into the table, for the table and the sender to hold.
static sg_result enter(struct command_desk *desk, struct command_ticket *ticket)
{
    struct bytes name = bytes_of(ticket->name, ticket->name_size);
    struct bytes fingerprint = bytes_of(ticket->fingerprint, ticket->fingerprint_size);
    sg_result entered = sg_ok();
    pthread_mutex_lock(&desk->lock);
    struct command_ticket *taken = find(desk, name);
    if (taken != NULL) {
        entered = refuse_taken(taken, fingerprint);
    } else if (desk->count >= desk->config.commands->at_work) {
        entered = sg_fail(SG_RETRY, 0, "too many changes are at work: come back");
    } else {
        struct command_ticket **bucket = bucket_of(desk, name);
        ticket->next = *bucket;
        *bucket = ticket;
        desk->count++;
        ticket->holders += 2;
    }
    pthread_mutex_unlock(&desk->lock);
    return entered;
}

sg_result command_desk_send(struct command_desk *desk, const struct command *command,
                            struct command_ticket **ret_ticket)
{
    SG_CLEANUP(command_ticket_drop) struct command_ticket *ticket = NULL;
    SG_TRY(make_ticket(desk, command, &ticket));
    SG_TRY(enter(desk, ticket));
    command_sender_put(desk->sender, &ticket->parcel);
    *ret_ticket = SG_MOVE(ticket);
    return sg_ok();
}

sg_result command_desk_check(struct command_desk *desk, struct bytes user_id,
                             struct bytes command_id, struct bytes fingerprint)
{
    struct ticket_name name;
    sg_result checked = sg_ok();
    if (!make_name(user_id, command_id, &name)) {
        return checked;
    }
    pthread_mutex_lock(&desk->lock);
    const struct command_ticket *taken = find(desk, bytes_of(name.data, name.size));
    if (taken != NULL) {
        checked = refuse_taken(taken, fingerprint);
    }
    pthread_mutex_unlock(&desk->lock);
    return checked;
}

bool command_desk_is_at_work(struct command_desk *desk, struct bytes user_id,
                             struct bytes command_id)
{
    struct ticket_name name;
    if (!make_name(user_id, command_id, &name)) {
        return false;
    }
    pthread_mutex_lock(&desk->lock);
    bool is = find(desk, bytes_of(name.data, name.size)) != NULL;
    pthread_mutex_unlock(&desk->lock);
    return is;
}

// Positions only grow: their sum tells whether one has.
static sg_result add_position(void *context, int32_t partition,
                              const struct view_position *position)
{
    (void)partition;
    uint64_t *seen = context;
    *seen += (uint64_t)position->next;
    return sg_ok();
}

static bool has_answer(struct command_desk *desk, const struct view_snapshot *snapshot,
                       const struct command_ticket *ticket)
{
    arena_reset(desk->arena);
    struct view_reader reader = {.snapshot = snapshot,
                                 .user_id = bytes_of(ticket->name, ticket->user_size),
                                 .arena = desk->arena};
    struct bytes command_id =
        bytes_of(ticket->name + ticket->user_size + 1, ticket->name_size - ticket->user_size - 1);
    struct command_answer answer;
    bool found = false;
    sg_result looked = command_view_find(&reader, command_id, &answer, &found);
    return sg_is_ok(looked) && found;
}

// The lock is held.
static void look_at_all(struct command_desk *desk, const struct view_snapshot *snapshot)
{
    int64_t oldest_us = clock_monotonic_us() - (int64_t)FORGET_S * US_PER_S;
    for (size_t i = 0; i < BUCKETS; i++) {
        struct command_ticket *next = NULL;
        for (struct command_ticket *each = desk->buckets[i]; each != NULL; each = next) {
            next = each->next;
            if (has_answer(desk, snapshot, each)) {
                settle(desk, each, TICKET_ANSWERED);
            } else if (each->began_us < oldest_us) {
                settle(desk, each, TICKET_FAILED);
            }
        }
    }
}

void command_desk_look(struct command_desk *desk)
{
    SG_CLEANUP(view_snapshot_done) struct view_snapshot snapshot = {.transaction = NULL};
    uint64_t seen = 0;
    if (!sg_is_ok(view_store_read(desk->config.store, &snapshot)) ||
        !sg_is_ok(view_store_positions(&snapshot, topic_info(TOPIC_COMMAND_RESULTS)->name,
                                       add_position, &seen)) ||
        seen == desk->seen) {
        return; // No answer has come, or it is seen the next time.
    }
    pthread_mutex_lock(&desk->lock);
    look_at_all(desk, &snapshot);
    pthread_mutex_unlock(&desk->lock);
    desk->seen = seen;
}

bool command_ticket_is_done(const struct command_ticket *ticket)
{
    return ticket->state != TICKET_AT_WORK;
}

sg_result command_ticket_result(const struct command_ticket *ticket)
{
    return ticket->state == TICKET_ANSWERED
               ? sg_ok()
               : sg_fail(SG_RETRY, 0,
                         "the change could not be written: send it again under the same "
                         "Idempotency-Key");
}

void command_ticket_drop(struct command_ticket **ticket)
{
    if (*ticket != NULL) {
        let_go(*ticket);
        *ticket = NULL;
    }
}
