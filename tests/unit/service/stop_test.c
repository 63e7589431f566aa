// The wish to stop. Each case is a process of its own, since the wish cannot be taken back.
#include "core/service/stop.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/service/clock.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { AS_HOPED = 40, WAIT_MS = 20000 };

// Runs a case in a child; its status, or minus the signal that ended it.
static int run(bool (*hope)(void))
{
    pid_t child = fork();
    if (child == 0) {
        stop_prepare();
        _exit(hope() ? AS_HOPED : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static bool signal_stops(int number)
{
    bool before = stop_requested();
    kill(getpid(), number);
    return !before && stop_wait(WAIT_MS) && stop_requested();
}

static bool term_stops(void)
{
    return signal_stops(SIGTERM);
}

static bool interrupt_stops(void)
{
    return signal_stops(SIGINT);
}

static bool hangup_stops(void)
{
    return signal_stops(SIGHUP);
}

static bool broken_pipe_is_no_reason(void)
{
    kill(getpid(), SIGPIPE);
    return !stop_wait(50) && !stop_requested();
}

static void *request(void *context)
{
    clock_sleep_ms(20);
    stop_request();
    return context;
}

static bool thread_wakes_a_waiter(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, request, NULL);
    bool is_asked = stop_wait(-1);
    pthread_join(thread, NULL);
    return is_asked && stop_wait(0);
}

static bool wait_ends_by_time(void)
{
    int64_t before = clock_monotonic_us();
    bool is_asked = stop_wait(30);
    return !is_asked && clock_monotonic_us() - before >= 30000 && !stop_wait(0);
}

static bool second_interrupt_ends_at_once(void)
{
    kill(getpid(), SIGINT);
    stop_wait(WAIT_MS);
    kill(getpid(), SIGINT);
    clock_sleep_ms(WAIT_MS);
    return false;
}

static void signals_ask_to_stop(void **state)
{
    (void)state;
    assert_int_equal(run(term_stops), AS_HOPED);
    assert_int_equal(run(interrupt_stops), AS_HOPED);
    assert_int_equal(run(hangup_stops), AS_HOPED);
    assert_int_equal(run(broken_pipe_is_no_reason), AS_HOPED);
}

static void threads_and_time_end_a_wait(void **state)
{
    (void)state;
    assert_int_equal(run(thread_wakes_a_waiter), AS_HOPED);
    assert_int_equal(run(wait_ends_by_time), AS_HOPED);
}

static void impatience_is_heard(void **state)
{
    (void)state;
    assert_int_equal(run(second_interrupt_ends_at_once), 128 + SIGINT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signals_ask_to_stop),
        cmocka_unit_test(threads_and_time_end_a_wait),
        cmocka_unit_test(impatience_is_heard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
