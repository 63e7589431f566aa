// Where a tail begins.
#include "app/pipe/tail_source.h"

#include "app/command.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

static const int64_t now_ms = 1795250000000;

static void every_form_is_read(void **state)
{
    (void)state;
    const struct {
        const char *text;
        enum tail_start start;
        int64_t value;
    } known[] = {
        {"beginning", TAIL_START_BEGINNING, 0},
        {"end", TAIL_START_END, 0},
        {"0", TAIL_START_OFFSET, 0},
        {"42", TAIL_START_OFFSET, 42},
        {"-10", TAIL_START_LAST, 10},
        {"2026-11-21T08:00:00Z", TAIL_START_TIME, 1795248000000},
        {"10m", TAIL_START_TIME, 1795250000000 - 600000},
        {"250ms", TAIL_START_TIME, 1795250000000 - 250},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        struct tail_position position = {TAIL_START_BEGINNING, -1};
        assert_true(sg_is_ok(tail_position_read(known[i].text, now_ms, &position)));
        assert_int_equal(position.start, known[i].start);
        assert_int_equal(position.value, known[i].value);
    }
}

static void other_words_are_refused(void **state)
{
    (void)state;
    const char *const refused[] = {"",    "start", "1.5",  "2026-13-01T00:00:00Z",
                                   "10x", "-10m",  "now",  "9223372036854775808",
                                   "0m",  "-",     "end ", "-9223372036854775808"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct tail_position position = {TAIL_START_BEGINNING, -1};
        assert_int_equal(tail_position_read(refused[i], now_ms, &position).code, COMMAND_BAD_WORDS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_is_read),
        cmocka_unit_test(other_words_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
