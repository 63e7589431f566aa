// Target: webhook_url_read(). What is taken is https with a host and no user, and reads as the same
// again.
#include "connectors/webhook/webhook_url.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct webhook_url url;
    if (!sg_is_ok(webhook_url_read(bytes_of(data, size), false, &url))) {
        return 0;
    }
    assert(strncasecmp(url.text, "https://", 8) == 0);
    assert(url.host[0] != 0);
    size_t authority = strcspn(url.text + 8, "/?#");
    assert(memchr(url.text + 8, '@', authority) == NULL);
    for (size_t i = 0; url.text[i] != 0; i++) {
        assert(url.text[i] > 0x20 && url.text[i] < 0x7F);
    }
    struct webhook_url again;
    assert(sg_is_ok(webhook_url_read(bytes_of_text(url.text), false, &again)));
    assert(strcmp(again.text, url.text) == 0 && strcmp(again.host, url.host) == 0);
    return 0;
}
