// Gathered writes against the same writes made one by one.
#include "state/piece.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "temporary_folder.h"

enum { WRITES = 5000, KEYS = 900, TEXT_MAX = 64, PIECE_BYTES = 1 << 12 };

static struct environment *environment;
static struct table gathered;
static struct table direct;

static void must(sg_result result)
{
    if (!sg_is_ok(result)) {
        print_error("%s\n", sg_reason());
    }
    assert_true(sg_is_ok(result));
}

static int begin(void **state)
{
    if (temporary_folder_make(state) != 0) {
        return -1;
    }
    must(environment_open(temporary_folder, 64 << 20, ENVIRONMENT_SYNC_NONE, &environment));
    must(environment_table(environment, "gathered", &gathered));
    must(environment_table(environment, "direct", &direct));
    return 0;
}

static int end(void **state)
{
    environment_close(&environment);
    return temporary_folder_remove(state);
}

// Keys of many lengths, some the beginning of others, some that differ after more than a word, and
// a few that are written all the time and end in bytes of zero.
static struct bytes key_of(unsigned number, char text[static TEXT_MAX])
{
    if (number % 20 == 19) {
        memset(text, 0, TEXT_MAX);
        return bytes_of(memcpy(text, "stock", 5), 5 + number / 20 % 12);
    }
    int size = snprintf(text, TEXT_MAX, "stock:%.*s%u", (int)(number % 20), "aaaaaaaaaaaaaaaaaaaa",
                        number / 20);
    return bytes_of(text, (size_t)size);
}

static void assert_same(struct transaction *transaction)
{
    struct cursor *one = NULL;
    struct cursor *other = NULL;
    must(cursor_open(transaction, gathered, &one));
    must(cursor_open(transaction, direct, &other));
    struct bytes key = bytes_of_text("\x01");
    struct bytes other_key = key;
    struct bytes value;
    struct bytes other_value;
    bool found = false;
    bool other_found = false;
    must(cursor_at_least(one, key, &key, &value, &found));
    must(cursor_at_least(other, other_key, &other_key, &other_value, &other_found));
    size_t count = 0;
    for (; found && other_found; count++) {
        assert_true(bytes_equal(key, other_key));
        assert_true(bytes_equal(value, other_value));
        must(cursor_next(one, &key, &value, &found));
        must(cursor_next(other, &other_key, &other_value, &other_found));
    }
    assert_true(found == other_found);
    assert_true(count > KEYS / 2);
    cursor_close(&one);
    cursor_close(&other);
}

static void gathered_writes_are_those_made_one_by_one(void **state)
{
    (void)state;
    uint64_t seed = 7;
    struct transaction *transaction = NULL;
    must(transaction_begin(environment, true, &transaction));
    struct piece *piece = piece_new(PIECE_BYTES);
    for (unsigned i = 0; i < WRITES; i++) {
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        char text[TEXT_MAX];
        struct bytes key = key_of((unsigned)(seed >> 33) % KEYS, text);
        struct bytes value = bytes_of(&i, i % 5);
        bool has_value = (seed >> 20) % 4 != 0;
        must(piece_add(piece, key, value, has_value));
        must(has_value ? table_put(transaction, direct, key, value)
                       : table_delete(transaction, direct, key));
        if (piece_is_full(piece)) {
            must(piece_write(piece, transaction, gathered));
            assert_false(piece_is_full(piece));
        }
    }
    must(piece_write(piece, transaction, gathered));
    must(piece_write(piece, transaction, gathered)); // Nothing is left.
    assert_same(transaction);
    must(piece_add(piece, bytes_of_text("lost"), bytes_of_text("lost"), true));
    piece_clear(piece);
    must(piece_write(piece, transaction, gathered));
    assert_same(transaction);
    piece_free(&piece);
    transaction_abort(&transaction);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(gathered_writes_are_those_made_one_by_one, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
