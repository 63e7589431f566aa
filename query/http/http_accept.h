// What a client says of media types, and other lists of its headers.
#pragma once
#include "core/bytes.h"

#include <stdbool.h>

// Whether a client with this Accept takes the type: the best fitting range decides (RFC 9110
// section 12.5.1). Any thread.
bool http_accept_takes(struct bytes accept, const char *type);

// Whether a Content-Type is this type, whatever its parameters. Any thread.
bool http_accept_is(struct bytes content_type, const char *type);

// Cuts the first item off a list of items between commas, without the white space around it. False:
// there is none left. Any thread.
bool http_accept_next(struct bytes *rest, struct bytes *ret_item);
