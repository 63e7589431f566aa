// One pass over the bytes; only a whole record is changed, so that half of one can be tried again.
#include "connectors/csv/csv_record.h"

#include <string.h>

struct cursor {
    uint8_t *at;
    uint8_t *end;
    bool is_end; // Of the input.
};

enum step { STEP_FIELD, STEP_LAST, STEP_MORE, STEP_BAD };

static enum step fail(struct csv_record *record, const char *problem)
{
    record->problem = problem;
    return STEP_BAD;
}

// What stands behind a field: a comma, a line end or the end of the input.
static enum step take_end(struct cursor *cursor, struct csv_record *record)
{
    uint8_t *at = cursor->at;
    if (at < cursor->end && *at == ',') {
        cursor->at = at + 1;
        return STEP_FIELD;
    }
    if (at < cursor->end && *at == '\r') {
        at++;
    }
    if (at == cursor->end) {
        cursor->at = at;
        return cursor->is_end ? STEP_LAST : STEP_MORE;
    }
    if (*at != '\n') {
        return fail(record, "text behind the closing quote");
    }
    cursor->at = at + 1;
    record->lines++;
    return STEP_LAST;
}

static enum step take_plain(struct cursor *cursor, struct csv_field *field,
                            struct csv_record *record)
{
    uint8_t *start = cursor->at;
    uint8_t *at = start;
    while (at < cursor->end && *at != ',' && *at != '\n') {
        at++;
    }
    // The CR of a CRLF, which is not yet known to be one where the text ends here.
    bool has_cr = at > start && at[-1] == '\r' && (at == cursor->end || *at == '\n');
    cursor->at = has_cr ? at - 1 : at;
    *field = (struct csv_field){bytes_of(start, (size_t)(cursor->at - start)), false};
    return take_end(cursor, record);
}

static enum step take_quoted(struct cursor *cursor, struct csv_field *field,
                             struct csv_record *record)
{
    uint8_t *start = ++cursor->at;
    bool has_quotes = false;
    for (;;) {
        uint8_t *quote = memchr(cursor->at, '"', (size_t)(cursor->end - cursor->at));
        if (quote == NULL) {
            cursor->at = cursor->end;
            return cursor->is_end ? fail(record, "the quote is never closed") : STEP_MORE;
        }
        cursor->at = quote + 1;
        if (cursor->at == cursor->end && !cursor->is_end) {
            return STEP_MORE; // It may be the first of two.
        }
        if (cursor->at == cursor->end || *cursor->at != '"') {
            *field = (struct csv_field){bytes_of(start, (size_t)(quote - start)), has_quotes};
            return take_end(cursor, record);
        }
        has_quotes = true;
        cursor->at++;
    }
}

static size_t count_lines(struct bytes text)
{
    size_t lines = 0;
    const uint8_t *end = text.data + text.size;
    for (const uint8_t *at = text.data; at < end; at++) {
        at = memchr(at, '\n', (size_t)(end - at));
        if (at == NULL) {
            return lines;
        }
        lines++;
    }
    return lines;
}

static enum step take_field(struct cursor *cursor, struct csv_record *record)
{
    if (record->count == CSV_FIELDS_MAX) {
        return fail(record, "more fields than the 4096 that are read");
    }
    struct csv_field *field = &record->fields[record->count];
    bool is_quoted = cursor->at < cursor->end && *cursor->at == '"';
    enum step step =
        is_quoted ? take_quoted(cursor, field, record) : take_plain(cursor, field, record);
    if (is_quoted && (step == STEP_FIELD || step == STEP_LAST)) {
        record->lines += count_lines(field->text);
    }
    record->count += step == STEP_FIELD || step == STEP_LAST ? 1 : 0;
    return step;
}

static void make_single(struct csv_field *field, uint8_t *text)
{
    size_t size = 0;
    for (size_t i = 0; i < field->text.size; i++) {
        text[size++] = text[i];
        i += text[i] == '"' ? 1 : 0;
    }
    field->text.size = size;
    field->has_quotes = false;
}

// A quote that is never closed would swallow the rest of the file: only the record's first line is
// given up. False when its end is not here yet.
static bool skip_line(const struct cursor *cursor, const uint8_t *text, struct csv_record *record,
                      size_t *ret_used)
{
    size_t size = (size_t)(cursor->end - text);
    const uint8_t *end = memchr(text, '\n', size);
    if (end == NULL && !cursor->is_end) {
        return false;
    }
    record->lines = end == NULL ? 0 : 1;
    *ret_used = end == NULL ? size : (size_t)(end + 1 - text);
    return true;
}

enum csv_parse csv_record_parse(uint8_t *text, size_t size, bool is_end,
                                struct csv_record *ret_record, size_t *ret_used)
{
    struct cursor cursor = {text, text + size, is_end};
    ret_record->count = 0;
    ret_record->lines = 0;
    enum step step = STEP_FIELD;
    while (step == STEP_FIELD) {
        step = take_field(&cursor, ret_record);
    }
    if (step == STEP_MORE) {
        return CSV_PARSE_MORE;
    }
    if (step == STEP_BAD) {
        bool is_whole = skip_line(&cursor, text, ret_record, ret_used);
        return is_whole ? CSV_PARSE_BAD : CSV_PARSE_MORE;
    }
    *ret_used = (size_t)(cursor.at - text);
    for (size_t i = 0; i < ret_record->count; i++) {
        if (ret_record->fields[i].has_quotes) {
            make_single(&ret_record->fields[i], text + (ret_record->fields[i].text.data - text));
        }
    }
    bool is_blank =
        ret_record->count == 1 && ret_record->fields[0].text.size == 0 && text[0] != '"';
    ret_record->count = is_blank ? 0 : ret_record->count;
    return CSV_PARSE_RECORD;
}
