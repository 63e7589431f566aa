// Alerts, notifications and deliveries for tests.
#pragma once
#include "schemas/alert.h"
#include "schemas/delivery.h"
#include "schemas/notification.h"
#include "view_fixture.h"

// Each takes a record of this user and id, a delivery one of ada's; false when it was refused.
bool told_fixture_alert(struct view_fixture *fixture, const char *user, const char *id,
                        const char *instrument, int64_t event_time);
bool told_fixture_notification(struct view_fixture *fixture, const char *user, const char *id,
                               const char *alert, int64_t created_at);
bool told_fixture_delivery(struct view_fixture *fixture, const char *notification, int attempt,
                           enum outcome outcome, int64_t at);

// The alert that told_fixture_alert() takes, to be spoilt.
struct alert told_fixture_make_alert(const char *user, const char *id, const char *instrument,
                                     int64_t event_time);
