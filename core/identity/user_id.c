// Hashes keyed for a purpose, in hexadecimal digits.
#include "core/identity/user_id.h"
#include "core/identity/mail_address.h"

#include <sodium.h>

enum { HASH_BYTES = 16 };

_Static_assert(USER_ID_CHARS == 1 + 2 * HASH_BYTES && USER_ID_FINGERPRINT_CHARS == 2 * HASH_BYTES,
               "a hash fits");

sg_result user_id_make(const struct secrets *secrets, struct bytes email,
                       char ret_id[static USER_ID_CHARS + 1])
{
    char address[MAIL_ADDRESS_MAX + 1];
    uint8_t hash[HASH_BYTES];
    SG_TRY(mail_address_normalise(email, address));
    struct bytes part = bytes_of_text(address);
    secrets_hash(secrets, "user", (struct secrets_parts){&part, 1}, hash, sizeof hash);
    ret_id[0] = 'u';
    sodium_bin2hex(ret_id + 1, USER_ID_CHARS, hash, sizeof hash);
    return sg_ok();
}

void user_id_fingerprint(const struct secrets *secrets, struct bytes method, struct bytes path,
                         struct bytes body, char ret_text[static USER_ID_FINGERPRINT_CHARS + 1])
{
    const struct bytes parts[] = {method, path, body};
    uint8_t hash[HASH_BYTES];
    secrets_hash(secrets, "fingerprint", (struct secrets_parts){parts, 3}, hash, sizeof hash);
    sodium_bin2hex(ret_text, USER_ID_FINGERPRINT_CHARS + 1, hash, sizeof hash);
}
