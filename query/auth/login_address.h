// Whose attempts are counted together: an IPv4 address, or the first 64 bits of an IPv6 address,
// which one household has.
#pragma once
#include "core/bytes.h"

#include <sys/socket.h>

struct login_address {
    uint8_t bytes[9]; // A byte that tells the kind, then the address.
};

// The address of a socket; whatever is not of the internet counts as one. An IPv4 address is the
// same when it comes as an IPv6 one. Any thread.
struct login_address login_address_of(const struct sockaddr *socket);

// The address in words ("192.0.2.1", "2001:db8::1"), as a proxy names its client; false when it is
// none. Any thread.
bool login_address_read(struct bytes text, struct login_address *ret_address);
