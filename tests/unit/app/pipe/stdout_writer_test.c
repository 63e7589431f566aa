// Standard output that takes everything, and one that is full.
#include "app/pipe/stdout_writer.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

// More than a stream's buffer, so that it must be written at once.
enum { LARGE_BYTES = 1024 * 1024 };

static int real_stdout;

static int begin(void **state)
{
    (void)state;
    fflush(stdout);
    real_stdout = dup(STDOUT_FILENO);
    return real_stdout < 0;
}

static int end(void **state)
{
    (void)state;
    dup2(real_stdout, STDOUT_FILENO);
    clearerr(stdout);
    return close(real_stdout);
}

static sg_result write_to(const char *path)
{
    static const uint8_t zeros[LARGE_BYTES];
    int file = open(path, O_WRONLY | O_CLOEXEC);
    dup2(file, STDOUT_FILENO);
    close(file);
    sg_result result = stdout_writer_put(bytes_of(zeros, sizeof zeros));
    fflush(stdout);
    return result;
}

static void what_is_written_is_a_success(void **state)
{
    (void)state;
    assert_true(sg_is_ok(write_to("/dev/null")));
    assert_true(sg_is_ok(stdout_writer_put(bytes_of(NULL, 0))));
}

static void a_full_disk_is_a_failure(void **state)
{
    (void)state;
    sg_result result = write_to("/dev/full");
    assert_int_equal(result.class, SG_FATAL);
    assert_string_equal(sg_reason(), "standard output: No space left on device");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_written_is_a_success, begin, end),
        cmocka_unit_test_setup_teardown(a_full_disk_is_a_failure, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
