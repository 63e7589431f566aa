// How many connections each address has open. Any thread.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

struct http_peers;

// An address may have `max` connections. NULL without memory.
struct http_peers *http_peers_new(size_t max);
void http_peers_free(struct http_peers **peers);

// Counts one more connection; false when the address has as many as it may, or memory is out. What
// is no IP address is not counted.
bool http_peers_enter(struct http_peers *peers, const struct sockaddr *address);

// Counts one less.
void http_peers_leave(struct http_peers *peers, const struct sockaddr *address);
