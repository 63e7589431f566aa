// Runs processors on given events without Kafka and compares what they do with what a file says:
// tests/replay/README.md has the format.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/number.h"
#include "streams/topology.h"
#include "tests/replay/replay_expect.h"
#include "tests/replay/replay_outcome.h"
#include "tests/replay/state_folder.h"

enum {
    LINE_BYTES_MAX = 64 << 20,
    REPORT_BYTES_MAX = 64 << 20,
    FAILURES_SHOWN_MAX = 10,
    NAME_MAX_BYTES = 256,
    STEP_MS = 1000,
};
static const int64_t first_at_ms = 1700000000000;

struct driver {
    struct replay_options options;
    const struct processor *processor; // Of cases that do not name one, NULL for none.
    struct replay_machine *machines[PROCESSOR_COUNT];
    struct replay_defaults defaults; // Of this file.
    struct arena *arena;             // Until the next given line.
    const char *file;
    int64_t line_number;

    // The case that runs.
    struct replay_machine *machine; // NULL: none.
    char name[NAME_MAX_BYTES];
    bool failed; // What is left of it is skipped.
    int64_t event_number;
    int64_t at_ms;
    int64_t next_offset[TOPIC_COUNT + 1]; // The last one is of outcomes.
    bool has_given;
    enum topic given; // Of the last event.
    int64_t offset;
    const struct replay_outputs *outputs; // Of the last event.
    size_t compared;

    int64_t passed_count;
    int64_t failed_count;
    struct buffer report;
};

static sg_result case_failed(struct driver *driver, const char *what)
{
    driver->failed = true;
    if (driver->failed_count >= FAILURES_SHOWN_MAX) {
        return sg_ok();
    }
    printf("%s:%" PRId64 ": case %s, event %" PRId64 " (%s at offset %" PRId64 "): %s\n%.*s",
           driver->file, driver->line_number, driver->name, driver->event_number,
           replay_outcome_name(driver->given), driver->offset, what, (int)driver->report.size,
           driver->report.data == NULL ? "" : (const char *)driver->report.data);
    return sg_ok();
}

// What the last event did must all have been expected.
static sg_result end_event(struct driver *driver)
{
    if (driver->failed || driver->outputs == NULL || driver->compared == driver->outputs->count) {
        return sg_ok();
    }
    buffer_clear(&driver->report);
    for (size_t i = driver->compared; i < driver->outputs->count; i++) {
        SG_TRY(buffer_print(&driver->report, "    got "));
        SG_TRY(replay_expect_print(driver->machine, &driver->outputs->list[i], &driver->report));
        SG_TRY(buffer_print(&driver->report, "\n"));
    }
    return case_failed(driver, "not expected");
}

static sg_result end_case(struct driver *driver)
{
    SG_TRY(end_event(driver));
    if (driver->machine != NULL) {
        driver->passed_count += driver->failed ? 0 : 1;
        driver->failed_count += driver->failed ? 1 : 0;
    }
    driver->machine = NULL;
    driver->outputs = NULL;
    return sg_ok();
}

static sg_result find_processor(struct driver *driver, struct bytes name,
                                const struct processor **ret_processor)
{
    char text[NAME_MAX_BYTES];
    snprintf(text, sizeof text, "%.*s", (int)name.size, (const char *)name.data);
    *ret_processor = name.data == NULL ? driver->processor : topology_find(text);
    if (*ret_processor == NULL) {
        return sg_fail(SG_DROP, 0, "the case names no processor that there is: \"%s\"", text);
    }
    return sg_ok();
}

static sg_result begin_case(struct driver *driver, const struct replay_line *line)
{
    const struct processor *processor = NULL;
    SG_TRY(end_case(driver));
    SG_TRY(find_processor(driver, line->processor, &processor));
    struct replay_machine **machine = &driver->machines[processor->id];
    if (*machine == NULL) {
        SG_TRY(replay_machine_open(processor, &driver->options, machine));
    }
    SG_TRY(replay_machine_begin(*machine, line->settings));
    driver->machine = *machine;
    snprintf(driver->name, sizeof driver->name, "\"%.*s\"", (int)line->name.size,
             (const char *)line->name.data);
    driver->failed = false;
    driver->event_number = 0;
    driver->at_ms = first_at_ms - STEP_MS;
    driver->has_given = false;
    memset(driver->next_offset, 0, sizeof driver->next_offset);
    return sg_ok();
}

static sg_result find_topic(struct bytes name, enum topic *ret_topic)
{
    SG_TRY(replay_expect_topic(name, ret_topic));
    if (*ret_topic == TOPIC_COUNT) {
        return sg_fail(SG_DROP, 0, "nothing is no topic");
    }
    return sg_ok();
}

static sg_result give(struct driver *driver, const struct replay_line *line)
{
    SG_TRY(end_event(driver));
    if (driver->machine == NULL) {
        return sg_fail(SG_DROP, 0, "a case comes before what is given");
    }
    if (driver->failed) {
        return sg_ok();
    }
    driver->given = replay_outcome_topic;
    if (!bytes_is_text(line->name, "outcomes")) {
        SG_TRY(find_topic(line->name, &driver->given));
    }
    driver->has_given = true;
    driver->event_number++;
    driver->at_ms = line->has_at ? line->at : driver->at_ms + STEP_MS;
    driver->offset = line->has_offset ? line->offset : driver->next_offset[driver->given];
    driver->next_offset[driver->given] = driver->offset + 1;
    struct event event = {
        .topic = driver->given,
        .partition = (int32_t)line->partition,
        .offset = driver->offset,
        .timestamp_ms = driver->at_ms,
    };
    event.value = line->value;
    if (driver->given != replay_outcome_topic) {
        struct replay_scope scope = {driver->machine, &driver->defaults, driver->arena};
        SG_TRY(replay_value_of(&scope, driver->given, line, &event.key, &event.value));
    }
    driver->compared = 0;
    driver->outputs = NULL;
    sg_result result = replay_machine_give(driver->machine, &event, &driver->outputs);
    buffer_clear(&driver->report);
    return sg_is_ok(result) ? result : case_failed(driver, sg_reason());
}

static sg_result compare(struct driver *driver, const struct replay_line *line)
{
    if (driver->machine == NULL || !driver->has_given) {
        return sg_fail(SG_DROP, 0, "something is given before what comes of it");
    }
    if (driver->failed) {
        return sg_ok();
    }
    buffer_clear(&driver->report);
    if (bytes_is_text(line->name, "nothing")) {
        return end_event(driver);
    }
    if (driver->compared == driver->outputs->count) {
        SG_TRY(buffer_print(&driver->report, "    expected %.*s, got nothing more\n",
                            (int)line->name.size, (const char *)line->name.data));
        return case_failed(driver, "missing");
    }
    const struct replay_output *output = &driver->outputs->list[driver->compared++];
    struct replay_scope scope = {driver->machine, &driver->defaults, driver->arena};
    bool same = false;
    SG_TRY(replay_expect(&scope, line, output, &driver->report, &same));
    if (same) {
        return sg_ok();
    }
    SG_TRY(buffer_print(&driver->report, "    got "));
    SG_TRY(replay_expect_print(driver->machine, output, &driver->report));
    SG_TRY(buffer_print(&driver->report, "\n"));
    return case_failed(driver, "different");
}

static sg_result keep_default(struct driver *driver, const struct replay_line *line)
{
    enum topic topic = TOPIC_COUNT;
    SG_TRY(find_topic(line->name, &topic));
    return replay_defaults_set(&driver->defaults, topic, line->value);
}

static sg_result take_line(struct driver *driver, struct bytes text)
{
    struct replay_line line;
    arena_reset(driver->arena);
    SG_TRY(replay_line_read(text, driver->arena, &line));
    switch (line.kind) {
    case REPLAY_EMPTY:
        return sg_ok();
    case REPLAY_CASE:
        return begin_case(driver, &line);
    case REPLAY_DEFAULT:
        return keep_default(driver, &line);
    case REPLAY_GIVEN:
        return give(driver, &line);
    case REPLAY_THEN:
        return compare(driver, &line);
    }
    return sg_ok();
}

static sg_result take_stream(struct driver *driver, FILE *stream)
{
    char *text = NULL;
    size_t capacity = 0;
    sg_result result = sg_ok();
    ssize_t size = 0;
    driver->line_number = 0;
    while (sg_is_ok(result) && (size = getline(&text, &capacity, stream)) >= 0) {
        driver->line_number++;
        size_t length = (size_t)size;
        length -= length > 0 && text[length - 1] == '\n' ? 1 : 0;
        result = take_line(driver, bytes_of(text, length));
    }
    free(text);
    SG_TRY(sg_explain(result, "%s:%" PRId64, driver->file, driver->line_number));
    return end_case(driver);
}

static sg_result take_file(struct driver *driver, const char *path)
{
    bool is_input = strcmp(path, "-") == 0;
    FILE *stream = is_input ? stdin : fopen(path, "r");
    driver->file = path;
    if (stream == NULL) {
        return sg_fail(SG_FATAL, 0, "%s cannot be opened", path);
    }
    sg_result result = take_stream(driver, stream);
    replay_defaults_done(&driver->defaults);
    if (!is_input) {
        fclose(stream);
    }
    return result;
}

// "--commit-every=3" of `word` when `name` is "--commit-every=".
static bool read_count(const char *word, const char *name, int64_t *ret_count)
{
    size_t length = strlen(name);
    return strncmp(word, name, length) == 0 &&
           number_read_int(bytes_of_text(word + length), ret_count) && *ret_count >= 0;
}

static bool read_option(struct driver *driver, const char *word)
{
    static const char processor[] = "--processor=";
    if (strncmp(word, processor, sizeof processor - 1) == 0) {
        driver->processor = topology_find(word + sizeof processor - 1);
        return driver->processor != NULL;
    }
    return read_count(word, "--commit-every=", &driver->options.commit_every) ||
           read_count(word, "--abort-every=", &driver->options.abort_every) ||
           read_count(word, "--restore-every=", &driver->options.restore_every);
}

static sg_result run(struct driver *driver, int count, char **words)
{
    int files = 0;
    for (int i = 1; i < count; i++) {
        bool is_option = strncmp(words[i], "--", 2) == 0;
        if (is_option && !read_option(driver, words[i])) {
            return sg_fail(SG_FATAL, 0,
                           "%s: use [--processor=NAME] [--commit-every=N] [--abort-every=N] "
                           "[--restore-every=N] [FILE...]",
                           words[i]);
        }
        if (!is_option) {
            files++;
            SG_TRY(take_file(driver, words[i]));
        }
    }
    return files > 0 ? sg_ok() : take_file(driver, "-");
}

int main(int count, char **words)
{
    struct driver driver = {.arena = arena_new(LINE_BYTES_MAX)};
    char folder[STATE_FOLDER_MAX];
    buffer_init(&driver.report, REPORT_BYTES_MAX);
    sg_result result =
        driver.arena == NULL ? sg_fail(SG_FATAL, 0, "out of memory") : state_folder_make(folder);
    if (sg_is_ok(result)) {
        driver.options.dir = folder;
        result = run(&driver, count, words);
        for (size_t i = 0; i < PROCESSOR_COUNT; i++) {
            replay_machine_close(&driver.machines[i]);
        }
        state_folder_remove(folder);
    }
    if (!sg_is_ok(result)) {
        printf("%s\n", sg_reason());
    }
    printf("%" PRId64 " passed, %" PRId64 " failed\n", driver.passed_count, driver.failed_count);
    buffer_done(&driver.report);
    replay_defaults_done(&driver.defaults);
    arena_free(&driver.arena);
    return sg_is_ok(result) && driver.failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
