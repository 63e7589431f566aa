// Media types in Accept and Content-Type (RFC 9110 sections 8.3 and 12.5).
#include "query/http/http_accept.h"

#include "core/number.h"

#include <string.h>

static struct bytes trimmed(struct bytes text)
{
    while (text.size > 0 && (text.data[0] == ' ' || text.data[0] == '\t')) {
        text = bytes_of(text.data + 1, text.size - 1);
    }
    while (text.size > 0 && (text.data[text.size - 1] == ' ' || text.data[text.size - 1] == '\t')) {
        text.size--;
    }
    return text;
}

// The same as bytes_cut(), trimmed.
static struct bytes cut(struct bytes *rest, char separator)
{
    return trimmed(bytes_cut(rest, separator));
}

// How well a media range fits a type: 0 not, 1 as */*, 2 as type/*, 3 exactly.
static int range_fit(struct bytes range, const char *type)
{
    size_t major = strcspn(type, "/") + 1;
    size_t whole = strcspn(type, ";");
    if (bytes_is_text(range, "*/*")) {
        return 1;
    }
    if (range.size == major + 1 && range.data[major] == '*' &&
        memcmp(range.data, type, major) == 0) {
        return 2;
    }
    return bytes_equal(range, bytes_of(type, whole)) ? 3 : 0;
}

// The q of a media range's parameters, 1 when it has none that can be read.
static double range_quality(struct bytes parameters)
{
    double quality = 1;
    while (parameters.size > 0) {
        struct bytes parameter = cut(&parameters, ';');
        if (parameter.size > 2 && (parameter.data[0] == 'q' || parameter.data[0] == 'Q') &&
            parameter.data[1] == '=') {
            bool read =
                number_read_double(bytes_of(parameter.data + 2, parameter.size - 2), &quality);
            quality = read ? quality : 1;
        }
    }
    return quality;
}

bool http_accept_takes(struct bytes accept, const char *type)
{
    if (trimmed(accept).size == 0) {
        return true;
    }
    int best = 0;
    double quality = 0;
    while (accept.size > 0) {
        struct bytes rest = cut(&accept, ',');
        struct bytes range = cut(&rest, ';');
        int fit = range_fit(range, type);
        if (fit > best) {
            best = fit;
            quality = range_quality(rest);
        }
    }
    return best > 0 && quality > 0;
}

bool http_accept_is(struct bytes content_type, const char *type)
{
    struct bytes name = cut(&content_type, ';');
    if (name.size != strlen(type)) {
        return false;
    }
    for (size_t i = 0; i < name.size; i++) {
        uint8_t byte = name.data[i];
        uint8_t lower = byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte - 'A' + 'a') : byte;
        if (lower != (uint8_t)type[i]) {
            return false;
        }
    }
    return true;
}

bool http_accept_next(struct bytes *rest, struct bytes *ret_item)
{
    while (rest->size > 0) {
        *ret_item = cut(rest, ',');
        if (ret_item->size > 0) {
            return true;
        }
    }
    return false;
}
