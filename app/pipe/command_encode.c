// soglia encode: JSON lines to messages that kcat can produce.
#include "app/command.h"

#include "app/pipe/json_lines.h"
#include "app/pipe/stdout_writer.h"
#include "app/pipe/topic_word.h"

#include <arpa/inet.h>
#include <string.h>

struct encode_words {
    const char *framing;
    const char *delimiter;
    const char *key_delimiter;
};

static const struct option options[] = {
    {.key = "framing",
     .type = OPTION_CHOICE,
     .offset = offsetof(struct encode_words, framing),
     .fallback = "delimiter",
     .choices = "delimiter|length",
     .help = "A text behind each message and its key before it, for kcat -P; or the length of each "
             "in 4 bytes before it, without keys, for `soglia decode`."},
    {.key = "delimiter",
     .type = OPTION_TEXT,
     .offset = offsetof(struct encode_words, delimiter),
     .fallback = "<q7Zk-record-2fXw>",
     .help = "The text behind each message."},
    {.key = "key-delimiter",
     .type = OPTION_TEXT,
     .offset = offsetof(struct encode_words, key_delimiter),
     .fallback = "<q7Zk-key-9mVd>",
     .help = "The text between key and value."},
};

// kcat takes the first delimiter that it finds, so none may occur in what it separates.
static sg_result refuse_delimiter(struct bytes bytes, const char *delimiter, const char *where)
{
    if (bytes.size == 0 || memmem(bytes.data, bytes.size, delimiter, strlen(delimiter)) == NULL) {
        return sg_ok();
    }
    return sg_fail(SG_DROP, 0, "the %s contains the delimiter %s; choose another", where,
                   delimiter);
}

static sg_result write_delimited(void *context, struct bytes value, struct bytes key)
{
    const struct encode_words *words = context;
    SG_TRY(refuse_delimiter(value, words->delimiter, "value"));
    SG_TRY(refuse_delimiter(key, words->delimiter, "key"));
    SG_TRY(refuse_delimiter(key, words->key_delimiter, "key"));
    SG_TRY(stdout_writer_put(key));
    SG_TRY(stdout_writer_put(bytes_of_text(words->key_delimiter)));
    SG_TRY(stdout_writer_put(value));
    return stdout_writer_put(bytes_of_text(words->delimiter));
}

static sg_result write_length(void *context, struct bytes value, struct bytes key)
{
    (void)context;
    (void)key;
    uint32_t length = htonl((uint32_t)value.size);
    SG_TRY(stdout_writer_put(bytes_of(&length, sizeof length)));
    return stdout_writer_put(value);
}

static sg_result check_words(const struct encode_words *words, enum topic topic)
{
    const struct topic_info *info = topic_info(topic);
    if (words->delimiter[0] == '\0' || words->key_delimiter[0] == '\0') {
        return sg_fail(SG_FATAL, COMMAND_BAD_WORDS,
                       "encode: a delimiter is at least one character");
    }
    if (info->json) {
        return sg_fail(SG_FATAL, COMMAND_BAD_WORDS,
                       "encode: %s takes JSON lines as they are: kcat -P -t %s", info->name,
                       info->name);
    }
    if (info->record == NULL || info->key_field == NULL) {
        return sg_fail(SG_FATAL, COMMAND_BAD_WORDS, "encode: %s is written by soglia alone",
                       info->name);
    }
    return sg_ok();
}

static sg_result run(const struct invocation *invocation)
{
    struct encode_words words = *(const struct encode_words *)invocation->options;
    SG_CLEANUP(transcoder_close) struct transcoder *transcoder = NULL;
    enum topic topic = TOPIC_COUNT;
    int64_t taken = 0;
    SG_TRY(topic_word_read(invocation->words[0], &topic));
    SG_TRY(check_words(&words, topic));
    SG_TRY(transcoder_open(invocation->all, &transcoder));
    bool is_delimited = strcmp(words.framing, "delimiter") == 0;
    return json_lines_run(transcoder, topic, is_delimited ? write_delimited : write_length, &words,
                          &taken);
}

const struct command encode_command = {
    .name = "encode",
    .arguments = "TOPIC",
    .summary = "JSON lines to messages for kcat -P",
    .help =
        "Reads JSON lines, one record each, and writes them as messages of TOPIC (without the\n"
        "installation's prefix), keys included. The whole line for kcat, where the topic has the\n"
        "prefix, if there is one:\n"
        "\n"
        "  soglia encode quotes < quotes.jsonl |\n"
        "    kcat -P -b localhost:9092 -t quotes -X topic.partitioner=murmur2_random \\\n"
        "      -K '<q7Zk-key-9mVd>' -D '<q7Zk-record-2fXw>'\n"
        "\n"
        "A line that is not right is told with its number and left out; the others go on, and the\n"
        "status at the end is 1.\n",
    .words_min = 1,
    .words_max = 1,
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .options_bytes = sizeof(struct encode_words),
    .sections = {"kafka", "topics", "registry", NULL},
    .is_brief = true,
    .run = run,
};
