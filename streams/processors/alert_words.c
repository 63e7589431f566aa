// Chooses the verb by what is known: the edge, the side, what the value was before, and whether a
// quote or a change of the subscription decided.
#include "streams/processors/alert_words.h"

#include <stdio.h>
#include <string.h>

// What happened, on a scale of certainty about the moment before.
enum happening { CROSSED, STAYED, ALREADY, CHANGED, RETURNED, RELEASED, HAPPENING_COUNT };

static const char *const verbs[HAPPENING_COUNT][2] = {
    [CROSSED] = {[SIDE_LOW] = "fell below", [SIDE_HIGH] = "rose above"},
    [STAYED] = {[SIDE_LOW] = "has stayed below", [SIDE_HIGH] = "has stayed above"},
    [ALREADY] = {[SIDE_LOW] = "is already below", [SIDE_HIGH] = "is already above"},
    [CHANGED] = {[SIDE_LOW] = "is below", [SIDE_HIGH] = "is above"},
    [RETURNED] = {[SIDE_LOW] = "is back at or above", [SIDE_HIGH] = "is back at or below"},
    [RELEASED] = {[SIDE_LOW] = "is at or above", [SIDE_HIGH] = "is at or below"},
};

static const char *const reasons[HAPPENING_COUNT][2] = {
    [CROSSED] = {"You asked to be told when it goes below your low threshold.",
                 "You asked to be told when it goes above your high threshold."},
    [STAYED] = {"It has been below your low threshold for as long as you asked.",
                "It has been above your high threshold for as long as you asked."},
    [ALREADY] = {"It was already below your low threshold at the first quote.",
                 "It was already above your high threshold at the first quote."},
    [CHANGED] = {"You changed the subscription, and the last value is below your low threshold.",
                 "You changed the subscription, and the last value is above your high threshold."},
    [RETURNED] = {"It had been below your low threshold; that is over.",
                  "It had been above your high threshold; that is over."},
    [RELEASED] = {"You changed the subscription, and the last value is no longer below your low "
                  "threshold.",
                  "You changed the subscription, and the last value is no longer above your high "
                  "threshold."},
};

static const char *const when_subscribed[2] = {
    "It was already below your low threshold when you subscribed.",
    "It was already above your high threshold when you subscribed.",
};

static bool was_beyond(const struct alert *alert)
{
    if (!alert->has_previous_value) {
        return false;
    }
    return alert->side == SIDE_HIGH ? alert->previous_value > alert->threshold
                                    : alert->previous_value < alert->threshold;
}

static enum happening happening_of(const struct alert *alert, bool subscription_decided)
{
    if (alert->edge == EDGE_CLEARED) {
        return subscription_decided ? RELEASED : RETURNED;
    }
    if (alert->initial) {
        return ALREADY;
    }
    if (subscription_decided) {
        return CHANGED;
    }
    return was_beyond(alert) ? STAYED : CROSSED;
}

// Copies text on one line: control characters become spaces; what does not fit is left out.
static void copy_line(struct bytes text, size_t room, char *ret_text)
{
    size_t size = text.size < room - 1 ? text.size : room - 1;
    // Never inside a character: back to the first byte that begins one.
    while (size < text.size && size > 0 && (text.data[size] & 0xC0) == 0x80) {
        size--;
    }
    for (size_t i = 0; i < size; i++) {
        bool is_control = text.data[i] < ' ' || text.data[i] == 0x7F;
        ret_text[i] = ' ';
        if (!is_control) {
            ret_text[i] = (char)text.data[i];
        }
    }
    ret_text[size] = '\0';
}

// Kinds that go without saying once the name is read; any other one is said before the name.
static bool is_plain_kind(struct bytes kind)
{
    static const char *const plain[] = {"stock", "fx", "airport", "metric"};
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        if (bytes_is_text(kind, plain[i])) {
            return true;
        }
    }
    return false;
}

static void name_for_people(struct bytes instrument, char ret_name[static ALERT_WORDS_NAME_MAX])
{
    const uint8_t *colon =
        instrument.size == 0 ? NULL : memchr(instrument.data, ':', instrument.size);
    struct bytes shown = instrument;
    if (colon != NULL) {
        size_t kind_size = (size_t)(colon - instrument.data);
        bool has_name = kind_size + 1 < instrument.size;
        if (has_name && is_plain_kind(bytes_of(instrument.data, kind_size))) {
            shown = bytes_of(colon + 1, instrument.size - kind_size - 1);
        }
    }
    copy_line(shown, ALERT_WORDS_NAME_MAX, ret_name);
    for (char *at = strchr(ret_name, ':'); at != NULL; at = strchr(at, ':')) {
        *at = ' ';
    }
}

void alert_words_of(const struct alert *alert, const struct user *user,
                    struct alert_words *ret_words)
{
    struct alert_words *words = ret_words;
    memset(words, 0, sizeof *words);
    unsigned side = alert->side == SIDE_HIGH ? SIDE_HIGH : SIDE_LOW;
    bool subscription_decided = bytes_is_text(alert->cause.topic, "subscriptions");
    enum happening happening = happening_of(alert, subscription_decided);

    words->tone = alert->edge == EDGE_CLEARED ? ALERT_TONE_CLEARED
                  : side == SIDE_HIGH         ? ALERT_TONE_HIGH
                                              : ALERT_TONE_LOW;
    words->side = side == SIDE_HIGH ? "high" : "low";
    words->reason = happening == ALREADY && subscription_decided ? when_subscribed[side]
                                                                 : reasons[happening][side];
    number_print_double(alert->threshold, words->threshold);
    number_print_double(alert->value, words->value);
    if (alert->has_previous_value) {
        number_print_double(alert->previous_value, words->previous);
    }
    name_for_people(alert->instrument, words->name);
    if (alert->has_label) {
        copy_line(alert->label, sizeof words->label, words->label);
    }
    if (user->has_display_name) {
        copy_line(user->display_name, sizeof words->recipient, words->recipient);
    }
    snprintf(words->headline, sizeof words->headline, "%s %s %s", words->name,
             verbs[happening][side], words->threshold);
    zone_time_print(alert->event_time, user->time_zone, words->here);
    if (zone_time_is_known(user->time_zone) && !bytes_is_text(user->time_zone, "UTC")) {
        zone_time_print_utc(alert->event_time, words->utc);
    }
}

sg_result alert_words_subject(const struct alert_words *words, struct buffer *out)
{
    if (words->label[0] != '\0') {
        SG_TRY(buffer_print(out, "%s: ", words->label));
    }
    return buffer_print(out, "%s: %s", words->headline, words->value);
}
