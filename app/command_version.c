// soglia version: what this program is.
#include "app/command.h"

#include <stdio.h>

static sg_result run(const struct invocation *invocation)
{
    (void)invocation;
    printf("soglia %s\n", SOGLIA_VERSION);
    return sg_ok();
}

const struct command version_command = {
    .name = "version",
    .arguments = "",
    .summary = "the version of this program",
    .help = "Prints the version, as --version does.\n",
    .is_brief = true,
    .run = run,
};
