// Stream processors in this process: a thread for each worker, and what all of them share.
#pragma once
#include "app/settings_all.h"
#include "streams/processor.h"

struct pipeline;

// Starts the workers of the processors that are `wanted`. Waits for Kafka, told in the log. The
// settings must outlive it; topics and schemas must have been applied. Fails: SG_FATAL; SG_RETRY
// when asked to stop while waiting.
SG_RESULT pipeline_open(const struct settings_all *all, const bool wanted[static PROCESSOR_COUNT],
                        struct pipeline **ret_pipeline);

// True when every worker has its assignment and state; writes what is lacking, for people, if not.
// Any thread.
bool pipeline_ready(void *pipeline, struct buffer *ret_lacking);

// Tells the senders of mails and webhooks to begin nothing any more, without waiting: an attempt
// that the end of the process cuts off is made again by the next one. Accepts NULL.
void pipeline_end(struct pipeline *pipeline);

// Waits for the workers, which end after stop_request(), and frees. Returns the first failure of
// one. Accepts NULL.
sg_result pipeline_close(struct pipeline **pipeline);
