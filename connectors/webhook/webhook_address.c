// By IANA's registries of special-purpose addresses (RFC 6890 and what followed). IPv6 is public
// where it is handed out: 2000::/3, with exceptions.
#include "connectors/webhook/webhook_address.h"

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct block4 {
    uint32_t base;
    unsigned bits;
};

static const struct block4 special4[] = {
    {0x00000000, 8},  // This network, unspecified
    {0x0A000000, 8},  // Private
    {0x64400000, 10}, // Shared by providers; also a cloud's metadata, 100.100.100.200
    {0x7F000000, 8},  // Loopback
    {0xA83F8110, 32}, // 168.63.129.16, a cloud's host
    {0xA9FE0000, 16}, // Link-local; also metadata, 169.254.169.254
    {0xAC100000, 12}, // Private
    {0xC0000000, 24}, // Protocol assignments; also metadata, 192.0.0.192
    {0xC0000200, 24}, // Documentation
    {0xC0586300, 24}, // 6to4 relays
    {0xC0A80000, 16}, // Private
    {0xC6120000, 15}, // Benchmarks
    {0xC6336400, 24}, // Documentation
    {0xCB007100, 24}, // Documentation
    {0xE0000000, 4},  // Multicast
    {0xF0000000, 4},  // Reserved, broadcast
};

struct block6 {
    uint8_t base[4];
    unsigned bits; // At most 32.
};

static const struct block6 public6 = {{0x20, 0x00}, 3};
static const struct block6 special6[] = {
    {{0x20, 0x01, 0x00, 0x00}, 23}, // Protocol assignments: Teredo, benchmarks, ORCHID
    {{0x20, 0x01, 0x0D, 0xB8}, 32}, // Documentation
    {{0x20, 0x02, 0x00, 0x00}, 16}, // 6to4
    {{0x3F, 0xFF, 0x00, 0x00}, 20}, // Documentation
};

static bool is_in(uint32_t address, uint32_t base, unsigned bits)
{
    return (address ^ base) >> (32 - bits) == 0;
}

static uint32_t word_of(const uint8_t bytes[static 4])
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
           (uint32_t)bytes[3];
}

static bool is_public4(uint32_t address)
{
    for (size_t i = 0; i < sizeof special4 / sizeof special4[0]; i++) {
        if (is_in(address, special4[i].base, special4[i].bits)) {
            return false;
        }
    }
    return true;
}

static bool is_public6(const uint8_t address[static 16])
{
    uint32_t first = word_of(address);
    for (size_t i = 0; i < sizeof special6 / sizeof special6[0]; i++) {
        if (is_in(first, word_of(special6[i].base), special6[i].bits)) {
            return false;
        }
    }
    return is_in(first, word_of(public6.base), public6.bits);
}

bool webhook_address_is_public(const struct sockaddr *address)
{
    // Copied, since what libcurl hands over need not be aligned for them.
    if (address->sa_family == AF_INET) {
        struct sockaddr_in ip4;
        memcpy(&ip4, address, sizeof ip4);
        return is_public4(ntohl(ip4.sin_addr.s_addr));
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 ip6;
        memcpy(&ip6, address, sizeof ip6);
        return is_public6(ip6.sin6_addr.s6_addr);
    }
    return false;
}
