// One command at work. For the sources of this folder alone.
#pragma once
#include "schemas/account_state.h"
#include "schemas/command.h"
#include "schemas/command_result.h"
#include "streams/processors/accounts/accounts.h"

struct account_change {
    const struct process *process;
    const struct event *event;
    const struct command *command;
    const struct accounts_settings *settings;
    struct command_result *result; // DONE with the new state, or REFUSED with the problem.
};

// Makes it refused; `detail` and `pointer` are texts that stay. Pointer NULL: no field is at fault.
void account_change_refuse(struct account_change *change, enum problem_code code,
                           const char *detail, const char *pointer);

// Makes it refused for the reason of the last failure; the pointer is of the field that the reason
// begins with, none if it begins otherwise.
// Passes on what is no SG_DROP. Fails: SG_FATAL without memory.
SG_RESULT account_change_refuse_invalid(struct account_change *change, sg_result checked);

bool account_change_is_refused(const struct account_change *change);

// Refuses it unless the version asked for is the present one.
void account_change_check_version(struct account_change *change, bool has_expected,
                                  int64_t expected, int64_t present);

// Reads the account of the command's user; refused as NOT_FOUND when there is none or the user has
// left. Fails: SG_FATAL.
SG_RESULT account_change_read(struct account_change *change, struct account_state *ret_account);

// Each does one kind of command, or refuses it. Fails: SG_ABORT, SG_FATAL.
SG_RESULT account_register(struct account_change *change);
SG_RESULT account_change_user(struct account_change *change);
SG_RESULT account_delete(struct account_change *change);
SG_RESULT account_subscribe(struct account_change *change);
SG_RESULT account_change_subscription(struct account_change *change);
SG_RESULT account_unsubscribe(struct account_change *change);

// Ends every active subscription of the command's user. Fails: SG_ABORT, SG_FATAL.
SG_RESULT account_end_subscriptions(struct account_change *change);
