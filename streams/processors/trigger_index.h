// The threshold index: what each side of each subscription of an instrument waits for, in the order
// of levels. A quote takes the triggers from the ends that it reaches, so its cost follows what
// fires.
#pragma once
#include "state/index.h"
#include "streams/processors/alert_rules.h"
#include "streams/processors/alerts.h"

// One side that has to be judged.
struct trigger_hit {
    struct bytes subscription_id;
    enum side side;
};

// Hits of one quote, growing in an arena.
struct trigger_hits {
    struct arena *arena;
    struct trigger_hit *list;
    size_t count;
    size_t capacity;
};

// Replaces the triggers of one subscription: `before` and `after` are struct subscription_state,
// NULL where there is none.
SG_RESULT trigger_index_change(struct index *index, struct bytes instrument, const void *before,
                               const void *after);

// A quote, and the band of its instrument: an end of the index that is outside it need not be
// looked at.
struct trigger_point {
    double value;
    int64_t event_time_ms;
    const struct alerts_band *band; // Borrowed; it may be unknown.
};

// Adds every side that a quote concerns; one may be added twice. Fails: SG_FATAL.
SG_RESULT trigger_index_hits(struct index *index, struct bytes instrument,
                             const struct trigger_point *point, struct trigger_hits *hits);

// The band in which a quote concerns nobody.
SG_RESULT trigger_index_band(struct index *index, struct bytes instrument,
                             struct alerts_band *ret_band);
