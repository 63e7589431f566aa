// Target: mime_message_build() and what it stands on. Whatever stands in a notification, a mail has
// its own headers and no others, in ASCII lines that every server takes.
#include "connectors/mail/mime_message.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FIELDS = 6, LINE_MAX_BYTES = 998, SEPARATOR = 0x1E, SENDER_MAX = 512 };

static void expect(bool holds)
{
    if (!holds) {
        abort();
    }
}

// Divides the input at its separators; fields that are missing are empty.
static void divide(struct bytes input, struct bytes fields[FIELDS])
{
    for (size_t i = 0; i < FIELDS; i++) {
        const uint8_t *end = input.size == 0 ? NULL : memchr(input.data, SEPARATOR, input.size);
        fields[i] = end == NULL ? input : bytes_of(input.data, (size_t)(end - input.data));
        input =
            end == NULL ? bytes_of(NULL, 0) : bytes_of(end + 1, input.size - fields[i].size - 1);
    }
}

// One line without its CRLF. Returns what follows.
static struct bytes next_line(struct bytes text, struct bytes *ret_line)
{
    const uint8_t *end = memchr(text.data, '\r', text.size);
    expect(end != NULL && end + 1 < text.data + text.size && end[1] == '\n');
    *ret_line = bytes_of(text.data, (size_t)(end - text.data));
    expect(ret_line->size <= LINE_MAX_BYTES);
    for (size_t i = 0; i < ret_line->size; i++) {
        expect(ret_line->data[i] >= 0x20 || ret_line->data[i] == '\t');
        expect(ret_line->data[i] < 0x7F);
    }
    return bytes_of(end + 2, text.size - ret_line->size - 2);
}

static void check_headers(struct bytes *rest, bool has_html)
{
    static const char *const names[] = {
        "From: ",           "To: ",         "Subject: ",      "Date: ",           "Message-ID: ",
        "Auto-Submitted: ", "MIME-Version", "Content-Type: ", "Content-Transfer-"};
    size_t next = 0;
    struct bytes line;
    *rest = next_line(*rest, &line);
    while (line.size > 0) {
        if (line.data[0] != ' ') {
            expect(next < sizeof names / sizeof names[0]);
            expect(line.size >= strlen(names[next]));
            expect(memcmp(line.data, names[next], strlen(names[next])) == 0);
            next++;
        }
        *rest = next_line(*rest, &line);
    }
    expect(next == (has_html ? 8 : 9));
}

static void check_mail(struct bytes mail, bool has_html)
{
    check_headers(&mail, has_html);
    struct bytes line;
    while (mail.size > 0) {
        mail = next_line(mail, &line);
    }
}

static void build_and_check(const struct mime_parts *parts)
{
    struct buffer first;
    struct buffer second;
    buffer_init(&first, MIME_MESSAGE_MAX);
    buffer_init(&second, MIME_MESSAGE_MAX);
    if (sg_is_ok(mime_message_build(parts, &first))) {
        expect(sg_is_ok(mime_message_build(parts, &second)));
        expect(bytes_equal(buffer_bytes(&first), buffer_bytes(&second)));
        check_mail(buffer_bytes(&first), parts->has_html);
    }
    buffer_done(&first);
    buffer_done(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes fields[FIELDS];
    divide(bytes_of(data, size), fields);
    char sender[SENDER_MAX];
    size_t length = fields[0].size < sizeof sender - 1 ? fields[0].size : sizeof sender - 1;
    if (length > 0) {
        memcpy(sender, fields[0].data, length);
    }
    sender[length] = '\0';
    struct mail_mailbox from = {.name = "soglia", .address = "alerts@soglia.test"};
    sg_ignore(mail_mailbox_read(sender, &from));
    const struct mime_parts parts = {
        .from = &from,
        .domain = mail_address_domain(bytes_of_text(from.address)),
        .to = fields[1],
        .subject = fields[2],
        .text = fields[3],
        .html = fields[4],
        .has_html = fields[4].size > 0,
        .id = fields[5],
        .created_at = (int64_t)size * 1000000007,
    };
    build_and_check(&parts);
    return 0;
}
