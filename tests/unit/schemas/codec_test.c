// Messages: the wire format, foreign writer schemas, the bounded cache, the classes of failure.
#include "schemas/codec.h"

#include "schemas/quote.h"
#include "schemas/resolver.h"
#include "schemas/wire.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

enum {
    BYTES_MAX = 1 << 20,
    OWN_ID = 7,
    OLDER_ID = 8,
    UNREACHABLE_ID = 9,
    BROKEN_ID = 10,
    SAME_ID = 11
};

// Quote before it had unit and details, with a value of single precision and a field given up.
static const char older[] =
    "{\"type\":\"record\",\"name\":\"Quote\",\"namespace\":\"soglia\",\"fields\":["
    "{\"name\":\"source\",\"type\":\"string\"},{\"name\":\"gone\",\"type\":\"bytes\"},"
    "{\"name\":\"instrument\",\"type\":\"string\"},{\"name\":\"value\",\"type\":\"float\"},"
    "{\"name\":\"event_time\",\"type\":\"long\"}]}";

struct desk {
    struct codec *codec;
    struct arena *arena;
    struct buffer out;
    unsigned asked;
};

static sg_result schema_of(void *context, int32_t id, struct bytes *ret_text)
{
    struct desk *desk = context;
    desk->asked++;
    switch (id) {
    case UNREACHABLE_ID:
        return sg_fail(SG_RETRY, 0, "registry does not answer");
    case BROKEN_ID:
        *ret_text = bytes_of_text("{");
        return sg_ok();
    case SAME_ID:
        *ret_text = bytes_of_text(quote_type.schema);
        return sg_ok();
    default:
        break;
    }
    if (id < OLDER_ID) {
        return sg_fail(SG_DROP, 0, "schema id %d is not registered", (int)id);
    }
    *ret_text = bytes_of_text(older);
    return sg_ok();
}

static int set_up(void **state)
{
    static struct desk desk;
    desk = (struct desk){.arena = arena_new(BYTES_MAX)};
    buffer_init(&desk.out, BYTES_MAX);
    struct codec_config config = {&quote_type, OWN_ID, schema_of, &desk};
    *state = &desk;
    return sg_is_ok(codec_new(&config, &desk.codec)) ? 0 : -1;
}

static int tear_down(void **state)
{
    struct desk *desk = *state;
    codec_free(&desk->codec);
    arena_free(&desk->arena);
    buffer_done(&desk->out);
    return 0;
}

// A message of the older schema with this id.
static struct bytes older_message(struct desk *desk, uint8_t id)
{
    const uint8_t avro[] = {8, 'k', 'c', 'a', 't', 4, 1, 2, 4, 'a', ':', 0, 0, 0x3F, 0x43, 6};
    const uint8_t head[] = {0, 0, 0, 0, id};
    buffer_clear(&desk->out);
    assert_true(sg_is_ok(buffer_append(&desk->out, bytes_of(head, sizeof head))));
    assert_true(sg_is_ok(buffer_append(&desk->out, bytes_of(avro, sizeof avro))));
    return buffer_bytes(&desk->out);
}

static void own_messages_take_the_short_way(void **state)
{
    struct desk *desk = *state;
    struct quote quote = quote_default;
    struct quote back;
    quote.instrument = bytes_of_text("stock:AAPL");
    quote.value = 191.5;
    assert_true(sg_is_ok(codec_encode(desk->codec, &quote, &desk->out)));
    assert_memory_equal(desk->out.data, "\0\0\0\0\x07", WIRE_HEAD_BYTES);
    assert_true(sg_is_ok(codec_decode(desk->codec, buffer_bytes(&desk->out), desk->arena, &back)));
    assert_true(record_type_equal(&quote_type, &quote, &back));
    assert_int_equal(desk->asked, 0);
}

static void an_older_writer_is_read(void **state)
{
    struct desk *desk = *state;
    struct quote quote;
    for (int i = 0; i < 3; i++) {
        struct bytes message = older_message(desk, OLDER_ID);
        assert_true(sg_is_ok(codec_decode(desk->codec, message, desk->arena, &quote)));
        // The record does not borrow from the message.
        memset(desk->out.data, 0xFF, desk->out.size);
        assert_true(bytes_is_text(quote.instrument, "a:"));
        assert_true(bytes_is_text(quote.source, "kcat"));
        assert_true(quote.value == 191.0);
        assert_int_equal(quote.event_time, 3);
        assert_false(quote.has_unit);
        assert_int_equal(quote.details_count, 0);
    }
    assert_int_equal(desk->asked, 1);
}

static void a_newer_writer_is_read(void **state)
{
    struct desk *desk = *state;
    struct resolver *resolver = NULL;
    // A field that is new, others of another type.
    const char *newer =
        "{\"type\":\"record\",\"name\":\"Quote\",\"namespace\":\"soglia\",\"fields\":["
        "{\"name\":\"instrument\",\"type\":\"string\"},{\"name\":\"novel\",\"type\":{\"type\":"
        "\"array\",\"items\":\"double\"}},{\"name\":\"value\",\"type\":\"long\"},{\"name\":"
        "\"event_time\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}},"
        "{\"name\":\"source\",\"type\":\"bytes\"},{\"name\":\"details\",\"type\":{\"type\":"
        "\"map\",\"values\":[\"string\",\"null\"]}}]}";
    const uint8_t avro[] = {2, 'i', 0, 0x80, 1, 2, 2, 's', 2, 2, 'k', 0, 2, 'v', 0};
    struct quote quote;
    assert_true(sg_is_ok(resolver_new(bytes_of_text(newer), &quote_type, &resolver)));
    sg_result result = resolver_decode(resolver, bytes_of(avro, sizeof avro), desk->arena, &quote);
    resolver_free(&resolver);
    assert_true(sg_is_ok(result));
    assert_true(quote.value == 64.0);
    assert_true(bytes_is_text(quote.source, "s"));
    assert_int_equal(quote.details_count, 1);
    assert_true(bytes_is_text(quote.details[0].value, "v"));
}

static void the_same_schema_under_another_id_is_the_same(void **state)
{
    struct desk *desk = *state;
    struct quote quote = quote_default;
    struct quote back;
    quote.instrument = bytes_of_text("fx:EUR/USD");
    assert_true(sg_is_ok(wire_encode(SAME_ID, &quote_type, &quote, &desk->out)));
    struct bytes message = buffer_bytes(&desk->out);
    assert_true(sg_is_ok(codec_decode(desk->codec, message, desk->arena, &back)));
    // It borrows: nothing was rewritten.
    assert_true(back.instrument.data > message.data &&
                back.instrument.data < message.data + message.size);
}

static void failures_have_their_class(void **state)
{
    struct desk *desk = *state;
    struct quote quote;
    const struct {
        const char *bytes;
        size_t size;
        enum sg_class class;
        const char *reason;
    } rows[] = {
        {"", 0, SG_DROP,
         "the value is empty: wants byte 0, a schema id of 4 bytes and Avro binary"},
        {"{\"a\":1}", 7, SG_DROP, "the value looks like JSON: send that to the .json topic"},
        {"\x01\0\0\0\x07", 5, SG_DROP,
         "the value begins with byte 0x01: wants byte 0, a schema id of 4 bytes and Avro binary"},
        {"\0\0\0\0", 4, SG_DROP,
         "the value ends after 4 bytes: wants byte 0, a schema id of 4 bytes and Avro binary"},
        {"\0\0\0\0\0\0", 6, SG_DROP, "schema id 0 cannot be: ids are from 1 on"},
        {"\0\xFF\0\0\0\0", 6, SG_DROP, "schema id 4278190080 cannot be: ids are from 1 on"},
        {"\0\0\0\0\x03\0", 6, SG_DROP, "schema id 3 is not registered"},
        {"\0\0\0\0\x09\0", 6, SG_RETRY, "registry does not answer"},
        {"\0\0\0\0\x07", 5, SG_DROP, "soglia.Quote: instrument: the data ends in the middle of it"},
        {"\0\0\0\0\x08\x01", 6, SG_DROP,
         "schema id 8: soglia.Quote: source: a length of -1 with 0 bytes left"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        sg_result result =
            codec_decode(desk->codec, bytes_of(rows[i].bytes, rows[i].size), desk->arena, &quote);
        assert_int_equal(result.class, rows[i].class);
        assert_string_equal(sg_reason(), rows[i].reason);
    }
    sg_result broken =
        codec_decode(desk->codec, bytes_of("\0\0\0\0\x0A\0", 6), desk->arena, &quote);
    assert_int_equal(broken.class, SG_DROP);
    assert_non_null(strstr(sg_reason(), "schema id 10: writer's schema: "));
}

static void the_cache_is_bounded_and_keeps_what_is_used(void **state)
{
    struct desk *desk = *state;
    struct quote quote;
    // One id in use all the time, among many that are used once.
    for (int i = 0; i < 3 * CODEC_RESOLVERS_MAX; i++) {
        struct bytes message = older_message(desk, (uint8_t)(20 + i));
        assert_true(sg_is_ok(codec_decode(desk->codec, message, desk->arena, &quote)));
        message = older_message(desk, OLDER_ID);
        assert_true(sg_is_ok(codec_decode(desk->codec, message, desk->arena, &quote)));
    }
    assert_int_equal(desk->asked, 3 * CODEC_RESOLVERS_MAX + 1);
}

static void a_record_that_cannot_be_written_leaves_nothing(void **state)
{
    struct desk *desk = *state;
    struct quote quote = quote_default;
    quote.instrument = bytes_of("\xFF", 1);
    assert_true(sg_is_ok(buffer_append_byte(&desk->out, 'x')));
    assert_int_equal(codec_encode(desk->codec, &quote, &desk->out).class, SG_DROP);
    assert_int_equal(desk->out.size, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(own_messages_take_the_short_way, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_older_writer_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_newer_writer_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_same_schema_under_another_id_is_the_same, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(failures_have_their_class, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_cache_is_bounded_and_keeps_what_is_used, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_record_that_cannot_be_written_leaves_nothing, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
