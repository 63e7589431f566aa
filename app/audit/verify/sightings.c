// Open addressing with linear probing. An identity is a hash already, so that its bits choose the
// slot.
#include "app/audit/verify/sightings.h"

#include <stdlib.h>

enum { FIRST_SLOTS = 1024, NOWHERE = -1 };

struct slot {
    struct identity identity;
    int64_t offset; // NOWHERE: the slot is free.
    int32_t partition;
};

struct sightings {
    struct slot *slots;
    size_t slot_count; // A power of two, at least twice the count.
    size_t count;
    size_t max;
};

static struct slot *new_slots(size_t count)
{
    struct slot *slots = calloc(count, sizeof *slots);
    for (size_t i = 0; slots != NULL && i < count; i++) {
        slots[i].offset = NOWHERE;
    }
    return slots;
}

struct sightings *sightings_new(size_t max)
{
    struct sightings *sightings = calloc(1, sizeof *sightings);
    if (sightings == NULL) {
        return NULL;
    }
    sightings->slots = new_slots(FIRST_SLOTS);
    sightings->slot_count = FIRST_SLOTS;
    sightings->max = max;
    if (sightings->slots == NULL) {
        sightings_free(&sightings);
    }
    return sightings;
}

void sightings_free(struct sightings **sightings)
{
    if (*sightings != NULL) {
        free((*sightings)->slots);
        free(*sightings);
        *sightings = NULL;
    }
}

static void put(struct slot *slots, size_t slot_count, const struct slot *slot)
{
    size_t mask = slot_count - 1;
    size_t at = slot->identity.words[0] & mask;
    while (slots[at].offset != NOWHERE) {
        at = (at + 1) & mask;
    }
    slots[at] = *slot;
}

static bool grow(struct sightings *sightings)
{
    size_t count = sightings->slot_count * 2;
    struct slot *slots = new_slots(count);
    if (slots == NULL) {
        return false;
    }
    for (size_t i = 0; i < sightings->slot_count; i++) {
        if (sightings->slots[i].offset != NOWHERE) {
            put(slots, count, &sightings->slots[i]);
        }
    }
    free(sightings->slots);
    sightings->slots = slots;
    sightings->slot_count = count;
    return true;
}

bool sightings_add(struct sightings *sightings, const struct identity *identity,
                   const struct place *place)
{
    if (sightings->count == sightings->max) {
        return false;
    }
    if (sightings->count * 2 >= sightings->slot_count && !grow(sightings)) {
        return false;
    }
    struct slot slot = {*identity, place->offset, place->partition};
    put(sightings->slots, sightings->slot_count, &slot);
    sightings->count++;
    return true;
}

// Closes the gap at `hole` by moving later slots of the same run back (Knuth, vol. 3, 6.4,
// algorithm R).
static void close_hole(struct sightings *sightings, size_t hole)
{
    size_t mask = sightings->slot_count - 1;
    for (size_t at = (hole + 1) & mask; sightings->slots[at].offset != NOWHERE;
         at = (at + 1) & mask) {
        size_t home = sightings->slots[at].identity.words[0] & mask;
        bool is_reachable = ((at - home) & mask) < ((at - hole) & mask);
        if (!is_reachable) {
            sightings->slots[hole] = sightings->slots[at];
            hole = at;
        }
    }
    sightings->slots[hole].offset = NOWHERE;
}

bool sightings_take(struct sightings *sightings, const struct identity *identity,
                    struct place *ret_place)
{
    size_t mask = sightings->slot_count - 1;
    for (size_t at = identity->words[0] & mask; sightings->slots[at].offset != NOWHERE;
         at = (at + 1) & mask) {
        const struct slot *slot = &sightings->slots[at];
        if (identity_equal(&slot->identity, identity)) {
            *ret_place = (struct place){slot->partition, slot->offset};
            close_hole(sightings, at);
            sightings->count--;
            return true;
        }
    }
    return false;
}

size_t sightings_count(const struct sightings *sightings)
{
    return sightings->count;
}

static bool comes_before(const struct place *left, const struct place *right)
{
    return left->partition != right->partition ? left->partition < right->partition
                                               : left->offset < right->offset;
}

// Keeps `places` sorted; what does not fit falls off its end.
static size_t insert(struct place *places, size_t count, size_t max, const struct place *place)
{
    if (count == max && (max == 0 || !comes_before(place, &places[count - 1]))) {
        return count;
    }
    size_t at = count == max ? count - 1 : count;
    while (at > 0 && comes_before(place, &places[at - 1])) {
        places[at] = places[at - 1];
        at--;
    }
    places[at] = *place;
    return count == max ? count : count + 1;
}

size_t sightings_first(const struct sightings *sightings, const int64_t *ends, size_t max,
                       struct place *ret_places)
{
    size_t count = 0;
    for (size_t i = 0; i < sightings->slot_count; i++) {
        const struct slot *slot = &sightings->slots[i];
        bool is_wanted =
            slot->offset != NOWHERE && (ends == NULL || slot->offset < ends[slot->partition]);
        if (is_wanted) {
            struct place place = {slot->partition, slot->offset};
            count = insert(ret_places, count, max, &place);
        }
    }
    return count;
}
