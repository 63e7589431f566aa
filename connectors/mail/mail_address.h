// E-mail addresses as SMTP without extensions can carry them: "name@domain", and a sender with its
// display name. Stricter than RFC 5321: no quoted local parts, no address literals, ASCII only.
#pragma once
#include "core/buffer.h"

// RFC 5321, 4.5.3.1.
enum { MAIL_LOCAL_MAX = 64, MAIL_DOMAIN_MAX = 253, MAIL_ADDRESS_MAX = 254 };

// The sender: `address` is "name@domain", `name` what people see, empty for none.
struct mail_mailbox {
    char name[256];
    char address[MAIL_ADDRESS_MAX + 1];
};

// Checks "name@domain". Fails: SG_DROP saying what is wrong with it. Any thread.
SG_RESULT mail_address_check(struct bytes address);

// The part behind the "@" of a checked address, borrowed. Any thread.
struct bytes mail_address_domain(struct bytes address);

// True when `name` is a host name: labels of letters, digits and hyphens with dots between. Any
// thread.
bool mail_address_is_host(struct bytes name);

// Reads "Name <name@domain>", "\"Name\" <name@domain>" or "name@domain". Fails: SG_DROP saying what
// is wrong with it. Any thread.
SG_RESULT mail_address_read_mailbox(const char *text, struct mail_mailbox *ret_mailbox);
