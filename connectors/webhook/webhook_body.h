// The body of a request: bytes in, bytes out. The same job gives the same bytes.
#pragma once
#include "connectors/webhook/webhook_job.h"
#include "core/buffer.h"

// Largest body that is built, in bytes.
enum { WEBHOOK_BODY_MAX = 4 * 1024 * 1024 };

// Adds the JSON object of docs/webhooks.md. Fails: SG_DROP for texts that are not UTF-8 and past
// the limit, SG_FATAL without memory. Any thread.
SG_RESULT webhook_body_print(const struct webhook_job *job, struct buffer *out);
