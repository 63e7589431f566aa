// An alert in words: what both bodies of a message and its subject say. Pure. Any thread.
#pragma once
#include "core/buffer.h"
#include "core/number.h"
#include "core/zone/zone_time.h"
#include "schemas/alert.h"
#include "schemas/user.h"

// Longest subject, in bytes: label, name, two numbers and the words between them.
enum { ALERT_WORDS_NAME_MAX = 160, ALERT_WORDS_LABEL_MAX = 272, ALERT_WORDS_HEADLINE_MAX = 288 };

// Which way it went, for a colour.
enum alert_tone { ALERT_TONE_LOW, ALERT_TONE_HIGH, ALERT_TONE_CLEARED };

struct alert_words {
    enum alert_tone tone;
    char name[ALERT_WORDS_NAME_MAX];         // "EUR/USD", "LIRF arrivals"
    char label[ALERT_WORDS_LABEL_MAX];       // The user's own words, "" for none.
    char headline[ALERT_WORDS_HEADLINE_MAX]; // "EUR/USD rose above 1.1"
    const char *side;                        // "high" or "low"
    const char *reason;                      // A sentence on why now.
    char threshold[NUMBER_TEXT_MAX];
    char value[NUMBER_TEXT_MAX];
    char previous[NUMBER_TEXT_MAX];        // "" for none.
    char here[ZONE_TIME_TEXT_MAX];         // Event time in the user's zone.
    char utc[ZONE_TIME_TEXT_MAX];          // The same in UTC, "" if `here` is in UTC.
    char recipient[ALERT_WORDS_LABEL_MAX]; // What the user wants to be called, "" for no wish.
};

// The words for an alert to this user.
void alert_words_of(const struct alert *alert, const struct user *user,
                    struct alert_words *ret_words);

// Adds one line for people: "Pager: EUR/USD rose above 1.1: 1.1042". Without control characters,
// whatever the alert holds. Fails: SG_DROP past the buffer's limit, SG_FATAL without memory.
SG_RESULT alert_words_subject(const struct alert_words *words, struct buffer *out);
