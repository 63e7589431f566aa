// The outside of a session token (JWS, RFC 7515): three parts of base64url and the header, judged
// before anything is verified, so that no library reads what we would never have written.
#pragma once
#include "core/bytes.h"
#include "core/secrets/secrets.h"

// Checks the three parts and that the header says {"alg":"HS256","kid":...} and at most
// "typ":"JWT" besides. Writes the key's name with an end. Pure. Any thread.
bool token_frame_check(struct bytes token, char ret_kid[static SECRETS_KID_MAX + 1]);
