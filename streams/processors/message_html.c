// Mail readers know tables and styles in place, and little else: the style sheet in the head only
// changes colours where the reader is dark and takes style sheets at all.
#include "streams/processors/message_html.h"

// Colours of a tone: of the bar and the badge, and of the badge's words.
struct tone {
    const char *badge;
    const char *accent;
    const char *tint;
    const char *ink;
};

static const struct tone tones[] = {
    [ALERT_TONE_LOW] = {"Below low threshold", "#2563eb", "#e3ecfe", "#1d4ed8"},
    [ALERT_TONE_HIGH] = {"Above high threshold", "#d9480f", "#fdeadf", "#b83a08"},
    [ALERT_TONE_CLEARED] = {"Back inside", "#1a7f4b", "#dff3e8", "#166c40"},
};

static const char head[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    "<meta name=\"supported-color-schemes\" content=\"light dark\">\n"
    "<style>\n"
    "@media (prefers-color-scheme: dark) {\n"
    "  .page { background: #15171a !important; }\n"
    "  .card { background: #1f2226 !important; border-right-color: #33373d !important; "
    "border-bottom-color: #33373d !important; border-left-color: #33373d !important; }\n"
    "  .ink { color: #f2f3f5 !important; }\n"
    "  .soft { color: #a9b0b9 !important; }\n"
    "  .line { border-color: #33373d !important; }\n"
    "}\n"
    "</style>\n<title>";

static const char page[] =
    "</title>\n</head>\n"
    "<body class=\"page\" style=\"margin:0;padding:0;background:#f3f4f6\">\n"
    "<table role=\"presentation\" class=\"page\" width=\"100%\" cellpadding=\"0\" "
    "cellspacing=\"0\" style=\"background:#f3f4f6\"><tr><td align=\"center\" "
    "style=\"padding:20px 10px;font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,"
    "sans-serif\">\n"
    "<table role=\"presentation\" class=\"card\" width=\"100%\" cellpadding=\"0\" "
    "cellspacing=\"0\" style=\"max-width:520px;background:#ffffff;border:1px solid #e2e5e9;"
    "border-radius:10px;border-top:4px solid ";

static const char foot[] = "</td></tr>\n</table>\n</td></tr></table>\n</body>\n</html>\n";

static sg_result print_literal(struct buffer *out, const char *text)
{
    return buffer_append(out, bytes_of_text(text));
}

static const char *entity_of(uint8_t byte)
{
    switch (byte) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return byte < ' ' || byte == 0x7F ? " " : NULL;
    }
}

static sg_result print_escaped(struct buffer *out, struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        const char *entity = entity_of(text.data[i]);
        SG_TRY(entity == NULL ? buffer_append_byte(out, text.data[i]) : print_literal(out, entity));
    }
    return sg_ok();
}

static sg_result print_text(struct buffer *out, const char *text)
{
    return print_escaped(out, bytes_of_text(text));
}

// The badge, the sentence, and the value in large between what it was and what it crossed.
static sg_result print_top(const struct alert_words *words, const struct tone *tone,
                           struct buffer *out)
{
    SG_TRY(buffer_print(out,
                        "<span style=\"display:inline-block;padding:3px 9px;border-radius:10px;"
                        "background:%s;color:%s;font-size:12px;line-height:16px;font-weight:600\">"
                        "%s</span>\n",
                        tone->tint, tone->ink, tone->badge));
    SG_TRY(print_literal(out, "<p class=\"ink\" style=\"margin:14px 0 0;font-size:20px;"
                              "line-height:27px;font-weight:600;color:#16191d;"
                              "word-break:break-word\">"));
    SG_TRY(print_text(out, words->headline));
    SG_TRY(print_literal(out, "</p>\n<p class=\"ink\" style=\"margin:6px 0 0;font-size:38px;"
                              "line-height:46px;font-weight:700;color:#16191d;"
                              "font-variant-numeric:tabular-nums;word-break:break-word\">"));
    SG_TRY(print_text(out, words->value));
    if (words->previous[0] != '\0') {
        SG_TRY(print_literal(out, " <span class=\"soft\" style=\"font-size:15px;line-height:22px;"
                                  "font-weight:400;color:#5d6570;white-space:nowrap\">from "));
        SG_TRY(print_text(out, words->previous));
        SG_TRY(print_literal(out, "</span>"));
    }
    return print_literal(out, "</p>\n");
}

static sg_result print_row(struct buffer *out, const char *name, const char *value,
                           const char *beside)
{
    if (value[0] == '\0') {
        return sg_ok();
    }
    SG_TRY(buffer_print(out,
                        "<tr><td class=\"soft line\" valign=\"top\" style=\"padding:9px 14px 9px 0;"
                        "border-top:1px solid #e8eaed;color:#5d6570;white-space:nowrap\">%s</td>"
                        "<td class=\"ink line\" style=\"padding:9px 0;border-top:1px solid #e8eaed;"
                        "color:#16191d;word-break:break-word\" width=\"100%%\">",
                        name));
    SG_TRY(print_text(out, value));
    if (beside[0] != '\0') {
        SG_TRY(print_literal(out, "<br><span class=\"soft\" style=\"color:#5d6570\">"));
        SG_TRY(print_text(out, beside));
        SG_TRY(print_literal(out, "</span>"));
    }
    return print_literal(out, "</td></tr>\n");
}

static sg_result print_facts(const struct alert_words *words, struct buffer *out)
{
    SG_TRY(print_literal(out, "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" "
                              "cellspacing=\"0\" style=\"margin-top:16px;font-size:14px;"
                              "line-height:20px\">\n"));
    SG_TRY(print_row(out, "Threshold", words->threshold, words->reason));
    SG_TRY(print_row(out, "Time", words->here, words->utc));
    SG_TRY(print_row(out, "Label", words->label, ""));
    return print_literal(out, "</table>\n");
}

static sg_result print_small(const struct alert *alert, struct buffer *out)
{
    SG_TRY(print_literal(out, "<p class=\"soft line\" style=\"margin:8px 0 0;padding-top:12px;"
                              "border-top:1px solid #e8eaed;font-size:11px;line-height:17px;"
                              "color:#5d6570;word-break:break-word\">You subscribed to "));
    SG_TRY(print_escaped(out, alert->instrument));
    SG_TRY(print_literal(out, ": subscription "));
    SG_TRY(print_escaped(out, alert->subscription_id));
    SG_TRY(buffer_print(out, ", version %lld.<br>Alert ", (long long)alert->subscription_version));
    SG_TRY(print_escaped(out, alert->alert_id));
    SG_TRY(print_literal(out, ", decided by "));
    SG_TRY(print_escaped(out, alert->cause.topic));
    return buffer_print(out, ", partition %d, offset %lld.</p>\n", alert->cause.partition,
                        (long long)alert->cause.offset);
}

sg_result message_html_print(const struct alert_words *words, const struct alert *alert,
                             struct buffer *out)
{
    const struct tone *tone = &tones[words->tone];
    SG_TRY(print_literal(out, head));
    SG_TRY(print_text(out, words->headline));
    SG_TRY(print_literal(out, page));
    SG_TRY(buffer_print(out, "%s\"><tr><td style=\"padding:20px 22px 18px\">\n", tone->accent));
    if (words->recipient[0] != '\0') {
        SG_TRY(print_literal(out, "<p class=\"soft\" style=\"margin:0 0 12px;font-size:14px;"
                                  "line-height:20px;color:#5d6570\">Hello "));
        SG_TRY(print_text(out, words->recipient));
        SG_TRY(print_literal(out, ",</p>\n"));
    }
    SG_TRY(print_top(words, tone, out));
    SG_TRY(print_facts(words, out));
    SG_TRY(print_small(alert, out));
    return print_literal(out, foot);
}
