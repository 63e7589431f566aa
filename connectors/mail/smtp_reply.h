// The last reply of an SMTP server, put together from its lines and made safe to store and print.
#pragma once
#include "core/bytes.h"

// Longest reply kept, in bytes; longer ones are cut.
enum { SMTP_REPLY_MAX = 256 };

struct smtp_reply {
    char text[SMTP_REPLY_MAX + 1];    // The last complete reply, without its codes' repetitions.
    char partial[SMTP_REPLY_MAX + 1]; // A reply of several lines until its last line.
    size_t count;                     // Complete replies so far.
};

// Forgets all.
void smtp_reply_clear(struct smtp_reply *reply);

// Takes one line of the server. The answer to QUIT (221) and what is no reply line is passed over.
void smtp_reply_take(struct smtp_reply *reply, struct bytes line);

// Adds `text` behind what `target`, of SMTP_REPLY_MAX + 1 bytes, holds, cut there; what is not
// printable ASCII becomes "?". Any thread.
void smtp_reply_append(char *target, struct bytes text);
