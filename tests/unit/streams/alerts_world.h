// The alerts processor in a world of subscriptions and quotes by chance: what a disturbed life
// leaves there must be what an undisturbed one leaves, to the byte.
#pragma once
#include "life.h"

enum { ALERTS_WORLD_PARTITIONS = 2, ALERTS_WORLD_EVENTS = 60 };

// Setup and teardown of cmocka: a folder for the state and room for the pictures.
int alerts_world_begin(void **state);
int alerts_world_end(void **state);

// A world with the events of `seed` and no state; Kafka gives `records` between two polls, 0 for
// all.
void alerts_world_new(uint64_t seed, int records);

// A life in it that nothing disturbs, to be changed by the test.
struct life alerts_world_life(void);

// Takes away what the machine has, as when the work goes to another one.
void alerts_world_move(void);

// Keeps what the world holds now - outputs, changelogs, state, positions - as what is expected.
void alerts_world_expect(void);

// Fails the test when the world holds anything else than expected, or a client was left open.
void alerts_world_expect_same(const char *what, int nth);
