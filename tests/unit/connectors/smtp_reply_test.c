// Replies: put together from lines, made safe, and which one is the last.
#include "connectors/mail/smtp_reply.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

static struct smtp_reply reply;

static int clear(void **state)
{
    (void)state;
    smtp_reply_clear(&reply);
    return 0;
}

static void take(const char *line)
{
    smtp_reply_take(&reply, bytes_of_text(line));
}

static void the_last_reply_stays(void **state)
{
    (void)state;
    take("354 go on\r\n");
    take("250 2.0.0 Ok: queued as 9A3B\r\n");
    assert_string_equal(reply.text, "250 2.0.0 Ok: queued as 9A3B");
    assert_int_equal(reply.count, 2);
}

static void the_answer_to_quit_is_not_it(void **state)
{
    (void)state;
    take("550 5.1.1 no such user\r\n");
    take("221 2.0.0 bye\r\n");
    assert_string_equal(reply.text, "550 5.1.1 no such user");
}

static void lines_become_one(void **state)
{
    (void)state;
    take("550-5.7.26 This mail is\r\n");
    take("550-5.7.26 not authenticated.\r\n");
    assert_string_equal(reply.text, "");
    take("550 5.7.26 See the manual\r\n");
    assert_string_equal(reply.text,
                        "550 5.7.26 This mail is 5.7.26 not authenticated. 5.7.26 See the manual");
}

static void an_unfinished_reply_does_not_count(void **state)
{
    (void)state;
    take("250 Ok\n");
    take("550-5.7.1 half");
    assert_string_equal(reply.text, "250 Ok");
    assert_int_equal(reply.count, 1);
}

static void what_is_no_reply_is_passed_over(void **state)
{
    (void)state;
    take("hello\r\n");
    take("25\r\n");
    take("2500 too many digits\r\n");
    take("\r\n");
    take("");
    assert_string_equal(reply.text, "");
    take("250\r\n");
    assert_string_equal(reply.text, "250");
}

static void what_cannot_be_printed_is_replaced(void **state)
{
    (void)state;
    smtp_reply_take(&reply, bytes_of("250 a\0b\x1b[31m\xc3\xa9\r\n", 16));
    assert_string_equal(reply.text, "250 a?b?[31m??");
}

static void long_ones_are_cut(void **state)
{
    (void)state;
    char line[2000];
    memset(line, '5', sizeof line);
    line[3] = ' ';
    smtp_reply_take(&reply, bytes_of(line, sizeof line));
    assert_int_equal(strlen(reply.text), SMTP_REPLY_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_last_reply_stays, clear),
        cmocka_unit_test_setup(the_answer_to_quit_is_not_it, clear),
        cmocka_unit_test_setup(lines_become_one, clear),
        cmocka_unit_test_setup(an_unfinished_reply_does_not_count, clear),
        cmocka_unit_test_setup(what_is_no_reply_is_passed_over, clear),
        cmocka_unit_test_setup(what_cannot_be_printed_is_replaced, clear),
        cmocka_unit_test_setup(long_ones_are_cut, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
