// soglia audit: proofs and answers from the topics alone.
#include "app/audit/audit_commands.h"

#include <string.h>

static const struct {
    const char *word;
    const struct command *command;
} commands[] = {
    {"verify", &audit_verify_command},
    {"explain", &audit_explain_command},
    {"as-of", &audit_as_of_command},
};

static sg_result choose(const char *word, struct command *command)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(commands[i].word, word) == 0) {
            const struct command *chosen = commands[i].command;
            command->arguments = chosen->arguments;
            command->help = chosen->help;
            command->words_min = chosen->words_min;
            command->words_max = chosen->words_max;
            command->options = chosen->options;
            command->option_count = chosen->option_count;
            command->options_bytes = chosen->options_bytes;
            command->run = chosen->run;
            return sg_ok();
        }
    }
    return sg_fail(SG_FATAL, COMMAND_BAD_WORDS, "audit: %s is not verify, explain or as-of", word);
}

// Never reached: without a word there is nothing to choose, and the words are counted before.
static sg_result run(const struct invocation *invocation)
{
    (void)invocation;
    return sg_fail(SG_FATAL, COMMAND_BAD_WORDS, "audit needs verify, explain or as-of");
}

const struct command audit_command = {
    .name = "audit",
    .arguments = "verify | explain ALERT_ID | as-of TIME|OFFSETS",
    .summary = "prove the past from the topics: verify, explain an alert, a view as of a time",
    .help =
        "verify     folds the journal's transactions again and proves outputs and state equal,\n"
        "           or names the first difference\n"
        "explain    tells the story of an alert: quote, subscription, rule, message\n"
        "as-of      prints a view as it was at a time or at offsets\n"
        "\n"
        "`soglia audit verify --help` says more about one. None of them writes or sends.\n",
    .words_min = 1,
    .words_max = 2,
    .sections = {"kafka", "topics", "registry", NULL},
    .is_brief = true,
    .run = run,
    .choose = choose,
};
