// What users are told.
#include "told_fixture.h"

struct alert told_fixture_make_alert(const char *user, const char *id, const char *instrument,
                                     int64_t event_time)
{
    struct alert alert = alert_default;
    alert.alert_id = bytes_of_text(id);
    alert.subscription_id = bytes_of_text("s");
    alert.subscription_version = 1;
    alert.user_id = bytes_of_text(user);
    alert.instrument = bytes_of_text(instrument);
    alert.side = SIDE_HIGH;
    alert.edge = EDGE_ENTERED;
    alert.threshold = 190;
    alert.value = 191.5;
    alert.event_time = event_time;
    alert.cause = (struct cause){bytes_of_text("quotes"), 3, 7};
    alert.notify = true;
    return alert;
}

bool told_fixture_alert(struct view_fixture *fixture, const char *user, const char *id,
                        const char *instrument, int64_t event_time)
{
    struct alert alert = told_fixture_make_alert(user, id, instrument, event_time);
    return view_fixture_take(fixture, TOPIC_ALERTS, alert.user_id, event_time, &alert);
}

bool told_fixture_notification(struct view_fixture *fixture, const char *user, const char *id,
                               const char *alert, int64_t created_at)
{
    struct bytes alert_ids[] = {bytes_of_text(alert)};
    struct notification notification = notification_default;
    notification.notification_id = bytes_of_text(id);
    notification.user_id = bytes_of_text(user);
    notification.channel = CHANNEL_KIND_EMAIL;
    notification.address = bytes_of_text("ada@example.org");
    notification.subject = bytes_of_text("stock:A is above 190");
    notification.body_text = bytes_of_text("191.5");
    notification.alert_ids = alert_ids;
    notification.alert_ids_count = 1;
    notification.created_at = created_at;
    return view_fixture_take(fixture, TOPIC_NOTIFICATIONS, notification.user_id, created_at,
                             &notification);
}

bool told_fixture_delivery(struct view_fixture *fixture, const char *notification, int attempt,
                           enum outcome outcome, int64_t at)
{
    struct delivery delivery = delivery_default;
    delivery.notification_id = bytes_of_text(notification);
    delivery.user_id = bytes_of_text("ada");
    delivery.has_channel = true;
    delivery.channel = CHANNEL_KIND_EMAIL;
    delivery.attempt = attempt;
    delivery.outcome = outcome;
    delivery.code = outcome == OUTCOME_SENT ? 250 : 451;
    delivery.reply = bytes_of_text("ok");
    delivery.at = at;
    delivery.has_next_attempt_at = outcome == OUTCOME_RETRY;
    delivery.next_attempt_at = at + 1000;
    return view_fixture_take(fixture, TOPIC_DELIVERIES, delivery.user_id, at, &delivery);
}
