// Blocks of history: merged by the one writer, read by anybody.
#include "query/views/quotes/history_view.h"

#include "query/views/quotes/history_block.h"

#include <stdlib.h>
#include <string.h>

enum { PRUNED_BLOCKS_MAX = 4 }; // In one call: the work of a commit stays bounded.

// A block as it lies in the file, borrowed until the next write.
struct block {
    struct bytes key;
    struct bytes values;
    bool found;
};

static int compare_numbers(int64_t left, int64_t right)
{
    return (left > right) - (left < right);
}

int history_value_compare(const struct history_value *left, const struct history_value *right)
{
    int order = compare_numbers(left->event_time, right->event_time);
    order = order != 0 ? order : compare_numbers(left->partition, right->partition);
    return order != 0 ? order : compare_numbers(left->offset, right->offset);
}

static const struct history_value newest = {
    .event_time = INT64_MAX, .partition = INT32_MAX, .offset = INT64_MAX};
static const struct history_value oldest = {.event_time = 0, .partition = 0, .offset = 0};

// The block of the instrument that begins at or before the value.
static sg_result block_at_most(struct cursor *cursor, uint32_t number,
                               const struct history_value *value, struct block *ret_block)
{
    uint8_t text[HISTORY_KEY_BYTES];
    SG_TRY(cursor_at_most(cursor, history_block_key(number, value, text), &ret_block->key,
                          &ret_block->values, &ret_block->found));
    ret_block->found = ret_block->found && history_block_is_of(ret_block->key, number);
    return sg_ok();
}

// The block of the instrument that begins at or after the value.
static sg_result block_at_least(struct cursor *cursor, uint32_t number,
                                const struct history_value *value, struct block *ret_block)
{
    uint8_t text[HISTORY_KEY_BYTES];
    SG_TRY(cursor_at_least(cursor, history_block_key(number, value, text), &ret_block->key,
                           &ret_block->values, &ret_block->found));
    ret_block->found = ret_block->found && history_block_is_of(ret_block->key, number);
    return sg_ok();
}

static sg_result block_next(struct cursor *cursor, uint32_t number, struct block *ret_block)
{
    SG_TRY(cursor_next(cursor, &ret_block->key, &ret_block->values, &ret_block->found));
    ret_block->found = ret_block->found && history_block_is_of(ret_block->key, number);
    return sg_ok();
}

static sg_result block_previous(struct cursor *cursor, uint32_t number, struct block *ret_block)
{
    SG_TRY(cursor_previous(cursor, &ret_block->key, &ret_block->values, &ret_block->found));
    ret_block->found = ret_block->found && history_block_is_of(ret_block->key, number);
    return sg_ok();
}

sg_result history_writer_init(struct history_writer *writer, struct view_store *store,
                              struct transaction *transaction)
{
    *writer = (struct history_writer){.transaction = transaction,
                                      .table = view_store_table(store, VIEW_TABLE_HISTORY)};
    writer->block = malloc((size_t)HISTORY_BLOCK_VALUES * HISTORY_VALUE_BYTES);
    if (writer->block == NULL) {
        return sg_fail(SG_FATAL, 0, "views: out of memory");
    }
    return cursor_open(transaction, writer->table, &writer->cursor);
}

void history_writer_done(struct history_writer *writer)
{
    cursor_close(&writer->cursor);
    free(writer->scratch);
    free(writer->block);
    *writer = (struct history_writer){.scratch = NULL};
}

static sg_result reserve(struct history_writer *writer, size_t values)
{
    if (values <= writer->scratch_values) {
        return sg_ok();
    }
    struct history_value *grown = realloc(writer->scratch, 2 * values * sizeof writer->scratch[0]);
    if (grown == NULL) {
        return sg_fail(SG_FATAL, 0, "views: out of memory for %zu values", values);
    }
    writer->scratch = grown;
    writer->scratch_values = 2 * values;
    return sg_ok();
}

// Merges the block with the run, both in order, into scratch.
static size_t merge(struct history_value *scratch, struct bytes block,
                    const struct history_value *run, size_t run_count)
{
    size_t count = 0;
    size_t taken = 0;
    for (size_t i = 0; i < history_block_count(block); i++) {
        struct history_value kept = history_block_value(block, i);
        while (taken < run_count && history_value_compare(&run[taken], &kept) < 0) {
            scratch[count++] = run[taken++];
        }
        scratch[count++] = kept;
    }
    if (taken < run_count) {
        memcpy(scratch + count, run + taken, (run_count - taken) * sizeof run[0]);
    }
    return count + run_count - taken;
}

// Writes scratch as blocks of `each` values.
static sg_result write_blocks(struct history_writer *writer, uint32_t number, size_t count,
                              size_t each)
{
    for (size_t from = 0; from < count; from += each) {
        size_t size = count - from < each ? count - from : each;
        for (size_t i = 0; i < size; i++) {
            history_block_pack(writer->block, i, &writer->scratch[from + i]);
        }
        uint8_t key[HISTORY_KEY_BYTES];
        SG_TRY(table_put(writer->transaction, writer->table,
                         history_block_key(number, &writer->scratch[from], key),
                         bytes_of(writer->block, size * HISTORY_VALUE_BYTES)));
    }
    return sg_ok();
}

// How many of the values come before the block.
static size_t run_before(const struct history_value *values, size_t count,
                         const struct block *block)
{
    if (!block->found) {
        return count;
    }
    struct history_value first = history_block_value(block->values, 0);
    size_t run = 0;
    while (run < count && history_value_compare(&values[run], &first) < 0) {
        run++;
    }
    return run;
}

// Merges the first values, as many as belong to one block; `*ret_taken` is how many.
static sg_result merge_run(struct history_writer *writer, uint32_t number,
                           const struct history_value *values, size_t count, size_t *ret_taken)
{
    struct block block;
    struct block next;
    SG_TRY(block_at_most(writer->cursor, number, &values[0], &block));
    if (block.found) {
        SG_TRY(block_next(writer->cursor, number, &next));
    } else {
        SG_TRY(block_at_least(writer->cursor, number, &values[0], &next));
    }
    size_t run = run_before(values, count, &next);
    struct bytes before = block.found ? block.values : bytes_of_text("");
    SG_TRY(reserve(writer, history_block_count(before) + run));
    size_t merged = merge(writer->scratch, before, values, run);
    // At the end blocks are filled up, since more will come there; in the middle they are halved.
    size_t blocks = (merged + HISTORY_BLOCK_VALUES - 1) / HISTORY_BLOCK_VALUES;
    size_t each = next.found ? (merged + blocks - 1) / blocks : HISTORY_BLOCK_VALUES;
    *ret_taken = run;
    return write_blocks(writer, number, merged, each);
}

sg_result history_view_merge(struct history_writer *writer, uint32_t number,
                             const struct history_value *values, size_t count)
{
    while (count > 0) {
        size_t taken = 0;
        SG_TRY(merge_run(writer, number, values, count, &taken));
        values += taken;
        count -= taken;
    }
    return sg_ok();
}

static bool past_limits(const struct history_limits *limits, struct bytes block, int64_t kept)
{
    size_t count = history_block_count(block);
    struct history_value last = history_block_value(block, count - 1);
    return last.event_time < limits->oldest_ms ||
           (limits->values > 0 && kept - (int64_t)count >= limits->values);
}

sg_result history_view_prune(struct history_writer *writer, uint32_t number,
                             const struct history_limits *limits, int64_t *kept,
                             int64_t *ret_again_ms)
{
    *ret_again_ms = 0;
    for (size_t i = 0; i < PRUNED_BLOCKS_MAX; i++) {
        struct block block;
        SG_TRY(block_at_least(writer->cursor, number, &oldest, &block));
        if (!block.found) {
            return sg_ok();
        }
        if (!past_limits(limits, block.values, *kept)) {
            size_t last = history_block_count(block.values) - 1;
            *ret_again_ms = history_block_value(block.values, last).event_time;
            return sg_ok();
        }
        *kept -= (int64_t)history_block_count(block.values);
        uint8_t key[HISTORY_KEY_BYTES];
        memcpy(key, block.key.data, sizeof key);
        SG_TRY(table_delete(writer->transaction, writer->table, bytes_of(key, sizeof key)));
    }
    return sg_ok();
}

// Takes the values of a block that are in the range; true when there may be more behind it.
static bool take_range(const struct history_range *range, struct bytes block, size_t max,
                       struct history_value *values, size_t *count)
{
    for (size_t i = 0; i < history_block_count(block); i++) {
        struct history_value value = history_block_value(block, i);
        if (value.event_time >= range->to_ms || *count == max) {
            return false;
        }
        if (history_value_compare(&value, &range->from) >= 0) {
            values[(*count)++] = value;
        }
    }
    return true;
}

sg_result history_view_range(const struct view_snapshot *snapshot,
                             const struct history_range *range, size_t max,
                             struct history_value *ret_values, size_t *ret_count)
{
    SG_CLEANUP(cursor_close) struct cursor *cursor = NULL;
    SG_TRY(cursor_open(snapshot->transaction, view_store_table(snapshot->store, VIEW_TABLE_HISTORY),
                       &cursor));
    struct block block;
    SG_TRY(block_at_most(cursor, range->number, &range->from, &block));
    if (!block.found) {
        SG_TRY(block_at_least(cursor, range->number, &range->from, &block));
    }
    *ret_count = 0;
    while (block.found && take_range(range, block.values, max, ret_values, ret_count)) {
        SG_TRY(block_next(cursor, range->number, &block));
    }
    return sg_ok();
}

sg_result history_view_last(const struct view_snapshot *snapshot, uint32_t number, size_t max,
                            struct history_value *ret_values, size_t *ret_count)
{
    SG_CLEANUP(cursor_close) struct cursor *cursor = NULL;
    SG_TRY(cursor_open(snapshot->transaction, view_store_table(snapshot->store, VIEW_TABLE_HISTORY),
                       &cursor));
    struct block block;
    SG_TRY(block_at_most(cursor, number, &newest, &block));
    size_t count = 0;
    while (block.found && count < max) {
        for (size_t i = history_block_count(block.values); i > 0 && count < max; i--) {
            ret_values[count++] = history_block_value(block.values, i - 1);
        }
        SG_TRY(block_previous(cursor, number, &block));
    }
    *ret_count = count;
    return sg_ok();
}
