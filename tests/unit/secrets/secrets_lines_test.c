// The text of a secrets file: what is taken, and that a reason tells the line and nothing of it.
#include "core/secrets/secrets_lines.h"
#include "fixed_secrets.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#define HEX "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"

static void usual_files_are_read(void **state)
{
    (void)state;
    struct secrets secrets = {.has_identity = false};
    static const char text[] =
        "# comment\n\n  \t\nnew-1 " HEX "\r\n\tidentity\t" HEX "\n  # another\nOld_0   " HEX "  ";
    assert_true(sg_is_ok(secrets_lines_read(bytes_of_text(text), "file", &secrets)));
    assert_int_equal(secrets.key_count, 2);
    assert_string_equal(secrets.keys[0].kid, "new-1");
    assert_string_equal(secrets.keys[1].kid, "Old_0");
    assert_int_equal(secrets.identity[1], 0x11);
    assert_int_equal(secrets.keys[1].key[31], 0xFF);
}

static void assert_refused(const char *text, const char *place, const char *why)
{
    struct secrets secrets = {.has_identity = false};
    sg_result result = secrets_lines_read(bytes_of_text(text), "file", &secrets);
    assert_int_equal(result.class, SG_FATAL);
    if (strstr(sg_reason(), place) == NULL || strstr(sg_reason(), why) == NULL) {
        fail_msg("%s: %s", text, sg_reason());
    }
    assert_null(strstr(sg_reason(), "hunter"));
    assert_null(strstr(sg_reason(), "0011"));
}

static void wrong_lines_are_told_by_number(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "hunter2",
        HEX,
        "k1",
        "k1 hunter2",
        HEX " k1",
        "k1 " HEX "0",
        "k1 " HEX " x",
        "k1 " HEX " # hunter",
        "k1 0" HEX,
        "k:1 " HEX,
        "k\xc3\xa4 " HEX,
        "a-name-of-more-than-32-characters " HEX,
        "k1 g0112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
        "k1 0x112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
        "k1=" HEX,
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char text[512];
        snprintf(text, sizeof text, "identity " HEX "\n# hunter\n%s\n", wrong[i]);
        assert_refused(text, "file:3:", "64 hexadecimal digits");
    }
}

static void a_name_comes_once(void **state)
{
    (void)state;
    assert_refused("k1 " HEX "\nidentity " HEX "\nk1 " HEX "\n", "file:3:", "twice");
    assert_refused("identity " HEX "\nk1 " HEX "\nidentity " HEX "\n", "file:3:", "twice");
}

static void both_kinds_must_be_there(void **state)
{
    (void)state;
    assert_refused("", "file: ", "identity");
    assert_refused("k1 " HEX, "file: ", "identity");
    assert_refused("identity " HEX, "file: ", "no key to sign with");
}

static void keys_have_a_limit(void **state)
{
    (void)state;
    char text[4096] = "identity " HEX "\n";
    size_t size = strlen(text);
    for (size_t i = 0; i < SECRETS_KEYS_MAX; i++) {
        size += (size_t)snprintf(text + size, sizeof text - size, "k%zu " HEX "\n", i);
    }
    struct secrets secrets = {.has_identity = false};
    assert_true(sg_is_ok(secrets_lines_read(bytes_of(text, size), "file", &secrets)));
    snprintf(text + size, sizeof text - size, "last " HEX "\n");
    assert_refused(text, "file:18:", "16 keys");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usual_files_are_read), cmocka_unit_test(wrong_lines_are_told_by_number),
        cmocka_unit_test(a_name_comes_once),    cmocka_unit_test(both_kinds_must_be_there),
        cmocka_unit_test(keys_have_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
