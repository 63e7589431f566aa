// Records that wait are found again, each once.
#include "app/audit/verify/sightings.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

enum { MANY = 20000, MOST = 50000 };

// Few different first words, so that runs of slots are long.
static struct identity identity(uint64_t number)
{
    return (struct identity){{number % 97, number}};
}

static void what_was_added_is_taken_once(void **state)
{
    (void)state;
    struct sightings *sightings = sightings_new(MOST);
    for (uint64_t i = 0; i < MANY; i++) {
        struct identity one = identity(i);
        struct place place = {(int32_t)(i % 4), (int64_t)i};
        assert_true(sightings_add(sightings, &one, &place));
    }
    assert_int_equal(sightings_count(sightings), MANY);
    for (uint64_t i = 0; i < MANY; i++) {
        struct identity one = identity(i * 7919 % MANY);
        struct place place;
        assert_true(sightings_take(sightings, &one, &place));
        assert_int_equal(place.offset, i * 7919 % MANY);
        assert_int_equal(place.partition, place.offset % 4);
        assert_false(sightings_take(sightings, &one, &place));
    }
    assert_int_equal(sightings_count(sightings), 0);
    sightings_free(&sightings);
    assert_null(sightings);
}

static void twins_are_two(void **state)
{
    (void)state;
    struct sightings *sightings = sightings_new(2);
    struct identity one = identity(1);
    struct place first = {0, 5};
    struct place second = {0, 6};
    struct place taken;
    assert_true(sightings_add(sightings, &one, &first));
    assert_true(sightings_add(sightings, &one, &second));
    assert_false(sightings_add(sightings, &one, &second)); // Full.
    assert_true(sightings_take(sightings, &one, &taken));
    assert_true(sightings_take(sightings, &one, &taken));
    assert_false(sightings_take(sightings, &one, &taken));
    sightings_free(&sightings);
}

static void the_first_places_are_the_lowest_below_the_ends(void **state)
{
    (void)state;
    struct sightings *sightings = sightings_new(100);
    const struct place places[] = {{1, 9}, {0, 30}, {1, 2}, {0, 4}, {2, 0}};
    const int64_t ends[] = {10, 100, 0};
    struct place first[3];
    for (uint64_t i = 0; i < 5; i++) {
        struct identity one = identity(i);
        assert_true(sightings_add(sightings, &one, &places[i]));
    }
    assert_int_equal(sightings_first(sightings, NULL, 3, first), 3);
    assert_int_equal(first[0].offset, 4);
    assert_int_equal(first[1].offset, 30);
    assert_int_equal(first[2].offset, 2);
    assert_int_equal(sightings_first(sightings, ends, 3, first), 3);
    assert_int_equal(first[0].offset, 4);
    assert_int_equal(first[1].offset, 2);
    assert_int_equal(first[2].offset, 9);
    assert_int_equal(sightings_first(sightings, NULL, 0, first), 0);
    sightings_free(&sightings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_added_is_taken_once),
        cmocka_unit_test(twins_are_two),
        cmocka_unit_test(the_first_places_are_the_lowest_below_the_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
