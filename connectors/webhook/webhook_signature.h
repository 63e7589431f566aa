// What makes a request a Standard Webhook: an id that stays the same when it is sent again, and a
// signature that its receiver can check. https://www.standardwebhooks.com
#pragma once
#include "core/buffer.h"

enum { WEBHOOK_KEY_BYTES = 32, WEBHOOK_ID_MAX = 128, WEBHOOK_KEYS_MAX = 4 };

// The keys of an endpoint; a receiver takes a request when one of them fits.
struct webhook_keys {
    uint8_t keys[WEBHOOK_KEYS_MAX][WEBHOOK_KEY_BYTES];
    size_t count;
};

// What is signed. All borrowed.
struct webhook_content {
    const char *id;
    int64_t timestamp_s; // Of the attempt, since 1970.
    struct bytes body;
};

// Writes the webhook-id of a notification: its id, or a hash of it when that cannot stand in a
// header. Any thread.
void webhook_signature_id(struct bytes notification_id, char ret_id[static WEBHOOK_ID_MAX + 1]);

// Adds the value of webhook-signature: "v1,<base64>" for each key, with blanks between them. Fails
// as buffer_append(). Any thread.
SG_RESULT webhook_signature_print(const struct webhook_content *content,
                                  const struct webhook_keys *keys, struct buffer *out);
