// Through the option tables, as the program reads them.
#include "tests/replay/replay_settings.h"

#include <string.h>

#include <jansson.h>

#include "core/settings/option.h"
#include "streams/processors/accounts/accounts.h"
#include "streams/processors/deliver.h"

// The table over a struct in the arena; one without rows for a processor that has no settings.
static sg_result table_of(const struct processor *processor, struct arena *arena,
                          struct option_table *ret_table)
{
    bool is_accounts = processor->id == PROCESSOR_ACCOUNTS;
    *ret_table = (struct option_table){0};
    if (!is_accounts && processor->id != PROCESSOR_DELIVER) {
        return sg_ok();
    }
    void *settings = arena_take(arena, is_accounts ? sizeof(struct accounts_settings)
                                                   : sizeof(struct deliver_settings));
    if (settings == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory for settings");
    }
    *ret_table = is_accounts ? accounts_options(settings) : deliver_options(settings);
    return sg_ok();
}

static sg_result read_one(const struct option_table *table, const char *key, const char *text)
{
    for (size_t i = 0; i < table->count; i++) {
        if (strcmp(table->options[i].key, key) == 0) {
            return option_read(&table->options[i], text, table->target);
        }
    }
    return sg_fail(SG_DROP, 0, "the processor has no setting %s", key);
}

static sg_result read_object(const struct option_table *table, json_t *object)
{
    const char *key = NULL;
    json_t *value = NULL;
    if (!json_is_object(object)) {
        return sg_fail(SG_DROP, 0, "settings are an object");
    }
    json_object_foreach(object, key, value)
    {
        if (!json_is_string(value)) {
            return sg_fail(SG_DROP, 0, "setting %s is no text", key);
        }
        SG_TRY(read_one(table, key, json_string_value(value)));
    }
    return sg_ok();
}

sg_result replay_settings_read(const struct processor *processor, struct bytes json,
                               struct arena *arena, const void **ret_settings)
{
    struct option_table table;
    SG_TRY(table_of(processor, arena, &table));
    for (size_t i = 0; i < table.count; i++) {
        SG_TRY(option_read(&table.options[i], table.options[i].fallback, table.target));
    }
    *ret_settings = table.target;
    if (json.data == NULL) {
        return sg_ok();
    }
    json_t *object = json_loadb((const char *)json.data, json.size, 0, NULL);
    sg_result result = read_object(&table, object);
    json_decref(object);
    return result;
}
