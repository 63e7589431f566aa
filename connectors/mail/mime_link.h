// What lets a person act on a mail: the headers that lists have, and a link at the end of the text.
#pragma once
#include "core/buffer.h"

// The longest link that is written.
enum { MIME_LINK_MAX = 900 };

// Adds List-Id, and with a link List-Unsubscribe (RFC 2369); with an https link also
// List-Unsubscribe-Post, which asks for one click (RFC 8058). `domain` is a host name, `link` an
// address of printable ASCII without "<" and ">", empty for none. Fails: SG_DROP for another link;
// as buffer_append(). Any thread.
SG_RESULT mime_link_headers(struct bytes domain, struct bytes link, struct buffer *out);

// Adds `text` with the link in front of its signature, the part behind a line "-- ", or at its end.
// Fails as buffer_append(). Any thread.
SG_RESULT mime_link_text(struct bytes text, struct bytes link, struct buffer *out);

// The same for HTML, in front of the last </body> or at its end.
SG_RESULT mime_link_html(struct bytes html, struct bytes link, struct buffer *out);
