// Help for people: short lines, the same words as in the documentation.
#include "app/help.h"

#include "app/command_table.h"

#include <string.h>

enum { TEXT_MAX_BYTES = 1024, SUMMARY_COLUMN = 10 };

void help_print_overview(FILE *out)
{
    fputs(
        "soglia watches values that move and tells the right person when one crosses a threshold.\n"
        "\n"
        "usage: soglia COMMAND [WORDS] [--setting=value]\n"
        "\n",
        out);
    for (size_t i = 0; i < command_table_count; i++) {
        const struct command *command = command_table[i];
        fprintf(out, "  %-*s %s\n", SUMMARY_COLUMN, command->name, command->summary);
    }
    fputs("\n"
          "`soglia help COMMAND` says more about one. Settings come from the command line, the "
          "environment\n"
          "(SOGLIA_KAFKA_BROKERS for kafka.brokers) and soglia.conf or --config=FILE; `soglia "
          "settings` shows all.\n",
          out);
}

static void print_option(const struct option *option, FILE *out)
{
    struct buffer type SG_CLEANUP(buffer_done);
    buffer_init(&type, TEXT_MAX_BYTES);
    // Cannot fail but by memory, which leaves the line short.
    sg_ignore(option_print_kind(option, &type));
    bool is_switch = option->type == OPTION_BOOL && strcmp(option->fallback, "false") == 0;
    fprintf(out, "  --%s%s\n      %s", option->key, is_switch ? "" : "=VALUE", option->help);
    if (!is_switch) {
        fprintf(out, " (%.*s", (int)type.size, (const char *)type.data);
        if (option->fallback[0] != '\0') {
            fprintf(out, "; default %s", option->fallback);
        }
        fputc(')', out);
    }
    fputc('\n', out);
}

static void print_options(const struct command *command, FILE *out)
{
    if (command->option_count == 0) {
        return;
    }
    fputs("\nOptions\n", out);
    for (size_t i = 0; i < command->option_count; i++) {
        print_option(&command->options[i], out);
    }
}

static bool is_in_section(const char *key, const char *section)
{
    size_t length = strlen(section);
    return strncmp(key, section, length) == 0 && key[length] == '.';
}

static void print_section(const char *section, FILE *out)
{
    struct option_table tables[SETTINGS_ALL_TABLES_MAX];
    size_t count = settings_all_tables(NULL, tables);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < tables[i].count; j++) {
            const struct option *option = &tables[i].options[j];
            if (is_in_section(option->key, section) && option->type != OPTION_SECRET) {
                print_option(option, out);
            }
        }
    }
}

void help_print_command(const struct command *command, FILE *out)
{
    fprintf(out, "usage: soglia %s%s%s%s\n\n%s", command->name,
            command->arguments[0] == '\0' ? "" : " ", command->arguments,
            command->option_count == 0 ? "" : " [OPTIONS]", command->help);
    print_options(command, out);
    if (command->sections[0] == NULL) {
        return;
    }
    fputs("\nSettings that it uses\n", out);
    for (size_t i = 0; command->sections[i] != NULL; i++) {
        print_section(command->sections[i], out);
    }
}
