// Builds for use: no crash points.
#include "core/service/crash_point.h"

void crash_point(const char *name)
{
    (void)name;
}
