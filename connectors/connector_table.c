// The list, by hand: a source that is not in it does not exist.
#include "connectors/connector_table.h"

#include "connectors/csv/csv_source.h"

#include <string.h>

const struct source *const connector_table[] = {
    &csv_source,
};
const size_t connector_table_count = sizeof connector_table / sizeof connector_table[0];

const struct source *connector_find(const char *name)
{
    for (size_t i = 0; i < connector_table_count; i++) {
        if (strcmp(connector_table[i]->name, name) == 0) {
            return connector_table[i];
        }
    }
    return NULL;
}
