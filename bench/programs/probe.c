// Latency from outside: sends quotes at a fixed pace and reads the alerts that they cause with a
// read_committed client. A quote's number is in its value, which the alert carries, so each alert
// is matched with its quote. Time counts from when the quote was due, not from when it could be
// sent, so a stall is not hidden. Writes one line an alert: number, due and received in monotonic
// ns.
#include "bench/programs/bench_kafka.h"
#include "bench/programs/bench_record.h"
#include "bench/programs/bench_words.h"

#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const int64_t second_ns = INT64_C(1000000000);
enum { POLL_MS = 50, SETTLE_MS = 1000, USERS = 10, MS_NS = 1000000 };

struct probe {
    const char *brokers;
    const char *quotes;
    const char *alerts;
    const char *subscriptions;
    const char *out;
    int64_t quote_schema;
    int64_t subscription_schema;
    int64_t rate;
    int64_t seconds;
    int64_t one_in; // Quotes of which one crosses its threshold.
    int64_t instruments;
    int64_t base;    // Added to every number: tells the quotes of this probe from those of others.
    int64_t known;   // 1: an earlier probe has subscribed.
    int64_t grace_s; // How long alerts are waited for after the last quote.
    int64_t count;   // Quotes in all.
    int64_t begin_ns;
    int64_t *received_ns; // By number; 0: no alert came.
    int64_t *acknowledged_ns;
    rd_kafka_t *producer;
    rd_kafka_t *consumer;
    atomic_bool stopped;
    atomic_llong received;
};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * second_ns + now.tv_nsec;
}

static void sleep_until(int64_t at_ns)
{
    struct timespec at = {.tv_sec = at_ns / second_ns, .tv_nsec = at_ns % second_ns};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

static int64_t due_ns(const struct probe *probe, int64_t number)
{
    return probe->begin_ns + number * second_ns / probe->rate;
}

// Numbers lie in the size of a value, the side of the threshold in its sign.
static void take_alert(struct probe *probe, const rd_kafka_message_t *message)
{
    double value = 0;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR ||
        !bench_record_alert_value(bytes_of(message->payload, message->len), &value)) {
        return;
    }
    int64_t number = (int64_t)fabs(value) - 1 - probe->base;
    if (number >= 0 && number < probe->count && probe->received_ns[number] == 0) {
        probe->received_ns[number] = now_ns();
        atomic_fetch_add(&probe->received, 1);
    }
}

// The tag of a quote points to the place of its time.
static void take_report(rd_kafka_t *client, const rd_kafka_message_t *message, void *context)
{
    (void)client, (void)context;
    if (message->_private != NULL && message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        *(int64_t *)message->_private = now_ns();
    }
}

static void *read_alerts(void *context)
{
    struct probe *probe = context;
    while (!atomic_load(&probe->stopped)) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(probe->consumer, POLL_MS);
        if (message != NULL) {
            take_alert(probe, message);
            rd_kafka_message_destroy(message);
        }
    }
    return NULL;
}

static void instrument_name(int64_t which, char ret_name[static BENCH_NAME_MAX])
{
    snprintf(ret_name, BENCH_NAME_MAX, "probe:P%" PRId64, which);
}

static sg_result subscribe(struct probe *probe)
{
    rd_kafka_topic_t *topic = rd_kafka_topic_new(probe->producer, probe->subscriptions, NULL);
    sg_result result = sg_ok();
    for (int64_t i = 0; i < probe->instruments && sg_is_ok(result); i++) {
        char name[BENCH_NAME_MAX];
        char user[BENCH_NAME_MAX];
        instrument_name(i, name);
        snprintf(user, sizeof user, "probe-%" PRId64, i % USERS);
        struct bench_subscription subscription = {
            .instrument = name, .subscription_id = name, .user_id = user, .notify_cleared = true};
        struct bench_bytes out;
        bench_record_subscription(&out, (int32_t)probe->subscription_schema, &subscription);
        struct bench_record record = {.key = bytes_of_text(name),
                                      .value = bench_record_bytes(&out),
                                      .partition = RD_KAFKA_PARTITION_UA};
        result = bench_kafka_send(probe->producer, topic, &record);
    }
    rd_kafka_topic_destroy(topic);
    SG_TRY(result);
    return bench_kafka_flush(probe->producer);
}

static sg_result send_quote(struct probe *probe, rd_kafka_topic_t *topic, int64_t number,
                            double *sign)
{
    char name[BENCH_NAME_MAX];
    instrument_name(number % probe->instruments, name);
    *sign = number % probe->one_in == 0 ? -*sign : *sign;
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    struct bench_bytes out;
    bench_record_quote(&out, (int32_t)probe->quote_schema, name,
                       *sign * (double)(probe->base + number + 1),
                       (int64_t)wall.tv_sec * 1000 + wall.tv_nsec / MS_NS);
    struct bench_record record = {.key = bytes_of_text(name),
                                  .value = bench_record_bytes(&out),
                                  .partition = RD_KAFKA_PARTITION_UA,
                                  .tag = &probe->acknowledged_ns[number]};
    return bench_kafka_send(probe->producer, topic, &record);
}

static sg_result send_all(struct probe *probe, rd_kafka_topic_t *topic, double *signs)
{
    for (int64_t i = 0; i < probe->instruments; i++) {
        signs[i] = -1;
    }
    // Once a millisecond whatever is due: a sleep for each would cost more than the rest together.
    for (int64_t number = 0; number < probe->count; number++) {
        while (now_ns() < due_ns(probe, number)) {
            rd_kafka_poll(probe->producer, 0);
            sleep_until(now_ns() + MS_NS);
        }
        SG_TRY(send_quote(probe, topic, number, &signs[number % probe->instruments]));
    }
    return bench_kafka_flush(probe->producer);
}

static sg_result send_quotes(struct probe *probe)
{
    double *signs = calloc((size_t)probe->instruments, sizeof *signs);
    if (signs == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory");
    }
    rd_kafka_topic_t *topic = rd_kafka_topic_new(probe->producer, probe->quotes, NULL);
    int32_t partitions = 0;
    sg_result result = bench_kafka_partitions(probe->producer, probe->quotes, &partitions);
    sleep_until(now_ns() + (int64_t)SETTLE_MS * MS_NS);
    probe->begin_ns = now_ns();
    if (sg_is_ok(result)) {
        result = send_all(probe, topic, signs);
    }
    rd_kafka_topic_destroy(topic);
    free(signs);
    return result;
}

static sg_result write_times(const struct probe *probe)
{
    FILE *file = fopen(probe->out, "w");
    if (file == NULL) {
        return sg_fail(SG_FATAL, 0, "%s cannot be written", probe->out);
    }
    for (int64_t number = 0; number < probe->count; number += probe->one_in) {
        fprintf(file, "%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "\n", number,
                due_ns(probe, number), probe->received_ns[number], probe->acknowledged_ns[number]);
    }
    fclose(file);
    return sg_ok();
}

// Reads while it sends, and some time longer.
static sg_result measure(struct probe *probe)
{
    pthread_t reader;
    if (pthread_create(&reader, NULL, read_alerts, probe) != 0) {
        return sg_fail(SG_FATAL, 0, "no thread");
    }
    sg_result result = send_quotes(probe);
    int64_t crossings = (probe->count + probe->one_in - 1) / probe->one_in;
    int64_t until_ns = now_ns() + probe->grace_s * second_ns;
    while (sg_is_ok(result) && atomic_load(&probe->received) < crossings && now_ns() < until_ns) {
        sleep_until(now_ns() + (int64_t)POLL_MS * MS_NS);
    }
    atomic_store(&probe->stopped, true);
    pthread_join(reader, NULL);
    SG_TRY(result);
    return write_times(probe);
}

static sg_result read_words(const struct bench_words *words, struct probe *probe)
{
    SG_TRY(bench_words_text(words, "brokers", NULL, &probe->brokers));
    SG_TRY(bench_words_text(words, "quotes", NULL, &probe->quotes));
    SG_TRY(bench_words_text(words, "alerts", NULL, &probe->alerts));
    SG_TRY(bench_words_text(words, "subscriptions", NULL, &probe->subscriptions));
    SG_TRY(bench_words_text(words, "out", NULL, &probe->out));
    SG_TRY(bench_words_int(words, "quote_schema", 0, &probe->quote_schema));
    SG_TRY(bench_words_int(words, "subscription_schema", 0, &probe->subscription_schema));
    SG_TRY(bench_words_int(words, "rate", 10000, &probe->rate));
    SG_TRY(bench_words_int(words, "seconds", 10, &probe->seconds));
    SG_TRY(bench_words_int(words, "one_in", 9, &probe->one_in));
    SG_TRY(bench_words_int(words, "instruments", 1000, &probe->instruments));
    SG_TRY(bench_words_int(words, "grace_s", 10, &probe->grace_s));
    SG_TRY(bench_words_int(words, "base", 0, &probe->base));
    SG_TRY(bench_words_int(words, "known", 0, &probe->known));
    probe->count = probe->rate * probe->seconds;
    return sg_ok();
}

static sg_result run(const struct bench_words *words, struct probe *probe)
{
    SG_TRY(read_words(words, probe));
    static const struct bench_property producer[] = {
        // Not idempotent: with five requests on their way its thread turns in a circle until the
        // broker answers, on the processor that the broker needs for it.
        {"acks", "all"},
        {"partitioner", "murmur2_random"},
        {"socket.nagle.disable", "true"},
        {NULL, NULL},
    };
    static const struct bench_property consumer[] = {
        {"group.id", "bench-probe"},           {"enable.auto.commit", "false"},
        {"isolation.level", "read_committed"}, {"socket.nagle.disable", "true"},
        {"fetch.wait.max.ms", "100"},          {NULL, NULL},
    };
    probe->received_ns = calloc((size_t)probe->count, sizeof *probe->received_ns);
    probe->acknowledged_ns = calloc((size_t)probe->count, sizeof *probe->acknowledged_ns);
    if (probe->received_ns == NULL || probe->acknowledged_ns == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory");
    }
    SG_TRY(bench_kafka_producer(probe->brokers, producer, take_report, NULL, &probe->producer));
    SG_TRY(bench_kafka_open(RD_KAFKA_CONSUMER, probe->brokers, consumer, &probe->consumer));
    SG_TRY(bench_kafka_read(probe->consumer, probe->alerts, RD_KAFKA_OFFSET_END));
    if (probe->known == 0) {
        SG_TRY(subscribe(probe));
    }
    return measure(probe);
}

int main(int count, char **list)
{
    struct bench_words words = {count, list};
    struct probe probe = {0};
    sg_result result = run(&words, &probe);
    bench_kafka_close(&probe.consumer);
    bench_kafka_close(&probe.producer);
    free(probe.received_ns);
    free(probe.acknowledged_ns);
    if (!sg_is_ok(result)) {
        fprintf(stderr, "%s\n", sg_reason());
    }
    return sg_is_ok(result) ? EXIT_SUCCESS : EXIT_FAILURE;
}
