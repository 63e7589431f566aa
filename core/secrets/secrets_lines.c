// A reason never shows a word of the file, not even a name: columns may have been swapped.
#include "core/secrets/secrets_lines.h"

#include <sodium.h>
#include <string.h>

enum { HEX_CHARS = 2 * SECRETS_KEY_BYTES };

static const char identity_name[] = "identity";

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

// Takes the next word off the line; empty at its end.
static struct bytes take_word(struct bytes *line)
{
    size_t begin = 0;
    while (begin < line->size && is_blank(line->data[begin])) {
        begin++;
    }
    size_t end = begin;
    while (end < line->size && !is_blank(line->data[end])) {
        end++;
    }
    struct bytes word = bytes_of(line->data + begin, end - begin);
    *line = bytes_of(line->data + end, line->size - end);
    return word;
}

static bool is_name(struct bytes word)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    for (size_t i = 0; i < word.size; i++) {
        if (memchr(allowed, word.data[i], sizeof allowed - 1) == NULL) {
            return false;
        }
    }
    return word.size > 0 && word.size <= SECRETS_KID_MAX;
}

static bool read_key(struct bytes word, uint8_t ret_key[static SECRETS_KEY_BYTES])
{
    size_t size = 0;
    return word.size == HEX_CHARS &&
           sodium_hex2bin(ret_key, SECRETS_KEY_BYTES, (const char *)word.data, word.size, NULL,
                          &size, NULL) == 0 &&
           size == SECRETS_KEY_BYTES;
}

static bool is_known(const struct secrets *secrets, struct bytes name)
{
    if (bytes_is_text(name, identity_name)) {
        return secrets->has_identity;
    }
    for (size_t i = 0; i < secrets->key_count; i++) {
        if (bytes_is_text(name, secrets->keys[i].kid)) {
            return true;
        }
    }
    return false;
}

// Adds what a line says. Returns what is wrong with it, NULL for nothing.
static const char *add_line(struct secrets *secrets, struct bytes line)
{
    struct bytes name = take_word(&line);
    if (name.size == 0 || name.data[0] == '#') {
        return NULL;
    }
    struct bytes digits = take_word(&line);
    struct secret_key key = {.kid = ""};
    if (!is_name(name) || !read_key(digits, key.key) || take_word(&line).size > 0) {
        sodium_memzero(&key, sizeof key);
        return "a line is a name of up to 32 letters, digits, - or _, a blank and 64 hexadecimal "
               "digits";
    }
    const char *wrong = NULL;
    if (is_known(secrets, name)) {
        wrong = "a name comes twice: each key has its own";
    } else if (bytes_is_text(name, identity_name)) {
        memcpy(secrets->identity, key.key, sizeof key.key);
        secrets->has_identity = true;
    } else if (secrets->key_count == SECRETS_KEYS_MAX) {
        wrong = "there are more than 16 keys: remove the oldest, at the end";
    } else {
        memcpy(key.kid, name.data, name.size);
        secrets->keys[secrets->key_count++] = key;
    }
    sodium_memzero(&key, sizeof key);
    return wrong;
}

sg_result secrets_lines_read(struct bytes text, const char *path, struct secrets *secrets)
{
    size_t number = 0;
    while (text.size > 0) {
        const uint8_t *newline = memchr(text.data, '\n', text.size);
        size_t size = newline == NULL ? text.size : (size_t)(newline - text.data);
        number++;
        const char *wrong = add_line(secrets, bytes_of(text.data, size));
        if (wrong != NULL) {
            return sg_fail(SG_FATAL, 0, "secrets: %s:%zu: %s", path, number, wrong);
        }
        size_t taken = newline == NULL ? size : size + 1;
        text = bytes_of(text.data + taken, text.size - taken);
    }
    if (!secrets->has_identity) {
        return sg_fail(SG_FATAL, 0, "secrets: %s: has no line that begins with identity", path);
    }
    if (secrets->key_count == 0) {
        return sg_fail(SG_FATAL, 0,
                       "secrets: %s: has no key to sign with: add one with another name than "
                       "identity",
                       path);
    }
    return sg_ok();
}
