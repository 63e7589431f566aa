// The values are used several times each, which printf does in POSIX but not in C.
#include "schemas/generator/template.h"

void template_print(FILE *out, const char *text, const char *const values[])
{
    for (const char *at = text; *at != '\0'; at++) {
        if (at[0] == '$' && at[1] >= '1' && at[1] <= '9') {
            at++;
            fputs(values[*at - '1'], out);
        } else {
            fputc(*at, out);
        }
    }
}

const char *template_number(size_t number, char ret_text[static TEMPLATE_NUMBER_CHARS])
{
    snprintf(ret_text, TEMPLATE_NUMBER_CHARS, "%zu", number);
    return ret_text;
}
