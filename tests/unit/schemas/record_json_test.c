// Records as JSON: what is filled in, what is refused and how, and the way there and back.
#include "random_record.h"
#include "record_table.h"

#include "schemas/command.h"
#include "schemas/quote.h"
#include "schemas/record_json.h"
#include "schemas/subscription.h"
#include "schemas/user.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BYTES_MAX = 1 << 22, RECORDS_EACH = 200, RECORD_BYTES_MAX = 1024 };

struct bench {
    struct arena *arena;
    struct buffer out;
    max_align_t record[RECORD_BYTES_MAX / sizeof(max_align_t)];
    max_align_t back[RECORD_BYTES_MAX / sizeof(max_align_t)];
};

static int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    bench->arena = arena_new(BYTES_MAX);
    buffer_init(&bench->out, BYTES_MAX);
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    arena_free(&bench->arena);
    buffer_done(&bench->out);
    free(bench);
    return 0;
}

static void left_out_fields_get_their_default(void **state)
{
    struct bench *bench = *state;
    struct subscription subscription;
    uint64_t present = 0;
    struct bytes json =
        bytes_of_text("{\"user_id\":\"u1\",\"instrument\":\"stock:AAPL\",\"high\":190}");
    assert_true(sg_is_ok(
        record_json_read(&subscription_type, json, bench->arena, &subscription, &present)));
    assert_true(subscription.has_high && subscription.high == 190);
    assert_false(subscription.has_low);
    assert_true(subscription.rearm == 0);
    assert_false(subscription.active);
    uint64_t wanted = record_json_bit(&subscription_type, "user_id") |
                      record_json_bit(&subscription_type, "instrument") |
                      record_json_bit(&subscription_type, "high");
    assert_true(present == wanted);
    assert_true(sg_is_ok(record_json_require(&subscription_type, present, wanted)));
    uint64_t required = record_json_required(&subscription_type);
    assert_int_equal(record_json_require(&subscription_type, present, required).class, SG_DROP);
    assert_string_equal(sg_reason(),
                        "Subscription lacks subscription_id, active, version, changed_at");
}

static void times_are_numbers_or_texts(void **state)
{
    struct bench *bench = *state;
    struct quote quote;
    uint64_t present = 0;
    struct bytes json = bytes_of_text("{\"event_time\":\"2026-11-21T08:00:00.25Z\"}");
    assert_true(sg_is_ok(record_json_read(&quote_type, json, bench->arena, &quote, &present)));
    assert_int_equal(quote.event_time, INT64_C(1795248000250));
    json = bytes_of_text(" {\"event_time\" : -1 } \n");
    assert_true(sg_is_ok(record_json_read(&quote_type, json, bench->arena, &quote, &present)));
    assert_int_equal(quote.event_time, -1);
}

#define COMMANDS "RegisterUser, ChangeUser, DeleteUser, Subscribe, ChangeSubscription, Unsubscribe"

struct refusal {
    const struct record_type *type;
    const char *json;
    const char *reason;
};

static const struct refusal refusals[] = {
    {&quote_type, "{\"value\":\"x\"}", "value: wants a number, found a string \"x\""},
    {&quote_type, "{\"value\":null}", "value: wants a number, found null"},
    {&quote_type, "{\"value\":1e400}", "value: wants a finite number, 1e400 does not fit a double"},
    {&quote_type, "{\"value\":NaN}", "value: JSON byte 9 (0x4E) is not a value"},
    {&quote_type, "{\"value\":01}", "JSON byte 10 (0x31) is not a comma or the end of the object"},
    {&quote_type, "{\"value\":1.}", "value: JSON byte 11 (0x7D) is not a digit"},
    {&quote_type, "{\"event_time\":1.5}", "event_time: wants a whole number, found 1.5"},
    {&quote_type, "{\"event_time\":9223372036854775808}",
     "event_time: wants a number from -9223372036854775808 to 9223372036854775807, found "
     "9223372036854775808"},
    {&quote_type, "{\"event_time\":\"soon\"}",
     "event_time: wants ms since 1970 or a time like 2026-11-21T08:00:00Z, found \"soon\""},
    {&quote_type, "{\"instrumnt\":\"a\"}",
     "Quote has no field \"instrumnt\": did you mean \"instrument\"?"},
    {&quote_type, "{\"bid\":1}", "Quote has no field \"bid\""},
    {&quote_type, "{\"value\":1,\"value\":1}", "value: is given twice"},
    {&quote_type, "{\"details\":{\"a\":\"b\",\"a\":\"c\"}}", "details: key \"a\" is given twice"},
    {&quote_type, "{\"details\":{\"a\":1}}", "details: \"a\": wants a string, found a number"},
    {&quote_type, "{\"source\":\"\xC3\"}", "source: JSON string at byte 10: is not UTF-8"},
    {&quote_type, "{\"source\":\"\\u0000\"}", "source: JSON string at byte 10: the character NUL"},
    {&quote_type, "{\"source\":\"\\ud800x\"}",
     "source: JSON string at byte 10: half a surrogate pair"},
    {&quote_type, "{\"source\":\"a\nb\"}",
     "source: JSON string at byte 10: has the control character 0x0A"},
    {&command_type, "{\"body\":1}", "body: wants an object, found a number"},
    {&command_type, "{\"body\":null}", "body: wants an object, found null"},
    {&command_type, "{\"body\":{}}",
     "body: wants an object with one of " COMMANDS " as its only key, found none"},
    {&command_type, "{\"body\":{\"Unsubcribe\":{}}}",
     "body: wants an object with one of " COMMANDS " as its only key, found \"Unsubcribe\""},
    {&command_type, "{\"body\":{\"DeleteUser\":{},\"ChangeUser\":{}}}",
     "body: wants an object with one of " COMMANDS " as its only key, found two"},
    {&command_type, "{\"body\":{\"DeleteUser\":[]}}",
     "body: DeleteUser: wants an object, found an array"},
    {&command_type, "{\"body\":{\"Unsubscribe\":{}}}", "body: Unsubscribe lacks subscription_id"},
    {&command_type, "{\"body\":{\"Subscribe\":{\"hihg\":1}}}",
     "body: Subscribe: Subscribe has no field \"hihg\": did you mean \"high\"?"},
    {&quote_type, "[1]", "wants an object, found an array"},
    {&quote_type, "", "JSON ends at byte 0, a value is missing"},
    {&quote_type, "{\"value\":1",
     "JSON ends at byte 10, a comma or the end of the object is missing"},
    {&quote_type, "{\"value\":1,}", "JSON byte 11 (0x7D) is not a string"},
    {&quote_type, "{} {}", "JSON byte 3 (0x7B) is not the end"},
    {&subscription_type, "{\"notify_cleared\":1}",
     "notify_cleared: wants a boolean, found a number"},
    {&user_type, "{\"channels\":[{\"kind\":\"EMAIL\",\"address\":\"a\"},{\"kind\":\"FAX\"}]}",
     "channels: [1]: kind: wants one of EMAIL, WEBHOOK, found \"FAX\""},
    {&user_type, "{\"channels\":[{\"kind\":\"EMAIL\"}]}", "channels: [0]: Channel lacks address"},
    {&user_type, "{\"channels\":{}}", "channels: wants an array, found an object"},
};

static void refusals_say_where_and_what(void **state)
{
    struct bench *bench = *state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        uint64_t present = 0;
        memset(bench->back, 0x5A, sizeof bench->back);
        sg_result result = record_json_read(refusals[i].type, bytes_of_text(refusals[i].json),
                                            bench->arena, bench->back, &present);
        assert_int_equal(result.class, SG_DROP);
        assert_string_equal(sg_reason(), refusals[i].reason);
        assert_int_equal(((uint8_t *)bench->back)[0], 0x5A);
    }
}

static void large_and_deep_texts_are_refused(void **state)
{
    struct bench *bench = *state;
    struct quote quote;
    uint64_t present = 0;
    for (int i = 0; i <= RECORD_JSON_BYTES_MAX; i++) {
        assert_true(sg_is_ok(buffer_append_byte(&bench->out, '[')));
    }
    struct bytes json = buffer_bytes(&bench->out);
    assert_int_equal(record_json_read(&quote_type, json, bench->arena, &quote, &present).class,
                     SG_DROP);
    assert_string_equal(sg_reason(), "JSON of 1048577 bytes, the limit is 1048576");
}

static void what_is_printed_is_read_again(void **state)
{
    struct bench *bench = *state;
    struct random_source source = {424242};
    for (size_t t = 0; t < record_table_count; t++) {
        const struct record_type *type = record_table[t];
        for (int i = 0; i < RECORDS_EACH; i++) {
            uint64_t present = 0;
            arena_reset(bench->arena);
            buffer_clear(&bench->out);
            assert_true(random_record(type, &source, bench->arena, bench->record));
            assert_true(sg_is_ok(record_json_print(type, bench->record, &bench->out)));
            struct bytes json = buffer_bytes(&bench->out);
            // jansson agrees that it is JSON, whatever is in it.
            json_t *seen = json_loadb((const char *)json.data, json.size, 0, NULL);
            assert_non_null(seen);
            assert_int_equal(json_object_size(seen), type->field_count);
            json_decref(seen);
            assert_true(
                sg_is_ok(record_json_read(type, json, bench->arena, bench->back, &present)));
            assert_true(record_type_equal(type, bench->record, bench->back));
        }
    }
}

static void numbers_are_as_short_as_can_be(void **state)
{
    struct bench *bench = *state;
    struct quote quote = quote_default;
    quote.instrument = bytes_of_text("stock:\"A\\\n\x1F");
    quote.value = 0.1;
    assert_true(sg_is_ok(record_json_print(&quote_type, &quote, &bench->out)));
    const char *wanted = "{\"instrument\":\"stock:\\\"A\\\\\\n\\u001F\",\"value\":0.1,"
                         "\"event_time\":0,\"source\":\"\",\"unit\":null,\"details\":{}}";
    assert_true(bytes_is_text(buffer_bytes(&bench->out), wanted));
    buffer_clear(&bench->out);
    quote.value = NAN;
    assert_true(sg_is_ok(record_json_print(&quote_type, &quote, &bench->out)));
    assert_non_null(
        memmem(bench->out.data, bench->out.size, "\"value\":\"NaN\"", strlen("\"value\":\"NaN\"")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(left_out_fields_get_their_default, set_up, tear_down),
        cmocka_unit_test_setup_teardown(times_are_numbers_or_texts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refusals_say_where_and_what, set_up, tear_down),
        cmocka_unit_test_setup_teardown(large_and_deep_texts_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_printed_is_read_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(numbers_are_as_short_as_can_be, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
