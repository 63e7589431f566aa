// soglia serve: the HTTP service.
#include "app/command.h"

#include "app/roles/last_resort.h"
#include "core/service/clock.h"
#include "core/service/log.h"
#include "core/service/metric.h"
#include "core/service/notify.h"
#include "core/service/stop.h"
#include "query/query_service.h"

#include <stdio.h>

enum { MS_PER_S = 1000 };

static void name_labels(void)
{
    metric_set(METRIC_START_TIME, 0, 0, clock_wall_ms() / MS_PER_S);
    size_t count = 0;
    const char *const *classes = http_server_status_classes(&count);
    metric_name_values(METRIC_LABEL_STATUS, classes, count);
    metric_name_values(METRIC_LABEL_TOPIC, topic_names(), TOPIC_COUNT);
}

static sg_result run(const struct invocation *invocation)
{
    const struct settings_all *all = invocation->all;
    struct query_service_config config = {
        .kafka = &all->kafka,
        .topics = &all->topics,
        .registry = &all->registry,
        .state = &all->state,
        .views = &all->views,
        .http = &all->http,
        .auth = &all->auth,
        .commands = &all->commands,
        .streams = &all->events,
    };
    name_labels();
    stop_prepare();
    SG_CLEANUP(secrets_close) struct secrets *secrets = NULL;
    SG_TRY(secrets_open_by(&all->secrets, all->state.dir, &secrets));
    config.secrets = secrets;
    struct query_service *service = NULL;
    SG_TRY(query_service_open(&config, &service));
    log_info("serving HTTP", (struct log_field[]){log_text("listen", all->http.listen),
                                                  log_int("port", query_service_port(service)),
                                                  {.name = NULL}});
    notify_ready();
    stop_wait(-1);
    notify_stopping();
    last_resort_begin();
    return query_service_close(&service);
}

const struct command serve_command = {
    .name = "serve",
    .arguments = "",
    .summary = "answer HTTP: values, history, means, schemas, health, metrics",
    .help =
        "Fills its views from the topics, keeps them in <state.dir>/serve and goes on from there\n"
        "after a restart. What can be asked is listed at / and in docs/http.md:\n"
        "\n"
        "  curl localhost:8080/v1/instruments/stock:AAPL\n"
        "  curl 'localhost:8080/v1/instruments/stock:AAPL/mean?last=20'\n",
    .sections = {"http", "stream", "auth", "commands", "secrets", "views", "state", "kafka",
                 "topics", "registry", "log", NULL},
    .run = run,
};
