// The table of transfer ends, one row a situation as measured with libcurl 7.88 against a scripted
// server. What the server did stands in the name.
#include "connectors/mail/smtp_verdict.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

enum { NO_DATA = 0, ALL_DATA = 1 };
enum { CLEAR = 0, AMBIGUOUS = 1, CONFIGURATION = 2 };

struct row {
    const char *name;
    CURLcode curl;
    int code;
    int end_of_data;
    enum smtp_verdict verdict;
    int flag;
};

static const struct row rows[] = {
    {"accepted", CURLE_OK, 250, ALL_DATA, SMTP_SENT, CLEAR},
    {"greeting 421", CURLE_WEIRD_SERVER_REPLY, 421, NO_DATA, SMTP_RETRY, CLEAR},
    {"greeting 554", CURLE_WEIRD_SERVER_REPLY, 554, NO_DATA, SMTP_RETRY, CLEAR},
    {"MAIL, RCPT or DATA 450", CURLE_SEND_ERROR, 450, NO_DATA, SMTP_RETRY, CLEAR},
    {"MAIL, RCPT or DATA 421", CURLE_SEND_ERROR, 421, NO_DATA, SMTP_RETRY, CLEAR},
    {"MAIL, RCPT or DATA 550", CURLE_SEND_ERROR, 550, NO_DATA, SMTP_REJECTED, CLEAR},
    {"452 to the data", CURLE_WEIRD_SERVER_REPLY, 452, ALL_DATA, SMTP_RETRY, CLEAR},
    {"421 to the data", CURLE_WEIRD_SERVER_REPLY, 421, ALL_DATA, SMTP_RETRY, CLEAR},
    {"554 to the data", CURLE_WEIRD_SERVER_REPLY, 554, ALL_DATA, SMTP_REJECTED, CLEAR},
    {"closed after the dot", CURLE_RECV_ERROR, 354, ALL_DATA, SMTP_RETRY, AMBIGUOUS},
    {"silence after the dot", CURLE_OPERATION_TIMEDOUT, 354, ALL_DATA, SMTP_RETRY, AMBIGUOUS},
    {"half a reply after the dot", CURLE_RECV_ERROR, 0, ALL_DATA, SMTP_RETRY, AMBIGUOUS},
    {"reset in mid-body, sending", CURLE_SEND_ERROR, 354, NO_DATA, SMTP_RETRY, CLEAR},
    {"reset in mid-body, reading", CURLE_RECV_ERROR, 354, NO_DATA, SMTP_RETRY, CLEAR},
    {"small body reset before the dot", CURLE_SEND_ERROR, 354, ALL_DATA, SMTP_RETRY, AMBIGUOUS},
    {"dropped after EHLO", CURLE_RECV_ERROR, 220, NO_DATA, SMTP_RETRY, CLEAR},
    {"dropped after RCPT", CURLE_RECV_ERROR, 250, NO_DATA, SMTP_RETRY, CLEAR},
    {"silence after RCPT", CURLE_OPERATION_TIMEDOUT, 250, NO_DATA, SMTP_RETRY, CLEAR},
    {"greeting silent", CURLE_OPERATION_TIMEDOUT, 0, NO_DATA, SMTP_RETRY, CLEAR},
    {"greeting closed", CURLE_RECV_ERROR, 0, NO_DATA, SMTP_RETRY, CLEAR},
    {"connection refused", CURLE_COULDNT_CONNECT, 0, NO_DATA, SMTP_RETRY, CLEAR},
    {"host unknown", CURLE_COULDNT_RESOLVE_HOST, 0, NO_DATA, SMTP_RETRY, CLEAR},
    {"HELO refused", CURLE_REMOTE_ACCESS_DENIED, 550, NO_DATA, SMTP_RETRY, CLEAR},
    {"AUTH 535", CURLE_LOGIN_DENIED, 535, NO_DATA, SMTP_RETRY, CONFIGURATION},
    {"AUTH 454", CURLE_LOGIN_DENIED, 454, NO_DATA, SMTP_RETRY, CLEAR},
    {"XOAUTH2 refused", CURLE_LOGIN_DENIED, 334, NO_DATA, SMTP_RETRY, CONFIGURATION},
    {"MAIL 530, log in first", CURLE_SEND_ERROR, 530, NO_DATA, SMTP_RETRY, CONFIGURATION},
    {"STARTTLS missing", CURLE_USE_SSL_FAILED, 250, NO_DATA, SMTP_RETRY, CONFIGURATION},
    {"certificate unknown", CURLE_PEER_FAILED_VERIFICATION, 220, NO_DATA, SMTP_RETRY,
     CONFIGURATION},
    {"CA file missing", CURLE_SSL_CACERT_BADFILE, 0, NO_DATA, SMTP_RETRY, CONFIGURATION},
};

static void every_row_is_judged_as_measured(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        const struct smtp_facts facts = {
            .curl = row->curl, .code = row->code, .end_of_data = row->end_of_data == ALL_DATA};
        struct smtp_judgement got = smtp_verdict_of(&facts);
        if (got.verdict != row->verdict || got.ambiguous != (row->flag == AMBIGUOUS) ||
            got.configuration != (row->flag == CONFIGURATION)) {
            fail_msg("%s: verdict %d%s%s", row->name, (int)got.verdict,
                     got.ambiguous ? ", ambiguous" : "", got.configuration ? ", settings" : "");
        }
    }
}

// The reply text is shown only where it is the reason: a 250 before a lost connection is not.
static void a_reply_counts_only_when_it_is_the_cause(void **state)
{
    (void)state;
    const struct smtp_facts lost = {.curl = CURLE_RECV_ERROR, .code = 250};
    assert_false(smtp_verdict_of(&lost).said_so);
    const struct smtp_facts refused = {.curl = CURLE_SEND_ERROR, .code = 550};
    assert_true(smtp_verdict_of(&refused).said_so);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_judged_as_measured),
        cmocka_unit_test(a_reply_counts_only_when_it_is_the_cause),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
