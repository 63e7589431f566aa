// soglia tail: what is in the topics, oldest first, and what comes.
#include "app/command.h"

#include "app/pipe/record_line.h"
#include "app/pipe/stdout_writer.h"
#include "app/pipe/tail_source.h"
#include "app/pipe/topic_word.h"

#include "core/service/clock.h"

struct tail_words {
    const char *from;
    const char *key;
    bool follow;
    bool json;
};

static const struct option options[] = {
    {.key = "from",
     .type = OPTION_TEXT,
     .offset = offsetof(struct tail_words, from),
     .fallback = "beginning",
     .help = "Where to begin: beginning, end, an offset, -10 for the last ten of each partition, a "
             "time as 2026-11-21T08:00:00Z, or 10m for ten minutes ago."},
    {.key = "follow",
     .type = OPTION_BOOL,
     .offset = offsetof(struct tail_words, follow),
     .fallback = "false",
     .help = "Wait for more at the end."},
    {.key = "key",
     .type = OPTION_TEXT,
     .offset = offsetof(struct tail_words, key),
     .fallback = "",
     .help = "Show records with this key only."},
    {.key = "json",
     .type = OPTION_BOOL,
     .offset = offsetof(struct tail_words, json),
     .fallback = "false",
     .help = "One JSON object a record."},
};

struct tailing {
    struct tail_source *source;
    struct transcoder *transcoder;
    struct buffer line;
};

static void tailing_done(struct tailing *tailing)
{
    tail_source_close(&tailing->source);
    transcoder_close(&tailing->transcoder);
    buffer_done(&tailing->line);
}

static sg_result show(struct tailing *tailing, const struct tail_words *words, enum topic topic,
                      const struct kafka_record *record)
{
    if (words->key[0] != '\0' && !bytes_is_text(record->key, words->key)) {
        return sg_ok();
    }
    buffer_clear(&tailing->line);
    SG_TRY(words->json ? record_line_print_json(tailing->transcoder, topic, record, &tailing->line)
                       : record_line_print(tailing->transcoder, topic, record, &tailing->line));
    SG_TRY(buffer_append_byte(&tailing->line, '\n'));
    return stdout_writer_put(buffer_bytes(&tailing->line));
}

static sg_result run(const struct invocation *invocation)
{
    const struct tail_words *words = invocation->options;
    struct tailing tailing SG_CLEANUP(tailing_done) = {.source = NULL};
    buffer_init(&tailing.line, 4 * (size_t)TRANSCODER_TEXT_MAX);
    enum topic topics[TOPIC_COUNT];
    for (size_t i = 0; i < invocation->word_count; i++) {
        SG_TRY(topic_word_read(invocation->words[i], &topics[i]));
    }
    struct tail_position from;
    SG_TRY(tail_position_read(words->from, clock_wall_ms(), &from));
    SG_TRY(transcoder_open(invocation->all, &tailing.transcoder));
    SG_TRY(
        tail_source_open(invocation->all, topics, invocation->word_count, &from, &tailing.source));
    for (;;) {
        const struct kafka_record *record = NULL;
        enum topic topic = TOPIC_COUNT;
        bool has_more = false;
        SG_TRY(tail_source_next(tailing.source, words->follow, &record, &topic, &has_more));
        if (!has_more) {
            return sg_ok();
        }
        SG_TRY(show(&tailing, words, topic, record));
    }
}

const struct command tail_command = {
    .name = "tail",
    .arguments = "TOPIC...",
    .summary = "what is in topics, oldest first, and what comes",
    .help =
        "Prints the records of one or more topics (without the installation's prefix), merged by\n"
        "their timestamps: time, topic/partition@offset, key, headers, record. Only what is\n"
        "committed is shown.\n"
        "\n"
        "  soglia tail alerts notifications deliveries --follow --from=1h\n"
        "  soglia tail quotes --key=stock:AAPL --from=-10\n"
        "  soglia tail dead-letters\n",
    .words_min = 1,
    .words_max = TOPIC_COUNT,
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .options_bytes = sizeof(struct tail_words),
    .sections = {"kafka", "topics", "registry", NULL},
    .is_brief = true,
    .run = run,
};
