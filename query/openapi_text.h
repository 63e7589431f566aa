// query/openapi.json, compiled in: the contract of every resource under /v1 and of health.
#pragma once
#include "core/bytes.h"

// The text. Any thread.
struct bytes openapi_text(void);
