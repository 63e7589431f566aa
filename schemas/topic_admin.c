// What is there against what the table says.
#include "schemas/topic_admin.h"
#include "core/service/clock.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

// Settings of a topic: those that the table decides, and for a compacted one how soon it shrinks.
enum { CONFIGS_MAX = 10, NUMBER_MAX = 24, DAY_MS = 86400000 };

// Looks at a topic that was just made, until it is seen.
enum { LOOKS_MAX = 100, LOOK_WAIT_MS = 50 };

// What the calls of one report share.
struct work {
    const struct registry_config *config;
    struct kafka_admin *admin;
    struct registry *registry; // NULL while it cannot be opened.
    struct topic_report *report;
};

// The settings of a topic with the texts they point to.
struct wanted {
    struct kafka_config configs[CONFIGS_MAX];
    size_t count;
    char retention[NUMBER_MAX];
    char bytes[NUMBER_MAX];
    char tombstone[NUMBER_MAX];
};

static void add_config(struct wanted *wanted, const char *name, const char *value)
{
    assert(wanted->count + 1 < CONFIGS_MAX);
    wanted->configs[wanted->count++] = (struct kafka_config){name, value};
}

// Only these are compared: an operator may tune the rest.
static void decide_configs(const struct topic_info *info, struct wanted *wanted)
{
    snprintf(wanted->bytes, sizeof wanted->bytes, "%" PRId64, info->max_message_bytes);
    snprintf(wanted->retention, sizeof wanted->retention, "%" PRId64, info->retention_ms);
    add_config(wanted, "cleanup.policy", info->compacted ? "compact" : "delete");
    add_config(wanted, "max.message.bytes", wanted->bytes);
    add_config(wanted, "message.timestamp.type", "CreateTime");
    if (!info->compacted) {
        add_config(wanted, "retention.ms", wanted->retention);
    }
}

// A restore reads what compaction has not taken yet, so segments are small enough to be closed, and
// cleaned before half of them is old. A tombstone stays for whoever is restoring,
// and for state that was away: older state is not caught up but restored as a whole.
static void tune_compaction(const struct topic_info *info, struct wanted *wanted)
{
    if (info->compacted) {
        add_config(wanted, "segment.bytes", "67108864");
        add_config(wanted, "segment.ms", "86400000");
        add_config(wanted, "min.cleanable.dirty.ratio", "0.3");
        snprintf(wanted->tombstone, sizeof wanted->tombstone, "%d", TOPIC_TOMBSTONE_MS);
        add_config(wanted, "delete.retention.ms", wanted->tombstone);
    }
}

// Brokers since 4.0 refuse a record stamped more than an hour after their own clock. What comes of
// a record has its timestamp, so whoever lets one in that is ahead must let in what comes of it:
// the guard stays where people write lines, and is the operator's to move. Brokers before 3.6 know
// no such setting.
static const struct kafka_config any_time[] = {
    {"message.timestamp.after.max.ms", "9223372036854775807"}, {NULL, NULL}};

// The row of the registry's own topic, in the shape of the table.
static const struct topic_info registry_info = {
    .compacted = true, .retention_ms = -1, .max_message_bytes = 16777216};

__attribute__((format(printf, 2, 3))) static void differ(struct topic_row *row, const char *format,
                                                         ...)
{
    char text[TOPIC_DIFFERENCE_MAX];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    size_t used = strlen(row->difference);
    snprintf(row->difference + used, sizeof row->difference - used, "%s%s", used == 0 ? "" : "; ",
             text);
    if (row->state != TOPIC_MISSING) {
        row->state = TOPIC_DIFFERS;
    }
}

static sg_result compare_configs(struct work *work, const struct topic_info *info,
                                 struct topic_row *row)
{
    struct wanted wanted = {.count = 0};
    decide_configs(info, &wanted);
    SG_CLEANUP(kafka_config_values_done) struct kafka_config_values there = {.count = wanted.count};
    for (size_t i = 0; i < wanted.count; i++) {
        there.names[i] = wanted.configs[i].name;
    }
    SG_TRY(kafka_admin_configs(work->admin, row->name, &there));
    for (size_t i = 0; i < wanted.count; i++) {
        const struct kafka_config *config = &wanted.configs[i];
        if (strcmp(there.values[i], config->value) != 0) {
            differ(row, "%s is %s, should be %s", config->name, there.values[i], config->value);
        }
    }
    return sg_ok();
}

static void describe_kept(const struct topic_info *info, struct topic_row *row)
{
    if (info->compacted) {
        snprintf(row->kept, sizeof row->kept, "compacted");
    } else if (info->retention_ms < 0) {
        snprintf(row->kept, sizeof row->kept, "for ever");
    } else {
        snprintf(row->kept, sizeof row->kept, "%" PRId64 " days", info->retention_ms / DAY_MS);
    }
}

// Fills a row with what is there.
static sg_result look_at(struct work *work, const struct topic_info *info, struct topic_row *row)
{
    struct kafka_topic_facts facts;
    SG_TRY(kafka_admin_describe(work->admin, row->name, &facts));
    describe_kept(info, row);
    row->partitions = facts.partitions;
    row->replication = facts.replication;
    row->state = facts.exists ? TOPIC_EXISTS : TOPIC_MISSING;
    return facts.exists ? compare_configs(work, info, row) : sg_ok();
}

static sg_result look_at_all(struct work *work)
{
    struct topic_report *report = work->report;
    *report = (struct topic_report){.count = TOPIC_COUNT};
    if (!topic_prefix_is_valid(work->config->topics->prefix)) {
        return sg_fail(SG_FATAL, 0, "topics.prefix \"%s\" makes no valid names of topics",
                       work->config->topics->prefix);
    }
    for (enum topic topic = 0; topic < TOPIC_COUNT; topic++) {
        topic_full_name(work->config->topics, topic, report->rows[topic].name);
        SG_TRY(look_at(work, topic_info(topic), &report->rows[topic]));
    }
    if (work->config->registry->url[0] != 0) {
        return sg_ok();
    }
    struct topic_row *row = &report->rows[report->count++];
    snprintf(row->name, sizeof row->name, "%s%s", work->config->topics->prefix,
             work->config->registry->topic);
    SG_TRY(look_at(work, &registry_info, row));
    if (row->partitions > 1) {
        differ(row, "has %d partitions, a registry's has one", (int)row->partitions);
    }
    return sg_ok();
}

// The first topic of a group that is there, TOPIC_COUNT if none is.
static enum topic first_of_group(const struct topic_report *report, enum topic_group group)
{
    for (enum topic topic = 0; topic < TOPIC_COUNT; topic++) {
        if (topic_info(topic)->group == group && report->rows[topic].partitions > 0) {
            return topic;
        }
    }
    return TOPIC_COUNT;
}

static void compare_groups(struct topic_report *report)
{
    for (enum topic topic = 0; topic < TOPIC_COUNT; topic++) {
        enum topic_group group = topic_info(topic)->group;
        enum topic first = first_of_group(report, group);
        struct topic_row *row = &report->rows[topic];
        if (group == TOPIC_GROUP_NONE || row->partitions == 0 || first == TOPIC_COUNT ||
            row->partitions == report->rows[first].partitions) {
            continue;
        }
        differ(row, "has %d partitions, %s, which is read together with it, has %d",
               (int)row->partitions, report->rows[first].name, (int)report->rows[first].partitions);
    }
}

static bool has_schema(enum topic topic)
{
    return topic_info(topic)->record != NULL && !topic_info(topic)->json;
}

static void count_problems(struct topic_report *report)
{
    report->problems = 0;
    for (size_t i = 0; i < report->count; i++) {
        enum topic_state state = report->rows[i].state;
        report->problems += state == TOPIC_MISSING || state == TOPIC_DIFFERS;
    }
}

// What is missing, to be made at once. The plans point to the settings.
struct creation {
    struct kafka_topic_plan plans[TOPIC_COUNT + 1];
    struct wanted wanted[TOPIC_COUNT + 1];
    const struct topic_info *infos[TOPIC_COUNT + 1];
    struct topic_row *rows[TOPIC_COUNT + 1];
    size_t count;
};

static void plan(const struct work *work, const struct topic_info *info, int32_t partitions,
                 struct topic_row *row, struct creation *creation)
{
    size_t at = creation->count++;
    struct wanted *wanted = &creation->wanted[at];
    decide_configs(info, wanted);
    tune_compaction(info, wanted);
    creation->infos[at] = info;
    creation->rows[at] = row;
    creation->plans[at] = (struct kafka_topic_plan){
        .name = row->name,
        .partitions = partitions,
        .replication = (int32_t)work->config->topics->replication,
        .configs = wanted->configs,
        .newer = info->json || info->outside_only ? NULL : any_time,
    };
}

// Of several brokers each learns of a topic in its own time, and any of them may answer.
static sg_result look_at_new(struct work *work, const struct topic_info *info,
                             struct topic_row *row)
{
    SG_TRY(look_at(work, info, row));
    for (int looks = 0; row->state == TOPIC_MISSING && looks < LOOKS_MAX; looks++) {
        clock_sleep_ms(LOOK_WAIT_MS);
        SG_TRY(look_at(work, info, row));
    }
    if (row->state == TOPIC_EXISTS) {
        row->state = TOPIC_CREATED;
    }
    return sg_ok();
}

static void plan_missing(const struct work *work, struct creation *creation)
{
    struct topic_report *report = work->report;
    const struct topic_settings *topics = work->config->topics;
    for (enum topic topic = 0; topic < TOPIC_COUNT; topic++) {
        enum topic_group group = topic_info(topic)->group;
        enum topic first = group == TOPIC_GROUP_NONE ? TOPIC_COUNT : first_of_group(report, group);
        int64_t wanted = group == TOPIC_GROUP_JSON ? topics->json_partitions : topics->partitions;
        int32_t partitions =
            first == TOPIC_COUNT ? (int32_t)wanted : report->rows[first].partitions;
        if (report->rows[topic].state == TOPIC_MISSING) {
            plan(work, topic_info(topic), partitions, &report->rows[topic], creation);
        }
    }
    struct topic_row *last = &report->rows[TOPIC_COUNT];
    if (report->count > TOPIC_COUNT && last->state == TOPIC_MISSING) {
        plan(work, &registry_info, 1, last, creation);
    }
}

static sg_result create_missing(struct work *work)
{
    struct creation creation = {.count = 0};
    plan_missing(work, &creation);
    SG_TRY(kafka_admin_create(work->admin, creation.plans, creation.count));
    for (size_t i = 0; i < creation.count; i++) {
        SG_TRY(look_at_new(work, creation.infos[i], creation.rows[i]));
    }
    return sg_ok();
}

static sg_result register_schemas(struct work *work)
{
    struct registry_applied applied[TOPIC_COUNT];
    size_t count = 0;
    for (enum topic topic = 0; topic < TOPIC_COUNT; topic++) {
        if (has_schema(topic)) {
            applied[count++] = (struct registry_applied){.topic = topic};
        }
    }
    SG_TRY(registry_apply(work->registry, applied, count));
    for (size_t i = 0; i < count; i++) {
        work->report->rows[applied[i].topic].schema_id = applied[i].id;
        work->report->rows[applied[i].topic].schema_new = applied[i].is_new;
    }
    return sg_ok();
}

// Its topic may have been made a moment ago, and be unknown to the broker that is asked now.
static sg_result open_new_registry(const struct registry_config *config,
                                   struct registry **ret_registry)
{
    sg_result opened = registry_open(config, ret_registry);
    for (int looks = 1; kafka_is_unknown_topic(opened.code) && looks < LOOKS_MAX; looks++) {
        clock_sleep_ms(LOOK_WAIT_MS);
        opened = registry_open(config, ret_registry);
    }
    return opened;
}

sg_result topic_admin_apply(const struct registry_config *config, struct topic_report *ret_report)
{
    SG_CLEANUP(kafka_admin_close) struct kafka_admin *admin = NULL;
    SG_CLEANUP(registry_close) struct registry *registry = NULL;
    SG_TRY(kafka_admin_open(config->kafka, &admin));
    struct work work = {.config = config, .admin = admin, .report = ret_report};
    SG_TRY(look_at_all(&work));
    SG_TRY(create_missing(&work));
    compare_groups(ret_report);
    SG_TRY(open_new_registry(config, &registry));
    work.registry = registry;
    SG_TRY(register_schemas(&work));
    count_problems(ret_report);
    return sg_ok();
}

// A schema that is not registered is a difference; so is one that cannot be.
static sg_result check_schema(struct work *work, enum topic topic, struct topic_row *row)
{
    sg_result result = registry_id(work->registry, topic, &row->schema_id);
    if (result.class != SG_FATAL) {
        return result;
    }
    result = registry_compatible(work->registry, topic);
    if (sg_is_ok(result)) {
        differ(row, "schema not registered: run `soglia topics apply`");
        return sg_ok();
    }
    if (result.class == SG_FATAL) {
        differ(row, "schema not compatible: %s", sg_reason());
        return sg_ok();
    }
    return result;
}

static sg_result check_schemas(struct work *work)
{
    struct topic_report *report = work->report;
    if (report->count > TOPIC_COUNT && report->rows[TOPIC_COUNT].partitions != 1) {
        return sg_ok(); // The row of its topic says it all.
    }
    SG_TRY(registry_open(work->config, &work->registry));
    for (enum topic topic = 0; topic < TOPIC_COUNT; topic++) {
        if (has_schema(topic)) {
            SG_TRY(check_schema(work, topic, &report->rows[topic]));
        }
    }
    return sg_ok();
}

sg_result topic_admin_check(const struct registry_config *config, struct topic_report *ret_report)
{
    SG_CLEANUP(kafka_admin_close) struct kafka_admin *admin = NULL;
    SG_TRY(kafka_admin_open(config->kafka, &admin));
    struct work work = {.config = config, .admin = admin, .report = ret_report};
    SG_TRY(look_at_all(&work));
    compare_groups(ret_report);
    sg_result result = check_schemas(&work);
    registry_close(&work.registry);
    SG_TRY(result);
    count_problems(ret_report);
    return sg_ok();
}

sg_result topic_admin_co_partitioned(struct kafka_admin *admin,
                                     const struct topic_settings *settings,
                                     const enum topic *topics, size_t count,
                                     int32_t *ret_partitions)
{
    assert(count > 0);
    int32_t partitions[TOPIC_COUNT] = {0};
    char name[KAFKA_TOPIC_MAX + 1];
    for (size_t i = 0; i < count; i++) {
        struct kafka_topic_facts facts;
        topic_full_name(settings, topics[i], name);
        SG_TRY(kafka_admin_describe(admin, name, &facts));
        if (!facts.exists) {
            return sg_fail(SG_FATAL, 0, "topic %s is not there: run `soglia topics apply`", name);
        }
        partitions[topics[i]] = facts.partitions;
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++) {
            enum topic_group group = topic_info(topics[i])->group;
            if (group != TOPIC_GROUP_NONE && group == topic_info(topics[j])->group &&
                partitions[topics[i]] != partitions[topics[j]]) {
                return sg_fail(SG_FATAL, 0,
                               "topics %s%s and %s%s are read together and must have the same "
                               "number of partitions, they have %d and %d",
                               settings->prefix, topic_info(topics[j])->name, settings->prefix,
                               topic_info(topics[i])->name, (int)partitions[topics[j]],
                               (int)partitions[topics[i]]);
            }
        }
    }
    *ret_partitions = partitions[topics[0]];
    return sg_ok();
}
