// Rows of instruments as bytes: the numbers, then the sizes of the two texts and the texts.
#include "query/views/quotes/instrument_view.h"

#include <string.h>

enum {
    SIZES_BYTES = 2,
    ROW_BYTES_MAX = sizeof(struct instrument_numbers) + SIZES_BYTES + INSTRUMENT_SOURCE_MAX +
                    INSTRUMENT_UNIT_MAX,
};

struct bytes instrument_row_source(const struct instrument_row *row)
{
    return bytes_of(row->source, row->source_size);
}

struct bytes instrument_row_unit(const struct instrument_row *row)
{
    return bytes_of(row->unit, row->unit_size);
}

// The size of the text cut to `max` bytes, never within a character.
static uint8_t cut_size(struct bytes text, size_t max)
{
    size_t size = text.size < max ? text.size : max;
    while (size > 0 && size < text.size && (text.data[size] & 0xC0U) == 0x80U) {
        size--;
    }
    return (uint8_t)size;
}

void instrument_row_set_source(struct instrument_row *row, struct bytes source)
{
    row->source_size = cut_size(source, INSTRUMENT_SOURCE_MAX);
    memcpy(row->source, source.size > 0 ? source.data : (const uint8_t *)"", row->source_size);
}

void instrument_row_set_unit(struct instrument_row *row, bool has_unit, struct bytes unit)
{
    row->numbers.has_unit = has_unit;
    row->unit_size = has_unit ? cut_size(unit, INSTRUMENT_UNIT_MAX) : 0;
    memcpy(row->unit, row->unit_size > 0 ? unit.data : (const uint8_t *)"", row->unit_size);
}

static sg_result read_row(struct bytes value, struct instrument_row *ret_row)
{
    const size_t fixed = sizeof ret_row->numbers + SIZES_BYTES;
    memset(ret_row, 0, sizeof *ret_row);
    if (value.size < fixed) {
        return sg_fail(SG_FATAL, 0, "views: the row of an instrument cannot be read");
    }
    memcpy(&ret_row->numbers, value.data, sizeof ret_row->numbers);
    ret_row->source_size = value.data[fixed - 2];
    ret_row->unit_size = value.data[fixed - 1];
    bool fits = ret_row->source_size <= INSTRUMENT_SOURCE_MAX &&
                ret_row->unit_size <= INSTRUMENT_UNIT_MAX &&
                value.size == fixed + ret_row->source_size + ret_row->unit_size;
    if (!fits) {
        return sg_fail(SG_FATAL, 0, "views: the row of an instrument cannot be read");
    }
    memcpy(ret_row->source, value.data + fixed, ret_row->source_size);
    memcpy(ret_row->unit, value.data + fixed + ret_row->source_size, ret_row->unit_size);
    return sg_ok();
}

sg_result instrument_view_find(struct view_store *store, struct transaction *transaction,
                               struct bytes instrument, struct instrument_row *ret_row,
                               bool *ret_found)
{
    *ret_found = false;
    if (instrument.size == 0 || instrument.size > INSTRUMENT_NAME_MAX) {
        return sg_ok();
    }
    struct bytes value;
    SG_TRY(table_get(transaction, view_store_table(store, VIEW_TABLE_INSTRUMENTS), instrument,
                     &value, ret_found));
    return *ret_found ? read_row(value, ret_row) : sg_ok();
}

sg_result instrument_view_put(struct view_store *store, struct transaction *transaction,
                              struct bytes instrument, const struct instrument_row *row)
{
    uint8_t value[ROW_BYTES_MAX];
    memcpy(value, &row->numbers, sizeof row->numbers);
    size_t size = sizeof row->numbers;
    value[size++] = row->source_size;
    value[size++] = row->unit_size;
    memcpy(value + size, row->source, row->source_size);
    size += row->source_size;
    memcpy(value + size, row->unit, row->unit_size);
    size += row->unit_size;
    return table_put(transaction, view_store_table(store, VIEW_TABLE_INSTRUMENTS), instrument,
                     bytes_of(value, size));
}

static bool begins_with(struct bytes text, struct bytes prefix)
{
    return text.size >= prefix.size &&
           (prefix.size == 0 || memcmp(text.data, prefix.data, prefix.size) == 0);
}

// Goes to the first instrument of the page.
static sg_result go_to_start(struct cursor *cursor, const struct instrument_page *page,
                             struct bytes *ret_name, struct bytes *ret_value, bool *ret_found)
{
    struct bytes start = bytes_compare(page->after, page->prefix) > 0 ? page->after : page->prefix;
    if (start.size == 0) {
        return cursor_next(cursor, ret_name, ret_value, ret_found);
    }
    SG_TRY(cursor_at_least(cursor, start, ret_name, ret_value, ret_found));
    if (*ret_found && page->after.size > 0 && bytes_equal(*ret_name, page->after)) {
        return cursor_next(cursor, ret_name, ret_value, ret_found);
    }
    return sg_ok();
}

sg_result instrument_view_list(const struct view_snapshot *snapshot,
                               const struct instrument_page *page, instrument_fn each,
                               void *context)
{
    SG_CLEANUP(cursor_close) struct cursor *cursor = NULL;
    SG_TRY(cursor_open(snapshot->transaction,
                       view_store_table(snapshot->store, VIEW_TABLE_INSTRUMENTS), &cursor));
    struct bytes name;
    struct bytes value;
    bool found = false;
    SG_TRY(go_to_start(cursor, page, &name, &value, &found));
    for (size_t i = 0; i < page->max && found && begins_with(name, page->prefix); i++) {
        struct instrument_row row;
        SG_TRY(read_row(value, &row));
        SG_TRY(each(context, name, &row));
        SG_TRY(cursor_next(cursor, &name, &value, &found));
    }
    return sg_ok();
}
