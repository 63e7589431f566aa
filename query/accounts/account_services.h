// What the routes of accounts work with. All of it allows any thread.
#pragma once
#include "query/commands/command_desk.h"
#include "query/auth/login_limit.h"
#include "query/auth/password_desk.h"
#include "query/auth/session_token.h"
#include "query/http/http_response.h"

struct account_services {
    struct view_store *store;
    const struct secrets *secrets;
    const struct auth_settings *auth;
    struct password_desk *passwords;
    struct login_limit *logins;
    struct command_desk *commands; // NULL where nothing is changed.
    bool market_is_private;        // Market data is for users alone.
};

// Counts an attempt that costs a password's hash, for the account (empty: none) and the client's
// address. Fails: SG_DROP 429 with Retry-After in the response when there were too many. Any
// thread.
SG_RESULT account_services_attempt(const struct account_services *services,
                                   const struct http_request *request, struct bytes account,
                                   struct http_response *response,
                                   struct login_attempt *ret_attempt);
