// Target: csv_record_parse(), over any bytes, and csv_time_read() over every field.
// A record cut off anywhere asks for more and is left as it was; one that is written again reads
// the same.
#include "connectors/csv/csv_record.h"
#include "connectors/csv/csv_time.h"
#include "core/buffer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { BYTES_MAX = 1 << 20, CUTS = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct csv_record first;
static struct csv_record second;

static void free_bytes(uint8_t **bytes)
{
    free(*bytes);
}

static uint8_t *copy_of(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size + 1);
    assert(copy != NULL);
    memcpy(copy, data, size);
    return copy;
}

static void write_record(const struct csv_record *record, struct buffer *out)
{
    for (size_t i = 0; i < record->count; i++) {
        struct bytes text = record->fields[i].text;
        assert(sg_is_ok(buffer_print(out, i == 0 ? "\"" : ",\"")));
        for (size_t j = 0; j < text.size; j++) {
            assert(text.data[j] != '"' || sg_is_ok(buffer_append_byte(out, '"')));
            assert(sg_is_ok(buffer_append_byte(out, text.data[j])));
        }
        assert(sg_is_ok(buffer_append_byte(out, '"')));
    }
    assert(sg_is_ok(buffer_append_byte(out, '\n')));
}

static void check_equal(const struct csv_record *left, const struct csv_record *right)
{
    assert(left->count == right->count);
    for (size_t i = 0; i < left->count; i++) {
        assert(bytes_equal(left->fields[i].text, right->fields[i].text));
    }
}

static void check_written(const struct csv_record *record)
{
    SG_CLEANUP(buffer_done) struct buffer out;
    size_t used = 0;
    buffer_init(&out, 4 * (size_t)BYTES_MAX);
    write_record(record, &out);
    size_t size = out.size;
    assert(record->count == 0 ||
           csv_record_parse(out.data, size, false, &second, &used) == CSV_PARSE_RECORD);
    if (record->count > 0) {
        assert(used == size);
        check_equal(record, &second);
    }
}

// `data` is a record with its line end; cut off before that, it is none yet.
static void check_cuts(const uint8_t *data, size_t size)
{
    for (size_t i = 1; i < CUTS; i++) {
        size_t cut = size * i / CUTS;
        SG_CLEANUP(free_bytes) uint8_t *text = copy_of(data, cut);
        size_t used = 0;
        assert(cut == 0 || csv_record_parse(text, cut, false, &second, &used) == CSV_PARSE_MORE);
        assert(memcmp(text, data, cut) == 0);
    }
}

static void check_times(const struct csv_record *record)
{
    static const char *const formats[] = {
        "iso", "ms", "s", "%Y-%m-%d %H:%M:%S", "%d %B %y %I:%M %p", "%F %T.%f%z", "%D %R %e%%"};
    for (size_t i = 0; i < record->count * sizeof formats / sizeof formats[0]; i++) {
        struct csv_time time;
        int64_t ms = 0;
        const char *format = formats[i % (sizeof formats / sizeof formats[0])];
        struct bytes text = record->fields[i / (sizeof formats / sizeof formats[0])].text;
        assert(sg_is_ok(csv_time_init(format, "15:00:00", i % 2 == 0, &time)));
        assert(!csv_time_read(&time, text, &ms) || ms % 86400000 == 54000000);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SG_CLEANUP(free_bytes) uint8_t *text = copy_of(data, size);
    for (size_t at = 0; at < size && size < BYTES_MAX / 4;) {
        size_t used = 0;
        enum csv_parse parse = csv_record_parse(text + at, size - at, true, &first, &used);
        assert(parse != CSV_PARSE_MORE && used > 0 && used <= size - at);
        if (parse == CSV_PARSE_RECORD) {
            check_written(&first);
            check_times(&first);
        }
        if (parse == CSV_PARSE_RECORD && data[at + used - 1] == '\n') {
            check_cuts(data + at, used);
        }
        at += used;
    }
    return 0;
}
