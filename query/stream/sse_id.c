// In base64url: a version, then for each topic its number of partitions and of places, and for each
// place the distance of its partition from the one before and its offset. All are numbers of 7 bits
// a byte, the lowest first.
#include "query/stream/sse_id.h"

#include <sodium.h>
#include <string.h>

enum {
    VERSION = 1,
    VARINT_MAX = 10,
    BITS = 7,
    MORE = 0x80,
    BINARY_MAX = 1 + (2 * SSE_TOPICS + 2 * SSE_PLACES_MAX) * VARINT_MAX,
};

_Static_assert((BINARY_MAX + 2) / 3 * 4 + 1 <= SSE_ID_TEXT_MAX, "every position has room");

struct writer {
    uint8_t data[BINARY_MAX];
    size_t size;
};

static void put(struct writer *writer, uint64_t value)
{
    while (value >= MORE) {
        writer->data[writer->size++] = (uint8_t)(value | MORE);
        value >>= BITS;
    }
    writer->data[writer->size++] = (uint8_t)value;
}

static void put_topic(struct writer *writer, const struct sse_position *position,
                      enum sse_topic topic)
{
    size_t count = 0;
    for (size_t i = 0; i < position->count; i++) {
        count += position->places[i].topic == topic ? 1 : 0;
    }
    put(writer, (uint64_t)position->partitions[topic]);
    put(writer, count);
    int32_t before = 0;
    for (size_t i = 0; i < position->count; i++) {
        const struct sse_place *place = &position->places[i];
        if (place->topic == topic) {
            put(writer, (uint64_t)(place->partition - before));
            put(writer, (uint64_t)place->next);
            before = place->partition;
        }
    }
}

sg_result sse_id_print(const struct sse_position *position, struct buffer *out)
{
    struct writer writer;
    writer.size = 0;
    put(&writer, VERSION);
    put_topic(&writer, position, SSE_TOPIC_QUOTES);
    put_topic(&writer, position, SSE_TOPIC_ALERTS);
    size_t room = sodium_base64_encoded_len(writer.size, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    SG_TRY(buffer_reserve(out, room));
    sodium_bin2base64((char *)out->data + out->size, room, writer.data, writer.size,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    out->size += room - 1;
    return sg_ok();
}

struct reader {
    const uint8_t *data;
    size_t size;
    size_t at;
    bool broken;
};

// A number of at most `max`, written in the fewest bytes.
static uint64_t take(struct reader *reader, uint64_t max)
{
    uint64_t value = 0;
    for (unsigned shift = 0; reader->at < reader->size && shift < BITS * (VARINT_MAX - 1);
         shift += BITS) {
        uint8_t byte = reader->data[reader->at++];
        value |= (uint64_t)(byte & (MORE - 1)) << shift;
        if ((byte & MORE) == 0) {
            reader->broken = reader->broken || value > max || (byte == 0 && shift > 0);
            return reader->broken ? 0 : value;
        }
    }
    reader->broken = true;
    return 0;
}

static void take_topic(struct reader *reader, enum sse_topic topic, struct sse_position *position)
{
    position->partitions[topic] = (int32_t)take(reader, INT32_MAX);
    size_t count = take(reader, SSE_PLACES_MAX - position->count);
    int64_t partition = 0;
    for (size_t i = 0; i < count && !reader->broken; i++) {
        int64_t step = (int64_t)take(reader, INT32_MAX);
        partition += step;
        reader->broken =
            reader->broken || (i > 0 && step == 0) || partition >= position->partitions[topic];
        position->places[position->count++] = (struct sse_place){
            topic, (int32_t)(reader->broken ? 0 : partition), (int64_t)take(reader, INT64_MAX)};
    }
}

// The library's decoder takes some bytes above 0x7F for letters.
static bool is_ascii(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] > 0x7F) {
            return false;
        }
    }
    return true;
}

sg_result sse_id_read(struct bytes text, struct sse_position *ret_position)
{
    uint8_t binary[BINARY_MAX];
    struct reader reader = {.data = binary};
    const char *end = NULL;
    int status = sodium_base642bin(binary, sizeof binary, (const char *)text.data, text.size, NULL,
                                   &reader.size, &end, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    reader.broken = !is_ascii(text) || status != 0 || end != (const char *)text.data + text.size;
    reader.broken = reader.broken || take(&reader, VERSION) != VERSION;
    struct sse_position position;
    position.count = 0;
    take_topic(&reader, SSE_TOPIC_QUOTES, &position);
    take_topic(&reader, SSE_TOPIC_ALERTS, &position);
    if (reader.broken || reader.at != reader.size) {
        return sg_fail(SG_DROP, 400,
                       "Last-Event-ID is no id of this service: send one of its events' ids, or "
                       "none to begin now");
    }
    *ret_position = position;
    return sg_ok();
}
