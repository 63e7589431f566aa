// Addresses to listen at.
#include "query/http/http_address.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

enum { HOST_MAX = 256 };

// Copies the host without its brackets; false when it is too long or the brackets are broken.
static bool copy_host(const char *text, size_t size, char host[static HOST_MAX])
{
    bool bracket = size > 0 && text[0] == '[';
    if (bracket && text[size - 1] != ']') {
        return false;
    }
    size_t skip = bracket ? 1 : 0;
    if (size - 2 * skip >= HOST_MAX) {
        return false;
    }
    snprintf(host, HOST_MAX, "%.*s", (int)(size - 2 * skip), text + skip);
    return bracket || strchr(host, ':') == NULL;
}

sg_result http_address_read(const char *text, struct http_address *ret_address)
{
    const char *colon = strrchr(text, ':');
    char host[HOST_MAX];
    if (colon == NULL || colon[1] == '\0' || !copy_host(text, (size_t)(colon - text), host)) {
        return sg_fail(SG_FATAL, 0, "\"%s\" is no address to listen at: write host:port", text);
    }
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    int status = getaddrinfo(host[0] == '\0' ? NULL : host, colon + 1, &hints, &found);
    if (status != 0) {
        return sg_fail(SG_FATAL, status, "address \"%s\": %s", text, gai_strerror(status));
    }
    memset(ret_address, 0, sizeof *ret_address);
    memcpy(&ret_address->socket, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return sg_ok();
}

int http_address_port(const struct http_address *address)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    memcpy(&v4, &address->socket, sizeof v4);
    memcpy(&v6, &address->socket, sizeof v6);
    return ntohs(address->socket.ss_family == AF_INET6 ? v6.sin6_port : v4.sin_port);
}
