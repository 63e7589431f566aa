// Writes Avro binary. First each member adds what it may need to a size, then the caller reserves
// it once, and the writers put the values one behind the other without any check.
#pragma once
#include "core/bytes.h"
#include "core/result.h"

enum {
    BINARY_LONG_BYTES = 10, // Longest boolean, int, long, index or length.
    BINARY_DOUBLE_BYTES = 8,
};

// Adds to `*size` what the text needs. Fails: SG_DROP when it is not UTF-8, with the field's name.
SG_RESULT binary_writer_measure_string(const char *field, struct bytes text, size_t *size);

// Each writes at `at` and returns the place behind. The room is the caller's promise.
uint8_t *binary_writer_boolean(uint8_t *at, bool value);
uint8_t *binary_writer_long(uint8_t *at, int64_t value);
uint8_t *binary_writer_float(uint8_t *at, float value);
uint8_t *binary_writer_double(uint8_t *at, double value);

// The length and the bytes; for strings too.
uint8_t *binary_writer_bytes(uint8_t *at, struct bytes bytes);

// The index of an enum's symbol, which is below `count` (asserted).
uint8_t *binary_writer_index(uint8_t *at, unsigned index, unsigned count);
