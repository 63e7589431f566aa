// The mean of doubles without rounding on the way: the result does not depend on their order.
#pragma once
#include <stddef.h>

// The sum of `count` (> 0) finite values, exact and rounded once, divided by `count`: what Python's
// math.fsum(values) / len(values) gives, and finite where that overflows. From one value to the
// next there are `step` bytes. Any thread.
double exact_sum_mean(const double *values, size_t count, size_t step);
