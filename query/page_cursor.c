// A cursor is base64url of a check over scope and key, then the key. The check catches mistakes, it
// keeps no secret: every key that it could be made for may be asked for anyway.
#include "query/page_cursor.h"

#include "core/hash.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

enum { CHECK_BYTES = 8, BINARY_MAX = CHECK_BYTES + PAGE_CURSOR_KEY_MAX };

static void make_check(struct bytes scope, struct bytes key, uint8_t check[static CHECK_BYTES])
{
    uint64_t parts[] = {hash_bytes(scope), hash_bytes(key)};
    uint64_t hash = hash_bytes(bytes_of(parts, sizeof parts));
    memcpy(check, &hash, CHECK_BYTES);
}

void page_cursor_print(struct bytes scope, struct bytes key,
                       char ret_text[static PAGE_CURSOR_TEXT_MAX])
{
    assert(key.size <= PAGE_CURSOR_KEY_MAX);
    uint8_t binary[BINARY_MAX];
    make_check(scope, key, binary);
    memcpy(binary + CHECK_BYTES, key.data, key.size);
    sodium_bin2base64(ret_text, PAGE_CURSOR_TEXT_MAX, binary, CHECK_BYTES + key.size,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

sg_result page_cursor_read(struct bytes scope, struct bytes text,
                           uint8_t ret_key[static PAGE_CURSOR_KEY_MAX], size_t *ret_size)
{
    uint8_t binary[BINARY_MAX];
    size_t size = 0;
    int status = sodium_base642bin(binary, sizeof binary, (const char *)text.data, text.size, NULL,
                                   &size, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    uint8_t check[CHECK_BYTES];
    bool whole = status == 0 && size >= CHECK_BYTES;
    if (whole) {
        make_check(scope, bytes_of(binary + CHECK_BYTES, size - CHECK_BYTES), check);
    }
    if (!whole || memcmp(binary, check, CHECK_BYTES) != 0) {
        return sg_fail(SG_DROP, 400,
                       "the cursor is not of this list: take it from \"next\" or the Link header, "
                       "and leave the other parameters as they were");
    }
    memcpy(ret_key, binary + CHECK_BYTES, size - CHECK_BYTES);
    *ret_size = size - CHECK_BYTES;
    return sg_ok();
}
