// Help as it is printed.
#include "app/help.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "app/command_table.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE_MAX = 64 * 1024 };

static char page[PAGE_MAX];
static FILE *out;

static int begin(void **state)
{
    (void)state;
    memset(page, 0, sizeof page);
    out = fmemopen(page, sizeof page - 1, "w");
    return out == NULL;
}

static int end(void **state)
{
    (void)state;
    return fclose(out);
}

static void the_overview_has_every_command(void **state)
{
    (void)state;
    help_print_overview(out);
    fflush(out);
    for (size_t i = 0; i < command_table_count; i++) {
        assert_non_null(strstr(page, command_table[i]->name));
        assert_non_null(strstr(page, command_table[i]->summary));
    }
}

static sg_result do_nothing(const struct invocation *invocation)
{
    (void)invocation;
    return sg_ok();
}

static void a_command_shows_its_options_and_settings(void **state)
{
    (void)state;
    static const struct option options[] = {
        {.key = "follow", .type = OPTION_BOOL, .fallback = "false", .help = "Go on."},
        {.key = "from", .type = OPTION_TEXT, .fallback = "beginning", .help = "Where."},
        {.key = "key", .type = OPTION_TEXT, .fallback = "", .help = "Which."},
    };
    const struct command command = {.name = "watch",
                                    .arguments = "TOPIC...",
                                    .summary = "watches",
                                    .help = "Watches it.\n",
                                    .options = options,
                                    .option_count = 3,
                                    .sections = {"log", NULL},
                                    .run = do_nothing};
    help_print_command(&command, out);
    fflush(out);
    const char *const wanted[] = {
        "usage: soglia watch TOPIC... [OPTIONS]\n\nWatches it.\n\nOptions\n",
        "  --follow\n      Go on.\n",
        "  --from=VALUE\n      Where. (text; default beginning)\n",
        "  --key=VALUE\n      Which. (text)\n",
        "\nSettings that it uses\n  --log.level=VALUE\n",
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        assert_non_null(strstr(page, wanted[i]));
    }
    assert_null(strstr(page, "kafka.brokers"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_overview_has_every_command, begin, end),
        cmocka_unit_test_setup_teardown(a_command_shows_its_options_and_settings, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
