// One record an attempt; how long it took is not kept.
#include "connectors/webhook/webhook_record.h"

sg_result webhook_record_append(struct outcome_log *log, const struct webhook_job *job)
{
    const struct outcome_record record = {
        .notification_id = job->notification_id,
        .attempt = job->attempt,
        .outcome = job->end.outcome,
        .ambiguous = job->end.ambiguous,
        .code = job->end.code,
        .reply = bytes_of_text(job->end.reply),
        .at = job->end.at,
        .not_before = job->end.not_before,
    };
    return outcome_log_append(log, &record);
}

bool webhook_record_find(struct outcome_log *log, struct webhook_job *job)
{
    struct outcome_room room;
    struct outcome_record record;
    if (!outcome_log_find(log, job->notification_id, job->attempt, &room, &record)) {
        return false;
    }
    job->end.outcome = record.outcome;
    job->end.ambiguous = record.ambiguous;
    job->end.code = record.code;
    job->end.at = record.at;
    job->end.not_before = record.not_before;
    webhook_job_say(job, record.reply);
    return true;
}
