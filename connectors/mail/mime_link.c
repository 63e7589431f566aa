// The link is made of characters that need no escapes in headers or HTML; whoever gives another one
// is refused.
#include "connectors/mail/mime_link.h"

#include <string.h>

static bool is_link(struct bytes link)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-._~:/[]%";
    for (size_t i = 0; i < link.size; i++) {
        if (memchr(plain, link.data[i], sizeof plain - 1) == NULL) {
            return false;
        }
    }
    return link.size > 0 && link.size <= MIME_LINK_MAX;
}

static sg_result append_text(struct buffer *out, const char *text)
{
    return buffer_append(out, bytes_of_text(text));
}

sg_result mime_link_headers(struct bytes domain, struct bytes link, struct buffer *out)
{
    static const char secure[] = "https://";
    SG_TRY(append_text(out, "List-Id: Alerts <alerts."));
    SG_TRY(buffer_append(out, domain));
    SG_TRY(append_text(out, ">\r\n"));
    if (link.size == 0) {
        return sg_ok();
    }
    if (!is_link(link)) {
        return sg_fail(SG_DROP, 0, "link: holds what cannot stand in a header");
    }
    // Folded in front of the address, which may be longer than a line should be.
    SG_TRY(append_text(out, "List-Unsubscribe:\r\n <"));
    SG_TRY(buffer_append(out, link));
    SG_TRY(append_text(out, ">\r\n"));
    if (link.size < sizeof secure || memcmp(link.data, secure, sizeof secure - 1) != 0) {
        return sg_ok();
    }
    return append_text(out, "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n");
}

// Where `mark` stands for the last time in `text`; the end when it is not there.
static size_t last_place(struct bytes text, const char *mark)
{
    size_t size = strlen(mark);
    for (size_t at = text.size; at >= size; at--) {
        if (memcmp(text.data + at - size, mark, size) == 0) {
            return at - size;
        }
    }
    return text.size;
}

sg_result mime_link_text(struct bytes text, struct bytes link, struct buffer *out)
{
    static const char signature[] = "\n-- \n";
    size_t place = last_place(text, signature);
    // The line end in front of the dashes stays there.
    place += place < text.size ? 1 : 0;
    SG_TRY(buffer_append(out, bytes_of(text.data, place)));
    SG_TRY(append_text(out, place == text.size && place > 0 && text.data[place - 1] != '\n'
                                ? "\n\nChange, pause or end this alert:\n"
                                : "Change, pause or end this alert:\n"));
    SG_TRY(buffer_append(out, link));
    SG_TRY(append_text(out, "\n\n"));
    return buffer_append(out, bytes_of(text.data + place, text.size - place));
}

sg_result mime_link_html(struct bytes html, struct bytes link, struct buffer *out)
{
    size_t place = last_place(html, "</body>");
    SG_TRY(buffer_append(out, bytes_of(html.data, place)));
    SG_TRY(append_text(out, "<p style=\"margin:0;padding:0 10px 20px;text-align:center;"
                            "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,"
                            "sans-serif;font-size:13px;line-height:20px\"><a href=\""));
    SG_TRY(buffer_append(out, link));
    SG_TRY(
        append_text(out, "\" style=\"color:#5d6570\">Change, pause or end this alert</a></p>\n"));
    return buffer_append(out, bytes_of(html.data + place, html.size - place));
}
