// From the fields of a row to quotes. Pure.
#pragma once
#include "connectors/csv/csv_options.h"
#include "connectors/csv/csv_record.h"
#include "schemas/quote.h"

struct csv_mapping;

// Finds the columns by the names in the header. The settings are borrowed as long as the mapping
// lives. Fails: SG_FATAL naming the column that is not there or no instrument. Any thread.
SG_RESULT csv_mapping_new(const struct csv_settings *settings, const struct csv_meaning *meaning,
                          const struct csv_record *header, struct csv_mapping **ret_mapping);

// Accepts NULL.
void csv_mapping_free(struct csv_mapping **mapping);

// The quotes of one row.
struct csv_quotes {
    const struct quote *quotes; // Borrowed until the next call; their texts as long as the mapping.
    size_t count;               // 0 where every value is skipped or the row is before --from.
    size_t skipped;             // Values left out.
};

// Fails: SG_DROP naming column and value.
SG_RESULT csv_mapping_read(struct csv_mapping *mapping, const struct csv_record *row,
                           struct csv_quotes *ret_quotes);
