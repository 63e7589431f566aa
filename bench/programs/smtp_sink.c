// A mail server that takes everything at once and keeps only when: one line a mail on standard
// output, with the first long number of its text and the monotonic ns at which its last dot was
// answered. With `blast=N` it is the client of one: it sends N mails and prints how many a second
// were taken, which is the limit of the server.
#include "bench/programs/bench_words.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER_BYTES = 1 << 18, EVENTS = 64, CONNECTIONS_MAX = 1024, LINE_MAX_BYTES = 2048 };

// One client. Bytes come in pieces; lines are taken out of them.
struct session {
    bool in_data;
    int64_t number; // Of the mail being read, -1: not found yet.
    size_t size;
    char text[BUFFER_BYTES];
};

static struct session *sessions[CONNECTIONS_MAX];
static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static bool say(int client, const char *text)
{
    size_t size = strlen(text);
    return write(client, text, size) == (ssize_t)size;
}

// "Subject: probe:P1 rose above 0: 12" ends with the value, whose size is the quote's number + 1.
static void look_for_number(struct session *session, const char *line)
{
    static const char subject[] = "Subject: ";
    if (strncmp(line, subject, sizeof subject - 1) != 0) {
        return;
    }
    const char *space = strrchr(line, ' ');
    double value = space == NULL ? 0 : strtod(space, NULL);
    session->number = (int64_t)(value < 0 ? -value : value) - 1;
}

static bool take_line(struct session *session, int client, const char *line)
{
    if (session->in_data) {
        if (strcmp(line, ".") != 0) {
            look_for_number(session, line);
            return true;
        }
        session->in_data = false;
        bool said = say(client, "250 2.0.0 taken\r\n");
        printf("%" PRId64 " %" PRId64 "\n", session->number, now_ns());
        return said;
    }
    if (strncasecmp(line, "DATA", 4) == 0) {
        session->in_data = true;
        session->number = -1;
        return say(client, "354 go on\r\n");
    }
    if (strncasecmp(line, "QUIT", 4) == 0) {
        return say(client, "221 bye\r\n") && false;
    }
    return say(client, "250 ok\r\n");
}

// Takes every whole line out of what has come. False: the connection is to be closed.
static bool take_text(struct session *session, int client)
{
    size_t begin = 0;
    char *end = NULL;
    while ((end = memchr(session->text + begin, '\n', session->size - begin)) != NULL) {
        char *line = session->text + begin;
        *end = '\0';
        if (end > line && end[-1] == '\r') {
            end[-1] = '\0';
        }
        begin = (size_t)(end - session->text) + 1;
        if (!take_line(session, client, line)) {
            return false;
        }
    }
    memmove(session->text, session->text + begin, session->size - begin);
    session->size -= begin;
    return session->size < sizeof session->text;
}

static void take_bytes(int client)
{
    struct session *session = sessions[client];
    ssize_t got = read(client, session->text + session->size, sizeof session->text - session->size);
    if (got > 0) {
        session->size += (size_t)got;
        if (take_text(session, client)) {
            return;
        }
    }
    close(client);
    free(session);
    sessions[client] = NULL;
}

static void take_client(int poller, int server)
{
    int client = accept(server, NULL, NULL);
    if (client < 0) {
        return;
    }
    struct session *session = client < CONNECTIONS_MAX ? calloc(1, sizeof *session) : NULL;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = client};
    int one = 1;
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (session == NULL || epoll_ctl(poller, EPOLL_CTL_ADD, client, &event) != 0 ||
        !say(client, "220 sink\r\n")) {
        free(session);
        close(client);
        return;
    }
    sessions[client] = session;
}

static struct sockaddr_in address_of(int64_t port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static sg_result serve(int64_t port)
{
    int server = socket(AF_INET, SOCK_STREAM, 0);
    int poller = epoll_create1(0);
    int one = 1;
    struct sockaddr_in address = address_of(port);
    struct epoll_event listening = {.events = EPOLLIN, .data.fd = server};
    setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(server, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(server, 128) != 0 || epoll_ctl(poller, EPOLL_CTL_ADD, server, &listening) != 0) {
        return sg_fail(SG_FATAL, errno, "port %" PRId64 ": %s", port, strerror(errno));
    }
    struct epoll_event events[EVENTS];
    while (!stopped) {
        int count = epoll_wait(poller, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == server) {
                take_client(poller, server);
            } else {
                take_bytes(events[i].data.fd);
            }
        }
    }
    close(poller);
    close(server);
    return sg_ok();
}

// Says a line and reads the answer to it.
static bool ask(FILE *in, FILE *out, const char *text)
{
    char line[LINE_MAX_BYTES];
    if (text != NULL) {
        fputs(text, out);
        fflush(out);
    }
    return fgets(line, sizeof line, in) != NULL && (line[0] == '2' || line[0] == '3');
}

static bool send_mail(FILE *in, FILE *out)
{
    return ask(in, out, "MAIL FROM:<a@example.org>\r\n") &&
           ask(in, out, "RCPT TO:<b@example.org>\r\n") && ask(in, out, "DATA\r\n") &&
           ask(in, out, "Subject: mail 1\r\n\r\nThis is as long as a mail is.\r\n.\r\n");
}

static sg_result blast(int64_t port, int64_t count)
{
    int client = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = address_of(port);
    int one = 1;
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(client, (struct sockaddr *)&address, sizeof address) != 0) {
        return sg_fail(SG_FATAL, errno, "port %" PRId64 ": %s", port, strerror(errno));
    }
    FILE *in = fdopen(client, "r");
    FILE *out = fdopen(dup(client), "w");
    bool taken = ask(in, out, NULL) && ask(in, out, "EHLO bench\r\n");
    int64_t begun_ns = now_ns();
    for (int64_t i = 0; i < count && taken; i++) {
        taken = send_mail(in, out);
    }
    double seconds = (double)(now_ns() - begun_ns) / 1e9;
    fclose(in);
    fclose(out);
    if (!taken) {
        return sg_fail(SG_FATAL, 0, "the mail server did not take a mail");
    }
    printf("%.0f\n", (double)count / seconds);
    return sg_ok();
}

static sg_result run(const struct bench_words *words)
{
    int64_t port = 0;
    int64_t mails = 0;
    SG_TRY(bench_words_int(words, "port", 0, &port));
    SG_TRY(bench_words_int(words, "blast", 0, &mails));
    return mails > 0 ? blast(port, mails) : serve(port);
}

int main(int count, char **list)
{
    struct bench_words words = {count, list};
    struct sigaction ending = {.sa_handler = stop};
    sigaction(SIGTERM, &ending, NULL);
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0); // Who waits for a mail reads whole lines.
    sg_result result = run(&words);
    if (!sg_is_ok(result)) {
        fprintf(stderr, "%s\n", sg_reason());
    }
    return sg_is_ok(result) ? EXIT_SUCCESS : EXIT_FAILURE;
}
