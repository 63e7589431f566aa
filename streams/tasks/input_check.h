// What every record of an Avro topic must be, whoever wrote it, before a processor sees it.
#pragma once
#include "streams/processor.h"

// Fails: SG_DROP with a reason that tells the sender what to mend: no value, no key, a key that
// contradicts the record, or a partition other than Java's partitioner gives for the key among
// `partitions`. Any thread.
SG_RESULT input_check(const struct topic_info *info, const struct event *event, int32_t partitions);

// The same for the value alone, before it is decoded.
SG_RESULT input_check_value(const struct topic_info *info, bool has_value);
