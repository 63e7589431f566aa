// Who somebody is on Kafka: a keyed hash of the e-mail address, so that one address is one user
// and a key says nothing of it. And the fingerprint that tells one request from another.
#pragma once
#include "core/secrets/secrets.h"

enum { USER_ID_CHARS = 33, USER_ID_FINGERPRINT_CHARS = 32 };

// "u" and 32 hexadecimal digits, and an end: BLAKE2b-128 (purpose "user") of the address without
// blanks around it and in lower case, which must be one by mail_address_check(). Fails: SG_DROP
// saying what is wrong with the address. Any thread.
SG_RESULT user_id_make(const struct secrets *secrets, struct bytes email,
                       char ret_id[static USER_ID_CHARS + 1]);

// 32 hexadecimal digits and an end: BLAKE2b-128 (purpose "fingerprint") of the three, each with its
// length before it. Equal for the same request, and tells nothing of a password in it. Any thread.
void user_id_fingerprint(const struct secrets *secrets, struct bytes method, struct bytes path,
                         struct bytes body, char ret_text[static USER_ID_FINGERPRINT_CHARS + 1]);
