// The settings of the views.
#include "query/views/view_settings.h"

static const struct option options[] = {
    {"views.history", OPTION_DURATION, offsetof(struct view_settings, history_ms), "30d", 60000,
     INT64_C(3153600000000), NULL,
     "How long a value stays in the history, counted back from the instrument's last one."},
    {"views.history_values", OPTION_INT, offsetof(struct view_settings, history_values), "0", 0,
     1000000000000, NULL, "Most values kept of an instrument, 0 for no limit."},
    {"views.commit", OPTION_DURATION, offsetof(struct view_settings, commit_ms), "100ms", 1, 10000,
     NULL,
     "Longest time between two commits of the views while records come in; answers to "
     "commands are committed at once."},
    {"views.commit_records", OPTION_INT, offsetof(struct view_settings, commit_records), "200000",
     1, 10000000, NULL, "Most records in one commit of the views."},
    {"views.cached_instruments", OPTION_INT, offsetof(struct view_settings, cached_instruments),
     "50000", 100, 10000000, NULL, "Instruments kept in memory between commits."},
    {"views.commands_kept", OPTION_DURATION, offsetof(struct view_settings, commands_kept_ms),
     "24h", 60000, INT64_C(31) * 86400000, NULL,
     "How long the answer to a command can be asked for; as accounts.remember."},
    {"views.alerts_kept", OPTION_INT, offsetof(struct view_settings, alerts_kept), "10000", 1,
     10000000, NULL, "Alerts of one user that can be asked for, the newest."},
    {"views.notifications_kept", OPTION_INT, offsetof(struct view_settings, notifications_kept),
     "10000", 1, 10000000, NULL,
     "Notifications of one user that can be asked for, the newest, with their deliveries."},
};
struct option_table view_settings_options(struct view_settings *target)
{
    return (struct option_table){"Views", options, sizeof options / sizeof options[0], target,
                                 false};
}
