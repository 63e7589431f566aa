// Answers to commands: the first one stays, for a day.
#include "account_fixture.h"
#include "core/service/clock.h"
#include "query/views/accounts/command_view.h"
#include "reader_fixture.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#define NOW ACCOUNT_FIXTURE_NOW

enum { MAP_BYTES = 16 * 1024 * 1024, DAY_MS = 86400000 };

static struct reader_fixture fixture;

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

static bool command(const char *user, const char *id, struct command_answer *ret_answer)
{
    bool found = false;
    reader_fixture_look(&fixture, user);
    assert_true(
        sg_is_ok(command_view_find(&fixture.reader, bytes_of_text(id), ret_answer, &found)));
    reader_fixture_done(&fixture);
    return found;
}

static void the_first_answer_to_a_command_stays(void **state)
{
    (void)state;
    struct command_answer answer;
    struct user user = account_fixture_user("ada", 1);
    struct command_result reused = command_result_default;
    reused.command_id = bytes_of_text("c");
    reused.user_id = bytes_of_text("ada");
    reused.status = COMMAND_STATUS_REFUSED;
    reused.fingerprint = bytes_of_text("other");
    reused.has_problem = true;
    reused.problem = (struct problem){.code = PROBLEM_CODE_ID_REUSED, .detail = bytes_of_text("x")};
    reused.at = NOW;
    assert_false(command("ada", "c", &answer));
    assert_true(account_fixture_take_result(&fixture.views, &reused));
    assert_true(account_fixture_answer_user(&fixture.views, "c", &user, NOW));
    assert_true(account_fixture_take_result(&fixture.views, &reused));
    assert_true(account_fixture_answer_user(&fixture.views, "c", &user, NOW));
    view_fixture_commit(&fixture.views);
    assert_true(command("ada", "c", &answer));
    assert_int_equal(answer.place.offset, 1);
    assert_true(answer.result.has_result);
    assert_int_equal(answer.result.at, NOW);
    assert_false(command("bob", "c", &answer));
    assert_false(command("ada", "", &answer));
    assert_int_equal(reader_fixture_user_version(&fixture, "ada"), 1);
}

static void answers_are_forgotten_after_a_day(void **state)
{
    (void)state;
    enum { MANY = 500 };
    struct command_answer answer;
    struct user user = account_fixture_user("ada", 1);
    char name[16];
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "c%d", i);
        assert_true(account_fixture_answer_user(&fixture.views, name, &user, NOW + i));
    }
    view_fixture_commit(&fixture.views);
    assert_true(command("ada", "c0", &answer));
    assert_true(account_fixture_answer_user(&fixture.views, "late", &user, NOW + DAY_MS));
    view_fixture_commit(&fixture.views);
    assert_true(command("ada", "c0", &answer));
    // A few at a time; a restart in between changes nothing.
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "d%d", i);
        assert_true(account_fixture_answer_user(&fixture.views, name, &user, NOW + DAY_MS + MANY));
        view_fixture_commit(&fixture.views);
        if (i == 2) {
            assert_false(command("ada", "c0", &answer));
            assert_true(command("ada", "c499", &answer));
            view_fixture_restart(&fixture.views);
        }
    }
    assert_false(command("ada", "c499", &answer));
    assert_true(command("ada", "late", &answer));
    // One that is older than that when it is read is not taken, and changes nothing.
    user.version = 7;
    assert_true(account_fixture_answer_user(&fixture.views, "old", &user, NOW));
    view_fixture_commit(&fixture.views);
    assert_false(command("ada", "old", &answer));
    assert_int_equal(reader_fixture_user_version(&fixture, "ada"), 1);
}

static void an_id_can_be_used_again_after_a_day(void **state)
{
    (void)state;
    struct command_answer answer;
    struct user user = account_fixture_user("ada", 1);
    assert_true(account_fixture_answer_user(&fixture.views, "c", &user, NOW));
    view_fixture_commit(&fixture.views);
    assert_true(account_fixture_answer_user(&fixture.views, "c", &user, NOW + DAY_MS + 1));
    view_fixture_commit(&fixture.views);
    assert_true(command("ada", "c", &answer));
    assert_int_equal(answer.result.at, NOW + DAY_MS + 1);
    assert_int_equal(answer.place.offset, 1);
}

static void a_clock_far_ahead_makes_nobody_forget(void **state)
{
    (void)state;
    struct command_answer answer;
    struct user user = account_fixture_user("ada", 1);
    struct user ahead = account_fixture_user("bob", 1);
    assert_true(account_fixture_answer_user(&fixture.views, "c", &user, clock_wall_ms()));
    assert_true(account_fixture_answer_user(&fixture.views, "c", &ahead, INT64_MAX));
    view_fixture_commit(&fixture.views);
    assert_true(command("ada", "c", &answer));
    assert_true(command("bob", "c", &answer));
    assert_true(account_fixture_answer_user(&fixture.views, "d", &user, clock_wall_ms()));
    view_fixture_commit(&fixture.views);
    assert_true(command("ada", "d", &answer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_first_answer_to_a_command_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(answers_are_forgotten_after_a_day, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_id_can_be_used_again_after_a_day, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_clock_far_ahead_makes_nobody_forget, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
