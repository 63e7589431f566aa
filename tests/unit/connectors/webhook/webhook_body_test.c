// The body, read by another JSON parser.
#include "connectors/webhook/webhook_body.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <string.h>

#include "schemas/notification.h"

static struct notification notification;
static struct bytes alerts[2];

static int make(void **state)
{
    (void)state;
    alerts[0] = bytes_of_text("a-1");
    alerts[1] = bytes_of_text("a-\"2\"");
    notification = (struct notification){
        .notification_id = bytes_of_text("n-1"),
        .user_id = bytes_of_text("u-1"),
        .channel = CHANNEL_KIND_WEBHOOK,
        .address = bytes_of_text("https://example.org/hook?a=b"),
        .subject = bytes_of_text("citt\xc3\xa0 \"x\""),
        .body_text = bytes_of_text("first\n\tsecond\x01\\"),
        .alert_ids = alerts,
        .alert_ids_count = 2,
        .created_at = 1795255200123,
        .has_subscription_id = true,
        .subscription_id = bytes_of_text("s-1"),
    };
    return 0;
}

static json_t *print(void)
{
    struct webhook_job *job = webhook_job_new(0, 1, &notification);
    SG_CLEANUP(buffer_done) struct buffer out;
    buffer_init(&out, WEBHOOK_BODY_MAX);
    assert_true(sg_is_ok(webhook_body_print(job, &out)));
    webhook_job_free(&job);
    json_t *body = json_loadb((const char *)out.data, out.size, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(body);
    return body;
}

static void it_says_what_the_notification_says(void **state)
{
    (void)state;
    json_t *body = print();
    json_t *wanted =
        json_pack("{s:s, s:s, s:{s:s, s:s, s:s, s:[s, s], s:{s:s, s:s}, s:s, s:s}}", "type",
                  "alert", "timestamp", "2026-11-21T10:00:00.123Z", "data", "notification_id",
                  "n-1", "user_id", "u-1", "subscription_id", "s-1", "alert_ids", "a-1", "a-\"2\"",
                  "channel", "kind", "WEBHOOK", "address", "https://example.org/hook?a=b",
                  "subject", "citt\xc3\xa0 \"x\"", "text", "first\n\tsecond\x01\\");
    assert_non_null(wanted);
    assert_true(json_equal(body, wanted));
    json_decref(wanted);
    json_decref(body);
}

static void an_older_notification_has_no_subscription(void **state)
{
    (void)state;
    notification.has_subscription_id = false;
    json_t *body = print();
    assert_null(json_object_get(json_object_get(body, "data"), "subscription_id"));
    json_decref(body);
}

static void text_that_is_not_utf8_is_refused(void **state)
{
    (void)state;
    notification.body_text = bytes_of_text("\xff");
    struct webhook_job *job = webhook_job_new(0, 1, &notification);
    SG_CLEANUP(buffer_done) struct buffer out;
    buffer_init(&out, WEBHOOK_BODY_MAX);
    assert_int_equal(webhook_body_print(job, &out).class, SG_DROP);
    webhook_job_free(&job);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(it_says_what_the_notification_says, make),
        cmocka_unit_test_setup(an_older_notification_has_no_subscription, make),
        cmocka_unit_test_setup(text_that_is_not_utf8_is_refused, make),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
