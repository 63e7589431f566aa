// HTTP over one easy handle of libcurl.
#include "core/net/http_client.h"
#include "core/net/curl_error.h"

#include <curl/curl.h>

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A transfer slower than this for so long is given up, whatever the time-out.
enum { SLOW_BYTES_PER_S = 1, SLOW_S = 30, PUBLIC_URL_MAX = 256, WHAT_MAX = 300 };

struct http_client {
    CURL *easy;
    struct http_client_limits limits;
    struct buffer body;
    char error[CURL_ERROR_SIZE];
};

static void prepare_library(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

// Called with a piece of the body. Taking less than was given makes libcurl end the transfer.
static size_t take_body(char *data, size_t size, size_t count, void *opaque)
{
    struct http_client *client = opaque;
    return sg_is_ok(buffer_append(&client->body, bytes_of(data, size * count))) ? size * count : 0;
}

sg_result http_client_open(const struct http_client_limits *limits, struct http_client **ret_client)
{
    assert(limits->timeout_ms > 0 && limits->response_bytes > 0);
    static pthread_once_t prepared = PTHREAD_ONCE_INIT;
    pthread_once(&prepared, prepare_library);
    SG_CLEANUP(http_client_close) struct http_client *client = calloc(1, sizeof *client);
    if (client == NULL) {
        return sg_fail(SG_FATAL, 0, "HTTP client: out of memory");
    }
    client->limits = *limits;
    buffer_init(&client->body, (size_t)limits->response_bytes);
    client->easy = curl_easy_init();
    if (client->easy == NULL) {
        return sg_fail(SG_FATAL, 0, "HTTP client: out of memory");
    }
    *ret_client = SG_MOVE(client);
    return sg_ok();
}

void http_client_close(struct http_client **client)
{
    struct http_client *closed = SG_MOVE(*client);
    if (closed == NULL) {
        return;
    }
    if (closed->easy != NULL) {
        curl_easy_cleanup(closed->easy);
    }
    buffer_done(&closed->body);
    free(closed);
}

bool http_client_is_passing(int status)
{
    return status == 408 || status == 425 || status == 429 ||
           (status >= 500 && status < 600 && status != 501 && status != 505);
}

void http_client_public_url(const char *url, char *ret_text, size_t size)
{
    const char *begin = strstr(url, "://");
    begin = begin == NULL ? url : begin + 3;
    size_t authority = strcspn(begin, "/?#");
    const char *host = begin;
    for (size_t i = 0; i < authority; i++) {
        host = begin[i] == '@' ? begin + i + 1 : host;
    }
    snprintf(ret_text, size, "%.*s%.*s", (int)(begin - url), url, (int)strcspn(host, "?#"), host);
}

// What every transfer has. The handle keeps its connections across a reset.
static void set_limits(struct http_client *client)
{
    CURL *easy = client->easy;
    const struct http_client_limits *limits = &client->limits;
    curl_easy_reset(easy);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)limits->connect_timeout_ms);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)limits->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES_PER_S);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)SLOW_S);
    curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)limits->response_bytes);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, client->error);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, client);
}

static void set_request(CURL *easy, const struct http_client_request *request,
                        struct curl_slist *headers)
{
    curl_easy_setopt(easy, CURLOPT_URL, request->url);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    if (request->body.data != NULL) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, (const char *)request->body.data);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.size);
    }
    if (strcmp(request->method, "HEAD") == 0) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    } else {
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
    }
}

static sg_result list_headers(const struct http_client_request *request,
                              struct curl_slist **ret_list)
{
    // Without this libcurl asks for leave before a larger body, and waits for an answer that many
    // servers do not give.
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    const char *const *header = request->headers;
    for (; list != NULL && header != NULL && *header != NULL; header++) {
        struct curl_slist *longer = curl_slist_append(list, *header);
        if (longer == NULL) {
            curl_slist_free_all(list);
        }
        list = longer;
    }
    *ret_list = list;
    return list == NULL ? sg_fail(SG_FATAL, 0, "HTTP headers: out of memory") : sg_ok();
}

static void read_response(struct http_client *client, struct http_client_response *response)
{
    long status = 0;
    char *type = NULL;
    curl_off_t wait_s = 0;
    curl_easy_getinfo(client->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(client->easy, CURLINFO_CONTENT_TYPE, &type);
    curl_easy_getinfo(client->easy, CURLINFO_RETRY_AFTER, &wait_s);
    *response = (struct http_client_response){.status = (int)status,
                                              .retry_after_ms = (int64_t)wait_s * 1000,
                                              .body = buffer_bytes(&client->body)};
    snprintf(response->content_type, sizeof response->content_type, "%s", type == NULL ? "" : type);
}

sg_result http_client_send(struct http_client *client, const struct http_client_request *request,
                           struct http_client_response *ret_response)
{
    struct curl_slist *headers = NULL;
    SG_TRY(list_headers(request, &headers));
    buffer_clear(&client->body);
    client->error[0] = 0;
    set_limits(client);
    set_request(client->easy, request, headers);
    CURLcode code = curl_easy_perform(client->easy);
    curl_slist_free_all(headers);

    char url[PUBLIC_URL_MAX];
    char what[WHAT_MAX];
    http_client_public_url(request->url, url, sizeof url);
    snprintf(what, sizeof what, "%s %s", request->method, url);
    // libcurl's words for these two quote the URL or the address with all that is in it.
    bool tells = code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL;
    const char *detail = tells ? "" : client->error;
    if (code == CURLE_WRITE_ERROR || code == CURLE_FILESIZE_EXCEEDED) {
        detail = "the answer is larger than it may be";
    }
    SG_TRY(curl_result((int)code, what, detail));
    read_response(client, ret_response);
    return sg_ok();
}
