// Two transactions, the second one stopped in its middle and then aborted:
// endtxn_check BROKERS TOPIC. Prints "half" when the record of the second is written, and goes on
// at a line from standard input. Run by test_endtxn.py.
#include "core/kafka/producer.h"

#include <stdio.h>

enum { WAIT_MS = 30000 };

static sg_result put(struct kafka_producer *producer, const char *name, const char *value)
{
    struct kafka_topic *topic = NULL;
    SG_TRY(kafka_producer_topic(producer, name, &topic));
    const struct kafka_message message = {
        .value = bytes_of_text(value), .has_value = true, .partition = 0};
    SG_TRY(kafka_producer_send(producer, topic, &message));
    return kafka_producer_flush(producer, WAIT_MS);
}

static sg_result run(struct kafka_producer *producer, const char *topic)
{
    SG_TRY(kafka_producer_begin(producer));
    SG_TRY(put(producer, topic, "committed"));
    SG_TRY(kafka_producer_commit(producer));

    SG_TRY(kafka_producer_begin(producer));
    SG_TRY(put(producer, topic, "aborted"));
    char line[8];
    puts("half");
    if (fflush(stdout) != 0 || fgets(line, sizeof line, stdin) == NULL) {
        return sg_fail(SG_FATAL, 0, "nobody says when to go on");
    }
    return kafka_producer_abort(producer);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s BROKERS TOPIC\n", argv[0]);
        return 2;
    }
    const struct kafka_settings settings = {.brokers = argv[1],
                                            .session_timeout_ms = 6000,
                                            .transaction_timeout_ms = 20000,
                                            .fetch_wait_ms = 20,
                                            .prefetch_records = 1000,
                                            .prefetch_bytes = 1 << 20};
    const struct kafka_producer_config config = {.kafka = &settings, .transactional_id = argv[2]};
    SG_CLEANUP(kafka_producer_close) struct kafka_producer *producer = NULL;
    sg_result result = kafka_producer_open(&config, &producer);
    if (sg_is_ok(result)) {
        result = run(producer, argv[2]);
    }
    if (!sg_is_ok(result)) {
        fprintf(stderr, "%s: %s\n", sg_class_name(result.class), sg_reason());
        return 1;
    }
    return 0;
}
