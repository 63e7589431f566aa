// Records: RFC 4180 as people write it, what is no CSV, and records that are not there as a whole.
#include "connectors/csv/csv_record.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 256 };

static struct csv_record record;

// The fields of the first record as [a][b], and what it used.
static enum csv_parse parse(const char *text, bool is_end, char *ret_fields, size_t *ret_used)
{
    static uint8_t copy[TEXT_MAX];
    size_t size = strlen(text);
    assert_true(size <= sizeof copy);
    memcpy(copy, text, size);
    enum csv_parse result = csv_record_parse(copy, size, is_end, &record, ret_used);
    ret_fields[0] = '\0';
    for (size_t i = 0; result == CSV_PARSE_RECORD && i < record.count; i++) {
        size_t used = strlen(ret_fields);
        snprintf(ret_fields + used, TEXT_MAX - used, "[%.*s]", (int)record.fields[i].text.size,
                 (const char *)record.fields[i].text.data);
    }
    if (result == CSV_PARSE_MORE) {
        assert_memory_equal(copy, text, size);
    }
    return result;
}

static void records_are_read(void **state)
{
    (void)state;
    const struct {
        const char *text;
        const char *fields;
        size_t used;
        size_t lines;
    } known[] = {
        {"a,b\nc", "[a][b]", 4, 1},
        {"a,b\r\nc", "[a][b]", 5, 1},
        {"a,b", "[a][b]", 3, 0},
        {"a,b\r", "[a][b]", 4, 0},
        {",\n", "[][]", 2, 1},
        {"a,b,\n", "[a][b][]", 5, 1},
        {"\"a\",\"b,c\"\n", "[a][b,c]", 10, 1},
        {"\"a \"\"b\"\"\"\n", "[a \"b\"]", 10, 1},
        {"\"a\nb\r\nc\",d\n", "[a\nb\r\nc][d]", 11, 3},
        {"\"\"\n", "[]", 3, 1},
        {"\"\"\"\"", "[\"]", 4, 0},
        {"a\"b\"c, d \n", "[a\"b\"c][ d ]", 10, 1},
        {"a\rb\n", "[a\rb]", 4, 1},
        {"\nx\n", "", 1, 1},
        {"\r\nx\n", "", 2, 1},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        char fields[TEXT_MAX];
        size_t used = 0;
        assert_int_equal(parse(known[i].text, true, fields, &used), CSV_PARSE_RECORD);
        assert_string_equal(fields, known[i].fields);
        assert_int_equal(used, known[i].used);
        assert_int_equal(record.lines, known[i].lines);
    }
}

static void half_a_record_asks_for_more(void **state)
{
    (void)state;
    const char *const texts[] = {"a",     "a,",      "a,b",    "a,b\r",   "\"a",
                                 "\"a\"", "\"a\"\r", "\"a\nb", "\"a\"\"", "\"a\"x"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char fields[TEXT_MAX];
        size_t used = 0;
        bool is_more = parse(texts[i], false, fields, &used) == CSV_PARSE_MORE;
        // A line feed is in one of them, behind which a fault could go on.
        assert_true(is_more);
    }
}

static void faults_give_up_one_line(void **state)
{
    (void)state;
    const struct {
        const char *text;
        const char *problem;
        size_t count;
        size_t used;
    } known[] = {
        {"a,\"b\"c\nd\n", "text behind the closing quote", 1, 7},
        {"\"b\" ,c\n", "text behind the closing quote", 0, 7},
        {"a,\"b\nc\nd", "the quote is never closed", 1, 5},
        {"a,\"b", "the quote is never closed", 1, 4},
        {"\"a\rb\"\r,c", "text behind the closing quote", 0, 8},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        char fields[TEXT_MAX];
        size_t used = 0;
        assert_int_equal(parse(known[i].text, true, fields, &used), CSV_PARSE_BAD);
        assert_string_equal(record.problem, known[i].problem);
        assert_int_equal(record.count, known[i].count);
        assert_int_equal(used, known[i].used);
    }
}

static void too_many_fields_are_a_fault(void **state)
{
    (void)state;
    static uint8_t commas[CSV_FIELDS_MAX + 1];
    size_t used = 0;
    memset(commas, ',', sizeof commas);
    commas[CSV_FIELDS_MAX - 1] = '\n';
    assert_int_equal(csv_record_parse(commas, CSV_FIELDS_MAX, false, &record, &used),
                     CSV_PARSE_RECORD);
    assert_int_equal(record.count, CSV_FIELDS_MAX);
    commas[CSV_FIELDS_MAX - 1] = ',';
    commas[CSV_FIELDS_MAX] = '\n';
    assert_int_equal(csv_record_parse(commas, sizeof commas, false, &record, &used), CSV_PARSE_BAD);
    assert_int_equal(used, sizeof commas);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_read),
        cmocka_unit_test(half_a_record_asks_for_more),
        cmocka_unit_test(faults_give_up_one_line),
        cmocka_unit_test(too_many_fields_are_a_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
