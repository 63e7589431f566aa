// Who is logged in: a JSON Web Token (RFC 7519) signed with HS256, the one algorithm there is.
// Nothing is stored: a token is good until it expires or its key leaves the secrets.
#pragma once
#include "core/secrets/secrets.h"
#include "query/auth/auth_settings.h"

enum {
    SESSION_TOKEN_MAX = 1024,   // Characters of a token; longer ones are refused unread.
    SESSION_USER_MAX = 128,     // Bytes of a user id.
    SESSION_ID_CHARS = 32,      // Of the jti.
    SESSION_TOKEN_LEEWAY_S = 60 // How far the clocks of two servers may differ.
};

// What a good token says; times in seconds since 1970, as in the token.
struct session {
    char user_id[SESSION_USER_MAX + 1];
    char token_id[SESSION_ID_CHARS + 1];
    int64_t issued_s;
    int64_t expires_s;
    int64_t logged_in_s;
};

struct session_token {
    char text[SESSION_TOKEN_MAX + 1];
    struct session session;
};

// What tokens are made and read with; both are borrowed. Threads may share it.
struct session_desk {
    const struct secrets *secrets;
    const struct auth_settings *settings;
};

// Makes the token of a log-in at `now_ms`, good for auth.token_life. Fails: SG_DROP when the user
// id is empty or too long, SG_RETRY without memory. Any thread.
SG_RESULT session_token_make(const struct session_desk *desk, struct bytes user_id, int64_t now_ms,
                             struct session_token *ret_token);

// Makes a new token for who holds a good one. It lives no longer than auth.session_life after the
// log-in. Fails: SG_DROP with code 401 when that has passed. Any thread.
SG_RESULT session_token_renew(const struct session_desk *desk, const struct session *session,
                              int64_t now_ms, struct session_token *ret_token);

// Reads what somebody sends behind "Bearer ". Fails: SG_DROP with code 401 and a reason for the
// client: that it has expired, or that it is not valid. Any thread.
SG_RESULT session_token_read(const struct session_desk *desk, struct bytes token, int64_t now_ms,
                             struct session *ret_session);
