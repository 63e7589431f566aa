// soglia settings: what is in force and why, or the reference page.
#include "app/command.h"

struct settings_words {
    bool markdown;
};

static const struct option options[] = {
    {.key = "markdown",
     .type = OPTION_BOOL,
     .offset = offsetof(struct settings_words, markdown),
     .fallback = "false",
     .help = "Print docs/settings.md: all settings, their types and defaults."},
};

static sg_result run(const struct invocation *invocation)
{
    const struct settings_words *words = invocation->options;
    if (!words->markdown) {
        settings_print(invocation->settings);
        return sg_ok();
    }
    struct option_table tables[SETTINGS_ALL_TABLES_MAX];
    size_t count = settings_all_tables(NULL, tables);
    settings_print_markdown(tables, count);
    return sg_ok();
}

const struct command settings_command = {
    .name = "settings",
    .arguments = "",
    .summary = "every setting, its value and where it comes from",
    .help =
        "Prints every setting: its value, where that comes from, its default and what it does.\n"
        "Secrets are shown as set or not set.\n",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .options_bytes = sizeof(struct settings_words),
    .is_brief = true,
    .run = run,
};
