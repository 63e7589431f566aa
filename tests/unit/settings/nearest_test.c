// Which known word is meant by an unknown one.
#include "core/settings/nearest.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

static const char *meant_by(const char *wanted)
{
    struct nearest nearest = {.wanted = wanted};
    const char *const known[] = {"kafka.brokers", "smtp.host", "smtp.port",
                                 "topics",        "tail",      "encode"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        nearest_offer(&nearest, known[i]);
    }
    return nearest_word(&nearest);
}

static void a_slip_is_understood(void **state)
{
    (void)state;
    assert_string_equal(meant_by("kafka.broker"), "kafka.brokers");
    assert_string_equal(meant_by("kafak.brokers"), "kafka.brokers");
    assert_string_equal(meant_by("smtp.prot"), "smtp.port");
    assert_string_equal(meant_by("tial"), "tail");
    assert_string_equal(meant_by("enocde"), "encode");
}

static void the_last_part_is_enough(void **state)
{
    (void)state;
    assert_string_equal(meant_by("brokers"), "kafka.brokers");
    assert_string_equal(meant_by("host"), "smtp.host");
}

static void what_is_far_means_nothing(void **state)
{
    (void)state;
    assert_null(meant_by("banana"));
    assert_null(meant_by(""));
    assert_null(meant_by("x"));
    assert_null(meant_by("0123456789012345678901234567890123456789012345678901234567890123456789"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slip_is_understood),
        cmocka_unit_test(the_last_part_is_enough),
        cmocka_unit_test(what_is_far_means_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
