// C11 threads by way of POSIX ones, for ThreadSanitizer: it does not know thrd_create(), by which
// librdkafka starts its threads, and breaks down in a thread that it has not seen begin. Symbols of
// a program come before those of libc. Linked into tests of the tsan preset only.
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

struct start {
    thrd_start_t function;
    void *argument;
};

static void *run(void *opaque)
{
    struct start start = *(struct start *)opaque;
    free(opaque);
    return (void *)(intptr_t)start.function(start.argument);
}

int thrd_create(thrd_t *thread, thrd_start_t function, void *argument)
{
    struct start *start = malloc(sizeof *start);
    if (start == NULL) {
        return thrd_nomem;
    }
    *start = (struct start){function, argument};
    if (pthread_create(thread, NULL, run, start) != 0) {
        free(start);
        return thrd_error;
    }
    return thrd_success;
}

int thrd_join(thrd_t thread, int *result)
{
    void *value = NULL;
    if (pthread_join(thread, &value) != 0) {
        return thrd_error;
    }
    if (result != NULL) {
        *result = (int)(intptr_t)value;
    }
    return thrd_success;
}

const char *__tsan_default_suppressions(void);

// The library's locks are C11's too, so that what they guard looks unguarded.
const char *__tsan_default_suppressions(void)
{
    return "called_from_lib:librdkafka.so\nrace:librdkafka.so\nmutex:librdkafka.so\n";
}
