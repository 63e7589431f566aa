// Target: secrets_lines_read(), over any text.
#include "core/secrets/secrets_lines.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct secrets secrets = {.has_identity = false};
    sg_result result = secrets_lines_read(bytes_of(data, size), "file", &secrets);
    assert(secrets.key_count <= SECRETS_KEYS_MAX);
    if (!sg_is_ok(result)) {
        assert(result.class == SG_FATAL && strlen(sg_reason()) < 200);
        return 0;
    }
    assert(secrets.has_identity && secrets.key_count > 0);
    for (size_t i = 0; i < secrets.key_count; i++) {
        size_t length = strlen(secrets.keys[i].kid);
        assert(length > 0 && length <= SECRETS_KID_MAX);
        assert(strcmp(secrets.keys[i].kid, "identity") != 0);
    }
    return 0;
}
