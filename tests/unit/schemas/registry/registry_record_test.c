// Records of _schemas, as Confluent's registry and others write them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "schemas/registry/registry_record.h"

#include <stdlib.h>

static sg_result read_record(const char *key, const char *value, struct registry_record *ret_record)
{
    return registry_record_read(bytes_of_text(key), bytes_of_text(value), value != NULL,
                                ret_record);
}

static void a_version_is_read(void **state)
{
    (void)state;
    struct registry_record record;
    assert_true(sg_is_ok(read_record(
        "{\"keytype\":\"SCHEMA\",\"subject\":\"s\",\"version\":2,\"magic\":1}",
        "{\"subject\":\"s\",\"version\":2,\"id\":7,\"md5\":\"x\",\"schema\":\"\\\"int\\\"\","
        "\"deleted\":true}",
        &record)));
    assert_int_equal(record.kind, REGISTRY_RECORD_SCHEMA);
    assert_string_equal(record.subject, "s");
    assert_int_equal(record.version, 2);
    assert_int_equal(record.id, 7);
    assert_true(record.deleted);
    assert_false(record.tombstone);
    assert_string_equal(record.schema, "\"int\"");
    registry_record_done(&record);
    registry_record_done(&record);
}

static void a_schema_that_is_not_avro_keeps_its_id(void **state)
{
    (void)state;
    struct registry_record record;
    assert_true(sg_is_ok(
        read_record("{\"keytype\":\"SCHEMA\",\"subject\":\"s\",\"version\":1}",
                    "{\"id\":3,\"schemaType\":\"PROTOBUF\",\"schema\":\"message\"}", &record)));
    assert_int_equal(record.id, 3);
    assert_null(record.schema);
}

static void other_records_are_other(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "{\"keytype\":\"CONFIG\",\"subject\":null,\"magic\":0}",
        "{\"keytype\":\"NOOP\",\"magic\":0}",
        "{\"keytype\":\"MODE\",\"subject\":\"s\"}",
        "{\"keytype\":\"CONTEXT\"}",
    };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct registry_record record;
        assert_true(sg_is_ok(read_record(keys[i], "not even JSON", &record)));
        assert_int_equal(record.kind, REGISTRY_RECORD_OTHER);
    }
}

static void what_is_broken_is_dropped(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", "{}"},
        {"[]", "{}"},
        {"{}", "{}"},
        {"{\"keytype\":7}", "{}"},
        {"{\"keytype\":\"SCHEMA\"}", "{}"},
        {"{\"keytype\":\"SCHEMA\",\"subject\":\"s\"}", "{}"},
        {"{\"keytype\":\"SCHEMA\",\"subject\":\"s\",\"version\":-1}", "{}"},
        {"{\"keytype\":\"SCHEMA\",\"subject\":\"s\",\"version\":1}", "{"},
        {"{\"keytype\":\"SCHEMA\",\"subject\":\"s\",\"version\":1}", "{\"id\":1}"},
        {"{\"keytype\":\"SCHEMA\",\"subject\":\"s\",\"version\":1}", "{\"schema\":\"\"}"},
        {"{\"keytype\":\"SCHEMA\",\"subject\":\"s\",\"version\":1}",
         "{\"id\":4294967296,\"schema\":\"1\"}"},
        {"{\"keytype\":\"DELETE_SUBJECT\",\"subject\":\"s\"}", "{}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct registry_record record;
        assert_int_equal(read_record(cases[i][0], cases[i][1], &record).class, SG_DROP);
    }
}

static void what_is_written_is_confluents_and_read_again(void **state)
{
    (void)state;
    struct registry_record record = {
        .subject = "q-value", .version = 1, .id = 5, .schema = (char[]){"{\"type\":\"int\"}"}};
    struct buffer key;
    struct buffer value;
    buffer_init(&key, 1024);
    buffer_init(&value, 1024);
    assert_true(sg_is_ok(registry_record_key(&record, &key)));
    assert_true(sg_is_ok(registry_record_value(&record, &value)));
    assert_true(bytes_is_text(
        buffer_bytes(&key),
        "{\"keytype\":\"SCHEMA\",\"subject\":\"q-value\",\"version\":1,\"magic\":1}"));
    assert_true(bytes_is_text(buffer_bytes(&value),
                              "{\"subject\":\"q-value\",\"version\":1,\"id\":5,"
                              "\"schema\":\"{\\\"type\\\":\\\"int\\\"}\",\"deleted\":false}"));
    struct registry_record again;
    assert_true(
        sg_is_ok(registry_record_read(buffer_bytes(&key), buffer_bytes(&value), true, &again)));
    assert_string_equal(again.schema, record.schema);
    registry_record_done(&again);
    buffer_done(&key);
    buffer_done(&value);
}

static void order_and_spaces_do_not_count(void **state)
{
    (void)state;
    char *left = NULL;
    char *right = NULL;
    char *other = NULL;
    assert_true(sg_is_ok(
        registry_record_canonical(bytes_of_text("{\"type\": \"record\", \"name\":\"R\"}"), &left)));
    assert_true(sg_is_ok(registry_record_canonical(
        bytes_of_text("{\"name\":\"R\",\n\"type\":\"record\"}"), &right)));
    assert_true(sg_is_ok(registry_record_canonical(bytes_of_text("\"int\""), &other)));
    assert_string_equal(left, right);
    assert_string_not_equal(left, other);
    free(left);
    free(right);
    free(other);
    assert_int_equal(registry_record_canonical(bytes_of_text("{"), &left).class, SG_DROP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_version_is_read),
        cmocka_unit_test(a_schema_that_is_not_avro_keeps_its_id),
        cmocka_unit_test(other_records_are_other),
        cmocka_unit_test(what_is_broken_is_dropped),
        cmocka_unit_test(what_is_written_is_confluents_and_read_again),
        cmocka_unit_test(order_and_spaces_do_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
