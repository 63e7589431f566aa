// Crash points: which passage ends the process, and how. Each case is a process of its own.
#include "core/service/crash_point.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REACHED_END = 50, KILLED = 1000 };

// Passes "a" three times with "b" after each, under the wish. Returns the
// exit status, or KILLED.
static int run(const char *wish)
{
    pid_t child = fork();
    if (child == 0) {
        setenv("SOGLIA_CRASH_AT", wish, 1);
        for (int i = 0; i < 3; i++) {
            crash_point("a");
            crash_point("b");
        }
        _exit(REACHED_END);
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) {
        return WTERMSIG(status) == SIGKILL ? KILLED : -1;
    }
    return WEXITSTATUS(status);
}

static void points_without_a_wish_do_nothing(void **state)
{
    (void)state;
    assert_int_equal(run(""), REACHED_END);
    assert_int_equal(run("c"), REACHED_END);
}

static void the_nth_passage_ends_the_process(void **state)
{
    (void)state;
    assert_int_equal(run("a"), 86);
    assert_int_equal(run("a:3"), 86);
    assert_int_equal(run("a:4"), REACHED_END);
}

static void kill_is_a_signal(void **state)
{
    (void)state;
    assert_int_equal(run("a:kill"), KILLED);
    assert_int_equal(run("b:2:kill"), KILLED);
    assert_int_equal(run("b:4:kill"), REACHED_END);
}

static void the_first_of_several_wishes_wins(void **state)
{
    (void)state;
    assert_int_equal(run("a:3,b:1:kill"), KILLED);
    assert_int_equal(run("x,y:2,a:2"), 86);
}

static void a_misspelt_wish_is_refused(void **state)
{
    (void)state;
    const char *const wishes[] = {":1", "a:0", "a:kil", "a:1:kill:x", "a:", "a:-1"};
    for (size_t i = 0; i < sizeof wishes / sizeof wishes[0]; i++) {
        assert_int_equal(run(wishes[i]), EXIT_FAILURE);
    }
}

static void a_number_is_changed_by_its_name(void **state)
{
    (void)state;
    assert_int_equal(crash_point_number("piece", 7), 7);
    setenv("SOGLIA_TEST_NUMBERS", "apiece=1,piece=20,other=-3", 1);
    assert_int_equal(crash_point_number("piece", 7), 20);
    assert_int_equal(crash_point_number("other", 7), -3);
    assert_int_equal(crash_point_number("pie", 7), 7);
    unsetenv("SOGLIA_TEST_NUMBERS");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_without_a_wish_do_nothing),
        cmocka_unit_test(the_nth_passage_ends_the_process),
        cmocka_unit_test(kill_is_a_signal),
        cmocka_unit_test(the_first_of_several_wishes_wins),
        cmocka_unit_test(a_misspelt_wish_is_refused),
        cmocka_unit_test(a_number_is_changed_by_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
