// Records looked up in the topics, kept with their places. For commands that look for a few of
// them. One thread.
#pragma once
#include "app/audit/log/log_reader.h"
#include "streams/codecs.h"

struct archive {
    const struct settings_all *all; // Borrowed.
    struct registry *registry;
    struct codecs codecs;
    struct arena *arena; // What was found lives here.
    struct arena *desk;  // Of the record that is looked at.
};

// A record that was found, with its place. `record` NULL: nothing was found.
struct exhibit {
    enum topic topic;
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms;
    struct bytes key;
    const void *record; // Decoded, of the topic's type.
};

// Fails as registry_open(). The settings are borrowed until the close.
SG_RESULT archive_open(const struct settings_all *all, struct archive *ret_archive);
void archive_close(struct archive *archive);

// What a search does with a record: decoded, on the archive's desk until the next one. It sets
// `*ret_stop` to end the search.
typedef SG_RESULT (*archive_visit_fn)(void *context, const struct exhibit *seen, bool *ret_stop);

// A search: every record of the spans, one span after the other, whose value holds `text`.
struct archive_search {
    struct log_span *spans;
    size_t count;
    struct bytes text; // Of its key or value; empty: every record.
    archive_visit_fn visit;
    void *context;
};

// Fails: as `visit`, SG_FATAL, SG_RETRY. Records that cannot be read are passed over.
SG_RESULT archive_find(struct archive *archive, const struct archive_search *search);

// Keeps what was seen: a copy that lives as long as the archive. Fails: SG_FATAL.
SG_RESULT archive_keep(struct archive *archive, const struct exhibit *seen,
                       struct exhibit *ret_kept);

// The record at a place; not found when it is not kept any more. Fails: SG_FATAL, SG_RETRY.
SG_RESULT archive_at(struct archive *archive, enum topic topic, int32_t partition, int64_t offset,
                     struct exhibit *ret_found);

// All of a topic from its beginning to what is committed now. `ret_spans` has room for `max`.
// Fails: SG_FATAL, SG_RETRY.
SG_RESULT archive_spans(struct archive *archive, enum topic topic, size_t max,
                        struct log_span *ret_spans, size_t *ret_count);
