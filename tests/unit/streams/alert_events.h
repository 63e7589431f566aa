// Subscriptions and quotes for the alerts processor, made from a seed, in the topics of the fake;
// among them records that must be refused.
#pragma once
#include <stdint.h>

// Puts `count` records, about one in four a subscription, spread over the partitions by key.
void alert_events_put(uint64_t seed, int count);

// Puts one plain quote or subscription (a high threshold).
void alert_events_quote(const char *instrument, double value, int64_t at_ms);
void alert_events_subscription(const char *instrument, const char *id, double high, int64_t at_ms);
