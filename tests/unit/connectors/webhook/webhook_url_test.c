// Which URLs are taken, and what is said of the others.
#include "connectors/webhook/webhook_url.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

static struct webhook_url url;

static void taken(const char *text, bool http, const char *host)
{
    if (!sg_is_ok(webhook_url_read(bytes_of_text(text), http, &url))) {
        fail_msg("%s: %s", text, sg_reason());
    }
    assert_string_equal(url.host, host);
}

static void refused(const char *text, bool http, const char *words)
{
    if (webhook_url_read(bytes_of_text(text), http, &url).class != SG_DROP) {
        fail_msg("%s is taken", text);
    }
    if (strstr(sg_reason(), words) == NULL) {
        fail_msg("%s: %s", text, sg_reason());
    }
}

static void https_is_taken(void **state)
{
    (void)state;
    taken("https://example.org", false, "example.org");
    taken("https://Example.ORG/a/b?c=d&e=%20#f", false, "example.org");
    taken("HTTPS://example.org:443/", false, "example.org");
    taken("https://example.org:1024/", false, "example.org");
    taken("https://example.org:65535/", false, "example.org");
    taken("https://example.org:80/", false, "example.org");
    taken("https://[2606:4700::1111]/", false, "[2606:4700::1111]");
    taken("https://192.0.2.1/", false, "192.0.2.1");
    taken("http://example.org/", true, "example.org");
}

static void other_schemes_are_not(void **state)
{
    (void)state;
    refused("http://example.org/", false, "must be https");
    refused("ftp://example.org/", true, "https");
    refused("file:///etc/passwd", true, "https");
    refused("gopher://example.org/", true, "https");
    refused("example.org", true, "absolute");
    refused("//example.org/", true, "absolute");
    refused("", true, "0 bytes");
}

static void what_hides_the_host_is_refused(void **state)
{
    (void)state;
    refused("https://ada@example.org/", false, "user or a password");
    refused("https://ada:secret@example.org/", false, "user or a password");
    refused("https://:secret@example.org/", false, "user or a password");
    assert_null(strstr(sg_reason(), "secret"));
    refused("https://", false, "absolute");
    refused("https://example.org/ x", false, "blank");
    refused("https://example.org/\n", false, "control");
    refused("https://ex\xc3\xa4mple.org/", false, "ASCII");
}

static void ports_of_other_services_are_refused(void **state)
{
    (void)state;
    refused("https://example.org:25/", false, "port 25");
    refused("https://example.org:22/", false, "port 22");
    refused("https://example.org:1023/", false, "port 1023");
    refused("https://example.org:0/", false, "");
    refused("https://example.org:65536/", false, "");
    refused("https://example.org:-1/", false, "");
}

static void a_long_url_is_refused(void **state)
{
    (void)state;
    char text[WEBHOOK_URL_MAX + 2] = "https://example.org/";
    size_t size = strlen(text);
    memset(text + size, 'x', sizeof text - size);
    text[WEBHOOK_URL_MAX] = 0;
    taken(text, false, "example.org");
    text[WEBHOOK_URL_MAX] = 'x';
    text[WEBHOOK_URL_MAX + 1] = 0;
    refused(text, false, "2049 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(https_is_taken),
        cmocka_unit_test(other_schemes_are_not),
        cmocka_unit_test(what_hides_the_host_is_refused),
        cmocka_unit_test(ports_of_other_services_are_refused),
        cmocka_unit_test(a_long_url_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
