// Texts that live as long as the letter, and a message that points to them.
#include "streams/dead_letter.h"

#include <inttypes.h>
#include <stdio.h>

static void add_header(struct dead_letter *letter, const char *name, const char *text)
{
    letter->headers[letter->message.header_count++] =
        (struct kafka_header){name, bytes_of_text(text)};
}

void dead_letter_fill(const struct dead_letter_cause *cause, struct dead_letter *ret_letter)
{
    const struct event *event = cause->event;
    snprintf(ret_letter->partition, DEAD_LETTER_NUMBER_MAX, "%" PRId32, event->partition);
    snprintf(ret_letter->offset, DEAD_LETTER_NUMBER_MAX, "%" PRId64, event->offset);
    clock_print(cause->at_ms, ret_letter->at);
    ret_letter->message = (struct kafka_message){
        .key = event->key,
        .value = event->value,
        .has_value = cause->has_value,
        .partition = -1,
        .timestamp_ms = process_stamp(event->timestamp_ms),
        .headers = ret_letter->headers,
    };
    add_header(ret_letter, "soglia-reason", cause->reason);
    add_header(ret_letter, "soglia-topic", topic_info(event->topic)->name);
    add_header(ret_letter, "soglia-partition", ret_letter->partition);
    add_header(ret_letter, "soglia-offset", ret_letter->offset);
    add_header(ret_letter, "soglia-at", ret_letter->at);
    add_header(ret_letter, "soglia-by", cause->by);
}

void dead_letter_leave_out(struct dead_letter *letter)
{
    struct kafka_message *message = &letter->message;
    snprintf(letter->left_out, sizeof letter->left_out,
             "key of %zu and value of %zu bytes are larger than a record may be; they are at the "
             "position above",
             message->key.size, message->value.size);
    add_header(letter, "soglia-left-out", letter->left_out);
    message->key = (struct bytes){NULL, 0};
    message->value = (struct bytes){NULL, 0};
    message->has_value = false;
}
