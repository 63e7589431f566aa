// What is sent to comes from strangers, so that every limit is named here: protocols, addresses,
// sizes, times; no proxy, no redirect, no credentials, no cookies.
#include "connectors/webhook/webhook_transfer.h"
#include "connectors/webhook/webhook_address.h"
#include "connectors/webhook/webhook_body.h"
#include "connectors/webhook/webhook_url.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    ANSWER_BYTES_MAX = 4096,      // Of the body; then the connection is closed.
    HEADER_BYTES_MAX = 16 * 1024, // Of all headers together.
    SLOW_BYTES_PER_S = 1,
    SLOW_S = 10,
    SIGNATURE_MAX = 1024,
    HEADER_LINE_MAX = SIGNATURE_MAX + 64,
};

struct webhook_transfer {
    const struct webhook_settings *settings;
    CURL *easy;
    struct webhook_job *job;
    struct curl_slist *headers;
    struct buffer body;
    struct webhook_url url;
    char excerpt[WEBHOOK_REPLY_MAX]; // Of the answer's body.
    size_t excerpt_size;
    size_t answer_bytes;
    size_t header_bytes;
    bool forbidden; // An address was refused.
};

// Called with a piece of the answer. Taking less than was given makes libcurl end the transfer.
static size_t take_answer(char *data, size_t size, size_t count, void *opaque)
{
    struct webhook_transfer *transfer = opaque;
    size_t bytes = size * count;
    size_t room = sizeof transfer->excerpt - transfer->excerpt_size;
    size_t taken = bytes < room ? bytes : room;
    memcpy(transfer->excerpt + transfer->excerpt_size, data, taken);
    transfer->excerpt_size += taken;
    transfer->answer_bytes += bytes;
    return transfer->answer_bytes > ANSWER_BYTES_MAX ? 0 : bytes;
}

static size_t take_header(char *data, size_t size, size_t count, void *opaque)
{
    struct webhook_transfer *transfer = opaque;
    (void)data;
    transfer->header_bytes += size * count;
    return transfer->header_bytes > HEADER_BYTES_MAX ? 0 : size * count;
}

// The name was looked up; this is where libcurl goes, and nothing can change it afterwards.
static curl_socket_t open_socket(void *opaque, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct webhook_transfer *transfer = opaque;
    if (purpose != CURLSOCKTYPE_IPCXN ||
        (!transfer->settings->private_addresses && !webhook_address_is_public(&address->addr))) {
        transfer->forbidden = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

sg_result webhook_transfer_new(const struct webhook_settings *settings,
                               struct webhook_transfer **ret_transfer)
{
    SG_CLEANUP(webhook_transfer_free)
    struct webhook_transfer *transfer = calloc(1, sizeof *transfer);
    if (transfer == NULL) {
        return sg_fail(SG_FATAL, 0, "webhooks: out of memory");
    }
    transfer->settings = settings;
    buffer_init(&transfer->body, WEBHOOK_BODY_MAX);
    transfer->easy = curl_easy_init();
    if (transfer->easy == NULL) {
        return sg_fail(SG_FATAL, 0, "webhooks: out of memory");
    }
    *ret_transfer = SG_MOVE(transfer);
    return sg_ok();
}

static void drop_headers(struct webhook_transfer *transfer)
{
    curl_slist_free_all(transfer->headers);
    transfer->headers = NULL;
}

void webhook_transfer_free(struct webhook_transfer **transfer)
{
    struct webhook_transfer *freed = SG_MOVE(*transfer);
    if (freed == NULL) {
        return;
    }
    if (freed->easy != NULL) {
        curl_easy_cleanup(freed->easy);
    }
    drop_headers(freed);
    buffer_done(&freed->body);
    free(freed);
}

static sg_result add_header(struct webhook_transfer *transfer, const char *line)
{
    struct curl_slist *longer = curl_slist_append(transfer->headers, line);
    if (longer == NULL) {
        return sg_fail(SG_RETRY, 0, "out of memory for a webhook's headers");
    }
    transfer->headers = longer;
    return sg_ok();
}

static sg_result add_signature(struct webhook_transfer *transfer,
                               const struct webhook_content *content,
                               const struct webhook_keys *keys)
{
    SG_CLEANUP(buffer_done) struct buffer line;
    buffer_init(&line, HEADER_LINE_MAX);
    SG_TRY(buffer_print(&line, "webhook-signature: "));
    SG_TRY(webhook_signature_print(content, keys, &line));
    SG_TRY(buffer_append_byte(&line, 0));
    return add_header(transfer, (const char *)line.data);
}

static sg_result list_headers(struct webhook_transfer *transfer, const struct webhook_keys *keys,
                              int64_t now_ms)
{
    char id[WEBHOOK_ID_MAX + 1];
    char line[HEADER_LINE_MAX];
    webhook_signature_id(transfer->job->notification_id, id);
    const struct webhook_content content = {
        .id = id, .timestamp_s = now_ms / 1000, .body = buffer_bytes(&transfer->body)};
    SG_TRY(add_header(transfer, "Content-Type: application/json"));
    // Without this libcurl asks for leave before a larger body, which many receivers do not give.
    SG_TRY(add_header(transfer, "Expect:"));
    SG_TRY(add_header(transfer, "Accept:"));
    snprintf(line, sizeof line, "webhook-id: %s", id);
    SG_TRY(add_header(transfer, line));
    snprintf(line, sizeof line, "webhook-timestamp: %" PRId64, content.timestamp_s);
    SG_TRY(add_header(transfer, line));
    return add_signature(transfer, &content, keys);
}

static void set_limits(struct webhook_transfer *transfer)
{
    CURL *easy = transfer->easy;
    const struct webhook_settings *settings = transfer->settings;
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    // A look-up that hangs must not hold up the others when its transfer is given up.
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, settings->http ? "http,https" : "https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)settings->connect_timeout_ms);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)settings->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES_PER_S);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)SLOW_S);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    if (settings->ca_file[0] != '\0') {
        curl_easy_setopt(easy, CURLOPT_CAINFO, settings->ca_file);
    }
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_answer);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
}

static void set_request(struct webhook_transfer *transfer)
{
    CURL *easy = transfer->easy;
    curl_easy_setopt(easy, CURLOPT_URL, transfer->url.text);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "soglia");
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, (const char *)transfer->body.data);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)transfer->body.size);
}

static void clear(struct webhook_transfer *transfer)
{
    curl_easy_reset(transfer->easy);
    drop_headers(transfer);
    buffer_clear(&transfer->body);
    transfer->excerpt_size = 0;
    transfer->answer_bytes = 0;
    transfer->header_bytes = 0;
    transfer->forbidden = false;
    transfer->job = NULL;
}

sg_result webhook_transfer_begin(struct webhook_transfer *transfer, struct webhook_job *job,
                                 const struct webhook_keys *keys, int64_t now_ms)
{
    clear(transfer);
    SG_TRY(webhook_url_read(job->url, transfer->settings->http, &transfer->url));
    SG_TRY(webhook_body_print(job, &transfer->body));
    transfer->job = job;
    sg_result listed = list_headers(transfer, keys, now_ms);
    if (!sg_is_ok(listed)) {
        transfer->job = NULL;
        return listed;
    }
    set_limits(transfer);
    set_request(transfer);
    return sg_ok();
}

CURL *webhook_transfer_handle(struct webhook_transfer *transfer)
{
    return transfer->easy;
}

struct webhook_transfer *webhook_transfer_of(CURL *handle)
{
    char *transfer = NULL;
    curl_easy_getinfo(handle, CURLINFO_PRIVATE, &transfer);
    return (struct webhook_transfer *)(void *)transfer;
}

struct webhook_job *webhook_transfer_job(struct webhook_transfer *transfer)
{
    return transfer->job;
}

static struct webhook_facts facts_of(const struct webhook_transfer *transfer, CURLcode code)
{
    struct webhook_facts facts = {.curl = (int)code, .forbidden = transfer->forbidden};
    curl_off_t wait_s = 0;
    long request_bytes = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &facts.status);
    curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &wait_s);
    curl_easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &request_bytes);
    facts.retry_after_s = (int64_t)wait_s;
    facts.sent = request_bytes > 0;
    return facts;
}

// The reason in our words, else the beginning of what the receiver said, behind its status.
static void say(struct webhook_job *job, const struct webhook_transfer *transfer,
                const struct webhook_judgement *judgement)
{
    char words[WEBHOOK_REPLY_MAX + 1];
    bool ours = judgement->words[0] != '\0';
    size_t size = ours ? strlen(judgement->words) : transfer->excerpt_size;
    const char *text = ours ? judgement->words : transfer->excerpt;
    if (judgement->code > 0) {
        snprintf(words, sizeof words, "HTTP %d%s%.*s", judgement->code, size > 0 ? ": " : "",
                 (int)size, text);
    } else {
        snprintf(words, sizeof words, "%.*s", (int)size, text);
    }
    webhook_job_say(job, bytes_of_text(words));
}

struct webhook_judgement webhook_transfer_end(struct webhook_transfer *transfer, CURLcode code)
{
    const struct webhook_facts facts = facts_of(transfer, code);
    struct webhook_judgement judgement = webhook_verdict_of(&facts);
    struct webhook_job *job = transfer->job;
    curl_off_t duration_us = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_TOTAL_TIME_T, &duration_us);
    job->end.outcome = judgement.outcome;
    job->end.ambiguous = judgement.ambiguous;
    job->end.code = judgement.code;
    job->end.duration_us = (int64_t)duration_us;
    say(job, transfer, &judgement);
    transfer->job = NULL;
    return judgement;
}
