// Options begin with two dashes and may stand anywhere; everything else is a word.
#include "app/command_line.h"

#include <string.h>

static sg_result add(char *argument, char **list, size_t *count)
{
    if (*count == COMMAND_WORDS_MAX) {
        return sg_fail(SG_FATAL, COMMAND_BAD_WORDS, "more than %d words", COMMAND_WORDS_MAX);
    }
    list[(*count)++] = argument;
    return sg_ok();
}

static sg_result add_word(struct command_line *line, char *argument)
{
    if (line->name == NULL) {
        line->name = argument;
        return sg_ok();
    }
    return add(argument, line->words, &line->word_count);
}

static sg_result add_option(struct command_line *line, char *argument)
{
    static const char config[] = "--config=";
    if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0) {
        line->wants_help = true;
        return sg_ok();
    }
    if (strcmp(argument, "--version") == 0) {
        line->wants_version = true;
        return sg_ok();
    }
    if (strncmp(argument, config, strlen(config)) == 0) {
        line->config = argument + strlen(config);
        return sg_ok();
    }
    if (argument[1] != '-') {
        return sg_fail(SG_FATAL, COMMAND_BAD_WORDS, "%s: options have the form --name=value",
                       argument);
    }
    return add(argument, line->settings, &line->setting_count);
}

SG_RESULT command_line_read(int count, char *const *arguments, struct command_line *ret_line)
{
    *ret_line = (struct command_line){0};
    bool are_options_over = false;
    for (int i = 1; i < count; i++) {
        char *argument = arguments[i];
        // A single dash is a word: standard input, by custom.
        bool is_option = !are_options_over && argument[0] == '-' && argument[1] != '\0';
        if (is_option && strcmp(argument, "--") == 0) {
            are_options_over = true;
        } else if (is_option) {
            SG_TRY(add_option(ret_line, argument));
        } else {
            SG_TRY(add_word(ret_line, argument));
        }
    }
    return sg_ok();
}
