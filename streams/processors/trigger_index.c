// Keys: instrument, 0, kind, ordered number, order of inclusion, subscription id, 0, side. Names
// hold no zero byte: the keys of one instrument and kind stand together, in the order of their
// levels. Where there are few of them they are held in memory.
#include "streams/processors/trigger_index.h"

#include "schemas/subscription_state.h"
#include "state/index_group.h"

#include <assert.h>
#include <endian.h>
#include <math.h>
#include <string.h>

enum { NUMBER_BYTES = 8, KIND_BELOW = 'b', KIND_DUE = 'd', KIND_ABOVE = 'u', FIRST_CAPACITY = 16 };

static uint8_t kind_byte(enum alert_trigger_kind kind)
{
    switch (kind) {
    case ALERT_TRIGGER_ABOVE:
        return KIND_ABOVE;
    case ALERT_TRIGGER_BELOW:
        return KIND_BELOW;
    case ALERT_TRIGGER_DUE:
        return KIND_DUE;
    }
    return 0;
}

static void add_bytes(struct index_key *key, struct bytes bytes)
{
    assert(key->size + bytes.size <= sizeof key->data);
    memcpy(key->data + key->size, bytes.data, bytes.size);
    key->size += bytes.size;
}

static void add_byte(struct index_key *key, uint8_t byte)
{
    add_bytes(key, bytes_of(&byte, 1));
}

static void add_ordered(struct index_key *key, uint64_t number)
{
    uint64_t ordered = htobe64(number);
    add_bytes(key, bytes_of(&ordered, sizeof ordered));
}

static uint64_t read_ordered(const uint8_t *data)
{
    uint64_t ordered = 0;
    memcpy(&ordered, data, NUMBER_BYTES);
    return be64toh(ordered);
}

static const uint64_t sign_bit = UINT64_C(1) << 63;

// Unsigned order of the result is the order of the doubles: negative ones inverted, the others
// behind them.
static uint64_t order_of_double(double value)
{
    uint64_t bits = 0;
    double plain = value + 0.0; // Minus zero becomes zero.
    memcpy(&bits, &plain, sizeof bits);
    return (bits & sign_bit) != 0 ? ~bits : bits | sign_bit;
}

static double double_of_order(uint64_t order)
{
    uint64_t bits = (order & sign_bit) != 0 ? order & ~sign_bit : ~order;
    double value = 0;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint64_t order_of_time(int64_t time_ms)
{
    return (uint64_t)time_ms ^ sign_bit;
}

static int64_t time_of_order(uint64_t order)
{
    return (int64_t)(order ^ sign_bit);
}

// What all keys of an instrument begin with. Nothing is cleared: a key has room for half a
// kilobyte.
static void begin_name(struct index_key *key, struct bytes instrument)
{
    key->size = 0;
    add_bytes(key, instrument);
    add_byte(key, 0);
}

static void begin_key(struct index_key *key, struct bytes instrument, uint8_t kind)
{
    begin_name(key, instrument);
    add_byte(key, kind);
}

// The walk up meets equal levels with inclusive ones first; the walk down runs backwards, so there
// they stand last.
static uint8_t inclusion_order(const struct alert_trigger *trigger)
{
    bool first = trigger->kind == ALERT_TRIGGER_ABOVE ? trigger->inclusive : !trigger->inclusive;
    return first ? 0 : 1;
}

static void make_key(struct bytes instrument, struct bytes subscription_id, enum side side,
                     const struct alert_trigger *trigger, struct index_key *ret_key)
{
    begin_key(ret_key, instrument, kind_byte(trigger->kind));
    add_ordered(ret_key, trigger->kind == ALERT_TRIGGER_DUE ? order_of_time(trigger->due_ms)
                                                            : order_of_double(trigger->level));
    add_byte(ret_key, inclusion_order(trigger));
    add_bytes(ret_key, subscription_id);
    add_byte(ret_key, 0);
    add_byte(ret_key, (uint8_t)side);
}

enum { KEYS_MAX = 2 * ALERT_TRIGGERS_MAX };

struct key_list {
    struct index_key keys[KEYS_MAX];
    size_t count;
};

static void add_side_keys(struct bytes instrument, const struct subscription *subscription,
                          const struct side_state *state, enum side side, struct key_list *keys)
{
    struct alert_rule rule;
    if (state == NULL || !alert_rules_side(subscription, side, &rule)) {
        return;
    }
    struct alert_trigger triggers[ALERT_TRIGGERS_MAX];
    size_t count = alert_rules_triggers(&rule, state, triggers);
    for (size_t i = 0; i < count; i++) {
        make_key(instrument, subscription->subscription_id, side, &triggers[i],
                 &keys->keys[keys->count++]);
    }
}

static void keys_of(struct bytes instrument, const struct subscription_state *state,
                    struct key_list *ret_keys)
{
    ret_keys->count = 0;
    if (state == NULL) {
        return;
    }
    const struct subscription *subscription = &state->subscription;
    add_side_keys(instrument, subscription, state->has_low ? &state->low : NULL, SIDE_LOW,
                  ret_keys);
    add_side_keys(instrument, subscription, state->has_high ? &state->high : NULL, SIDE_HIGH,
                  ret_keys);
}

static bool holds(const struct key_list *keys, const struct index_key *wanted)
{
    for (size_t i = 0; i < keys->count; i++) {
        if (bytes_equal(index_key_bytes(&keys->keys[i]), index_key_bytes(wanted))) {
            return true;
        }
    }
    return false;
}

// The group of an instrument's keys, NULL when they are too many for one.
static sg_result hold(struct index *index, struct bytes instrument, struct index_group **ret_group)
{
    struct index_key name;
    begin_name(&name, instrument);
    return index_group_hold(index, index_key_bytes(&name), ret_group);
}

static sg_result change(struct index *index, struct bytes instrument, const struct index_key *key,
                        bool added)
{
    struct index_group *group = NULL;
    SG_TRY(hold(index, instrument, &group));
    struct bytes bytes = index_key_bytes(key);
    if (group == NULL) {
        return added ? index_add(index, bytes) : index_remove(index, bytes);
    }
    return added ? index_group_add(index, group, bytes) : index_group_remove(index, group, bytes);
}

sg_result trigger_index_change(struct index *index, struct bytes instrument, const void *before,
                               const void *after)
{
    struct key_list old_keys;
    struct key_list new_keys;
    keys_of(instrument, before, &old_keys);
    keys_of(instrument, after, &new_keys);
    for (size_t i = 0; i < old_keys.count; i++) {
        if (!holds(&new_keys, &old_keys.keys[i])) {
            SG_TRY(change(index, instrument, &old_keys.keys[i], false));
        }
    }
    for (size_t i = 0; i < new_keys.count; i++) {
        if (!holds(&old_keys, &new_keys.keys[i])) {
            SG_TRY(change(index, instrument, &new_keys.keys[i], true));
        }
    }
    return sg_ok();
}

// A trigger as it stands in the index.
struct found_trigger {
    uint64_t number;
    bool inclusive;
    struct bytes subscription_id; // Inside the key.
    enum side side;
};

// Takes a key apart; false when it belongs to another instrument or kind.
static bool read_key(struct bytes key, const struct index_key *prefix,
                     struct found_trigger *ret_trigger)
{
    if (key.size < prefix->size || memcmp(key.data, prefix->data, prefix->size) != 0) {
        return false;
    }
    size_t head = prefix->size + NUMBER_BYTES + 1;
    assert(key.size > head + 2);
    uint8_t kind = prefix->data[prefix->size - 1];
    uint8_t inclusion = key.data[head - 1];
    *ret_trigger = (struct found_trigger){
        .number = read_ordered(key.data + prefix->size),
        .inclusive = kind == KIND_ABOVE ? inclusion == 0 : inclusion == 1,
        .subscription_id = bytes_of(key.data + head, key.size - head - 2),
        .side = key.data[key.size - 1] == SIDE_LOW ? SIDE_LOW : SIDE_HIGH,
    };
    return true;
}

static sg_result add_hit(struct trigger_hits *hits, const struct found_trigger *trigger)
{
    if (hits->count == hits->capacity) {
        size_t capacity = hits->capacity == 0 ? FIRST_CAPACITY : hits->capacity * 2;
        struct trigger_hit *larger = arena_take(hits->arena, capacity * sizeof *larger);
        if (larger == NULL) {
            return sg_fail(SG_FATAL, 0, "one quote fires more than %zu alerts: out of memory",
                           hits->count);
        }
        if (hits->count > 0) {
            memcpy(larger, hits->list, hits->count * sizeof *larger);
        }
        hits->list = larger;
        hits->capacity = capacity;
    }
    uint8_t *id = arena_take(hits->arena, trigger->subscription_id.size);
    if (id == NULL) {
        return sg_fail(SG_FATAL, 0, "one quote fires more than %zu alerts: out of memory",
                       hits->count);
    }
    memcpy(id, trigger->subscription_id.data, trigger->subscription_id.size);
    hits->list[hits->count++] = (struct trigger_hit){
        .subscription_id = bytes_of(id, trigger->subscription_id.size), .side = trigger->side};
    return sg_ok();
}

// A walk over the triggers of one kind, away from the end that a quote reaches first: in memory, or
// in the file.
struct walk {
    struct index *index;
    struct index_group *group; // NULL: in the file.
    size_t at;                 // In the group: the next key, or the one behind it on a walk down.
    struct index_key prefix;
    struct index_key kept; // Of the file.
    bool down;
};

static struct bytes key_in_memory(struct walk *walk, bool *ret_found)
{
    *ret_found = walk->down ? walk->at > 0 : walk->at < index_group_count(walk->group);
    if (!*ret_found) {
        return bytes_of(NULL, 0);
    }
    return index_group_key(walk->group, walk->down ? --walk->at : walk->at++);
}

static sg_result walk_begin(struct walk *walk, struct bytes instrument, uint8_t kind,
                            struct bytes *ret_key, bool *ret_found)
{
    walk->down = kind == KIND_BELOW;
    begin_key(&walk->prefix, instrument, kind);
    // No key has the next kind byte, so the last key before it is the last one of its kind.
    struct index_key start;
    begin_key(&start, instrument, walk->down ? kind + 1 : kind);
    struct bytes from = index_key_bytes(&start);
    SG_TRY(hold(walk->index, instrument, &walk->group));
    if (walk->group != NULL) {
        walk->at = index_group_find(walk->group, from);
        *ret_key = key_in_memory(walk, ret_found);
        return sg_ok();
    }
    SG_TRY(walk->down ? index_at_most(walk->index, from, &walk->kept, ret_found)
                      : index_at_least(walk->index, from, &walk->kept, ret_found));
    *ret_key = index_key_bytes(&walk->kept);
    return sg_ok();
}

static sg_result walk_on(struct walk *walk, struct bytes *ret_key, bool *ret_found)
{
    if (walk->group != NULL) {
        *ret_key = key_in_memory(walk, ret_found);
        return sg_ok();
    }
    SG_TRY(walk->down ? index_previous(walk->index, &walk->kept, ret_found)
                      : index_next(walk->index, &walk->kept, ret_found));
    *ret_key = index_key_bytes(&walk->kept);
    return sg_ok();
}

static bool reaches(uint8_t kind, const struct found_trigger *trigger,
                    const struct trigger_point *point)
{
    if (kind == KIND_DUE) {
        return time_of_order(trigger->number) <= point->event_time_ms;
    }
    double level = double_of_order(trigger->number);
    if (point->value == level) {
        return trigger->inclusive;
    }
    return kind == KIND_ABOVE ? point->value > level : point->value < level;
}

static sg_result hits_of_kind(struct index *index, struct bytes instrument, uint8_t kind,
                              const struct trigger_point *point, struct trigger_hits *hits)
{
    struct walk walk;
    walk.index = index;
    struct bytes key;
    bool found = false;
    SG_TRY(walk_begin(&walk, instrument, kind, &key, &found));
    struct found_trigger trigger;
    while (found && read_key(key, &walk.prefix, &trigger) && reaches(kind, &trigger, point)) {
        SG_TRY(add_hit(hits, &trigger));
        SG_TRY(walk_on(&walk, &key, &found));
    }
    return sg_ok();
}

static bool may_reach(uint8_t kind, const struct trigger_point *point)
{
    const struct alerts_band *band = point->band;
    switch (kind) {
    case KIND_ABOVE:
        return !band->known || point->value >= band->above;
    case KIND_BELOW:
        return !band->known || point->value <= band->below;
    default:
        return !band->known || point->event_time_ms >= band->due_ms;
    }
}

sg_result trigger_index_hits(struct index *index, struct bytes instrument,
                             const struct trigger_point *point, struct trigger_hits *hits)
{
    static const uint8_t kinds[] = {KIND_ABOVE, KIND_BELOW, KIND_DUE};
    for (size_t i = 0; i < sizeof kinds; i++) {
        if (may_reach(kinds[i], point)) {
            SG_TRY(hits_of_kind(index, instrument, kinds[i], point, hits));
        }
    }
    return sg_ok();
}

// The trigger of a kind that a quote reaches first.
static sg_result first_of_kind(struct index *index, struct bytes instrument, uint8_t kind,
                               struct found_trigger *ret_trigger, bool *ret_found)
{
    struct walk walk;
    walk.index = index;
    struct bytes key;
    SG_TRY(walk_begin(&walk, instrument, kind, &key, ret_found));
    *ret_found = *ret_found && read_key(key, &walk.prefix, ret_trigger);
    return sg_ok();
}
sg_result trigger_index_band(struct index *index, struct bytes instrument,
                             struct alerts_band *ret_band)
{
    struct alerts_band band = {
        .known = true, .below = -INFINITY, .above = INFINITY, .due_ms = INT64_MAX};
    struct found_trigger trigger;
    bool found = false;
    SG_TRY(first_of_kind(index, instrument, KIND_ABOVE, &trigger, &found));
    if (found) {
        band.above = double_of_order(trigger.number);
    }
    SG_TRY(first_of_kind(index, instrument, KIND_BELOW, &trigger, &found));
    if (found) {
        band.below = double_of_order(trigger.number);
    }
    SG_TRY(first_of_kind(index, instrument, KIND_DUE, &trigger, &found));
    if (found) {
        band.due_ms = time_of_order(trigger.number);
    }
    *ret_band = band;
    return sg_ok();
}
