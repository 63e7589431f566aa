// A binary search; the password is compared in place, so that no copy of it stays behind.
#include "query/auth/common_passwords.h"

#include <string.h>

static uint8_t lower(uint8_t byte)
{
    return (uint8_t)(byte >= 'A' && byte <= 'Z' ? byte - 'A' + 'a' : byte);
}

static int compare_lower(struct bytes password, struct bytes word)
{
    for (size_t i = 0; i < password.size && i < word.size; i++) {
        int difference = lower(password.data[i]) - word.data[i];
        if (difference != 0) {
            return difference;
        }
    }
    return (password.size > word.size) - (password.size < word.size);
}

bool common_passwords_have(struct bytes password)
{
    size_t low = 0;
    size_t high = common_passwords_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_lower(password, bytes_of_text(common_passwords_table[middle]));
        if (order == 0) {
            return true;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return false;
}
