// Changes thresholds over HTTP at a fixed rate, whatever the answers take: each request has a time
// at which it is due, and its latency counts from there, so that a server that is slow for a moment
// is not asked less meanwhile. `targets` names a file of lines "<token> <path of a subscription>".
// One line a request on standard output: due us after the begin, latency us, status (0: no answer).
#include "bench/programs/bench_words.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    TARGETS_MAX = 10000,
    TARGET_BYTES = 2048,
    CONNECTIONS_MAX = 1024,
    REQUEST_BYTES = 4096,
    ANSWER_BYTES = 16384,
    EVENTS = 64,
    LAST_ANSWERS_S = 10, // How long answers are awaited behind the last request.
};

struct target {
    char token[TARGET_BYTES];
    char path[TARGET_BYTES];
};

struct connection {
    int socket;
    int64_t request; // The one at work, -1: none.
    size_t size;
    char answer[ANSWER_BYTES];
};

struct load {
    int64_t port;
    int64_t rate;
    int64_t count;
    size_t target_count;
    struct target *targets;
    size_t connection_count;
    struct connection *connections;
    size_t free_count;
    size_t *free; // Connections without a request.
    int poller;
    int64_t begun_us;
    int64_t sent_us; // When the last one was sent.
    int64_t next;    // The first request that is not sent.
    int64_t answered;
};

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t due_us(const struct load *load, int64_t request)
{
    return load->begun_us + request * 1000000 / load->rate;
}

static sg_result read_targets(struct load *load, const char *path)
{
    FILE *file = fopen(path, "r");
    load->targets = calloc(TARGETS_MAX, sizeof *load->targets);
    if (file == NULL || load->targets == NULL) {
        return sg_fail(SG_FATAL, errno, "%s: %s", path, strerror(errno));
    }
    struct target *target = load->targets;
    while (load->target_count < TARGETS_MAX &&
           fscanf(file, "%2047s %2047s", target->token, target->path) == 2) {
        target = &load->targets[++load->target_count];
    }
    fclose(file);
    return load->target_count > 0 ? sg_ok() : sg_fail(SG_FATAL, 0, "%s: no target", path);
}

static sg_result connect_one(struct load *load, size_t at)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)load->port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct connection *connection = &load->connections[at];
    connection->socket = socket(AF_INET, SOCK_STREAM, 0);
    connection->request = -1;
    int one = 1;
    setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = at};
    if (connect(connection->socket, (struct sockaddr *)&address, sizeof address) != 0 ||
        epoll_ctl(load->poller, EPOLL_CTL_ADD, connection->socket, &event) != 0) {
        return sg_fail(SG_FATAL, errno, "port %" PRId64 ": %s", load->port, strerror(errno));
    }
    load->free[load->free_count++] = at;
    return sg_ok();
}

static sg_result connect_all(struct load *load, int64_t count)
{
    if (count < 1 || count > CONNECTIONS_MAX) {
        return sg_fail(SG_FATAL, 0, "connections: 1 to %d", CONNECTIONS_MAX);
    }
    load->connection_count = (size_t)count;
    load->connections = calloc(load->connection_count, sizeof *load->connections);
    load->free = calloc(load->connection_count, sizeof *load->free);
    load->poller = epoll_create1(0);
    if (load->connections == NULL || load->free == NULL || load->poller < 0) {
        return sg_fail(SG_FATAL, errno, "connections: %s", strerror(errno));
    }
    for (size_t i = 0; i < load->connection_count; i++) {
        SG_TRY(connect_one(load, i));
    }
    return sg_ok();
}

static sg_result send_next(struct load *load)
{
    struct connection *connection = &load->connections[load->free[--load->free_count]];
    const struct target *target = &load->targets[(size_t)load->next % load->target_count];
    char body[64];
    char request[REQUEST_BYTES];
    int body_size = snprintf(body, sizeof body, "{\"high\":%" PRId64 "}", 1000000 + load->next);
    int size =
        snprintf(request, sizeof request,
                 "PATCH %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"
                 "Content-Type: application/merge-patch+json\r\nContent-Length: %d\r\n\r\n%s",
                 target->path, target->token, body_size, body);
    if (size >= (int)sizeof request || write(connection->socket, request, (size_t)size) != size) {
        return sg_fail(SG_FATAL, errno, "a request could not be written: %s", strerror(errno));
    }
    load->sent_us = now_us();
    connection->request = load->next++;
    connection->size = 0;
    return sg_ok();
}

static void note(const struct load *load, int64_t request, int status)
{
    int64_t due = due_us(load, request);
    printf("%" PRId64 " %" PRId64 " %d\n", due - load->begun_us, now_us() - due, status);
}

// The whole answer's status; 0 while something is missing of it.
static int whole_status(struct connection *connection)
{
    connection->answer[connection->size] = '\0';
    const char *end = strstr(connection->answer, "\r\n\r\n");
    const char *length = strcasestr(connection->answer, "\r\nContent-Length: ");
    if (end == NULL || length == NULL || length > end) {
        return 0;
    }
    size_t head = (size_t)(end - connection->answer) + strlen("\r\n\r\n");
    size_t body = strtoul(length + strlen("\r\nContent-Length: "), NULL, 10);
    return connection->size >= head + body
               ? (int)strtol(connection->answer + strlen("HTTP/1.1 "), NULL, 10)
               : 0;
}

static sg_result take_answer(struct load *load, size_t at)
{
    struct connection *connection = &load->connections[at];
    ssize_t got = read(connection->socket, connection->answer + connection->size,
                       sizeof connection->answer - 1 - connection->size);
    if (got <= 0) {
        return sg_fail(SG_FATAL, errno, "the server has closed a connection");
    }
    connection->size += (size_t)got;
    int status = connection->request < 0 ? 0 : whole_status(connection);
    if (status != 0) {
        note(load, connection->request, status);
        connection->request = -1;
        load->free[load->free_count++] = at;
        load->answered++;
    }
    return sg_ok();
}

static int64_t wait_us(const struct load *load)
{
    int64_t until_us = load->next < load->count ? due_us(load, load->next)
                                                : load->sent_us + (int64_t)LAST_ANSWERS_S * 1000000;
    bool held_up = load->next < load->count && load->free_count == 0;
    int64_t wait = until_us - now_us();
    return held_up ? 1000000 : wait < 0 ? 0 : wait;
}

static sg_result run_load(struct load *load)
{
    load->begun_us = now_us();
    struct epoll_event events[EVENTS];
    while (load->answered < load->count) {
        while (load->next < load->count && load->free_count > 0 &&
               due_us(load, load->next) <= now_us()) {
            SG_TRY(send_next(load));
        }
        int64_t wait = wait_us(load);
        if (load->next == load->count && wait == 0) {
            break;
        }
        struct timespec timeout = {.tv_sec = wait / 1000000, .tv_nsec = wait % 1000000 * 1000};
        int count = epoll_pwait2(load->poller, events, EVENTS, &timeout, NULL);
        for (int i = 0; i < count; i++) {
            SG_TRY(take_answer(load, (size_t)events[i].data.u64));
        }
    }
    for (size_t i = 0; i < load->connection_count; i++) {
        if (load->connections[i].request >= 0) {
            note(load, load->connections[i].request, 0);
        }
    }
    return sg_ok();
}

static sg_result run(const struct bench_words *words)
{
    static struct load load;
    const char *targets = NULL;
    int64_t connections = 0;
    SG_TRY(bench_words_int(words, "port", 0, &load.port));
    SG_TRY(bench_words_int(words, "rate", 2000, &load.rate));
    SG_TRY(bench_words_int(words, "count", 20000, &load.count));
    SG_TRY(bench_words_int(words, "connections", 256, &connections));
    SG_TRY(bench_words_text(words, "targets", NULL, &targets));
    SG_TRY(read_targets(&load, targets));
    SG_TRY(connect_all(&load, connections));
    return run_load(&load);
}

int main(int count, char **list)
{
    struct bench_words words = {count, list};
    sg_result result = run(&words);
    if (!sg_is_ok(result)) {
        fprintf(stderr, "%s\n", sg_reason());
    }
    return sg_is_ok(result) ? EXIT_SUCCESS : EXIT_FAILURE;
}
