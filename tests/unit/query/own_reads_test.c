// The routes that read what belongs to a user, at the router: bodies, tags, pages, whose it is.
#include "account_fixture.h"
#include "contract_check.h"
#include "core/secrets/webhook_secret.h"
#include "query/accounts/account_services.h"
#include "router_client.h"
#include "told_fixture.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>

#include <stdio.h>
#include <string.h>

#define NOW ACCOUNT_FIXTURE_NOW

enum { MAP_BYTES = 16 * 1024 * 1024 };

static struct view_fixture fixture;
static struct secrets *secrets;
static struct account_services services;
static struct query_context context;
static struct router_client client;

static int set_up(void **state)
{
    (void)state;
    view_fixture_open(&fixture, MAP_BYTES);
    char path[SECRETS_PATH_MAX];
    snprintf(path, sizeof path, "%s/secrets", fixture.folder);
    assert_true(sg_is_ok(secrets_open(path, &secrets)));
    services = (struct account_services){.store = fixture.store, .secrets = secrets};
    context =
        (struct query_context){.store = fixture.store, .secrets = secrets, .accounts = &services};
    router_client_open(&client, &context);
    client.user = "ada";
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    router_client_close(&client);
    secrets_close(&secrets);
    view_fixture_close(&fixture);
    return 0;
}

static int get(const char *target)
{
    return router_client_get(&client, target);
}

static void assert_answer(const char *target, const char *schema)
{
    if (get(target) != 200) {
        fail_msg("%s: %d %.*s", target, client.response.status, (int)client.response.body.size,
                 (const char *)client.response.body.data);
    }
    contract_check(buffer_bytes(&client.response.body), schema);
}

static bool body_has(const char *text)
{
    return memmem(client.response.body.data, client.response.body.size, text, strlen(text)) != NULL;
}

static void nobody_sees_anything_without_a_log_in(void **state)
{
    (void)state;
    static const char *const targets[] = {
        "/v1/users/me", "/v1/subscriptions", "/v1/subscriptions/s", "/v1/alerts",
        "/v1/alerts/a", "/v1/notifications", "/v1/commands/c"};
    struct user user = account_fixture_user("ada", 1);
    assert_true(account_fixture_take_user(&fixture, &user, NOW));
    view_fixture_commit(&fixture);
    client.user = "";
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        assert_int_equal(get(targets[i]), 401);
        assert_string_equal(router_client_header(&client, "WWW-Authenticate"), "Bearer");
        assert_null(router_client_header(&client, "ETag"));
    }
}

static void a_user_sees_the_user_and_no_password(void **state)
{
    (void)state;
    struct channel channels[] = {{CHANNEL_KIND_WEBHOOK, bytes_of_text("https://h/")}};
    struct user user = account_fixture_user("ada", 3);
    user.channels = channels;
    user.channels_count = 1;
    assert_int_equal(get("/v1/users/me"), 404);
    assert_true(account_fixture_take_user(&fixture, &user, NOW));
    view_fixture_commit(&fixture);
    assert_answer("/v1/users/me", "User");
    char secret[WEBHOOK_SECRET_CHARS + 1];
    char wanted[ROUTER_CLIENT_TARGET_MAX];
    webhook_secret_print(secrets, user.user_id, channels[0].address, secret);
    snprintf(wanted, sizeof wanted,
             "{\"user_id\":\"ada\",\"email\":\"ada@example.org\",\"display_name\":null,"
             "\"channels\":[{\"kind\":\"WEBHOOK\",\"address\":\"https://h/\","
             "\"signing_secret\":\"%s\"}],\"time_zone\":\"UTC\",\"version\":3,"
             "\"changed_at\":\"2023-11-14T22:13:20.003Z\",\"changed_at_ms\":1700000000003}",
             secret);
    router_client_assert_body(&client, wanted);
    assert_string_equal(router_client_header(&client, "ETag"), "\"3\"");
    assert_string_equal(router_client_header(&client, "Soglia-Position"), "users:0=1");
    client.known = "\"3\"";
    assert_int_equal(get("/v1/users/me"), 304);
    assert_int_equal(client.response.body.size, 0);
    client.known = "\"2\"";
    assert_int_equal(get("/v1/users/me"), 200);
    user.active = false;
    user.version = 4;
    assert_true(account_fixture_answer_user(&fixture, "c", &user, NOW));
    view_fixture_commit(&fixture);
    assert_int_equal(get("/v1/users/me"), 404);
}

static void a_read_with_the_position_of_a_write_sees_it(void **state)
{
    (void)state;
    struct subscription subscription = account_fixture_subscription("ada", "s", 1);
    const char *target = "/v1/subscriptions/s?min_position=command-results:0=1";
    get(target);
    assert_true(client.waits);
    assert_true(account_fixture_answer_subscription(&fixture, "c", &subscription, NOW));
    view_fixture_commit(&fixture);
    assert_answer(target, "Subscription");
    assert_string_equal(router_client_header(&client, "Soglia-Position"), "command-results:0=1");
    assert_string_equal(router_client_header(&client, "ETag"), "\"1\"");
    router_client_assert_body(
        &client, "{\"subscription_id\":\"s\",\"user_id\":\"ada\",\"instrument\":\"stock:A\","
                 "\"low\":null,\"high\":10,\"rearm\":0,\"hold_ms\":0,\"cooldown_ms\":0,"
                 "\"notify_cleared\":false,\"label\":null,\"active\":true,\"version\":1,"
                 "\"changed_at\":\"2023-11-14T22:13:20.001Z\",\"changed_at_ms\":1700000000001,"
                 "\"paused_until\":null,\"paused_until_ms\":null}");
    client.known = "\"1\"";
    assert_int_equal(get(target), 304);
    subscription.active = false;
    subscription.version = 2;
    assert_true(account_fixture_answer_subscription(&fixture, "d", &subscription, NOW));
    view_fixture_commit(&fixture);
    assert_int_equal(get("/v1/subscriptions/s"), 404);
}

// Goes through all pages and counts the items of the list; all of them are as the contract says.
static size_t count_items(const char *first, const char *schema, const char *list)
{
    char target[ROUTER_CLIENT_TARGET_MAX];
    size_t count = 0;
    bool more = false;
    snprintf(target, sizeof target, "%s", first);
    do {
        assert_answer(target, schema);
        struct bytes text = buffer_bytes(&client.response.body);
        json_t *body = json_loadb((const char *)text.data, text.size, 0, NULL);
        count += json_array_size(json_object_get(body, list));
        more = router_client_next(&client, target);
        assert_int_equal(json_is_string(json_object_get(body, "next")), more);
        json_decref(body);
    } while (more);
    return count;
}

static void subscriptions_come_in_pages_and_by_instrument(void **state)
{
    (void)state;
    char id[16];
    for (int i = 0; i < 25; i++) {
        snprintf(id, sizeof id, "s%d", i);
        struct subscription subscription = account_fixture_subscription("ada", id, 1);
        subscription.instrument = bytes_of_text(i < 10 ? "fx:EUR/USD" : "stock:A");
        assert_true(account_fixture_take_subscription(&fixture, &subscription, NOW));
    }
    struct subscription other = account_fixture_subscription("bob", "b", 1);
    assert_true(account_fixture_take_subscription(&fixture, &other, NOW));
    view_fixture_commit(&fixture);
    assert_int_equal(count_items("/v1/subscriptions", "SubscriptionPage", "subscriptions"), 25);
    assert_int_equal(count_items("/v1/subscriptions?limit=5", "SubscriptionPage", "subscriptions"),
                     25);
    assert_int_equal(count_items("/v1/subscriptions?limit=3&instrument=fx:EUR%2FUSD",
                                 "SubscriptionPage", "subscriptions"),
                     10);
    assert_int_equal(get("/v1/subscriptions?instrument="), 400);
    assert_int_equal(get("/v1/subscriptions/b"), 404);
    assert_int_equal(get("/v1/subscriptions?limit=5"), 200);
    char target[ROUTER_CLIENT_TARGET_MAX];
    assert_true(router_client_next(&client, target));
    client.user = "bob";
    assert_int_equal(get(target), 400);
    assert_int_equal(count_items("/v1/subscriptions", "SubscriptionPage", "subscriptions"), 1);
    char tag[64];
    snprintf(tag, sizeof tag, "%s", router_client_header(&client, "ETag"));
    client.known = tag;
    assert_int_equal(get("/v1/subscriptions"), 304);
}

static void alerts_and_their_story(void **state)
{
    (void)state;
    char id[16];
    for (int i = 0; i < 20; i++) {
        snprintf(id, sizeof id, "a%d", i);
        assert_true(told_fixture_alert(&fixture, "ada", id, i < 5 ? "fx:X" : "stock:A", NOW + i));
    }
    assert_true(told_fixture_alert(&fixture, "bob", "b", "fx:X", NOW));
    assert_true(told_fixture_notification(&fixture, "ada", "n", "a0", NOW));
    assert_true(told_fixture_delivery(&fixture, "n", 1, OUTCOME_RETRY, NOW + 1));
    assert_true(told_fixture_delivery(&fixture, "a1", 0, OUTCOME_REJECTED, NOW + 1));
    view_fixture_commit(&fixture);
    assert_int_equal(count_items("/v1/alerts?limit=3", "AlertPage", "alerts"), 20);
    assert_int_equal(count_items("/v1/alerts?limit=2&instrument=fx:X", "AlertPage", "alerts"), 5);
    char target[ROUTER_CLIENT_TARGET_MAX];
    snprintf(target, sizeof target, "/v1/alerts?from=%lld&to=2023-11-14T22:13:20.010Z&limit=4",
             (long long)NOW + 2);
    assert_int_equal(count_items(target, "AlertPage", "alerts"), 8);
    assert_answer("/v1/alerts?limit=1&from=0&instrument=fx:X", "AlertPage");
    assert_true(body_has("\"alert_id\":\"a4\""));
    assert_int_equal(get("/v1/alerts?from=2&to=1"), 400);
    assert_answer("/v1/alerts/a0", "AlertStory");
    router_client_assert_body(
        &client,
        "{\"alert_id\":\"a0\",\"subscription_id\":\"s\",\"subscription_version\":1,"
        "\"user_id\":\"ada\",\"instrument\":\"fx:X\",\"side\":\"HIGH\",\"edge\":\"ENTERED\","
        "\"initial\":false,\"threshold\":190,\"value\":191.5,\"previous_value\":null,"
        "\"event_time\":\"2023-11-14T22:13:20.000Z\",\"event_time_ms\":1700000000000,"
        "\"suppressed\":null,\"label\":null,\"notify\":true,"
        "\"cause\":{\"topic\":\"quotes\",\"partition\":3,\"offset\":7},"
        "\"position\":{\"topic\":\"alerts\",\"partition\":0,\"offset\":0},"
        "\"notifications\":[{\"notification_id\":\"n\",\"channel\":\"EMAIL\","
        "\"address\":\"ada@example.org\",\"subject\":\"stock:A is above 190\","
        "\"body_text\":\"191.5\",\"alert_ids\":[\"a0\"],"
        "\"created_at\":\"2023-11-14T22:13:20.000Z\",\"created_at_ms\":1700000000000,"
        "\"position\":{\"topic\":\"notifications\",\"partition\":0,\"offset\":21},"
        "\"deliveries\":[{\"attempt\":1,\"outcome\":\"RETRY\",\"code\":451,\"reply\":\"ok\","
        "\"at\":\"2023-11-14T22:13:20.001Z\",\"at_ms\":1700000000001,"
        "\"next_attempt_at\":\"2023-11-14T22:13:21.001Z\",\"next_attempt_at_ms\":1700000001001}],"
        "\"status\":\"RETRY\"}],\"deliveries\":[]}");
    assert_string_equal(router_client_header(&client, "Soglia-Position"),
                        "alerts:0=21;deliveries:0=24;notifications:0=22");
    assert_answer("/v1/alerts/a1", "AlertStory");
    assert_true(body_has("\"outcome\":\"REJECTED\""));
    assert_int_equal(get("/v1/alerts/b"), 404);
    client.user = "bob";
    assert_int_equal(get("/v1/alerts/a0"), 404);
    assert_int_equal(count_items("/v1/alerts", "AlertPage", "alerts"), 1);
}

static void notifications_say_how_far_they_are(void **state)
{
    (void)state;
    char id[16];
    for (int i = 0; i < 7; i++) {
        snprintf(id, sizeof id, "n%d", i);
        assert_true(told_fixture_notification(&fixture, "ada", id, "a", NOW + i));
    }
    assert_true(told_fixture_delivery(&fixture, "n6", 1, OUTCOME_RETRY, NOW + 10));
    assert_true(told_fixture_delivery(&fixture, "n6", 2, OUTCOME_SENT, NOW + 20));
    view_fixture_commit(&fixture);
    const char *page = "NotificationPage";
    assert_int_equal(count_items("/v1/notifications?limit=2", page, "notifications"), 7);
    assert_int_equal(count_items("/v1/notifications?to=1", page, "notifications"), 0);
    assert_answer("/v1/notifications?limit=1", page);
    assert_true(body_has("\"status\":\"SENT\""));
    assert_answer("/v1/notifications?to=1700000000001", page);
    assert_true(body_has("\"status\":\"PENDING\""));
    client.user = "bob";
    assert_int_equal(count_items("/v1/notifications", page, "notifications"), 0);
}

// A page is bounded in bytes too.
static void a_page_of_long_texts_is_shorter(void **state)
{
    (void)state;
    enum { BODY_BYTES = 200000, MANY = 60 };
    static char body[BODY_BYTES];
    memset(body, 'x', sizeof body);
    struct bytes alert = bytes_of_text("a");
    struct notification notification = notification_default;
    notification.user_id = bytes_of_text("ada");
    notification.body_text = bytes_of(body, sizeof body);
    notification.alert_ids = &alert;
    notification.alert_ids_count = 1;
    char id[16];
    for (int i = 0; i < MANY; i++) {
        snprintf(id, sizeof id, "n%d", i);
        notification.notification_id = bytes_of_text(id);
        notification.created_at = NOW + i;
        assert_true(view_fixture_take(&fixture, TOPIC_NOTIFICATIONS, notification.user_id, NOW,
                                      &notification));
    }
    view_fixture_commit(&fixture);
    assert_int_equal(get("/v1/notifications?limit=1000"), 200);
    assert_true(client.response.body.size < 5 * 1024 * 1024);
    assert_non_null(router_client_header(&client, "Link"));
    assert_int_equal(
        count_items("/v1/notifications?limit=1000", "NotificationPage", "notifications"), MANY);
}

static void commands_tell_what_became_of_them(void **state)
{
    (void)state;
    struct subscription subscription = account_fixture_subscription("ada", "s", 1);
    struct user user = account_fixture_user("ada", 1);
    struct command_result refused = command_result_default;
    refused.command_id = bytes_of_text("r");
    refused.user_id = bytes_of_text("ada");
    refused.status = COMMAND_STATUS_REFUSED;
    refused.fingerprint = bytes_of_text("f");
    refused.has_problem = true;
    refused.problem = (struct problem){.code = PROBLEM_CODE_INVALID,
                                       .detail = bytes_of_text("low is not finite"),
                                       .has_pointer = true,
                                       .pointer = bytes_of_text("/low")};
    refused.at = NOW;
    assert_true(account_fixture_answer_subscription(&fixture, "d", &subscription, NOW));
    assert_true(account_fixture_answer_user(&fixture, "u", &user, NOW));
    assert_true(account_fixture_take_result(&fixture, &refused));
    view_fixture_commit(&fixture);
    assert_answer("/v1/commands/d", "CommandAnswer");
    assert_answer("/v1/commands/u", "CommandAnswer");
    assert_false(body_has("argon2"));
    assert_answer("/v1/commands/r", "CommandAnswer");
    router_client_assert_body(
        &client, "{\"command_id\":\"r\",\"status\":\"REFUSED\",\"problem\":{\"code\":\"INVALID\","
                 "\"detail\":\"low is not finite\",\"pointer\":\"/low\"},\"result\":null,"
                 "\"at\":\"2023-11-14T22:13:20.000Z\",\"at_ms\":1700000000000,"
                 "\"position\":{\"topic\":\"command-results\",\"partition\":0,\"offset\":2}}");
    assert_int_equal(get("/v1/commands/x"), 404);
    client.user = "bob";
    assert_int_equal(get("/v1/commands/d"), 404);
}

static void ids_of_any_length_are_only_not_found(void **state)
{
    (void)state;
    char id[600];
    char target[700];
    memset(id, 'a', sizeof id - 1);
    id[sizeof id - 1] = '\0';
    static const char *const paths[] = {"subscriptions", "alerts", "commands"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        snprintf(target, sizeof target, "/v1/%s/%s", paths[i], id);
        assert_int_equal(get(target), 404);
    }
    client.user = id;
    assert_int_equal(get("/v1/users/me"), 404);
    assert_int_equal(get("/v1/alerts"), 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nobody_sees_anything_without_a_log_in, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_user_sees_the_user_and_no_password, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_read_with_the_position_of_a_write_sees_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(subscriptions_come_in_pages_and_by_instrument, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(alerts_and_their_story, set_up, tear_down),
        cmocka_unit_test_setup_teardown(notifications_say_how_far_they_are, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_page_of_long_texts_is_shorter, set_up, tear_down),
        cmocka_unit_test_setup_teardown(commands_tell_what_became_of_them, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ids_of_any_length_are_only_not_found, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
