// One easy handle of libcurl and what it needs for one attempt: request, headers, the beginning of
// the answer. It connects to addresses that are judged and to no others.
#pragma once
#include "connectors/webhook/webhook_options.h"
#include "connectors/webhook/webhook_signature.h"
#include "connectors/webhook/webhook_verdict.h"
#include "core/buffer.h"
#include <curl/curl.h>

struct webhook_job;
struct webhook_transfer;

// Makes a transfer without a job. `settings` must live as long. The caller frees it. Fails:
// SG_FATAL without memory.
SG_RESULT webhook_transfer_new(const struct webhook_settings *settings,
                               struct webhook_transfer **ret_transfer);

// Frees and sets `*transfer` to NULL; its handle must be in no multi handle. Accepts NULL.
void webhook_transfer_free(struct webhook_transfer **transfer);

// Prepares the attempt, signed at `now_ms` with each of the keys; the job is lent until
// webhook_transfer_end(). Fails: SG_DROP for a job that can never be sent, saying why; SG_RETRY and
// SG_FATAL without memory.
SG_RESULT webhook_transfer_begin(struct webhook_transfer *transfer, struct webhook_job *job,
                                 const struct webhook_keys *keys, int64_t now_ms);

// The handle to perform.
CURL *webhook_transfer_handle(struct webhook_transfer *transfer);

// The transfer of a handle, and its job; NULL when it has none.
struct webhook_transfer *webhook_transfer_of(CURL *handle);
struct webhook_job *webhook_transfer_job(struct webhook_transfer *transfer);

// Says what came of it when libcurl ended it with `code`: sets the job's end but for the time, and
// gives the job back.
struct webhook_judgement webhook_transfer_end(struct webhook_transfer *transfer, CURLcode code);
