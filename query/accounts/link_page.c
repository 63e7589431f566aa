// HTML by hand; every text of a person is escaped.
#include "query/accounts/link_page.h"

#include "core/number.h"
#include "core/timestamp.h"
#include "core/zone/zone_time.h"

#include <string.h>

static const char head[] =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
    "<meta name=\"robots\" content=\"noindex\"><title>soglia: this alert</title>"
    "<style>:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:30rem;"
    "margin:3rem auto;padding:0 1rem}h1{font-size:1.4rem;overflow-wrap:anywhere}"
    "label{display:block;margin:.75rem 0}input{display:block;font:inherit;padding:.4rem;width:100%;"
    "box-sizing:border-box}button{font:inherit;padding:.5rem 1rem;margin:.5rem 0}"
    ".choices{display:flex;flex-wrap:wrap;gap:0 .5rem}"
    "p[role=status]{border-left:4px solid #0b57d0;padding:.25rem .75rem}"
    "hr{margin:1.5rem 0;border:0;border-top:1px solid #8888}</style></head><body><main>";
static const char tail[] = "</main></body></html>\n";
static const char ended[] = "<h1>This alert has ended</h1><p>Nothing more will be sent about it.";

static sg_result add(struct buffer *out, const char *text)
{
    return buffer_append(out, bytes_of_text(text));
}

static sg_result add_escaped(struct buffer *out, struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        char byte = (char)text.data[i];
        const char *escape = byte == '&'   ? "&amp;"
                             : byte == '<' ? "&lt;"
                             : byte == '>' ? "&gt;"
                             : byte == '"' ? "&quot;"
                                           : NULL;
        SG_TRY(escape != NULL ? add(out, escape) : buffer_append_byte(out, (uint8_t)byte));
    }
    return sg_ok();
}

static sg_result add_field(struct buffer *out, const char *name, const char *words, bool has,
                           double value)
{
    char text[NUMBER_TEXT_MAX] = "";
    if (has) {
        number_print_double(value, text);
    }
    return buffer_print(out,
                        "<label>%s<input name=\"%s\" inputmode=\"decimal\" value=\"%s\"></label>",
                        words, name, text);
}

static sg_result add_paused(struct buffer *out, const struct link_page *page)
{
    int64_t until_ms = page->subscription->paused_until;
    SG_TRY(add(out, "<p><strong>Paused</strong> until "));
    if (until_ms == timestamp_last()) {
        SG_TRY(add(out, "you resume it"));
    } else {
        char text[ZONE_TIME_TEXT_MAX];
        zone_time_print(until_ms, page->time_zone, text);
        SG_TRY(add_escaped(out, bytes_of_text(text)));
    }
    return add(out, ". What happens is recorded, and you are not told.</p><form method=\"post\">"
                    "<input type=\"hidden\" name=\"do\" value=\"resume\">"
                    "<button>Resume</button></form>");
}

static sg_result add_pause(struct buffer *out, const struct link_page *page)
{
    const struct subscription *it = page->subscription;
    SG_TRY(add(out, "<hr>"));
    if (it->has_paused_until && it->paused_until > page->now_ms) {
        SG_TRY(add_paused(out, page));
    }
    return add(out, "<form method=\"post\" class=\"choices\">"
                    "<input type=\"hidden\" name=\"do\" value=\"pause\">"
                    "<button name=\"for\" value=\"day\">Pause for a day</button>"
                    "<button name=\"for\" value=\"week\">Pause for a week</button>"
                    "<button name=\"for\" value=\"ever\">Pause until I resume it</button></form>");
}

static sg_result add_subscription(struct buffer *out, const struct link_page *page)
{
    const struct subscription *it = page->subscription;
    SG_TRY(add(out, "<h1>"));
    SG_TRY(add_escaped(out, it->has_label ? it->label : it->instrument));
    SG_TRY(add(out, "</h1><p>You are told when "));
    SG_TRY(add_escaped(out, it->instrument));
    SG_TRY(add(out, " crosses these thresholds. An empty one is not watched.</p>"
                    "<form method=\"post\"><input type=\"hidden\" name=\"do\" value=\"change\">"));
    SG_TRY(add_field(out, "low", "Falls below", it->has_low, it->low));
    SG_TRY(add_field(out, "high", "Rises above", it->has_high, it->high));
    SG_TRY(add(out, "<button>Change the thresholds</button></form>"));
    SG_TRY(add_pause(out, page));
    return add(out, "<hr><form method=\"post\"><input type=\"hidden\" name=\"do\" value=\"end\">"
                    "<button>End this alert</button></form>");
}

sg_result link_page_write(const struct link_page *page, struct buffer *out)
{
    SG_TRY(add(out, head));
    if (page->message[0] != '\0') {
        SG_TRY(add(out, "<p role=\"status\">"));
        SG_TRY(add_escaped(out, bytes_of_text(page->message)));
        SG_TRY(add(out, "</p>"));
    }
    SG_TRY(page->subscription == NULL ? add(out, ended) : add_subscription(out, page));
    return add(out, tail);
}
