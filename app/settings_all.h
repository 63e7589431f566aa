// Every module's settings in one struct, and the list of their tables: the whole of what can be
// set.
#pragma once
#include "connectors/mail/mail_options.h"
#include "connectors/webhook/webhook_options.h"
#include "core/kafka/kafka.h"
#include "core/service/log.h"
#include "core/secrets/secrets.h"
#include "core/settings/settings.h"
#include "query/commands/command_settings.h"
#include "query/auth/auth_settings.h"
#include "query/http/http_server.h"
#include "query/metrics_server.h"
#include "query/stream/sse_hub.h"
#include "query/views/view.h"
#include "schemas/registry.h"
#include "schemas/topic_table.h"
#include "state/state_settings.h"
#include "streams/processor.h"
#include "streams/processors/accounts/accounts.h"
#include "streams/processors/deliver.h"
#include "streams/stream_settings.h"

struct settings_all {
    struct kafka_settings kafka;
    struct topic_settings topics;
    struct registry_settings registry;
    struct mail_settings mail;
    struct webhook_settings webhook;
    struct state_settings state;
    struct stream_settings stream;
    struct accounts_settings accounts;
    struct deliver_settings deliver;
    struct view_settings views;
    struct secrets_settings secrets;
    struct http_settings http;
    struct auth_settings auth;
    struct command_settings commands;
    struct sse_settings events;
    struct metrics_settings metrics;
    struct log_settings log;
};

enum { SETTINGS_ALL_TABLES_MAX = 24 };

// Fills `ret_tables`, whose targets are parts of `*all`; returns how many there are. With NULL the
// tables serve for documentation only.
size_t settings_all_tables(struct settings_all *all,
                           struct option_table ret_tables[static SETTINGS_ALL_TABLES_MAX]);

// The settings of a processor, as struct process has them; NULL if it has none.
const void *settings_all_of(const struct settings_all *all, enum processor_id processor);

// Checks what a single row cannot tell, and hands kafka the settings that go to librdkafka. Fails:
// SG_FATAL naming the setting.
SG_RESULT settings_all_finish(struct settings_all *all, const struct settings *settings);
