// soglia help: the overview, or one command.
#include "app/command_table.h"
#include "app/help.h"

static sg_result run(const struct invocation *invocation)
{
    if (invocation->word_count == 0) {
        help_print_overview(stdout);
        return sg_ok();
    }
    const char *name = invocation->words[0];
    const struct command *command = command_find(name);
    if (command == NULL) {
        const struct command *meant = command_nearest(name);
        return sg_fail(SG_FATAL, COMMAND_BAD_WORDS, "no command %s%s%s%s", name,
                       meant == NULL ? "" : "; did you mean ", meant == NULL ? "" : meant->name,
                       meant == NULL ? "; `soglia help` lists them" : "?");
    }
    help_print_command(command, stdout);
    return sg_ok();
}

const struct command help_command = {
    .name = "help",
    .arguments = "[COMMAND]",
    .summary = "this text, or all about one command",
    .help = "Prints the list of commands, or everything about one.\n",
    .words_max = 1,
    .is_brief = true,
    .run = run,
};
