// What came of messages is no function of the topics, so it is verified as it was recorded: the
// attempts of each transaction are in the topic in their order, and each belongs to a notification
// that was not done with. One thread.
#pragma once
#include "app/audit/log/log_reader.h"
#include "app/audit/verify/sightings.h"
#include "core/digest.h"
#include "schemas/journal.h"
#include "streams/codecs.h"

struct delivery_log;

// What was found about a transaction's attempts.
enum delivery_verdict {
    DELIVERY_AS_RECORDED,
    DELIVERY_MISSING, // There are fewer than recorded; `place` is where the next one should be.
    DELIVERY_CHANGED, // They are not those that were recorded; `place` is the first of them.
    DELIVERY_UNKNOWN, // The one at `place` belongs to no notification that waits for it.
};

// The codecs are borrowed, those of deliveries and notifications among them. Fails: SG_FATAL,
// SG_RETRY.
SG_RESULT delivery_log_open(const struct settings_all *all, struct codecs *codecs,
                            struct delivery_log **ret_log);

// Accepts NULL.
void delivery_log_close(struct delivery_log **log);

// Takes the attempts of one transaction of deliver in a partition. Fails: SG_FATAL, SG_RETRY.
SG_RESULT delivery_log_take(struct delivery_log *log, int32_t partition,
                            const struct journal_output *output, enum delivery_verdict *ret_verdict,
                            struct place *ret_place);

// Takes what is left up to the ends of the open: with `*ret_found` true the attempt at `*ret_place`
// was recorded by no transaction. Fails: SG_FATAL, SG_RETRY.
SG_RESULT delivery_log_finish(struct delivery_log *log, struct place *ret_place, bool *ret_found);
