// Digests against those of Python's hashlib.blake2b(data, digest_size=32).
#include "core/digest.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

static const char abc[] = "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319";

static void it_is_blake2b_256(void **state)
{
    (void)state;
    char text[DIGEST_CHARS + 1];
    digest_text(bytes_of_text("abc"), text);
    assert_string_equal(text, abc);
    digest_text((struct bytes){NULL, 0}, text);
    assert_string_equal(text, "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
    uint8_t many[256 * 5];
    for (size_t i = 0; i < sizeof many; i++) {
        many[i] = (uint8_t)i;
    }
    digest_text(bytes_of(many, sizeof many), text);
    assert_string_equal(text, "82628cbfc9689e234b0923a531f4578fe2e7138a03e2f81ed6cde97517336650");
}

static void pieces_are_the_whole(void **state)
{
    (void)state;
    struct digest digest;
    uint8_t hash[DIGEST_BYTES];
    char text[DIGEST_CHARS + 1];
    digest_begin(&digest);
    digest_add(&digest, bytes_of_text("a"));
    digest_add(&digest, (struct bytes){NULL, 0});
    digest_add(&digest, bytes_of_text("bc"));
    digest_end(&digest, hash);
    digest_print(hash, text);
    assert_string_equal(text, abc);
}

static void numbers_have_the_highest_byte_first(void **state)
{
    (void)state;
    struct digest digest;
    uint8_t hash[DIGEST_BYTES];
    char text[DIGEST_CHARS + 1];
    digest_begin(&digest);
    digest_add_number(&digest, 0x01020304, 4);
    digest_add(&digest, bytes_of_text("abc"));
    digest_end(&digest, hash);
    digest_print(hash, text);
    assert_string_equal(text, "9f000b71f94e4242653cb9210f76fb0ebef050bcd013be2893c23ebc8e33dcee");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_blake2b_256),
        cmocka_unit_test(pieces_are_the_whole),
        cmocka_unit_test(numbers_have_the_highest_byte_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
