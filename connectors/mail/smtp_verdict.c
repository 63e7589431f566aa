// The order of the questions: taken? refused by settings? refused after the data? refused before?
#include "connectors/mail/smtp_verdict.h"

// Replies that ask for log-in or encryption (RFC 4954, 6; RFC 3207, 4): the mail is not at fault.
static bool is_login_reply(long code)
{
    return code == 530 || code == 534 || code == 535 || code == 538;
}

static bool is_configuration(const struct smtp_facts *facts)
{
    switch ((int)facts->curl) {
    case CURLE_LOGIN_DENIED:
        return facts->code / 100 != 4;
    case CURLE_USE_SSL_FAILED:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return true;
    default:
        return is_login_reply(facts->code);
    }
}

// True when the reply is to MAIL, RCPT or DATA (libcurl fails to "send"), or to the data itself. A
// greeting looks like the latter but comes before the end of the data.
static bool is_about_mail(const struct smtp_facts *facts)
{
    return facts->end_of_data || facts->curl == CURLE_SEND_ERROR;
}

struct smtp_judgement smtp_verdict_of(const struct smtp_facts *facts)
{
    if (facts->curl == CURLE_OK) {
        return (struct smtp_judgement){.verdict = SMTP_SENT, .said_so = true};
    }
    long class = facts->code / 100;
    bool refused = class == 4 || class == 5;
    if (is_configuration(facts)) {
        return (struct smtp_judgement){
            .verdict = SMTP_RETRY, .configuration = true, .said_so = refused};
    }
    if (facts->end_of_data && !refused) {
        return (struct smtp_judgement){.verdict = SMTP_RETRY, .ambiguous = true};
    }
    bool never = class == 5 && is_about_mail(facts);
    return (struct smtp_judgement){.verdict = never ? SMTP_REJECTED : SMTP_RETRY,
                                   .said_so = refused};
}
