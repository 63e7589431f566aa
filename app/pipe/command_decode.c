// soglia decode: messages that kcat wrote to JSON lines.
#include "app/command.h"

#include "app/pipe/stdin_reader.h"
#include "app/pipe/stdout_writer.h"
#include "app/pipe/transcoder.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

// kcat writes -1 as the length of a record without a value.
static const uint32_t length_of_null = UINT32_MAX;

struct decoding {
    struct stdin_reader *input;
    struct transcoder *transcoder;
    struct buffer line;
};

static void decoding_done(struct decoding *decoding)
{
    stdin_reader_free(&decoding->input);
    transcoder_close(&decoding->transcoder);
    buffer_done(&decoding->line);
}

// Prints one message as a line. Fails: SG_DROP for a message that is not ours.
static sg_result print_message(struct decoding *decoding, uint32_t length, struct bytes message)
{
    buffer_clear(&decoding->line);
    if (length == length_of_null) {
        SG_TRY(buffer_append(&decoding->line, bytes_of_text("null")));
    } else {
        SG_TRY(transcoder_decode(decoding->transcoder, message, &decoding->line));
    }
    SG_TRY(buffer_append_byte(&decoding->line, '\n'));
    return stdout_writer_put(buffer_bytes(&decoding->line));
}

static sg_result next_message(struct decoding *decoding, uint32_t *ret_length,
                              struct bytes *ret_message, bool *ret_more)
{
    struct bytes head;
    SG_TRY(stdin_reader_bytes(decoding->input, sizeof *ret_length, &head, ret_more));
    if (!*ret_more) {
        return sg_ok();
    }
    memcpy(ret_length, head.data, sizeof *ret_length);
    *ret_length = ntohl(*ret_length);
    *ret_message = bytes_of(NULL, 0);
    if (*ret_length == length_of_null || *ret_length == 0) {
        return sg_ok();
    }
    bool has_value = false;
    SG_TRY(stdin_reader_bytes(decoding->input, *ret_length, ret_message, &has_value));
    if (!has_value) {
        return sg_fail(SG_FATAL, 0, "the input ends in the middle of a record");
    }
    return sg_ok();
}

static sg_result decode_all(struct decoding *decoding)
{
    int64_t refused = 0;
    int64_t number = 0;
    for (;;) {
        uint32_t length = 0;
        struct bytes message = {NULL, 0};
        bool has_more = false;
        sg_result framing = next_message(decoding, &length, &message, &has_more);
        SG_TRY(
            sg_explain(framing, "record %" PRId64 ", as kcat -f '%%R%%s' writes it", number + 1));
        if (!has_more) {
            break;
        }
        number++;
        sg_result result = print_message(decoding, length, message);
        if (result.class == SG_DROP) {
            fprintf(stderr, "soglia: record %" PRId64 ": %s\n", number, sg_reason());
            refused++;
            continue;
        }
        SG_TRY(sg_explain(result, "record %" PRId64, number));
    }
    if (refused > 0) {
        return sg_fail(SG_FATAL, 0, "%" PRId64 " of %" PRId64 " records could not be read", refused,
                       number);
    }
    return sg_ok();
}

static sg_result run(const struct invocation *invocation)
{
    struct decoding decoding SG_CLEANUP(decoding_done) = {.input = NULL};
    buffer_init(&decoding.line, 4 * (size_t)TRANSCODER_TEXT_MAX);
    decoding.input = stdin_reader_new(STDIN_FILENO, TRANSCODER_TEXT_MAX);
    if (decoding.input == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory");
    }
    SG_TRY(transcoder_open(invocation->all, &decoding.transcoder));
    return decode_all(&decoding);
}

const struct command decode_command = {
    .name = "decode",
    .arguments = "",
    .summary = "messages from kcat -C -f '%R%s' to JSON lines",
    .help =
        "Reads what kcat -f '%R%s' writes (the length of each value in 4 bytes, then the value)\n"
        "and prints each as one JSON line, as soon as it arrives:\n"
        "\n"
        "  kcat -C -b localhost:9092 -t alerts -o beginning -e -f '%R%s' | soglia decode\n"
        "\n"
        "A record without a value is null. One that is not ours is told with its number; the\n"
        "others go on, and the status at the end is 1.\n",
    .sections = {"kafka", "topics", "registry", NULL},
    .is_brief = true,
    .run = run,
};
