// soglia run and soglia deliver: stream processors until a signal; `run all` serves HTTP too.
#include "app/command.h"
#include "app/roles/last_resort.h"
#include "app/roles/pipeline.h"
#include "core/service/clock.h"
#include "core/service/metric.h"
#include "core/service/notify.h"
#include "core/service/stop.h"
#include "query/query_service.h"
#include "schemas/edge.h"
#include "schemas/outcome.h"
#include "streams/processors/alert_rules.h"
#include "streams/topology.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { MS_PER_S = 1000, READY_LOOK_MS = 50, LACKING_MAX_BYTES = 4096 };

// What this process is to run.
struct roles {
    bool processors[PROCESSOR_COUNT];
    bool serve;
};

// What runs.
struct running {
    atomic_bool opened; // The rest stands, for the thread of the metrics.
    struct pipeline *pipeline;
    struct query_service *service;
    struct metrics_server *metrics;
    struct secrets *secrets;
    struct query_context context; // Of the metrics server.
};

static void name_labels(void)
{
    static const char *const edges[] = {[EDGE_ENTERED] = "entered", [EDGE_CLEARED] = "cleared"};
    static const char *const outcomes[] = {[OUTCOME_SENT] = "sent",
                                           [OUTCOME_RETRY] = "retry",
                                           [OUTCOME_REJECTED] = "rejected",
                                           [OUTCOME_EXPIRED] = "expired"};
    static const char *const reasons[] = {
        [ALERT_QUIET_COOLDOWN] = "cooldown", [ALERT_QUIET_PAUSED] = "paused"};
    metric_set(METRIC_START_TIME, 0, 0, clock_wall_ms() / MS_PER_S);
    size_t count = 0;
    const char *const *classes = http_server_status_classes(&count);
    metric_name_values(METRIC_LABEL_STATUS, classes, count);
    metric_name_values(METRIC_LABEL_PROCESSOR, topology_names(), PROCESSOR_COUNT);
    metric_name_values(METRIC_LABEL_TOPIC, topic_names(), TOPIC_COUNT);
    metric_name_values(METRIC_LABEL_EDGE, edges, sizeof edges / sizeof edges[0]);
    metric_name_values(METRIC_LABEL_OUTCOME, outcomes, sizeof outcomes / sizeof outcomes[0]);
    metric_name_values(METRIC_LABEL_REASON, reasons, sizeof reasons / sizeof reasons[0]);
}

static sg_result add_role(const char *word, struct roles *roles)
{
    if (strcmp(word, "all") == 0) {
        memset(roles->processors, true, sizeof roles->processors);
        roles->serve = true;
        return sg_ok();
    }
    const struct processor *processor = topology_find(word);
    if (processor == NULL) {
        return sg_fail(
            SG_FATAL, COMMAND_BAD_WORDS,
            "no processor %s; there are ingest, accounts, alerts, notifications, deliver, and all",
            word);
    }
    roles->processors[processor->id] = true;
    return sg_ok();
}

static bool is_ready(struct running *running, struct buffer *lacking)
{
    return running->service != NULL ? query_service_ready(running->service, lacking)
                                    : pipeline_ready(running->pipeline, lacking);
}

static bool ready_now(void *context, struct buffer *ret_lacking)
{
    struct running *running = context;
    if (!atomic_load(&running->opened)) {
        sg_ignore(buffer_print(ret_lacking, "Kafka has not answered yet"));
        return false;
    }
    return is_ready(running, ret_lacking);
}

static sg_result start(const struct settings_all *all, const struct roles *roles,
                       struct running *running)
{
    running->context = (struct query_context){
        .ready = ready_now, .ready_context = running, .state_folder = all->state.dir};
    // First of all, so that a process that waits for Kafka is seen to live.
    SG_TRY(metrics_server_open(&all->metrics, &running->context, &running->metrics));
    SG_TRY(pipeline_open(all, roles->processors, &running->pipeline));
    if (!roles->serve) {
        return sg_ok();
    }
    SG_TRY(secrets_open_by(&all->secrets, all->state.dir, &running->secrets));
    struct query_service_config config = {
        .kafka = &all->kafka,
        .topics = &all->topics,
        .registry = &all->registry,
        .state = &all->state,
        .views = &all->views,
        .http = &all->http,
        .auth = &all->auth,
        .commands = &all->commands,
        .secrets = running->secrets,
        .streams = &all->events,
        .also_ready = pipeline_ready,
        .also_context = running->pipeline,
    };
    return query_service_open(&config, &running->service);
}

// Waits for the end, and says once when everything works.
static void wait_for_end(struct running *running)
{
    SG_CLEANUP(buffer_done) struct buffer lacking;
    buffer_init(&lacking, LACKING_MAX_BYTES);
    while (!stop_wait(READY_LOOK_MS)) {
        buffer_clear(&lacking);
        if (is_ready(running, &lacking)) {
            log_info("ready", NULL);
            notify_ready();
            stop_wait(-1);
            return;
        }
    }
}

static sg_result stop(struct running *running, sg_result result)
{
    notify_stopping();
    stop_request();
    last_resort_begin();
    pipeline_end(running->pipeline);
    // The first failure is the one to tell; its reason is kept while the rest is closed.
    char reason[SG_REASON_MAX];
    snprintf(reason, sizeof reason, "%s", sg_reason());
    metrics_server_close(&running->metrics);
    sg_result served = query_service_close(&running->service);
    if (sg_is_ok(result) && !sg_is_ok(served)) {
        result = served;
        snprintf(reason, sizeof reason, "%s", sg_reason());
    }
    sg_result ran = pipeline_close(&running->pipeline);
    secrets_close(&running->secrets);
    if (sg_is_ok(result) && !sg_is_ok(ran)) {
        return ran;
    }
    return sg_is_ok(result) ? result : sg_fail(result.class, result.code, "%s", reason);
}

static sg_result run_roles(const struct settings_all *all, const struct roles *roles)
{
    if (roles->processors[PROCESSOR_DELIVER]) {
        SG_TRY(mail_options_check(&all->mail));
        SG_TRY(webhook_options_check(&all->webhook));
        SG_TRY(deliver_check(&all->deliver));
    }
    name_labels();
    stop_prepare();
    struct running running = {.pipeline = NULL};
    sg_result started = start(all, roles, &running);
    if (sg_is_ok(started)) {
        atomic_store(&running.opened, true);
        wait_for_end(&running);
    }
    // Asked to stop while Kafka was still awaited: that is no failure.
    bool stopped = started.class == SG_RETRY && stop_requested();
    return stop(&running, stopped ? sg_ok() : started);
}

static sg_result run(const struct invocation *invocation)
{
    struct roles roles = {.serve = false};
    for (size_t i = 0; i < invocation->word_count; i++) {
        SG_TRY(add_role(invocation->words[i], &roles));
    }
    return run_roles(invocation->all, &roles);
}

const struct command run_command = {
    .name = "run",
    .arguments = "NAME...",
    .summary = "run stream processors: ingest, accounts, alerts, notifications, deliver, or all",
    .help = "Runs the named processors until SIGTERM or SIGINT, then commits and ends within 5 s.\n"
            "  ingest         JSON of people becomes Avro, or a dead letter with a reason\n"
            "  accounts       commands become users and subscriptions, each command once\n"
            "  alerts         quotes against thresholds\n"
            "  notifications  alerts become messages to their users\n"
            "  deliver        messages go to the mail server and to webhooks\n"
            "  all            everything in one process, serve too\n"
            "Processes that share a processor need a run.instance each.\n",
    .words_min = 1,
    .words_max = PROCESSOR_COUNT,
    .sections = {"run", "accounts", "deliver", "smtp", "mail", "webhook", "http", "stream", "auth",
                 "commands", "secrets", "views", "state", "kafka", "topics", "registry", "metrics",
                 "log", NULL},
    .run = run,
};

static sg_result run_deliver(const struct invocation *invocation)
{
    struct roles roles = {.serve = false};
    roles.processors[PROCESSOR_DELIVER] = true;
    return run_roles(invocation->all, &roles);
}

const struct command deliver_command = {
    .name = "deliver",
    .arguments = "",
    .summary = "send notifications to the mail server and to webhooks",
    .help =
        "The same as `soglia run deliver`: takes notifications into its outbox, sends them after\n"
        "the commit, tries again what failed for a time, and records each attempt in deliveries.\n",
    .sections = {"deliver", "smtp", "mail", "webhook", "secrets", "run", "state", "kafka", "topics",
                 "registry", "metrics", "log", NULL},
    .run = run_deliver,
};
