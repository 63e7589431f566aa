// IPv6 networks are handed out by 64 bits and more, so that an address alone would be no limit.
#include "query/auth/login_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

enum { KIND_OTHER = 0, KIND_4 = 4, KIND_6 = 6, NETWORK_BYTES = 8, MAPPED_AT = 12 };

static struct login_address of_4(const void *address)
{
    struct login_address result = {.bytes = {KIND_4}};
    memcpy(result.bytes + 1, address, sizeof(struct in_addr));
    return result;
}

static struct login_address of_6(const struct in6_addr *address)
{
    if (IN6_IS_ADDR_V4MAPPED(address)) {
        return of_4(address->s6_addr + MAPPED_AT);
    }
    struct login_address result = {.bytes = {KIND_6}};
    memcpy(result.bytes + 1, address->s6_addr, NETWORK_BYTES);
    return result;
}

struct login_address login_address_of(const struct sockaddr *socket)
{
    if (socket != NULL && socket->sa_family == AF_INET) {
        struct sockaddr_in whole;
        memcpy(&whole, socket, sizeof whole);
        return of_4(&whole.sin_addr);
    }
    if (socket != NULL && socket->sa_family == AF_INET6) {
        struct sockaddr_in6 whole;
        memcpy(&whole, socket, sizeof whole);
        return of_6(&whole.sin6_addr);
    }
    return (struct login_address){.bytes = {KIND_OTHER}};
}

bool login_address_read(struct bytes text, struct login_address *ret_address)
{
    char word[INET6_ADDRSTRLEN];
    if (text.size == 0 || text.size >= sizeof word || memchr(text.data, '\0', text.size) != NULL) {
        return false;
    }
    memcpy(word, text.data, text.size);
    word[text.size] = '\0';
    struct in_addr four;
    if (inet_pton(AF_INET, word, &four) == 1) {
        *ret_address = of_4(&four);
        return true;
    }
    struct in6_addr six;
    if (inet_pton(AF_INET6, word, &six) == 1) {
        *ret_address = of_6(&six);
        return true;
    }
    return false;
}
