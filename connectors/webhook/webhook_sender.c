// One thread around libcurl's multi handle. The lock guards the lists and is never held while
// libcurl works or a file is written.
#include "connectors/webhook/webhook_sender.h"
#include "connectors/webhook/webhook_queue.h"
#include "connectors/webhook/webhook_record.h"
#include "connectors/webhook/webhook_transfer.h"
#include "connectors/webhook/webhook_url.h"
#include "core/service/clock.h"
#include "core/service/crash_point.h"
#include "core/service/log.h"
#include "core/service/metric.h"

#include <curl/curl.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { DRAIN_MS = 2000, POLL_MS_MAX = 1000, COMPLAINT_GAP_MS = 60 * 1000 };
_Static_assert((int)OUTCOME_LOG_UNDER_WAY_MAX >= (int)WEBHOOK_CONNECTIONS_MAX,
               "the log has room for every attempt under way");
_Static_assert((int)WEBHOOK_QUEUE_RUNNING_MAX >= (int)WEBHOOK_CONNECTIONS_MAX,
               "the queue lets as many run as there are connections");

// What is wrong with us, said at most once a minute each.
enum complaint { COMPLAINT_SETTINGS, COMPLAINT_LOG, COMPLAINT_ROOM, COMPLAINTS };

struct webhook_sender {
    struct webhook_config config;
    struct outcome_log *log;
    CURLM *multi;
    pthread_t thread;
    bool started;
    struct webhook_job *taken; // Its texts are lent to the caller.

    // Of the thread alone.
    struct webhook_transfer *transfers[WEBHOOK_CONNECTIONS_MAX];
    size_t transfer_count;
    int64_t complained_at[COMPLAINTS]; // ms of the monotonic clock, 0 for never.

    pthread_mutex_t lock; // Guards what follows.
    struct webhook_queue *queue;
    struct webhook_job_list ended;
    bool closing;
};

static int64_t now_ms(void)
{
    return clock_monotonic_us() / 1000;
}

static void complain(struct webhook_sender *sender, enum complaint complaint, const char *reason)
{
    static const char *const messages[COMPLAINTS] = {
        [COMPLAINT_SETTINGS] = "webhooks cannot be sent with these settings; they wait",
        [COMPLAINT_LOG] = "the log of outcomes cannot be written; a crash may repeat webhooks",
        [COMPLAINT_ROOM] = "the disk has no room to note what comes of webhooks; they wait",
    };
    int64_t now = now_ms() + 1;
    int64_t *last = &sender->complained_at[complaint];
    if (*last == 0 || now - *last >= COMPLAINT_GAP_MS) {
        *last = now;
        const struct log_field fields[] = {log_text("reason", reason), {.name = NULL}};
        log_error(messages[complaint], fields);
    }
}

static void log_outcome(struct webhook_sender *sender, const struct webhook_job *job)
{
    if (!sg_is_ok(webhook_record_append(sender->log, job))) {
        complain(sender, COMPLAINT_LOG, sg_reason());
    }
}

static void end_job(struct webhook_job *job, enum outcome outcome, const char *words)
{
    job->end.outcome = outcome;
    job->end.at = clock_wall_ms();
    webhook_job_say(job, bytes_of_text(words));
}

static void finish_job(struct webhook_sender *sender, struct webhook_job *job,
                       const struct webhook_queue_end *end)
{
    pthread_mutex_lock(&sender->lock);
    webhook_queue_finish(sender->queue, job, end);
    bool wanted = !job->forgotten && !job->end.abandoned;
    if (wanted) {
        webhook_job_append(&sender->ended, SG_MOVE(job));
    }
    pthread_mutex_unlock(&sender->lock);
    webhook_job_free(&job);
    if (wanted) {
        sender->config.wake(sender->config.wake_context);
    }
}

// Prepares the attempt and gives it to libcurl. False: it has ended already.
static bool begin_attempt(struct webhook_sender *sender, struct webhook_transfer *transfer,
                          struct webhook_job *job)
{
    // An earlier run, or an earlier stay of the partition here, may have made it.
    if (webhook_record_find(sender->log, job)) {
        return false;
    }
    // What cannot be noted is not sent: a process that is started again and again on a full disk
    // would send it each time.
    if (!sg_is_ok(outcome_log_reserve(sender->log))) {
        complain(sender, COMPLAINT_ROOM, sg_reason());
        end_job(job, OUTCOME_RETRY, "not sent: the disk has no room to note what comes of it");
        return false;
    }
    struct webhook_keys keys = {.count = 0};
    sender->config.keys(sender->config.keys_context, job->user_id, job->url, &keys);
    sg_result begun = webhook_transfer_begin(transfer, job, &keys, clock_wall_ms());
    explicit_bzero(&keys, sizeof keys);
    if (!sg_is_ok(begun)) {
        end_job(job, begun.class == SG_DROP ? OUTCOME_REJECTED : OUTCOME_RETRY, sg_reason());
        return false;
    }
    crash_point("before_webhook");
    if (curl_multi_add_handle(sender->multi, webhook_transfer_handle(transfer)) == CURLM_OK) {
        return true;
    }
    webhook_transfer_end(transfer, CURLE_OUT_OF_MEMORY);
    end_job(job, OUTCOME_RETRY, "not sent: out of memory");
    return false;
}

static struct webhook_transfer *free_transfer(struct webhook_sender *sender)
{
    for (size_t i = 0; i < sender->transfer_count; i++) {
        if (webhook_transfer_job(sender->transfers[i]) == NULL) {
            return sender->transfers[i];
        }
    }
    return NULL;
}

// Starts what may run; sets when the next one may that waits.
static void start_jobs(struct webhook_sender *sender, int64_t *ret_next_ms)
{
    struct webhook_transfer *transfer = NULL;
    struct webhook_job *job = NULL;
    do {
        transfer = free_transfer(sender);
        pthread_mutex_lock(&sender->lock);
        bool may = transfer != NULL && !sender->closing;
        job = may ? webhook_queue_start(sender->queue, now_ms()) : NULL;
        *ret_next_ms = webhook_queue_next_ms(sender->queue, now_ms());
        pthread_mutex_unlock(&sender->lock);
        if (job != NULL && !begin_attempt(sender, transfer, job)) {
            finish_job(sender, job, &(struct webhook_queue_end){.now_ms = now_ms()});
        }
    } while (job != NULL);
}

static void end_attempt(struct webhook_sender *sender, CURL *handle, CURLcode code)
{
    struct webhook_transfer *transfer = webhook_transfer_of(handle);
    struct webhook_job *job = webhook_transfer_job(transfer);
    crash_point("after_webhook_reply");
    struct webhook_judgement judgement = webhook_transfer_end(transfer, code);
    curl_multi_remove_handle(sender->multi, handle);
    job->end.at = clock_wall_ms();
    job->end.not_before = judgement.wait_s > 0 ? job->end.at + judgement.wait_s * 1000 : 0;
    log_outcome(sender, job);
    crash_point("after_webhook_logged");
    metric_add(METRIC_WEBHOOK_ATTEMPTS, judgement.outcome, 0, 1);
    if (judgement.configuration) {
        complain(sender, COMPLAINT_SETTINGS, job->end.reply);
    }
    finish_job(sender, job,
               &(struct webhook_queue_end){.now_ms = now_ms(),
                                           .duration_ms = job->end.duration_us / 1000,
                                           .slow_down = judgement.slow_down,
                                           .wait_ms = judgement.wait_s * 1000});
}

static void end_attempts(struct webhook_sender *sender)
{
    int left = 0;
    for (CURLMsg *message = curl_multi_info_read(sender->multi, &left); message != NULL;
         message = curl_multi_info_read(sender->multi, &left)) {
        if (message->msg == CURLMSG_DONE) {
            end_attempt(sender, message->easy_handle, message->data.result);
        }
    }
}

// True as long as the thread has something to do; sets when it must have ended once the sender
// closes.
static bool goes_on(struct webhook_sender *sender, int64_t *deadline_ms)
{
    pthread_mutex_lock(&sender->lock);
    bool closing = sender->closing;
    size_t running = webhook_queue_running(sender->queue);
    pthread_mutex_unlock(&sender->lock);
    if (closing && *deadline_ms == 0) {
        *deadline_ms = now_ms() + DRAIN_MS;
    }
    return !closing || (running > 0 && now_ms() < *deadline_ms);
}

static int wait_of(int64_t next_ms)
{
    int64_t wait = next_ms == INT64_MAX ? POLL_MS_MAX : next_ms - now_ms();
    return (int)(wait < 1 ? 1 : wait > POLL_MS_MAX ? POLL_MS_MAX : wait);
}

// Attempts that did not end in time: nothing is known of them.
static void abandon_attempts(struct webhook_sender *sender)
{
    for (size_t i = 0; i < sender->transfer_count; i++) {
        struct webhook_transfer *transfer = sender->transfers[i];
        struct webhook_job *job = webhook_transfer_job(transfer);
        if (job != NULL) {
            curl_multi_remove_handle(sender->multi, webhook_transfer_handle(transfer));
            job->end.abandoned = true;
            finish_job(sender, job, &(struct webhook_queue_end){.now_ms = now_ms()});
        }
    }
}

static void *work(void *argument)
{
    struct webhook_sender *sender = argument;
    int64_t deadline_ms = 0;
    log_thread_name("webhook");
    while (goes_on(sender, &deadline_ms)) {
        int64_t next_ms = INT64_MAX;
        int running = 0;
        start_jobs(sender, &next_ms);
        curl_multi_perform(sender->multi, &running);
        end_attempts(sender);
        start_jobs(sender, &next_ms);
        curl_multi_poll(sender->multi, NULL, 0, wait_of(next_ms), NULL);
    }
    abandon_attempts(sender);
    return NULL;
}

static sg_result open_parts(struct webhook_sender *sender)
{
    const struct webhook_settings *settings = sender->config.settings;
    sender->queue = webhook_queue_new((size_t)settings->queue, (size_t)settings->host_connections);
    sender->multi = curl_multi_init();
    if (sender->queue == NULL || sender->multi == NULL) {
        return sg_fail(SG_FATAL, 0, "webhooks: out of memory");
    }
    curl_multi_setopt(sender->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    curl_multi_setopt(sender->multi, CURLMOPT_MAXCONNECTS, (long)settings->connections);
    SG_TRY(outcome_log_open(sender->config.folder, &sender->log));
    for (int64_t i = 0; i < settings->connections; i++) {
        SG_TRY(webhook_transfer_new(settings, &sender->transfers[sender->transfer_count]));
        sender->transfer_count++;
    }
    int error = pthread_create(&sender->thread, NULL, work, sender);
    if (error != 0) {
        return sg_fail(SG_FATAL, error, "webhooks: cannot start a thread: %s", strerror(error));
    }
    sender->started = true;
    return sg_ok();
}

sg_result webhook_sender_open(const struct webhook_config *config,
                              struct webhook_sender **ret_sender)
{
    SG_TRY(webhook_options_check(config->settings));
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK) {
        return sg_fail(SG_FATAL, (int)code, "libcurl does not start: %s", curl_easy_strerror(code));
    }
    SG_CLEANUP(webhook_sender_close) struct webhook_sender *sender = calloc(1, sizeof *sender);
    if (sender == NULL) {
        curl_global_cleanup();
        return sg_fail(SG_FATAL, 0, "webhooks: out of memory");
    }
    sender->config = *config;
    pthread_mutex_init(&sender->lock, NULL);
    SG_TRY(open_parts(sender));
    *ret_sender = SG_MOVE(sender);
    return sg_ok();
}

// Only one thread offers, so that the room stays when it was there.
static bool has_room(struct webhook_sender *sender, struct bytes url, int64_t *ret_later_ms)
{
    pthread_mutex_lock(&sender->lock);
    bool room = webhook_queue_has_room(sender->queue, url, now_ms(), ret_later_ms);
    pthread_mutex_unlock(&sender->lock);
    return room;
}

bool webhook_sender_offer(struct webhook_sender *sender, int32_t partition, int32_t attempt,
                          const struct notification *notification, int64_t *ret_later_ms)
{
    if (!has_room(sender, notification->address, ret_later_ms)) {
        return false;
    }
    struct webhook_job *job = webhook_job_new(partition, attempt, notification);
    if (job == NULL) {
        *ret_later_ms = POLL_MS_MAX;
        return false;
    }
    // A URL that cannot be read is refused by the attempt; until then it is its own host.
    struct webhook_url url;
    bool read = sg_is_ok(webhook_url_read(job->url, true, &url));
    pthread_mutex_lock(&sender->lock);
    bool taken = webhook_queue_add(sender->queue, job, read ? bytes_of_text(url.host) : job->url);
    pthread_mutex_unlock(&sender->lock);
    if (taken) {
        curl_multi_wakeup(sender->multi);
    } else {
        *ret_later_ms = POLL_MS_MAX;
        webhook_job_free(&job);
    }
    return taken;
}

bool webhook_sender_take(struct webhook_sender *sender, struct webhook_outcome *ret_outcome)
{
    webhook_job_free(&sender->taken);
    pthread_mutex_lock(&sender->lock);
    struct webhook_job *job = webhook_job_shift(&sender->ended);
    pthread_mutex_unlock(&sender->lock);
    if (job == NULL) {
        return false;
    }
    sender->taken = job;
    *ret_outcome = (struct webhook_outcome){
        .notification_id = job->notification_id,
        .partition = job->partition,
        .attempt = job->attempt,
        .outcome = job->end.outcome,
        .code = job->end.code,
        .reply = bytes_of_text(job->end.reply),
        .at = job->end.at,
        .not_before = job->end.not_before,
        .duration_us = job->end.duration_us,
    };
    return true;
}

void webhook_sender_settle(struct webhook_sender *sender, struct bytes notification_id,
                           int32_t attempt)
{
    outcome_log_settle(sender->log, notification_id, attempt);
}

void webhook_sender_forget(struct webhook_sender *sender, int32_t partition)
{
    pthread_mutex_lock(&sender->lock);
    webhook_queue_forget(sender->queue, partition);
    webhook_job_forget(&sender->ended, partition);
    pthread_mutex_unlock(&sender->lock);
}

void webhook_sender_end(struct webhook_sender *sender)
{
    if (sender == NULL || !sender->started) {
        return;
    }
    pthread_mutex_lock(&sender->lock);
    sender->closing = true;
    pthread_mutex_unlock(&sender->lock);
    curl_multi_wakeup(sender->multi);
}

void webhook_sender_close(struct webhook_sender **sender)
{
    struct webhook_sender *closing = *sender;
    if (closing == NULL) {
        return;
    }
    webhook_sender_end(closing);
    if (closing->started) {
        pthread_join(closing->thread, NULL);
    }
    for (size_t i = 0; i < closing->transfer_count; i++) {
        webhook_transfer_free(&closing->transfers[i]);
    }
    if (closing->multi != NULL) {
        curl_multi_cleanup(closing->multi);
    }
    webhook_queue_free(&closing->queue);
    webhook_job_forget(&closing->ended, -1);
    webhook_job_free(&closing->taken);
    outcome_log_close(&closing->log);
    pthread_mutex_destroy(&closing->lock);
    free(closing);
    curl_global_cleanup();
    *sender = NULL;
}
