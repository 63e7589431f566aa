// A report of topics, for people.
#include "schemas/topic_admin.h"

#include <string.h>

static const char *word_of(enum topic_state state)
{
    switch (state) {
    case TOPIC_MISSING:
        return "missing";
    case TOPIC_CREATED:
        return "created";
    case TOPIC_EXISTS:
        return "exists";
    case TOPIC_DIFFERS:
        return "differs";
    }
    return "?";
}

static int widest_name(const struct topic_report *report)
{
    size_t width = 0;
    for (size_t i = 0; i < report->count; i++) {
        size_t size = strlen(report->rows[i].name);
        width = size > width ? size : width;
    }
    return (int)width;
}

void topic_admin_print(const struct topic_report *report, FILE *out)
{
    int width = widest_name(report);
    for (size_t i = 0; i < report->count; i++) {
        const struct topic_row *row = &report->rows[i];
        fprintf(out, "%-*s  %s", width, row->name, word_of(row->state));
        if (row->schema_id != 0) {
            fprintf(out, ", schema %d%s", (int)row->schema_id,
                    row->schema_new ? " registered" : "");
        }
        fprintf(out, "%s%s\n", row->difference[0] == 0 ? "" : ": ", row->difference);
    }
}

void topic_admin_print_table(const struct topic_report *report, FILE *out)
{
    int width = widest_name(report);
    fprintf(out, "%-*s  %10s  %8s  %-9s  %6s  %s\n", width, "topic", "partitions", "replicas",
            "kept", "schema", "state");
    for (size_t i = 0; i < report->count; i++) {
        const struct topic_row *row = &report->rows[i];
        char schema[16] = "-";
        if (row->schema_id != 0) {
            snprintf(schema, sizeof schema, "%d", (int)row->schema_id);
        }
        fprintf(out, "%-*s  %10d  %8d  %-9s  %6s  %s%s%s\n", width, row->name, (int)row->partitions,
                (int)row->replication, row->kept, schema, word_of(row->state),
                row->difference[0] == 0 ? "" : ": ", row->difference);
    }
}
