// soglia topics: what Kafka has, compared with the topic table.
#include "app/command.h"

#include "app/topics_page.h"
#include "schemas/topic_admin.h"

#include <string.h>

static struct registry_config config_of(const struct invocation *invocation)
{
    const struct settings_all *all = invocation->all;
    return (struct registry_config){&all->registry, &all->kafka, &all->topics};
}

static sg_result fail_problems(const struct topic_report *report, const char *advice)
{
    if (report->problems == 0) {
        return sg_ok();
    }
    return sg_fail(SG_FATAL, 0, "%zu of %zu topics are not as they should be%s", report->problems,
                   report->count, advice);
}

static sg_result apply(const struct invocation *invocation)
{
    struct registry_config config = config_of(invocation);
    struct topic_report report;
    SG_TRY(topic_admin_apply(&config, &report));
    topic_admin_print(&report, stdout);
    return fail_problems(&report, "; apply never changes or deletes: mend them with Kafka's tools");
}

static sg_result describe(const struct invocation *invocation)
{
    struct registry_config config = config_of(invocation);
    struct topic_report report;
    SG_TRY(topic_admin_check(&config, &report));
    topic_admin_print_table(&report, stdout);
    return sg_ok();
}

static sg_result check(const struct invocation *invocation)
{
    struct registry_config config = config_of(invocation);
    struct topic_report report;
    SG_TRY(topic_admin_check(&config, &report));
    topic_admin_print(&report, stdout);
    return fail_problems(&report, "; `soglia topics apply` makes what is missing");
}

static sg_result page(const struct invocation *invocation)
{
    (void)invocation;
    topics_page_print(stdout);
    return sg_ok();
}

static sg_result run(const struct invocation *invocation)
{
    const struct {
        const char *name;
        command_run_fn run;
    } actions[] = {{"apply", apply}, {"describe", describe}, {"check", check}, {"page", page}};
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        if (strcmp(actions[i].name, invocation->words[0]) == 0) {
            return actions[i].run(invocation);
        }
    }
    return sg_fail(SG_FATAL, COMMAND_BAD_WORDS, "topics: %s is not apply, describe, check or page",
                   invocation->words[0]);
}

const struct command topics_command = {
    .name = "topics",
    .arguments = "apply | describe | check | page",
    .summary = "make, show or compare topics and schemas",
    .help =
        "apply      makes the topics that are missing and registers the schemas; never deletes or\n"
        "           changes anything, so it may be run again at any time\n"
        "describe   prints a table of all topics as they are\n"
        "check      names every difference from what soglia needs; status 1 if there is one\n"
        "page       prints docs/topics.md: topics and records with every field; needs no Kafka\n",
    .words_min = 1,
    .words_max = 1,
    .sections = {"kafka", "topics", "registry", NULL},
    .is_brief = true,
    .run = run,
};
