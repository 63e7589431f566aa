// Strict on purpose: every token that comes in is one that went out.
#include "query/auth/token_frame.h"

#include "core/json_reader.h"
#include "query/auth/session_token.h"

#include <sodium.h>
#include <string.h>

enum { SIGNATURE_BYTES = 32, HEADER_BYTES_MAX = 256, ARENA_BYTES = 1024 };

struct header {
    bool has_algorithm;
    bool has_type;
    bool has_kid;
    struct bytes kid;
};

// Cuts the part before the next dot, or the rest, off the start.
static struct bytes take_part(struct bytes *rest)
{
    const uint8_t *dot = rest->size == 0 ? NULL : memchr(rest->data, '.', rest->size);
    size_t size = dot == NULL ? rest->size : (size_t)(dot - rest->data);
    struct bytes part = bytes_of(rest->data, size);
    size_t taken = dot == NULL ? size : size + 1;
    *rest = bytes_of(rest->data + taken, rest->size - taken);
    return part;
}

// The one way to write the bytes: no padding, no blanks, no bits left over.
static bool decode(struct bytes part, uint8_t *ret_data, size_t capacity, size_t *ret_size)
{
    return sodium_base642bin(ret_data, capacity, (const char *)part.data, part.size, NULL, ret_size,
                             NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0;
}

// Reads a text and tells in `*seen` that it was there; false when it was there before.
static sg_result read_text(struct json_reader *reader, bool *seen, struct bytes *ret_text)
{
    enum json_reader_kind kind;
    SG_TRY(json_reader_peek(reader, &kind));
    if (*seen || kind != JSON_READER_STRING) {
        return sg_fail(SG_DROP, 0, "a member of the header is no text or comes twice");
    }
    *seen = true;
    return json_reader_string(reader, ret_text);
}

static sg_result read_member(struct json_reader *reader, struct bytes name, struct header *header)
{
    struct bytes text = {NULL, 0};
    bool good = false;
    if (bytes_is_text(name, "alg")) {
        SG_TRY(read_text(reader, &header->has_algorithm, &text));
        good = bytes_is_text(text, "HS256");
    } else if (bytes_is_text(name, "typ")) {
        SG_TRY(read_text(reader, &header->has_type, &text));
        good = bytes_is_text(text, "JWT");
    } else if (bytes_is_text(name, "kid")) {
        SG_TRY(read_text(reader, &header->has_kid, &header->kid));
        good = header->kid.size > 0 && header->kid.size <= SECRETS_KID_MAX;
    }
    return good ? sg_ok() : sg_fail(SG_DROP, 0, "the header is not one of ours");
}

static sg_result read_header(struct bytes text, struct arena *arena, struct header *header)
{
    struct json_reader reader;
    enum json_reader_kind kind;
    bool has = false;
    struct bytes name = {NULL, 0};
    json_reader_start(&reader, text, arena);
    SG_TRY(json_reader_peek(&reader, &kind));
    if (kind != JSON_READER_OBJECT) {
        return sg_fail(SG_DROP, 0, "the header is no object");
    }
    SG_TRY(json_reader_enter(&reader));
    SG_TRY(json_reader_member(&reader, &has, &name));
    while (has) {
        SG_TRY(read_member(&reader, name, header));
        SG_TRY(json_reader_member(&reader, &has, &name));
    }
    return json_reader_end(&reader);
}

static bool check_header(struct bytes part, char ret_kid[static SECRETS_KID_MAX + 1])
{
    uint8_t text[HEADER_BYTES_MAX];
    size_t size = 0;
    struct header header = {.has_algorithm = false};
    SG_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_BYTES);
    if (arena == NULL || !decode(part, text, sizeof text, &size) ||
        !sg_is_ok(read_header(bytes_of(text, size), arena, &header)) || !header.has_algorithm ||
        !header.has_kid) {
        return false;
    }
    memcpy(ret_kid, header.kid.data, header.kid.size);
    ret_kid[header.kid.size] = '\0';
    return true;
}

bool token_frame_check(struct bytes token, char ret_kid[static SECRETS_KID_MAX + 1])
{
    if (token.size > SESSION_TOKEN_MAX) {
        return false;
    }
    uint8_t bytes[SESSION_TOKEN_MAX];
    size_t size = 0;
    struct bytes header = take_part(&token);
    struct bytes claims = take_part(&token);
    // The signature is the rest: a fourth part would be a dot, which is no base64url.
    bool good = claims.size > 0 && decode(claims, bytes, sizeof bytes, &size) &&
                decode(token, bytes, sizeof bytes, &size) && size == SIGNATURE_BYTES;
    return good && check_header(header, ret_kid);
}
