// soglia check: everything that must be right before the first event, one line each.
#include "app/command.h"

#include "connectors/mail/mail_check.h"
#include "schemas/topic_admin.h"

#include <stdio.h>

enum { NOTE_MAX_BYTES = 1024, BROKER_WAIT_MS = 10000 };

// One check; what it found goes to `note`, what is wrong to the failure's reason.
struct check {
    const char *name;
    bool needs_broker;
    SG_RESULT (*run)(const struct settings_all *all, struct buffer *note);
};

static sg_result check_configuration(const struct settings_all *all, struct buffer *note)
{
    SG_TRY(mail_options_check(&all->mail));
    SG_TRY(webhook_options_check(&all->webhook));
    SG_TRY(deliver_check(&all->deliver));
    if (!topic_prefix_is_valid(all->topics.prefix)) {
        return sg_fail(SG_FATAL, 0, "topics.prefix: \"%s\" cannot begin the name of a topic",
                       all->topics.prefix);
    }
    return buffer_print(note, "every setting is known and within its limits");
}

static sg_result check_broker(const struct settings_all *all, struct buffer *note)
{
    SG_CLEANUP(kafka_admin_close) struct kafka_admin *admin = NULL;
    const char *cluster = "";
    SG_TRY(kafka_admin_open(&all->kafka, &admin));
    if (!sg_is_ok(kafka_admin_wait(admin, BROKER_WAIT_MS))) {
        return sg_fail(SG_RETRY, 0, "%s: %s; is kafka.brokers right and Kafka running?",
                       all->kafka.brokers, sg_reason());
    }
    SG_TRY(kafka_admin_cluster_id(admin, &cluster));
    return buffer_print(note, "%s, cluster %s", all->kafka.brokers, cluster);
}

static sg_result check_topics(const struct settings_all *all, struct buffer *note)
{
    struct registry_config config = {&all->registry, &all->kafka, &all->topics};
    struct topic_report report;
    SG_TRY(topic_admin_check(&config, &report));
    const struct topic_row *wrong = NULL;
    for (size_t i = 0; i < report.count && wrong == NULL; i++) {
        const struct topic_row *row = &report.rows[i];
        bool is_wrong = row->state == TOPIC_MISSING || row->state == TOPIC_DIFFERS;
        wrong = is_wrong ? row : NULL;
    }
    if (wrong != NULL) {
        bool is_missing = wrong->state == TOPIC_MISSING;
        return sg_fail(SG_FATAL, 0, "%zu of %zu: %s %s%s; `soglia topics %s", report.problems,
                       report.count, wrong->name,
                       is_missing ? "is missing" : "differs: ", is_missing ? "" : wrong->difference,
                       is_missing ? "apply` makes what is missing" : "check` shows all");
    }
    return buffer_print(note, "%zu as they should be", report.count);
}

static sg_result check_group(const struct settings_all *all, struct kafka_admin *admin,
                             enum topic_group group, struct buffer *note)
{
    enum topic members[TOPIC_COUNT];
    size_t count = 0;
    for (enum topic topic = 0; topic < TOPIC_COUNT; topic++) {
        if (topic_info(topic)->group == group) {
            members[count++] = topic;
        }
    }
    int32_t partitions = 0;
    SG_TRY(topic_admin_co_partitioned(admin, &all->topics, members, count, &partitions));
    return buffer_print(note, "%s%zu topics with %d", note->size == 0 ? "" : ", ", count,
                        (int)partitions);
}

static sg_result check_partitions(const struct settings_all *all, struct buffer *note)
{
    static const enum topic_group groups[] = {TOPIC_GROUP_INSTRUMENT, TOPIC_GROUP_USER};
    SG_CLEANUP(kafka_admin_close) struct kafka_admin *admin = NULL;
    SG_TRY(kafka_admin_open(&all->kafka, &admin));
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        SG_TRY(check_group(all, admin, groups[i], note));
    }
    return sg_ok();
}

static sg_result check_registry(const struct settings_all *all, struct buffer *note)
{
    struct registry_config config = {&all->registry, &all->kafka, &all->topics};
    SG_CLEANUP(registry_close) struct registry *registry = NULL;
    SG_TRY(registry_open(&config, &registry));
    int count = 0;
    for (enum topic topic = 0; topic < TOPIC_COUNT; topic++) {
        const struct topic_info *info = topic_info(topic);
        if (info->record == NULL || info->json) {
            continue;
        }
        int32_t id = 0;
        SG_TRY(registry_id(registry, topic, &id));
        count++;
    }
    return buffer_print(note, "%s, %d schemas",
                        all->registry.url[0] == '\0' ? "embedded" : all->registry.url, count);
}

static sg_result check_mail(const struct settings_all *all, struct buffer *note)
{
    return mail_check(&all->mail, note);
}

static const struct check checks[] = {
    {"configuration", false, check_configuration},
    {"broker", false, check_broker},
    {"topics", true, check_topics},
    {"co-partitioning", true, check_partitions},
    {"registry", true, check_registry},
    {"mail server", false, check_mail},
};
enum { CHECK_COUNT = sizeof checks / sizeof checks[0], BROKER_CHECK = 1 };

// Does one check and prints its line. True when it went well.
static bool do_check(const struct check *check, const struct settings_all *all, bool has_broker)
{
    if (check->needs_broker && !has_broker) {
        printf("failed  %-15s  not tried, since no broker answers\n", check->name);
        return false;
    }
    struct buffer note SG_CLEANUP(buffer_done);
    buffer_init(&note, NOTE_MAX_BYTES);
    bool is_right = sg_is_ok(check->run(all, &note));
    printf("%-6s  %-15s  ", is_right ? "ok" : "failed", check->name);
    if (is_right) {
        printf("%.*s\n", (int)note.size, (const char *)note.data);
    } else {
        printf("%s\n", sg_reason());
    }
    fflush(stdout);
    return is_right;
}

static sg_result run(const struct invocation *invocation)
{
    bool has_broker = true;
    int failures = 0;
    for (size_t i = 0; i < CHECK_COUNT; i++) {
        bool is_right = do_check(&checks[i], invocation->all, has_broker);
        has_broker = i == BROKER_CHECK ? is_right : has_broker;
        failures += !is_right;
    }
    if (failures > 0) {
        return sg_fail(SG_FATAL, 0, "%d of %d checks failed", failures, CHECK_COUNT);
    }
    return sg_ok();
}

const struct command check_command = {
    .name = "check",
    .arguments = "",
    .summary = "is everything in place? one line each, and what to do",
    .help = "Looks at the configuration, the broker, topics and schemas, the partitions of topics "
            "that\n"
            "are read together, and the mail server (it logs in and sends nothing). Status 1 if\n"
            "anything failed.\n",
    .sections = {"kafka", "topics", "registry", "smtp", "mail", "webhook", NULL},
    .is_brief = true,
    .run = run,
};
