// The corners that files of JSON cannot write; the rest is in tests/replay.
#include "streams/processors/checks.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

static const int64_t day_ms = 86400000;

static struct quote good_quote(void)
{
    struct quote quote = quote_default;
    quote.instrument = bytes_of_text("stock:AAPL");
    quote.value = 191.5;
    quote.event_time = 1000;
    quote.source = bytes_of_text("test");
    return quote;
}

static struct user good_user(void)
{
    struct user user = user_default;
    user.user_id = bytes_of_text("ada");
    user.email = bytes_of_text("ada@example.org");
    user.active = true;
    return user;
}

static void assert_refused(sg_result result, const char *words)
{
    assert_int_equal(result.class, SG_DROP);
    assert_non_null(strstr(sg_reason(), words));
}

static void texts_that_json_cannot_hold(void **state)
{
    (void)state;
    struct quote quote = good_quote();
    quote.instrument = bytes_of("stock:\xff", 7);
    assert_refused(check_quote(&quote, 0), "not UTF-8");
    quote.instrument = bytes_of("stock:\0", 7);
    assert_refused(check_quote(&quote, 0), "control character");
    quote.instrument = bytes_of("\xed\xa0\x80", 3);
    assert_refused(check_quote(&quote, 0), "not UTF-8");
    quote.instrument = bytes_of(NULL, 0);
    assert_refused(check_quote(&quote, 0), "empty");
}

static void times_at_the_ends_of_their_type(void **state)
{
    (void)state;
    struct quote quote = good_quote();
    quote.event_time = INT64_MAX;
    assert_refused(check_quote(&quote, 0), "more than a day");
    assert_true(sg_is_ok(check_quote(&quote, INT64_MAX)));
    assert_true(sg_is_ok(check_quote(&quote, INT64_MAX - day_ms)));
    assert_refused(check_quote(&quote, INT64_MAX - day_ms - 1), "more than a day");
    quote.event_time = INT64_MIN;
    assert_refused(check_quote(&quote, INT64_MAX), "before 1970");
    // A record without a timestamp.
    quote.event_time = day_ms - 1;
    assert_true(sg_is_ok(check_quote(&quote, -1)));
    quote.event_time = day_ms;
    assert_refused(check_quote(&quote, -1), "more than a day");
}

static void the_band_is_computed_as_the_rules_say(void **state)
{
    (void)state;
    struct subscription it = subscription_default;
    it.subscription_id = bytes_of_text("s");
    it.user_id = bytes_of_text("u");
    it.instrument = bytes_of_text("i");
    it.active = true;
    it.has_low = it.has_high = true;
    it.low = it.high = 5;
    assert_true(sg_is_ok(check_subscription(&it)));
    it.low = nextafter(5, 6);
    assert_refused(check_subscription(&it), "no value");
    // Sums that overflow are compared as they are.
    it.low = -1e308;
    it.high = 1e308;
    it.rearm = 1.7e308;
    assert_refused(check_subscription(&it), "no value");
    it.rearm = 1e308;
    assert_true(sg_is_ok(check_subscription(&it)));
    it.rearm = -0.0;
    assert_true(sg_is_ok(check_subscription(&it)));
}

static void a_secret_is_never_shown(void **state)
{
    (void)state;
    struct user user = good_user();
    user.has_password_hash = true;
    user.password_hash = bytes_of_text("hunter2");
    assert_refused(check_user(&user), "password_hash");
    assert_null(strstr(sg_reason(), "hunter2"));
    user.password_hash = bytes_of_text("$argon2id$v=19$m=65536,t=2,p=1$c2FsdA$aGFzaA");
    assert_true(sg_is_ok(check_user(&user)));
    user.password_hash = bytes_of_text("$argon2i$v=19$m=65536,t=2,p=1$c2FsdA$aGFzaA");
    assert_refused(check_user(&user), "password_hash");
}

static void every_channel_is_looked_at(void **state)
{
    (void)state;
    struct user user = good_user();
    struct channel channels[CHECKS_CHANNELS_MAX + 1];
    for (size_t i = 0; i <= CHECKS_CHANNELS_MAX; i++) {
        channels[i] = (struct channel){CHANNEL_KIND_WEBHOOK, bytes_of_text("https://example.org")};
    }
    user.channels = channels;
    user.channels_count = CHECKS_CHANNELS_MAX;
    assert_true(sg_is_ok(check_user(&user)));
    channels[CHECKS_CHANNELS_MAX - 1].address = bytes_of_text("https://");
    assert_refused(check_user(&user), "channels[15].address");
    user.channels_count = CHECKS_CHANNELS_MAX + 1;
    assert_refused(check_user(&user), "17 entries");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_that_json_cannot_hold),
        cmocka_unit_test(times_at_the_ends_of_their_type),
        cmocka_unit_test(the_band_is_computed_as_the_rules_say),
        cmocka_unit_test(a_secret_is_never_shown),
        cmocka_unit_test(every_channel_is_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
