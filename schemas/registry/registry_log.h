// The _schemas topic as a log: read to its end, written by one program at a time.
#pragma once
#include "core/kafka/kafka.h"
#include "schemas/registry/registry_book.h"

struct registry_log;

// Opens the log of `topic`. The settings are borrowed until the close. Fails: SG_RETRY when Kafka
// does not answer, SG_FATAL when the topic is not there or has more than one partition.
SG_RESULT registry_log_open(const struct kafka_settings *kafka, const char *topic,
                            struct registry_log **ret_log);

// Accepts NULL.
void registry_log_close(struct registry_log **log);

// Takes what is new into the book, up to the end. Records that are no registry's are told in the
// log and passed over. Fails: SG_RETRY after `timeout_ms`, SG_FATAL.
SG_RESULT registry_log_read(struct registry_log *log, int64_t timeout_ms,
                            struct registry_book *book);

// Becomes the only writer: the writers before are fenced, and what they were writing is either
// there for the next read or never will be. Does nothing when called again. Fails: SG_FATAL,
// SG_RETRY when asked to stop.
SG_RESULT registry_log_claim(struct registry_log *log);

// Writes versions, all or none; the log must be claimed. They are there when this returns. Fails:
// SG_FATAL when another program claimed the log meanwhile, SG_RETRY.
SG_RESULT registry_log_write(struct registry_log *log, const struct registry_record *const *records,
                             size_t count);
