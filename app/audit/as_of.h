// What the alerts processor knew of one partition at a point of the past, folded again from its
// inputs in the order that the journal gives.
#pragma once
#include "app/audit/fold/fold.h"
#include "app/audit/log/log_reader.h"

// Its inputs, in the processor's order.
enum { AS_OF_SUBSCRIPTIONS, AS_OF_QUOTES, AS_OF_INPUTS };

struct as_of_point {
    int32_t partition;
    int32_t partitions;         // Of each input.
    int64_t ends[AS_OF_INPUTS]; // Behind the last offset; -1: as far as it had been taken by then.
};

struct as_of;

// Folds up to the point. `dir` is for the state while it is open. Codecs are those of the alerts
// processor and of the journal; borrowed. Fails: SG_FATAL, SG_RETRY.
SG_RESULT as_of_open(const struct settings_all *all, struct codecs *codecs, const char *dir,
                     const struct as_of_point *point, struct as_of **ret_as_of);

// Accepts NULL.
void as_of_close(struct as_of **as_of);

// The stores of the processor as they were.
struct stores *as_of_stores(struct as_of *as_of);

// The offset of the last quote of an instrument that was not late, -1 if there is none.
int64_t as_of_offset(const struct as_of *as_of, struct bytes instrument);

// The first offset of an input that is still kept: above 0 the past before it is missing.
int64_t as_of_kept_from(const struct as_of *as_of, size_t input);
