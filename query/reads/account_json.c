// Users and subscriptions.
#include "query/reads/account_json.h"

#include "core/secrets/webhook_secret.h"

#include <string.h>

static void write_channel(struct json_writer *json, const struct secrets *secrets,
                          struct bytes user_id, const struct channel *channel)
{
    json_writer_object(json, NULL);
    json_writer_literal(json, "kind", channel_kind_name(channel->kind));
    json_writer_text(json, "address", channel->address);
    if (channel->kind == CHANNEL_KIND_WEBHOOK) {
        char secret[WEBHOOK_SECRET_CHARS + 1];
        webhook_secret_print(secrets, user_id, channel->address, secret);
        json_writer_literal(json, "signing_secret", secret);
        explicit_bzero(secret, sizeof secret);
    }
    json_writer_end(json);
}

void account_json_user(struct json_writer *json, const char *name, const struct secrets *secrets,
                       const struct user *user)
{
    json_writer_object(json, name);
    json_writer_text(json, "user_id", user->user_id);
    json_writer_text(json, "email", user->email);
    answer_json_optional_text(json, "display_name", user->has_display_name, user->display_name);
    json_writer_array(json, "channels");
    for (size_t i = 0; i < user->channels_count; i++) {
        write_channel(json, secrets, user->user_id, &user->channels[i]);
    }
    json_writer_end(json);
    json_writer_text(json, "time_zone", user->time_zone);
    json_writer_int(json, "version", user->version);
    answer_json_time(json, "changed_at", user->changed_at);
    json_writer_int(json, "changed_at_ms", user->changed_at);
    json_writer_end(json);
}

static void write_pause(struct json_writer *json, const struct subscription *subscription)
{
    if (!subscription->has_paused_until) {
        json_writer_null(json, "paused_until");
        json_writer_null(json, "paused_until_ms");
        return;
    }
    answer_json_time(json, "paused_until", subscription->paused_until);
    json_writer_int(json, "paused_until_ms", subscription->paused_until);
}

void account_json_subscription(struct json_writer *json, const char *name,
                               const struct subscription *subscription)
{
    json_writer_object(json, name);
    json_writer_text(json, "subscription_id", subscription->subscription_id);
    json_writer_text(json, "user_id", subscription->user_id);
    json_writer_text(json, "instrument", subscription->instrument);
    answer_json_optional_double(json, "low", subscription->has_low, subscription->low);
    answer_json_optional_double(json, "high", subscription->has_high, subscription->high);
    json_writer_double(json, "rearm", subscription->rearm);
    json_writer_int(json, "hold_ms", subscription->hold_ms);
    json_writer_int(json, "cooldown_ms", subscription->cooldown_ms);
    json_writer_bool(json, "notify_cleared", subscription->notify_cleared);
    answer_json_optional_text(json, "label", subscription->has_label, subscription->label);
    json_writer_bool(json, "active", subscription->active);
    json_writer_int(json, "version", subscription->version);
    answer_json_time(json, "changed_at", subscription->changed_at);
    json_writer_int(json, "changed_at_ms", subscription->changed_at);
    write_pause(json, subscription);
    json_writer_end(json);
}
