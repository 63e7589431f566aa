// Batches of records into the views, each with the positions behind them in one transaction. Knows
// nothing of Kafka, so that tests feed it by hand. One thread.
#pragma once
#include "query/views/view.h"

enum { VIEW_COUNT = 4, VIEW_SOURCE_COUNT = 7 };

struct view_writer;

// Opens the memory of every view; one whose rows have another format begins empty. Store and
// settings must outlive the writer. Fails: SG_FATAL.
SG_RESULT view_writer_open(struct view_store *store, const struct view_settings *settings,
                           struct view_writer **ret_writer);

// Forgets what is not committed and frees. Accepts NULL.
void view_writer_close(struct view_writer **writer);

// The topics that the views are made of; a view's stand side by side. Sources and views go by their
// index, from 0. Any thread.
enum topic view_writer_topic(size_t source);
size_t view_writer_view_of(size_t source);

// What tells a record from another one at the same offset. Any thread.
uint64_t view_writer_fingerprint(const struct view_record *record, struct bytes payload);

// The position of a partition, taken records included, not only committed ones. `*ret_found` false:
// it was never read. Fails: SG_FATAL.
SG_RESULT view_writer_position(struct view_writer *writer, size_t source, int32_t partition,
                               struct view_position *ret_position, bool *ret_found);

// One more than the highest partition that has a committed position, 0 when none has. Fails:
// SG_FATAL.
SG_RESULT view_writer_partitions(struct view_writer *writer, size_t source, int32_t *ret_count);

// Takes a record; one without a value (NULL), or that the view refuses, only moves the position.
// `*ret_refused` tells whether the view did. Fails: SG_FATAL.
SG_RESULT view_writer_take(struct view_writer *writer, size_t source,
                           const struct view_record *record, uint64_t fingerprint,
                           bool *ret_refused);

// Moves the position of a partition on to the offset `next`, with the next commit: Kafka has
// deleted what lies below. Fails: SG_FATAL.
SG_RESULT view_writer_skip(struct view_writer *writer, size_t source, int32_t partition,
                           int64_t next);

// True when so much waits in memory that nothing more should be taken before the commit.
bool view_writer_full(const struct view_writer *writer);

// True when what was taken should be committed now: it is old or much, or `at_once` says that
// nothing more is to be had or that somebody waits for it.
bool view_writer_due(const struct view_writer *writer, bool at_once);

// Commits what was taken, growing the file when it is full. Nothing taken: does nothing.
// `*ret_committed` tells. Fails: SG_FATAL.
SG_RESULT view_writer_commit(struct view_writer *writer, bool *ret_committed);

// Empties a view and the positions of all its topics and commits that. Fails: SG_FATAL.
SG_RESULT view_writer_rebuild(struct view_writer *writer, size_t view);
