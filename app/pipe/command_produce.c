// soglia produce: JSON lines to a topic, without kcat.
#include "app/command.h"

#include "app/pipe/json_lines.h"
#include "app/pipe/topic_word.h"

#include "core/kafka/producer.h"
#include "core/service/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum { LINGER_MS = 5, FLUSH_MS = 30000, PROGRESS_US = 200000 };

struct production {
    struct kafka_producer *producer;
    struct kafka_topic *topic;
    struct transcoder *transcoder;
    bool has_progress;
    int64_t sent;
    int64_t shown_us;
};

static void production_done(struct production *production)
{
    kafka_producer_close(&production->producer);
    transcoder_close(&production->transcoder);
}

static void show_progress(struct production *production)
{
    int64_t now_us = clock_monotonic_us();
    if (production->has_progress && now_us - production->shown_us > PROGRESS_US) {
        production->shown_us = now_us;
        fprintf(stderr, "\r%" PRId64 " sent", production->sent);
    }
}

static sg_result send_message(void *context, struct bytes value, struct bytes key)
{
    struct production *production = context;
    struct kafka_message message = {
        .key = key,
        .value = value,
        .has_value = true,
        .partition = -1,
    };
    SG_TRY(kafka_producer_send(production->producer, production->topic, &message));
    production->sent++;
    show_progress(production);
    return kafka_producer_poll(production->producer);
}

static sg_result open_all(struct production *production, const struct settings_all *all,
                          enum topic topic)
{
    char name[KAFKA_TOPIC_MAX + 1];
    struct kafka_producer_config config = {.kafka = &all->kafka, .linger_ms = LINGER_MS};
    topic_full_name(&all->topics, topic, name);
    SG_TRY(transcoder_open(all, &production->transcoder));
    SG_TRY(kafka_producer_open(&config, &production->producer));
    return kafka_producer_topic(production->producer, name, &production->topic);
}

static sg_result run(const struct invocation *invocation)
{
    struct production production SG_CLEANUP(production_done) = {
        // A terminal that lines are typed into needs no counter between them.
        .has_progress = isatty(STDERR_FILENO) == 1 && isatty(STDIN_FILENO) == 0,
    };
    enum topic topic = TOPIC_COUNT;
    SG_TRY(topic_word_read(invocation->words[0], &topic));
    const struct topic_info *info = topic_info(topic);
    if (info->record == NULL || info->key_field == NULL) {
        return sg_fail(SG_FATAL, COMMAND_BAD_WORDS, "produce: %s is written by soglia alone",
                       info->name);
    }
    SG_TRY(open_all(&production, invocation->all, topic));
    int64_t taken = 0;
    sg_result result =
        json_lines_run(production.transcoder, topic, send_message, &production, &taken);
    // What was taken is to arrive whatever happened to the rest; the first failure is the one told.
    char reason[SG_REASON_MAX];
    snprintf(reason, sizeof reason, "%s", sg_reason());
    SG_TRY(kafka_producer_flush(production.producer, FLUSH_MS));
    if (production.has_progress) {
        fprintf(stderr, "\r%" PRId64 " sent\n", production.sent);
    }
    return sg_is_ok(result) ? result : sg_fail(result.class, result.code, "%s", reason);
}

const struct command produce_command = {
    .name = "produce",
    .arguments = "TOPIC",
    .summary = "JSON lines to a topic, without kcat",
    .help =
        "Reads JSON lines, one record each, and produces them to TOPIC (without the "
        "installation's\n"
        "prefix), in order, each once, on the partition of its key. Status 0 says that every line\n"
        "has arrived:\n"
        "\n"
        "  echo '{\"instrument\":\"stock:AAPL\",\"value\":191.5}' | soglia produce quotes.json\n"
        "\n"
        "A topic ending in .json takes records as people write them; the others want every field\n"
        "that has no default. A line that is not right is told with its number and left out.\n",
    .words_min = 1,
    .words_max = 1,
    .sections = {"kafka", "topics", "registry", NULL},
    .is_brief = true,
    .run = run,
};
