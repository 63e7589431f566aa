// What one stream wants to see: some instruments, perhaps the alerts of a user.
#pragma once
#include "core/result.h"
#include "query/stream/sse_ring.h"

enum { SSE_INSTRUMENTS_MAX = 100 };

struct sse_filter;

// Reads the parameter `instruments`: names between commas, a comma or backslash inside a name after
// a backslash; empty for none. `user` is whose alerts are wanted, empty for none. The caller frees
// with sse_filter_free(). Fails: SG_DROP (400) for a list that is broken; SG_FATAL without memory.
SG_RESULT sse_filter_new(struct bytes instruments, struct bytes user,
                         struct sse_filter **ret_filter);

// Frees it and sets `*filter` to NULL. Accepts NULL.
void sse_filter_free(struct sse_filter **filter);

// The number of the instrument that the event is of, SSE_INSTRUMENTS_MAX for an alert or a gap, -1
// for an event that is not wanted. Any thread.
int sse_filter_takes(const struct sse_filter *filter, const struct sse_event *event);

// The names. Borrowed.
size_t sse_filter_count(const struct sse_filter *filter);
struct bytes sse_filter_name(const struct sse_filter *filter, size_t index);
struct bytes sse_filter_user(const struct sse_filter *filter); // Empty: no alerts.
