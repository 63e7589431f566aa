// Who a client is when proxies stand in front of the server: the last address that no trusted proxy
// has said of itself.
#pragma once
#include "core/bytes.h"
#include "core/result.h"

// Fails unless `trusted` is a list of addresses and networks ("10.0.0.0/8, ::1") between commas,
// maybe empty: SG_FATAL naming the wrong one. Any thread.
SG_RESULT http_proxy_check(const char *trusted);

// The client's address: `peer` unless that is trusted, then the last address of X-Forwarded-For
// that is not. What is not an address ends the search. Borrowed from either. Any thread.
struct bytes http_proxy_client(const char *trusted, struct bytes peer, struct bytes forwarded_for);
