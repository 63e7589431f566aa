// A status that came counts even when the rest of the answer did not: who says 200 has taken it.
#include "connectors/webhook/webhook_verdict.h"

#include <curl/curl.h>

enum {
    STATUS_GONE = 410,
    STATUS_TOO_MANY = 429,
    STATUS_BAD_GATEWAY = 502,
    STATUS_AWAY = 503,
    STATUS_GATEWAY_TIMEOUT = 504
};

static bool is_overload(long status)
{
    return status == STATUS_TOO_MANY || status == STATUS_BAD_GATEWAY || status == STATUS_AWAY ||
           status == STATUS_GATEWAY_TIMEOUT;
}

static int64_t bounded_wait(int64_t asked_s)
{
    if (asked_s < 0) {
        return 0;
    }
    return asked_s < WEBHOOK_RETRY_AFTER_S_MAX ? asked_s : WEBHOOK_RETRY_AFTER_S_MAX;
}

static struct webhook_judgement judge_status(const struct webhook_facts *facts)
{
    struct webhook_judgement judgement = {
        .outcome = OUTCOME_RETRY, .code = (int)facts->status, .words = ""};
    if (facts->status >= 200 && facts->status < 300) {
        judgement.outcome = OUTCOME_SENT;
        return judgement;
    }
    if (facts->status == STATUS_GONE) {
        judgement.outcome = OUTCOME_REJECTED;
        return judgement;
    }
    if (facts->status >= 300 && facts->status < 400) {
        judgement.words = "redirects are not followed: give the address where it ends";
        return judgement;
    }
    judgement.slow_down = is_overload(facts->status);
    judgement.wait_s = judgement.slow_down ? bounded_wait(facts->retry_after_s) : 0;
    return judgement;
}

// What failed before an answer, in words that tell nothing of this side's network.
static const char *words_of(int curl)
{
    switch (curl) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return "name: the host's name has no address";
    case CURLE_COULDNT_CONNECT:
        return "connect: no connection could be made";
    case CURLE_OPERATION_TIMEDOUT:
        return "timeout: no answer in time";
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
        return "tls: the certificate is not valid for this host";
    case CURLE_SSL_CONNECT_ERROR:
        return "tls: no encrypted connection could be made";
    case CURLE_SSL_CACERT_BADFILE:
        return "tls: webhook.ca_file cannot be read";
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
        return "connection: it was closed before an answer";
    default:
        return "protocol: the answer is not HTTP as it should be";
    }
}

struct webhook_judgement webhook_verdict_of(const struct webhook_facts *facts)
{
    if (facts->status >= 200) {
        return judge_status(facts);
    }
    if (facts->forbidden) {
        return (struct webhook_judgement){
            .outcome = OUTCOME_REJECTED,
            .words = "address: the host has an address that webhooks may not go to"};
    }
    return (struct webhook_judgement){.outcome = OUTCOME_RETRY,
                                      .ambiguous = facts->sent,
                                      .slow_down = true,
                                      .configuration = facts->curl == CURLE_SSL_CACERT_BADFILE,
                                      .words = words_of(facts->curl)};
}
