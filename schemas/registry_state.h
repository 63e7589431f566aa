// The insides of a registry. For registry.c and registry_print.c alone.
#pragma once
#include "schemas/registry.h"
#include "schemas/registry/registry_book.h"
#include "schemas/registry/registry_log.h"
#include "schemas/registry/registry_remote.h"

#include <pthread.h>

// Ids that were looked for and not found, the latest ones.
enum { REGISTRY_MISSING_MAX = 64 };

struct registry_missing {
    int32_t id;
    int64_t looked_us;
};

struct registry {
    pthread_mutex_t lock; // Guards all that follows it.
    struct registry_book book;
    struct registry_log *log;       // Of the embedded registry, else NULL.
    struct registry_remote *remote; // Of an external one, else NULL.
    int32_t ids[TOPIC_COUNT];       // 0: not asked yet.
    struct registry_missing missing[REGISTRY_MISSING_MAX];
    size_t missing_next;
    int64_t listed_us; // When the log was last read for a listing.
    const struct registry_settings *settings;
    const struct topic_settings *topics;
};
