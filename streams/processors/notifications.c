// Keeps every user whole, and writes a message a channel for each alert of which one is due. A user
// who cannot be told gets a Delivery that says why.
#include "streams/processors/notifications.h"

#include "core/hash.h"
#include "schemas/alert.h"
#include "schemas/delivery.h"
#include "schemas/notification.h"
#include "schemas/user.h"
#include "streams/processors/alert_words.h"
#include "streams/processors/checks.h"
#include "streams/processors/message_html.h"
#include "streams/processors/message_text.h"

enum { SUBJECT_BYTES_MAX = 1024, BODY_BYTES_MAX = 64 * 1024, IDENTITY_BYTES_MAX = 4096 };
enum { CHANNELS_BYTES_MAX = CHECKS_CHANNELS_MAX * (CHECKS_URL_MAX + 32) };

static const uint8_t separator = 0x1F;

// What is said once and sent to every channel.
struct message {
    struct buffer subject;
    struct buffer text;
    struct buffer html;
    char channels_id[HASH_IDENTITY_CHARS + 1];
};

static void message_init(struct message *message)
{
    buffer_init(&message->subject, SUBJECT_BYTES_MAX);
    buffer_init(&message->text, BODY_BYTES_MAX);
    buffer_init(&message->html, BODY_BYTES_MAX);
}

static void message_done(struct message *message)
{
    buffer_done(&message->subject);
    buffer_done(&message->text);
    buffer_done(&message->html);
}

static sg_result take_user(const struct process *process, const struct event *event)
{
    const struct user *user = event->record;
    struct store *users = stores_get(process->stores, NOTIFICATIONS_USERS);
    SG_TRY(check_user(user));

    struct user known;
    bool found = false;
    SG_TRY(store_read(users, user->user_id, process->arena, &known, &found));
    if (found && user->version < known.version) {
        return sg_fail(
            SG_DROP, 0,
            "version: %lld is older than %lld, the version already taken; send the change "
            "with a greater one",
            (long long)user->version, (long long)known.version);
    }
    return store_write(users, user->user_id, user);
}

static sg_result identity_of(const struct alert *alert, const char *kind, struct bytes address,
                             char ret_id[static HASH_IDENTITY_CHARS + 1])
{
    SG_CLEANUP(buffer_done) struct buffer text;
    buffer_init(&text, IDENTITY_BYTES_MAX);
    SG_TRY(buffer_append(&text, alert->alert_id));
    SG_TRY(buffer_append_byte(&text, separator));
    SG_TRY(buffer_append(&text, bytes_of_text(kind)));
    if (address.size > 0) {
        SG_TRY(buffer_append_byte(&text, separator));
        SG_TRY(buffer_append(&text, address));
    }
    hash_identity(buffer_bytes(&text), ret_id);
    return sg_ok();
}

// The recorded reason why nobody is told.
static sg_result emit_undeliverable(const struct process *process, const struct event *event,
                                    const char *reason)
{
    const struct alert *alert = event->record;
    char id[HASH_IDENTITY_CHARS + 1];
    SG_TRY(identity_of(alert, "NONE", bytes_of_text(""), id));
    struct delivery delivery = {
        .notification_id = bytes_of_text(id),
        .user_id = alert->user_id,
        .outcome = OUTCOME_REJECTED,
        .reply = bytes_of_text(reason),
        .at = event->timestamp_ms,
    };
    return process_emit(process, TOPIC_DELIVERIES, alert->user_id, &delivery);
}

// Stands for the list: the kinds and addresses in their order.
static sg_result print_channels_id(const struct user *user,
                                   char ret_id[static HASH_IDENTITY_CHARS + 1])
{
    SG_CLEANUP(buffer_done) struct buffer text;
    buffer_init(&text, CHANNELS_BYTES_MAX);
    for (size_t i = 0; i < user->channels_count; i++) {
        const struct channel *channel = &user->channels[i];
        SG_TRY(buffer_append(&text, bytes_of_text(channel_kind_name(channel->kind))));
        SG_TRY(buffer_append_byte(&text, separator));
        SG_TRY(buffer_append(&text, channel->address));
        SG_TRY(buffer_append_byte(&text, separator));
    }
    hash_identity(buffer_bytes(&text), ret_id);
    return sg_ok();
}

static sg_result emit_to_channel(const struct process *process, const struct event *event,
                                 const struct channel *channel, const struct message *message)
{
    const struct alert *alert = event->record;
    char id[HASH_IDENTITY_CHARS + 1];
    SG_TRY(identity_of(alert, channel_kind_name(channel->kind), channel->address, id));
    struct bytes alert_id = alert->alert_id;
    struct notification notification = {
        .notification_id = bytes_of_text(id),
        .user_id = alert->user_id,
        .channel = channel->kind,
        .address = channel->address,
        .subject = buffer_bytes(&message->subject),
        .body_text = buffer_bytes(&message->text),
        .has_body_html = channel->kind == CHANNEL_KIND_EMAIL,
        .alert_ids = &alert_id,
        .alert_ids_count = 1,
        .created_at = event->timestamp_ms,
        .has_subscription_id = true,
        .subscription_id = alert->subscription_id,
        .has_channels_id = true,
        .channels_id = bytes_of_text(message->channels_id),
    };
    if (notification.has_body_html) {
        notification.body_html = buffer_bytes(&message->html);
    }
    return process_emit(process, TOPIC_NOTIFICATIONS, alert->user_id, &notification);
}

// The same address twice is one way to be told.
static bool is_repeated(const struct user *user, size_t at)
{
    const struct channel *channel = &user->channels[at];
    for (size_t i = 0; i < at; i++) {
        if (user->channels[i].kind == channel->kind &&
            bytes_equal(user->channels[i].address, channel->address)) {
            return true;
        }
    }
    return false;
}

static sg_result emit_to_user(const struct process *process, const struct event *event,
                              const struct user *user)
{
    const struct alert *alert = event->record;
    SG_CLEANUP(message_done) struct message message;
    message_init(&message);
    struct alert_words words;
    alert_words_of(alert, user, &words);
    SG_TRY(alert_words_subject(&words, &message.subject));
    SG_TRY(message_text_print(&words, alert, &message.text));
    SG_TRY(message_html_print(&words, alert, &message.html));
    SG_TRY(print_channels_id(user, message.channels_id));
    for (size_t i = 0; i < user->channels_count; i++) {
        if (!is_repeated(user, i)) {
            SG_TRY(emit_to_channel(process, event, &user->channels[i], &message));
        }
    }
    return sg_ok();
}

static sg_result take_alert(const struct process *process, const struct event *event)
{
    const struct alert *alert = event->record;
    SG_TRY(check_alert(alert));
    if (!alert->notify) {
        return sg_ok();
    }
    struct store *users = stores_get(process->stores, NOTIFICATIONS_USERS);
    struct user user;
    bool found = false;
    SG_TRY(store_read(users, alert->user_id, process->arena, &user, &found));
    if (!found) {
        return emit_undeliverable(process, event, "nobody to tell: the user is not known");
    }
    if (!user.active) {
        return emit_undeliverable(process, event, "nobody to tell: the user is not active");
    }
    if (user.channels_count == 0) {
        return emit_undeliverable(process, event, "nobody to tell: the user has no channel");
    }
    return emit_to_user(process, event, &user);
}

sg_result notifications_take(const struct process *process, const struct event *event)
{
    return event->topic == TOPIC_USERS ? take_user(process, event) : take_alert(process, event);
}
