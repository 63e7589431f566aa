// Shewchuk's exact addition: the sum is kept as non-overlapping parts, each error of an addition
// being a double itself.
#include "query/views/quotes/exact_sum.h"

#include <math.h>
#include <string.h>

// The exponents of doubles span 2098 bits, a part holds 53 of them.
enum { PARTS_MAX = 48, SCALE_BITS = 64 };

struct parts {
    double part[PARTS_MAX]; // From small to large.
    size_t count;
};

static void add(struct parts *parts, double value)
{
    size_t kept = 0;
    for (size_t i = 0; i < parts->count; i++) {
        double other = parts->part[i];
        double large = fabs(value) < fabs(other) ? other : value;
        double small = fabs(value) < fabs(other) ? value : other;
        double high = large + small;
        double low = small - (high - large);
        if (low != 0) {
            parts->part[kept++] = low;
        }
        value = high;
    }
    parts->part[kept++] = value;
    parts->count = kept;
}

// The parts as one double, rounded half to even over all of them.
static double rounded(const struct parts *parts)
{
    size_t i = parts->count;
    if (i == 0) {
        return 0;
    }
    double high = parts->part[--i];
    double low = 0;
    while (i > 0 && low == 0) {
        double previous = high;
        double next = parts->part[--i];
        high = previous + next;
        low = next - (high - previous);
    }
    // Halfway, and what lies below decides: add it if it points the same way.
    if (i > 0 && ((low < 0 && parts->part[i - 1] < 0) || (low > 0 && parts->part[i - 1] > 0))) {
        double twice = low * 2;
        double up = high + twice;
        if (twice == up - high) {
            high = up;
        }
    }
    return high;
}

static double value_at(const double *values, size_t index, size_t step)
{
    double value;
    memcpy(&value, (const char *)values + index * step, sizeof value);
    return value;
}

double exact_sum_mean(const double *values, size_t count, size_t step)
{
    double largest = 0;
    for (size_t i = 0; i < count; i++) {
        largest = fmax(largest, fabs(value_at(values, i, step)));
    }
    // So near the end of the range that a sum may leave it, the last bits of subnormal values are
    // the price of a finite result.
    int scale = largest > ldexp(1, 1023 - SCALE_BITS) ? SCALE_BITS : 0;
    struct parts parts = {.count = 0};
    for (size_t i = 0; i < count; i++) {
        add(&parts, ldexp(value_at(values, i, step), -scale));
    }
    return ldexp(rounded(&parts) / (double)count, scale);
}
