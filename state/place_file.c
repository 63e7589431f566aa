// Under two keys, so that files of programs that knew the first alone can be read, and by them.
#include "state/place_file.h"

#include <stddef.h>
#include <string.h>

// Layout of the file: raised when an older program must not read it any more.
enum { OLDER_FORMAT = 1, FORMAT = 2 };

// Fixed-width integers of this machine's byte order; the file never leaves the machine.
struct stored_place {
    int64_t format;
    struct stores_place place;
    struct stored_hash {
        int64_t known;
        struct content_hash sum;
    } hashes[STORES_MAX];
};

struct stored_before {
    int64_t sequence; // Of the place that it belongs to: an older program writes that one alone.
    int64_t offsets[STORES_MAX];
};

// Bytes of a place in the older format: it ends before what came later.
enum { OLDER_BYTES = offsetof(struct stored_place, place.saved_ms) };

static struct bytes place_key(void)
{
    return bytes_of_text("place");
}

static struct bytes before_key(void)
{
    return bytes_of_text("before");
}

struct stores_place stores_place_new(void)
{
    struct stores_place place = {.sequence = 0};
    for (size_t i = 0; i < STORES_INPUTS_MAX; i++) {
        place.next_offsets[i] = KAFKA_OFFSET_NONE;
    }
    return place;
}

struct place_file place_file_after(const struct place_file *saved, const struct stores_place *place)
{
    struct place_file file = *saved;
    file.place = *place;
    if (place->sequence != saved->place.sequence) {
        file.has_before = place->sequence == saved->place.sequence + 1;
        memcpy(file.before, saved->place.changelog_offsets, sizeof file.before);
    }
    return file;
}

static sg_result take_place(struct bytes value, struct place_file *file)
{
    struct stored_place stored = {0};
    if (value.size != sizeof stored && value.size != OLDER_BYTES) {
        return sg_fail(SG_FATAL, 0,
                       "written by another version of this program; move the folder away and "
                       "start again: state is restored from Kafka");
    }
    memcpy(&stored, value.data, value.size);
    if (stored.format != (value.size == sizeof stored ? FORMAT : OLDER_FORMAT)) {
        return sg_fail(SG_FATAL, 0,
                       "format %lld, this program knows %d; move the folder away and start again: "
                       "state is restored from Kafka",
                       (long long)stored.format, FORMAT);
    }
    file->place = stored.place;
    for (size_t i = 0; i < STORES_MAX; i++) {
        file->contents[i] =
            (struct store_content){stored.hashes[i].known != 0, stored.hashes[i].sum};
    }
    return sg_ok();
}

static void take_before(struct bytes value, struct place_file *file)
{
    struct stored_before stored;
    if (value.size != sizeof stored) {
        return;
    }
    memcpy(&stored, value.data, sizeof stored);
    file->has_before = stored.sequence == file->place.sequence;
    memcpy(file->before, stored.offsets, sizeof file->before);
}

sg_result place_file_read(struct transaction *transaction, struct table meta,
                          struct place_file *ret_file)
{
    *ret_file = (struct place_file){.place = stores_place_new()};
    struct bytes value = {NULL, 0};
    bool found = false;
    SG_TRY(table_get(transaction, meta, place_key(), &value, &found));
    if (!found) {
        return sg_ok();
    }
    SG_TRY(take_place(value, ret_file));
    SG_TRY(table_get(transaction, meta, before_key(), &value, &found));
    if (found) {
        take_before(value, ret_file);
    }
    return sg_ok();
}

sg_result place_file_write(struct transaction *transaction, struct table meta,
                           const struct place_file *file)
{
    struct stored_place stored = {.format = FORMAT, .place = file->place};
    for (size_t i = 0; i < STORES_MAX; i++) {
        stored.hashes[i] = (struct stored_hash){file->contents[i].known, file->contents[i].sum};
    }
    SG_TRY(table_put(transaction, meta, place_key(), bytes_of(&stored, sizeof stored)));
    // A sequence that no place has says that nothing is known.
    struct stored_before before = {.sequence = file->has_before ? file->place.sequence : -1};
    memcpy(before.offsets, file->before, sizeof before.offsets);
    return table_put(transaction, meta, before_key(), bytes_of(&before, sizeof before));
}
