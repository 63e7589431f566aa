// Outcomes that were taken are kept until the runtime has committed them: after an abort they are
// given again.
#include "app/roles/mail_effector.h"

#include "core/service/metric.h"
#include "schemas/outbox_entry.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { ID_MAX = 128, REPLY_MAX = 256, FIRST_CAPACITY = 64 };

// An outcome of our own, with its texts.
struct kept_outcome {
    int32_t partition;
    int32_t attempt;
    int32_t outcome;
    int32_t code;
    int64_t at_ms;
    size_t id_size;
    size_t reply_size;
    uint8_t id[ID_MAX];
    uint8_t reply[REPLY_MAX];
};

struct mail_effector {
    struct mail_sender *sender;
    struct effector calls;
    struct kept_outcome *kept; // Taken since the last commit, in order.
    size_t count;
    size_t capacity;
    size_t given; // How many of them the runtime has since the last abort.
    pthread_mutex_t lock;
    struct kafka_consumer *consumer; // Whom to wake; under the lock.
};

static bool offer(void *context, int32_t partition, const void *entry)
{
    struct mail_effector *effector = context;
    const struct outbox_entry *due = entry;
    return mail_sender_offer(effector->sender, partition, due->attempt + 1, &due->notification);
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
static bool make_room(struct mail_effector *effector)
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

static bool keep_next(struct mail_effector *effector)
{
    struct mail_outcome outcome;
    if (!make_room(effector) || !mail_sender_take(effector->sender, &outcome)) {
        return false;
    }
    struct kept_outcome *kept = &effector->kept[effector->count++];
    *kept = (struct kept_outcome){
        .partition = outcome.partition,
        .attempt = outcome.attempt,
        .outcome = (int32_t)outcome.outcome,
        .code = outcome.code,
        .at_ms = outcome.at,
    };
    kept->id_size = copy_text(outcome.notification_id, kept->id, sizeof kept->id);
    kept->reply_size = copy_text(outcome.reply, kept->reply, sizeof kept->reply);
    if (outcome.duration_us > 0) {
        metric_observe_us(METRIC_DELIVERY_SECONDS, 0, outcome.duration_us);
    }
    return true;
}

static bool take(void *context, struct effect_outcome *ret_outcome, int32_t *ret_partition)
{
    struct mail_effector *effector = context;
    if (effector->given == effector->count && !keep_next(effector)) {
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
    };
    return true;
}

static void committed(void *context)
{
    struct mail_effector *effector = context;
    for (size_t i = 0; i < effector->given; i++) {
        const struct kept_outcome *kept = &effector->kept[i];
        mail_sender_settle(effector->sender, bytes_of(kept->id, kept->id_size), kept->attempt);
    }
    effector->count -= effector->given;
    if (effector->count > 0) {
        memmove(effector->kept, effector->kept + effector->given,
                effector->count * sizeof *effector->kept);
    }
    effector->given = 0;
}

static void aborted(void *context)
{
    struct mail_effector *effector = context;
    effector->given = 0;
}

static void forget(void *context, int32_t partition)
{
    struct mail_effector *effector = context;
    const size_t given = effector->given;
    size_t kept = 0;
    for (size_t i = 0; i < effector->count; i++) {
        if (effector->kept[i].partition != partition) {
            effector->kept[kept++] = effector->kept[i];
        } else if (i < given) {
            effector->given--;
        }
    }
    effector->count = kept;
    mail_sender_forget(effector->sender, partition);
}

static void wake(void *context)
{
    struct mail_effector *effector = context;
    pthread_mutex_lock(&effector->lock);
    if (effector->consumer != NULL) {
        kafka_consumer_wake(effector->consumer);
    }
    pthread_mutex_unlock(&effector->lock);
}

sg_result mail_effector_open(const struct mail_settings *settings, const char *folder,
                             struct mail_effector **ret_effector)
{
    SG_CLEANUP(mail_effector_close) struct mail_effector *effector = calloc(1, sizeof *effector);
    if (effector == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory for the mail sender");
    }
    pthread_mutex_init(&effector->lock, NULL);
    effector->calls = (struct effector){
        .offer = offer,
        .take = take,
        .committed = committed,
        .aborted = aborted,
        .forget = forget,
        .context = effector,
    };
    SG_TRY(mail_sender_open(settings, folder, wake, effector, &effector->sender));
    *ret_effector = SG_MOVE(effector);
    return sg_ok();
}

void mail_effector_close(struct mail_effector **effector)
{
    if (*effector == NULL) {
        return;
    }
    mail_sender_close(&(*effector)->sender);
    pthread_mutex_destroy(&(*effector)->lock);
    free((*effector)->kept);
    free(*effector);
    *effector = NULL;
}

const struct effector *mail_effector_calls(struct mail_effector *effector)
{
    return &effector->calls;
}

void mail_effector_bind(void *effector, struct kafka_consumer *consumer)
{
    struct mail_effector *bound = effector;
    pthread_mutex_lock(&bound->lock);
    bound->consumer = consumer;
    pthread_mutex_unlock(&bound->lock);
}
