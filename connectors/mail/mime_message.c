// Headers by RFC 5322, body by RFC 2045 and 2046. The boundary holds "=_", which quoted-printable
// text cannot, and is derived from the id: nothing here is random and nothing looks at a clock.
#include "connectors/mail/mime_message.h"
#include "connectors/mail/mime_encode.h"
#include "connectors/mail/mime_link.h"
#include "core/hash.h"
#include "core/utf8.h"

#include <string.h>
#include <time.h>

// Longest id used as it is; RFC 5322 wants lines of at most 998, people shorter ones.
enum { ID_MAX = 128, LINE_PREFERRED = 78 };

static sg_result append_text(struct buffer *out, const char *text)
{
    return buffer_append(out, bytes_of_text(text));
}

// Text that a header line can hold as it is: printable ASCII that no reader takes for something
// encoded, and no blanks that unfolding would lose.
static bool is_plain(struct bytes text, size_t room)
{
    if (text.size == 0 || text.size > room || text.data[0] == ' ' ||
        text.data[text.size - 1] == ' ' || memmem(text.data, text.size, "=?", 2) != NULL) {
        return false;
    }
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < 0x20 || text.data[i] > 0x7E) {
            return false;
        }
    }
    return true;
}

static sg_result append_subject(struct buffer *out, struct bytes subject)
{
    static const char name[] = "Subject: ";
    if (!utf8_is_printable(subject)) {
        return sg_fail(SG_DROP, 0,
                       "subject: holds line ends, control characters or bytes that are not UTF-8");
    }
    SG_TRY(append_text(out, name));
    if (is_plain(subject, LINE_PREFERRED - (sizeof name - 1))) {
        SG_TRY(buffer_append(out, subject));
    } else {
        SG_TRY(mime_encode_words(out, subject, sizeof name - 1));
    }
    return append_text(out, "\r\n");
}

// A display name becomes a quoted string or encoded words (RFC 5322, 3.4). A quoted string is not
// folded: readers differ in what they make of that.
static sg_result append_name(struct buffer *out, struct bytes name, size_t column)
{
    if (!is_plain(name, name.size)) {
        return mime_encode_words(out, name, column);
    }
    SG_TRY(append_text(out, "\""));
    for (size_t i = 0; i < name.size; i++) {
        if (name.data[i] == '"' || name.data[i] == '\\') {
            SG_TRY(append_text(out, "\\"));
        }
        SG_TRY(buffer_append_byte(out, name.data[i]));
    }
    return append_text(out, "\"");
}

static sg_result append_from(struct buffer *out, const struct mail_mailbox *from)
{
    static const char header[] = "From: ";
    SG_TRY(mail_address_check(bytes_of_text(from->address)));
    if (!utf8_is_printable(bytes_of_text(from->name))) {
        return sg_fail(SG_DROP, 0, "sender's name: holds control characters or is not UTF-8");
    }
    SG_TRY(append_text(out, header));
    if (from->name[0] == '\0') {
        return buffer_print(out, "<%s>\r\n", from->address);
    }
    size_t begin = out->size;
    SG_TRY(append_name(out, bytes_of_text(from->name), sizeof header - 1));
    size_t width = sizeof header - 1 + out->size - begin + strlen(" <>") + strlen(from->address);
    const char *gap = width <= LINE_PREFERRED ? " " : "\r\n ";
    return buffer_print(out, "%s<%s>\r\n", gap, from->address);
}

static sg_result append_to(struct buffer *out, struct bytes to)
{
    SG_TRY(mail_address_check(to));
    return buffer_print(out, "To: <%.*s>\r\n", (int)to.size, (const char *)to.data);
}

// Day and month are English whatever the locale, so strftime() is no help.
static sg_result append_date(struct buffer *out, int64_t created_at)
{
    static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const int64_t year_10000 = 253402300800000;
    if (created_at < 0 || created_at >= year_10000) {
        return sg_fail(SG_DROP, 0, "created_at: %lld is not a time between 1970 and 9999",
                       (long long)created_at);
    }
    time_t seconds = (time_t)(created_at / 1000);
    struct tm utc;
    if (gmtime_r(&seconds, &utc) == NULL) {
        return sg_fail(SG_DROP, 0, "created_at: not a time");
    }
    return buffer_print(out, "Date: %s, %02d %s %04d %02d:%02d:%02d +0000\r\n", days[utc.tm_wday],
                        utc.tm_mday, months[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour,
                        utc.tm_min, utc.tm_sec);
}

static bool is_identifier(struct bytes id)
{
    if (id.size == 0 || id.size > ID_MAX) {
        return false;
    }
    for (size_t i = 0; i < id.size; i++) {
        uint8_t byte = id.data[i];
        bool alphanumeric = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                            (byte >= 'A' && byte <= 'Z');
        if (!alphanumeric && byte != '-' && byte != '_') {
            return false;
        }
    }
    return true;
}

// An id that cannot stand in a Message-ID is replaced by its hash, which is as stable.
static sg_result append_message_id(struct buffer *out, const struct mime_parts *parts)
{
    if (!mail_address_is_host(parts->domain)) {
        return sg_fail(SG_DROP, 0, "domain of the Message-ID: not a host name");
    }
    char hash[HASH_IDENTITY_CHARS + 1];
    hash_identity(parts->id, hash);
    struct bytes left = is_identifier(parts->id) ? parts->id : bytes_of_text(hash);
    return buffer_print(out, "Message-ID: <%.*s@%.*s>\r\n", (int)left.size, (const char *)left.data,
                        (int)parts->domain.size, (const char *)parts->domain.data);
}

// Every mail of a thread answers the same mail, which nobody ever sent: so readers group them
// whichever of them arrive.
static sg_result append_thread(struct buffer *out, const struct mime_parts *parts)
{
    char hash[HASH_IDENTITY_CHARS + 1];
    hash_identity(parts->thread, hash);
    int size = (int)parts->domain.size;
    const char *domain = (const char *)parts->domain.data;
    return buffer_print(out, "In-Reply-To: <thread-%s@%.*s>\r\nReferences: <thread-%s@%.*s>\r\n",
                        hash, size, domain, hash, size, domain);
}

// What the mails of an alert have beside those of a person.
static sg_result append_list(struct buffer *out, const struct mime_parts *parts)
{
    if (parts->thread.size == 0) {
        return sg_ok();
    }
    SG_TRY(append_thread(out, parts));
    return mime_link_headers(parts->domain, parts->link, out);
}

static sg_result append_part(struct buffer *out, const char *type, struct bytes body)
{
    SG_TRY(buffer_print(out,
                        "Content-Type: text/%s; charset=utf-8\r\n"
                        "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
                        type));
    return mime_encode_quoted(out, body);
}

static sg_result append_text_part(struct buffer *out, const struct mime_parts *parts)
{
    if (parts->link.size == 0) {
        return append_part(out, "plain", parts->text);
    }
    SG_CLEANUP(buffer_done) struct buffer text;
    buffer_init(&text, MIME_MESSAGE_MAX);
    SG_TRY(mime_link_text(parts->text, parts->link, &text));
    return append_part(out, "plain", buffer_bytes(&text));
}

static sg_result append_html_part(struct buffer *out, const struct mime_parts *parts)
{
    if (parts->link.size == 0) {
        return append_part(out, "html", parts->html);
    }
    SG_CLEANUP(buffer_done) struct buffer html;
    buffer_init(&html, MIME_MESSAGE_MAX);
    SG_TRY(mime_link_html(parts->html, parts->link, &html));
    return append_part(out, "html", buffer_bytes(&html));
}

static sg_result append_body(struct buffer *out, const struct mime_parts *parts)
{
    if (!parts->has_html) {
        return append_text_part(out, parts);
    }
    char boundary[HASH_IDENTITY_CHARS + 1];
    hash_identity(parts->id, boundary);
    SG_TRY(buffer_print(out,
                        "Content-Type: multipart/alternative;\r\n boundary=\"=_%s\"\r\n\r\n"
                        "--=_%s\r\n",
                        boundary, boundary));
    SG_TRY(append_text_part(out, parts));
    SG_TRY(buffer_print(out, "--=_%s\r\n", boundary));
    SG_TRY(append_html_part(out, parts));
    return buffer_print(out, "--=_%s--\r\n", boundary);
}

sg_result mime_message_build(const struct mime_parts *parts, struct buffer *out)
{
    SG_TRY(append_from(out, parts->from));
    SG_TRY(append_to(out, parts->to));
    SG_TRY(append_subject(out, parts->subject));
    SG_TRY(append_date(out, parts->created_at));
    SG_TRY(append_message_id(out, parts));
    SG_TRY(append_list(out, parts));
    SG_TRY(append_text(out, "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"));
    return append_body(out, parts);
}
