// The secrets of webhooks: one for each user and URL, written as receivers expect it.
#include "core/secrets/webhook_secret.h"
#include "fixed_secrets.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sodium.h>
#include <string.h>

static void the_text_is_the_key(void **state)
{
    (void)state;
    struct secrets *secrets = fixed_secrets(FIXED_KEY_1 FIXED_IDENTITY);
    uint8_t key[WEBHOOK_SECRET_BYTES];
    uint8_t read[WEBHOOK_SECRET_BYTES];
    char text[WEBHOOK_SECRET_CHARS + 1];
    size_t size = 0;
    struct bytes url = bytes_of_text("https://example.org/hook");
    webhook_secret_key(secrets, bytes_of_text("u1"), url, key);
    webhook_secret_print(secrets, bytes_of_text("u1"), url, text);
    assert_int_equal(strlen(text), WEBHOOK_SECRET_CHARS);
    assert_memory_equal(text, "whsec_", 6);
    assert_int_equal(sodium_base642bin(read, sizeof read, text + 6, strlen(text + 6), NULL, &size,
                                       NULL, sodium_base64_VARIANT_ORIGINAL),
                     0);
    assert_int_equal(size, sizeof key);
    assert_memory_equal(key, read, sizeof key);
    secrets_close(&secrets);
}

static void everybody_has_another(void **state)
{
    (void)state;
    struct secrets *secrets = fixed_secrets(FIXED_KEY_1 FIXED_IDENTITY);
    // A new key to sign tokens with leaves them as they are.
    struct secrets *rotated = fixed_secrets(FIXED_KEY_2 FIXED_IDENTITY);
    uint8_t keys[4][WEBHOOK_SECRET_BYTES];
    webhook_secret_key(secrets, bytes_of_text("u1"), bytes_of_text("https://a"), keys[0]);
    webhook_secret_key(secrets, bytes_of_text("u2"), bytes_of_text("https://a"), keys[1]);
    webhook_secret_key(secrets, bytes_of_text("u1"), bytes_of_text("https://b"), keys[2]);
    webhook_secret_key(rotated, bytes_of_text("u1"), bytes_of_text("https://a"), keys[3]);
    assert_memory_not_equal(keys[0], keys[1], WEBHOOK_SECRET_BYTES);
    assert_memory_not_equal(keys[0], keys[2], WEBHOOK_SECRET_BYTES);
    assert_memory_equal(keys[0], keys[3], WEBHOOK_SECRET_BYTES);
    secrets_close(&secrets);
    secrets_close(&rotated);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_text_is_the_key),
        cmocka_unit_test(everybody_has_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
