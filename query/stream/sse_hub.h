// What all server-sent event streams share: the newest events of quotes and alerts in memory, the
// thread that reads them from Kafka while there are streams, the thread that reads again what a
// stream has missed.
#pragma once
#include "core/kafka/kafka.h"
#include "query/http/http_response.h"
#include "schemas/registry.h"

struct sse_hub;

struct sse_settings {
    int64_t max;
    int64_t per_user;
    int64_t buffer_bytes;
    int64_t resume_records;
    int64_t heartbeat_ms;
    int64_t pace_ms;
};

// The rows of `stream.*`.
struct option_table sse_options(struct sse_settings *target);

struct sse_hub_config {
    const struct kafka_settings *kafka;
    const struct topic_settings *topics;
    const struct sse_settings *settings;
    int64_t connections; // Of the server; streams take no more than three quarters of them.

    // The registry, NULL as long as there is none; it must outlive the hub. Called by the hub's
    // threads.
    struct registry *(*registry)(void *context);

    // There may be something to send: look at the streams. Called by the hub's threads.
    void (*news)(void *context);
    void *context;
};

// Starts the threads, which do nothing until the first stream. What the config points to must
// outlive the hub. Fails: SG_FATAL.
SG_RESULT sse_hub_open(const struct sse_hub_config *config, struct sse_hub **ret_hub);

// Lets every stream end. Any thread.
void sse_hub_quit(struct sse_hub *hub);

// Ends the threads and frees; no stream may be left. Accepts NULL.
void sse_hub_close(struct sse_hub **hub);

// Answers GET /v1/stream: with a stream, or with its wait for Kafka. `user_id` of the request says
// whose alerts they are. Fails: SG_DROP with the status as code, SG_RETRY when there are too many
// streams, SG_FATAL. Any thread.
SG_RESULT sse_hub_answer(struct sse_hub *hub, const struct http_request *request,
                         struct http_response *response);
