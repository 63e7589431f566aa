// "250-first", "250 last" (RFC 5321, 4.2.1): the code stands once in the text, the lines' words
// follow with blanks between them.
#include "connectors/mail/smtp_reply.h"

#include <string.h>

enum { CODE_DIGITS = 3 };

void smtp_reply_clear(struct smtp_reply *reply)
{
    *reply = (struct smtp_reply){.count = 0};
}

void smtp_reply_append(char *target, struct bytes text)
{
    size_t used = strlen(target);
    for (size_t i = 0; i < text.size && used < SMTP_REPLY_MAX; i++) {
        bool printable = text.data[i] >= 0x20 && text.data[i] <= 0x7E;
        target[used++] = (char)(printable ? text.data[i] : '?');
    }
    target[used] = '\0';
}

static bool is_reply_line(struct bytes line)
{
    if (line.size < CODE_DIGITS) {
        return false;
    }
    for (size_t i = 0; i < CODE_DIGITS; i++) {
        if (line.data[i] < '0' || line.data[i] > '9') {
            return false;
        }
    }
    return line.size == CODE_DIGITS || line.data[CODE_DIGITS] == ' ' ||
           line.data[CODE_DIGITS] == '-';
}

static struct bytes without_line_end(struct bytes line)
{
    while (line.size > 0 &&
           (line.data[line.size - 1] == '\n' || line.data[line.size - 1] == '\r')) {
        line.size--;
    }
    return line;
}

void smtp_reply_take(struct smtp_reply *reply, struct bytes line)
{
    line = without_line_end(line);
    if (!is_reply_line(line) || memcmp(line.data, "221", CODE_DIGITS) == 0) {
        return;
    }
    bool first = reply->partial[0] == '\0';
    bool last = line.size == CODE_DIGITS || line.data[CODE_DIGITS] == ' ';
    if (first) {
        smtp_reply_append(reply->partial, bytes_of(line.data, CODE_DIGITS));
    }
    if (line.size > CODE_DIGITS + 1) {
        smtp_reply_append(reply->partial, bytes_of_text(" "));
        smtp_reply_append(reply->partial,
                          bytes_of(line.data + CODE_DIGITS + 1, line.size - CODE_DIGITS - 1));
    }
    if (last) {
        memcpy(reply->text, reply->partial, sizeof reply->text);
        reply->partial[0] = '\0';
        reply->count++;
    }
}
