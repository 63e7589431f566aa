// A look at the bytes comes before the decoding: most records are not what is looked for.
#include "app/audit/log/archive.h"

#include <string.h>

enum {
    ARENA_BYTES_MAX = 256 << 20,
    DESK_BYTES_MAX = 64 << 20,
    PREFETCH_BYTES = 32 << 20,
};

SG_RESULT archive_open(const struct settings_all *all, struct archive *ret_archive)
{
    *ret_archive = (struct archive){.all = all};
    ret_archive->arena = arena_new(ARENA_BYTES_MAX);
    ret_archive->desk = arena_new(DESK_BYTES_MAX);
    if (ret_archive->arena == NULL || ret_archive->desk == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory");
    }
    struct registry_config config = {&all->registry, &all->kafka, &all->topics};
    return registry_open(&config, &ret_archive->registry);
}

void archive_close(struct archive *archive)
{
    codecs_done(&archive->codecs);
    registry_close(&archive->registry);
    arena_free(&archive->arena);
    arena_free(&archive->desk);
}

static sg_result out_of_memory(void)
{
    return sg_fail(SG_FATAL, 0, "out of memory for what was found");
}

static sg_result decode(struct archive *archive, enum topic topic, struct bytes value,
                        struct arena *arena, const void **ret_record)
{
    SG_TRY(codecs_add(&archive->codecs, archive->registry, topic));
    void *record = arena_take(arena, topic_info(topic)->record->size);
    if (record == NULL) {
        return out_of_memory();
    }
    SG_TRY(codec_decode(archive->codecs.by_topic[topic], value, arena, record));
    *ret_record = record;
    return sg_ok();
}

static bool holds(struct bytes bytes, struct bytes text)
{
    return bytes.size >= text.size && bytes.size > 0 &&
           memmem(bytes.data, bytes.size, text.data, text.size) != NULL;
}

// Decodes what is wanted and shows it.
static sg_result show(struct archive *archive, const struct archive_search *search,
                      enum topic topic, const struct kafka_record *record, bool *ret_stop)
{
    bool is_wanted = search->text.size == 0 || holds(record->value, search->text) ||
                     holds(record->key, search->text);
    if (!is_wanted || !record->has_value) {
        return sg_ok();
    }
    arena_reset(archive->desk);
    struct exhibit seen = {.topic = topic,
                           .partition = record->partition,
                           .offset = record->offset,
                           .timestamp_ms = record->timestamp_ms,
                           .key = record->key};
    sg_result decoded = decode(archive, topic, record->value, archive->desk, &seen.record);
    if (decoded.class == SG_DROP) {
        return sg_ok();
    }
    SG_TRY(decoded);
    return search->visit(search->context, &seen, ret_stop);
}

static sg_result find_in(struct archive *archive, const struct archive_search *search,
                         struct log_reader *reader)
{
    bool is_stopped = false;
    for (size_t i = 0; i < search->count && !is_stopped; i++) {
        for (;;) {
            const struct kafka_record *record = NULL;
            SG_TRY(log_reader_next(reader, i, &record));
            if (record == NULL || is_stopped) {
                break;
            }
            SG_TRY(show(archive, search, search->spans[i].topic, record, &is_stopped));
        }
    }
    return sg_ok();
}

SG_RESULT archive_find(struct archive *archive, const struct archive_search *search)
{
    SG_CLEANUP(log_reader_close) struct log_reader *reader = NULL;
    SG_TRY(log_reader_open(archive->all, search->spans, search->count, PREFETCH_BYTES, &reader));
    return find_in(archive, search, reader);
}

// The record is encoded and decoded again, so that nothing in it borrows from what was read.
SG_RESULT archive_keep(struct archive *archive, const struct exhibit *seen,
                       struct exhibit *ret_kept)
{
    SG_CLEANUP(buffer_done) struct buffer encoded;
    buffer_init(&encoded, DESK_BYTES_MAX);
    SG_TRY(codec_encode(archive->codecs.by_topic[seen->topic], seen->record, &encoded));
    uint8_t *bytes = arena_take(archive->arena, encoded.size + seen->key.size + 1);
    if (bytes == NULL) {
        return out_of_memory();
    }
    memcpy(bytes, encoded.data, encoded.size);
    if (seen->key.size > 0) {
        memcpy(bytes + encoded.size, seen->key.data, seen->key.size);
    }
    struct exhibit kept = *seen;
    kept.key = bytes_of(bytes + encoded.size, seen->key.size);
    SG_TRY(
        decode(archive, seen->topic, bytes_of(bytes, encoded.size), archive->arena, &kept.record));
    *ret_kept = kept;
    return sg_ok();
}

struct keeping {
    struct archive *archive;
    struct exhibit *kept;
};

static sg_result keep_first(void *context, const struct exhibit *seen, bool *ret_stop)
{
    struct keeping *keeping = context;
    *ret_stop = true;
    return archive_keep(keeping->archive, seen, keeping->kept);
}

SG_RESULT archive_at(struct archive *archive, enum topic topic, int32_t partition, int64_t offset,
                     struct exhibit *ret_found)
{
    struct log_span span = {topic, partition, offset, offset + 1};
    struct keeping keeping = {archive, ret_found};
    struct archive_search search = {
        .spans = &span, .count = 1, .visit = keep_first, .context = &keeping};
    *ret_found = (struct exhibit){.topic = topic, .partition = partition, .offset = offset};
    return archive_find(archive, &search);
}

SG_RESULT archive_spans(struct archive *archive, enum topic topic, size_t max,
                        struct log_span *ret_spans, size_t *ret_count)
{
    int32_t partitions = 0;
    SG_TRY(log_reader_partitions(archive->all, topic, &partitions));
    if ((size_t)partitions > max) {
        return sg_fail(SG_FATAL, 0, "topic %s has more than %zu partitions",
                       topic_info(topic)->name, max);
    }
    for (int32_t i = 0; i < partitions; i++) {
        ret_spans[i] = (struct log_span){topic, i, 0, LOG_END_COMMITTED};
    }
    *ret_count = (size_t)partitions;
    return sg_ok();
}
