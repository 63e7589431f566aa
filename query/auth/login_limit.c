// A cell is the time until which it is busy: each attempt adds its share of the window, and what is
// not in the future is empty. The emptiest cell of a name counts, since strangers can only add.
// What is given back is what was added, no more, so that nobody's success frees a stranger.
#include "query/auth/login_limit.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 4, CELLS = 32768, WINDOW_MS = 15 * 60 * 1000, MS_PER_S = 1000 };

_Static_assert((CELLS & (CELLS - 1)) == 0, "an index is some bits of a hash");

enum kind { KIND_ACCOUNT, KIND_ADDRESS, KIND_COUNT };

struct login_limit {
    const struct auth_settings *settings;
    pthread_mutex_t lock;
    uint8_t key[crypto_generichash_KEYBYTES];
    int64_t busy_until_ms[KIND_COUNT][ROWS][CELLS];
};

// The cells of a name.
struct place {
    int64_t *cells[ROWS];
    int64_t share_ms; // Of one attempt.
    int64_t full_ms;  // Of all that there may be.
};

sg_result login_limit_new(const struct auth_settings *settings, struct login_limit **ret_limit)
{
    struct login_limit *limit = calloc(1, sizeof *limit);
    if (limit == NULL || sodium_init() < 0) {
        free(limit);
        return sg_fail(SG_FATAL, 0, "log-ins: out of memory or random numbers");
    }
    limit->settings = settings;
    pthread_mutex_init(&limit->lock, NULL);
    randombytes_buf(limit->key, sizeof limit->key);
    *ret_limit = limit;
    return sg_ok();
}

void login_limit_free(struct login_limit **limit)
{
    if (*limit != NULL) {
        pthread_mutex_destroy(&(*limit)->lock);
    }
    free(*limit);
    *limit = NULL;
}

static struct place place_of(struct login_limit *limit, enum kind kind, struct bytes name)
{
    uint32_t hash[ROWS];
    crypto_generichash((uint8_t *)hash, sizeof hash, name.data, name.size, limit->key,
                       sizeof limit->key);
    int64_t attempts =
        kind == KIND_ACCOUNT ? limit->settings->attempts : limit->settings->address_attempts;
    int64_t share_ms = (WINDOW_MS + attempts - 1) / attempts;
    struct place place = {.share_ms = share_ms, .full_ms = share_ms * attempts};
    for (size_t row = 0; row < ROWS; row++) {
        place.cells[row] = &limit->busy_until_ms[kind][row][hash[row] % CELLS];
    }
    return place;
}

// How long until the name may try, 0 or less for now.
static int64_t wait_ms(const struct place *place, int64_t now_ms)
{
    int64_t least_ms = *place->cells[0];
    for (size_t row = 1; row < ROWS; row++) {
        if (*place->cells[row] < least_ms) {
            least_ms = *place->cells[row];
        }
    }
    return least_ms + place->share_ms - place->full_ms - now_ms;
}

static void add(const struct place *place, int64_t now_ms)
{
    for (size_t row = 0; row < ROWS; row++) {
        int64_t begin_ms = *place->cells[row] > now_ms ? *place->cells[row] : now_ms;
        *place->cells[row] = begin_ms + place->share_ms;
    }
}

static void take_back(const struct place *place)
{
    for (size_t row = 0; row < ROWS; row++) {
        *place->cells[row] -= place->share_ms;
    }
}

static struct bytes name_of(const struct login_address *address)
{
    return bytes_of(address->bytes, sizeof address->bytes);
}

int64_t login_limit_take(struct login_limit *limit, const struct login_attempt *attempt,
                         int64_t now_ms)
{
    bool has_account = attempt->account.size > 0;
    pthread_mutex_lock(&limit->lock);
    struct place account = place_of(limit, KIND_ACCOUNT, attempt->account);
    struct place address = place_of(limit, KIND_ADDRESS, name_of(&attempt->address));
    int64_t longest_ms = wait_ms(&address, now_ms);
    if (has_account && wait_ms(&account, now_ms) > longest_ms) {
        longest_ms = wait_ms(&account, now_ms);
    }
    if (longest_ms <= 0) {
        add(&address, now_ms);
        if (has_account) {
            add(&account, now_ms);
        }
    }
    pthread_mutex_unlock(&limit->lock);
    return longest_ms <= 0 ? 0 : (longest_ms + MS_PER_S - 1) / MS_PER_S;
}

void login_limit_succeeded(struct login_limit *limit, const struct login_attempt *attempt)
{
    if (attempt->account.size == 0) {
        return;
    }
    pthread_mutex_lock(&limit->lock);
    struct place account = place_of(limit, KIND_ACCOUNT, attempt->account);
    take_back(&account);
    pthread_mutex_unlock(&limit->lock);
}

void login_limit_give_back(struct login_limit *limit, const struct login_attempt *attempt)
{
    login_limit_succeeded(limit, attempt);
    pthread_mutex_lock(&limit->lock);
    struct place address = place_of(limit, KIND_ADDRESS, name_of(&attempt->address));
    take_back(&address);
    pthread_mutex_unlock(&limit->lock);
}
