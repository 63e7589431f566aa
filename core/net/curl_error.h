// The one translator from libcurl's codes to results.
#pragma once
#include "core/result.h"

// The result of a CURLcode. `what` and `detail` (libcurl's own words, "" for none) stand in the
// reason; neither may hold a secret. SG_RETRY for the network's troubles and time-outs, SG_DROP for
// an answer that is too large or broken, SG_FATAL for the rest: a wrong URL, a certificate that is
// refused, no memory. Any thread.
SG_RESULT curl_result(int code, const char *what, const char *detail);
