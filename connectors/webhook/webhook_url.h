// Which URLs a webhook may have, whatever their host's addresses are.
#pragma once
#include "core/bytes.h"
#include "core/result.h"

enum { WEBHOOK_URL_MAX = 2048, WEBHOOK_HOST_MAX = 255 };

struct webhook_url {
    char text[WEBHOOK_URL_MAX + 1];  // As libcurl writes it.
    char host[WEBHOOK_HOST_MAX + 1]; // In lower case; addresses in brackets as they are in the URL.
};

// Reads an absolute URL: https, or http where `http` allows it, a host, a port that is usual for
// them (80, 443) or at least 1024, no user and no password. Fails: SG_DROP saying what is wrong,
// without the URL, which may hold a secret. Any thread.
SG_RESULT webhook_url_read(struct bytes url, bool http, struct webhook_url *ret_url);
