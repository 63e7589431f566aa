// Positions as text.
#include "query/views/position_text.h"

#include "core/number.h"
#include "query/views/view_writer.h"

#include <inttypes.h>
#include <string.h>

struct printing {
    struct buffer *out;
    const char *topic;
    size_t start; // Of the text.
    bool begun;   // The topic is printed.
};

static sg_result print_position(void *context, int32_t partition,
                                const struct view_position *position)
{
    struct printing *printing = context;
    if (printing->begun) {
        SG_TRY(buffer_append_byte(printing->out, ','));
    } else {
        const char *separator = printing->out->size == printing->start ? "" : ";";
        SG_TRY(buffer_print(printing->out, "%s%s:", separator, printing->topic));
        printing->begun = true;
    }
    return buffer_print(printing->out, "%" PRId32 "=%" PRId64, partition, position->next);
}

sg_result position_text_print(const struct view_snapshot *snapshot,
                              const struct position_topics *topics, struct buffer *out)
{
    struct printing printing = {.out = out, .start = out->size};
    for (size_t i = 0; i < topics->count; i++) {
        printing.topic = topic_info(topics->topics[i])->name;
        printing.begun = false;
        SG_TRY(view_store_positions(snapshot, printing.topic, print_position, &printing));
    }
    return sg_ok();
}

// Cuts the part before `separator` off `*rest`; all of it when there is no separator.
static struct bytes cut(struct bytes *rest, char separator)
{
    const uint8_t *found = rest->size > 0 ? memchr(rest->data, separator, rest->size) : NULL;
    size_t size = found == NULL ? rest->size : (size_t)(found - rest->data);
    struct bytes head = bytes_of(rest->data, size);
    size_t skip = found == NULL ? size : size + 1;
    *rest = bytes_of(rest->data + skip, rest->size - skip);
    return head;
}

// True when there is something, and something behind the last separator.
static bool is_list(struct bytes text, char separator)
{
    return text.size > 0 && text.data[text.size - 1] != (uint8_t)separator;
}

static sg_result broken(void)
{
    return sg_fail(SG_DROP, 400,
                   "min_position must be like quotes:0=12,1=40 (topic:partition=next offset,...)");
}

// The name of the view's topic that the text means, NULL when no view follows it.
static const char *followed_topic(struct bytes name)
{
    for (size_t i = 0; i < VIEW_SOURCE_COUNT; i++) {
        const char *topic = topic_info(view_writer_topic(i))->name;
        if (bytes_is_text(name, topic)) {
            return topic;
        }
    }
    return NULL;
}

// Whether one "partition=offset" was reached.
static sg_result part_reached(const struct view_snapshot *snapshot, const char *topic,
                              struct bytes pair, bool *ret_reached)
{
    int64_t partition = 0;
    int64_t offset = 0;
    struct bytes number = cut(&pair, '=');
    if (!number_read_int(number, &partition) || !number_read_int(pair, &offset) || partition < 0 ||
        partition > INT32_MAX || offset < 0) {
        return broken();
    }
    struct kafka_position at = {.topic = topic, .partition = (int32_t)partition};
    struct view_position position = {.next = 0};
    bool found = false;
    SG_TRY(view_store_position(snapshot->store, snapshot->transaction, &at, &position, &found));
    *ret_reached = *ret_reached && (found ? position.next : 0) >= offset;
    return sg_ok();
}

static sg_result topic_reached(const struct view_snapshot *snapshot, struct bytes text,
                               bool *ret_reached)
{
    struct bytes name = cut(&text, ':');
    const char *topic = followed_topic(name);
    if (!is_list(text, ',')) {
        return broken();
    }
    if (topic == NULL) {
        return sg_fail(SG_DROP, 400, "min_position names a topic that no view follows");
    }
    while (text.size > 0) {
        SG_TRY(part_reached(snapshot, topic, cut(&text, ','), ret_reached));
    }
    return sg_ok();
}

sg_result position_text_reached(const struct view_snapshot *snapshot, struct bytes text,
                                bool *ret_reached)
{
    if (!is_list(text, ';') || text.size > POSITION_TEXT_MAX) {
        return broken();
    }
    bool reached = true;
    while (text.size > 0) {
        SG_TRY(topic_reached(snapshot, cut(&text, ';'), &reached));
    }
    *ret_reached = reached;
    return sg_ok();
}
