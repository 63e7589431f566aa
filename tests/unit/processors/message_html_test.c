// The HTML body is well formed, complete and harmless, whatever the alert holds.
#include "streams/processors/message_html.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/utf8.h"
#include "streams/processors/message_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { BODY_BYTES_MAX = 64 * 1024, HOSTILE_BYTES = 128, DEPTH_MAX = 32, TAG_MAX = 16 };

static struct alert good_alert(void)
{
    struct alert alert = alert_default;
    alert.alert_id = bytes_of_text("a1");
    alert.subscription_id = bytes_of_text("s1");
    alert.user_id = bytes_of_text("ada");
    alert.instrument = bytes_of_text("stock:AAPL");
    alert.side = SIDE_HIGH;
    alert.edge = EDGE_ENTERED;
    alert.threshold = 190;
    alert.value = 191.5;
    alert.event_time = 1780669805123;
    alert.cause.topic = bytes_of_text("quotes");
    alert.notify = true;
    return alert;
}

static void print(const struct alert *alert, const struct user *user, struct buffer *html)
{
    struct alert_words words;
    buffer_init(html, BODY_BYTES_MAX);
    alert_words_of(alert, user, &words);
    assert_true(sg_is_ok(message_html_print(&words, alert, html)));
    assert_true(sg_is_ok(buffer_append_byte(html, 0)));
    assert_true(utf8_is_valid(bytes_of_text((const char *)html->data)));
    assert_int_equal(strlen((const char *)html->data), html->size - 1);
}

static bool is_void_tag(const char *name)
{
    return strcmp(name, "meta") == 0 || strcmp(name, "br") == 0;
}

// Walks every tag: each one that opens is closed, in the right order. Returns how many there are.
static size_t assert_balanced(const char *html)
{
    char open[DEPTH_MAX][TAG_MAX];
    size_t depth = 0;
    size_t count = 0;
    for (const char *at = strchr(html, '<'); at != NULL; at = strchr(at + 1, '<')) {
        char name[TAG_MAX] = "";
        bool closes = at[1] == '/';
        if (at[1] == '!') {
            continue;
        }
        assert_int_equal(sscanf(at + 1 + closes, "%15[a-z]", name), 1);
        count++;
        if (closes) {
            assert_true(depth > 0);
            assert_string_equal(open[--depth], name);
        } else if (!is_void_tag(name)) {
            assert_true(depth < DEPTH_MAX);
            memcpy(open[depth++], name, sizeof name);
        }
    }
    assert_int_equal(depth, 0);
    return count;
}

static void a_body_is_well_formed_and_fetches_nothing(void **state)
{
    (void)state;
    struct alert alert = good_alert();
    struct user user = user_default;
    struct buffer html;
    print(&alert, &user, &html);
    const char *text = (const char *)html.data;
    assert_true(assert_balanced(text) > 20);
    assert_null(strstr(text, "http"));
    assert_null(strstr(text, "src="));
    assert_null(strstr(text, "href"));
    assert_null(strstr(text, "url("));
    assert_true(html.size < 8192);
    buffer_done(&html);
}

static void hostile_values_change_no_tag(void **state)
{
    (void)state;
    static const char attack[] = "\"'><script>&lt;</td></table><!--";
    struct alert alert = good_alert();
    struct user user = user_default;
    struct buffer html;
    user.has_display_name = alert.has_label = alert.has_previous_value = true;
    user.display_name = alert.label = bytes_of_text("x");
    print(&alert, &user, &html);
    size_t tags = assert_balanced((const char *)html.data);
    buffer_done(&html);

    char hostile[HOSTILE_BYTES];
    for (size_t i = 0; i < sizeof hostile; i++) {
        hostile[i] = attack[i % (sizeof attack - 1)];
    }
    struct bytes value = bytes_of(hostile, sizeof hostile);
    user.display_name = alert.label = alert.instrument = value;
    alert.alert_id = alert.subscription_id = alert.cause.topic = value;
    alert.value = -INFINITY;
    alert.threshold = -1.7976931348623157e308;
    print(&alert, &user, &html);
    assert_int_equal(assert_balanced((const char *)html.data), tags);
    assert_null(strstr((const char *)html.data, "<script"));
    buffer_done(&html);
}

static void every_control_character_is_a_blank(void **state)
{
    (void)state;
    struct alert alert = good_alert();
    struct user user = user_default;
    struct buffer subject;
    struct buffer html;
    alert.has_label = true;
    alert.label = bytes_of("a\r\nBcc: x\0\x7f", 12);
    struct alert_words words;
    alert_words_of(&alert, &user, &words);
    buffer_init(&subject, BODY_BYTES_MAX);
    assert_true(sg_is_ok(alert_words_subject(&words, &subject)));
    assert_true(utf8_is_printable(buffer_bytes(&subject)));
    buffer_done(&subject);
    print(&alert, &user, &html);
    assert_null(strchr((const char *)html.data, '\r'));
    buffer_done(&html);
}

static void the_limit_of_a_body_is_kept(void **state)
{
    (void)state;
    struct alert alert = good_alert();
    struct user user = user_default;
    struct alert_words words;
    struct buffer small;
    alert_words_of(&alert, &user, &words);
    for (size_t limit = 0; limit < 200; limit += 20) {
        buffer_init(&small, limit);
        assert_int_equal(message_html_print(&words, &alert, &small).class, SG_DROP);
        buffer_clear(&small);
        assert_int_equal(message_text_print(&words, &alert, &small).class, SG_DROP);
        buffer_done(&small);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_is_well_formed_and_fetches_nothing),
        cmocka_unit_test(hostile_values_change_no_tag),
        cmocka_unit_test(every_control_character_is_a_blank),
        cmocka_unit_test(the_limit_of_a_body_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
