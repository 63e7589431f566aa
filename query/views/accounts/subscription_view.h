// Subscriptions that are in force, by their owner. One that ended, or whose owner has left, is not
// seen.
#pragma once
#include "query/views/view_reader.h"
#include "schemas/subscription.h"

// Reads a subscription of the reader's user; nobody else's is found. Borrowed from the reader.
// Fails: SG_FATAL.
SG_RESULT subscription_view_find(const struct view_reader *reader, struct bytes subscription_id,
                                 struct subscription *ret_subscription, bool *ret_found);

// A part of the list, in the order of ids as bytes.
struct subscription_page {
    struct bytes instrument; // Only those of this one; empty: all.
    struct bytes after;      // Only ids behind this one; empty: from the first.
    size_t max;
};

// Called for each subscription of a page; borrowed for the call.
typedef sg_result (*subscription_fn)(void *context, const struct subscription *subscription);

// Calls `each` for the subscriptions of the page. Fails: SG_FATAL, and as `each`.
SG_RESULT subscription_view_list(const struct view_reader *reader,
                                 const struct subscription_page *page, subscription_fn each,
                                 void *context);
