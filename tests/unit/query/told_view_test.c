// What users were told: alerts, notifications and deliveries by time, and what is forgotten.
#include "query/views/alerts/alert_view.h"
#include "query/views/notifications/notification_view.h"
#include "reader_fixture.h"
#include "told_fixture.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAP_BYTES = 16 * 1024 * 1024, KEPT = 100, IDS_MAX = 512 };

static struct reader_fixture fixture;

// What a list gave.
static struct {
    size_t count;
    char ids[IDS_MAX][16];
    int64_t times[IDS_MAX];
    uint8_t last[VIEW_LOG_KEY_BYTES];
} seen;

static int set_up(void **state)
{
    (void)state;
    reader_fixture_open(&fixture, MAP_BYTES);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    reader_fixture_close(&fixture);
    return 0;
}

static void look(const char *user)
{
    reader_fixture_look(&fixture, user);
    seen.count = 0;
}

static void note(struct bytes id, int64_t time_ms, struct bytes key)
{
    assert_true(seen.count < IDS_MAX);
    snprintf(seen.ids[seen.count], sizeof seen.ids[0], "%.*s", (int)id.size, (const char *)id.data);
    seen.times[seen.count++] = time_ms;
    if (key.size > 0) {
        assert_int_equal(key.size, sizeof seen.last);
        memcpy(seen.last, key.data, key.size);
    }
}

static sg_result note_alert(void *context, const struct alert_row *row)
{
    (void)context;
    note(row->alert.alert_id, row->alert.event_time, row->key);
    return sg_ok();
}

static sg_result note_notification(void *context, const struct notification_row *row)
{
    (void)context;
    note(row->notification.notification_id, row->notification.created_at, row->key);
    return sg_ok();
}

static sg_result note_delivery(void *context, const struct delivery *delivery)
{
    (void)context;
    note(bytes_of_text(outcome_name(delivery->outcome)), delivery->at, bytes_of_text(""));
    return sg_ok();
}

static struct view_log_page all(void)
{
    return (struct view_log_page){.to_ms = INT64_MAX, .max = IDS_MAX};
}

static size_t list_alerts(const char *user, const char *instrument,
                          const struct view_log_page *page)
{
    look(user);
    assert_true(sg_is_ok(
        alert_view_list(&fixture.reader, page, bytes_of_text(instrument), note_alert, NULL)));
    reader_fixture_done(&fixture);
    return seen.count;
}

static size_t list_notifications(const char *user, const struct view_log_page *page)
{
    look(user);
    assert_true(sg_is_ok(notification_view_list(&fixture.reader, page, note_notification, NULL)));
    reader_fixture_done(&fixture);
    return seen.count;
}

static size_t list_of_alert(const char *user, const char *alert)
{
    look(user);
    assert_true(sg_is_ok(notification_view_of_alert(&fixture.reader, bytes_of_text(alert),
                                                    note_notification, NULL)));
    reader_fixture_done(&fixture);
    return seen.count;
}

static size_t list_deliveries(const char *user, const char *notification)
{
    look(user);
    assert_true(sg_is_ok(notification_view_deliveries(&fixture.reader, bytes_of_text(notification),
                                                      note_delivery, NULL)));
    reader_fixture_done(&fixture);
    return seen.count;
}

static bool find_alert(const char *user, const char *id, struct alert_row *ret_row)
{
    bool found = false;
    look(user);
    assert_true(sg_is_ok(alert_view_find(&fixture.reader, bytes_of_text(id), ret_row, &found)));
    reader_fixture_done(&fixture);
    return found;
}

static void assert_newest_first(void)
{
    for (size_t i = 1; i < seen.count; i++) {
        assert_true(seen.times[i - 1] >= seen.times[i]);
    }
}

static void alerts_come_newest_first_in_pages_and_ranges(void **state)
{
    (void)state;
    enum { MANY = 90 };
    unsigned seed = 3;
    char id[16];
    size_t in_range = 0;
    for (int i = 0; i < MANY; i++) {
        // Few times, so that many alerts share one.
        int64_t time = 1000 + rand_r(&seed) % 20;
        snprintf(id, sizeof id, "a%d", i);
        assert_true(
            told_fixture_alert(&fixture.views, "ada", id, i % 3 == 0 ? "stock:A" : "fx:B", time));
        in_range += time >= 1005 && time < 1010 ? 1 : 0;
        if (i % 20 == 0) {
            view_fixture_commit(&fixture.views);
            view_fixture_restart(&fixture.views);
        }
    }
    assert_true(told_fixture_alert(&fixture.views, "bob", "b", "stock:A", 1));
    view_fixture_commit(&fixture.views);
    struct view_log_page page = all();
    assert_int_equal(list_alerts("ada", "", &page), MANY);
    assert_newest_first();
    assert_int_equal(list_alerts("ada", "stock:A", &page), MANY / 3);
    assert_newest_first();
    assert_int_equal(list_alerts("ada", "stock", &page), 0);
    assert_int_equal(list_alerts("eve", "", &page), 0);
    assert_int_equal(list_alerts("bob", "", &page), 1);
    page.from_ms = 1005;
    page.to_ms = 1010;
    assert_int_equal(list_alerts("ada", "", &page), in_range);

    // Pages give what the whole list gives.
    char whole[MANY][16];
    page = all();
    assert_int_equal(list_alerts("ada", "fx:B", &page), 2 * MANY / 3);
    memcpy(whole, seen.ids, 2 * MANY / 3 * sizeof whole[0]);
    page.max = 7;
    size_t at = 0;
    uint8_t after[VIEW_LOG_KEY_BYTES];
    while (list_alerts("ada", "fx:B", &page) > 0) {
        assert_memory_equal(seen.ids, whole[at], seen.count * sizeof whole[0]);
        at += seen.count;
        memcpy(after, seen.last, sizeof after);
        page.after = bytes_of(after, sizeof after);
    }
    assert_int_equal(at, 2 * MANY / 3);
}

static void an_alert_is_found_by_its_owner(void **state)
{
    (void)state;
    struct alert_row row;
    assert_true(told_fixture_alert(&fixture.views, "ada", "a1", "stock:A", 5));
    // The same decision again is the same alert.
    assert_true(told_fixture_alert(&fixture.views, "ada", "a1", "stock:A", 5));
    view_fixture_commit(&fixture.views);
    assert_true(told_fixture_alert(&fixture.views, "ada", "a1", "stock:A", 6));
    view_fixture_commit(&fixture.views);
    struct view_log_page page = all();
    assert_int_equal(list_alerts("ada", "", &page), 1);
    assert_true(find_alert("ada", "a1", &row));
    assert_int_equal(row.place.offset, 0);
    assert_int_equal(row.alert.event_time, 5);
    assert_false(find_alert("bob", "a1", &row));
    assert_false(find_alert("ada", "a", &row));
    assert_false(find_alert("ada", "", &row));
}

static void the_oldest_alerts_are_forgotten(void **state)
{
    (void)state;
    struct alert_row row;
    char id[16];
    for (int i = 0; i < 3 * KEPT; i++) {
        snprintf(id, sizeof id, "a%d", i);
        assert_true(told_fixture_alert(&fixture.views, "ada", id, "stock:A", 1000 + i));
        assert_true(
            told_fixture_alert(&fixture.views, i % 2 == 0 ? "bob" : "eve", id, "stock:A", i));
        if (i % 7 == 0) {
            view_fixture_commit(&fixture.views);
        }
    }
    view_fixture_commit(&fixture.views);
    struct view_log_page page = all();
    assert_int_equal(list_alerts("ada", "", &page), KEPT);
    assert_int_equal(seen.times[KEPT - 1], 1000 + 2 * KEPT);
    assert_int_equal(list_alerts("ada", "stock:A", &page), KEPT);
    assert_false(find_alert("ada", "a0", &row));
    assert_false(find_alert("ada", "a199", &row));
    assert_true(find_alert("ada", "a200", &row));
    assert_int_equal(list_alerts("bob", "", &page), KEPT);
    // An alert that is older than all that is kept does not stay.
    assert_true(told_fixture_alert(&fixture.views, "ada", "old", "stock:A", 1));
    view_fixture_commit(&fixture.views);
    assert_false(find_alert("ada", "old", &row));
    assert_int_equal(list_alerts("ada", "", &page), KEPT);
    // A smaller bound is reached with what comes next.
    fixture.views.settings.alerts_kept = KEPT / 2;
    for (int i = 0; i < KEPT / 8; i++) {
        snprintf(id, sizeof id, "n%d", i);
        assert_true(told_fixture_alert(&fixture.views, "ada", id, "stock:A", 5000 + i));
    }
    view_fixture_commit(&fixture.views);
    assert_int_equal(list_alerts("ada", "", &page), KEPT / 2);
}

static void notifications_have_their_deliveries(void **state)
{
    (void)state;
    // A delivery may be read before what it delivers.
    assert_true(told_fixture_delivery(&fixture.views, "n1", 1, OUTCOME_RETRY, 20));
    view_fixture_commit(&fixture.views);
    assert_true(told_fixture_notification(&fixture.views, "ada", "n1", "a1", 10));
    assert_true(told_fixture_notification(&fixture.views, "ada", "n1", "a1", 10));
    assert_true(told_fixture_notification(&fixture.views, "ada", "n2", "a1", 11));
    assert_true(told_fixture_notification(&fixture.views, "ada", "n3", "a2", 9));
    assert_true(told_fixture_notification(&fixture.views, "bob", "n1", "a1", 12));
    assert_true(told_fixture_delivery(&fixture.views, "n1", 2, OUTCOME_SENT, 30));
    view_fixture_commit(&fixture.views);
    view_fixture_restart(&fixture.views);
    struct view_log_page page = all();
    assert_int_equal(list_notifications("ada", &page), 3);
    assert_string_equal(seen.ids[0], "n2");
    assert_string_equal(seen.ids[1], "n1");
    assert_string_equal(seen.ids[2], "n3");
    assert_int_equal(list_of_alert("ada", "a1"), 2);
    assert_string_equal(seen.ids[0], "n2");
    assert_int_equal(list_of_alert("ada", "a"), 0);
    assert_int_equal(list_deliveries("ada", "n1"), 2);
    assert_string_equal(seen.ids[0], "RETRY");
    assert_string_equal(seen.ids[1], "SENT");
    assert_int_equal(list_deliveries("bob", "n1"), 0);
    struct notification_row row;
    bool found = false;
    look("ada");
    assert_true(
        sg_is_ok(notification_view_find(&fixture.reader, bytes_of_text("n3"), &row, &found)));
    assert_true(found);
    assert_true(bytes_is_text(row.notification.alert_ids[0], "a2"));
    reader_fixture_done(&fixture);
}

static void the_oldest_notifications_go_with_their_deliveries(void **state)
{
    (void)state;
    char id[16];
    char alert[16];
    for (int i = 0; i < 2 * KEPT; i++) {
        snprintf(id, sizeof id, "n%d", i);
        snprintf(alert, sizeof alert, "a%d", i);
        assert_true(told_fixture_notification(&fixture.views, "ada", id, alert, 10 * i));
        assert_true(told_fixture_delivery(&fixture.views, id, 1, OUTCOME_RETRY, 10 * i + 1));
        assert_true(told_fixture_delivery(&fixture.views, id, 2, OUTCOME_SENT, 10 * i + 2));
        view_fixture_commit(&fixture.views);
    }
    struct view_log_page page = all();
    assert_int_equal(list_notifications("ada", &page), KEPT);
    assert_string_equal(seen.ids[KEPT - 1], "n100");
    assert_int_equal(list_of_alert("ada", "a99"), 0);
    assert_int_equal(list_of_alert("ada", "a100"), 1);
    assert_int_equal(list_deliveries("ada", "n98"), 0);
    assert_int_equal(list_deliveries("ada", "n100"), 2);
}

static void deliveries_alone_are_bounded_too(void **state)
{
    (void)state;
    fixture.views.settings.notifications_kept = 1;
    size_t left = 0;
    char id[16];
    for (int i = 0; i < 3 * KEPT; i++) {
        snprintf(id, sizeof id, "a%d", i);
        assert_true(told_fixture_delivery(&fixture.views, id, 0, OUTCOME_REJECTED, i));
    }
    view_fixture_commit(&fixture.views);
    for (int i = 0; i < 3 * KEPT; i++) {
        snprintf(id, sizeof id, "a%d", i);
        left += list_deliveries("ada", id);
    }
    assert_int_equal(left, 64);
    assert_int_equal(list_deliveries("ada", "a299"), 1);
}

static bool refused(const struct alert *alert, const char *key)
{
    return !view_fixture_take(&fixture.views, TOPIC_ALERTS, bytes_of_text(key), 1, alert);
}

static void what_is_not_acceptable_is_refused(void **state)
{
    (void)state;
    struct alert alert = told_fixture_make_alert("ada", "a", "stock:A", 1);
    assert_true(refused(&alert, "bob"));
    alert.value = NAN;
    assert_true(refused(&alert, "ada"));
    alert = told_fixture_make_alert("ada", "a", "stock:A", -1);
    assert_true(refused(&alert, "ada"));
    alert = told_fixture_make_alert("ada", "", "stock:A", 1);
    assert_true(refused(&alert, "ada"));
    alert = told_fixture_make_alert("ada", "a", "stock\n", 1);
    assert_true(refused(&alert, "ada"));
    assert_false(told_fixture_notification(&fixture.views, "ada", "n", "", 1));
    assert_false(told_fixture_notification(&fixture.views, "ada", "", "a", 1));
    assert_false(told_fixture_notification(&fixture.views, "ada", "n", "a", -1));
    assert_false(told_fixture_delivery(&fixture.views, "\x01", 1, OUTCOME_SENT, 1));
    assert_false(told_fixture_delivery(&fixture.views, "n", -1, OUTCOME_SENT, 1));
    view_fixture_commit(&fixture.views);
    struct view_log_page page = all();
    assert_int_equal(list_alerts("ada", "", &page), 0);
    assert_int_equal(list_notifications("ada", &page), 0);
}

static void a_rebuild_begins_from_nothing(void **state)
{
    (void)state;
    struct view_log_page page = all();
    char id[16];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < KEPT; i++) {
            snprintf(id, sizeof id, "a%d", i);
            assert_true(told_fixture_alert(&fixture.views, "ada", id, "stock:A", i));
            assert_true(told_fixture_notification(&fixture.views, "ada", id, id, i));
            assert_true(told_fixture_delivery(&fixture.views, id, 1, OUTCOME_SENT, i));
        }
        view_fixture_commit(&fixture.views);
        // The counts begin anew too, or the second round would be forgotten.
        assert_int_equal(list_alerts("ada", "", &page), KEPT);
        assert_int_equal(list_notifications("ada", &page), KEPT);
        for (size_t view = 0; view < VIEW_COUNT; view++) {
            assert_true(sg_is_ok(view_writer_rebuild(fixture.views.writer, view)));
        }
        assert_int_equal(list_alerts("ada", "", &page), 0);
        assert_int_equal(list_alerts("ada", "stock:A", &page), 0);
        assert_int_equal(list_of_alert("ada", "a1"), 0);
        assert_int_equal(list_deliveries("ada", "a1"), 0);
    }
}

static void much_that_waits_is_committed_early(void **state)
{
    (void)state;
    enum { BODY_BYTES = 200000, MANY = 200 };
    char *body = malloc(BODY_BYTES);
    assert_non_null(body);
    memset(body, 'x', BODY_BYTES);
    struct bytes alert = bytes_of_text("a");
    struct notification notification = notification_default;
    notification.user_id = bytes_of_text("ada");
    notification.body_text = bytes_of(body, BODY_BYTES);
    notification.alert_ids = &alert;
    notification.alert_ids_count = 1;
    int taken = 0;
    char id[16];
    while (!view_writer_full(fixture.views.writer)) {
        snprintf(id, sizeof id, "n%d", taken++);
        notification.notification_id = bytes_of_text(id);
        assert_true(view_fixture_take(&fixture.views, TOPIC_NOTIFICATIONS, notification.user_id, 1,
                                      &notification));
        assert_true(taken < MANY);
    }
    assert_true(view_writer_due(fixture.views.writer, false));
    view_fixture_commit(&fixture.views);
    assert_false(view_writer_full(fixture.views.writer));
    free(body);
    struct view_log_page page = all();
    assert_int_equal(list_notifications("ada", &page), taken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(alerts_come_newest_first_in_pages_and_ranges, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_alert_is_found_by_its_owner, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_oldest_alerts_are_forgotten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(notifications_have_their_deliveries, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_oldest_notifications_go_with_their_deliveries, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(deliveries_alone_are_bounded_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_acceptable_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_rebuild_begins_from_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(much_that_waits_is_committed_early, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
