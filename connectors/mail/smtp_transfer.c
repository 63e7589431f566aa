// One easy handle of libcurl, which keeps the connection. libcurl stuffs the dots and ends the
// data. The waits for the replies to the data and to QUIT block inside libcurl: hence one thread a
// connection, and a progress callback that ends them when a stop is asked for.
#include "connectors/mail/smtp_transfer.h"
#include "core/service/clock.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    CONNECT_TIMEOUT_MS = 10000,
    PROBE_TIMEOUT_MS = 10000,
    URL_MAX = 1024,
    ENVELOPE_MAX = MAIL_ADDRESS_MAX + 3,
};

struct smtp_transfer {
    CURL *easy;
    const struct mail_settings *settings;
    const atomic_bool *stop;
    struct curl_slist *recipients;
    char from[ENVELOPE_MAX];
    char url[URL_MAX];
    char error[CURL_ERROR_SIZE];
    struct bytes unsent; // Of the mail under way.
    bool end_of_data;
    struct smtp_reply reply;
};

static size_t give_data(char *target, size_t size, size_t count, void *context)
{
    struct smtp_transfer *transfer = context;
    size_t room = size * count;
    size_t given = transfer->unsent.size < room ? transfer->unsent.size : room;
    memcpy(target, transfer->unsent.data, given);
    transfer->unsent = bytes_of(transfer->unsent.data + given, transfer->unsent.size - given);
    // Told the size, libcurl does not call again to hear of the end.
    transfer->end_of_data = transfer->unsent.size == 0;
    return given;
}

// The answer to a command that is not about a mail comes as a "body" besides.
static size_t take_reply_line(char *line, size_t size, size_t count, void *context)
{
    struct smtp_transfer *transfer = context;
    smtp_reply_take(&transfer->reply, bytes_of(line, size * count));
    return size * count;
}

static int check_stop(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                      curl_off_t up)
{
    (void)down_total;
    (void)down;
    (void)up_total;
    (void)up;
    const struct smtp_transfer *transfer = context;
    return atomic_load(transfer->stop) ? 1 : 0;
}

// Sets `*failed` to the first refusal of several calls.
static void note(CURLcode *failed, CURLcode code)
{
    if (*failed == CURLE_OK) {
        *failed = code;
    }
}

static CURLcode set_callbacks(struct smtp_transfer *transfer)
{
    CURL *easy = transfer->easy;
    CURLcode failed = CURLE_OK;
    note(&failed, curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error));
    note(&failed, curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_data));
    note(&failed, curl_easy_setopt(easy, CURLOPT_READDATA, transfer));
    note(&failed, curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_reply_line));
    note(&failed, curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer));
    note(&failed, curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_reply_line));
    note(&failed, curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer));
    note(&failed, curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, check_stop));
    note(&failed, curl_easy_setopt(easy, CURLOPT_XFERINFODATA, transfer));
    note(&failed, curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L));
    return failed;
}

static CURLcode set_server(struct smtp_transfer *transfer)
{
    CURL *easy = transfer->easy;
    CURLcode failed = CURLE_OK;
    note(&failed, curl_easy_setopt(easy, CURLOPT_URL, transfer->url));
    note(&failed, curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps"));
    note(&failed, curl_easy_setopt(easy, CURLOPT_PROXY, ""));
    note(&failed, curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L));
    note(&failed, curl_easy_setopt(easy, CURLOPT_MAXCONNECTS, 1L));
    note(&failed, curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L));
    // A name server that does not answer must not hold up the end of the program.
    note(&failed, curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L));
    note(&failed, curl_easy_setopt(easy, CURLOPT_MAIL_FROM, transfer->from));
    return failed;
}

static CURLcode set_timeouts(CURL *easy, int64_t timeout_ms)
{
    long whole = (long)timeout_ms;
    long connect = whole < CONNECT_TIMEOUT_MS ? whole : CONNECT_TIMEOUT_MS;
    CURLcode failed = CURLE_OK;
    note(&failed, curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, whole));
    note(&failed, curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect));
    // Bounds the wait for the reply to QUIT, which the other two do not; in whole seconds.
    note(&failed, curl_easy_setopt(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, whole / 1000 + 1));
    return failed;
}

static CURLcode set_security(struct smtp_transfer *transfer)
{
    static const long levels[] = {
        [MAIL_TLS_OFF] = CURLUSESSL_NONE,
        [MAIL_TLS_TRY] = CURLUSESSL_TRY,
        [MAIL_TLS_REQUIRED] = CURLUSESSL_ALL,
    };
    CURL *easy = transfer->easy;
    const struct mail_settings *settings = transfer->settings;
    enum mail_tls tls = mail_options_tls(settings);
    bool checked = tls == MAIL_TLS_REQUIRED;
    CURLcode failed = CURLE_OK;
    note(&failed, curl_easy_setopt(easy, CURLOPT_USE_SSL, levels[tls]));
    note(&failed, curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2));
    note(&failed, curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, checked ? 1L : 0L));
    note(&failed, curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, checked ? 2L : 0L));
    if (settings->ca_file[0] != '\0') {
        note(&failed, curl_easy_setopt(easy, CURLOPT_CAINFO, settings->ca_file));
    }
    if (settings->user[0] != '\0') {
        note(&failed, curl_easy_setopt(easy, CURLOPT_USERNAME, settings->user));
        note(&failed, curl_easy_setopt(easy, CURLOPT_PASSWORD, settings->password));
    }
    return failed;
}

static sg_result configure(struct smtp_transfer *transfer)
{
    const struct mail_settings *settings = transfer->settings;
    transfer->easy = curl_easy_init();
    if (transfer->easy == NULL) {
        return sg_fail(SG_FATAL, 0, "mail: libcurl gives no handle");
    }
    struct mail_mailbox from;
    SG_TRY(mail_mailbox_read(settings->from, &from));
    snprintf(transfer->from, sizeof transfer->from, "<%s>", from.address);
    size_t base = strlen(settings->url);
    base -= base > 0 && settings->url[base - 1] == '/' ? 1 : 0;
    int size = snprintf(transfer->url, sizeof transfer->url, "%.*s/%s", (int)base, settings->url,
                        settings->hello);
    if (size < 0 || (size_t)size >= sizeof transfer->url) {
        return sg_fail(SG_FATAL, 0, "smtp.url: too long");
    }
    CURLcode failed = set_callbacks(transfer);
    note(&failed, set_server(transfer));
    note(&failed, set_timeouts(transfer->easy, settings->timeout_ms));
    note(&failed, set_security(transfer));
    if (failed != CURLE_OK) {
        return sg_fail(SG_FATAL, (int)failed, "mail: libcurl refuses a setting: %s",
                       curl_easy_strerror(failed));
    }
    return sg_ok();
}

sg_result smtp_transfer_open(const struct mail_settings *settings, const atomic_bool *stop,
                             struct smtp_transfer **ret_transfer)
{
    struct smtp_transfer *transfer = calloc(1, sizeof *transfer);
    if (transfer == NULL) {
        return sg_fail(SG_FATAL, 0, "mail: out of memory");
    }
    transfer->settings = settings;
    transfer->stop = stop;
    sg_result result = configure(transfer);
    if (!sg_is_ok(result)) {
        smtp_transfer_close(&transfer);
        return result;
    }
    *ret_transfer = transfer;
    return sg_ok();
}

// The server's words when they are the cause, else libcurl's with the server's last words behind.
static void explain(const struct smtp_transfer *transfer, CURLcode curl, struct smtp_report *report)
{
    const char *said = transfer->reply.text;
    report->reply[0] = '\0';
    if (report->judgement.said_so && said[0] != '\0') {
        smtp_reply_append(report->reply, bytes_of_text(said));
        return;
    }
    const char *words = transfer->error[0] != '\0' ? transfer->error : curl_easy_strerror(curl);
    if (report->judgement.ambiguous) {
        smtp_reply_append(report->reply, bytes_of_text("no reply to the data, perhaps taken: "));
    }
    smtp_reply_append(report->reply, bytes_of_text(words));
    if (said[0] != '\0') {
        smtp_reply_append(report->reply, bytes_of_text("; last reply: "));
        smtp_reply_append(report->reply, bytes_of_text(said));
    }
}

// Runs one transfer as the handle is set up and judges it.
static void run(struct smtp_transfer *transfer, struct smtp_report *report)
{
    transfer->end_of_data = false;
    transfer->error[0] = '\0';
    smtp_reply_clear(&transfer->reply);
    int64_t begin = clock_monotonic_us();
    CURLcode curl = curl_easy_perform(transfer->easy);
    report->duration_us += clock_monotonic_us() - begin;

    struct smtp_facts facts = {.curl = curl, .end_of_data = transfer->end_of_data};
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &facts.code);
    report->judgement = smtp_verdict_of(&facts);
    report->abandoned = curl == CURLE_ABORTED_BY_CALLBACK;
    report->code = (int)facts.code;
    explain(transfer, curl, report);
}

// True when a connection kept from an earlier mail turned out to be closed or closing: that says
// nothing about the server or this mail.
static bool was_stale(const struct smtp_transfer *transfer, const struct smtp_report *report)
{
    long connects = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_NUM_CONNECTS, &connects);
    bool silent = transfer->reply.count == 0 || report->code == 421;
    return connects == 0 && !report->abandoned && !transfer->end_of_data &&
           report->judgement.verdict == SMTP_RETRY && silent;
}

static CURLcode set_mail(struct smtp_transfer *transfer, struct bytes message)
{
    CURL *easy = transfer->easy;
    CURLcode failed = CURLE_OK;
    note(&failed, curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, transfer->recipients));
    note(&failed, curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L));
    note(&failed, curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)message.size));
    return failed;
}

static void report_setup_failure(const char *words, struct smtp_report *ret_report)
{
    *ret_report = (struct smtp_report){.judgement = {.verdict = SMTP_RETRY}};
    smtp_reply_append(ret_report->reply, bytes_of_text(words));
}

void smtp_transfer_send(struct smtp_transfer *transfer, struct bytes recipient,
                        struct bytes message, struct smtp_report *ret_report)
{
    char envelope[ENVELOPE_MAX];
    snprintf(envelope, sizeof envelope, "<%.*s>", (int)recipient.size,
             (const char *)recipient.data);
    transfer->recipients = curl_slist_append(NULL, envelope);
    CURLcode failed = set_mail(transfer, message);
    if (transfer->recipients == NULL || failed != CURLE_OK) {
        report_setup_failure("out of memory", ret_report);
    } else {
        struct smtp_report report = {.duration_us = 0};
        transfer->unsent = message;
        run(transfer, &report);
        if (was_stale(transfer, &report)) {
            transfer->unsent = message;
            curl_easy_setopt(transfer->easy, CURLOPT_FRESH_CONNECT, 1L);
            run(transfer, &report);
            curl_easy_setopt(transfer->easy, CURLOPT_FRESH_CONNECT, 0L);
        }
        *ret_report = report;
    }
    transfer->unsent = bytes_of(NULL, 0);
    curl_easy_setopt(transfer->easy, CURLOPT_MAIL_RCPT, NULL);
    curl_slist_free_all(transfer->recipients);
    transfer->recipients = NULL;
}

void smtp_transfer_probe(struct smtp_transfer *transfer, struct smtp_report *ret_report)
{
    CURL *easy = transfer->easy;
    int64_t limit_ms = transfer->settings->timeout_ms;
    CURLcode failed = set_timeouts(easy, limit_ms < PROBE_TIMEOUT_MS ? limit_ms : PROBE_TIMEOUT_MS);
    note(&failed, curl_easy_setopt(easy, CURLOPT_UPLOAD, 0L));
    note(&failed, curl_easy_setopt(easy, CURLOPT_NOBODY, 1L));
    note(&failed, curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "NOOP"));
    note(&failed, curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L));
    note(&failed, curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L));
    if (failed != CURLE_OK) {
        report_setup_failure(curl_easy_strerror(failed), ret_report);
        return;
    }
    struct smtp_report report = {.duration_us = 0};
    run(transfer, &report);
    *ret_report = report;
}

// With reading shut, libcurl sends its QUIT and finds the end of the stream in place of the reply.
static void stop_reading(CURL *easy)
{
    curl_socket_t socket = CURL_SOCKET_BAD;
    if (curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &socket) == CURLE_OK &&
        socket != CURL_SOCKET_BAD) {
        shutdown(socket, SHUT_RD);
    }
}

void smtp_transfer_close(struct smtp_transfer **transfer)
{
    struct smtp_transfer *closing = *transfer;
    if (closing == NULL) {
        return;
    }
    if (closing->easy != NULL) {
        stop_reading(closing->easy);
        curl_easy_cleanup(closing->easy);
    }
    free(closing);
    *transfer = NULL;
}
