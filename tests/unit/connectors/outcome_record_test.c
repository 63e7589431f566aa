// Records of the outcome log: there and back, and every damage noticed.
#include "connectors/outcome/outcome_record.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

static struct buffer bytes;
static const char reply[] = "250 2.0.0 Ok: queued as 9A3B";

static int make(void **state)
{
    (void)state;
    buffer_init(&bytes, 4L * OUTCOME_RECORD_MAX);
    const struct outcome_record record = {
        .notification_id = bytes_of_text("n-1"),
        .attempt = 3,
        .outcome = OUTCOME_RETRY,
        .ambiguous = true,
        .code = -1,
        .reply = bytes_of_text(reply),
        .at = 1795255200123,
    };
    return sg_is_ok(outcome_record_write(&record, &bytes)) ? 0 : -1;
}

static int drop(void **state)
{
    (void)state;
    buffer_done(&bytes);
    return 0;
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    size_t size = bytes.size;
    assert_true(sg_is_ok(buffer_append(&bytes, bytes_of_text("what follows"))));
    struct outcome_record got;
    size_t got_size = 0;
    assert_true(outcome_record_read(buffer_bytes(&bytes), &got, &got_size));
    assert_int_equal(got_size, size);
    assert_true(bytes_is_text(got.notification_id, "n-1") && bytes_is_text(got.reply, reply));
    assert_true(got.attempt == 3 && got.outcome == OUTCOME_RETRY && got.ambiguous);
    assert_true(got.code == -1 && got.at == 1795255200123);
}

// What a webhook's receiver asked for, which mails do not have.
static void a_time_that_was_asked_for_is_kept(void **state)
{
    (void)state;
    struct outcome_record record = {.notification_id = bytes_of_text("n-2"),
                                    .attempt = 1,
                                    .outcome = OUTCOME_RETRY,
                                    .ambiguous = true,
                                    .reply = bytes_of_text(reply),
                                    .not_before = 1795255200123};
    struct outcome_record got;
    size_t size = 0;
    buffer_clear(&bytes);
    assert_true(sg_is_ok(outcome_record_write(&record, &bytes)));
    assert_true(outcome_record_read(buffer_bytes(&bytes), &got, &size));
    assert_int_equal(got.not_before, 1795255200123);
    assert_true(got.ambiguous && got.outcome == OUTCOME_RETRY);
    assert_true(bytes_is_text(got.notification_id, "n-2") && bytes_is_text(got.reply, reply));
}

static void a_part_is_no_record(void **state)
{
    (void)state;
    struct outcome_record got;
    size_t got_size = 0;
    for (size_t size = 0; size < bytes.size; size++) {
        assert_false(outcome_record_read(bytes_of(bytes.data, size), &got, &got_size));
    }
}

static void a_changed_bit_is_noticed(void **state)
{
    (void)state;
    struct outcome_record got;
    size_t got_size = 0;
    for (size_t bit = 0; bit < bytes.size * 8; bit++) {
        bytes.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_false(outcome_record_read(buffer_bytes(&bytes), &got, &got_size));
        bytes.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
}

static void long_texts_have_limits(void **state)
{
    (void)state;
    char text[1000];
    memset(text, 'x', sizeof text);
    struct outcome_record record = {.notification_id = bytes_of(text, OUTCOME_ID_MAX + 1)};
    assert_int_equal(outcome_record_write(&record, &bytes).class, SG_DROP);
    buffer_clear(&bytes);
    record.notification_id.size = OUTCOME_ID_MAX;
    record.reply = bytes_of(text, sizeof text);
    assert_true(sg_is_ok(outcome_record_write(&record, &bytes)));
    struct outcome_record got;
    size_t got_size = 0;
    assert_true(outcome_record_read(buffer_bytes(&bytes), &got, &got_size));
    assert_int_equal(got.reply.size, OUTCOME_REPLY_MAX);
    assert_int_equal(got.notification_id.size, OUTCOME_ID_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_written_is_read, make, drop),
        cmocka_unit_test_setup_teardown(a_time_that_was_asked_for_is_kept, make, drop),
        cmocka_unit_test_setup_teardown(a_part_is_no_record, make, drop),
        cmocka_unit_test_setup_teardown(a_changed_bit_is_noticed, make, drop),
        cmocka_unit_test_setup_teardown(long_texts_have_limits, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
