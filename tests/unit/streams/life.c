// A child shares the cluster with its parent, and nothing else.
#include "life.h"

#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/service/log.h"
#include "core/service/stop.h"
#include "fake_kafka.h"
#include "fake_process.h"
#include "streams/topology.h"

enum {
    IDLE_WAITS = 8,
    OPEN_WAITS = 80,
    SECONDS_MAX = 60,
    OPEN_FOLDERS_MAX = 8,
    REFUSED_STATUS = 7
};

// The first part of the notes is the reason of the last life.
const char *life_reason(void)
{
    return fake_kafka_notes();
}

// Later while readers do not see everything yet.
static void stop_when_idle(int waits)
{
    if (waits >= (fake_kafka_is_open() ? OPEN_WAITS : IDLE_WAITS)) {
        stop_request();
    }
}

void life_new_world(int32_t partitions)
{
    fake_kafka_reset();
    for (unsigned topic = 0; topic < TOPIC_COUNT; topic++) {
        fake_kafka_topic(topic_info((enum topic)topic)->name, partitions);
    }
    fake_kafka_on_wait(stop_when_idle);
}

static sg_result run(const struct life *life)
{
    struct stream_settings stream = {
        .instance = "test",
        .workers = 1,
        .restore_threads = life->crash_at == NULL ? 2 : 1,
        .commit_interval_ms = 100000,
        .commit_gap_ms = 5,
        .commit_changes = life->changes == 0 ? 1 : life->changes,
        .merge_wait_ms = 50,
        .skip_lost = life->skip_lost,
    };
    struct kafka_settings kafka = {.brokers = "fake"};
    struct topic_settings topics = {.prefix = ""};
    struct state_settings state = {
        .dir = life->folder,
        .map_bytes = life->map_bytes == 0 ? 16 << 20 : life->map_bytes,
        .cache_entries = life->cache_entries == 0 ? 16 : life->cache_entries,
        .sync = "none",
    };
    struct runtime_config config = {
        .processor = topology_find(life->processor),
        .stream = &stream,
        .kafka = &kafka,
        .topics = &topics,
        .state = &state,
        .cluster_id = "fake",
        .processor_settings = life->processor_settings,
        .effector = life->effector,
    };
    // Refusals are expected here: a test looks at their results, not at their log lines.
    log_configure(getenv("LIFE_LOG") == NULL ? (enum log_level)(LOG_ERROR + 1) : LOG_DEBUG,
                  LOG_FORMAT_TEXT);
    fake_process_unstop();
    fake_process_crash_at(life->crash_at, life->crash_nth);
    return runtime_run(&config);
}

static void note_reason(const char *reason)
{
    snprintf(fake_kafka_notes(), SG_REASON_MAX, "%s", reason);
}

enum life_end life_run_here(const struct life *life)
{
    note_reason("");
    sg_result result = run(life);
    note_reason(sg_is_ok(result) ? "" : sg_reason());
    return sg_is_ok(result) ? LIFE_STOPPED : LIFE_REFUSED;
}

enum life_end life_run(const struct life *life)
{
    note_reason("");
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        // A fault in a thread ends the child with its signal, not with the test library's exit.
        static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGSYS};
        for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
            signal(faults[i], SIG_DFL);
        }
        alarm(SECONDS_MAX);
        sg_result result = run(life);
        note_reason(sg_is_ok(result) ? "" : sg_reason());
        _exit(sg_is_ok(result) ? 0 : REFUSED_STATUS);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child) {
        note_reason("no child");
        return LIFE_BROKEN;
    }
    if (!WIFEXITED(status)) {
        note_reason(strsignal(WTERMSIG(status)));
        return LIFE_BROKEN;
    }
    switch (WEXITSTATUS(status)) {
    case 0:
        return LIFE_STOPPED;
    case FAKE_CRASH_STATUS:
        return LIFE_CRASHED;
    case REFUSED_STATUS:
        return LIFE_REFUSED;
    default:
        snprintf(fake_kafka_notes(), SG_REASON_MAX, "status %d", WEXITSTATUS(status));
        return LIFE_BROKEN;
    }
}

void life_make_folder(char ret_path[static LIFE_FOLDER_MAX])
{
    // In memory where that is to be had: hundreds of lives each write their files through.
    const char *parent = getenv("TMPDIR");
    if (parent == NULL) {
        parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    }
    snprintf(ret_path, LIFE_FOLDER_MAX, "%s/soglia-life-XXXXXX", parent);
    if (mkdtemp(ret_path) == NULL) {
        abort();
    }
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    return remove(path);
}

void life_remove_folder(const char *path)
{
    (void)!nftw(path, remove_one, OPEN_FOLDERS_MAX, FTW_DEPTH | FTW_PHYS);
}
