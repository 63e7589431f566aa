// How often one may try to log in: so often an account, so often an address, in 15 minutes, with
// one attempt more each 15 minutes / limit. Accounts that do not exist count as others do.
//
// Nothing is ever forgotten to make room. Attempts are counted in 4 rows of 32,768 cells, for
// accounts and for addresses (2 MiB in all); a name has one cell in each row, by a hash whose key
// is this process's own, and its emptiest cell counts. So memory is bounded whatever is sent, and
// what others send can make a name wait longer, never shorter. The price: a name is refused
// without fault when strangers filled all four of its cells. With n blocked names that befalls one
// in (32768 / n)^4 others: one in a million with 1,000 blocked.
#pragma once
#include "core/result.h"
#include "query/auth/auth_settings.h"
#include "query/auth/login_address.h"

struct login_limit;

// What tries: the account by its user id (empty where there is none, as in a registration) and the
// address of the client.
struct login_attempt {
    struct bytes account;
    struct login_address address;
};

// Fails: SG_FATAL without memory. The settings must outlive it. The caller ends it with
// login_limit_free().
SG_RESULT login_limit_new(const struct auth_settings *settings, struct login_limit **ret_limit);

// Frees and sets `*limit` to NULL. Accepts NULL.
void login_limit_free(struct login_limit **limit);

// Counts one attempt and returns 0; or counts nothing and returns the seconds after which the next
// one may come, at least 1: answer 429 with Retry-After. `now_ms` of a clock that does not go back
// (clock_monotonic_us() / 1000). Any thread.
int64_t login_limit_take(struct login_limit *limit, const struct login_attempt *attempt,
                         int64_t now_ms);

// The attempt was a success: the account has it back, the address has not. Once for an attempt that
// was taken. Any thread.
void login_limit_succeeded(struct login_limit *limit, const struct login_attempt *attempt);

// Nothing was tried after all, since the password desk was full: both have it back. Once for an
// attempt that was taken. Any thread.
void login_limit_give_back(struct login_limit *limit, const struct login_attempt *attempt);
