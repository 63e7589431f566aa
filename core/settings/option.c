// Values of settings, from text and to text for people.
#include "core/settings/option.h"

#include "core/number.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

// A unit of time or size, the larger ones first.
struct unit {
    const char *name;
    int64_t factor;
};

static const struct unit durations[] = {
    {"d", INT64_C(86400000)}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}, {NULL, 0},
};

static const struct unit sizes[] = {
    {"TiB", INT64_C(1) << 40},
    {"GiB", INT64_C(1) << 30},
    {"MiB", INT64_C(1) << 20},
    {"KiB", INT64_C(1) << 10},
    {"", 1},
    {NULL, 0},
};

static const struct unit counts[] = {{"", 1}, {NULL, 0}};

static const struct unit *units_of(enum option_type type)
{
    if (type == OPTION_DURATION) {
        return durations;
    }
    return type == OPTION_SIZE ? sizes : counts;
}

static void store(const struct option *option, void *target, const void *value, size_t size)
{
    memcpy((char *)target + option->offset, value, size);
}

static sg_result store_text(const struct option *option, const char *text, void *target)
{
    store(option, target, &text, sizeof text);
    return sg_ok();
}

// Reads digits and the name of one of the units that fill the whole text.
static bool read_quantity(const char *text, const struct unit *units, int64_t *ret_value)
{
    size_t digits = strspn(text, "+-0123456789");
    int64_t number = 0;
    if (!number_read_int(bytes_of(text, digits), &number)) {
        return false;
    }
    // Nothing is nothing in any unit.
    if (number == 0 && text[digits] == '\0') {
        *ret_value = 0;
        return true;
    }
    for (const struct unit *unit = units; unit->name != NULL; unit++) {
        if (strcmp(unit->name, text + digits) == 0) {
            return !__builtin_mul_overflow(number, unit->factor, ret_value);
        }
    }
    return false;
}

static sg_result print_quantity(int64_t value, const struct unit *units, struct buffer *out)
{
    if (value == 0) {
        return buffer_append_byte(out, '0');
    }
    const struct unit *unit = units;
    while (value % unit->factor != 0) {
        unit++;
    }
    return buffer_print(out, "%" PRId64 "%s", value / unit->factor, unit->name);
}

static bool has_limits(const struct option *option)
{
    return option->min != 0 || option->max != 0;
}

// Fails with what is wanted, in the words of the documentation.
static sg_result fail_wanted(const struct option *option, const char *text)
{
    struct buffer wanted SG_CLEANUP(buffer_done);
    buffer_init(&wanted, SG_REASON_MAX);
    SG_TRY(option_print_type(option, &wanted));
    if (has_limits(option)) {
        SG_TRY(buffer_append_byte(&wanted, ' '));
        SG_TRY(option_print_limits(option, &wanted));
    }
    return sg_fail(SG_FATAL, 0, "\"%s\" is not %.*s", text, (int)wanted.size,
                   (const char *)wanted.data);
}

static sg_result read_quantity_option(const struct option *option, const char *text, void *target)
{
    int64_t value = 0;
    bool is_read = read_quantity(text, units_of(option->type), &value);
    if (!is_read || (has_limits(option) && (value < option->min || value > option->max))) {
        return fail_wanted(option, text);
    }
    store(option, target, &value, sizeof value);
    return sg_ok();
}

static sg_result read_double(const struct option *option, const char *text, void *target)
{
    double value = 0;
    if (!number_read_double(bytes_of_text(text), &value)) {
        return fail_wanted(option, text);
    }
    store(option, target, &value, sizeof value);
    return sg_ok();
}

static sg_result read_bool(const struct option *option, const char *text, void *target)
{
    bool value = strcmp(text, "true") == 0;
    if (!value && strcmp(text, "false") != 0) {
        return fail_wanted(option, text);
    }
    store(option, target, &value, sizeof value);
    return sg_ok();
}

static sg_result read_choice(const struct option *option, const char *text, void *target)
{
    size_t length = strlen(text);
    const char *choice = option->choices;
    while (choice != NULL) {
        size_t choice_length = strcspn(choice, "|");
        if (choice_length == length && memcmp(choice, text, length) == 0) {
            return store_text(option, text, target);
        }
        choice = choice[choice_length] == '|' ? choice + choice_length + 1 : NULL;
    }
    return fail_wanted(option, text);
}

SG_RESULT option_read(const struct option *option, const char *text, void *target)
{
    assert(text != NULL);
    switch (option->type) {
    case OPTION_TEXT:
    case OPTION_SECRET:
        return store_text(option, text, target);
    case OPTION_INT:
    case OPTION_DURATION:
    case OPTION_SIZE:
        return read_quantity_option(option, text, target);
    case OPTION_DOUBLE:
        return read_double(option, text, target);
    case OPTION_BOOL:
        return read_bool(option, text, target);
    case OPTION_CHOICE:
        return read_choice(option, text, target);
    }
    return sg_fail(SG_FATAL, 0, "%s: unknown type", option->key);
}

// Prints "a|b|c" as "a, b or c".
static sg_result print_choices(const char *choices, struct buffer *out)
{
    assert(choices != NULL);
    const char *last = strrchr(choices, '|');
    for (const char *at = choices; *at != '\0'; at++) {
        const char *text = *at != '|' ? NULL : at == last ? " or " : ", ";
        if (text == NULL) {
            SG_TRY(buffer_append_byte(out, (uint8_t)*at));
        } else {
            SG_TRY(buffer_append(out, bytes_of_text(text)));
        }
    }
    return sg_ok();
}

SG_RESULT option_print_kind(const struct option *option, struct buffer *out)
{
    switch (option->type) {
    case OPTION_TEXT:
        return buffer_print(out, "text");
    case OPTION_SECRET:
        return buffer_print(out, "secret");
    case OPTION_INT:
        return buffer_print(out, "integer");
    case OPTION_DOUBLE:
        return buffer_print(out, "number");
    case OPTION_BOOL:
        return buffer_print(out, "true or false");
    case OPTION_DURATION:
        return buffer_print(out, "duration");
    case OPTION_SIZE:
        return buffer_print(out, "size");
    case OPTION_CHOICE:
        return print_choices(option->choices, out);
    }
    return sg_ok();
}

SG_RESULT option_print_type(const struct option *option, struct buffer *out)
{
    switch (option->type) {
    case OPTION_TEXT:
        return buffer_print(out, "text");
    case OPTION_SECRET:
        return buffer_print(out, "secret text");
    case OPTION_INT:
        return buffer_print(out, "an integer");
    case OPTION_DOUBLE:
        return buffer_print(out, "a decimal number");
    case OPTION_BOOL:
        return buffer_print(out, "true or false");
    case OPTION_DURATION:
        return buffer_print(out, "a duration as 100ms, 10s, 5m, 24h or 7d");
    case OPTION_SIZE:
        return buffer_print(out, "a size in bytes as 4096, 64KiB, 16MiB, 1GiB or 1TiB");
    case OPTION_CHOICE:
        return print_choices(option->choices, out);
    }
    return sg_ok();
}

SG_RESULT option_print_limits(const struct option *option, struct buffer *out)
{
    if (!has_limits(option)) {
        return sg_ok();
    }
    SG_TRY(buffer_print(out, "from "));
    SG_TRY(print_quantity(option->min, units_of(option->type), out));
    SG_TRY(buffer_print(out, " to "));
    return print_quantity(option->max, units_of(option->type), out);
}
