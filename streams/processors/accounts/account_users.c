// A user registers, changes, leaves. What is written is the whole user, and one version more.
#include "streams/processors/accounts/account_change.h"
#include "streams/processors/checks.h"

static sg_result write_user(struct account_change *change, struct account_state *account)
{
    const struct process *process = change->process;
    account->user.version++;
    account->user.changed_at = process_stamp(change->event->timestamp_ms);
    SG_TRY(
        store_write(stores_get(process->stores, ACCOUNTS_USERS), account->user.user_id, account));
    SG_TRY(process_emit(process, TOPIC_USERS, account->user.user_id, &account->user));
    change->result->has_result = true;
    change->result->result_type = COMMAND_RESULT_RESULT_USER;
    change->result->result.user = account->user;
    return sg_ok();
}

// Writes the user unless something is wrong with it.
static sg_result check_and_write(struct account_change *change, struct account_state *account)
{
    sg_result checked = check_user(&account->user);
    if (!sg_is_ok(checked)) {
        return account_change_refuse_invalid(change, checked);
    }
    return write_user(change, account);
}

// The e-mail address, for who names no channel. It outlives the call, as the answer does.
static struct channel *own_channel(const struct account_change *change, struct bytes email)
{
    struct channel *own = arena_take(change->process->arena, sizeof *own);
    if (own != NULL) {
        *own = (struct channel){.kind = CHANNEL_KIND_EMAIL, .address = email};
    }
    return own;
}

sg_result account_register(struct account_change *change)
{
    const struct register_user *asked = &change->command->body.register_user;
    struct store *users = stores_get(change->process->stores, ACCOUNTS_USERS);
    struct account_state account;
    bool found = false;
    SG_TRY(store_read(users, change->command->user_id, change->process->arena, &account, &found));
    if (found && account.user.active) {
        account_change_refuse(change, PROBLEM_CODE_ALREADY_EXISTS,
                              "this e-mail address is registered already", "/email");
        return sg_ok();
    }
    bool has_channels = asked->channels_count > 0;
    struct channel *channels = has_channels ? asked->channels : own_channel(change, asked->email);
    if (channels == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory for a user's channel");
    }
    // Who comes back goes on from the version that everybody knows.
    struct account_state registered = {
        .user = {.user_id = change->command->user_id,
                 .email = asked->email,
                 .has_display_name = asked->has_display_name,
                 .display_name = asked->display_name,
                 .has_password_hash = asked->has_password_hash,
                 .password_hash = asked->password_hash,
                 .channels = channels,
                 .channels_count = has_channels ? asked->channels_count : 1,
                 .time_zone = asked->time_zone,
                 .active = true,
                 .version = found ? account.user.version : 0},
    };
    return check_and_write(change, &registered);
}

sg_result account_change_user(struct account_change *change)
{
    const struct change_user *asked = &change->command->body.change_user;
    struct account_state account;
    SG_TRY(account_change_read(change, &account));
    struct user *user = &account.user;
    if (account_change_is_refused(change)) {
        return sg_ok();
    }
    account_change_check_version(change, asked->has_expected_version, asked->expected_version,
                                 user->version);
    if (account_change_is_refused(change)) {
        return sg_ok();
    }
    if (asked->has_display_name) {
        user->has_display_name = asked->display_name.size > 0;
        user->display_name = asked->display_name;
    }
    if (asked->has_password_hash) {
        user->has_password_hash = true;
        user->password_hash = asked->password_hash;
    }
    if (asked->has_channels) {
        user->channels = asked->channels;
        user->channels_count = asked->channels_count;
    }
    if (asked->has_time_zone) {
        user->time_zone = asked->time_zone;
    }
    return check_and_write(change, &account);
}

// What is left says that there was somebody, and nothing of who it was.
sg_result account_delete(struct account_change *change)
{
    const struct delete_user *asked = &change->command->body.delete_user;
    struct account_state account;
    SG_TRY(account_change_read(change, &account));
    if (!account_change_is_refused(change)) {
        account_change_check_version(change, asked->has_expected_version, asked->expected_version,
                                     account.user.version);
    }
    if (account_change_is_refused(change)) {
        return sg_ok();
    }
    SG_TRY(account_end_subscriptions(change));
    struct account_state left = {
        .user = {.user_id = account.user.user_id,
                 .email = bytes_of_text(""),
                 .time_zone = bytes_of_text("UTC"),
                 .version = account.user.version},
    };
    return write_user(change, &left);
}
