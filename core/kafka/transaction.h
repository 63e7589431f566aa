// One transactional call of librdkafka, run to its end. For the sources of this folder alone.
#pragma once
#include "core/kafka/producer_state.h"

// Waits until init_transactions() has succeeded or stop_requested(). Fails: SG_FATAL, SG_RETRY when
// asked to stop.
SG_RESULT transaction_init(struct kafka_producer *producer);

// True for a fatal error of the idempotent part, which a new client mends; fencing is none.
bool transaction_is_renewable(int error);
