// The event streams alone, for users whose tokens are their names: "Authorization: Bearer u1", or
// "Bearer u1@1795190400000" for a token that ends then. Says its port, serves until its input ends.
// Arguments: settings as key=value.
#include "core/service/log.h"
#include "core/service/metric.h"
#include "query/http/http_server.h"
#include "query/stream/sse_hub.h"
#include "schemas/registry.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TABLES = 5, KEY_MAX = 64, STATUS_UNAUTHORIZED = 401 };

static struct kafka_settings kafka;
static struct topic_settings topics;
static struct registry_settings registry_settings;
static struct http_settings http;
static struct sse_settings streams;
static struct registry *registry;
static struct sse_hub *hub;
static _Atomic(struct http_server *) server;

static const char *given(int argc, char **argv, const char *key)
{
    size_t size = strlen(key);
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], key, size) == 0 && argv[i][size] == '=') {
            return argv[i] + size + 1;
        }
    }
    return NULL;
}

static sg_result read_settings(int argc, char **argv)
{
    const struct option_table tables[TABLES] = {
        kafka_options(&kafka), topic_options(&topics), registry_options(&registry_settings),
        http_options(&http),   sse_options(&streams),
    };
    for (size_t i = 0; i < TABLES; i++) {
        for (size_t row = 0; row < tables[i].count; row++) {
            const struct option *option = &tables[i].options[row];
            const char *text = given(argc, argv, option->key);
            SG_TRY(option_read(option, text == NULL ? option->fallback : text, tables[i].target));
        }
    }
    return sg_ok();
}

static sg_result authorize(void *context, enum http_access access, struct http_request *request)
{
    (void)context;
    (void)access;
    char text[KEY_MAX] = "";
    struct bytes header = request->headers[HTTP_HEADER_AUTHORIZATION];
    if (header.size == 0) {
        return sg_ok();
    }
    snprintf(text, sizeof text, "%.*s", (int)header.size, (const char *)header.data);
    char *rest = text;
    bool bearer = strcmp(strsep(&rest, " "), "Bearer") == 0 && rest != NULL;
    const char *user = bearer ? strsep(&rest, "@") : "";
    request->expires_at_ms = bearer && rest != NULL ? strtoll(rest, NULL, 10) : 0;
    return http_request_set_user(request, bytes_of_text(user))
               ? sg_ok()
               : sg_fail(SG_DROP, STATUS_UNAUTHORIZED, "this token is not good");
}

static sg_result answer(void *context, const struct http_request *request,
                        struct http_response *response)
{
    (void)context;
    return sse_hub_answer(hub, request, response);
}

static sg_result metrics(void *context, const struct http_request *request,
                         struct http_response *response)
{
    (void)context;
    (void)request;
    return metric_print(&response->body);
}

static struct registry *registry_of(void *context)
{
    (void)context;
    return registry;
}

static void news(void *context)
{
    (void)context;
    struct http_server *known = server;
    if (known != NULL) {
        http_server_notify(known);
    }
}

static sg_result serve(int argc, char **argv)
{
    static const struct http_route routes[] = {
        {.path = "/v1/stream",
         .handle = answer,
         .content_type = "text/event-stream",
         .parameters = {"instruments", "alerts", "every"},
         .access = HTTP_ACCESS_OPTIONAL},
        {.path = "/metrics", .handle = metrics, .content_type = "text/plain", .tolerant = true},
    };
    static const struct http_application application = {
        .routes = routes, .route_count = 2, .authorize = authorize};
    SG_TRY(read_settings(argc, argv));
    SG_TRY(
        registry_open(&(struct registry_config){&registry_settings, &kafka, &topics}, &registry));
    SG_TRY(sse_hub_open(&(struct sse_hub_config){.kafka = &kafka,
                                                 .topics = &topics,
                                                 .settings = &streams,
                                                 .connections = http.connections,
                                                 .registry = registry_of,
                                                 .news = news},
                        &hub));
    struct http_server *opened = NULL;
    SG_TRY(http_server_open(&http, &application, &opened));
    server = opened;
    printf("%d\n", http_server_port(opened));
    fflush(stdout);
    char byte = 0;
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
    sse_hub_quit(hub);
    server = NULL;
    http_server_close(&opened);
    sse_hub_close(&hub);
    registry_close(&registry);
    return sg_ok();
}

int main(int argc, char **argv)
{
    size_t count = 0;
    const char *const *classes = http_server_status_classes(&count);
    metric_name_values(METRIC_LABEL_STATUS, classes, count);
    metric_name_values(METRIC_LABEL_TOPIC, topic_names(), TOPIC_COUNT);
    sg_result result = serve(argc, argv);
    if (!sg_is_ok(result)) {
        fprintf(stderr, "%s\n", sg_reason());
    }
    return sg_is_ok(result) ? EXIT_SUCCESS : EXIT_FAILURE;
}
