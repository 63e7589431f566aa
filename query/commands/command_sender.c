// The list is turned round once for each batch, so that to put something takes a moment.
#include "query/commands/command_sender.h"

#include "core/kafka/producer.h"
#include "core/service/clock.h"
#include "core/service/log.h"
#include "core/service/stop.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { FLUSH_MS = 500, REOPEN_MS = 500 };

struct command_sender {
    struct command_sender_config config;
    pthread_t thread;
    bool started;
    atomic_bool closing;
    struct kafka_producer *producer;
    struct kafka_topic *topic;
    pthread_mutex_t lock; // Guards the list, which the newest one heads.
    pthread_cond_t put;
    struct command_parcel *newest;
};

static sg_result open_producer(struct command_sender *sender)
{
    if (sender->producer != NULL) {
        return sg_ok();
    }
    char name[KAFKA_TOPIC_MAX + 1];
    topic_full_name(sender->config.topics, TOPIC_COMMANDS, name);
    const struct kafka_producer_config config = {.kafka = sender->config.kafka, .linger_ms = 0};
    SG_TRY(kafka_producer_open(&config, &sender->producer));
    sg_result named = kafka_producer_topic(sender->producer, name, &sender->topic);
    if (!sg_is_ok(named)) {
        kafka_producer_close(&sender->producer);
    }
    return named;
}

static struct command_parcel *in_order(struct command_parcel *newest)
{
    struct command_parcel *first = NULL;
    while (newest != NULL) {
        struct command_parcel *next = newest->next;
        newest->next = first;
        first = newest;
        newest = next;
    }
    return first;
}

// Everything that was put, oldest first; waits for the first one unless the end is asked for.
static struct command_parcel *take_all(struct command_sender *sender)
{
    pthread_mutex_lock(&sender->lock);
    while (sender->newest == NULL && !sender->closing) {
        pthread_cond_wait(&sender->put, &sender->lock);
    }
    struct command_parcel *taken = SG_MOVE(sender->newest);
    pthread_mutex_unlock(&sender->lock);
    return in_order(taken);
}

static sg_result write_all(struct command_sender *sender, const struct command_parcel *first)
{
    SG_TRY(open_producer(sender));
    for (const struct command_parcel *each = first; each != NULL; each = each->next) {
        const struct kafka_message message = {.key = each->key,
                                              .value = buffer_bytes(&each->message),
                                              .has_value = true,
                                              .partition = -1};
        SG_TRY(kafka_producer_send(sender->producer, sender->topic, &message));
    }
    sg_result flushed = kafka_producer_flush(sender->producer, FLUSH_MS);
    while (flushed.class == SG_RETRY && !sender->closing) {
        flushed = kafka_producer_flush(sender->producer, FLUSH_MS);
    }
    SG_TRY(flushed);
    return kafka_producer_poll(sender->producer);
}

static void tell(struct command_sender *sender, struct command_parcel *first, sg_result result)
{
    while (first != NULL) {
        struct command_parcel *next = first->next;
        sender->config.outcome(sender->config.context, first, result);
        first = next;
    }
}

// What was sent and not acknowledged may be in the topic or not: it is told as failed, and the next
// producer does not send it again.
static void fail_all(struct command_sender *sender, struct command_parcel *first)
{
    log_warn("commands were not taken by Kafka: who asked is told to ask again",
             (struct log_field[]){log_text("reason", sg_reason()), {.name = NULL}});
    kafka_producer_close(&sender->producer);
    tell(sender, first,
         sg_fail(SG_RETRY, 0,
                 "Kafka did not take it: send it again under the same "
                 "Idempotency-Key"));
    if (!sender->closing) {
        clock_sleep_ms(REOPEN_MS);
    }
}

static void *run(void *context)
{
    struct command_sender *sender = context;
    log_thread_name("commands");
    struct command_parcel *first = take_all(sender);
    while (first != NULL) {
        sg_result written = write_all(sender, first);
        if (sg_is_ok(written)) {
            tell(sender, first, written);
        } else {
            fail_all(sender, first);
        }
        first = take_all(sender);
    }
    kafka_producer_close(&sender->producer);
    return NULL;
}

sg_result command_sender_open(const struct command_sender_config *config,
                              struct command_sender **ret_sender)
{
    struct command_sender *sender = calloc(1, sizeof *sender);
    if (sender == NULL) {
        return sg_fail(SG_FATAL, 0, "commands: out of memory");
    }
    sender->config = *config;
    pthread_mutex_init(&sender->lock, NULL);
    pthread_cond_init(&sender->put, NULL);
    sender->started = pthread_create(&sender->thread, NULL, run, sender) == 0;
    if (!sender->started) {
        command_sender_close(&sender);
        return sg_fail(SG_FATAL, 0, "commands: the system gives no more threads");
    }
    *ret_sender = sender;
    return sg_ok();
}

void command_sender_close(struct command_sender **sender)
{
    struct command_sender *closing = *sender;
    if (closing == NULL) {
        return;
    }
    pthread_mutex_lock(&closing->lock);
    closing->closing = true;
    pthread_cond_signal(&closing->put);
    pthread_mutex_unlock(&closing->lock);
    if (closing->started) {
        pthread_join(closing->thread, NULL);
    }
    pthread_cond_destroy(&closing->put);
    pthread_mutex_destroy(&closing->lock);
    free(closing);
    *sender = NULL;
}

void command_sender_put(struct command_sender *sender, struct command_parcel *parcel)
{
    pthread_mutex_lock(&sender->lock);
    parcel->next = sender->newest;
    sender->newest = parcel;
    pthread_cond_signal(&sender->put);
    pthread_mutex_unlock(&sender->lock);
}
