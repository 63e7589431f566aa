// Argon2id by libsodium, in the text form that the reference implementation writes.
#include "query/auth/password.h"

#include "core/utf8.h"
#include "query/auth/common_passwords.h"

#include <sodium.h>
#include <string.h>

enum { KIB = 1024, LANES_MAX = 16, DIGITS_MAX = 9 };

_Static_assert(PASSWORD_HASH_MAX == crypto_pwhash_STRBYTES, "a hash fits");

sg_result password_check(struct bytes password)
{
    if (password.size < PASSWORD_BYTES_MIN || password.size > PASSWORD_BYTES_MAX) {
        return sg_fail(SG_DROP, 0, "a password has %d to %d bytes", PASSWORD_BYTES_MIN,
                       PASSWORD_BYTES_MAX);
    }
    if (!utf8_is_visible(password)) {
        return sg_fail(SG_DROP, 0, "a password is UTF-8 without control characters");
    }
    if (common_passwords_have(password)) {
        return sg_fail(SG_DROP, 0,
                       "this is one of the most common passwords, which are tried first: choose "
                       "another one");
    }
    return sg_ok();
}

sg_result password_hash(struct bytes password, const struct password_cost *cost,
                        char ret_hash[static PASSWORD_HASH_MAX])
{
    if (crypto_pwhash_str_alg(ret_hash, (const char *)password.data, password.size, cost->passes,
                              cost->memory_bytes, crypto_pwhash_ALG_ARGON2ID13) != 0) {
        return sg_fail(SG_RETRY, 0, "no memory to hash a password");
    }
    return sg_ok();
}

// Takes `text` off the start.
static bool take_text(struct bytes *rest, const char *text)
{
    struct bytes wanted = bytes_of_text(text);
    if (rest->size < wanted.size || memcmp(rest->data, wanted.data, wanted.size) != 0) {
        return false;
    }
    *rest = bytes_of(rest->data + wanted.size, rest->size - wanted.size);
    return true;
}

// Takes a number between 1 and `max` off the start.
static bool take_number(struct bytes *rest, unsigned long max)
{
    unsigned long number = 0;
    size_t digits = 0;
    while (digits < rest->size && digits < DIGITS_MAX && rest->data[digits] >= '0' &&
           rest->data[digits] <= '9') {
        number = number * 10 + (unsigned long)(rest->data[digits] - '0');
        digits++;
    }
    *rest = bytes_of(rest->data + digits, rest->size - digits);
    return number >= 1 && number <= max;
}

bool password_is_hash(struct bytes hash)
{
    return hash.size < PASSWORD_HASH_MAX && take_text(&hash, "$argon2id$v=19$m=") &&
           take_number(&hash, PASSWORD_MEMORY_MAX / KIB) && take_text(&hash, ",t=") &&
           take_number(&hash, PASSWORD_PASSES_MAX) && take_text(&hash, ",p=") &&
           take_number(&hash, LANES_MAX) && take_text(&hash, "$") &&
           memchr(hash.data, '\0', hash.size) == NULL;
}

// Copies a hash that is one, with the end that libsodium wants.
static bool copy_hash(struct bytes hash, char ret_text[static PASSWORD_HASH_MAX])
{
    if (!password_is_hash(hash)) {
        return false;
    }
    memcpy(ret_text, hash.data, hash.size);
    memset(ret_text + hash.size, 0, PASSWORD_HASH_MAX - hash.size);
    return true;
}

bool password_verify(struct bytes password, struct bytes hash)
{
    char text[PASSWORD_HASH_MAX];
    return copy_hash(hash, text) &&
           crypto_pwhash_str_verify(text, (const char *)password.data, password.size) == 0;
}

bool password_needs_rehash(struct bytes hash, const struct password_cost *cost)
{
    char text[PASSWORD_HASH_MAX];
    return !copy_hash(hash, text) ||
           crypto_pwhash_str_needs_rehash(text, cost->passes, cost->memory_bytes) != 0;
}
