// Codes of libcurl, as classes.
#include "core/net/curl_error.h"

#include <curl/curl.h>

static const CURLcode passing[] = {
    CURLE_COULDNT_RESOLVE_PROXY,
    CURLE_COULDNT_RESOLVE_HOST,
    CURLE_COULDNT_CONNECT,
    CURLE_OPERATION_TIMEDOUT,
    CURLE_GOT_NOTHING,
    CURLE_SEND_ERROR,
    CURLE_RECV_ERROR,
    CURLE_PARTIAL_FILE,
    CURLE_SSL_CONNECT_ERROR,
    CURLE_AGAIN,
    CURLE_HTTP2,
    CURLE_HTTP2_STREAM,
    CURLE_NO_CONNECTION_AVAILABLE,
};

// The answer is there and cannot be taken; the same question would bring the same answer.
static const CURLcode refused[] = {
    CURLE_WRITE_ERROR,
    CURLE_FILESIZE_EXCEEDED,
    CURLE_BAD_CONTENT_ENCODING,
    CURLE_WEIRD_SERVER_REPLY,
};

static bool is_among(int code, const CURLcode *codes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if ((int)codes[i] == code) {
            return true;
        }
    }
    return false;
}

sg_result curl_result(int code, const char *what, const char *detail)
{
    if (code == CURLE_OK) {
        return sg_ok();
    }
    enum sg_class class = SG_FATAL;
    if (is_among(code, passing, sizeof passing / sizeof passing[0])) {
        class = SG_RETRY;
    } else if (is_among(code, refused, sizeof refused / sizeof refused[0])) {
        class = SG_DROP;
    }
    const char *words = detail[0] == 0 ? curl_easy_strerror((CURLcode)code) : detail;
    return sg_fail(class, code, "%s: %s", what, words);
}
