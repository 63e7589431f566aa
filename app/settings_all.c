// The one place that lists the modules' options.
#include "app/settings_all.h"

size_t settings_all_tables(struct settings_all *all,
                           struct option_table ret_tables[static SETTINGS_ALL_TABLES_MAX])
{
    static struct settings_all nowhere;
    struct settings_all *target = all == NULL ? &nowhere : all;
    const struct option_table tables[] = {
        kafka_options(&target->kafka),
        topic_options(&target->topics),
        registry_options(&target->registry),
        {"Mail", mail_options, mail_options_count, &target->mail, false},
        webhook_options(&target->webhook),
        state_options(&target->state),
        secrets_options(&target->secrets),
        stream_options(&target->stream),
        accounts_options(&target->accounts),
        deliver_options(&target->deliver),
        view_settings_options(&target->views),
        http_options(&target->http),
        auth_options(&target->auth),
        command_options(&target->commands),
        sse_options(&target->events),
        metrics_options(&target->metrics),
        {"Log", log_options, log_option_count, &target->log, false},
    };
    size_t count = sizeof tables / sizeof tables[0];
    _Static_assert(sizeof tables / sizeof tables[0] < SETTINGS_ALL_TABLES_MAX,
                   "one place is left for the options of a command");
    for (size_t i = 0; i < count; i++) {
        ret_tables[i] = tables[i];
    }
    return count;
}

const void *settings_all_of(const struct settings_all *all, enum processor_id processor)
{
    switch (processor) {
    case PROCESSOR_ACCOUNTS:
        return &all->accounts;
    case PROCESSOR_DELIVER:
        return &all->deliver;
    case PROCESSOR_INGEST:
    case PROCESSOR_ALERTS:
    case PROCESSOR_NOTIFICATIONS:
    case PROCESSOR_COUNT:
        break;
    }
    return NULL;
}

SG_RESULT settings_all_finish(struct settings_all *all, const struct settings *settings)
{
    all->kafka.extras = settings_extras(settings);
    return sg_ok();
}
