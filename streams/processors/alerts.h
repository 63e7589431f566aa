// alerts: quotes against thresholds. The rules are in alert_rules.h and docs/alert-rules.md; this
// finds whom a quote concerns, at a cost that follows what fires and not what is stored.
#pragma once
#include "streams/processor.h"

// Its stores, in the order of the topology.
enum { ALERTS_INSTRUMENTS, ALERTS_SUBSCRIPTIONS };

// Kept with an instrument in memory: a quote strictly inside the band and before `due_ms` concerns
// nobody.
struct alerts_band {
    bool known;
    double below;   // Nearest trigger downwards, -INFINITY for none.
    double above;   // Nearest trigger upwards, INFINITY for none.
    int64_t due_ms; // Earliest end of a hold, INT64_MAX for none.
};

// See struct processor and struct store_spec.
SG_RESULT alerts_take(const struct process *process, const struct event *event);
SG_RESULT alerts_reindex(struct index *index, struct bytes key, const void *before,
                         const void *after);
