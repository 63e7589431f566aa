// What the handlers of this folder work on. All of it allows any thread.
#pragma once
#include "core/buffer.h"
#include "query/views/view_store.h"

struct http_application;
struct sse_hub;
struct view_feeder;
struct account_services;
struct secrets;

struct query_context {
    // Whether the process does its work; writes what it still lacks, for people, if it does not.
    bool (*ready)(void *ready_context, struct buffer *ret_lacking);
    void *ready_context;
    const char *state_folder; // Whose file system is measured; borrowed.

    // Only where views are served:
    struct view_store *store;
    struct view_feeder *feeder; // Has the registry.
    struct account_services *accounts;
    const struct secrets *secrets; // For what only owners see.
    struct sse_hub *streams;
    bool registry_external; // The registry is another server; nothing of it is served here.
    const struct http_application *application; // For the page that lists the routes.
};
