// "host:port" as a socket address.
#pragma once
#include "core/result.h"
#include <sys/socket.h>

struct http_address {
    struct sockaddr_storage socket;
};

// Reads "127.0.0.1:8080", "localhost:8080", "[::1]:8080", ":8080" (every address) or a port of 0 (a
// free one). Fails: SG_FATAL naming the text.
SG_RESULT http_address_read(const char *text, struct http_address *ret_address);

// The port, in host order. Any thread.
int http_address_port(const struct http_address *address);
