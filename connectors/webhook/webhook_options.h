// Settings of the webhook sink: where it may send to, how much at a time, how long it waits.
#pragma once
#include "core/settings/option.h"

struct webhook_settings {
    bool http;
    bool private_addresses;
    const char *ca_file;
    int64_t connections;
    int64_t host_connections;
    int64_t queue;
    int64_t connect_timeout_ms;
    int64_t timeout_ms;
};

enum { WEBHOOK_CONNECTIONS_MAX = 64 };

// The rows of struct webhook_settings.
struct option_table webhook_options(struct webhook_settings *target);

// Checks what single rows cannot. Fails: SG_FATAL in one line that names the setting to change. Any
// thread.
SG_RESULT webhook_options_check(const struct webhook_settings *settings);
