// Addresses as 16 bytes: those of IPv4 as IPv6 maps them (RFC 4291 section 2.5.5.2).
#include "query/http/http_proxy.h"

#include "core/number.h"
#include "query/http/http_accept.h"

#include <arpa/inet.h>
#include <string.h>

enum { ADDRESS_BYTES = 16, V4_AT = 12, BITS_OF_V4 = 96, BITS = 128, BYTE_BITS = 8 };

struct network {
    uint8_t address[ADDRESS_BYTES];
    size_t bits;
};

static bool read_address(struct bytes text, uint8_t ret_address[static ADDRESS_BYTES],
                         bool *ret_is_v4)
{
    char copy[INET6_ADDRSTRLEN];
    if (text.size == 0 || text.size >= sizeof copy) {
        return false;
    }
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    memset(ret_address, 0, ADDRESS_BYTES);
    *ret_is_v4 = inet_pton(AF_INET, copy, ret_address + V4_AT) == 1;
    if (*ret_is_v4) {
        ret_address[V4_AT - 2] = UINT8_MAX;
        ret_address[V4_AT - 1] = UINT8_MAX;
        return true;
    }
    return inet_pton(AF_INET6, copy, ret_address) == 1;
}

static bool read_network(struct bytes text, struct network *ret_network)
{
    const uint8_t *slash = text.size > 0 ? memchr(text.data, '/', text.size) : NULL;
    size_t size = slash == NULL ? text.size : (size_t)(slash - text.data);
    bool is_v4 = false;
    if (!read_address(bytes_of(text.data, size), ret_network->address, &is_v4)) {
        return false;
    }
    int64_t own = is_v4 ? BITS - BITS_OF_V4 : BITS;
    int64_t bits = own;
    if (slash != NULL && (!number_read_int(bytes_of(slash + 1, text.size - size - 1), &bits) ||
                          bits < 0 || bits > own)) {
        return false;
    }
    ret_network->bits = (size_t)(bits + (is_v4 ? BITS_OF_V4 : 0));
    return true;
}

static bool contains(const struct network *network, const uint8_t address[static ADDRESS_BYTES])
{
    size_t whole = network->bits / BYTE_BITS;
    size_t rest = network->bits % BYTE_BITS;
    if (memcmp(network->address, address, whole) != 0) {
        return false;
    }
    unsigned mask = (unsigned)(UINT8_MAX << (BYTE_BITS - rest)) & UINT8_MAX;
    return rest == 0 || ((network->address[whole] ^ address[whole]) & mask) == 0;
}

sg_result http_proxy_check(const char *trusted)
{
    struct bytes rest = bytes_of_text(trusted);
    struct bytes each;
    struct network network;
    while (http_accept_next(&rest, &each)) {
        if (!read_network(each, &network)) {
            return sg_fail(SG_FATAL, 0,
                           "http.trusted_proxies: \"%.*s\" is no address and no network: write "
                           "10.0.0.1, 10.0.0.0/8 or fd00::/8",
                           (int)each.size, (const char *)each.data);
        }
    }
    return sg_ok();
}

static bool is_trusted(const char *trusted, const uint8_t address[static ADDRESS_BYTES])
{
    struct bytes rest = bytes_of_text(trusted);
    struct bytes each;
    struct network network;
    while (http_accept_next(&rest, &each)) {
        if (read_network(each, &network) && contains(&network, address)) {
            return true;
        }
    }
    return false;
}

// Cuts the last item off a list between commas.
static struct bytes cut_last(struct bytes *list)
{
    size_t from = list->size;
    while (from > 0 && list->data[from - 1] != ',') {
        from--;
    }
    struct bytes last = bytes_of(list->data + from, list->size - from);
    list->size = from > 0 ? from - 1 : 0;
    struct bytes trimmed = last;
    return http_accept_next(&last, &trimmed) ? trimmed : bytes_of(list->data, 0);
}

struct bytes http_proxy_client(const char *trusted, struct bytes peer, struct bytes forwarded_for)
{
    uint8_t address[ADDRESS_BYTES];
    bool is_v4 = false;
    struct bytes client = peer;
    while (read_address(client, address, &is_v4) && is_trusted(trusted, address) &&
           forwarded_for.size > 0) {
        struct bytes before = cut_last(&forwarded_for);
        if (!read_address(before, address, &is_v4)) {
            return client;
        }
        client = before;
    }
    return client;
}
