// The refusals of docs/alert-rules.md, and what an address must look like to be worth trying.
#include "streams/processors/checks.h"

#include "core/identity/mail_address.h"
#include "core/number.h"
#include "core/timestamp.h"
#include "core/utf8.h"
#include "core/zone/zone_time.h"
#include "streams/processors/excerpt.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const int64_t ahead_ms_max = 86400000;    // A day.
static const int64_t span_ms_max = 315360000000; // Ten years.

static sg_result check_text(const char *field, struct bytes text, size_t bytes_max)
{
    if (text.size <= bytes_max && utf8_is_printable(text)) {
        return sg_ok();
    }
    char shown[EXCERPT_MAX];
    excerpt_of(text, shown);
    if (text.size > bytes_max) {
        return sg_fail(SG_DROP, 0, "%s %s is %zu bytes long: it may have %zu", field, shown,
                       text.size, bytes_max);
    }
    if (!utf8_is_valid(text)) {
        return sg_fail(SG_DROP, 0, "%s %s is not UTF-8: send it as UTF-8", field, shown);
    }
    return sg_fail(SG_DROP, 0, "%s %s has a control character: take it out", field, shown);
}

static sg_result check_name(const char *field, struct bytes text, const char *example)
{
    if (text.size == 0) {
        return sg_fail(SG_DROP, 0, "%s is empty: give it, for example %s", field, example);
    }
    return check_text(field, text, CHECKS_NAME_MAX);
}

static sg_result check_instrument(struct bytes instrument)
{
    return check_name("instrument", instrument, "stock:AAPL");
}

static sg_result check_finite(const char *field, double value)
{
    if (isfinite(value)) {
        return sg_ok();
    }
    char shown[NUMBER_TEXT_MAX];
    number_print_double(value, shown);
    return sg_fail(SG_DROP, 0, "%s is %s: it must be a finite number", field, shown);
}

sg_result check_quote(const struct quote *quote, int64_t record_timestamp_ms)
{
    SG_TRY(check_instrument(quote->instrument));
    SG_TRY(check_finite("value", quote->value));
    if (quote->event_time < 0) {
        return sg_fail(SG_DROP, 0,
                       "event_time %lld is before 1970: it is in milliseconds since then, UTC",
                       (long long)quote->event_time);
    }
    // Subtracted on this side, where nothing overflows.
    if (quote->event_time - ahead_ms_max > record_timestamp_ms) {
        return sg_fail(
            SG_DROP, 0,
            "event_time %lld is more than a day after the record's timestamp %lld: it is "
            "in milliseconds since 1970, UTC",
            (long long)quote->event_time, (long long)record_timestamp_ms);
    }
    return sg_ok();
}

static sg_result check_span(const char *field, int64_t span_ms)
{
    if (span_ms < 0 || span_ms > span_ms_max) {
        return sg_fail(SG_DROP, 0, "%s is %lld: it may be from 0 to %lld ms (10 years)", field,
                       (long long)span_ms, (long long)span_ms_max);
    }
    return sg_ok();
}

static sg_result check_version(int64_t version)
{
    if (version < 0) {
        return sg_fail(SG_DROP, 0, "version is %lld: it must be 0 or more and grow",
                       (long long)version);
    }
    return sg_ok();
}

// The band between the thresholds must hold a value that is clear on both sides.
static sg_result check_band(const struct subscription *it)
{
    if (!it->has_low || !it->has_high || it->low + it->rearm <= it->high - it->rearm) {
        return sg_ok();
    }
    char low[NUMBER_TEXT_MAX];
    char high[NUMBER_TEXT_MAX];
    char rearm[NUMBER_TEXT_MAX];
    number_print_double(it->low, low);
    number_print_double(it->high, high);
    number_print_double(it->rearm, rearm);
    return sg_fail(
        SG_DROP, 0,
        "low %s and high %s with rearm %s leave no value that is clear on both sides: low "
        "+ rearm must not be above high - rearm",
        low, high, rearm);
}

static sg_result check_thresholds(const struct subscription *it)
{
    if (it->active && !it->has_low && !it->has_high) {
        return sg_fail(SG_DROP, 0,
                       "there is neither low nor high: give one, or active false to end the "
                       "subscription");
    }
    if (it->has_low) {
        SG_TRY(check_finite("low", it->low));
    }
    if (it->has_high) {
        SG_TRY(check_finite("high", it->high));
    }
    SG_TRY(check_finite("rearm", it->rearm));
    if (it->rearm < 0) {
        char shown[NUMBER_TEXT_MAX];
        number_print_double(it->rearm, shown);
        return sg_fail(SG_DROP, 0, "rearm is %s: it must be 0 or more", shown);
    }
    return check_band(it);
}

// What is written as an RFC 3339 time can be read.
static sg_result check_paused_until(int64_t time_ms)
{
    if (time_ms < 0 || time_ms > timestamp_last()) {
        return sg_fail(SG_DROP, 0,
                       "paused_until is %lld: it may be from 0 to %lld ms since 1970, UTC (the end "
                       "of the year 9999)",
                       (long long)time_ms, (long long)timestamp_last());
    }
    return sg_ok();
}

sg_result check_subscription(const struct subscription *subscription)
{
    SG_TRY(check_name("subscription_id", subscription->subscription_id, "a UUID"));
    SG_TRY(check_name("user_id", subscription->user_id, "ada"));
    SG_TRY(check_instrument(subscription->instrument));
    SG_TRY(check_thresholds(subscription));
    SG_TRY(check_span("hold_ms", subscription->hold_ms));
    SG_TRY(check_span("cooldown_ms", subscription->cooldown_ms));
    if (subscription->has_paused_until) {
        SG_TRY(check_paused_until(subscription->paused_until));
    }
    if (subscription->has_label) {
        SG_TRY(check_text("label", subscription->label, CHECKS_LABEL_MAX));
    }
    return check_version(subscription->version);
}

static sg_result check_email(const char *field, struct bytes address)
{
    SG_TRY(check_text(field, address, MAIL_ADDRESS_MAX));
    if (sg_is_ok(mail_address_check(address))) {
        return sg_ok();
    }
    char shown[EXCERPT_MAX];
    excerpt_of(address, shown);
    if (!mail_address_is_ascii(address)) {
        return sg_fail(SG_DROP, 0,
                       "%s %s is not ASCII: write the domain in its xn-- form; other names cannot "
                       "be written to",
                       field, shown);
    }
    return sg_fail(SG_DROP, 0,
                   "%s %s is no e-mail address: give the bare address, as ada@example.org", field,
                   shown);
}

static sg_result check_url(const char *field, struct bytes url)
{
    static const char scheme[] = "https://";
    size_t length = sizeof scheme - 1;
    SG_TRY(check_text(field, url, CHECKS_URL_MAX));
    bool good = url.size > length && memcmp(url.data, scheme, length) == 0 &&
                memchr(url.data, ' ', url.size) == NULL;
    if (!good) {
        char shown[EXCERPT_MAX];
        excerpt_of(url, shown);
        return sg_fail(SG_DROP, 0,
                       "%s %s is no https URL: it begins with https:// and has no space", field,
                       shown);
    }
    return sg_ok();
}

static sg_result check_channels(const struct user *user)
{
    if (user->channels_count > CHECKS_CHANNELS_MAX) {
        return sg_fail(SG_DROP, 0, "channels has %zu entries: it may have %d", user->channels_count,
                       CHECKS_CHANNELS_MAX);
    }
    for (size_t i = 0; i < user->channels_count; i++) {
        const struct channel *channel = &user->channels[i];
        char field[sizeof "channels[00].address"];
        snprintf(field, sizeof field, "channels[%u].address", (unsigned)i % 100U);
        switch (channel->kind) {
        case CHANNEL_KIND_EMAIL:
            SG_TRY(check_email(field, channel->address));
            break;
        case CHANNEL_KIND_WEBHOOK:
            SG_TRY(check_url(field, channel->address));
            break;
        }
    }
    return sg_ok();
}

// The value is a secret even when it is wrong: it is never shown.
static sg_result check_password_hash(struct bytes hash)
{
    static const char begin[] = "$argon2id$";
    size_t length = sizeof begin - 1;
    bool good = hash.size >= length && hash.size <= CHECKS_LABEL_MAX &&
                memcmp(hash.data, begin, length) == 0 && utf8_is_printable(hash);
    if (!good) {
        return sg_fail(
            SG_DROP, 0,
            "password_hash is no Argon2id hash in its text form: leave it out, and never "
            "send a password");
    }
    return sg_ok();
}

static sg_result check_zone(struct bytes zone)
{
    if (zone_time_is_known(zone)) {
        return sg_ok();
    }
    char shown[EXCERPT_MAX];
    char near[ZONE_NAME_MAX];
    excerpt_of(zone, shown);
    if (zone_time_nearest(zone, near)) {
        return sg_fail(SG_DROP, 0, "time_zone %s is not known; did you mean %s?", shown, near);
    }
    return sg_fail(SG_DROP, 0, "time_zone %s is not known: give its IANA name, as Europe/Rome",
                   shown);
}

sg_result check_user(const struct user *user)
{
    SG_TRY(check_name("user_id", user->user_id, "ada"));
    // Who has left need not say how they were reached.
    if (user->active || user->email.size > 0) {
        SG_TRY(check_email("email", user->email));
    }
    if (user->has_display_name) {
        SG_TRY(check_text("display_name", user->display_name, CHECKS_LABEL_MAX));
    }
    if (user->has_password_hash) {
        SG_TRY(check_password_hash(user->password_hash));
    }
    SG_TRY(check_channels(user));
    SG_TRY(check_zone(user->time_zone));
    return check_version(user->version);
}

sg_result check_alert(const struct alert *alert)
{
    SG_TRY(check_name("alert_id", alert->alert_id, "a hash"));
    SG_TRY(check_name("subscription_id", alert->subscription_id, "a UUID"));
    SG_TRY(check_name("user_id", alert->user_id, "ada"));
    SG_TRY(check_instrument(alert->instrument));
    SG_TRY(check_name("cause.topic", alert->cause.topic, "quotes"));
    return alert->has_label ? check_text("label", alert->label, CHECKS_LABEL_MAX) : sg_ok();
}

sg_result check_command_frame(const struct command *command)
{
    SG_TRY(check_name("command_id", command->command_id, "a UUID"));
    SG_TRY(check_name("user_id", command->user_id, "ada"));
    return command->has_fingerprint ? check_name("fingerprint", command->fingerprint, "a hash")
                                    : sg_ok();
}
