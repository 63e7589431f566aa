// What of an attempt goes to the log of outcomes, and comes back from there.
#pragma once
#include "connectors/outcome/outcome_log.h"
#include "connectors/webhook/webhook_job.h"

// Notes how the job ended. Fails as outcome_log_append(). Any thread.
SG_RESULT webhook_record_append(struct outcome_log *log, const struct webhook_job *job);

// Sets the job's end from the log when this attempt was made before; false when it was not. Any
// thread.
bool webhook_record_find(struct outcome_log *log, struct webhook_job *job);
