// What must hold between the settings.
#include "connectors/webhook/webhook_options.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

static struct webhook_settings settings;

static int make(void **state)
{
    (void)state;
    struct option_table table = webhook_options(&settings);
    for (size_t i = 0; i < table.count; i++) {
        const struct option *option = &table.options[i];
        if (!sg_is_ok(option_read(option, option->fallback, &settings))) {
            return -1;
        }
    }
    return 0;
}

static void what_is_there_by_itself_works(void **state)
{
    (void)state;
    assert_true(sg_is_ok(webhook_options_check(&settings)));
    assert_false(settings.http || settings.private_addresses);
    assert_true(settings.host_connections < settings.connections);
}

static void the_authorities_must_be_readable(void **state)
{
    (void)state;
    settings.ca_file = "/nowhere/at/all.pem";
    assert_int_equal(webhook_options_check(&settings).class, SG_FATAL);
    assert_non_null(strstr(sg_reason(), "webhook.ca_file: /nowhere/at/all.pem"));
}

static void connecting_is_a_part_of_the_attempt(void **state)
{
    (void)state;
    settings.connect_timeout_ms = settings.timeout_ms + 1;
    assert_int_equal(webhook_options_check(&settings).class, SG_FATAL);
    settings.connect_timeout_ms = settings.timeout_ms;
    assert_true(sg_is_ok(webhook_options_check(&settings)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_there_by_itself_works, make),
        cmocka_unit_test_setup(the_authorities_must_be_readable, make),
        cmocka_unit_test_setup(connecting_is_a_part_of_the_attempt, make),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
