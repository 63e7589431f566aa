// A thread of its own, since every other may hang: librdkafka never closes a consumer whose topic
// was deleted under it.
#include "app/roles/last_resort.h"

#include "core/service/clock.h"
#include "core/service/log.h"

#include <pthread.h>
#include <unistd.h>

// Later than the pipeline gives up, earlier than the 5 s that are promised.
enum { CLOSE_MS_MAX = 4500 };

static void *end(void *context)
{
    (void)context;
    clock_sleep_ms(CLOSE_MS_MAX);
    log_error("closing does not come to an end: ending without it, nothing is lost", NULL);
    _exit(1);
}

void last_resort_begin(void)
{
    pthread_t thread;
    // Without it the closing is only not bounded.
    if (pthread_create(&thread, NULL, end, NULL) == 0) {
        pthread_detach(thread);
    }
}
