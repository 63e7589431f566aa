// Target: password_check() and password_is_hash(), over any bytes.
#include "core/utf8.h"
#include "query/auth/common_passwords.h"
#include "query/auth/password.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes text = bytes_of(data, size);
    sg_result result = password_check(text);
    assert(sg_is_ok(result) || result.class == SG_DROP);
    if (sg_is_ok(result)) {
        assert(size >= PASSWORD_BYTES_MIN && size <= PASSWORD_BYTES_MAX);
        assert(utf8_is_visible(text) && !common_passwords_have(text));
    }
    if (password_is_hash(text)) {
        assert(size < PASSWORD_HASH_MAX && memcmp(data, "$argon2id$", 10) == 0);
    }
    return 0;
}
