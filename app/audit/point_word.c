// Offsets are a list of topic:partition=offset, where a topic said once holds for what follows.
#include "app/audit/point_word.h"

#include "app/command.h"
#include "app/pipe/tail_source.h"
#include "core/number.h"

#include <string.h>

static const enum topic topics[AS_OF_INPUTS] = {
    [AS_OF_SUBSCRIPTIONS] = TOPIC_SUBSCRIPTIONS,
    [AS_OF_QUOTES] = TOPIC_QUOTES,
};

static sg_result refuse(const char *text)
{
    return sg_fail(SG_FATAL, COMMAND_BAD_WORDS,
                   "audit as-of: %s is neither a time as 2026-11-21T08:00:00Z or 10m, nor offsets "
                   "as quotes:0=120,quotes:1=77 (of quotes and subscriptions)",
                   text);
}

// Cuts the part before any of `separators` off `*rest`.
static struct bytes cut(struct bytes *rest, const char *separators)
{
    size_t size = 0;
    while (size < rest->size && strchr(separators, rest->data[size]) == NULL) {
        size++;
    }
    struct bytes head = bytes_of(rest->data, size);
    size_t skip = size < rest->size ? size + 1 : size;
    *rest = bytes_of(rest->data + skip, rest->size - skip);
    return head;
}

// Takes "topic:" off a part, if it is there; true when the topic is one of ours or was before.
static bool read_topic(struct bytes *part, size_t *input)
{
    if (memchr(part->data, ':', part->size) == NULL) {
        return *input < AS_OF_INPUTS;
    }
    struct bytes name = cut(part, ":");
    for (size_t i = 0; i < AS_OF_INPUTS; i++) {
        if (bytes_is_text(name, topic_info(topics[i])->name)) {
            *input = i;
            return true;
        }
    }
    return false;
}

static bool read_offsets(struct bytes rest, struct point_word *point)
{
    size_t input = AS_OF_INPUTS;
    while (rest.size > 0) {
        struct bytes part = cut(&rest, ",;");
        int64_t partition = 0;
        int64_t offset = 0;
        if (part.size == 0 || !read_topic(&part, &input)) {
            return false;
        }
        struct bytes number = cut(&part, "=");
        if (!number_read_int(number, &partition) || !number_read_int(part, &offset) ||
            partition < 0 || partition >= POINT_PARTITIONS_MAX || offset < 0) {
            return false;
        }
        point->ends[input][partition] = offset;
    }
    return true;
}

SG_RESULT point_word_read(const char *text, int64_t now_ms, struct point_word *ret_point)
{
    memset(ret_point->ends, 0xFF, sizeof ret_point->ends); // Every one is -1.
    ret_point->is_time = strchr(text, '=') == NULL;
    if (!ret_point->is_time) {
        return read_offsets(bytes_of_text(text), ret_point) ? sg_ok() : refuse(text);
    }
    struct tail_position position;
    if (!sg_is_ok(tail_position_read(text, now_ms, &position)) ||
        position.start != TAIL_START_TIME) {
        return refuse(text);
    }
    ret_point->time_ms = position.value;
    return sg_ok();
}

SG_RESULT point_word_at(const struct point_word *word, const struct settings_all *all,
                        int32_t partition, struct as_of_point *ret_point, bool *ret_wanted)
{
    *ret_wanted = word->is_time;
    for (size_t i = 0; i < AS_OF_INPUTS; i++) {
        int64_t *end = &ret_point->ends[i];
        *end = partition < POINT_PARTITIONS_MAX ? word->ends[i][partition] : -1;
        if (word->is_time) {
            SG_TRY(log_reader_offset_at(all, topics[i], partition, word->time_ms + 1, end));
        }
        *ret_wanted = *ret_wanted || *end >= 0;
    }
    return sg_ok();
}
