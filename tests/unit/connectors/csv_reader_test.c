// Reading: files in both directions, pipes that bring a byte at a time, lines that are too long.
#include "connectors/csv/csv_reader.h"
#include "core/buffer.h"
#include "core/service/clock.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

enum { TEXT_MAX = 1 << 16, LONG_BYTES = CSV_RECORD_MAX_BYTES };

static char path[] = "/tmp/csv_reader_test.XXXXXX";

static void write_file(struct bytes text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text.data, 1, text.size, file), text.size);
    assert_int_equal(fclose(file), 0);
}

static struct csv_reader *open_file(void)
{
    struct csv_reader *reader = NULL;
    assert_true(sg_is_ok(csv_reader_open(path, &reader)));
    return reader;
}

// The rest as line:first field of every record, "line!" for a fault.
static void read_rest(struct csv_reader *reader, char *ret_text)
{
    const struct csv_record *record = NULL;
    sg_result failure;
    enum csv_next next = CSV_NEXT_WAIT;
    ret_text[0] = '\0';
    while ((next = csv_reader_next(reader, &record, &failure)) != CSV_NEXT_END) {
        size_t used = strlen(ret_text);
        int line = (int)csv_reader_line(reader);
        if (next == CSV_NEXT_RECORD) {
            int size = record->fields[0].text.size > 8 ? 8 : (int)record->fields[0].text.size;
            snprintf(ret_text + used, TEXT_MAX - used, "%d:%.*s ", line, size,
                     (const char *)record->fields[0].text.data);
        } else if (next == CSV_NEXT_FAILED) {
            assert_int_equal(failure.class, SG_DROP);
            snprintf(ret_text + used, TEXT_MAX - used, "%d! ", line);
        }
    }
}

static void check(const char *text, const char *forwards, const char *backwards)
{
    static char found[TEXT_MAX];
    write_file(bytes_of_text(text));
    SG_CLEANUP(csv_reader_close) struct csv_reader *reader = open_file();
    read_rest(reader, found);
    assert_string_equal(found, forwards);
    SG_CLEANUP(csv_reader_close) struct csv_reader *reversed = open_file();
    assert_true(sg_is_ok(csv_reader_reverse(reversed)));
    read_rest(reversed, found);
    assert_string_equal(found, backwards);
}

static void files_are_read_in_both_directions(void **state)
{
    (void)state;
    check("", "", "");
    check("a\nb\nc\n", "1:a 2:b 3:c ", "3:c 2:b 1:a ");
    check("a\r\nb\r\nc", "1:a 2:b 3:c ", "3:c 2:b 1:a ");
    check("\xEF\xBB\xBF"
          "a\nb",
          "1:a 2:b ", "2:b 1:a ");
    check("a\n\n\nb\n\n", "1:a 4:b ", "4:b 1:a ");
    check("a\n\"b\n\"\"b\",x\nc\n", "1:a 2:b\n\"b 4:c ", "4:c 2:b\n\"b 1:a ");
    check("a\n\"b\"x\nc\n", "1:a 2! 3:c ", "3:c 2! 1:a ");
    check("a\n\"b\nc\nd\n", "1:a 2! 3:c 4:d ", "4:d 3:c 2! 1:a ");
}

// A line of `size` bytes between two others, in both directions.
static void check_long(size_t size, const char *forwards, const char *backwards)
{
    SG_CLEANUP(buffer_done) struct buffer text;
    buffer_init(&text, 8 * (size_t)LONG_BYTES);
    assert_true(sg_is_ok(buffer_print(&text, "a\n")));
    for (size_t i = 0; i < size; i++) {
        assert_true(sg_is_ok(buffer_append_byte(&text, 'x')));
    }
    assert_true(sg_is_ok(buffer_print(&text, "\nc\n")));
    static char found[TEXT_MAX];
    write_file(buffer_bytes(&text));
    SG_CLEANUP(csv_reader_close) struct csv_reader *reader = open_file();
    read_rest(reader, found);
    assert_string_equal(found, forwards);
    SG_CLEANUP(csv_reader_close) struct csv_reader *reversed = open_file();
    assert_true(sg_is_ok(csv_reader_reverse(reversed)));
    read_rest(reversed, found);
    assert_string_equal(found, backwards);
}

static void lines_up_to_the_limit_are_read(void **state)
{
    (void)state;
    check_long(LONG_BYTES - 1, "1:a 2:xxxxxxxx 3:c ", "3:c 2:xxxxxxxx 1:a ");
    check_long(LONG_BYTES, "1:a 2! 3:c ", "3:c 2! 1:a ");
    check_long(LONG_BYTES + 1000, "1:a 2! 3:c ", "3:c 2! 1:a ");
    check_long(5 * (size_t)LONG_BYTES, "1:a 2! 3:c ", "3:c 2! 1:a ");
}

static void a_large_file_is_the_same_backwards(void **state)
{
    (void)state;
    enum { ROWS = 100000 };
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    for (int i = 0; i < ROWS; i++) {
        fprintf(file, "\"%d\",%d\n", i, i * 7);
    }
    fclose(file);
    SG_CLEANUP(csv_reader_close) struct csv_reader *reader = open_file();
    assert_true(sg_is_ok(csv_reader_reverse(reader)));
    for (int i = ROWS - 1; i >= 0; i--) {
        const struct csv_record *record = NULL;
        sg_result failure;
        char wanted[16];
        snprintf(wanted, sizeof wanted, "%d", i);
        assert_int_equal(csv_reader_next(reader, &record, &failure), CSV_NEXT_RECORD);
        assert_true(bytes_is_text(record->fields[0].text, wanted));
        assert_int_equal(csv_reader_line(reader), i + 1);
    }
    assert_true(csv_reader_part(reader) >= 1);
}

// Standard input is a pipe here, which brings one byte at a time.
static void a_pipe_is_read_as_it_comes(void **state)
{
    (void)state;
    static const char text[] = "\xEF\xBB\xBFt,v\r\n1,\"a\"\"b\"\r\n2,c";
    int ends[2];
    const struct csv_record *record = NULL;
    sg_result failure;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    SG_CLEANUP(csv_reader_close) struct csv_reader *reader = NULL;
    assert_true(sg_is_ok(csv_reader_open("-", &reader)));
    assert_false(sg_is_ok(csv_reader_reverse(reader)));
    // All but the line end of the header, then the rest.
    for (size_t i = 0; i < strlen(text); i++) {
        if (i == 7) {
            assert_int_equal(csv_reader_next(reader, &record, &failure), CSV_NEXT_WAIT);
        }
        assert_int_equal(write(ends[1], &text[i], 1), 1);
    }
    assert_int_equal(csv_reader_next(reader, &record, &failure), CSV_NEXT_RECORD);
    assert_true(bytes_is_text(record->fields[0].text, "t"));
    assert_int_equal(csv_reader_next(reader, &record, &failure), CSV_NEXT_RECORD);
    assert_true(bytes_is_text(record->fields[1].text, "a\"b"));
    assert_int_equal(csv_reader_next(reader, &record, &failure), CSV_NEXT_WAIT);
    close(ends[1]);
    assert_int_equal(csv_reader_next(reader, &record, &failure), CSV_NEXT_RECORD);
    assert_true(bytes_is_text(record->fields[1].text, "c"));
    assert_int_equal(csv_reader_next(reader, &record, &failure), CSV_NEXT_END);
    close(ends[0]);
}

static void note_alarm(int number)
{
    (void)number;
}

// A wait that a signal cuts short, as a stopped process' continuation does, must not become a read
// that no end of the program is seen from.
static void an_interrupted_wait_is_no_read(void **state)
{
    (void)state;
    enum { SOON_US = 20000, LATE_S = 2, EARLY_US = 1000000 };
    int ends[2];
    char name[32];
    assert_int_equal(pipe(ends), 0);
    snprintf(name, sizeof name, "/dev/fd/%d", ends[0]);
    SG_CLEANUP(csv_reader_close) struct csv_reader *reader = NULL;
    assert_true(sg_is_ok(csv_reader_open(name, &reader)));
    const struct csv_record *record = NULL;
    sg_result failure;
    struct sigaction interrupt = {.sa_handler = note_alarm};
    assert_int_equal(sigaction(SIGALRM, &interrupt, NULL), 0);
    struct itimerval timer = {.it_value = {0, SOON_US}, .it_interval = {LATE_S, 0}};
    int64_t begun_us = clock_monotonic_us();
    assert_int_equal(setitimer(ITIMER_REAL, &timer, NULL), 0);
    assert_int_equal(csv_reader_next(reader, &record, &failure), CSV_NEXT_WAIT);
    assert_true(clock_monotonic_us() - begun_us < EARLY_US);
    assert_int_equal(setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 0}}, NULL), 0);
    close(ends[0]);
    close(ends[1]);
}

// Whoever waits for a writer is asked to stop like everybody else.
static void a_pipe_without_a_writer_is_waited_for(void **state)
{
    (void)state;
    enum { LATE_S = 2 };
    char name[sizeof path + 8];
    snprintf(name, sizeof name, "%s.fifo", path);
    assert_int_equal(mkfifo(name, 0600), 0);
    struct sigaction interrupt = {.sa_handler = note_alarm};
    assert_int_equal(sigaction(SIGALRM, &interrupt, NULL), 0);
    alarm(LATE_S);
    SG_CLEANUP(csv_reader_close) struct csv_reader *reader = NULL;
    bool is_open = sg_is_ok(csv_reader_open(name, &reader));
    alarm(0);
    int writer = is_open ? open(name, O_WRONLY) : -1;
    assert_int_equal(unlink(name), 0);
    assert_true(is_open);
    const struct csv_record *record = NULL;
    sg_result failure;
    assert_int_equal(csv_reader_next(reader, &record, &failure), CSV_NEXT_WAIT);
    assert_int_equal(write(writer, "a\n", 2), 2);
    assert_int_equal(csv_reader_next(reader, &record, &failure), CSV_NEXT_RECORD);
    assert_int_equal(csv_reader_next(reader, &record, &failure), CSV_NEXT_WAIT);
    close(writer);
    assert_int_equal(csv_reader_next(reader, &record, &failure), CSV_NEXT_END);
}

int main(void)
{
    close(mkstemp(path));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_read_in_both_directions),
        cmocka_unit_test(lines_up_to_the_limit_are_read),
        cmocka_unit_test(a_large_file_is_the_same_backwards),
        cmocka_unit_test(a_pipe_is_read_as_it_comes),
        cmocka_unit_test(an_interrupted_wait_is_no_read),
        cmocka_unit_test(a_pipe_without_a_writer_is_waited_for),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
