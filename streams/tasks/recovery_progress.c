// What people see of a recovery.
#include "streams/tasks/recovery_state.h"

#include "core/service/clock.h"
#include "core/service/log.h"
#include "core/service/metric.h"

enum { PROGRESS_US = 1000000 };

int64_t recovery_remaining(const struct recovery *recovery)
{
    int64_t sum = 0;
    for (size_t i = 0; i < recovery->count; i++) {
        int64_t left = recovery->changelogs[i].end - recovery->task->place.changelog_offsets[i];
        sum += !recovery->changelogs[i].done && left > 0 ? left : 0;
    }
    return sum;
}

void recovery_tell(const struct recovery *recovery, const char *message)
{
    int64_t elapsed_us = clock_monotonic_us() - recovery->began_us;
    log_info(message,
             (struct log_field[]){log_text("processor", recovery->task->config->processor->name),
                                  log_int("partition", recovery->task->partition),
                                  log_int("records", recovery->applied),
                                  log_int("remaining", recovery_remaining(recovery)),
                                  log_int("ms", elapsed_us / 1000),
                                  {.name = NULL}});
}

// Several tasks of a processor may be restored at a time.
void recovery_gauge(struct recovery *recovery, int64_t records)
{
    metric_change(METRIC_RESTORE_REMAINING, recovery->task->config->processor->id, 0,
                  records - recovery->gauged);
    recovery->gauged = records;
}

void recovery_tell_progress(struct recovery *recovery)
{
    int64_t now_us = clock_monotonic_us();
    recovery_gauge(recovery, recovery_remaining(recovery));
    if (now_us - recovery->told_us >= PROGRESS_US) {
        recovery->told_us = now_us;
        recovery_tell(recovery, "restoring state");
    }
}

void recovery_note_progress(struct recovery *recovery, int64_t applied)
{
    recovery->last_record_us = clock_monotonic_us();
    metric_add(METRIC_RESTORE_RECORDS, recovery->task->config->processor->id, 0,
               recovery->applied - applied);
}
