// One thread a worker. A worker that fails stops the process: whoever supervises it starts it
// again, and it goes on from the log.
#include "app/roles/pipeline.h"

#include "app/roles/delivery_effector.h"
#include "core/folder.h"
#include "core/kafka/admin.h"
#include "core/service/clock.h"
#include "core/service/stop.h"
#include "schemas/registry.h"
#include "streams/runtime.h"
#include "streams/topology.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CLOSE_S_MAX = 4, FOLDER_MAX_BYTES = 4096, BROKER_WAIT_MS = 2000, CLUSTER_ID_MAX = 128 };

struct pipeline_worker {
    struct runtime_config config;
    struct delivery_effector *effector; // Of deliver, else NULL.
    pthread_t thread;
    bool started;
    atomic_bool ready;
    bool failed_first; // Before anybody was asked to stop: the others only follow.
    sg_result result;
    char reason[SG_REASON_MAX];
};

struct pipeline {
    const struct settings_all *all;
    struct registry *registry;
    struct secrets *secrets; // Of deliver's links and signatures, else NULL.
    char cluster_id[CLUSTER_ID_MAX];
    struct pipeline_worker *workers;
    size_t count;
};

// Kafka may start after us. Its address is in every line, so that a wrong one is seen.
static sg_result wait_for_kafka(struct pipeline *pipeline)
{
    SG_CLEANUP(kafka_admin_close) struct kafka_admin *admin = NULL;
    SG_TRY(kafka_admin_open(&pipeline->all->kafka, &admin));
    sg_result answered = kafka_admin_wait(admin, BROKER_WAIT_MS);
    while (answered.class == SG_RETRY && !stop_requested()) {
        log_warn("waiting for Kafka",
                 (struct log_field[]){log_text("brokers", pipeline->all->kafka.brokers),
                                      log_text("reason", sg_reason()),
                                      {.name = NULL}});
        answered = kafka_admin_wait(admin, BROKER_WAIT_MS);
    }
    SG_TRY(answered);
    const char *id = NULL;
    SG_TRY(kafka_admin_cluster_id(admin, &id));
    snprintf(pipeline->cluster_id, sizeof pipeline->cluster_id, "%s", id);
    return sg_ok();
}

static sg_result open_registry(struct pipeline *pipeline)
{
    struct registry_config config = {.registry = &pipeline->all->registry,
                                     .kafka = &pipeline->all->kafka,
                                     .topics = &pipeline->all->topics};
    sg_result opened = registry_open(&config, &pipeline->registry);
    while (opened.class == SG_RETRY && !stop_requested()) {
        log_warn("waiting for the schema registry",
                 (struct log_field[]){log_text("reason", sg_reason()), {.name = NULL}});
        clock_sleep_ms(BROKER_WAIT_MS);
        opened = registry_open(&config, &pipeline->registry);
    }
    return opened;
}

static void set_ready(void *context)
{
    struct pipeline_worker *worker = context;
    atomic_store(&worker->ready, true);
}

static void *run_worker(void *context)
{
    struct pipeline_worker *worker = context;
    worker->result = runtime_run(&worker->config);
    if (!sg_is_ok(worker->result)) {
        snprintf(worker->reason, sizeof worker->reason, "%s", sg_reason());
        worker->failed_first = !stop_requested();
        stop_request();
    }
    return NULL;
}

static sg_result make_folder(const struct pipeline *pipeline, const char *name, int64_t worker,
                             char ret_folder[static FOLDER_MAX_BYTES])
{
    snprintf(ret_folder, FOLDER_MAX_BYTES, "%s/deliver/%s-%" PRId64, pipeline->all->state.dir, name,
             worker);
    return folder_make(ret_folder);
}

// Mails and webhooks are the effect of deliver; their logs of outcomes stand beside the state.
static sg_result add_effector(struct pipeline *pipeline, struct pipeline_worker *worker)
{
    const struct settings_all *all = pipeline->all;
    if (pipeline->secrets == NULL) {
        SG_TRY(secrets_open_by(&all->secrets, all->state.dir, &pipeline->secrets));
    }
    char mail[FOLDER_MAX_BYTES];
    char webhook[FOLDER_MAX_BYTES];
    SG_TRY(make_folder(pipeline, "sender", worker->config.worker, mail));
    SG_TRY(make_folder(pipeline, "webhook", worker->config.worker, webhook));
    const struct delivery_effector_config config = {
        .mail = &all->mail,
        .webhook = &all->webhook,
        .secrets = pipeline->secrets,
        .mail_folder = mail,
        .webhook_folder = webhook,
    };
    SG_TRY(delivery_effector_open(&config, &worker->effector));
    worker->config.effector = delivery_effector_calls(worker->effector);
    worker->config.opened = delivery_effector_bind;
    worker->config.opened_context = worker->effector;
    return sg_ok();
}

static sg_result start_worker(struct pipeline *pipeline, const struct processor *processor,
                              int64_t number)
{
    struct pipeline_worker *worker = &pipeline->workers[pipeline->count++];
    worker->config = (struct runtime_config){
        .processor = processor,
        .worker = number,
        .stream = &pipeline->all->stream,
        .kafka = &pipeline->all->kafka,
        .topics = &pipeline->all->topics,
        .state = &pipeline->all->state,
        .registry = pipeline->registry,
        .processor_settings = settings_all_of(pipeline->all, processor->id),
        .cluster_id = pipeline->cluster_id,
        .ready = set_ready,
        .ready_context = worker,
    };
    if (processor->take_outcome != NULL) {
        SG_TRY(add_effector(pipeline, worker));
    }
    int code = pthread_create(&worker->thread, NULL, run_worker, worker);
    if (code != 0) {
        return sg_fail(SG_FATAL, code, "cannot start a thread: %s", strerror(code));
    }
    worker->started = true;
    return sg_ok();
}

static sg_result start_workers(struct pipeline *pipeline, const bool wanted[static PROCESSOR_COUNT])
{
    int64_t each = pipeline->all->stream.workers;
    pipeline->workers = calloc((size_t)each * PROCESSOR_COUNT, sizeof *pipeline->workers);
    if (pipeline->workers == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory for the workers");
    }
    for (size_t i = 0; i < PROCESSOR_COUNT; i++) {
        for (int64_t number = 0; wanted[i] && number < each; number++) {
            SG_TRY(start_worker(pipeline, topology[i], number));
        }
    }
    return sg_ok();
}

static void close_pipeline(struct pipeline **pipeline)
{
    sg_ignore(pipeline_close(pipeline));
}

sg_result pipeline_open(const struct settings_all *all, const bool wanted[static PROCESSOR_COUNT],
                        struct pipeline **ret_pipeline)
{
    SG_CLEANUP(close_pipeline) struct pipeline *pipeline = calloc(1, sizeof *pipeline);
    if (pipeline == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory");
    }
    pipeline->all = all;
    SG_TRY(wait_for_kafka(pipeline));
    SG_TRY(open_registry(pipeline));
    sg_result started = start_workers(pipeline, wanted);
    if (!sg_is_ok(started)) {
        stop_request();
    }
    SG_TRY(started);
    *ret_pipeline = SG_MOVE(pipeline);
    return sg_ok();
}

bool pipeline_ready(void *context, struct buffer *ret_lacking)
{
    const struct pipeline *pipeline = context;
    bool ready = true;
    for (size_t i = 0; i < pipeline->count; i++) {
        const struct pipeline_worker *worker = &pipeline->workers[i];
        if (!atomic_load(&worker->ready)) {
            ready = false;
            sg_ignore(buffer_print(ret_lacking, "%s%s has no partitions yet",
                                   ret_lacking->size > 0 ? ", " : "",
                                   worker->config.processor->name));
        }
    }
    return ready;
}

// True when the worker has ended by the deadline. Then its result may be looked at.
static bool join(struct pipeline_worker *worker, const struct timespec *deadline)
{
    return !worker->started || pthread_timedjoin_np(worker->thread, NULL, deadline) == 0;
}

// A worker that waits for a Kafka that is away does not end in time. The process ends without it,
// as by kill -9: what was not committed is done again at the next start.
static void abandon(const struct pipeline_worker *worker, sg_result result)
{
    log_warn("Kafka does not answer: ending without the last commit, the next start does that "
             "work again",
             (struct log_field[]){log_text("processor", worker->config.processor->name),
                                  {.name = NULL}});
    if (!sg_is_ok(result)) {
        // The line for people, as main() says it: this end does not come by there.
        fprintf(stderr, "soglia: %s\n", sg_reason());
    }
    _exit(sg_is_ok(result) ? 0 : 1);
}

void pipeline_end(struct pipeline *pipeline)
{
    for (size_t i = 0; pipeline != NULL && i < pipeline->count; i++) {
        delivery_effector_end(pipeline->workers[i].effector);
    }
}

sg_result pipeline_close(struct pipeline **pipeline)
{
    struct pipeline *closing = *pipeline;
    if (closing == NULL) {
        return sg_ok();
    }
    pipeline_end(closing);
    struct timespec deadline;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += CLOSE_S_MAX;
    sg_result result = sg_ok();
    const struct pipeline_worker *late = NULL;
    for (size_t i = 0; i < closing->count; i++) {
        struct pipeline_worker *worker = &closing->workers[i];
        if (!join(worker, &deadline)) {
            late = worker;
            continue;
        }
        delivery_effector_close(&worker->effector);
        if (!sg_is_ok(worker->result) && (sg_is_ok(result) || worker->failed_first)) {
            result = sg_fail(worker->result.class, worker->result.code, "%s: %s",
                             worker->config.processor->name, worker->reason);
        }
    }
    if (late != NULL) {
        abandon(late, result);
    }
    secrets_close(&closing->secrets);
    registry_close(&closing->registry);
    free(closing->workers);
    free(closing);
    *pipeline = NULL;
    return result;
}
