// Which addresses a webhook may reach: those that belong to the public Internet. Everything else
// could be a machine that trusts this one.
#pragma once
#include <stdbool.h>

struct sockaddr;

// True for a unicast address of the public Internet; false for private, shared (RFC 6598),
// loopback, link-local, multicast, unspecified, documentation and benchmark addresses, for IPv6
// addresses that stand for an IPv4 address (mapped, NAT64, 6to4, Teredo), for the metadata services
// of clouds, and for what is neither IPv4 nor IPv6. Any thread.
bool webhook_address_is_public(const struct sockaddr *address);
