// soglia fetch: a source connector, whose quotes go to Kafka.
#include "app/command.h"

#include "connectors/connector_table.h"
#include "core/service/stop.h"

#include <stdio.h>

enum { NAME_COLUMN = 10 };

static void list_sources(void)
{
    for (size_t i = 0; i < connector_table_count; i++) {
        printf("%-*s %s\n", NAME_COLUMN, connector_table[i]->name, connector_table[i]->summary);
    }
    printf("\n`soglia fetch %s --help` says how one is used.\n", connector_table[0]->name);
}

static sg_result choose(const char *word, struct command *command)
{
    const struct source *source = connector_find(word);
    if (source == NULL) {
        return sg_fail(SG_FATAL, COMMAND_BAD_WORDS, "no source %s; `soglia fetch` lists them",
                       word);
    }
    struct option_table table = source->options(NULL);
    command->arguments = source->arguments;
    command->help = source->help;
    command->words_min = 1 + source->word_count;
    command->words_max = command->words_min;
    command->options = table.options;
    command->option_count = table.count;
    command->options_bytes = source->options_bytes;
    return sg_ok();
}

static sg_result run(const struct invocation *invocation)
{
    if (invocation->word_count == 0) {
        list_sources();
        return sg_ok();
    }
    const struct source_request request = {
        .options = invocation->options,
        .words = invocation->words + 1,
        .word_count = invocation->word_count - 1,
    };
    const struct source_setting setting = {
        .kafka = &invocation->all->kafka,
        .topics = &invocation->all->topics,
        .registry = &invocation->all->registry,
    };
    stop_prepare();
    return source_run(connector_find(invocation->words[0]), &request, &setting);
}

const struct command fetch_command = {
    .name = "fetch",
    .arguments = "[SOURCE] [WORDS]",
    .summary = "bring quotes from a source: csv",
    .help = "Reads a source and writes its quotes to Kafka, exactly once. Without SOURCE it lists "
            "them;\n`soglia fetch SOURCE --help` says how one is used and what may be set.\n",
    .words_max = 1,
    .sections = {"kafka", "topics", "registry", NULL},
    .run = run,
    .choose = choose,
};
