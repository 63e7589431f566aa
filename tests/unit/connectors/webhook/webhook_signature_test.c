// The vectors of Standard Webhooks, and ids that cannot stand in a header.
#include "connectors/webhook/webhook_signature.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sodium.h>
#include <stdio.h>
#include <string.h>

static const char body[] =
    "{\"type\":\"alert.entered\",\"timestamp\":\"2026-11-20T16:20:00Z\",\"data\":{\"alert\":"
    "\"a-17\",\"side\":\"high\",\"value\":\"185.15\",\"threshold\":\"185.00\"}}";
static const char old_secret[] = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
static const char new_secret[] = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";
static const char old_signature[] = "v1,gMugY1p97d/YA4KbELM9o4f9CieKbuSUyWfyqP7RS2c=";
static const char new_signature[] = "v1,FuzxF5EEm/dLCBS5pM8p68QwKRZ0TgimmOS4i4afhQI=";

static void add_key(struct webhook_keys *keys, const char *base64)
{
    size_t size = 0;
    assert_int_equal(sodium_base642bin(keys->keys[keys->count], WEBHOOK_KEY_BYTES, base64,
                                       strlen(base64), NULL, &size, NULL,
                                       sodium_base64_VARIANT_ORIGINAL),
                     0);
    assert_int_equal(size, WEBHOOK_KEY_BYTES);
    keys->count++;
}

static void signed_as(const struct webhook_keys *keys, const char *wanted)
{
    const struct webhook_content content = {
        .id = "ntf_01", .timestamp_s = 1795191605, .body = bytes_of_text(body)};
    SG_CLEANUP(buffer_done) struct buffer out;
    buffer_init(&out, 1024);
    assert_true(sg_is_ok(webhook_signature_print(&content, keys, &out)));
    assert_true(bytes_is_text(buffer_bytes(&out), wanted));
}

static void each_key_signs(void **state)
{
    (void)state;
    struct webhook_keys keys = {.count = 0};
    char both[256];
    add_key(&keys, old_secret);
    signed_as(&keys, old_signature);
    add_key(&keys, new_secret);
    snprintf(both, sizeof both, "%s %s", old_signature, new_signature);
    signed_as(&keys, both);
}

static void an_id_that_is_no_word_becomes_its_hash(void **state)
{
    (void)state;
    char id[WEBHOOK_ID_MAX + 1];
    char longest[WEBHOOK_ID_MAX + 2];
    webhook_signature_id(bytes_of_text("0aZ-_9"), id);
    assert_string_equal(id, "0aZ-_9");
    memset(longest, 'x', sizeof longest);
    webhook_signature_id(bytes_of(longest, WEBHOOK_ID_MAX), id);
    assert_int_equal(strlen(id), WEBHOOK_ID_MAX);
    static const char *const bad[] = {"", "a.b", "a b", "a\r\nX: y", "\xc3\xa9", "a,b"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        webhook_signature_id(bytes_of_text(bad[i]), id);
        assert_int_equal(strlen(id), 32);
        assert_int_equal(strspn(id, "0123456789abcdef"), 32);
    }
    webhook_signature_id(bytes_of(longest, sizeof longest), id);
    assert_int_equal(strlen(id), 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_key_signs),
        cmocka_unit_test(an_id_that_is_no_word_becomes_its_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
