// The encodings that carry any text through mail: quoted-printable bodies (RFC 2045) and encoded
// words in headers (RFC 2047).
#pragma once
#include "core/buffer.h"

// Adds `text` as quoted-printable: lines of at most 76 characters ended by CRLF, also the last one.
// LF, CR and CRLF of the text are line ends. Fails as buffer_append(). Any thread.
SG_RESULT mime_encode_quoted(struct buffer *out, struct bytes text);

// Adds `text`, well-formed UTF-8, as encoded words "=?UTF-8?B?...?=", none longer than 75
// characters, none dividing a character, in folded lines of at most 76. `column` is the number of
// characters already in the line. Fails as buffer_append(). Any thread.
SG_RESULT mime_encode_words(struct buffer *out, struct bytes text, size_t column);
