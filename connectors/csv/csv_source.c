// The source: rows in order, their quotes, sums of neighbours, and the position, which is the
// number of rows taken.
#include "connectors/csv/csv_source.h"

#include "connectors/csv/csv_mapping.h"
#include "connectors/csv/csv_reader.h"
#include "core/hash.h"
#include "core/service/log.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Rows without a quote that one call takes; what is told of bad rows; the text of an identity.
enum { ROWS_PER_CALL = 10000, BAD_TOLD_MAX = 10, IDENTITY_BYTES_MAX = 1 << 16 };

struct csv {
    const struct csv_settings *settings;
    const char *path;
    struct csv_meaning meaning;
    struct csv_reader *reader;
    struct csv_mapping *mapping; // NULL until the header was read.
    int64_t rows;                // Taken since the start of the file.
    int64_t first_row;           // Rows before it were sent by an earlier run.
    struct csv_quotes row;       // The quotes of the last row.
    size_t given;                // Of them.
    bool has_pending;            // With --sum: a quote to which its neighbours may be added.
    struct quote pending;
    int64_t skipped;
    int64_t bad;
};

static void close_csv(void **slot)
{
    struct csv *csv = SG_MOVE(*slot);
    if (csv != NULL) {
        csv_mapping_free(&csv->mapping);
        csv_reader_close(&csv->reader);
        free(csv);
    }
}

static bool is_standard_input(const char *path)
{
    return strcmp(path, "-") == 0;
}

static sg_result print_identity(const struct csv_settings *settings, const char *path,
                                char ret_id[static HASH_IDENTITY_CHARS + 1])
{
    char absolute[PATH_MAX] = "-";
    if (!is_standard_input(path) && realpath(path, absolute) == NULL) {
        return sg_fail(SG_FATAL, errno, "%s: %s", path, strerror(errno));
    }
    struct buffer text SG_CLEANUP(buffer_done);
    buffer_init(&text, IDENTITY_BYTES_MAX);
    SG_TRY(buffer_print(&text, "%s\n", absolute));
    SG_TRY(csv_options_print_identity(settings, &text));
    hash_identity(buffer_bytes(&text), ret_id);
    return sg_ok();
}

static sg_result plan_csv(const struct source_request *request, struct source_plan *ret_plan)
{
    const struct csv_settings *settings = request->options;
    const char *path = request->words[0];
    struct csv_meaning meaning;
    SG_TRY(csv_options_read(settings, &meaning));
    if (settings->reverse && is_standard_input(path)) {
        return sg_fail(SG_FATAL, 0, "--reverse: standard input cannot be read from its end");
    }
    struct source_plan plan = {.speed = meaning.speed, .limit = settings->limit};
    SG_TRY(print_identity(settings, path, plan.id));
    if (settings->id[0] != '\0') {
        snprintf(plan.id, sizeof plan.id, "%s", settings->id);
    }
    // Nobody can know that what comes through a pipe is what came the last time, unless told so.
    plan.is_read_once = is_standard_input(path);
    plan.is_anew = settings->restart || (is_standard_input(path) && settings->id[0] == '\0');
    *ret_plan = plan;
    return sg_ok();
}

static sg_result open_csv(const struct source_request *request, int64_t position, void **ret_source)
{
    SG_CLEANUP(close_csv) void *opened = calloc(1, sizeof(struct csv));
    struct csv *csv = opened;
    if (csv == NULL) {
        return sg_fail(SG_FATAL, ENOMEM, "out of memory");
    }
    csv->settings = request->options;
    csv->path = request->words[0];
    csv->first_row = position;
    SG_TRY(csv_options_read(csv->settings, &csv->meaning));
    SG_TRY(csv_reader_open(csv->path, &csv->reader));
    *ret_source = SG_MOVE(opened);
    return sg_ok();
}

static sg_result locate(const struct csv *csv, sg_result result)
{
    return sg_explain(result, "%s:%" PRId64, csv->path, csv_reader_line(csv->reader));
}

static sg_result read_header(struct csv *csv, const struct csv_record *header)
{
    SG_TRY(locate(csv, csv_mapping_new(csv->settings, &csv->meaning, header, &csv->mapping)));
    return csv->settings->reverse ? sg_explain(csv_reader_reverse(csv->reader), "%s", csv->path)
                                  : sg_ok();
}

// A row that cannot be read ends the run, unless such rows are to be passed over.
static sg_result judge_bad(struct csv *csv, sg_result failure)
{
    SG_TRY(failure.class == SG_DROP && csv->settings->skip_bad ? sg_ok() : failure);
    csv->bad++;
    if (csv->bad <= BAD_TOLD_MAX) {
        const struct log_field fields[] = {
            log_text("reason", sg_reason()),
            log_text("more", csv->bad == BAD_TOLD_MAX ? "further ones are only counted" : ""),
            {.name = NULL}};
        log_warn("bad row passed over", fields);
    }
    return sg_ok();
}

static sg_result map_row(struct csv *csv, const struct csv_record *record)
{
    struct csv_quotes quotes = {.count = 0};
    sg_result result = csv_mapping_read(csv->mapping, record, &quotes);
    if (!sg_is_ok(result)) {
        SG_TRY(judge_bad(csv, locate(csv, result)));
    }
    csv->skipped += (int64_t)quotes.skipped;
    csv->row = quotes;
    csv->given = 0;
    csv->rows++;
    return sg_ok();
}

static sg_result end_of_file(const struct csv *csv)
{
    if (csv->mapping == NULL) {
        return sg_fail(SG_FATAL, 0, "%s: empty, without even a header", csv->path);
    }
    if (csv->rows < csv->first_row) {
        return sg_fail(SG_FATAL, 0,
                       "%s: has %" PRId64 " rows, but %" PRId64
                       " were taken before: it is another file now; --restart begins anew",
                       csv->path, csv->rows, csv->first_row);
    }
    return sg_ok();
}

// What is no CSV counts as a row, so that positions stay the same with and without --skip-bad.
static sg_result take_fault(struct csv *csv, sg_result failure)
{
    bool is_row = csv->mapping != NULL && failure.class == SG_DROP;
    if (!is_row || csv->rows >= csv->first_row) {
        SG_TRY(is_row ? judge_bad(csv, failure) : failure);
    }
    csv->rows++;
    return sg_ok();
}

// Takes the next row: `*ret_kind` is SOURCE_QUOTE when it was one (with quotes or none).
static sg_result take_row(struct csv *csv, enum source_kind *ret_kind)
{
    const struct csv_record *record = NULL;
    sg_result failure = sg_ok();
    *ret_kind = SOURCE_QUOTE;
    switch (csv_reader_next(csv->reader, &record, &failure)) {
    case CSV_NEXT_WAIT:
        *ret_kind = SOURCE_IDLE;
        return sg_ok();
    case CSV_NEXT_END:
        *ret_kind = SOURCE_END;
        return end_of_file(csv);
    case CSV_NEXT_FAILED:
        return take_fault(csv, locate(csv, failure));
    case CSV_NEXT_RECORD:
        break;
    }
    if (csv->mapping == NULL) {
        return read_header(csv, record);
    }
    if (csv->rows < csv->first_row) {
        csv->rows++;
        return sg_ok();
    }
    return map_row(csv, record);
}

static bool is_same(const struct quote *left, const struct quote *right)
{
    return left->event_time == right->event_time &&
           bytes_equal(left->instrument, right->instrument);
}

// Hands out the row's next quote. False if with --sum it was only added.
static bool give(struct csv *csv, struct source_event *event)
{
    const struct quote *quote = &csv->row.quotes[csv->given++];
    if (!csv->settings->sum) {
        event->quote = *quote;
        event->position = csv->given == csv->row.count ? csv->rows : SOURCE_NO_POSITION;
        return true;
    }
    if (csv->has_pending && is_same(quote, &csv->pending)) {
        csv->pending.value += quote->value;
        return false;
    }
    bool gives = csv->has_pending;
    event->quote = csv->pending;
    // What is complete ends with the row before, if this is the first quote of its row.
    event->position = csv->given == 1 ? csv->rows - 1 : SOURCE_NO_POSITION;
    csv->pending = *quote;
    csv->has_pending = true;
    return gives;
}

static struct source_event end_event(struct csv *csv)
{
    struct source_event event = {.kind = SOURCE_END, .position = csv->rows};
    if (csv->has_pending) {
        csv->has_pending = false;
        event.kind = SOURCE_QUOTE;
        event.quote = csv->pending;
    }
    return event;
}

static sg_result next_csv(void *source, struct source_event *ret_event)
{
    struct csv *csv = source;
    struct source_event event = {.kind = SOURCE_QUOTE};
    for (int taken = 0; taken < ROWS_PER_CALL; taken++) {
        while (csv->given < csv->row.count) {
            if (give(csv, &event)) {
                *ret_event = event;
                return sg_ok();
            }
        }
        enum source_kind kind = SOURCE_QUOTE;
        SG_TRY(take_row(csv, &kind));
        if (kind == SOURCE_END) {
            *ret_event = end_event(csv);
            return sg_ok();
        }
        if (kind == SOURCE_IDLE) {
            break;
        }
    }
    bool is_between = !csv->has_pending && csv->given == csv->row.count &&
                      csv->rows >= csv->first_row && csv->mapping != NULL;
    *ret_event = (struct source_event){.kind = SOURCE_IDLE,
                                       .position = is_between ? csv->rows : SOURCE_NO_POSITION};
    return sg_ok();
}

static void count_csv(const void *source, struct source_counts *ret_counts)
{
    const struct csv *csv = source;
    int64_t rows = csv->rows - csv->first_row;
    *ret_counts = (struct source_counts){
        .rows = rows < 0 ? 0 : rows,
        .skipped = csv->skipped,
        .bad = csv->bad,
        .part = csv_reader_part(csv->reader),
    };
}

static struct option_table list_options(void *target)
{
    return csv_options(target);
}

const struct source csv_source = {
    .name = "csv",
    .summary = "a CSV file, replayed by event time",
    .arguments = "csv FILE",
    .help =
        "Replays a CSV as quotes, exactly once: what was sent is remembered in Kafka, and the "
        "same\n"
        "command goes on where the last one stopped or was killed. FILE - is standard input.\n"
        "\n"
        "  soglia fetch csv cpu.csv --instrument=metric:db:cpu_percent --value-column=value \\\n"
        "      --time-column=timestamp --time-format='%Y-%m-%d %H:%M:%S'\n"
        "  soglia fetch csv rates.csv --value-columns=rest --instrument-prefix=fx:EUR/ \\\n"
        "      --time-column=Date --time-format=%F --time-of-day=15:00:00 --skip-values=N/A, "
        "--reverse\n"
        "  soglia fetch csv cpu.csv ... --speed=3600        an hour of it in a second\n",
    .word_count = 1,
    .options = list_options,
    .options_bytes = sizeof(struct csv_settings),
    .plan = plan_csv,
    .open = open_csv,
    .next = next_csv,
    .counts = count_csv,
    .close = close_csv,
};
