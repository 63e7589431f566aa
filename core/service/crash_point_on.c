// Builds for tests: crash points that the environment switches on.
#include "core/service/crash_point.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { POINTS_MAX = 16, NAME_MAX_BYTES = 64, CRASH_STATUS = 86 };

struct point {
    char name[NAME_MAX_BYTES];
    long nth;
    bool is_kill;
    atomic_long passages;
};

static struct point points[POINTS_MAX];
static size_t point_count;
static pthread_once_t is_read = PTHREAD_ONCE_INIT;

// A misspelt wish would make a test pass that proves nothing.
static void refuse(const char *wish)
{
    fprintf(stderr, "soglia: SOGLIA_CRASH_AT: %s is not <name>[:<nth>][:kill]\n", wish);
    _exit(EXIT_FAILURE);
}

static void read_point(const char *wish, struct point *ret_point)
{
    size_t length = strcspn(wish, ":,");
    if (length == 0 || length >= NAME_MAX_BYTES) {
        refuse(wish);
    }
    memcpy(ret_point->name, wish, length);
    ret_point->nth = 1;
    const char *rest = wish + length;
    if (rest[0] == ':' && rest[1] >= '1' && rest[1] <= '9') {
        char *end = NULL;
        ret_point->nth = strtol(rest + 1, &end, 10);
        rest = end;
    }
    ret_point->is_kill = strncmp(rest, ":kill", 5) == 0;
    rest += ret_point->is_kill ? 5 : 0;
    if (*rest != '\0' && *rest != ',') {
        refuse(wish);
    }
}

static void read_points(void)
{
    const char *wish = getenv("SOGLIA_CRASH_AT");
    while (wish != NULL && *wish != '\0') {
        if (point_count == POINTS_MAX) {
            refuse(wish);
        }
        read_point(wish, &points[point_count++]);
        const char *comma = strchr(wish, ',');
        wish = comma == NULL ? NULL : comma + 1;
    }
}

static void pass(struct point *point)
{
    if (atomic_fetch_add(&point->passages, 1) + 1 != point->nth) {
        return;
    }
    if (point->is_kill) {
        kill(getpid(), SIGKILL);
    }
    _exit(CRASH_STATUS);
}

void crash_point(const char *name)
{
    pthread_once(&is_read, read_points);
    for (size_t i = 0; i < point_count; i++) {
        if (strcmp(points[i].name, name) == 0) {
            pass(&points[i]);
        }
    }
}

int64_t crash_point_number(const char *name, int64_t usual)
{
    size_t length = strlen(name);
    const char *wish = getenv("SOGLIA_TEST_NUMBERS");
    while (wish != NULL && *wish != '\0') {
        if (strncmp(wish, name, length) == 0 && wish[length] == '=') {
            return strtoll(wish + length + 1, NULL, 10);
        }
        const char *comma = strchr(wish, ',');
        wish = comma == NULL ? NULL : comma + 1;
    }
    return usual;
}
