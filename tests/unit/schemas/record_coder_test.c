// The generated encoders and decoders against avro-c and the walker, for every record.
#include "avro_oracle.h"
#include "mutation.h"
#include "random_record.h"
#include "record_table.h"

#include "schemas/binary/avro_walk.h"
#include "schemas/quote.h"
#include "schemas/user.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

enum { RECORDS_EACH = 300, MUTATIONS_EACH = 3000, BYTES_MAX = 1 << 20, RECORD_BYTES_MAX = 1024 };

struct bench {
    struct arena *arena;
    struct buffer ours;
    struct buffer theirs;
    struct buffer again;
    struct avro_oracle *oracle;
    struct schema_tree *tree;
    max_align_t record[RECORD_BYTES_MAX / sizeof(max_align_t)];
    max_align_t back[RECORD_BYTES_MAX / sizeof(max_align_t)];
};

static int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    bench->arena = arena_new(BYTES_MAX);
    buffer_init(&bench->ours, BYTES_MAX);
    buffer_init(&bench->theirs, BYTES_MAX);
    buffer_init(&bench->again, BYTES_MAX);
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    arena_free(&bench->arena);
    buffer_done(&bench->ours);
    buffer_done(&bench->theirs);
    buffer_done(&bench->again);
    avro_oracle_free(&bench->oracle);
    schema_tree_free(&bench->tree);
    free(bench);
    return 0;
}

static void use_type(struct bench *bench, const struct record_type *type)
{
    assert_true(type->size <= RECORD_BYTES_MAX);
    avro_oracle_free(&bench->oracle);
    schema_tree_free(&bench->tree);
    bench->oracle = avro_oracle_new(type);
    assert_non_null(bench->oracle);
    assert_true(sg_is_ok(schema_tree_parse(bytes_of_text(type->schema), &bench->tree)));
}

// Makes a random record and its bytes.
static void make(struct bench *bench, const struct record_type *type, struct random_source *source)
{
    arena_reset(bench->arena);
    buffer_clear(&bench->ours);
    buffer_clear(&bench->theirs);
    assert_true(random_record(type, source, bench->arena, bench->record));
    assert_true(sg_is_ok(type->encode(bench->record, &bench->ours)));
}

static void avro_c_writes_and_reads_the_same(void **state)
{
    struct bench *bench = *state;
    struct random_source source = {88172645463325252U};
    for (size_t t = 0; t < record_table_count; t++) {
        const struct record_type *type = record_table[t];
        use_type(bench, type);
        for (int i = 0; i < RECORDS_EACH; i++) {
            make(bench, type, &source);
            assert_true(avro_oracle_encode(bench->oracle, bench->record, &bench->theirs));
            assert_int_equal(bench->ours.size, bench->theirs.size);
            assert_memory_equal(bench->ours.data, bench->theirs.data, bench->ours.size);
            struct bytes avro = buffer_bytes(&bench->theirs);
            assert_true(sg_is_ok(type->decode(avro, bench->arena, bench->back)));
            assert_true(record_type_equal(type, bench->record, bench->back));
        }
    }
}

// What is accepted must be the same value for avro-c: both write it the same way again.
static void check_accepted(struct bench *bench, const struct record_type *type, struct bytes avro)
{
    buffer_clear(&bench->theirs);
    assert_true(avro_oracle_rewrite(bench->oracle, avro, &bench->theirs));
    buffer_clear(&bench->again);
    assert_true(sg_is_ok(type->encode(bench->back, &bench->again)));
    assert_int_equal(bench->again.size, bench->theirs.size);
    assert_memory_equal(bench->again.data, bench->theirs.data, bench->again.size);
}

static void hostile_bytes_are_refused_by_all_or_none(void **state)
{
    struct bench *bench = *state;
    struct random_source source = {1234567891234567U};
    size_t accepted = 0;
    size_t refused = 0;
    for (size_t t = 0; t < record_table_count; t++) {
        const struct record_type *type = record_table[t];
        use_type(bench, type);
        for (int i = 0; i < MUTATIONS_EACH; i++) {
            make(bench, type, &source);
            mutation_apply(&source, &bench->ours);
            struct bytes avro = buffer_bytes(&bench->ours);
            sg_result walked = avro_walk_message(schema_tree_root(bench->tree), avro, bench->arena);
            sg_result decoded = type->decode(avro, bench->arena, bench->back);
            assert_int_equal(walked.class, decoded.class);
            if (sg_is_ok(decoded)) {
                accepted++;
                check_accepted(bench, type, avro);
                continue;
            }
            refused++;
            assert_int_equal(decoded.class, SG_DROP);
            assert_int_equal(strncmp(sg_reason(), type->full_name, strlen(type->full_name)), 0);
        }
    }
    // Both ways are really tried.
    assert_true(accepted > 1000);
    assert_true(refused > 1000);
}

static void every_cut_is_refused(void **state)
{
    struct bench *bench = *state;
    struct random_source source = {99};
    for (size_t t = 0; t < record_table_count; t++) {
        const struct record_type *type = record_table[t];
        make(bench, type, &source);
        for (size_t size = 0; size < bench->ours.size; size++) {
            memset(bench->back, 0x5A, type->size);
            sg_result result =
                type->decode(bytes_of(bench->ours.data, size), bench->arena, bench->back);
            assert_int_equal(result.class, SG_DROP);
            assert_int_equal(((uint8_t *)bench->back)[0], 0x5A);
        }
    }
}

// One message and the reason it is refused for.
struct refusal {
    const char *bytes;
    size_t size;
    const char *reason;
};

static void reasons_name_the_field(void **state)
{
    struct bench *bench = *state;
    struct quote quote;
    const struct refusal refusals[] = {
        {"\x01", 1, "soglia.Quote: instrument: a length of -1 with 0 bytes left"},
        {"\x14"
         "a",
         2, "soglia.Quote: instrument: a length of 10 with 1 bytes left"},
        {"\x04"
         "a",
         2, "soglia.Quote: instrument: a length of 2 with 1 bytes left"},
        {"\x02\xFF", 2, "soglia.Quote: instrument: text that is not UTF-8"},
        {"\x02"
         "a\0\0\0",
         5, "soglia.Quote: value: the data ends in the middle of it"},
        {"\x02"
         "a\0\0\0\0\0\0\0\0\x02\x02s\x04",
         14, "soglia.Quote: unit: index 2 of 2 possible ones"},
        {"\x02"
         "a\0\0\0\0\0\0\0\0\x02\x02s\0\0\0",
         16, "soglia.Quote: 1 bytes are left over"},
        {"\x02"
         "a\0\0\0\0\0\0\0\0\x02\x02s\0\x04\x02k\0\x02k\0\0",
         22, "soglia.Quote: details: key 'k' is given twice"},
        {"\x02"
         "a\0\0\0\0\0\0\0\0\x02\x02s\0\x01\x02\x02k\0\0",
         20, "soglia.Quote: details: a block that is not as long as it says"},
        {"\x02"
         "a\0\0\0\0\0\0\0\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01",
         21, "soglia.Quote: event_time: a number of more than 64 bits"},
    };
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        sg_result result =
            quote_decode(bytes_of(refusals[i].bytes, refusals[i].size), bench->arena, &quote);
        assert_int_equal(result.class, SG_DROP);
        assert_string_equal(sg_reason(), refusals[i].reason);
    }
}

static void a_list_says_no_more_than_it_holds(void **state)
{
    struct bench *bench = *state;
    struct user user = user_default;
    assert_true(sg_is_ok(user_encode(&user, &bench->ours)));
    // 2^27 channels are announced where there was the end of an empty list.
    size_t at = 4;
    const uint8_t announced[] = {0x80, 0x80, 0x80, 0x80, 0x01};
    memcpy(bench->ours.data + at, announced, sizeof announced);
    assert_int_equal(user_decode(buffer_bytes(&bench->ours), bench->arena, &user).class, SG_DROP);
    assert_string_equal(sg_reason(),
                        "soglia.User: channels: 134217728 items more, the limit is 65536");
}

static void texts_that_are_not_utf8_are_not_written(void **state)
{
    struct bench *bench = *state;
    struct quote quote = quote_default;
    quote.source = bytes_of("\xC3", 1);
    assert_int_equal(quote_encode(&quote, &bench->ours).class, SG_DROP);
    assert_string_equal(sg_reason(), "soglia.Quote: source: text that is not UTF-8");
    assert_int_equal(bench->ours.size, 0);
}

static void decoding_without_lists_takes_no_memory(void **state)
{
    struct bench *bench = *state;
    struct quote quote = quote_default;
    quote.instrument = bytes_of_text("stock:AAPL");
    assert_true(sg_is_ok(quote_encode(&quote, &bench->ours)));
    assert_true(sg_is_ok(quote_decode(buffer_bytes(&bench->ours), NULL, &quote)));
    assert_ptr_equal(quote.instrument.data, bench->ours.data + 1);
}

static void defaults_are_those_of_the_schema(void **state)
{
    (void)state;
    struct user user;
    record_type_defaults(&user_type, &user);
    assert_true(bytes_is_text(user.time_zone, "UTC"));
    assert_false(user.has_display_name);
    assert_int_equal(user.channels_count, 0);
    assert_int_equal(record_type_field(&user_type, bytes_of_text("time_zone")), 5);
    assert_int_equal(record_type_field(&user_type, bytes_of_text("zone")), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(avro_c_writes_and_reads_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hostile_bytes_are_refused_by_all_or_none, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(every_cut_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reasons_name_the_field, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_list_says_no_more_than_it_holds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(texts_that_are_not_utf8_are_not_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(decoding_without_lists_takes_no_memory, set_up, tear_down),
        cmocka_unit_test(defaults_are_those_of_the_schema),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
