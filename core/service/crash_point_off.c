// Builds for use: no crash points.
#include "core/service/crash_point.h"

void crash_point(const char *name)
{
    (void)name;
}

int64_t crash_point_number(const char *name, int64_t usual)
{
    (void)name;
    return usual;
}
