// Metrics: fixed at compile time by metric_table.h, counted with relaxed atomics, shown in
// Prometheus' text format.
#pragma once
#include "core/buffer.h"

enum metric {
#define METRIC(id, name, kind, first, second, help) METRIC_##id,
#include "core/service/metric_table.h"
#undef METRIC
    METRIC_COUNT
};

// What a label can mean. Each has at most METRIC_LABEL_VALUES values, numbered from 0 by an enum of
// its owner.
enum metric_label {
    METRIC_LABEL_NONE,
    METRIC_LABEL_PROCESSOR,
    METRIC_LABEL_TOPIC,
    METRIC_LABEL_EDGE,
    METRIC_LABEL_OUTCOME,
    METRIC_LABEL_STATUS,
    METRIC_LABEL_LEVEL,
    METRIC_LABEL_REASON,
    METRIC_LABEL_KINDS
};
enum { METRIC_LABEL_VALUES = 32 };

// Names the values of a label; `names` lives for ever. Called before threads. Values without a name
// are not shown.
void metric_name_values(enum metric_label label, const char *const *names, size_t count);

// Adds to a counter. `first` and `second` are label values, 0 where the metric has none. Any
// thread.
void metric_add(enum metric metric, unsigned first, unsigned second, int64_t amount);

// Sets a gauge, or changes it by an amount. Any thread.
void metric_set(enum metric metric, unsigned first, unsigned second, int64_t value);
void metric_change(enum metric metric, unsigned first, unsigned second, int64_t amount);

// Takes one duration into a histogram. Any thread.
void metric_observe_us(enum metric metric, unsigned first, int64_t microseconds);

// The value of a counter or gauge, the count of a histogram. Any thread.
int64_t metric_value(enum metric metric, unsigned first, unsigned second);

// Writes all in Prometheus' text format 0.0.4. Rows that were never touched are left out, HELP and
// TYPE are not. Any thread. Fails as buffer_append().
SG_RESULT metric_print(struct buffer *out);

// Prints docs/metrics.md.
void metric_print_markdown(void);
