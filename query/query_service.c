// The parts in their order: file, feeder, accounts, server. They end in the reverse order but for
// the server, which goes first, so that nobody reads what is being closed.
#include "query/query_service.h"

#include "query/accounts/account_services.h"
#include "query/query_server.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct query_service {
    struct query_context context;
    struct account_services accounts;
    struct http_application application;
    struct view_store *store;
    struct view_feeder *feeder;
    struct sse_hub *streams;
    struct http_server *server;
    bool (*also_ready)(void *also_context, struct buffer *ret_lacking);
    void *also_context;
    pthread_rwlock_t lock; // Guards `server` and `accounts.commands`, which other threads wake.
};

static struct registry *registry_of(void *context)
{
    const struct query_service *service = context;
    return view_feeder_registry(service->feeder);
}

// Wakes the requests that wait for views, changes, passwords or events.
static void wake(void *context)
{
    struct query_service *service = context;
    pthread_rwlock_rdlock(&service->lock);
    if (service->server != NULL) {
        http_server_notify(service->server);
    }
    pthread_rwlock_unlock(&service->lock);
}

static void note_commit(void *context)
{
    struct query_service *service = context;
    pthread_rwlock_rdlock(&service->lock);
    struct command_desk *commands = service->accounts.commands;
    if (commands != NULL) {
        command_desk_look(commands);
    }
    pthread_rwlock_unlock(&service->lock);
    wake(service);
}

static bool is_ready(void *context, struct buffer *ret_lacking)
{
    return query_service_ready(context, ret_lacking);
}

static void drop_service(struct query_service **service)
{
    sg_ignore(query_service_close(service));
}

static sg_result open_accounts(struct query_service *service,
                               const struct query_service_config *config)
{
    service->accounts = (struct account_services){
        .store = service->store,
        .secrets = config->secrets,
        .auth = config->auth,
        .market_is_private = strcmp(config->auth->market_data, "private") == 0,
    };
    SG_TRY(login_limit_new(config->auth, &service->accounts.logins));
    SG_TRY(password_desk_open(config->auth, wake, service, &service->accounts.passwords));
    struct command_desk *commands = NULL;
    SG_TRY(command_desk_open(&(struct command_desk_config){.commands = config->commands,
                                                           .kafka = config->kafka,
                                                           .topics = config->topics,
                                                           .store = service->store,
                                                           .registry = registry_of,
                                                           .wake = wake,
                                                           .context = service},
                             &commands));
    pthread_rwlock_wrlock(&service->lock);
    service->accounts.commands = commands;
    pthread_rwlock_unlock(&service->lock);
    return sg_ok();
}

static sg_result open_parts(struct query_service *service,
                            const struct query_service_config *config)
{
    SG_TRY(view_store_open(config->state, &service->store));
    SG_TRY(view_feeder_open(&(struct view_feeder_config){.kafka = config->kafka,
                                                         .topics = config->topics,
                                                         .registry = config->registry,
                                                         .views = config->views,
                                                         .store = service->store,
                                                         .committed = note_commit,
                                                         .context = service},
                            &service->feeder));
    SG_TRY(open_accounts(service, config));
    SG_TRY(sse_hub_open(&(struct sse_hub_config){.kafka = config->kafka,
                                                 .topics = config->topics,
                                                 .settings = config->streams,
                                                 .connections = config->http->connections,
                                                 .registry = registry_of,
                                                 .news = wake,
                                                 .context = service},
                        &service->streams));
    service->context = (struct query_context){
        .ready = is_ready,
        .ready_context = service,
        .state_folder = config->state->dir,
        .store = service->store,
        .feeder = service->feeder,
        .accounts = &service->accounts,
        .secrets = config->secrets,
        .streams = service->streams,
        .registry_external = config->registry->url[0] != '\0',
    };
    query_server_application(&service->context, &service->application);
    struct http_server *server = NULL;
    SG_TRY(http_server_open(config->http, &service->application, &server));
    pthread_rwlock_wrlock(&service->lock);
    service->server = server;
    pthread_rwlock_unlock(&service->lock);
    return sg_ok();
}

sg_result query_service_open(const struct query_service_config *config,
                             struct query_service **ret_service)
{
    SG_CLEANUP(drop_service) struct query_service *service = calloc(1, sizeof *service);
    if (service == NULL) {
        return sg_fail(SG_FATAL, 0, "serve: out of memory");
    }
    pthread_rwlock_init(&service->lock, NULL);
    service->also_ready = config->also_ready;
    service->also_context = config->also_context;
    SG_TRY(open_parts(service, config));
    *ret_service = SG_MOVE(service);
    return sg_ok();
}

sg_result query_service_close(struct query_service **service)
{
    struct query_service *closing = *service;
    if (closing == NULL) {
        return sg_ok();
    }
    pthread_rwlock_wrlock(&closing->lock);
    struct http_server *server = SG_MOVE(closing->server);
    pthread_rwlock_unlock(&closing->lock);
    if (closing->streams != NULL) {
        sse_hub_quit(closing->streams);
    }
    http_server_close(&server);
    sse_hub_close(&closing->streams);
    sg_result result = view_feeder_close(&closing->feeder);
    command_desk_close(&closing->accounts.commands);
    password_desk_close(&closing->accounts.passwords);
    login_limit_free(&closing->accounts.logins);
    view_store_close(&closing->store);
    pthread_rwlock_destroy(&closing->lock);
    free(closing);
    *service = NULL;
    return result;
}

int query_service_port(const struct query_service *service)
{
    return http_server_port(service->server);
}

bool query_service_ready(struct query_service *service, struct buffer *ret_lacking)
{
    bool also =
        service->also_ready == NULL || service->also_ready(service->also_context, ret_lacking);
    return view_feeder_ready(service->feeder, ret_lacking) && also;
}
