// Every key that is used is BLAKE2b of its purpose's name, keyed with a key of the file: the file's
// own keys do nothing else.
#include "core/secrets/secrets.h"
#include "core/secrets/secrets_file.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

static const struct option options[] = {
    {"secrets.file", OPTION_TEXT, offsetof(struct secrets_settings, file), "", 0, 0, NULL,
     "File of the keys that all processes share; empty: <state.dir>/secrets, made when it is not "
     "there."},
};
struct option_table secrets_options(struct secrets_settings *target)
{
    return (struct option_table){"Secrets", options, sizeof options / sizeof options[0], target,
                                 false};
}

// `may_make`: a missing file is made.
static sg_result open_file(const char *path, bool may_make, struct secrets **ret_secrets)
{
    if (sodium_init() < 0) {
        return sg_fail(SG_FATAL, 0, "secrets: the system gives no random numbers");
    }
    SG_CLEANUP(secrets_close) struct secrets *secrets = sodium_malloc(sizeof *secrets);
    if (secrets == NULL) {
        return sg_fail(SG_FATAL, 0, "secrets: out of memory");
    }
    memset(secrets, 0, sizeof *secrets);
    bool missing = false;
    SG_TRY(secrets_file_read(path, secrets, &missing));
    if (missing && may_make) {
        SG_TRY(secrets_file_make(path));
        SG_TRY(secrets_file_read(path, secrets, &missing));
    }
    if (missing) {
        return sg_fail(SG_FATAL, 0,
                       "secrets: there is no %s: secrets.file names a file with your keys, which "
                       "docs/accounts.md tells how to make",
                       path);
    }
    sodium_mprotect_readonly(secrets);
    *ret_secrets = SG_MOVE(secrets);
    return sg_ok();
}

sg_result secrets_open(const char *path, struct secrets **ret_secrets)
{
    return open_file(path, true, ret_secrets);
}

sg_result secrets_open_by(const struct secrets_settings *settings, const char *state_dir,
                          struct secrets **ret_secrets)
{
    if (settings->file[0] != '\0') {
        return open_file(settings->file, false, ret_secrets);
    }
    char path[SECRETS_PATH_MAX];
    int size = snprintf(path, sizeof path, "%s/secrets", state_dir);
    if (size < 0 || (size_t)size >= sizeof path) {
        return sg_fail(SG_FATAL, 0, "secrets: the path of the state folder is too long");
    }
    return secrets_open(path, ret_secrets);
}

void secrets_close(struct secrets **secrets)
{
    sodium_free(*secrets); // Wipes, and accepts NULL.
    *secrets = NULL;
}

static void derive(const uint8_t key[static SECRETS_KEY_BYTES], const char *purpose,
                   uint8_t ret_key[static SECRETS_KEY_BYTES])
{
    crypto_generichash(ret_key, SECRETS_KEY_BYTES, (const uint8_t *)purpose, strlen(purpose), key,
                       SECRETS_KEY_BYTES);
}

void secrets_derive(const struct secrets *secrets, const char *purpose,
                    uint8_t ret_key[static SECRETS_KEY_BYTES])
{
    derive(secrets->identity, purpose, ret_key);
}

static void add_length(crypto_generichash_state *state, uint64_t length)
{
    uint8_t bytes[sizeof length];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(length >> (8 * (sizeof bytes - 1 - i)));
    }
    crypto_generichash_update(state, bytes, sizeof bytes);
}

void secrets_hash(const struct secrets *secrets, const char *purpose, struct secrets_parts parts,
                  uint8_t *ret_hash, size_t size)
{
    uint8_t key[SECRETS_KEY_BYTES];
    crypto_generichash_state state;
    secrets_derive(secrets, purpose, key);
    crypto_generichash_init(&state, key, sizeof key, size);
    for (size_t i = 0; i < parts.count; i++) {
        if (parts.count > 1) {
            add_length(&state, parts.parts[i].size);
        }
        crypto_generichash_update(&state, parts.parts[i].data, parts.parts[i].size);
    }
    crypto_generichash_final(&state, ret_hash, size);
    sodium_memzero(key, sizeof key);
    sodium_memzero(&state, sizeof state);
}

void secrets_sign_key(const struct secrets *secrets, const char *purpose, const char **ret_kid,
                      uint8_t ret_key[static SECRETS_KEY_BYTES])
{
    *ret_kid = secrets->keys[0].kid;
    derive(secrets->keys[0].key, purpose, ret_key);
}

bool secrets_find(const struct secrets *secrets, const char *purpose, struct bytes kid,
                  uint8_t ret_key[static SECRETS_KEY_BYTES])
{
    for (size_t i = 0; i < secrets->key_count; i++) {
        if (bytes_is_text(kid, secrets->keys[i].kid)) {
            derive(secrets->keys[i].key, purpose, ret_key);
            return true;
        }
    }
    return false;
}

const char *secrets_kid(const struct secrets *secrets, size_t index)
{
    return index < secrets->key_count ? secrets->keys[index].kid : NULL;
}
