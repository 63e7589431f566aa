// Tokens as no honest desk would make them: any header, any claims, signed with a key of ours.
#pragma once
#include "core/secrets/secrets.h"

enum { SIGNED_TOKEN_MAX = 4096 };

// Writes header.claims.signature with the key that is called `kid`, and an end. Both texts are
// taken as they are.
void signed_token(const struct secrets *secrets, const char *kid, const char *header,
                  const char *claims, char ret_token[static SIGNED_TOKEN_MAX]);
