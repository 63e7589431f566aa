// Outcomes that were taken are kept until the runtime has committed them: after an abort they are
// given again. The senders' logs forget them one commit later: a broker that dies may lose the end
// of a transaction that it has confirmed, but none behind which another one was committed, since it
// begins none before the markers of the last are written. What is done again then finds its
// outcome.
#include "app/roles/delivery_effector.h"

#include "connectors/mail/mail_sender.h"
#include "connectors/webhook/webhook_sender.h"
#include "core/secrets/link_token.h"
#include "core/secrets/webhook_secret.h"
#include "core/service/clock.h"
#include "core/service/metric.h"
#include "schemas/outbox_entry.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { ID_MAX = 128, REPLY_MAX = 256, FIRST_CAPACITY = 64, STATUS_GONE = 410 };
_Static_assert((int)WEBHOOK_SECRET_BYTES == (int)WEBHOOK_KEY_BYTES, "the secret is a key");

static const char gone_words[] = "not sent: the endpoint said that it is gone (410); to have it "
                                 "tried again, change your channels";

// An outcome of our own, with its texts.
struct kept_outcome {
    enum channel_kind channel; // Whose log to settle.
    int32_t partition;
    int32_t attempt;
    int32_t outcome;
    int32_t code;
    int64_t at_ms;
    int64_t not_before_ms;
    size_t id_size;
    size_t reply_size;
    uint8_t id[ID_MAX];
    uint8_t reply[REPLY_MAX];
};

struct delivery_effector {
    const struct secrets *secrets;
    struct mail_sender *mail;
    struct webhook_sender *webhook;
    struct effector calls;
    // In order: those of the last commit, those that the runtime has taken since, those it has not.
    struct kept_outcome *kept;
    size_t done;  // Those of the last commit end here,
    size_t given; // and those taken since end here.
    size_t count;
    size_t capacity;
    pthread_mutex_t lock;
    struct kafka_consumer *consumer; // Whom to wake; under the lock.
};

static enum effect_answer offer(void *context, int32_t partition, const void *entry,
                                int64_t *ret_later_ms)
{
    struct delivery_effector *effector = context;
    const struct outbox_entry *due = entry;
    const struct notification *notification = &due->notification;
    bool taken = false;
    switch (notification->channel) {
    case CHANNEL_KIND_EMAIL:
        taken = mail_sender_offer(effector->mail, partition, due->attempt + 1, notification);
        return taken ? EFFECT_TAKEN : EFFECT_FULL;
    case CHANNEL_KIND_WEBHOOK:
        break;
    }
    taken = webhook_sender_offer(effector->webhook, partition, due->attempt + 1, notification,
                                 ret_later_ms);
    return taken ? EFFECT_TAKEN : EFFECT_LATER;
}

static size_t copy_text(struct bytes text, uint8_t *room, size_t room_size)
{
    size_t size = text.size < room_size ? text.size : room_size;
    if (size > 0) {
        memcpy(room, text.data, size);
    }
    return size;
}

// Room for one more; without memory the outcome is not taken now, the sender keeps it.
static bool make_room(struct delivery_effector *effector)
{
    if (effector->count < effector->capacity) {
        return true;
    }
    size_t capacity = effector->capacity == 0 ? FIRST_CAPACITY : effector->capacity * 2;
    struct kept_outcome *larger = realloc(effector->kept, capacity * sizeof *larger);
    if (larger == NULL) {
        return false;
    }
    effector->kept = larger;
    effector->capacity = capacity;
    return true;
}

static void keep(struct delivery_effector *effector, const struct kept_outcome *outcome,
                 struct bytes id, struct bytes reply)
{
    struct kept_outcome *kept = &effector->kept[effector->count++];
    *kept = *outcome;
    kept->id_size = copy_text(id, kept->id, sizeof kept->id);
    kept->reply_size = copy_text(reply, kept->reply, sizeof kept->reply);
}

static bool refuse(void *context, int32_t partition, const void *entry)
{
    struct delivery_effector *effector = context;
    const struct outbox_entry *due = entry;
    if (!make_room(effector)) {
        return false;
    }
    const struct kept_outcome outcome = {
        .channel = due->notification.channel,
        .partition = partition,
        .attempt = due->attempt + 1,
        .outcome = OUTCOME_REJECTED,
        .code = STATUS_GONE,
        .at_ms = clock_wall_ms(),
    };
    keep(effector, &outcome, due->notification.notification_id, bytes_of_text(gone_words));
    return true;
}

static void observe(int64_t duration_us)
{
    if (duration_us > 0) {
        metric_observe_us(METRIC_DELIVERY_SECONDS, 0, duration_us);
    }
}

static bool keep_next_mail(struct delivery_effector *effector)
{
    struct mail_outcome outcome;
    if (!make_room(effector) || !mail_sender_take(effector->mail, &outcome)) {
        return false;
    }
    const struct kept_outcome kept = {
        .channel = CHANNEL_KIND_EMAIL,
        .partition = outcome.partition,
        .attempt = outcome.attempt,
        .outcome = (int32_t)outcome.outcome,
        .code = outcome.code,
        .at_ms = outcome.at,
    };
    keep(effector, &kept, outcome.notification_id, outcome.reply);
    observe(outcome.duration_us);
    return true;
}

static bool keep_next_webhook(struct delivery_effector *effector)
{
    struct webhook_outcome outcome;
    if (!make_room(effector) || !webhook_sender_take(effector->webhook, &outcome)) {
        return false;
    }
    const struct kept_outcome kept = {
        .channel = CHANNEL_KIND_WEBHOOK,
        .partition = outcome.partition,
        .attempt = outcome.attempt,
        .outcome = (int32_t)outcome.outcome,
        .code = outcome.code,
        .at_ms = outcome.at,
        .not_before_ms = outcome.not_before,
    };
    keep(effector, &kept, outcome.notification_id, outcome.reply);
    observe(outcome.duration_us);
    return true;
}

static bool take(void *context, struct effect_outcome *ret_outcome, int32_t *ret_partition)
{
    struct delivery_effector *effector = context;
    if (effector->given == effector->count && !keep_next_mail(effector) &&
        !keep_next_webhook(effector)) {
        return false;
    }
    const struct kept_outcome *kept = &effector->kept[effector->given++];
    *ret_partition = kept->partition;
    *ret_outcome = (struct effect_outcome){
        .id = bytes_of(kept->id, kept->id_size),
        .outcome = kept->outcome,
        .attempt = kept->attempt,
        .code = kept->code,
        .reply = bytes_of(kept->reply, kept->reply_size),
        .at_ms = kept->at_ms,
        .not_before_ms = kept->not_before_ms,
    };
    return true;
}

static void settle(struct delivery_effector *effector, const struct kept_outcome *kept)
{
    struct bytes id = bytes_of(kept->id, kept->id_size);
    switch (kept->channel) {
    case CHANNEL_KIND_EMAIL:
        mail_sender_settle(effector->mail, id, kept->attempt);
        return;
    case CHANNEL_KIND_WEBHOOK:
        webhook_sender_settle(effector->webhook, id, kept->attempt);
        return;
    }
}

static void committed(void *context)
{
    struct delivery_effector *effector = context;
    for (size_t i = 0; i < effector->done; i++) {
        settle(effector, &effector->kept[i]);
    }
    effector->count -= effector->done;
    effector->given -= effector->done;
    if (effector->count > 0) {
        memmove(effector->kept, effector->kept + effector->done,
                effector->count * sizeof *effector->kept);
    }
    effector->done = effector->given;
}

static void aborted(void *context)
{
    struct delivery_effector *effector = context;
    effector->given = effector->done;
}

static void forget(void *context, int32_t partition)
{
    struct delivery_effector *effector = context;
    const size_t given = effector->given;
    size_t kept = effector->done;
    for (size_t i = effector->done; i < effector->count; i++) {
        if (effector->kept[i].partition != partition) {
            effector->kept[kept++] = effector->kept[i];
        } else if (i < given) {
            effector->given--;
        }
    }
    effector->count = kept;
    mail_sender_forget(effector->mail, partition);
    webhook_sender_forget(effector->webhook, partition);
}

static void wake(void *context)
{
    struct delivery_effector *effector = context;
    pthread_mutex_lock(&effector->lock);
    if (effector->consumer != NULL) {
        kafka_consumer_wake(effector->consumer);
    }
    pthread_mutex_unlock(&effector->lock);
}

static void write_keys(void *context, struct bytes user_id, struct bytes url,
                       struct webhook_keys *ret_keys)
{
    const struct delivery_effector *effector = context;
    webhook_secret_key(effector->secrets, user_id, url, ret_keys->keys[0]);
    ret_keys->count = 1;
}

static sg_result write_token(void *context, struct bytes user_id, struct bytes subscription_id,
                             struct buffer *ret_token)
{
    const struct delivery_effector *effector = context;
    char token[LINK_TOKEN_MAX + 1];
    SG_TRY(link_token_make(effector->secrets, user_id, subscription_id, token));
    return buffer_append(ret_token, bytes_of_text(token));
}

static sg_result open_senders(struct delivery_effector *effector,
                              const struct delivery_effector_config *config)
{
    const struct mail_config mail = {
        .settings = config->mail,
        .folder = config->mail_folder,
        .wake = wake,
        .wake_context = effector,
        .token = write_token,
        .token_context = effector,
    };
    const struct webhook_config webhook = {
        .settings = config->webhook,
        .folder = config->webhook_folder,
        .wake = wake,
        .wake_context = effector,
        .keys = write_keys,
        .keys_context = effector,
    };
    SG_TRY(mail_sender_open(&mail, &effector->mail));
    return webhook_sender_open(&webhook, &effector->webhook);
}

sg_result delivery_effector_open(const struct delivery_effector_config *config,
                                 struct delivery_effector **ret_effector)
{
    SG_CLEANUP(delivery_effector_close)
    struct delivery_effector *effector = calloc(1, sizeof *effector);
    if (effector == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory for the senders");
    }
    pthread_mutex_init(&effector->lock, NULL);
    effector->secrets = config->secrets;
    effector->calls = (struct effector){
        .offer = offer,
        .refuse = refuse,
        .take = take,
        .committed = committed,
        .aborted = aborted,
        .forget = forget,
        .context = effector,
    };
    SG_TRY(open_senders(effector, config));
    *ret_effector = SG_MOVE(effector);
    return sg_ok();
}

void delivery_effector_end(struct delivery_effector *effector)
{
    if (effector != NULL) {
        webhook_sender_end(effector->webhook);
        mail_sender_end(effector->mail);
    }
}

void delivery_effector_close(struct delivery_effector **effector)
{
    if (*effector == NULL) {
        return;
    }
    // Both take their time to end: at once.
    delivery_effector_end(*effector);
    mail_sender_close(&(*effector)->mail);
    webhook_sender_close(&(*effector)->webhook);
    pthread_mutex_destroy(&(*effector)->lock);
    free((*effector)->kept);
    free(*effector);
    *effector = NULL;
}

const struct effector *delivery_effector_calls(struct delivery_effector *effector)
{
    return &effector->calls;
}

void delivery_effector_bind(void *effector, struct kafka_consumer *consumer)
{
    struct delivery_effector *bound = effector;
    pthread_mutex_lock(&bound->lock);
    bound->consumer = consumer;
    pthread_mutex_unlock(&bound->lock);
}
