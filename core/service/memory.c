// Batches of records come and go by megabytes: with the allocator's own limits each costs page
// faults and the clearing of pages, which was a sixth of the reading thread's time.
#include "core/service/memory.h"

#include <malloc.h>

enum {
    LARGEST_KEPT = 32 << 20, // The largest limit that glibc takes.
    FREE_KEPT = 128 << 20,
    GROWTH = 1 << 20,
};

void memory_keep(void)
{
    mallopt(M_MMAP_THRESHOLD, LARGEST_KEPT);
    mallopt(M_TRIM_THRESHOLD, FREE_KEPT);
    mallopt(M_TOP_PAD, GROWTH);
}

void memory_give_back(void)
{
    malloc_trim(0);
}
