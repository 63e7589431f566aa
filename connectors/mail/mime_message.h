// Builds the mail of a notification: bytes in, bytes out. The same parts give the same bytes, so
// that a repeated attempt can be known by its receiver.
#pragma once
#include "connectors/mail/mail_mailbox.h"
#include "core/buffer.h"

// What a mail is made of. All borrowed for the call.
struct mime_parts {
    const struct mail_mailbox *from;
    struct bytes domain;  // Right side of the Message-ID.
    struct bytes id;      // Notification id: left side of the Message-ID.
    struct bytes to;      // "name@domain"
    struct bytes subject; // One line of UTF-8.
    struct bytes text;    // Plain text, UTF-8.
    struct bytes html;    // The same as HTML when has_html.
    bool has_html;
    int64_t created_at;  // Header Date: ms since the epoch.
    struct bytes thread; // Mails of the same thread are shown together; empty for none.
    struct bytes link;   // Where the person changes the alert; empty for none. See mime_link.h.
};

// Largest mail that is built, in bytes.
enum { MIME_MESSAGE_MAX = 4 * 1024 * 1024 };

// Adds the mail to `out`: headers, then text/plain or multipart/alternative, in lines of at most
// 998 bytes ended by CRLF. Fails: SG_DROP for an address or header that cannot be sent, saying why;
// as buffer_append(). Any thread.
SG_RESULT mime_message_build(const struct mime_parts *parts, struct buffer *out);
