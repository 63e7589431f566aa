// From records of Kafka to the structs that the views take. One thread.
#pragma once
#include "core/kafka/consumer.h"
#include "query/views/view_writer.h"
#include "schemas/registry.h"

struct view_decoder;

// A decoder that cannot read anything yet. NULL when memory is out.
struct view_decoder *view_decoder_new(void);

// Frees it and sets `*decoder` to NULL. Accepts NULL.
void view_decoder_free(struct view_decoder **decoder);

// Prepares the decoder for every source; done once, later calls do nothing. The registry must
// outlive it. Fails: SG_RETRY when the schemas cannot be had now, SG_FATAL when they are not there.
SG_RESULT view_decoder_prepare(struct view_decoder *decoder, struct registry *registry);

// Reads a record of a topic with `partitions` partitions. What it returns lives until the next
// call. Fails: SG_DROP for a record that is not acceptable, SG_RETRY when its schema cannot be had
// now.
SG_RESULT view_decoder_read(struct view_decoder *decoder, size_t source, int32_t partitions,
                            const struct kafka_record *record, const void **ret_value);
