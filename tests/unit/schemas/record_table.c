// Listed by hand, as the CMake list of the generated sources is.
#include "record_table.h"

#include "schemas/account_state.h"
#include "schemas/alert.h"
#include "schemas/command.h"
#include "schemas/command_result.h"
#include "schemas/command_state.h"
#include "schemas/delivery.h"
#include "schemas/instrument_state.h"
#include "schemas/journal.h"
#include "schemas/notification.h"
#include "schemas/outbox_entry.h"
#include "schemas/quote.h"
#include "schemas/side_state.h"
#include "schemas/subscription.h"
#include "schemas/subscription_state.h"
#include "schemas/user.h"

#include <string.h>

const struct record_type *const record_table[] = {
    &quote_type,          &subscription_type,       &user_type,          &alert_type,
    &notification_type,   &delivery_type,           &journal_type,       &instrument_state_type,
    &side_state_type,     &subscription_state_type, &outbox_entry_type,  &command_type,
    &command_result_type, &account_state_type,      &command_state_type,
};
const size_t record_table_count = sizeof record_table / sizeof record_table[0];

const struct record_type *record_table_find(const char *full_name)
{
    for (size_t i = 0; i < record_table_count; i++) {
        if (strcmp(record_table[i]->full_name, full_name) == 0) {
            return record_table[i];
        }
    }
    return NULL;
}
