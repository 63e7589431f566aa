// The threshold index against a look at every side.
#include "streams/processors/trigger_index.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "schemas/subscription_state.h"
#include "state/entries/cache.h"
#include "state/index_table.h"

enum {
    SUBSCRIPTIONS = 400,
    FEW_SUBSCRIPTIONS = 24,
    QUOTES = 2000,
    ID_BYTES = 16,
    PATH_BYTES = 256,
    MAP_BYTES = 64 << 20
};

static const char instrument[] = "stock:A";
static char folder[PATH_BYTES];
static struct batch batch;
static struct index index_under_test;
static struct arena *arena;
static char ids[SUBSCRIPTIONS][ID_BYTES];
static struct subscription_state states[SUBSCRIPTIONS];
static size_t subscriptions; // In use.
static uint64_t seed;

static uint32_t dice(uint32_t sides)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 20) % sides;
}

static void must(sg_result result)
{
    if (!sg_is_ok(result)) {
        print_error("%s\n", sg_reason());
    }
    assert_true(sg_is_ok(result));
}

static int begin(void **state)
{
    (void)state;
    seed = 88172645463325252U;
    const char *parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(folder, sizeof folder, "%s/soglia-triggers-XXXXXX", parent);
    arena = arena_new(16 << 20);
    if (mkdtemp(folder) == NULL || arena == NULL) {
        return -1;
    }
    sg_result opened =
        environment_open(folder, MAP_BYTES, ENVIRONMENT_SYNC_NONE, &batch.environment);
    index_under_test = (struct index){.batch = &batch};
    memset(states, 0, sizeof states);
    subscriptions = SUBSCRIPTIONS;
    return sg_is_ok(opened) && sg_is_ok(environment_table(batch.environment, "triggers",
                                                          &index_under_test.table))
               ? 0
               : -1;
}

// With so few subscriptions that the keys of an instrument are held in memory, most of the time.
static int begin_in_memory(void **state)
{
    int begun = begin(state);
    subscriptions = FEW_SUBSCRIPTIONS;
    return begun != 0 || !sg_is_ok(index_groups_init(&index_under_test)) ? -1 : 0;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    return remove(path);
}

static int end(void **state)
{
    (void)state;
    index_release(&index_under_test);
    cache_free(&index_under_test.groups);
    transaction_abort(&batch.transaction);
    environment_close(&batch.environment);
    arena_free(&arena);
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

// Few levels, so that many are equal; among them both zeros and the largest numbers.
static double level_by_chance(void)
{
    static const double levels[] = {-DBL_MAX,     -100.5, -1,  -DBL_TRUE_MIN, -0.0,   0.0,
                                    DBL_TRUE_MIN, 1,      1.5, 100.5,         DBL_MAX};
    return levels[dice(sizeof levels / sizeof levels[0])];
}

static struct side_state side_by_chance(void)
{
    static const enum side_phase phases[] = {SIDE_PHASE_CLEAR, SIDE_PHASE_PENDING,
                                             SIDE_PHASE_VIOLATED, SIDE_PHASE_UNKNOWN};
    // UNKNOWN is rare, as it is in life: it asks for every quote.
    return (struct side_state){.phase = phases[dice(100) == 0 ? 3 : dice(3)],
                               .since = dice(50),
                               .ever_clear = dice(2) == 0};
}

static struct subscription_state subscription_by_chance(size_t at)
{
    static const double rearms[] = {0, 0.5, DBL_MAX};
    return (struct subscription_state){
        .subscription = {.subscription_id = bytes_of_text(ids[at]),
                         .instrument = bytes_of_text(instrument),
                         .has_low = dice(2) == 0,
                         .low = level_by_chance(),
                         .has_high = dice(2) == 0,
                         .high = level_by_chance(),
                         .rearm = rearms[dice(3)],
                         .hold_ms = dice(100),
                         .active = dice(8) > 0},
        .has_low = true,
        .low = side_by_chance(),
        .has_high = true,
        .high = side_by_chance(),
    };
}

static void put_all(void)
{
    for (size_t i = 0; i < subscriptions; i++) {
        snprintf(ids[i], sizeof ids[i], "s%zu", i);
        struct subscription_state after = subscription_by_chance(i);
        must(trigger_index_change(&index_under_test, bytes_of_text(instrument), NULL, &after));
        states[i] = after;
    }
}

// True when a side must be looked at: judging it on the quote moves it.
static bool moves(const struct subscription_state *state, enum side side, double value,
                  int64_t at_ms)
{
    struct alert_rule rule;
    if (!alert_rules_side(&state->subscription, side, &rule)) {
        return false;
    }
    struct side_state after = side == SIDE_LOW ? state->low : state->high;
    enum side_phase before = after.phase;
    struct alert_decision decision = alert_rules_judge(&rule, value, at_ms, &after);
    return decision.verdict != ALERT_VERDICT_NOTHING || after.phase != before;
}

static bool is_hit(const struct trigger_hits *hits, size_t at, enum side side)
{
    for (size_t i = 0; i < hits->count; i++) {
        if (hits->list[i].side == side && bytes_is_text(hits->list[i].subscription_id, ids[at])) {
            return true;
        }
    }
    return false;
}

static bool is_in_band(double value, int64_t at_ms)
{
    struct alerts_band band;
    must(trigger_index_band(&index_under_test, bytes_of_text(instrument), &band));
    assert_true(band.known);
    return value > band.below && value < band.above && at_ms < band.due_ms;
}

// The hits with the band that the index has now; without one there are as many.
static struct trigger_hits hits_of(struct bytes name, double value, int64_t at_ms)
{
    struct alerts_band band = {.known = false};
    struct trigger_point point = {value, at_ms, &band};
    struct trigger_hits all = {.arena = arena};
    must(trigger_index_hits(&index_under_test, name, &point, &all));
    must(trigger_index_band(&index_under_test, name, &band));
    arena_reset(arena);
    struct trigger_hits hits = {.arena = arena};
    must(trigger_index_hits(&index_under_test, name, &point, &hits));
    assert_int_equal(hits.count, all.count);
    return hits;
}

static size_t look_at_quote(double value, int64_t at_ms)
{
    struct trigger_hits found = hits_of(bytes_of_text(instrument), value, at_ms);
    const struct trigger_hits *hits = &found;
    for (size_t i = 0; i < subscriptions; i++) {
        for (int s = 0; s < 2; s++) {
            enum side side = s == 0 ? SIDE_LOW : SIDE_HIGH;
            bool wanted = moves(&states[i], side, value, at_ms);
            bool hit = is_hit(hits, i, side);
            assert_true(hit == wanted);
        }
    }
    assert_true(!is_in_band(value, at_ms) || hits->count == 0);
    return hits->count;
}

static void hits_are_the_sides_that_move(void **state)
{
    (void)state;
    put_all();
    size_t most = 0;
    for (size_t i = 0; i < QUOTES / 10; i++) {
        double value = level_by_chance() + (dice(2) == 0 ? 0 : 0.25);
        if (isfinite(value)) {
            size_t count = look_at_quote(value, dice(160));
            most = count > most ? count : most;
        }
        for (int changes = 0; changes < 4; changes++) {
            size_t at = dice((uint32_t)subscriptions);
            struct subscription_state after = subscription_by_chance(at);
            must(trigger_index_change(&index_under_test, bytes_of_text(instrument), &states[at],
                                      &after));
            states[at] = after;
        }
    }
    assert_true(most > subscriptions / 8);
}

static void nothing_is_left_of_what_ended(void **state)
{
    (void)state;
    put_all();
    for (size_t i = 0; i < subscriptions; i++) {
        must(trigger_index_change(&index_under_test, bytes_of_text(instrument), &states[i], NULL));
    }
    must(index_groups_write(&index_under_test));
    struct index_key key;
    bool found = true;
    must(index_at_least(&index_under_test, bytes_of_text("\x01"), &key, &found));
    assert_false(found);
    struct alerts_band band;
    must(trigger_index_band(&index_under_test, bytes_of_text(instrument), &band));
    assert_true(band.known && band.below == -INFINITY && band.above == INFINITY);
    assert_int_equal(band.due_ms, INT64_MAX);
}

static struct subscription_state clear_between(const char *id, double low, double high)
{
    return (struct subscription_state){
        .subscription = {.subscription_id = bytes_of_text(id),
                         .has_low = true,
                         .low = low,
                         .has_high = true,
                         .high = high,
                         .active = true},
        .has_low = true,
        .low = {.phase = SIDE_PHASE_CLEAR},
        .has_high = true,
        .high = {.phase = SIDE_PHASE_CLEAR},
    };
}

static void the_band_is_between_the_nearest_triggers(void **state)
{
    (void)state;
    struct subscription_state wide = clear_between("wide", -10, 10);
    struct subscription_state narrow = clear_between("narrow", -0.5, 3);
    struct bytes name = bytes_of_text(instrument);
    must(trigger_index_change(&index_under_test, name, NULL, &wide));
    must(trigger_index_change(&index_under_test, name, NULL, &narrow));
    struct alerts_band band;
    must(trigger_index_band(&index_under_test, name, &band));
    assert_true(band.below == -0.5 && band.above == 3);
    struct subscription_state held = narrow;
    held.subscription.hold_ms = 7;
    held.high = (struct side_state){.phase = SIDE_PHASE_PENDING, .since = 100};
    must(trigger_index_change(&index_under_test, name, &narrow, &held));
    must(trigger_index_band(&index_under_test, name, &band));
    assert_true(band.below == 3 && band.above == 10); // It comes back at 3.
    assert_int_equal(band.due_ms, 107);
}

// Names that begin with each other, and ids too, stay apart.
static void neighbours_do_not_mix(void **state)
{
    (void)state;
    static const char *const names[] = {"stock:A", "stock:AA", "stock:", "stock:A\x01", "stock:B"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct subscription_state one = clear_between(names[i], 0, (double)i + 1);
        must(trigger_index_change(&index_under_test, bytes_of_text(names[i]), NULL, &one));
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct alerts_band band;
        must(trigger_index_band(&index_under_test, bytes_of_text(names[i]), &band));
        assert_true(band.above == (double)i + 1);
        struct trigger_hits hits = hits_of(bytes_of_text(names[i]), 100, 0);
        assert_int_equal(hits.count, 1);
        assert_true(bytes_is_text(hits.list[0].subscription_id, names[i]));
        assert_int_equal(hits.list[0].side, SIDE_HIGH);
    }
}

static void the_longest_names_fit(void **state)
{
    (void)state;
    char name[128];
    char id[129];
    memset(name, 'n', sizeof name);
    memset(id, 'i', sizeof id - 1);
    id[sizeof id - 1] = '\0';
    struct subscription_state one = clear_between(id, -1, 1);
    must(trigger_index_change(&index_under_test, bytes_of(name, sizeof name), NULL, &one));
    struct trigger_hits hits = hits_of(bytes_of(name, sizeof name), -2, 0);
    assert_int_equal(hits.count, 1);
    assert_true(bytes_is_text(hits.list[0].subscription_id, id));
    assert_int_equal(hits.list[0].side, SIDE_LOW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(hits_are_the_sides_that_move, begin, end),
        cmocka_unit_test_setup_teardown(nothing_is_left_of_what_ended, begin, end),
        cmocka_unit_test_setup_teardown(the_band_is_between_the_nearest_triggers, begin, end),
        cmocka_unit_test_setup_teardown(neighbours_do_not_mix, begin, end),
        cmocka_unit_test_setup_teardown(the_longest_names_fit, begin, end),
        cmocka_unit_test_setup_teardown(hits_are_the_sides_that_move, begin_in_memory, end),
        cmocka_unit_test_setup_teardown(nothing_is_left_of_what_ended, begin_in_memory, end),
        cmocka_unit_test_setup_teardown(the_band_is_between_the_nearest_triggers, begin_in_memory,
                                        end),
        cmocka_unit_test_setup_teardown(neighbours_do_not_mix, begin_in_memory, end),
        cmocka_unit_test_setup_teardown(the_longest_names_fit, begin_in_memory, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
