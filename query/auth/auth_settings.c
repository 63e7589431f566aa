// The limits of a hash's cost are those of password_is_hash(): what we make, we verify.
#include "query/auth/auth_settings.h"
#include "query/auth/password.h"

static const struct option options[] = {
    {"auth.password_memory", OPTION_SIZE, offsetof(struct auth_settings, password_memory), "19MiB",
     8192, PASSWORD_MEMORY_MAX, NULL, "Memory that one Argon2id hash of a password takes."},
    {"auth.password_passes", OPTION_INT, offsetof(struct auth_settings, password_passes), "2", 1,
     PASSWORD_PASSES_MAX, NULL, "Passes over that memory."},
    {"auth.password_threads", OPTION_INT, offsetof(struct auth_settings, password_threads), "1", 1,
     16, NULL, "Threads that hash passwords; each takes the memory of one hash."},
    {"auth.password_waiting", OPTION_INT, offsetof(struct auth_settings, password_waiting), "64", 1,
     10000, NULL, "Most passwords that wait to be hashed; more are answered with 503."},
    {"auth.token_life", OPTION_DURATION, offsetof(struct auth_settings, token_life_ms), "15m", 1000,
     86400000, NULL, "How long a token is good for."},
    {"auth.session_life", OPTION_DURATION, offsetof(struct auth_settings, session_life_ms), "12h",
     1000, 2592000000, NULL, "How long after a log-in a token may be exchanged for a new one."},
    {"auth.attempts", OPTION_INT, offsetof(struct auth_settings, attempts), "10", 1, 10000, NULL,
     "Log-ins that may fail for one account in 15 minutes."},
    {"auth.address_attempts", OPTION_INT, offsetof(struct auth_settings, address_attempts), "100",
     1, 100000, NULL, "Log-ins that may be tried from one address in 15 minutes."},
    {"auth.market_data", OPTION_CHOICE, offsetof(struct auth_settings, market_data), "public", 0, 0,
     "public|private", "Who reads instruments and their values: everybody, or users alone."},
};

struct option_table auth_options(struct auth_settings *target)
{
    return (struct option_table){"Log-ins", options, sizeof options / sizeof options[0], target,
                                 false};
}
