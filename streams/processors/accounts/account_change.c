// Refusals, and what all commands ask first.
#include "streams/processors/accounts/account_change.h"

#include <stdio.h>
#include <string.h>

enum { POINTER_MAX = 128 };

void account_change_refuse(struct account_change *change, enum problem_code code,
                           const char *detail, const char *pointer)
{
    struct command_result *result = change->result;
    result->status = COMMAND_STATUS_REFUSED;
    result->has_result = false;
    result->has_problem = true;
    result->problem = (struct problem){
        .code = code,
        .detail = bytes_of_text(detail),
        .has_pointer = pointer != NULL,
        .pointer = bytes_of_text(pointer),
    };
}

bool account_change_is_refused(const struct account_change *change)
{
    return change->result->has_problem;
}

// Whether what was asked for has a field of the name that these characters begin with.
static bool has_field(const struct command *command, const char *reason)
{
    int body = record_type_field(&command_type, bytes_of_text("body"));
    const struct record_type *type = record_type_branch(&command_type.fields[body], command);
    return record_type_field(type, bytes_of(reason, strcspn(reason, "[. "))) >= 0;
}

// The field that a reason begins with, as an RFC 6901 pointer: "channels[0].address is empty" gives
// "/channels/0/address".
static void pointer_of(const char *reason, char ret_pointer[static POINTER_MAX])
{
    size_t length = 1;
    ret_pointer[0] = '/';
    for (const char *at = reason; *at != '\0' && *at != ' ' && length < POINTER_MAX - 1; at++) {
        if (*at != ']') {
            ret_pointer[length++] = (char)(*at == '[' || *at == '.' ? '/' : *at);
        }
    }
    ret_pointer[length] = '\0';
}

static char *keep(struct account_change *change, const char *text)
{
    size_t size = strlen(text) + 1;
    char *kept = arena_take(change->process->arena, size);
    if (kept != NULL) {
        memcpy(kept, text, size);
    }
    return kept;
}

sg_result account_change_refuse_invalid(struct account_change *change, sg_result checked)
{
    if (checked.class != SG_DROP) {
        return checked;
    }
    char pointer[POINTER_MAX];
    pointer_of(sg_reason(), pointer);
    bool is_of_field = has_field(change->command, sg_reason());
    const char *detail = keep(change, sg_reason());
    const char *kept = keep(change, pointer);
    if (detail == NULL || kept == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory for the answer to a command");
    }
    account_change_refuse(change, PROBLEM_CODE_INVALID, detail, is_of_field ? kept : NULL);
    return sg_ok();
}

void account_change_check_version(struct account_change *change, bool has_expected,
                                  int64_t expected, int64_t present)
{
    if (has_expected && expected != present) {
        account_change_refuse(change, PROBLEM_CODE_VERSION_MISMATCH,
                              "it was changed meanwhile: read it again, then decide",
                              "/expected_version");
    }
}

sg_result account_change_read(struct account_change *change, struct account_state *ret_account)
{
    struct store *users = stores_get(change->process->stores, ACCOUNTS_USERS);
    bool found = false;
    SG_TRY(
        store_read(users, change->command->user_id, change->process->arena, ret_account, &found));
    if (!found || !ret_account->user.active) {
        account_change_refuse(change, PROBLEM_CODE_NOT_FOUND, "there is no such user", NULL);
    }
    return sg_ok();
}
