// The limit of the log: consumes, produces one record for every nine, sends the offsets and commits
// every 100 ms, exactly once. It looks at nothing and keeps nothing.
#include "bench/programs/bench_kafka.h"
#include "bench/programs/bench_words.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ONE_IN = 9, COMMIT_MS = 100, WAIT_MS = 5, PARTITIONS_MAX = 64, LOOK_RECORDS = 256 };

struct pass {
    const char *brokers;
    const char *in;
    const char *out;
    const char *group;
    rd_kafka_t *consumer;
    rd_kafka_t *producer;
    rd_kafka_topic_t *handle;
    int64_t next[PARTITIONS_MAX]; // Offsets to read, by partition; 0: nothing was read there.
    int64_t taken;
    int64_t taken_committed;
};

static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static sg_result open_clients(struct pass *pass)
{
    const struct bench_property consumer[] = {
        {"group.id", pass->group},
        {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"},
        {"auto.offset.reset", "earliest"},
        {"isolation.level", "read_committed"},
        {"partition.assignment.strategy", "range"},
        {"queued.min.messages", "1000000"},
        {"queued.max.messages.kbytes", "1000000"},
        {"fetch.message.max.bytes", "4194304"},
        {"fetch.wait.max.ms", "50"},
        {"socket.nagle.disable", "true"},
        {NULL, NULL},
    };
    const struct bench_property producer[] = {
        {"transactional.id", pass->group},
        {"compression.codec", "lz4"},
        {"linger.ms", "5"},
        {"retry.backoff.ms", "10"},
        {"queue.buffering.max.messages", "1000000"},
        {"partitioner", "murmur2_random"},
        {"socket.nagle.disable", "true"},
        {NULL, NULL},
    };
    SG_TRY(bench_kafka_open(RD_KAFKA_CONSUMER, pass->brokers, consumer, &pass->consumer));
    SG_TRY(bench_kafka_open(RD_KAFKA_PRODUCER, pass->brokers, producer, &pass->producer));
    pass->handle = rd_kafka_topic_new(pass->producer, pass->out, NULL);
    SG_TRY(bench_kafka_result(rd_kafka_init_transactions(pass->producer, -1), "init"));
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(topics, pass->in, RD_KAFKA_PARTITION_UA);
    rd_kafka_resp_err_t error = rd_kafka_subscribe(pass->consumer, topics);
    rd_kafka_topic_partition_list_destroy(topics);
    return error == RD_KAFKA_RESP_ERR_NO_ERROR ? sg_ok() : sg_fail(SG_FATAL, 0, "subscribe");
}

static sg_result take(struct pass *pass, const rd_kafka_message_t *message)
{
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR || message->partition >= PARTITIONS_MAX) {
        return sg_fail(SG_FATAL, 0, "consume: %s", rd_kafka_err2str(message->err));
    }
    pass->next[message->partition] = message->offset + 1;
    if (++pass->taken % ONE_IN != 0) {
        return sg_ok();
    }
    struct bench_record record = {
        .key = bytes_of(message->key, message->key_len),
        .value = bytes_of(message->payload, message->len),
        .partition = RD_KAFKA_PARTITION_UA,
        .timestamp_ms = rd_kafka_message_timestamp(message, NULL),
    };
    return bench_kafka_send(pass->producer, pass->handle, &record);
}

static sg_result send_offsets(struct pass *pass)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(PARTITIONS_MAX);
    for (int32_t i = 0; i < PARTITIONS_MAX; i++) {
        if (pass->next[i] > 0) {
            rd_kafka_topic_partition_list_add(list, pass->in, i)->offset = pass->next[i];
        }
    }
    rd_kafka_consumer_group_metadata_t *group = rd_kafka_consumer_group_metadata(pass->consumer);
    rd_kafka_error_t *error = rd_kafka_send_offsets_to_transaction(pass->producer, list, group, -1);
    rd_kafka_consumer_group_metadata_destroy(group);
    rd_kafka_topic_partition_list_destroy(list);
    return bench_kafka_result(error, "offsets");
}

static sg_result commit(struct pass *pass)
{
    SG_TRY(send_offsets(pass));
    SG_TRY(bench_kafka_result(rd_kafka_commit_transaction(pass->producer, -1), "commit"));
    pass->taken_committed = pass->taken;
    return bench_kafka_result(rd_kafka_begin_transaction(pass->producer), "begin");
}

// Takes what is there for the length of one transaction.
static sg_result take_until(struct pass *pass, int64_t until_ms)
{
    while (!stopped && now_ms() < until_ms) {
        for (int i = 0; i < LOOK_RECORDS; i++) {
            rd_kafka_message_t *message = rd_kafka_consumer_poll(pass->consumer, WAIT_MS);
            if (message == NULL) {
                break;
            }
            sg_result taken = take(pass, message);
            rd_kafka_message_destroy(message);
            SG_TRY(taken);
        }
        rd_kafka_poll(pass->producer, 0);
    }
    return sg_ok();
}

static sg_result run(const struct bench_words *words, struct pass *pass)
{
    SG_TRY(bench_words_text(words, "brokers", NULL, &pass->brokers));
    SG_TRY(bench_words_text(words, "in", NULL, &pass->in));
    SG_TRY(bench_words_text(words, "out", NULL, &pass->out));
    SG_TRY(bench_words_text(words, "group", NULL, &pass->group));
    SG_TRY(open_clients(pass));
    SG_TRY(bench_kafka_result(rd_kafka_begin_transaction(pass->producer), "begin"));
    while (!stopped) {
        SG_TRY(take_until(pass, now_ms() + COMMIT_MS));
        if (pass->taken > pass->taken_committed) {
            SG_TRY(commit(pass));
        }
    }
    return sg_ok();
}

int main(int count, char **list)
{
    struct bench_words words = {count, list};
    struct pass pass = {0};
    signal(SIGTERM, stop);
    signal(SIGINT, stop);
    sg_result result = run(&words, &pass);
    if (pass.consumer != NULL) {
        rd_kafka_consumer_close(pass.consumer);
    }
    if (pass.handle != NULL) {
        rd_kafka_topic_destroy(pass.handle);
    }
    bench_kafka_close(&pass.consumer);
    bench_kafka_close(&pass.producer);
    if (!sg_is_ok(result)) {
        fprintf(stderr, "%s\n", sg_reason());
    }
    return sg_is_ok(result) ? EXIT_SUCCESS : EXIT_FAILURE;
}
