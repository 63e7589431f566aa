// What a password may be; hashes, also those that others made.
#include "query/auth/password.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static const struct password_cost cheap = {8192, 1};

static bool may_choose(struct bytes password)
{
    sg_result result = password_check(password);
    assert_true(sg_is_ok(result) || result.class == SG_DROP);
    return sg_is_ok(result);
}

static void length_is_in_bytes(void **state)
{
    (void)state;
    char text[PASSWORD_BYTES_MAX + 1];
    memset(text, 'x', sizeof text);
    text[0] = 'y';
    assert_false(may_choose(bytes_of(text, 0)));
    assert_false(may_choose(bytes_of(text, PASSWORD_BYTES_MIN - 1)));
    assert_true(may_choose(bytes_of("zq0!zq0!", PASSWORD_BYTES_MIN)));
    assert_true(may_choose(bytes_of(text, PASSWORD_BYTES_MAX)));
    assert_false(may_choose(bytes_of(text, PASSWORD_BYTES_MAX + 1)));
    assert_true(may_choose(bytes_of_text("\xf0\x9f\x90\x98\xf0\x9f\x90\x98"))); // Two elephants.
}

static void bytes_are_visible_utf8(void **state)
{
    (void)state;
    assert_true(may_choose(bytes_of_text("gr\xc3\xbc\xc3\x9f dich")));
    assert_false(may_choose(bytes_of_text("zq0!zq0!\xff")));
    assert_false(may_choose(bytes_of_text("zq0!zq0!\n")));
    assert_false(may_choose(bytes_of_text("zq0!zq0!\x7f")));
    assert_false(may_choose(bytes_of_text("zq0!zq0!\xc2\x85")));
    assert_false(may_choose(bytes_of("zq0!zq0!\0", 9)));
}

static void common_ones_are_refused_without_being_named(void **state)
{
    (void)state;
    static const char *const common[] = {"PASSWORD", "PassWord1", "12345678", "iloveyou",
                                         "Trustno1"};
    assert_false(may_choose(bytes_of_text("password")));
    for (size_t i = 0; i < sizeof common / sizeof common[0]; i++) {
        assert_false(may_choose(bytes_of_text(common[i])));
        assert_null(strstr(sg_reason(), common[i]));
    }
}

static void the_password_of_a_hash_is_told(void **state)
{
    (void)state;
    char hash[PASSWORD_HASH_MAX];
    char again[PASSWORD_HASH_MAX];
    assert_true(sg_is_ok(password_hash(bytes_of_text("zq0!zq0!"), &cheap, hash)));
    assert_true(sg_is_ok(password_hash(bytes_of_text("zq0!zq0!"), &cheap, again)));
    assert_memory_equal(hash, "$argon2id$v=19$m=8,t=1,p=1$", 27);
    assert_string_not_equal(hash, again); // A salt each.
    assert_true(password_verify(bytes_of_text("zq0!zq0!"), bytes_of_text(hash)));
    assert_false(password_verify(bytes_of_text("zq0!zq0?"), bytes_of_text(hash)));
    assert_false(password_verify(bytes_of_text("zq0!zq0"), bytes_of_text(hash)));
    assert_false(password_verify(bytes_of_text(""), bytes_of_text(hash)));
}

static void another_cost_wants_another_hash(void **state)
{
    (void)state;
    static const struct password_cost dearer = {16384, 1};
    static const struct password_cost longer = {8192, 2};
    char hash[PASSWORD_HASH_MAX];
    assert_true(sg_is_ok(password_hash(bytes_of_text("zq0!zq0!"), &cheap, hash)));
    assert_false(password_needs_rehash(bytes_of_text(hash), &cheap));
    assert_true(password_needs_rehash(bytes_of_text(hash), &dearer));
    assert_true(password_needs_rehash(bytes_of_text(hash), &longer));
    assert_true(password_needs_rehash(bytes_of_text("nonsense"), &cheap));
}

static void hashes_of_others_are_bounded(void **state)
{
    (void)state;
    static const char rest[] = "$c29tZXNhbHRzb21lc2FsdA$"
                               "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    static const struct {
        const char *begin;
        bool good;
    } rows[] = {
        {"$argon2id$v=19$m=65536,t=3,p=4", true},
        {"$argon2id$v=19$m=262144,t=16,p=16", true},
        {"$argon2id$v=19$m=262145,t=1,p=1", false},
        {"$argon2id$v=19$m=8,t=17,p=1", false},
        {"$argon2id$v=19$m=8,t=1,p=17", false},
        {"$argon2id$v=19$m=0,t=1,p=1", false},
        {"$argon2id$v=19$m=8,t=0,p=1", false},
        {"$argon2id$v=19$m=99999999999999999999,t=1,p=1", false},
        {"$argon2id$v=19$m=-8,t=1,p=1", false},
        {"$argon2id$v=19$m=,t=1,p=1", false},
        {"$argon2id$v=16$m=8,t=1,p=1", false},
        {"$argon2i$v=19$m=8,t=1,p=1", false},
        {"$argon2id$m=8,t=1,p=1", false},
        {"$2b$12$", false},
        {"", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char hash[256];
        snprintf(hash, sizeof hash, "%s%s", rows[i].begin, rows[i].begin[0] == '\0' ? "" : rest);
        if (password_is_hash(bytes_of_text(hash)) != rows[i].good) {
            fail_msg("%s", hash);
        }
    }
    char longest[256];
    memset(longest, 'A', sizeof longest);
    memcpy(longest, rows[0].begin, strlen(rows[0].begin));
    longest[strlen(rows[0].begin)] = '$';
    assert_true(password_is_hash(bytes_of(longest, PASSWORD_HASH_MAX - 1)));
    assert_false(password_is_hash(bytes_of(longest, PASSWORD_HASH_MAX)));
    assert_false(password_verify(bytes_of_text("zq0!zq0!"), bytes_of(longest, 100)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(length_is_in_bytes),
        cmocka_unit_test(bytes_are_visible_utf8),
        cmocka_unit_test(common_ones_are_refused_without_being_named),
        cmocka_unit_test(the_password_of_a_hash_is_told),
        cmocka_unit_test(another_cost_wants_another_hash),
        cmocka_unit_test(hashes_of_others_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
