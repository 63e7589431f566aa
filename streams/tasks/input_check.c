// Checks that hold for every Avro topic.
#include "streams/tasks/input_check.h"

#include "core/hash.h"

#include <inttypes.h>
#include <stdio.h>

enum { SHOWN_MAX = 64 };

static int shown(struct bytes text)
{
    return text.size > SHOWN_MAX ? SHOWN_MAX : (int)text.size;
}

sg_result input_check_value(const struct topic_info *info, bool has_value)
{
    if (has_value) {
        return sg_ok();
    }
    bool ends =
        info->record != NULL && record_type_field(info->record, bytes_of_text("active")) >= 0;
    return sg_fail(SG_DROP, 0, "the record has no value (a tombstone)%s",
                   ends ? "; to end it send the whole record with active = false" : "");
}

static const struct bytes *key_of_record(const struct topic_info *info, const void *record)
{
    const uint8_t *start = record;
    return (const struct bytes *)(const void *)(start + info->key_offset);
}

sg_result input_check(const struct topic_info *info, const struct event *event, int32_t partitions)
{
    if (info->key_field == NULL || info->json) {
        return sg_ok();
    }
    const struct bytes *wanted = key_of_record(info, event->record);
    if (event->key.data == NULL) {
        return sg_fail(SG_DROP, 0, "the record has no key; send it with the key %.*s (its %s)",
                       shown(*wanted), (const char *)wanted->data, info->key_field);
    }
    if (!bytes_equal(event->key, *wanted)) {
        return sg_fail(SG_DROP, 0,
                       "the key is %.*s, but the %s of the record is %.*s; they must be the same",
                       shown(event->key), (const char *)event->key.data, info->key_field,
                       shown(*wanted), (const char *)wanted->data);
    }
    int32_t partition = (int32_t)(hash_murmur2(event->key) % (uint32_t)partitions);
    if (event->partition == partition) {
        return sg_ok();
    }
    return sg_fail(SG_DROP, 0,
                   "the record is in partition %" PRId32 ", its key belongs to partition %" PRId32
                   "; send it with the partitioner of Java's client (librdkafka, kcat: -X "
                   "topic.partitioner=murmur2_random)",
                   event->partition, partition);
}
