// Numbers as people read and write them.
#pragma once
#include "core/bytes.h"

// Room for any text below; at -O1 gcc counts with 38 bytes.
enum { NUMBER_TEXT_MAX = 40 };

// Writes the shortest decimal text that reads back as the same double ("188.25", "1e+300"), "NaN",
// "Infinity" or "-Infinity", with its end. Any thread.
void number_print_double(double value, char ret_text[static NUMBER_TEXT_MAX]);

// Reads a finite decimal number that fills the whole slice (an exponent is allowed, hexadecimal and
// words are not). False if it is not one. Independent of the locale. Any thread.
bool number_read_double(struct bytes text, double *ret_value);

// Reads a decimal integer that fills the whole slice. False if it is not one or does not fit. Any
// thread.
bool number_read_int(struct bytes text, int64_t *ret_value);

// What a hexadecimal digit stands for, -1 if it is none. Any thread.
int number_hex_digit(uint8_t digit);
