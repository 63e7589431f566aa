// Users and subscriptions from their topics and from answers to commands, in whatever order they
// are read.
#include "account_fixture.h"
#include "query/views/accounts/command_view.h"
#include "query/views/accounts/subscription_view.h"
#include "query/views/quotes/instrument_view.h"
#include "query/views/view_row.h"
#include "reader_fixture.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW ACCOUNT_FIXTURE_NOW

enum { MAP_BYTES = 16 * 1024 * 1024, DAY_MS = 86400000, ACCOUNTS = 1 };

static struct reader_fixture fixture;
static char last_ids[4096]; // Of the last list, with a space behind each.

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

// The version of what is found, -1 for nothing.
static int64_t subscription_version(const char *user, const char *id)
{
    struct subscription subscription;
    bool found = false;
    reader_fixture_look(&fixture, user);
    assert_true(sg_is_ok(
        subscription_view_find(&fixture.reader, bytes_of_text(id), &subscription, &found)));
    int64_t version = found ? subscription.version : -1;
    reader_fixture_done(&fixture);
    return version;
}

static sg_result note_id(void *context, const struct subscription *subscription)
{
    (void)context;
    size_t used = strlen(last_ids);
    snprintf(last_ids + used, sizeof last_ids - used, "%.*s ",
             (int)subscription->subscription_id.size,
             (const char *)subscription->subscription_id.data);
    return sg_ok();
}

static const char *list(const char *user, const char *instrument, const char *after, size_t max)
{
    struct subscription_page page = {bytes_of_text(instrument), bytes_of_text(after), max};
    last_ids[0] = '\0';
    reader_fixture_look(&fixture, user);
    assert_true(sg_is_ok(subscription_view_list(&fixture.reader, &page, note_id, NULL)));
    reader_fixture_done(&fixture);
    return last_ids;
}

static bool command(const char *user, const char *id, struct command_answer *ret_answer)
{
    bool found = false;
    reader_fixture_look(&fixture, user);
    assert_true(
        sg_is_ok(command_view_find(&fixture.reader, bytes_of_text(id), ret_answer, &found)));
    reader_fixture_done(&fixture);
    return found;
}

static bool position_is_known(enum topic topic)
{
    struct view_position position;
    bool found = false;
    assert_true(sg_is_ok(view_writer_position(fixture.views.writer, view_fixture_source(topic), 0,
                                              &position, &found)));
    return found;
}

// What a topic or the answers say of one thing, version by version; the last one ends it.
enum { VERSIONS = 3, STEPS = 2 * VERSIONS };

static void take_step(const char *user, const char *id, bool from_answer, int64_t version)
{
    struct subscription subscription = account_fixture_subscription(user, id, version);
    subscription.active = version < VERSIONS;
    struct user person = account_fixture_user(id, version);
    person.active = version < VERSIONS;
    char name[16];
    snprintf(name, sizeof name, "c%d", (int)version);
    if (from_answer) {
        assert_true(account_fixture_answer_subscription(&fixture.views, name, &subscription, NOW));
        assert_true(account_fixture_answer_user(&fixture.views, name, &person, NOW));
    } else {
        assert_true(account_fixture_take_subscription(&fixture.views, &subscription, NOW));
        assert_true(account_fixture_take_user(&fixture.views, &person, NOW));
    }
}

// Bit i of `order` says whether the step i is an answer.
static void check_order(unsigned order, bool restarts)
{
    char id[32];
    int64_t next[2] = {1, 1};
    snprintf(id, sizeof id, "s%u-%d", order, restarts);
    for (unsigned step = 0; step < STEPS; step++) {
        bool from_answer = (order >> step & 1U) != 0;
        take_step("ada", id, from_answer, next[from_answer]++);
        view_fixture_commit(&fixture.views);
        if (restarts) {
            view_fixture_restart(&fixture.views);
        }
        int64_t newest = (next[0] > next[1] ? next[0] : next[1]) - 1;
        assert_int_equal(subscription_version("ada", id), newest == VERSIONS ? -1 : newest);
        assert_int_equal(reader_fixture_user_version(&fixture, id),
                         newest == VERSIONS ? 0 : newest);
    }
}

static void every_order_of_topic_and_answer_shows_the_newest(void **state)
{
    (void)state;
    for (unsigned order = 0; order < 1U << STEPS; order++) {
        if (__builtin_popcount(order) == VERSIONS) {
            check_order(order, false);
            check_order(order, true);
        }
    }
    assert_string_equal(list("ada", "", "", 1000), "");
}

static void one_batch_in_any_order_is_the_same(void **state)
{
    (void)state;
    static const struct {
        bool from_answer;
        int64_t version;
    } steps[] = {{true, 1}, {true, 2}, {true, 3}, {false, 1}, {false, 2}};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        take_step("ada", "s", steps[i].from_answer, steps[i].version);
    }
    view_fixture_commit(&fixture.views);
    assert_int_equal(subscription_version("ada", "s"), -1);
    assert_int_equal(reader_fixture_user_version(&fixture, "s"), 0);
}

static double high_of(const char *user, const char *id)
{
    struct subscription subscription;
    bool found = false;
    reader_fixture_look(&fixture, user);
    assert_true(sg_is_ok(
        subscription_view_find(&fixture.reader, bytes_of_text(id), &subscription, &found)));
    assert_true(found);
    reader_fixture_done(&fixture);
    return subscription.high;
}

static void of_equal_versions_the_topics_stays(void **state)
{
    (void)state;
    struct subscription subscription = account_fixture_subscription("ada", "s", 1);
    assert_true(account_fixture_take_subscription(&fixture.views, &subscription, NOW));
    subscription.high = 99;
    assert_true(account_fixture_answer_subscription(&fixture.views, "c", &subscription, NOW));
    view_fixture_commit(&fixture.views);
    assert_true(high_of("ada", "s") == 10);
    subscription.high = 50;
    assert_true(account_fixture_take_subscription(&fixture.views, &subscription, NOW));
    view_fixture_commit(&fixture.views);
    assert_true(high_of("ada", "s") == 50);
}

static void who_comes_back_is_seen_again(void **state)
{
    (void)state;
    struct user user = account_fixture_user("ada", 1);
    struct subscription subscription = account_fixture_subscription("ada", "s", 1);
    assert_true(account_fixture_take_subscription(&fixture.views, &subscription, NOW));
    view_fixture_commit(&fixture.views);
    assert_string_equal(list("ada", "", "", 10), "s ");
    user.active = false;
    assert_true(account_fixture_answer_user(&fixture.views, "c1", &user, NOW));
    view_fixture_commit(&fixture.views);
    assert_string_equal(list("ada", "", "", 10), "");
    assert_string_equal(list("ada", "stock:A", "", 10), "");
    assert_int_equal(subscription_version("ada", "s"), -1);
    user = account_fixture_user("ada", 2);
    assert_true(account_fixture_answer_user(&fixture.views, "c2", &user, NOW));
    view_fixture_commit(&fixture.views);
    assert_string_equal(list("ada", "", "", 10), "s ");

    // One that ended can be begun again by its topic.
    subscription.version = 2;
    subscription.active = false;
    assert_true(account_fixture_take_subscription(&fixture.views, &subscription, NOW));
    view_fixture_commit(&fixture.views);
    assert_string_equal(list("ada", "", "", 10), "");
    subscription = account_fixture_subscription("ada", "s", 3);
    assert_true(account_fixture_take_subscription(&fixture.views, &subscription, NOW));
    view_fixture_commit(&fixture.views);
    assert_string_equal(list("ada", "stock:A", "", 10), "s ");
}

static void lists_are_ones_own_in_order_and_in_pages(void **state)
{
    (void)state;
    static const char *const ids[] = {"d", "b", "a", "c", "aa"};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        struct subscription subscription = account_fixture_subscription("ada", ids[i], 1);
        subscription.instrument = bytes_of_text(i % 2 == 0 ? "stock:A" : "stock:AA");
        assert_true(account_fixture_take_subscription(&fixture.views, &subscription, NOW));
    }
    struct subscription other = account_fixture_subscription("ad", "a", 1);
    assert_true(account_fixture_take_subscription(&fixture.views, &other, NOW));
    view_fixture_commit(&fixture.views);
    assert_string_equal(list("ada", "", "", 10), "a aa b c d ");
    assert_string_equal(list("ada", "", "", 2), "a aa ");
    assert_string_equal(list("ada", "", "aa", 2), "b c ");
    assert_string_equal(list("ada", "", "d", 2), "");
    assert_string_equal(list("ada", "stock:A", "", 10), "a aa d ");
    assert_string_equal(list("ada", "stock:A", "a", 10), "aa d ");
    assert_string_equal(list("ada", "stock:AA", "", 10), "b c ");
    assert_string_equal(list("ada", "stock", "", 10), "");
    assert_string_equal(list("ad", "", "", 10), "a ");
    assert_string_equal(list("adam", "", "", 10), "");
    assert_string_equal(list("", "", "", 10), "");
    assert_int_equal(subscription_version("ad", "d"), -1);

    // One that moves to another instrument is under that one only.
    struct subscription moved = account_fixture_subscription("ada", "d", 2);
    moved.instrument = bytes_of_text("fx:X");
    assert_true(account_fixture_take_subscription(&fixture.views, &moved, NOW));
    view_fixture_commit(&fixture.views);
    assert_string_equal(list("ada", "stock:A", "", 10), "a aa ");
    assert_string_equal(list("ada", "fx:X", "", 10), "d ");
}

static void an_end_is_forgotten_with_the_answers_that_could_undo_it(void **state)
{
    (void)state;
    struct subscription subscription = account_fixture_subscription("ada", "s", 2);
    struct subscription before = account_fixture_subscription("ada", "s", 1);
    struct user user = account_fixture_user("ada", 1);
    subscription.active = false;
    assert_true(account_fixture_take_subscription(&fixture.views, &subscription, NOW));
    view_fixture_commit(&fixture.views);
    assert_true(account_fixture_answer_subscription(&fixture.views, "c1", &before, NOW));
    view_fixture_commit(&fixture.views);
    assert_int_equal(subscription_version("ada", "s"), -1);
    assert_true(account_fixture_take_user(&fixture.views, &user, NOW + DAY_MS + 1));
    view_fixture_commit(&fixture.views);
    assert_true(account_fixture_answer_subscription(&fixture.views, "c2", &before, NOW));
    view_fixture_commit(&fixture.views);
    assert_int_equal(subscription_version("ada", "s"), -1);
}

static void what_is_not_acceptable_is_refused(void **state)
{
    (void)state;
    char name[VIEW_NAME_MAX + 2];
    memset(name, 'a', sizeof name);
    name[VIEW_NAME_MAX + 1] = '\0';
    struct user user = account_fixture_user(name, 1);
    assert_false(account_fixture_take_user(&fixture.views, &user, NOW));
    user = account_fixture_user("a\tb", 1);
    assert_false(account_fixture_take_user(&fixture.views, &user, NOW));
    user = account_fixture_user("ada", -1);
    assert_false(account_fixture_take_user(&fixture.views, &user, NOW));
    user = account_fixture_user("ada", 1);
    assert_false(view_fixture_take(&fixture.views, TOPIC_USERS, bytes_of_text("bob"), NOW, &user));
    char *large = malloc(VIEW_ROW_BYTES_MAX);
    assert_non_null(large);
    memset(large, 'x', VIEW_ROW_BYTES_MAX);
    user.email = bytes_of(large, VIEW_ROW_BYTES_MAX);
    assert_false(account_fixture_take_user(&fixture.views, &user, NOW));
    free(large);

    struct subscription subscription = account_fixture_subscription("ada", "s", 1);
    subscription.high = NAN;
    assert_false(account_fixture_take_subscription(&fixture.views, &subscription, NOW));
    subscription = account_fixture_subscription("ada", "", 1);
    assert_false(account_fixture_take_subscription(&fixture.views, &subscription, NOW));
    subscription = account_fixture_subscription("ada", "s", 1);
    assert_false(view_fixture_take(&fixture.views, TOPIC_SUBSCRIPTIONS, bytes_of_text("stock:B"),
                                   NOW, &subscription));
    struct command_result result = command_result_default;
    result.command_id = bytes_of_text("c");
    result.user_id = bytes_of_text("ada");
    result.fingerprint = bytes_of_text("f");
    result.has_result = true;
    result.result_type = COMMAND_RESULT_RESULT_SUBSCRIPTION;
    result.result.subscription = account_fixture_subscription("bob", "s", 1);
    assert_false(account_fixture_take_result(&fixture.views, &result));
    view_fixture_commit(&fixture.views);
    assert_int_equal(reader_fixture_user_version(&fixture, "ada"), -1);
    assert_string_equal(list("bob", "", "", 10), "");
    assert_true(position_is_known(TOPIC_USERS));
}

static void what_was_not_committed_is_gone_after_a_restart(void **state)
{
    (void)state;
    struct user user = account_fixture_user("ada", 1);
    assert_true(account_fixture_take_user(&fixture.views, &user, NOW));
    view_fixture_commit(&fixture.views);
    user.version = 2;
    struct subscription subscription = account_fixture_subscription("ada", "s", 1);
    assert_true(account_fixture_take_user(&fixture.views, &user, NOW));
    assert_true(account_fixture_take_subscription(&fixture.views, &subscription, NOW));
    view_fixture_restart(&fixture.views);
    assert_int_equal(reader_fixture_user_version(&fixture, "ada"), 1);
    assert_false(position_is_known(TOPIC_SUBSCRIPTIONS));
}

static void a_full_file_grows_and_nothing_is_lost(void **state)
{
    (void)state;
    enum { MANY = 2000 };
    view_fixture_close(&fixture.views);
    view_fixture_open(&fixture.views, 512 * 1024);
    char id[16];
    for (int i = 0; i < MANY; i++) {
        snprintf(id, sizeof id, "s%d", i);
        struct subscription subscription = account_fixture_subscription("ada", id, 1);
        assert_true(account_fixture_take_subscription(&fixture.views, &subscription, NOW));
        assert_true(account_fixture_answer_subscription(&fixture.views, id, &subscription, NOW));
        assert_true(view_fixture_quote(&fixture.views, id, i, i));
    }
    view_fixture_commit(&fixture.views);
    struct command_answer answer;
    for (int i = 0; i < MANY; i++) {
        snprintf(id, sizeof id, "s%d", i);
        assert_int_equal(subscription_version("ada", id), 1);
        assert_true(command("ada", id, &answer));
    }
}

static bool quote_is_there(void)
{
    struct instrument_row row;
    bool found = false;
    reader_fixture_look(&fixture, "ada");
    assert_true(sg_is_ok(instrument_view_find(fixture.views.store, fixture.snapshot.transaction,
                                              bytes_of_text("stock:X"), &row, &found)));
    reader_fixture_done(&fixture);
    return found;
}

static void take_one_of_each(void)
{
    struct user user = account_fixture_user("ada", 1);
    struct subscription subscription = account_fixture_subscription("ada", "s", 1);
    assert_true(view_fixture_quote(&fixture.views, "stock:X", 1, 1));
    assert_true(account_fixture_take_user(&fixture.views, &user, NOW));
    assert_true(account_fixture_take_subscription(&fixture.views, &subscription, NOW));
    assert_true(account_fixture_answer_user(&fixture.views, "c", &user, NOW));
    view_fixture_commit(&fixture.views);
}

static void assert_only_quotes_are_left(void)
{
    assert_true(quote_is_there());
    assert_int_equal(reader_fixture_user_version(&fixture, "ada"), -1);
    assert_string_equal(list("ada", "", "", 10), "");
    assert_string_equal(list("ada", "stock:A", "", 10), "");
    assert_true(position_is_known(TOPIC_QUOTES));
    assert_false(position_is_known(TOPIC_USERS));
    assert_false(position_is_known(TOPIC_SUBSCRIPTIONS));
    assert_false(position_is_known(TOPIC_COMMAND_RESULTS));
}

static void a_rebuild_reads_all_topics_of_the_view_again(void **state)
{
    (void)state;
    take_one_of_each();
    assert_true(sg_is_ok(view_writer_rebuild(fixture.views.writer, ACCOUNTS)));
    assert_only_quotes_are_left();
    view_fixture_restart(&fixture.views);
    assert_only_quotes_are_left();
    take_one_of_each();
    assert_int_equal(reader_fixture_user_version(&fixture, "ada"), 1);
}

static void set_format(uint64_t format)
{
    struct transaction *transaction = NULL;
    assert_true(sg_is_ok(view_store_begin(fixture.views.store, &transaction)));
    assert_true(
        sg_is_ok(view_store_set_format(fixture.views.store, transaction, "accounts", format)));
    assert_true(sg_is_ok(view_store_commit(fixture.views.store, &transaction)));
}

// A file from before these views has none of their formats: to it they are new, its quotes stay.
static void rows_of_another_format_are_read_anew_and_quotes_stay(void **state)
{
    (void)state;
    static const uint64_t formats[] = {0, 12345};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        take_one_of_each();
        set_format(formats[i]);
        view_fixture_restart(&fixture.views);
        assert_only_quotes_are_left();
    }
    take_one_of_each();
    view_fixture_restart(&fixture.views);
    assert_int_equal(reader_fixture_user_version(&fixture, "ada"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_order_of_topic_and_answer_shows_the_newest, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(one_batch_in_any_order_is_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(of_equal_versions_the_topics_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_comes_back_is_seen_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lists_are_ones_own_in_order_and_in_pages, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_end_is_forgotten_with_the_answers_that_could_undo_it,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_acceptable_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_not_committed_is_gone_after_a_restart, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_full_file_grows_and_nothing_is_lost, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_rebuild_reads_all_topics_of_the_view_again, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(rows_of_another_format_are_read_anew_and_quotes_stay,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
