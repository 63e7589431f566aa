// libcurl reads the URL, so that what is judged here is what is used later.
#include "connectors/webhook/webhook_url.h"

#include <curl/curl.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { PORT_UNPRIVILEGED = 1024, PORT_HTTP = 80, PORT_HTTPS = 443, PORT_MAX = 65535 };

static void free_url(CURLU **url)
{
    curl_url_cleanup(*url);
    *url = NULL;
}

static void free_part(char **part)
{
    curl_free(*part);
    *part = NULL;
}

static bool is_visible_ascii(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] <= 0x20 || text.data[i] >= 0x7F) {
            return false;
        }
    }
    return true;
}

static bool has_part(CURLU *url, CURLUPart part)
{
    SG_CLEANUP(free_part) char *text = NULL;
    return curl_url_get(url, part, &text, 0) == CURLUE_OK && text != NULL;
}

static sg_result check_scheme(CURLU *url, bool http)
{
    SG_CLEANUP(free_part) char *scheme = NULL;
    bool known = curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK;
    if (known && strcasecmp(scheme, "https") == 0) {
        return sg_ok();
    }
    if (known && strcasecmp(scheme, "http") == 0) {
        return http ? sg_ok()
                    : sg_fail(SG_DROP, 0, "the URL begins with http://: it must be https://");
    }
    return sg_fail(SG_DROP, 0, "the URL does not begin with https://");
}

static sg_result check_port(CURLU *url)
{
    SG_CLEANUP(free_part) char *text = NULL;
    if (curl_url_get(url, CURLUPART_PORT, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) {
        return sg_fail(SG_DROP, 0, "the URL's port cannot be read");
    }
    long port = strtol(text, NULL, 10);
    bool usual = port == PORT_HTTP || port == PORT_HTTPS;
    if (!usual && (port < PORT_UNPRIVILEGED || port > PORT_MAX)) {
        return sg_fail(SG_DROP, 0, "the URL's port %ld is not 80, 443 or 1024 to 65535", port);
    }
    return sg_ok();
}

// An escaped host is another one when its URL is read again, resolved: a number in it becomes an
// address.
static bool has_escaped_host(const char *text)
{
    const char *host = text + strcspn(text, ":");
    host += strspn(host, ":/");
    return memchr(host, '%', strcspn(host, "/?#")) != NULL;
}

static sg_result copy_host(CURLU *url, struct webhook_url *ret_url)
{
    SG_CLEANUP(free_part) char *host = NULL;
    if (curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK || host[0] == '\0' ||
        strlen(host) > WEBHOOK_HOST_MAX) {
        return sg_fail(SG_DROP, 0, "the URL has no host that can be used");
    }
    size_t size = strlen(host);
    for (size_t i = 0; i <= size; i++) {
        bool upper = host[i] >= 'A' && host[i] <= 'Z';
        ret_url->host[i] = (char)(upper ? host[i] + ('a' - 'A') : host[i]);
    }
    return sg_ok();
}

static sg_result copy_text(CURLU *url, struct webhook_url *ret_url)
{
    SG_CLEANUP(free_part) char *text = NULL;
    if (curl_url_get(url, CURLUPART_URL, &text, 0) != CURLUE_OK || strlen(text) > WEBHOOK_URL_MAX) {
        return sg_fail(SG_DROP, 0, "the URL is longer than %d bytes", WEBHOOK_URL_MAX);
    }
    snprintf(ret_url->text, sizeof ret_url->text, "%s", text);
    return sg_ok();
}

sg_result webhook_url_read(struct bytes bytes, bool http, struct webhook_url *ret_url)
{
    if (bytes.size == 0 || bytes.size > WEBHOOK_URL_MAX) {
        return sg_fail(SG_DROP, 0, "the URL has %zu bytes: it may have 1 to %d", bytes.size,
                       WEBHOOK_URL_MAX);
    }
    if (!is_visible_ascii(bytes)) {
        return sg_fail(SG_DROP, 0, "the URL has a blank, a control character or one beyond ASCII");
    }
    char text[WEBHOOK_URL_MAX + 1];
    memcpy(text, bytes.data, bytes.size);
    text[bytes.size] = '\0';
    if (has_escaped_host(text)) {
        return sg_fail(SG_DROP, 0, "the URL's host has a percent sign: write it as it is");
    }
    SG_CLEANUP(free_url) CURLU *url = curl_url();
    if (url == NULL) {
        return sg_fail(SG_RETRY, 0, "out of memory for a URL");
    }
    // A scheme that libcurl does not know would be an error of its own: the words are ours.
    if (curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK) {
        return sg_fail(SG_DROP, 0, "the address is no absolute URL");
    }
    SG_TRY(check_scheme(url, http));
    if (has_part(url, CURLUPART_USER) || has_part(url, CURLUPART_PASSWORD)) {
        return sg_fail(SG_DROP, 0, "the URL has a user or a password: it may not");
    }
    SG_TRY(check_port(url));
    SG_TRY(copy_host(url, ret_url));
    return copy_text(url, ret_url);
}
