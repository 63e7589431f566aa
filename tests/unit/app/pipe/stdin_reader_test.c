// Input in pieces, whatever the pipe's own pieces are.
#include "app/pipe/stdin_reader.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LIMIT = 200000 };

static int ends[2];
static struct stdin_reader *input;

static int begin(void **state)
{
    (void)state;
    if (pipe(ends) != 0) {
        return 1;
    }
    input = stdin_reader_new(ends[0], LIMIT);
    return input == NULL;
}

static int end(void **state)
{
    (void)state;
    stdin_reader_free(&input);
    close(ends[0]);
    if (ends[1] >= 0) {
        close(ends[1]);
    }
    return 0;
}

static void feed(const char *text)
{
    assert_int_equal(write(ends[1], text, strlen(text)), strlen(text));
}

static void finish(void)
{
    close(ends[1]);
    ends[1] = -1;
}

static void assert_line(const char *wanted)
{
    struct bytes line;
    bool has_more = false;
    assert_true(sg_is_ok(stdin_reader_line(input, &line, &has_more)));
    assert_true(has_more);
    assert_int_equal(line.size, strlen(wanted));
    assert_memory_equal(line.data, wanted, line.size);
}

static void assert_end(void)
{
    struct bytes line;
    bool has_more = true;
    assert_true(sg_is_ok(stdin_reader_line(input, &line, &has_more)));
    assert_false(has_more);
}

static void lines_come_one_by_one(void **state)
{
    (void)state;
    feed("one\n\nthree");
    assert_line("one");
    assert_line("");
    feed(" and more\nlast");
    assert_line("three and more");
    finish();
    assert_line("last");
    assert_end();
    assert_end();
}

static void an_empty_input_has_no_line(void **state)
{
    (void)state;
    finish();
    assert_end();
}

// Writes lines of 150, 300 and 1 thousand bytes; the second is past the limit.
static void *feed_long(void *context)
{
    static char text[300000];
    memset(text, 'x', sizeof text);
    const size_t sizes[] = {150000, 300000, 1000};
    for (size_t i = 0; i < 3; i++) {
        for (size_t at = 0; at < sizes[i];) {
            ssize_t size = write(ends[1], text, sizes[i] - at);
            at += size > 0 ? (size_t)size : 0;
        }
        if (write(ends[1], "\n", 1) != 1) {
            return NULL;
        }
    }
    return context;
}

static void a_line_past_the_limit_is_skipped_alone(void **state)
{
    (void)state;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, feed_long, NULL), 0);
    struct bytes line[3] = {0};
    size_t sizes[3] = {0};
    enum sg_class classes[3] = {SG_OK, SG_OK, SG_OK};
    for (size_t i = 0; i < 3; i++) {
        bool has_more = false;
        classes[i] = stdin_reader_line(input, &line[i], &has_more).class;
        sizes[i] = line[i].size;
    }
    pthread_join(thread, NULL);
    assert_int_equal(classes[0], SG_OK);
    assert_int_equal(sizes[0], 150000);
    assert_int_equal(classes[1], SG_DROP);
    assert_int_equal(classes[2], SG_OK);
    assert_int_equal(sizes[2], 1000);
}

static void bytes_come_in_the_sizes_asked_for(void **state)
{
    (void)state;
    struct bytes bytes;
    bool has_more = false;
    feed("abcdef");
    assert_true(sg_is_ok(stdin_reader_bytes(input, 4, &bytes, &has_more)));
    assert_true(has_more && bytes_equal(bytes, bytes_of_text("abcd")));
    assert_true(sg_is_ok(stdin_reader_bytes(input, 0, &bytes, &has_more)));
    assert_int_equal(bytes.size, 0);
    feed("gh");
    assert_true(sg_is_ok(stdin_reader_bytes(input, 4, &bytes, &has_more)));
    assert_true(has_more && bytes_equal(bytes, bytes_of_text("efgh")));
    finish();
    assert_true(sg_is_ok(stdin_reader_bytes(input, 4, &bytes, &has_more)));
    assert_false(has_more);
}

static void an_input_that_ends_in_between_is_told(void **state)
{
    (void)state;
    struct bytes bytes;
    bool has_more = false;
    feed("abc");
    finish();
    assert_int_equal(stdin_reader_bytes(input, 4, &bytes, &has_more).class, SG_FATAL);
    assert_string_equal(sg_reason(), "the input ends in the middle of a record");
    assert_int_equal(stdin_reader_bytes(input, LIMIT + 1, &bytes, &has_more).class, SG_FATAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lines_come_one_by_one, begin, end),
        cmocka_unit_test_setup_teardown(an_empty_input_has_no_line, begin, end),
        cmocka_unit_test_setup_teardown(a_line_past_the_limit_is_skipped_alone, begin, end),
        cmocka_unit_test_setup_teardown(bytes_come_in_the_sizes_asked_for, begin, end),
        cmocka_unit_test_setup_teardown(an_input_that_ends_in_between_is_told, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
