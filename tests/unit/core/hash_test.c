// Hashes against values published by others.
#include "core/hash.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

// The vectors of the Java client's own test (UtilsTest.testMurmur2), with the sign bit cleared as
// its partitioner does.
static void murmur2_is_that_of_the_java_client(void **state)
{
    (void)state;
    const struct {
        const char *key;
        int32_t hash;
    } known[] = {
        {"21", -973932308},
        {"foobar", -790332482},
        {"a-little-bit-long-string", -985981536},
        {"a-little-bit-longer-string", -1486304829},
        {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
        {"abc", 479470107},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        uint32_t wanted = (uint32_t)known[i].hash & 0x7fffffffU;
        assert_int_equal(hash_murmur2(bytes_of_text(known[i].key)), wanted);
    }
}

static void murmur2_takes_bytes_as_unsigned_and_the_empty_key(void **state)
{
    (void)state;
    // By a second implementation, in Python with unbounded integers.
    assert_int_equal(hash_murmur2((struct bytes){NULL, 0}), 275646681);
    assert_int_not_equal(hash_murmur2(bytes_of("\x80", 1)), hash_murmur2(bytes_of("\x00", 1)));
}

// BLAKE2b with a digest of 128 bits, as Python's hashlib.blake2b(b"abc", digest_size=16).
static void identity_is_blake2b_128(void **state)
{
    (void)state;
    char text[HASH_IDENTITY_CHARS + 1];
    hash_identity(bytes_of_text("abc"), text);
    assert_string_equal(text, "cf4ab791c62b8d2b2109c90275287816");
    hash_identity((struct bytes){NULL, 0}, text);
    assert_string_equal(text, "cae66941d9efbd404e4d88758ea67670");
}

// XXH3-64 of the empty input with seed 0, from the specification's sanity checks.
static void table_hash_is_xxh3(void **state)
{
    (void)state;
    assert_true(hash_bytes((struct bytes){NULL, 0}) == 0x2D06800538D394C2U);
    assert_true(hash_bytes(bytes_of_text("a")) != hash_bytes(bytes_of_text("b")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(murmur2_is_that_of_the_java_client),
        cmocka_unit_test(murmur2_takes_bytes_as_unsigned_and_the_empty_key),
        cmocka_unit_test(identity_is_blake2b_128),
        cmocka_unit_test(table_hash_is_xxh3),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
