// One transactional call of librdkafka, run to its end. For the sources of this folder alone.
#pragma once
#include "core/kafka/producer_state.h"

// Waits until init_transactions() has succeeded or stop_requested(), at most `limit_ms` unless that
// is 0. Fails: SG_FATAL, SG_RETRY when asked to stop or out of time.
SG_RESULT transaction_init(struct kafka_producer *producer, int limit_ms);

// True for a fatal error of the idempotent part, which a new client mends; fencing is none.
bool transaction_is_renewable(int error);
