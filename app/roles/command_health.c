// soglia health: asks a running process of ours how it is, for supervisors that can only run a
// command.
#include "app/command.h"

#include "core/net/http_client.h"

#include <stdio.h>
#include <string.h>

enum { TIMEOUT_MS = 3000, ANSWER_MAX_BYTES = 16384, URL_MAX = 512, STATUS_OK = 200 };

// Every address of this machine is asked at its loopback one.
static const char *reachable(const char *listen, const char **ret_rest)
{
    static const struct {
        const char *listen;
        const char *ask;
    } everywhere[] = {{"0.0.0.0:", "127.0.0.1"}, {"[::]:", "[::1]"}, {":", "127.0.0.1"}};
    for (size_t i = 0; i < sizeof everywhere / sizeof everywhere[0]; i++) {
        size_t length = strlen(everywhere[i].listen);
        if (strncmp(listen, everywhere[i].listen, length) == 0) {
            *ret_rest = listen + length - 1;
            return everywhere[i].ask;
        }
    }
    *ret_rest = listen;
    return "";
}

static sg_result ask(const char *url)
{
    SG_CLEANUP(http_client_close) struct http_client *client = NULL;
    const struct http_client_limits limits = {TIMEOUT_MS, TIMEOUT_MS, ANSWER_MAX_BYTES};
    SG_TRY(http_client_open(&limits, &client));
    struct http_client_response response;
    const struct http_client_request request = {.method = "GET", .url = url};
    if (!sg_is_ok(http_client_send(client, &request, &response))) {
        // Its class would send people to Kafka.
        return sg_fail(SG_FATAL, 0, "%s", sg_reason());
    }
    if (response.status != STATUS_OK) {
        return sg_fail(SG_FATAL, 0, "%s: status %d: %.*s", url, response.status,
                       (int)response.body.size, (const char *)response.body.data);
    }
    printf("%.*s\n", (int)response.body.size, (const char *)response.body.data);
    return sg_ok();
}

static sg_result run(const struct invocation *invocation)
{
    const char *word = invocation->word_count == 0 ? "ready" : invocation->words[0];
    if (strcmp(word, "ready") != 0 && strcmp(word, "live") != 0) {
        return sg_fail(SG_FATAL, COMMAND_BAD_WORDS, "health: %s is not ready or live", word);
    }
    const struct settings_all *all = invocation->all;
    const char *listen = all->metrics.listen[0] == '\0' ? all->http.listen : all->metrics.listen;
    const char *rest = NULL;
    const char *host = reachable(listen, &rest);
    char url[URL_MAX];
    int length = snprintf(url, sizeof url, "http://%s%s/%s", host, rest,
                          strcmp(word, "live") == 0 ? "healthz" : "readyz");
    if (length < 0 || (size_t)length >= sizeof url) {
        return sg_fail(SG_FATAL, 0, "health: the address to ask is too long");
    }
    return ask(url);
}

const struct command health_command = {
    .name = "health",
    .arguments = "[ready | live]",
    .summary = "ask a running process of this configuration how it is",
    .help =
        "Asks at metrics.listen, or at http.listen where that is not set, and prints the answer.\n"
        "  ready   it does its work: partitions assigned, state restored, views caught up\n"
        "  live    it answers at all\n"
        "Status 1 when it does not. For health checks where there is no HTTP client.\n",
    .words_max = 1,
    .sections = {"metrics", "http", NULL},
    .is_brief = true,
    .run = run,
};
