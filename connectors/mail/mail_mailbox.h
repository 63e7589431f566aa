// A sender as people write it: an e-mail address, with a display name before it or without.
#pragma once
#include "core/identity/mail_address.h"

// `address` is "name@domain", `name` what people see, empty for none.
struct mail_mailbox {
    char name[256];
    char address[MAIL_ADDRESS_MAX + 1];
};

// Reads "Name <name@domain>", "\"Name\" <name@domain>" or "name@domain". Fails: SG_DROP saying what
// is wrong with it. Any thread.
SG_RESULT mail_mailbox_read(const char *text, struct mail_mailbox *ret_mailbox);
