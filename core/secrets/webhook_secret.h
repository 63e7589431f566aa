// What a webhook's receiver and we sign with: made of the identity's key, the user and the URL, so
// that it is stored nowhere. Shown to its owner, used by deliver.
#pragma once
#include "core/secrets/secrets.h"

// "whsec_" and the base64 of the 32 bytes, as Standard Webhooks write it.
enum { WEBHOOK_SECRET_BYTES = 32, WEBHOOK_SECRET_CHARS = 50 };

// The key itself. The caller wipes it. Any thread.
void webhook_secret_key(const struct secrets *secrets, struct bytes user_id, struct bytes url,
                        uint8_t ret_key[static WEBHOOK_SECRET_BYTES]);

// The key as its owner is shown it, with an end. The caller wipes it. Any thread.
void webhook_secret_print(const struct secrets *secrets, struct bytes user_id, struct bytes url,
                          char ret_text[static WEBHOOK_SECRET_CHARS + 1]);
