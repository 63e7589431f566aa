// A user subscribes, changes thresholds, unsubscribes. What is written is the whole subscription,
// and one version more.
#include "core/hash.h"
#include "schemas/subscription.h"
#include "streams/processors/accounts/account_change.h"
#include "streams/processors/checks.h"

#include <string.h>

// User, 0, subscription: names hold no zero byte.
struct subscription_key {
    size_t size;
    uint8_t data[2 * CHECKS_NAME_MAX + 1];
};

static void add_name(struct bytes name, struct subscription_key *key)
{
    if (name.size > 0) {
        memcpy(key->data + key->size, name.data, name.size);
        key->size += name.size;
    }
}

static struct bytes key_of(struct bytes user_id, struct bytes subscription_id,
                           struct subscription_key *key)
{
    key->size = 0;
    add_name(user_id, key);
    key->data[key->size++] = 0;
    add_name(subscription_id, key);
    return bytes_of(key->data, key->size);
}

// The index has the keys of the active ones.
sg_result accounts_reindex_subscriptions(struct index *index, struct bytes key, const void *before,
                                         const void *after)
{
    const struct subscription *old = before;
    const struct subscription *new = after;
    bool was = old != NULL && old->active;
    bool is = new != NULL &&new->active;
    if (was == is) {
        return sg_ok();
    }
    return is ? index_add(index, key) : index_remove(index, key);
}

static struct store *subscriptions_of(const struct account_change *change)
{
    return stores_get(change->process->stores, ACCOUNTS_SUBSCRIPTIONS);
}

static sg_result write_subscription(struct account_change *change,
                                    struct subscription *subscription)
{
    subscription->version++;
    subscription->changed_at = process_stamp(change->event->timestamp_ms);
    struct subscription_key key;
    struct bytes name = key_of(subscription->user_id, subscription->subscription_id, &key);
    SG_TRY(store_write(subscriptions_of(change), name, subscription));
    return process_emit(change->process, TOPIC_SUBSCRIPTIONS, subscription->instrument,
                        subscription);
}

static sg_result write_account(struct account_change *change, const struct account_state *account)
{
    return store_write(stores_get(change->process->stores, ACCOUNTS_USERS), account->user.user_id,
                       account);
}

static void answer(struct account_change *change, const struct subscription *subscription)
{
    change->result->has_result = true;
    change->result->result_type = COMMAND_RESULT_RESULT_SUBSCRIPTION;
    change->result->result.subscription = *subscription;
}

// An identity for who brought none: the same when the command is done again.
static sg_result make_id(const struct account_change *change, struct bytes *ret_id)
{
    char *text = arena_take(change->process->arena, HASH_IDENTITY_CHARS + 1);
    if (text == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory for a subscription's id");
    }
    struct subscription_key key;
    hash_identity(key_of(change->command->user_id, change->command->command_id, &key), text);
    *ret_id = bytes_of_text(text);
    return sg_ok();
}

static sg_result fill(const struct account_change *change, struct subscription *ret_subscription)
{
    const struct subscribe *asked = &change->command->body.subscribe;
    *ret_subscription = (struct subscription){
        .subscription_id = asked->subscription_id,
        .user_id = change->command->user_id,
        .instrument = asked->instrument,
        .has_low = asked->has_low,
        .low = asked->low,
        .has_high = asked->has_high,
        .high = asked->high,
        .rearm = asked->rearm,
        .hold_ms = asked->hold_ms,
        .cooldown_ms = asked->cooldown_ms,
        .notify_cleared = asked->notify_cleared,
        .has_label = asked->has_label,
        .label = asked->label,
        .has_paused_until = asked->has_paused_until,
        .paused_until = asked->paused_until,
        .active = true,
    };
    return asked->has_subscription_id ? sg_ok()
                                      : make_id(change, &ret_subscription->subscription_id);
}

static sg_result read_subscription(struct account_change *change, struct bytes subscription_id,
                                   struct subscription *ret_subscription, bool *ret_found)
{
    *ret_found = false;
    if (subscription_id.size == 0 || subscription_id.size > CHECKS_NAME_MAX) {
        return sg_ok();
    }
    struct subscription_key key;
    struct bytes name = key_of(change->command->user_id, subscription_id, &key);
    return store_read(subscriptions_of(change), name, change->process->arena, ret_subscription,
                      ret_found);
}

static sg_result check_new(struct account_change *change, const struct account_state *account,
                           const struct subscription *wanted)
{
    struct subscription known;
    bool found = false;
    sg_result checked = check_subscription(wanted);
    if (!sg_is_ok(checked)) {
        return account_change_refuse_invalid(change, checked);
    }
    SG_TRY(read_subscription(change, wanted->subscription_id, &known, &found));
    if (found) {
        account_change_refuse(change, PROBLEM_CODE_ALREADY_EXISTS,
                              "there is, or was, a subscription of this id: take another",
                              "/subscription_id");
    } else if (account->subscriptions >= change->settings->subscriptions_max) {
        account_change_refuse(change, PROBLEM_CODE_LIMIT_REACHED,
                              "the user has as many subscriptions as allowed: end one first", NULL);
    }
    return sg_ok();
}

sg_result account_subscribe(struct account_change *change)
{
    struct account_state account = {.subscriptions = 0};
    SG_TRY(account_change_read(change, &account));
    struct subscription wanted = {.active = false};
    SG_TRY(fill(change, &wanted));
    if (!account_change_is_refused(change)) {
        SG_TRY(check_new(change, &account, &wanted));
    }
    if (account_change_is_refused(change)) {
        return sg_ok();
    }
    account.subscriptions++;
    SG_TRY(write_account(change, &account));
    SG_TRY(write_subscription(change, &wanted));
    answer(change, &wanted);
    return sg_ok();
}

// What a command is about.
struct target {
    struct bytes subscription_id;
    bool has_expected_version;
    int64_t expected_version;
};

// Reads an active subscription of an active user at the expected version, or refuses.
static sg_result read_active(struct account_change *change, const struct target *target,
                             struct account_state *ret_account,
                             struct subscription *ret_subscription)
{
    bool found = false;
    SG_TRY(account_change_read(change, ret_account));
    if (account_change_is_refused(change)) {
        return sg_ok();
    }
    SG_TRY(read_subscription(change, target->subscription_id, ret_subscription, &found));
    if (!found || !ret_subscription->active) {
        account_change_refuse(change, PROBLEM_CODE_NOT_FOUND, "there is no such subscription",
                              "/subscription_id");
    } else {
        account_change_check_version(change, target->has_expected_version, target->expected_version,
                                     ret_subscription->version);
    }
    return sg_ok();
}

// Nothing can be set and taken away by one command.
static sg_result check_asked(const struct change_subscription *asked)
{
    if (asked->clear_low && asked->has_low) {
        return sg_fail(SG_DROP, 0, "clear_low is true, and low has a value: give one of them");
    }
    if (asked->clear_high && asked->has_high) {
        return sg_fail(SG_DROP, 0, "clear_high is true, and high has a value: give one of them");
    }
    if (asked->resume && asked->has_paused_until) {
        return sg_fail(SG_DROP, 0,
                       "resume is true, and paused_until has a value: give one of them");
    }
    return sg_ok();
}

static void change_side(bool clear, bool has, double value, bool *has_side, double *side)
{
    *has_side = has || (*has_side && !clear);
    *side = has ? value : *has_side ? *side : 0;
}

static void apply(const struct change_subscription *asked, struct subscription *it)
{
    change_side(asked->clear_low, asked->has_low, asked->low, &it->has_low, &it->low);
    change_side(asked->clear_high, asked->has_high, asked->high, &it->has_high, &it->high);
    it->rearm = asked->has_rearm ? asked->rearm : it->rearm;
    it->hold_ms = asked->has_hold_ms ? asked->hold_ms : it->hold_ms;
    it->cooldown_ms = asked->has_cooldown_ms ? asked->cooldown_ms : it->cooldown_ms;
    it->notify_cleared = asked->has_notify_cleared ? asked->notify_cleared : it->notify_cleared;
    if (asked->has_paused_until || asked->resume) {
        it->has_paused_until = asked->has_paused_until;
        it->paused_until = asked->has_paused_until ? asked->paused_until : 0;
    }
    if (asked->has_label) {
        it->has_label = asked->label.size > 0;
        it->label = asked->label;
    }
}

sg_result account_change_subscription(struct account_change *change)
{
    const struct change_subscription *asked = &change->command->body.change_subscription;
    struct account_state account = {.subscriptions = 0};
    struct subscription subscription = {.active = false};
    const struct target target = {asked->subscription_id, asked->has_expected_version,
                                  asked->expected_version};
    SG_TRY(read_active(change, &target, &account, &subscription));
    if (account_change_is_refused(change)) {
        return sg_ok();
    }
    apply(asked, &subscription);
    sg_result checked = check_asked(asked);
    checked = sg_is_ok(checked) ? check_subscription(&subscription) : checked;
    if (!sg_is_ok(checked)) {
        return account_change_refuse_invalid(change, checked);
    }
    SG_TRY(write_subscription(change, &subscription));
    answer(change, &subscription);
    return sg_ok();
}

sg_result account_unsubscribe(struct account_change *change)
{
    const struct unsubscribe *asked = &change->command->body.unsubscribe;
    struct account_state account = {.subscriptions = 0};
    struct subscription subscription = {.active = false};
    const struct target target = {asked->subscription_id, asked->has_expected_version,
                                  asked->expected_version};
    SG_TRY(read_active(change, &target, &account, &subscription));
    if (account_change_is_refused(change)) {
        return sg_ok();
    }
    subscription.active = false;
    account.subscriptions--;
    SG_TRY(write_account(change, &account));
    SG_TRY(write_subscription(change, &subscription));
    answer(change, &subscription);
    return sg_ok();
}

// Each one leaves the index, so that the first is another one the next time.
sg_result account_end_subscriptions(struct account_change *change)
{
    struct index *index = store_index(subscriptions_of(change));
    struct subscription_key prefix;
    struct bytes from = key_of(change->command->user_id, bytes_of_text(""), &prefix);
    struct index_key key;
    bool found = false;
    SG_TRY(index_at_least(index, from, &key, &found));
    while (found && key.size > from.size && memcmp(key.data, from.data, from.size) == 0) {
        struct subscription subscription = {.active = false};
        SG_TRY(store_read(subscriptions_of(change), index_key_bytes(&key), change->process->arena,
                          &subscription, &found));
        if (!found) {
            return sg_fail(SG_FATAL, 0, "the index of accounts names what is not stored");
        }
        subscription.active = false;
        SG_TRY(write_subscription(change, &subscription));
        SG_TRY(index_at_least(index, from, &key, &found));
    }
    return sg_ok();
}
