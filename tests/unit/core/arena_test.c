// Arenas: what is taken is zeroed, aligned, bounded, and given back as a whole.
#include "core/arena.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdalign.h>
#include <string.h>

enum { LIMIT = 64 * 1024 };

static int make(void **state)
{
    struct arena *arena = arena_new(LIMIT);
    *state = arena;
    return arena == NULL;
}

static int drop(void **state)
{
    struct arena *arena = *state;
    arena_free(&arena);
    return arena != NULL;
}

static void memory_is_zeroed_after_a_reset_too(void **state)
{
    struct arena *arena = *state;
    unsigned char zeros[100] = {0};
    for (int round = 0; round < 3; round++) {
        unsigned char *memory = arena_take(arena, sizeof zeros);
        assert_non_null(memory);
        assert_memory_equal(memory, zeros, sizeof zeros);
        memset(memory, 0xAA, sizeof zeros);
        arena_reset(arena);
    }
}

static void allocations_are_aligned_and_do_not_overlap(void **state)
{
    unsigned char *taken[50];
    for (size_t i = 0; i < 50; i++) {
        taken[i] = arena_take(*state, i + 1);
        assert_non_null(taken[i]);
        assert_int_equal((uintptr_t)taken[i] % alignof(max_align_t), 0);
        memset(taken[i], (int)i, i + 1);
    }
    for (size_t i = 0; i < 50; i++) {
        assert_int_equal(taken[i][0], i);
        assert_int_equal(taken[i][i], i);
    }
}

static void blocks_grow_past_the_first_one(void **state)
{
    assert_non_null(arena_take(*state, 5000));
    assert_non_null(arena_take(*state, 20000));
    arena_reset(*state);
    assert_non_null(arena_take(*state, 30000));
}

static void the_limit_holds_until_the_reset(void **state)
{
    assert_null(arena_take(*state, LIMIT + 1));
    assert_null(arena_take(*state, SIZE_MAX));
    assert_null(arena_take(*state, SIZE_MAX - 8));
    assert_non_null(arena_take(*state, LIMIT - 16));
    assert_non_null(arena_take(*state, 16));
    assert_null(arena_take(*state, 1));
    arena_reset(*state);
    assert_non_null(arena_take(*state, LIMIT));
}

static void free_leaves_null_and_accepts_it(void **state)
{
    (void)state;
    struct arena *arena = arena_new(10);
    arena_free(&arena);
    assert_null(arena);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(memory_is_zeroed_after_a_reset_too, make, drop),
        cmocka_unit_test_setup_teardown(allocations_are_aligned_and_do_not_overlap, make, drop),
        cmocka_unit_test_setup_teardown(blocks_grow_past_the_first_one, make, drop),
        cmocka_unit_test_setup_teardown(the_limit_holds_until_the_reset, make, drop),
        cmocka_unit_test(free_leaves_null_and_accepts_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
