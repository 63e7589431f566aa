// What came of an attempt, from what libcurl and the receiver said. Pure.
#pragma once
#include "schemas/outcome.h"
#include <stdbool.h>
#include <stdint.h>

enum { WEBHOOK_RETRY_AFTER_S_MAX = 24 * 60 * 60 };

struct webhook_facts {
    int curl;              // CURLcode of the transfer.
    long status;           // HTTP status, 0 when none came.
    bool forbidden;        // An address was refused by us.
    bool sent;             // The request may have reached the receiver.
    int64_t retry_after_s; // Of the header, 0 for none.
};

struct webhook_judgement {
    enum outcome outcome; // SENT, RETRY or REJECTED.
    bool ambiguous;       // RETRY although the receiver may have taken it.
    bool slow_down;       // The endpoint is overloaded, away or silent: leave it alone for a while.
    bool configuration;   // Our settings are wrong; webhooks wait until that is mended.
    int code;             // HTTP status, 0 without one.
    int64_t wait_s;       // What the receiver asks for, bounded; 0 for nothing.
    const char *words;    // What went wrong; "" when the receiver's own words say it.
};

// Judges a transfer. Any thread.
struct webhook_judgement webhook_verdict_of(const struct webhook_facts *facts);
