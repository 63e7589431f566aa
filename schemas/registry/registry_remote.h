// A registry of others, by Confluent's REST API.
#pragma once
#include "core/result.h"
#include "schemas/registry/registry_book.h"

struct registry_remote;

// Opens a client of the registry at `url` (up to and without "/subjects"). Asks nothing yet. Fails:
// SG_FATAL for a URL that is none.
SG_RESULT registry_remote_open(const char *url, int64_t timeout_ms,
                               struct registry_remote **ret_remote);

// Accepts NULL.
void registry_remote_close(struct registry_remote **remote);

// Asks something harmless. Fails: SG_RETRY when it does not answer, SG_FATAL when what answers is
// no registry.
SG_RESULT registry_remote_ping(struct registry_remote *remote);

// The text of an id into the book. Fails: SG_DROP when there is none, SG_RETRY, SG_FATAL.
SG_RESULT registry_remote_fetch(struct registry_remote *remote, int32_t id,
                                struct registry_book *book);

// The id of a schema under a subject, 0 when it is not registered there. Fails: SG_RETRY, SG_FATAL.
SG_RESULT registry_remote_find(struct registry_remote *remote, const char *subject,
                               const char *schema, int32_t *ret_id);

// Registers a schema, with the subject's compatibility set to BACKWARD_TRANSITIVE. Fails: SG_FATAL
// with the registry's words when it is not compatible or not taken, SG_RETRY.
SG_RESULT registry_remote_register(struct registry_remote *remote, const char *subject,
                                   const char *schema, int32_t *ret_id);

// Asks whether a schema could be registered. Fails: SG_FATAL with the registry's words when not,
// SG_RETRY.
SG_RESULT registry_remote_compatible(struct registry_remote *remote, const char *subject,
                                     const char *schema);
