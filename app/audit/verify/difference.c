// A field alone is a record type with one field.
#include "app/audit/verify/difference.h"

#include "core/json_string.h"
#include "schemas/record_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { JSON_BYTES_MAX = 8 << 20, LABEL_COLUMN = 12 };

sg_result difference_found(struct difference *difference, const struct difference *found)
{
    if (!difference->is_found) {
        *difference = *found;
        difference->is_found = true;
    }
    return sg_fail(SG_FATAL, DIFFERENCE_FOUND, "%s", difference->what);
}

static sg_result print_row(struct buffer *out, const char *label, const char *text)
{
    return text[0] == '\0' ? sg_ok() : buffer_print(out, "  %-*s%s\n", LABEL_COLUMN, label, text);
}

static sg_result print_where(const struct difference *difference, struct buffer *out)
{
    SG_TRY(buffer_print(out, "  %-*s%s/%" PRId32, LABEL_COLUMN, "where",
                        topic_info(difference->topic)->name, difference->partition));
    if (difference->offset >= 0) {
        SG_TRY(buffer_print(out, "@%" PRId64, difference->offset));
    }
    if (difference->field[0] != '\0') {
        SG_TRY(buffer_print(out, ", field %s", difference->field));
    }
    return buffer_append_byte(out, '\n');
}

SG_RESULT difference_print(const struct difference *difference, struct buffer *out)
{
    SG_TRY(buffer_print(out, "different: %s\n", difference->what));
    SG_TRY(print_where(difference, out));
    SG_TRY(print_row(out, "there", difference->there));
    SG_TRY(print_row(out, "expected", difference->expected));
    if (difference->task[0] == '\0') {
        return sg_ok();
    }
    return buffer_print(
        out, "  %-*s%" PRId64 " of %s, done by soglia %s  [%s/%" PRId32 "@%" PRId64 "]\n",
        LABEL_COLUMN, "transaction", difference->sequence, difference->task, difference->program,
        topic_info(TOPIC_JOURNAL)->name, difference->journal_partition, difference->journal_offset);
}

static sg_result print_text(struct buffer *out, const char *name, const char *text)
{
    SG_TRY(buffer_print(out, ",\"%s\":", name));
    return text[0] == '\0' ? buffer_print(out, "null")
                           : json_string_write(bytes_of_text(text), out);
}

SG_RESULT difference_print_json(const struct difference *difference, struct buffer *out)
{
    SG_TRY(buffer_print(out, "\"topic\":\"%s\",\"partition\":%" PRId32 ",\"offset\":",
                        topic_info(difference->topic)->name, difference->partition));
    SG_TRY(difference->offset < 0 ? buffer_print(out, "null")
                                  : buffer_print(out, "%" PRId64, difference->offset));
    SG_TRY(print_text(out, "field", difference->field));
    SG_TRY(print_text(out, "there", difference->there));
    SG_TRY(print_text(out, "expected", difference->expected));
    SG_TRY(print_text(out, "what", difference->what));
    SG_TRY(print_text(out, "task", difference->task));
    if (difference->task[0] == '\0') {
        return buffer_print(out, ",\"sequence\":null,\"journal\":null");
    }
    SG_TRY(buffer_print(out, ",\"sequence\":%" PRId64, difference->sequence));
    SG_TRY(print_text(out, "program", difference->program));
    return buffer_print(out, ",\"journal\":{\"partition\":%" PRId32 ",\"offset\":%" PRId64 "}",
                        difference->journal_partition, difference->journal_offset);
}

static struct record_type only(const struct record_type *type, size_t field)
{
    struct record_type one = *type;
    one.fields = &type->fields[field];
    one.field_count = 1;
    return one;
}

// Cuts at what fits, never inside a character.
static void copy_text(const struct buffer *text, size_t from, size_t behind,
                      char ret_text[static DIFFERENCE_TEXT_MAX])
{
    size_t size = text->size - from - behind;
    size = size < DIFFERENCE_TEXT_MAX - 1 ? size : DIFFERENCE_TEXT_MAX - 1;
    while (size > 0 && size < text->size - from - behind &&
           (text->data[from + size] & 0xC0) == 0x80) {
        size--;
    }
    memcpy(ret_text, text->data + from, size);
    ret_text[size] = '\0';
}

void difference_text(const struct record_type *type, const void *record,
                     char ret_text[static DIFFERENCE_TEXT_MAX])
{
    struct buffer text SG_CLEANUP(buffer_done);
    buffer_init(&text, JSON_BYTES_MAX);
    ret_text[0] = '\0';
    if (sg_is_ok(record_json_print(type, record, &text))) {
        copy_text(&text, 0, 0, ret_text);
    }
}

// The value of a field without its name: what stands between {"name": and }.
static void field_text(const struct record_type *one, const void *record,
                       char ret_text[static DIFFERENCE_TEXT_MAX])
{
    struct buffer text SG_CLEANUP(buffer_done);
    buffer_init(&text, JSON_BYTES_MAX);
    size_t before = strlen(one->fields[0].name) + strlen("{\"\":");
    ret_text[0] = '\0';
    if (sg_is_ok(record_json_print(one, record, &text)) && text.size > before) {
        copy_text(&text, before, 1, ret_text);
    }
}

bool difference_of_records(const struct record_type *type, const void *there, const void *expected,
                           struct difference *ret_difference)
{
    for (size_t i = 0; i < type->field_count; i++) {
        struct record_type one = only(type, i);
        if (record_type_equal(&one, there, expected)) {
            continue;
        }
        snprintf(ret_difference->field, sizeof ret_difference->field, "%s", one.fields[0].name);
        field_text(&one, there, ret_difference->there);
        field_text(&one, expected, ret_difference->expected);
        return true;
    }
    return false;
}

size_t difference_equal_fields(const struct record_type *type, const void *left, const void *right)
{
    size_t count = 0;
    for (size_t i = 0; i < type->field_count; i++) {
        struct record_type one = only(type, i);
        count += record_type_equal(&one, left, right) ? 1 : 0;
    }
    return count;
}
