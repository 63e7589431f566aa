// soglia serve: the HTTP service.
#include "app/command.h"

#include "app/roles/last_resort.h"
#include "core/service/log.h"
#include "core/service/metric.h"
#include "core/service/notify.h"
#include "core/service/stop.h"
#include "query/query_service.h"

#include <stdio.h>

static void name_labels(void)
{
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
    };
    name_labels();
    stop_prepare();
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
    .sections = {"http", "views", "state", "kafka", "topics", "registry", "log", NULL},
    .run = run,
};
