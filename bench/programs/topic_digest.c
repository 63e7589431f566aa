// Prints what a read_committed client sees of a topic: how many records there are, and a sum over
// them that does not depend on their order. Two topics with the same line hold the same multiset
// of (partition, key, value, timestamp).
#include "bench/programs/bench_kafka.h"
#include "bench/programs/bench_words.h"
#include "core/hash.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { WAIT_MS = 30000 };

struct digest {
    int64_t records;
    uint64_t sum;
};

static uint64_t mixed(uint64_t hash, uint64_t more)
{
    uint64_t pair[2] = {hash, more};
    return hash_bytes(bytes_of(pair, sizeof pair));
}

static void add(struct digest *digest, const rd_kafka_message_t *message)
{
    uint64_t hash = hash_bytes(bytes_of(message->payload, message->len));
    hash = mixed(hash, hash_bytes(bytes_of(message->key, message->key_len)));
    hash = mixed(hash, (uint64_t)rd_kafka_message_timestamp(message, NULL));
    digest->sum += mixed(hash, (uint64_t)message->partition);
    digest->records++;
}

static sg_result read_all(rd_kafka_t *consumer, int32_t open, struct digest *digest)
{
    while (open > 0) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, WAIT_MS);
        if (message == NULL) {
            return sg_fail(SG_FATAL, 0, "nothing came for %d ms", WAIT_MS);
        }
        rd_kafka_resp_err_t error = message->err;
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
            add(digest, message);
        }
        rd_kafka_message_destroy(message);
        if (error == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            open--;
        } else if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
            return sg_fail(SG_FATAL, 0, "%s", rd_kafka_err2str(error));
        }
    }
    return sg_ok();
}

static sg_result run(const struct bench_words *words, rd_kafka_t **ret_consumer)
{
    static const struct bench_property properties[] = {
        {"group.id", "bench-digest"},       {"enable.auto.commit", "false"},
        {"enable.partition.eof", "true"},   {"isolation.level", "read_committed"},
        {"queued.min.messages", "1000000"}, {"fetch.message.max.bytes", "4194304"},
        {"fetch.wait.max.ms", "10"},        {NULL, NULL},
    };
    const char *brokers = NULL;
    const char *topic = NULL;
    SG_TRY(bench_words_text(words, "brokers", NULL, &brokers));
    SG_TRY(bench_words_text(words, "topic", NULL, &topic));
    SG_TRY(bench_kafka_open(RD_KAFKA_CONSUMER, brokers, properties, ret_consumer));
    int32_t partitions = 0;
    SG_TRY(bench_kafka_partitions(*ret_consumer, topic, &partitions));
    SG_TRY(bench_kafka_read(*ret_consumer, topic, RD_KAFKA_OFFSET_BEGINNING));
    struct digest digest = {0};
    SG_TRY(read_all(*ret_consumer, partitions, &digest));
    printf("%" PRId64 " %016" PRIx64 "\n", digest.records, digest.sum);
    return sg_ok();
}

int main(int count, char **list)
{
    struct bench_words words = {count, list};
    rd_kafka_t *consumer = NULL;
    sg_result result = run(&words, &consumer);
    bench_kafka_close(&consumer);
    if (!sg_is_ok(result)) {
        fprintf(stderr, "%s\n", sg_reason());
    }
    return sg_is_ok(result) ? EXIT_SUCCESS : EXIT_FAILURE;
}
