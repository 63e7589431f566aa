// The columns are found once; a row costs no memory.
#include "connectors/csv/csv_mapping.h"

#include "core/number.h"
#include "core/utf8.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SKIPS_MAX = 32, INSTRUMENT_MAX_BYTES = 128, SHOWN_BYTES = 64 };

// A column with values. All terms of a sum are columns of the one instrument.
struct column {
    size_t field;
    char *name;       // Owned, of the header.
    char *instrument; // Owned; NULL for the terms of a sum.
    struct bytes key; // The instrument.
};

struct csv_mapping {
    const struct csv_settings *settings;
    struct csv_meaning meaning;
    size_t fields; // Of the header, so of every row.
    size_t time_field;
    struct column *columns;
    size_t column_count;
    struct quote *quotes; // As many as there are columns.
    struct bytes skips[SKIPS_MAX];
    size_t skip_count;
};

void csv_mapping_free(struct csv_mapping **mapping)
{
    struct csv_mapping *freed = SG_MOVE(*mapping);
    if (freed == NULL) {
        return;
    }
    for (size_t i = 0; i < freed->column_count; i++) {
        free(freed->columns[i].name);
        free(freed->columns[i].instrument);
    }
    free(freed->columns);
    free(freed->quotes);
    free(freed);
}

static sg_result out_of_memory(void)
{
    return sg_fail(SG_FATAL, ENOMEM, "out of memory");
}

static sg_result list_skips(struct csv_mapping *mapping)
{
    const char *at = mapping->meaning.skips ? mapping->settings->skip_values : NULL;
    while (at != NULL) {
        if (mapping->skip_count == SKIPS_MAX) {
            return sg_fail(SG_FATAL, 0, "--skip-values: more than %d", SKIPS_MAX);
        }
        const char *comma = strchr(at, ',');
        size_t size = comma == NULL ? strlen(at) : (size_t)(comma - at);
        mapping->skips[mapping->skip_count++] = bytes_of(at, size);
        at = comma == NULL ? NULL : comma + 1;
    }
    return sg_ok();
}

static sg_result find_field(const struct csv_record *header, struct bytes name, const char *option,
                            size_t *ret_field)
{
    size_t found = header->count;
    for (size_t i = 0; i < header->count; i++) {
        if (!bytes_equal(header->fields[i].text, name)) {
            continue;
        }
        if (found != header->count) {
            return sg_fail(SG_FATAL, 0, "two columns are called \"%.*s\"", (int)name.size,
                           (const char *)name.data);
        }
        found = i;
    }
    if (found == header->count) {
        struct bytes first = header->fields[0].text;
        int shown = first.size > SHOWN_BYTES ? SHOWN_BYTES : (int)first.size;
        return sg_fail(SG_FATAL, 0,
                       "--%s: the header has no column \"%.*s\"; it has %zu, the first is \"%.*s\"",
                       option, (int)name.size, (const char *)name.data, header->count, shown,
                       (const char *)first.data);
    }
    *ret_field = found;
    return sg_ok();
}

// Takes the name over as a copy, and the instrument's prefix and name as another.
static sg_result add_column(struct csv_mapping *mapping, size_t field, struct bytes name,
                            const char *prefix)
{
    struct column *column = &mapping->columns[mapping->column_count++];
    column->field = field;
    column->name = bytes_to_text(name);
    if (column->name == NULL) {
        return out_of_memory();
    }
    if (prefix == NULL) {
        return sg_ok();
    }
    struct buffer text SG_CLEANUP(buffer_done);
    buffer_init(&text, INSTRUMENT_MAX_BYTES + 1); // And the end that printing needs.
    SG_TRY(sg_explain(buffer_print(&text, "%s%s", prefix, column->name), "column \"%s\"",
                      column->name));
    if (!utf8_is_printable(buffer_bytes(&text)) || strlen(column->name) != name.size) {
        return sg_fail(SG_FATAL, 0, "column \"%s\": no name for an instrument", column->name);
    }
    column->instrument = bytes_to_text(buffer_bytes(&text));
    column->key = bytes_of_text(column->instrument);
    return column->instrument == NULL ? out_of_memory() : sg_ok();
}

static sg_result add_rest(struct csv_mapping *mapping, const struct csv_record *header)
{
    for (size_t i = 0; i < header->count; i++) {
        struct bytes name = header->fields[i].text;
        size_t only = 0;
        if (i == mapping->time_field || name.size == 0) {
            continue;
        }
        SG_TRY(find_field(header, name, "value-columns", &only));
        SG_TRY(add_column(mapping, i, name, mapping->settings->instrument_prefix));
    }
    return mapping->column_count > 0
               ? sg_ok()
               : sg_fail(SG_FATAL, 0, "--value-columns=rest: there is no other column");
}

static sg_result add_terms(struct csv_mapping *mapping, const struct csv_record *header)
{
    // A column whose name has a plus is taken as it is.
    struct bytes left = bytes_of_text(mapping->settings->value_column);
    size_t field = 0;
    if (sg_is_ok(find_field(header, left, "value-column", &field))) {
        return add_column(mapping, field, left, NULL);
    }
    bool is_last = false;
    while (!is_last && mapping->column_count < header->count) {
        const uint8_t *plus = left.size == 0 ? NULL : memchr(left.data, '+', left.size);
        size_t size = plus == NULL ? left.size : (size_t)(plus - left.data);
        struct bytes name = bytes_of(left.data, size);
        SG_TRY(find_field(header, name, "value-column", &field));
        SG_TRY(add_column(mapping, field, name, NULL));
        is_last = plus == NULL;
        size_t used = is_last ? size : size + 1;
        left = bytes_of(left.data + used, left.size - used);
    }
    return is_last
               ? sg_ok()
               : sg_fail(SG_FATAL, 0, "--value-column: more columns than the %zu that the file has",
                         header->count);
}

static void prepare_quotes(struct csv_mapping *mapping)
{
    for (size_t i = 0; i < mapping->column_count; i++) {
        struct quote *quote = &mapping->quotes[i];
        *quote = quote_default;
        quote->instrument = bytes_of_text(mapping->settings->instrument);
        quote->source = bytes_of_text(mapping->settings->source);
        quote->unit = bytes_of_text(mapping->settings->unit);
        quote->has_unit = quote->unit.size > 0;
    }
}

sg_result csv_mapping_new(const struct csv_settings *settings, const struct csv_meaning *meaning,
                          const struct csv_record *header, struct csv_mapping **ret_mapping)
{
    SG_CLEANUP(csv_mapping_free) struct csv_mapping *mapping = calloc(1, sizeof *mapping);
    if (mapping == NULL) {
        return out_of_memory();
    }
    mapping->settings = settings;
    mapping->meaning = *meaning;
    mapping->fields = header->count;
    mapping->columns = calloc(header->count, sizeof *mapping->columns);
    mapping->quotes = calloc(header->count, sizeof *mapping->quotes);
    if (mapping->columns == NULL || mapping->quotes == NULL) {
        return out_of_memory();
    }
    SG_TRY(list_skips(mapping));
    SG_TRY(find_field(header, bytes_of_text(settings->time_column), "time-column",
                      &mapping->time_field));
    SG_TRY(meaning->is_rest ? add_rest(mapping, header) : add_terms(mapping, header));
    prepare_quotes(mapping);
    *ret_mapping = SG_MOVE(mapping);
    return sg_ok();
}

static bool is_skipped(const struct csv_mapping *mapping, struct bytes cell)
{
    for (size_t i = 0; i < mapping->skip_count; i++) {
        if (bytes_equal(mapping->skips[i], cell)) {
            return true;
        }
    }
    return false;
}

// Blanks around a number or a time mean nothing.
static struct bytes trim(struct bytes text)
{
    while (text.size > 0 && (text.data[0] == ' ' || text.data[0] == '\t')) {
        text = bytes_of(text.data + 1, text.size - 1);
    }
    while (text.size > 0 && (text.data[text.size - 1] == ' ' || text.data[text.size - 1] == '\t')) {
        text.size--;
    }
    return text;
}

static sg_result fail_cell(const char *column, struct bytes cell, const char *wanted)
{
    int shown = cell.size > SHOWN_BYTES ? SHOWN_BYTES : (int)cell.size;
    return sg_fail(SG_DROP, 0, "column %s: \"%.*s\" is %s", column, shown, (const char *)cell.data,
                   wanted);
}

static sg_result read_cell(const struct column *column, struct bytes cell, double *ret_value)
{
    if (!number_read_double(trim(cell), ret_value)) {
        return fail_cell(column->name, cell, "no number");
    }
    return sg_ok();
}

// Every column is a quote of its own.
static sg_result read_rest(struct csv_mapping *mapping, const struct csv_record *row, int64_t time,
                           struct csv_quotes *quotes)
{
    for (size_t i = 0; i < mapping->column_count; i++) {
        const struct column *column = &mapping->columns[i];
        struct bytes cell = row->fields[column->field].text;
        if (is_skipped(mapping, cell)) {
            quotes->skipped++;
            continue;
        }
        struct quote *quote = &mapping->quotes[quotes->count];
        quote->instrument = column->key;
        quote->event_time = time;
        SG_TRY(read_cell(column, cell, &quote->value));
        quotes->count++;
    }
    return sg_ok();
}

// One quote, the sum of the columns; a skipped cell skips it.
static sg_result read_sum(struct csv_mapping *mapping, const struct csv_record *row, int64_t time,
                          struct csv_quotes *quotes)
{
    double sum = 0;
    for (size_t i = 0; i < mapping->column_count; i++) {
        if (is_skipped(mapping, row->fields[mapping->columns[i].field].text)) {
            quotes->skipped = 1;
            return sg_ok();
        }
    }
    for (size_t i = 0; i < mapping->column_count; i++) {
        const struct column *column = &mapping->columns[i];
        double value = 0;
        SG_TRY(read_cell(column, row->fields[column->field].text, &value));
        sum = i == 0 ? value : sum + value;
    }
    if (!isfinite(sum)) {
        return sg_fail(SG_DROP, 0, "the sum of its columns is no finite number");
    }
    mapping->quotes[0].event_time = time;
    mapping->quotes[0].value = sum;
    quotes->count = 1;
    return sg_ok();
}

sg_result csv_mapping_read(struct csv_mapping *mapping, const struct csv_record *row,
                           struct csv_quotes *ret_quotes)
{
    struct csv_quotes quotes = {.quotes = mapping->quotes};
    int64_t time = 0;
    if (row->count != mapping->fields) {
        return sg_fail(SG_DROP, 0, "%zu fields, but the header has %zu", row->count,
                       mapping->fields);
    }
    struct bytes cell = row->fields[mapping->time_field].text;
    if (!csv_time_read(&mapping->meaning.time, trim(cell), &time)) {
        return fail_cell(mapping->settings->time_column, cell,
                         "no time of the form in --time-format");
    }
    if (time < mapping->meaning.from_ms) {
        quotes.skipped = 1;
    } else if (mapping->meaning.is_rest) {
        SG_TRY(read_rest(mapping, row, time, &quotes));
    } else {
        SG_TRY(read_sum(mapping, row, time, &quotes));
    }
    *ret_quotes = quotes;
    return sg_ok();
}
