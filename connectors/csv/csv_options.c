// The table of options and what must hold between them.
#include "connectors/csv/csv_options.h"

#include "core/number.h"
#include "core/timestamp.h"
#include "core/utf8.h"

#include <string.h>

enum { NAME_MAX_BYTES = 128, ID_MAX_BYTES = 64 };

// An empty text skips empty cells: the default is told from it by its place.
static const char skip_nothing[] = "";

static const struct option rows[] = {
    {"time-column", OPTION_TEXT, offsetof(struct csv_settings, time_column), "", 0, 0, NULL,
     "Column of the event time."},
    {"time-format", OPTION_TEXT, offsetof(struct csv_settings, time_format), "iso", 0, 0, NULL,
     "How it is written: iso (RFC 3339), ms or s since 1970, or a form such as \"%Y-%m-%d %H:%M\"; "
     "UTC."},
    {"time-of-day", OPTION_TEXT, offsetof(struct csv_settings, time_of_day), "", 0, 0, NULL,
     "HH:MM:SS for every time, where the file has only days."},
    {"month-end", OPTION_BOOL, offsetof(struct csv_settings, month_end), "false", 0, 0, NULL,
     "Take the last day of the month, where the file has only months."},
    {"instrument", OPTION_TEXT, offsetof(struct csv_settings, instrument), "", 0, 0, NULL,
     "The instrument of all rows, as kind:name."},
    {"value-column", OPTION_TEXT, offsetof(struct csv_settings, value_column), "", 0, 0, NULL,
     "Column of its value; A+B for the sum of columns."},
    {"value-columns", OPTION_TEXT, offsetof(struct csv_settings, value_columns), "", 0, 0, NULL,
     "\"rest\": every other column that has a name is an instrument."},
    {"instrument-prefix", OPTION_TEXT, offsetof(struct csv_settings, instrument_prefix), "", 0, 0,
     NULL, "With --value-columns: stands before the name of the column, as fx:EUR/."},
    {"skip-values", OPTION_TEXT, offsetof(struct csv_settings, skip_values), skip_nothing, 0, 0,
     NULL, "Cells that are no value, separated by commas; \"N/A,\" skips N/A and empty cells."},
    {"reverse", OPTION_BOOL, offsetof(struct csv_settings, reverse), "false", 0, 0, NULL,
     "From the last row to the first, where the newest stands first."},
    {"sum", OPTION_BOOL, offsetof(struct csv_settings, sum), "false", 0, 0, NULL,
     "Add up neighbouring quotes of the same instrument and time."},
    {"from", OPTION_TEXT, offsetof(struct csv_settings, from), "", 0, 0, NULL,
     "Leave out what is before this time (RFC 3339, or YYYY-MM-DD)."},
    {"source", OPTION_TEXT, offsetof(struct csv_settings, source), "csv", 0, 0, NULL,
     "The source that the quotes name."},
    {"unit", OPTION_TEXT, offsetof(struct csv_settings, unit), "", 0, 0, NULL,
     "The unit that the quotes name, as USD."},
    {"speed", OPTION_TEXT, offsetof(struct csv_settings, speed), "max", 0, 0, NULL,
     "Pace by event time: 1 is real time, 3600 an hour a second, max as fast as possible."},
    {"limit", OPTION_INT, offsetof(struct csv_settings, limit), "0", 0, INT64_C(1) << 53, NULL,
     "Stop after so many rows; the same command goes on behind them. 0: no limit."},
    {"skip-bad", OPTION_BOOL, offsetof(struct csv_settings, skip_bad), "false", 0, 0, NULL,
     "Pass over rows that cannot be read, and count them, instead of stopping."},
    {"restart", OPTION_BOOL, offsetof(struct csv_settings, restart), "false", 0, 0, NULL,
     "Begin anew, whatever was sent before."},
    {"id", OPTION_TEXT, offsetof(struct csv_settings, id), "", 0, 0, NULL,
     "Name under which the position is kept; by default made of file and options."},
};

struct option_table csv_options(struct csv_settings *target)
{
    return (struct option_table){.title = "fetch csv",
                                 .options = rows,
                                 .count = sizeof rows / sizeof rows[0],
                                 .target = target,
                                 .command_line_only = true};
}

static sg_result check_text(const char *option, const char *text)
{
    struct bytes bytes = bytes_of_text(text);
    if (bytes.size > NAME_MAX_BYTES || !utf8_is_printable(bytes)) {
        return sg_fail(SG_FATAL, 0, "--%s: wanted are at most %d bytes of printable UTF-8", option,
                       NAME_MAX_BYTES);
    }
    return sg_ok();
}

static sg_result check_id(const char *id)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    if (strlen(id) > ID_MAX_BYTES || strspn(id, allowed) != strlen(id)) {
        return sg_fail(SG_FATAL, 0,
                       "--id=%s: wanted are at most %d letters, digits, dots, dashes and "
                       "underscores",
                       id, ID_MAX_BYTES);
    }
    return sg_ok();
}

static sg_result check_values(const struct csv_settings *settings, bool is_rest)
{
    if (settings->time_column[0] == '\0') {
        return sg_fail(SG_FATAL, 0, "--time-column: which column has the event time?");
    }
    if (settings->value_columns[0] != '\0' && !is_rest) {
        return sg_fail(SG_FATAL, 0, "--value-columns=%s: the only choice is rest",
                       settings->value_columns);
    }
    bool is_one = settings->instrument[0] != '\0' && settings->value_column[0] != '\0';
    bool is_half = settings->instrument[0] != '\0' || settings->value_column[0] != '\0';
    if (is_rest ? is_half : !is_one) {
        return sg_fail(SG_FATAL, 0,
                       "wanted is either --instrument with --value-column, or "
                       "--value-columns=rest with --instrument-prefix");
    }
    if (!is_rest && settings->instrument_prefix[0] != '\0') {
        return sg_fail(SG_FATAL, 0, "--instrument-prefix goes with --value-columns=rest");
    }
    return sg_ok();
}

static sg_result read_from(const char *text, int64_t *ret_ms)
{
    struct csv_time date;
    SG_TRY(csv_time_init("%Y-%m-%d", "", false, &date));
    struct bytes bytes = bytes_of_text(text);
    *ret_ms = INT64_MIN;
    if (bytes.size > 0 && !timestamp_read(bytes, ret_ms) && !csv_time_read(&date, bytes, ret_ms)) {
        return sg_fail(SG_FATAL, 0,
                       "--from=%s: wanted is a time such as 2026-11-21T08:00:00Z, or a date", text);
    }
    return sg_ok();
}

static sg_result read_speed(const char *text, double *ret_speed)
{
    *ret_speed = 0;
    if (strcmp(text, "max") == 0) {
        return sg_ok();
    }
    if (!number_read_double(bytes_of_text(text), ret_speed) || *ret_speed <= 0) {
        return sg_fail(SG_FATAL, 0, "--speed=%s: wanted is max or a number above 0", text);
    }
    return sg_ok();
}

sg_result csv_options_read(const struct csv_settings *settings, struct csv_meaning *ret_meaning)
{
    struct csv_meaning meaning = {
        .is_rest = strcmp(settings->value_columns, "rest") == 0,
        .skips = settings->skip_values != skip_nothing,
    };
    SG_TRY(check_values(settings, meaning.is_rest));
    SG_TRY(check_text("instrument", settings->instrument));
    SG_TRY(check_text("source", settings->source));
    SG_TRY(check_text("unit", settings->unit));
    SG_TRY(check_id(settings->id));
    SG_TRY(csv_time_init(settings->time_format, settings->time_of_day, settings->month_end,
                         &meaning.time));
    SG_TRY(read_from(settings->from, &meaning.from_ms));
    SG_TRY(read_speed(settings->speed, &meaning.speed));
    if (settings->source[0] == '\0') {
        return sg_fail(SG_FATAL, 0, "--source: a quote names its source");
    }
    *ret_meaning = meaning;
    return sg_ok();
}

// How a run goes on is not what it sends.
static bool is_of_the_run(const char *key)
{
    static const char *const keys[] = {"speed", "limit", "skip-bad", "restart", "id"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(keys[i], key) == 0) {
            return true;
        }
    }
    return false;
}

sg_result csv_options_print_identity(const struct csv_settings *settings, struct buffer *out)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *place = (const char *)settings + rows[i].offset;
        if (is_of_the_run(rows[i].key)) {
            continue;
        }
        // Lengths, so that no two settings give the same text.
        if (rows[i].type == OPTION_BOOL) {
            SG_TRY(buffer_print(out, "%s=%d\n", rows[i].key, *(const bool *)place));
        } else {
            const char *text = *(const char *const *)(const void *)place;
            SG_TRY(buffer_print(out, "%s=%zu:%s\n", rows[i].key, strlen(text), text));
        }
    }
    return buffer_print(out, "skips=%d\n", settings->skip_values != skip_nothing);
}
