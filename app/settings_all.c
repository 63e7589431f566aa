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
        state_options(&target->state),
        stream_options(&target->stream),
        deliver_options(&target->deliver),
        view_options(&target->views),
        http_options(&target->http),
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

SG_RESULT settings_all_finish(struct settings_all *all, const struct settings *settings)
{
    all->kafka.extras = settings_extras(settings);
    return sg_ok();
}
