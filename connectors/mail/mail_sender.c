// A pool of threads around one fair queue. Each thread owns a connection; the lock guards the lists
// and is never held while a mail is sent or a file is written.
#include "connectors/mail/mail_sender.h"
#include "connectors/mail/mail_queue.h"
#include "connectors/mail/mime_message.h"
#include "connectors/outcome/outcome_log.h"
#include "connectors/mail/smtp_transfer.h"
#include "core/service/clock.h"
#include "core/service/crash_point.h"
#include "core/service/log.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { DRAIN_MS = 2000, COMPLAINT_GAP_MS = 60 * 1000 };
_Static_assert((int)OUTCOME_LOG_UNDER_WAY_MAX >= (int)MAIL_CONNECTIONS_MAX,
               "the log has room for every attempt under way");

// What went wrong with the server or with us, said at most once a minute each.
enum complaint { COMPLAINT_REFUSED, COMPLAINT_SILENT, COMPLAINT_LOG, COMPLAINT_ROOM, COMPLAINTS };

struct worker {
    struct mail_sender *sender;
    struct smtp_transfer *transfer;
    pthread_t thread;
    bool started;
};

struct mail_sender {
    const struct mail_settings *settings;
    struct mail_config config;
    struct mail_composer composer;
    struct outcome_log *log;
    atomic_bool stop;       // Running attempts are to be given up.
    struct mail_job *taken; // Its texts are lent to the caller.

    pthread_mutex_t lock; // Guards what follows.
    pthread_cond_t changed;
    struct mail_queue queue;
    struct mail_list ended;
    size_t held; // Jobs waiting, running or not taken yet.
    bool closing;
    int64_t complained_at[COMPLAINTS]; // ms of the monotonic clock, 0 for never.

    size_t worker_count;
    struct worker workers[MAIL_CONNECTIONS_MAX];
};

// Says what is wrong, unless the same was said within the last minute.
static void complain(struct mail_sender *sender, enum complaint complaint, const char *reply)
{
    static const char *const messages[COMPLAINTS] = {
        [COMPLAINT_REFUSED] = "the mail server refuses us; mails wait until it is mended",
        [COMPLAINT_SILENT] = "the mail server does not answer; mails wait",
        [COMPLAINT_LOG] = "the log of outcomes cannot be written; a crash may repeat mails",
        [COMPLAINT_ROOM] =
            "the disk has no room to note what comes of mails; they wait until it has",
    };
    int64_t now = clock_monotonic_us() / 1000 + 1;
    pthread_mutex_lock(&sender->lock);
    int64_t *last = &sender->complained_at[complaint];
    bool due = *last == 0 || now - *last >= COMPLAINT_GAP_MS;
    *last = due ? now : *last;
    pthread_mutex_unlock(&sender->lock);
    if (due) {
        const struct log_field fields[] = {
            log_text("server", sender->settings->url), log_text("reason", reply), {.name = NULL}};
        log_error(messages[complaint], fields);
    }
}

static void end_job(struct mail_job *job, enum outcome outcome, int code, const char *reply)
{
    job->end.outcome = outcome;
    job->end.code = code;
    job->end.reply[0] = '\0';
    smtp_reply_append(job->end.reply, bytes_of_text(reply));
    job->end.at = clock_wall_ms();
}

// True when an earlier run, or an earlier stay of the partition here, already made this attempt.
static bool end_from_log(struct mail_sender *sender, struct mail_job *job)
{
    struct outcome_room room;
    struct outcome_record record;
    if (!outcome_log_find(sender->log, job->notification_id, job->attempt, &room, &record)) {
        return false;
    }
    job->end.outcome = record.outcome;
    job->end.ambiguous = record.ambiguous;
    job->end.code = record.code;
    job->end.at = record.at;
    smtp_reply_append(job->end.reply, record.reply);
    return true;
}

static void log_outcome(struct mail_sender *sender, const struct mail_job *job)
{
    const struct outcome_record record = {
        .notification_id = job->notification_id,
        .attempt = job->attempt,
        .outcome = job->end.outcome,
        .ambiguous = job->end.ambiguous,
        .code = job->end.code,
        .reply = bytes_of_text(job->end.reply),
        .at = job->end.at,
    };
    if (!sg_is_ok(outcome_log_append(sender->log, &record))) {
        complain(sender, COMPLAINT_LOG, sg_reason());
    }
}

static enum outcome outcome_of(enum smtp_verdict verdict)
{
    switch (verdict) {
    case SMTP_SENT:
        return OUTCOME_SENT;
    case SMTP_RETRY:
        return OUTCOME_RETRY;
    case SMTP_REJECTED:
        return OUTCOME_REJECTED;
    }
    return OUTCOME_RETRY;
}

// A mail whose outcome cannot be noted is not sent: a process that is started again and again on a
// full disk would send it each time.
static bool has_room(struct mail_sender *sender, struct mail_job *job)
{
    if (sg_is_ok(outcome_log_reserve(sender->log))) {
        return true;
    }
    complain(sender, COMPLAINT_ROOM, sg_reason());
    end_job(job, OUTCOME_RETRY, 0, "not sent: the disk has no room to note what comes of it");
    return false;
}

static void send_message(struct worker *worker, struct mail_job *job, struct bytes message)
{
    struct mail_sender *sender = worker->sender;
    struct smtp_report report;
    if (!has_room(sender, job)) {
        return;
    }
    crash_point("before_mail");
    smtp_transfer_send(worker->transfer, job->address, message, &report);
    crash_point("after_mail_reply");
    job->end.abandoned = report.abandoned;
    if (report.abandoned) {
        return;
    }
    end_job(job, outcome_of(report.judgement.verdict), report.code, report.reply);
    job->end.ambiguous = report.judgement.ambiguous;
    job->end.duration_us = report.duration_us;
    log_outcome(sender, job);
    crash_point("after_outcome_logged");
    if (report.judgement.configuration) {
        complain(sender, COMPLAINT_REFUSED, report.reply);
    } else if (report.judgement.verdict == SMTP_RETRY && report.code == 0) {
        complain(sender, COMPLAINT_SILENT, report.reply);
    }
}

static void attempt(struct worker *worker, struct mail_job *job)
{
    if (end_from_log(worker->sender, job)) {
        return;
    }
    SG_CLEANUP(buffer_done) struct buffer message;
    buffer_init(&message, MIME_MESSAGE_MAX);
    sg_result built = mail_compose(&worker->sender->composer, job, &message);
    if (sg_is_ok(built)) {
        send_message(worker, job, buffer_bytes(&message));
    } else {
        // The same parts will never make a mail; only memory may come back.
        end_job(job, built.class == SG_DROP ? OUTCOME_REJECTED : OUTCOME_RETRY, 0, sg_reason());
    }
}

// Waits for a job that may run; NULL when the sender closes.
static struct mail_job *next_job(struct mail_sender *sender)
{
    struct mail_job *job = NULL;
    pthread_mutex_lock(&sender->lock);
    while (!sender->closing && (job = mail_queue_start(&sender->queue)) == NULL) {
        pthread_cond_wait(&sender->changed, &sender->lock);
    }
    pthread_mutex_unlock(&sender->lock);
    return job;
}

static void finish_job(struct mail_sender *sender, struct mail_job *job)
{
    pthread_mutex_lock(&sender->lock);
    mail_queue_finish(&sender->queue, job);
    bool wanted = !job->forgotten && !job->end.abandoned;
    if (wanted) {
        mail_queue_append(&sender->ended, SG_MOVE(job));
    } else {
        sender->held--;
    }
    // Another thread may run what this job's domain or address held back.
    pthread_cond_broadcast(&sender->changed);
    pthread_mutex_unlock(&sender->lock);
    mail_queue_free_job(&job);
    if (wanted) {
        sender->config.wake(sender->config.wake_context);
    }
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    log_thread_name("mail");
    struct mail_job *job = next_job(worker->sender);
    while (job != NULL) {
        attempt(worker, job);
        finish_job(worker->sender, job);
        job = next_job(worker->sender);
    }
    smtp_transfer_close(&worker->transfer);
    return NULL;
}

static sg_result start_worker(struct mail_sender *sender)
{
    struct worker *worker = &sender->workers[sender->worker_count];
    worker->sender = sender;
    SG_TRY(smtp_transfer_open(sender->settings, &sender->stop, &worker->transfer));
    sender->worker_count++;
    int error = pthread_create(&worker->thread, NULL, work, worker);
    if (error != 0) {
        return sg_fail(SG_FATAL, error, "mail: cannot start a thread: %s", strerror(error));
    }
    worker->started = true;
    return sg_ok();
}

// The clock of the waits is the monotonic one: a changed wall clock must not stretch the close.
static void init_lock(struct mail_sender *sender)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&sender->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&sender->lock, NULL);
}

sg_result mail_sender_open(const struct mail_config *config, struct mail_sender **ret_sender)
{
    const struct mail_settings *settings = config->settings;
    SG_TRY(mail_options_check(settings));
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK) {
        return sg_fail(SG_FATAL, (int)code, "libcurl does not start: %s", curl_easy_strerror(code));
    }
    SG_CLEANUP(mail_sender_close) struct mail_sender *sender = calloc(1, sizeof *sender);
    if (sender == NULL) {
        curl_global_cleanup();
        return sg_fail(SG_FATAL, 0, "mail: out of memory");
    }
    sender->settings = settings;
    sender->config = *config;
    sender->composer.settings = settings;
    sender->composer.token = config->token;
    sender->composer.token_context = config->token_context;
    init_lock(sender);
    mail_queue_init(&sender->queue, (size_t)settings->connections);
    SG_TRY(mail_mailbox_read(settings->from, &sender->composer.from));
    SG_TRY(outcome_log_open(config->folder, &sender->log));
    for (int64_t i = 0; i < settings->connections; i++) {
        SG_TRY(start_worker(sender));
    }
    *ret_sender = SG_MOVE(sender);
    return sg_ok();
}

bool mail_sender_offer(struct mail_sender *sender, int32_t partition, int32_t attempt_number,
                       const struct notification *notification)
{
    struct mail_job *job = mail_queue_new_job(partition, attempt_number, notification);
    if (job == NULL) {
        return false;
    }
    pthread_mutex_lock(&sender->lock);
    bool taken = sender->held < (size_t)sender->settings->queue;
    if (taken) {
        sender->held++;
        mail_queue_append(&sender->queue.waiting, SG_MOVE(job));
        pthread_cond_signal(&sender->changed);
    }
    pthread_mutex_unlock(&sender->lock);
    mail_queue_free_job(&job);
    return taken;
}

bool mail_sender_take(struct mail_sender *sender, struct mail_outcome *ret_outcome)
{
    mail_queue_free_job(&sender->taken);
    pthread_mutex_lock(&sender->lock);
    struct mail_job *job = mail_queue_shift(&sender->ended);
    sender->held -= job != NULL ? 1 : 0;
    pthread_mutex_unlock(&sender->lock);
    if (job == NULL) {
        return false;
    }
    sender->taken = job;
    *ret_outcome = (struct mail_outcome){
        .notification_id = job->notification_id,
        .user_id = job->user_id,
        .partition = job->partition,
        .attempt = job->attempt,
        .outcome = job->end.outcome,
        .ambiguous = job->end.ambiguous,
        .code = job->end.code,
        .reply = bytes_of_text(job->end.reply),
        .at = job->end.at,
        .duration_us = job->end.duration_us,
    };
    return true;
}

void mail_sender_settle(struct mail_sender *sender, struct bytes notification_id,
                        int32_t attempt_number)
{
    outcome_log_settle(sender->log, notification_id, attempt_number);
}

void mail_sender_forget(struct mail_sender *sender, int32_t partition)
{
    pthread_mutex_lock(&sender->lock);
    sender->held -= mail_queue_forget(&sender->queue.waiting, partition);
    sender->held -= mail_queue_forget(&sender->ended, partition);
    for (struct mail_job *job = sender->queue.running.first; job != NULL; job = job->next) {
        job->forgotten = job->forgotten || job->partition == partition;
    }
    pthread_mutex_unlock(&sender->lock);
}

void mail_sender_end(struct mail_sender *sender)
{
    if (sender == NULL) {
        return;
    }
    pthread_mutex_lock(&sender->lock);
    sender->closing = true;
    pthread_cond_broadcast(&sender->changed);
    pthread_mutex_unlock(&sender->lock);
}

// Lets the threads end what they do for DRAIN_MS, then asks libcurl to give it up.
static void drain(struct mail_sender *sender)
{
    struct timespec deadline;
    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += DRAIN_MS / 1000;
    mail_sender_end(sender);
    pthread_mutex_lock(&sender->lock);
    int error = 0;
    while (sender->queue.running.first != NULL && error == 0) {
        error = pthread_cond_timedwait(&sender->changed, &sender->lock, &deadline);
    }
    pthread_mutex_unlock(&sender->lock);
    atomic_store(&sender->stop, true);
}

void mail_sender_close(struct mail_sender **sender)
{
    struct mail_sender *closing = *sender;
    if (closing == NULL) {
        return;
    }
    drain(closing);
    for (size_t i = 0; i < closing->worker_count; i++) {
        if (closing->workers[i].started) {
            pthread_join(closing->workers[i].thread, NULL);
        }
        smtp_transfer_close(&closing->workers[i].transfer);
    }
    mail_queue_forget(&closing->queue.waiting, -1);
    mail_queue_forget(&closing->ended, -1);
    mail_queue_free_job(&closing->taken);
    outcome_log_close(&closing->log);
    pthread_cond_destroy(&closing->changed);
    pthread_mutex_destroy(&closing->lock);
    free(closing);
    curl_global_cleanup();
    *sender = NULL;
}
