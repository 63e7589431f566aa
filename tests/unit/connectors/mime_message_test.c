// The mail of a notification, byte by byte, and what is refused.
#include "connectors/mail/mime_message.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static struct buffer out;
static struct mail_mailbox from;
static struct mime_parts parts;

static void set_parts(void)
{
    from = (struct mail_mailbox){.name = "soglia", .address = "alerts@soglia.test"};
    parts = (struct mime_parts){
        .from = &from,
        .domain = bytes_of_text("soglia.test"),
        .id = bytes_of_text("n-1"),
        .to = bytes_of_text("ada@example.org"),
        .subject = bytes_of_text("AAPL above 190"),
        .text = bytes_of_text("AAPL: 191.5\n"),
        .created_at = 1795255200123,
    };
}

static int make(void **state)
{
    (void)state;
    buffer_init(&out, MIME_MESSAGE_MAX);
    set_parts();
    return 0;
}

static int drop(void **state)
{
    (void)state;
    buffer_done(&out);
    return 0;
}

static const char *build(void)
{
    buffer_clear(&out);
    sg_result result = mime_message_build(&parts, &out);
    if (!sg_is_ok(result)) {
        fail_msg("%s", sg_reason());
    }
    assert_true(sg_is_ok(buffer_append_byte(&out, 0)));
    return (const char *)out.data;
}

static void refused(const char *words)
{
    buffer_clear(&out);
    assert_int_equal(mime_message_build(&parts, &out).class, SG_DROP);
    assert_non_null(strstr(sg_reason(), words));
}

static void plain_text_is_one_part(void **state)
{
    (void)state;
    assert_string_equal(build(), "From: \"soglia\" <alerts@soglia.test>\r\n"
                                 "To: <ada@example.org>\r\n"
                                 "Subject: AAPL above 190\r\n"
                                 "Date: Sat, 21 Nov 2026 10:00:00 +0000\r\n"
                                 "Message-ID: <n-1@soglia.test>\r\n"
                                 "Auto-Submitted: auto-generated\r\n"
                                 "MIME-Version: 1.0\r\n"
                                 "Content-Type: text/plain; charset=utf-8\r\n"
                                 "Content-Transfer-Encoding: quoted-printable\r\n"
                                 "\r\n"
                                 "AAPL: 191.5\r\n");
}

static void html_is_the_second_alternative(void **state)
{
    (void)state;
    parts.has_html = true;
    parts.html = bytes_of_text("<p>191.5</p>");
    const char *mail = build();
    const char *plain = strstr(mail, "\r\nContent-Type: text/plain");
    const char *html = strstr(mail, "\r\nContent-Type: text/html");
    assert_non_null(strstr(mail, "\r\nContent-Type: multipart/alternative;\r\n boundary=\"=_"));
    assert_non_null(plain);
    assert_true(html > plain);
}

static void the_same_parts_give_the_same_bytes(void **state)
{
    (void)state;
    parts.has_html = true;
    parts.html = bytes_of_text("<p>\xc3\xa9</p>");
    char first[4096];
    strncpy(first, build(), sizeof first - 1);
    first[sizeof first - 1] = '\0';
    assert_string_equal(build(), first);
    parts.id = bytes_of_text("n-2");
    assert_string_not_equal(build(), first);
}

static void header_values_cannot_begin_a_header(void **state)
{
    (void)state;
    parts.subject = bytes_of_text("x\r\nBcc: all@example.org");
    refused("subject");
    set_parts();
    parts.to = bytes_of_text("ada@example.org\nBcc: all@example.org");
    refused("address");
    set_parts();
    snprintf(from.name, sizeof from.name, "x\r\nBcc: y");
    refused("sender");
    set_parts();
    snprintf(from.address, sizeof from.address, "a@b.org>\r\nBcc: <y@z.org");
    refused("address");
    set_parts();
    parts.domain = bytes_of_text("x>\r\nBcc: y");
    refused("domain");
}

static void an_id_that_is_no_word_becomes_its_hash(void **state)
{
    (void)state;
    parts.id = bytes_of_text("n>\r\nBcc: y");
    const char *mail = build();
    assert_null(strstr(mail, "Bcc"));
    assert_non_null(strstr(mail, "@soglia.test>\r\n"));
}

static void times_out_of_reach_are_refused(void **state)
{
    (void)state;
    static const int64_t bad[] = {-1, INT64_MIN, INT64_MAX, 253402300800000};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        parts.created_at = bad[i];
        refused("created_at");
    }
    parts.created_at = 0;
    assert_non_null(strstr(build(), "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n"));
}

static void a_mail_that_is_too_large_is_refused(void **state)
{
    (void)state;
    struct buffer small;
    buffer_init(&small, 500);
    char text[1000];
    memset(text, 'x', sizeof text);
    parts.text = bytes_of(text, sizeof text);
    assert_int_equal(mime_message_build(&parts, &small).class, SG_DROP);
    buffer_done(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(plain_text_is_one_part, make, drop),
        cmocka_unit_test_setup_teardown(html_is_the_second_alternative, make, drop),
        cmocka_unit_test_setup_teardown(the_same_parts_give_the_same_bytes, make, drop),
        cmocka_unit_test_setup_teardown(header_values_cannot_begin_a_header, make, drop),
        cmocka_unit_test_setup_teardown(an_id_that_is_no_word_becomes_its_hash, make, drop),
        cmocka_unit_test_setup_teardown(times_out_of_reach_are_refused, make, drop),
        cmocka_unit_test_setup_teardown(a_mail_that_is_too_large_is_refused, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
