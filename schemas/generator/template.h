// Texts with places to fill in.
#pragma once
#include <stddef.h>
#include <stdio.h>

enum { TEMPLATE_NUMBER_CHARS = 24 };

// Writes the text with `$1` to `$9` replaced by the first to the ninth value.
void template_print(FILE *out, const char *text, const char *const values[]);

// The number as a value.
const char *template_number(size_t number, char ret_text[static TEMPLATE_NUMBER_CHARS]);
