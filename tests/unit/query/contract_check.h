// Answers against the contract: as much of JSON Schema as it uses.
#pragma once
#include "core/bytes.h"

// Fails the test when the JSON is not what components/schemas has under this name.
void contract_check(struct bytes json, const char *schema);
