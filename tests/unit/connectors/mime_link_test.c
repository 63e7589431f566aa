// The headers of a list and the link in the text, and what cannot be one.
#include "connectors/mail/mime_link.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

enum { OUT_MAX = 8192 };

static struct buffer out;

static int make(void **state)
{
    (void)state;
    buffer_init(&out, OUT_MAX);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    buffer_done(&out);
    return 0;
}

static const char *headers(const char *link)
{
    buffer_clear(&out);
    assert_true(
        sg_is_ok(mime_link_headers(bytes_of_text("soglia.test"), bytes_of_text(link), &out)));
    assert_true(sg_is_ok(buffer_append_byte(&out, 0)));
    return (const char *)out.data;
}

static void one_click_is_for_https_alone(void **state)
{
    (void)state;
    assert_string_equal(headers("https://soglia.test/u/t"),
                        "List-Id: Alerts <alerts.soglia.test>\r\n"
                        "List-Unsubscribe:\r\n <https://soglia.test/u/t>\r\n"
                        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n");
    assert_string_equal(headers("http://localhost:8080/u/t"),
                        "List-Id: Alerts <alerts.soglia.test>\r\n"
                        "List-Unsubscribe:\r\n <http://localhost:8080/u/t>\r\n");
    assert_string_equal(headers(""), "List-Id: Alerts <alerts.soglia.test>\r\n");
}

static void a_link_cannot_begin_a_header(void **state)
{
    (void)state;
    static const char *const bad[] = {"https://x/u/t>\r\nBcc: y", "https://x/ u", "https://x/\"",
                                      "https://x/<", "https://x/\x80"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        buffer_clear(&out);
        sg_result result =
            mime_link_headers(bytes_of_text("soglia.test"), bytes_of_text(bad[i]), &out);
        assert_int_equal(result.class, SG_DROP);
    }
    char link[MIME_LINK_MAX + 1];
    memset(link, 'x', sizeof link);
    assert_int_equal(
        mime_link_headers(bytes_of_text("s.test"), bytes_of(link, sizeof link), &out).class,
        SG_DROP);
    assert_true(
        sg_is_ok(mime_link_headers(bytes_of_text("s.test"), bytes_of(link, MIME_LINK_MAX), &out)));
}

static const char *text_of(const char *text)
{
    buffer_clear(&out);
    assert_true(
        sg_is_ok(mime_link_text(bytes_of_text(text), bytes_of_text("https://x/u/t"), &out)));
    assert_true(sg_is_ok(buffer_append_byte(&out, 0)));
    return (const char *)out.data;
}

static void the_link_stands_before_the_signature(void **state)
{
    (void)state;
    assert_string_equal(text_of("It rose.\n\n-- \nInstrument X\n"),
                        "It rose.\n\nChange, pause or end this alert:\nhttps://x/u/t\n\n"
                        "-- \nInstrument X\n");
    assert_string_equal(text_of("a\n-- \nb\n-- \nc"),
                        "a\n-- \nb\nChange, pause or end this alert:\nhttps://x/u/t\n\n-- \nc");
    assert_string_equal(text_of("It rose."),
                        "It rose.\n\nChange, pause or end this alert:\nhttps://x/u/t\n\n");
    assert_string_equal(text_of(""), "Change, pause or end this alert:\nhttps://x/u/t\n\n");
}

static void the_link_stands_inside_the_body(void **state)
{
    (void)state;
    static const char html[] = "<body><p>1</p></body></html>";
    assert_true(
        sg_is_ok(mime_link_html(bytes_of_text(html), bytes_of_text("https://x/u/t"), &out)));
    assert_true(sg_is_ok(buffer_append_byte(&out, 0)));
    const char *made = (const char *)out.data;
    const char *link = strstr(made, "<a href=\"https://x/u/t\"");
    assert_non_null(link);
    assert_true(link > strstr(made, "<p>1</p>") && link < strstr(made, "</body></html>"));
    buffer_clear(&out);
    assert_true(sg_is_ok(mime_link_html(bytes_of_text("x"), bytes_of_text("https://x/u/t"), &out)));
    assert_memory_equal(out.data, "x<p ", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_click_is_for_https_alone, make, drop),
        cmocka_unit_test_setup_teardown(a_link_cannot_begin_a_header, make, drop),
        cmocka_unit_test_setup_teardown(the_link_stands_before_the_signature, make, drop),
        cmocka_unit_test_setup_teardown(the_link_stands_inside_the_body, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
