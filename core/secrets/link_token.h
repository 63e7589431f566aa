// What a link in a mail says without a log-in: whose alert it is about. Sealed with
// XChaCha20-Poly1305, so that nobody reads or changes it. Good as long as its key is in the
// secrets. The same ids and key give the same token, so that a mail sent again is the same mail.
#pragma once
#include "core/secrets/secrets.h"

enum {
    LINK_TOKEN_ID_MAX = 128, // Bytes of a user id or a subscription id.
    LINK_TOKEN_MAX = 398     // Characters of a token: of base64url, without padding.
};

struct link_target {
    char user_id[LINK_TOKEN_ID_MAX + 1];
    char subscription_id[LINK_TOKEN_ID_MAX + 1];
};

// Writes a token with an end. Fails: SG_DROP when an id is empty, longer than LINK_TOKEN_ID_MAX or
// holds a NUL. Any thread.
SG_RESULT link_token_make(const struct secrets *secrets, struct bytes user_id,
                          struct bytes subscription_id, char ret_token[static LINK_TOKEN_MAX + 1]);

// Reads what somebody sends. Fails: SG_DROP, always with the same reason. Any thread.
SG_RESULT link_token_read(const struct secrets *secrets, struct bytes token,
                          struct link_target *ret_target);
