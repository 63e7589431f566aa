// E-mail addresses as SMTP without extensions can carry them: "name@domain". Stricter than RFC
// 5321: no quoted local parts, no address literals, ASCII only. The one rule of all who take one.
#pragma once
#include "core/bytes.h"
#include "core/result.h"

// RFC 5321, 4.5.3.1.
enum { MAIL_LOCAL_MAX = 64, MAIL_DOMAIN_MAX = 253, MAIL_ADDRESS_MAX = 254 };

// Checks "name@domain". Fails: SG_DROP saying what is wrong with it. Any thread.
SG_RESULT mail_address_check(struct bytes address);

// The address without blanks around it and with its ASCII letters in lower case, with an end: equal
// for what people hold to be the same address. Fails: SG_DROP as mail_address_check(). Any thread.
SG_RESULT mail_address_normalise(struct bytes text, char ret_address[static MAIL_ADDRESS_MAX + 1]);

// False when a byte is beyond ASCII, which mail_address_check() refuses. Any thread.
bool mail_address_is_ascii(struct bytes text);

// The part behind the "@" of a checked address, borrowed. Any thread.
struct bytes mail_address_domain(struct bytes address);

// True when `name` is a host name: labels of letters, digits and hyphens with dots between. Any
// thread.
bool mail_address_is_host(struct bytes name);
