// The one translator from librdkafka's errors to results. For the sources of this folder alone.
#pragma once
#include "core/result.h"

struct rd_kafka_error_s;

// The class of an error code outside a transaction: SG_OK for no error, SG_RETRY for what passes,
// SG_DROP for a record that is too large, SG_FATAL for what it takes a person to mend and for every
// code not known here. Any thread.
enum sg_class kafka_class(int error);

// What a person should know about an error beside its text, with "; " before it; "" for nothing.
// Any thread.
const char *kafka_advice(int error);

// The result of an error code; `what` says what was tried. Any thread.
SG_RESULT kafka_result(int error, const char *what);

// The result of a transactional call, and the end of `*error` (set to NULL; NULL is a success).
// The flags are asked in the order that the library's manual demands: abort, retriable, the rest is
// fatal. Any thread.
SG_RESULT kafka_result_of(struct rd_kafka_error_s **error, const char *what);
