// The topics that processors write, read beside the fold: every record that a transaction wrote
// must be there once, and nothing else. One thread.
#pragma once
#include "app/audit/fold/fold.h"
#include "app/audit/log/log_reader.h"
#include "app/audit/verify/sightings.h"

// Most records of a topic that may wait for their transaction, 64 bytes each at most.
enum { OUTPUT_LOG_WAITING_MAX = 1 << 21 };

struct output_log;

// Opens the outputs of these processors, from their beginning. The codecs, that of deliveries among
// them, are borrowed. What is committed now is what must
// be explained in the end; the journal is to be opened later. Fails: SG_FATAL, SG_RETRY.
SG_RESULT output_log_open(const struct settings_all *all, struct codecs *codecs,
                          const bool folded[static PROCESSOR_COUNT], struct output_log **ret_log);

// Accepts NULL.
void output_log_close(struct output_log **log);

// Says that a task of the processor is not folded, so that what it wrote cannot be told from what
// nobody wrote.
void output_log_doubt(struct output_log *log, enum processor_id processor);

// Looks for a record that a transaction wrote, and takes it: `*ret_place` is where it is. With
// `*ret_found` false the partition alone is told, where it should be. A topic that others write to
// as well is given up, as if all were found (at offset -1), when too many of their records are read
// before. Fails: SG_FATAL, SG_RETRY.
SG_RESULT output_log_take(struct output_log *log, const struct fold_output *output,
                          struct place *ret_place, bool *ret_found);

// Number of a partition among all that are written, below output_log_slots().
size_t output_log_slot(const struct output_log *log, enum topic topic, int32_t partition);
size_t output_log_slots(const struct output_log *log);

// The first offset of a partition that was kept at the open.
int64_t output_log_kept_from(const struct output_log *log, size_t slot);

// Reads on in every partition of a topic, at most `records` in each. Fails as output_log_take().
SG_RESULT output_log_read_ahead(struct output_log *log, enum topic topic, int64_t records);

// Records of a topic that were read and are not explained, from the lowest offsets on. Returns how
// many, at most `max`.
size_t output_log_unexplained(const struct output_log *log, enum topic topic, size_t max,
                              struct place *ret_places);

// True when records wait that only a transaction can have written.
bool output_log_is_waiting(const struct output_log *log);

// With `reads_on` reads to the ends that were found at the open. With `*ret_found` true the record
// at `*ret_topic` and `*ret_place`, which was read, was written by no transaction. Fails as
// output_log_take().
SG_RESULT output_log_finish(struct output_log *log, bool reads_on, enum topic *ret_topic,
                            struct place *ret_place, bool *ret_found);

// The name of a topic that was given up, NULL for none.
const char *output_log_given_up(const struct output_log *log);
