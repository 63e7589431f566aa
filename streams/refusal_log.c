// One line a record, until there are too many.
#include "streams/refusal_log.h"

#include "core/service/clock.h"
#include "core/service/log.h"

enum { TOLD = 10, SECOND_US = 1000000 };

void refusal_log_tell(struct refusal_log *log, const char *by, const struct event *event)
{
    int64_t now_us = clock_monotonic_us();
    if (now_us - log->since_us >= SECOND_US) {
        if (log->count > TOLD) {
            log_warn("more records were refused",
                     (struct log_field[]){log_text("by", by),
                                          log_int("records", log->count - TOLD),
                                          {.name = NULL}});
        }
        log->since_us = now_us;
        log->count = 0;
    }
    if (++log->count > TOLD) {
        return;
    }
    log_warn("record refused, sent to dead-letters",
             (struct log_field[]){log_text("by", by),
                                  log_text("topic", topic_info(event->topic)->name),
                                  log_int("partition", event->partition),
                                  log_int("offset", event->offset),
                                  log_text("reason", sg_reason()),
                                  {.name = NULL}});
}
