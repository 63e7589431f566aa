// The value is rewritten as the compiled schema has it (avro_resolve.h) and then decoded as any
// other. avro-c's own resolution is not used: it trusts lengths, refuses a field that the writer
// lacks even with a default, and knows neither aliases nor the default of an enum.
#include "schemas/resolver.h"

#include "schemas/binary/avro_resolve.h"

#include <stdlib.h>
#include <string.h>

enum {
    SCRATCH_BYTES_MAX = 16 << 20,
    RESOLVED_BYTES_MAX = 16 << 20,
};

struct resolver {
    const struct record_type *type;
    struct schema_tree *reader;
    struct schema_tree *writer;
    struct arena *scratch;
    struct buffer resolved;
};

static sg_result prepare(struct resolver *resolver, struct bytes writer_schema)
{
    buffer_init(&resolver->resolved, RESOLVED_BYTES_MAX);
    resolver->scratch = arena_new(SCRATCH_BYTES_MAX);
    if (resolver->scratch == NULL) {
        return sg_fail(SG_FATAL, 0, "%s: out of memory", resolver->type->full_name);
    }
    SG_TRY(schema_tree_parse(bytes_of_text(resolver->type->schema), &resolver->reader));
    return sg_explain(schema_tree_parse(writer_schema, &resolver->writer), "writer's schema");
}

sg_result resolver_new(struct bytes writer_schema, const struct record_type *reader,
                       struct resolver **ret_resolver)
{
    SG_CLEANUP(resolver_free) struct resolver *resolver = calloc(1, sizeof *resolver);
    if (resolver == NULL) {
        return sg_fail(SG_FATAL, 0, "%s: out of memory", reader->full_name);
    }
    resolver->type = reader;
    SG_TRY(prepare(resolver, writer_schema));

    *ret_resolver = SG_MOVE(resolver);
    return sg_ok();
}

void resolver_free(struct resolver **resolver)
{
    if (*resolver == NULL) {
        return;
    }
    schema_tree_free(&(*resolver)->reader);
    schema_tree_free(&(*resolver)->writer);
    arena_free(&(*resolver)->scratch);
    buffer_done(&(*resolver)->resolved);
    free(*resolver);
    *resolver = NULL;
}

sg_result resolver_decode(struct resolver *resolver, struct bytes avro, struct arena *arena,
                          void *ret_record)
{
    arena_reset(resolver->scratch);
    buffer_clear(&resolver->resolved);
    SG_TRY(avro_resolve_message(schema_tree_root(resolver->reader),
                                schema_tree_root(resolver->writer), avro, resolver->scratch,
                                &resolver->resolved));
    struct bytes resolved = buffer_bytes(&resolver->resolved);
    void *copy = arena_take(arena, resolved.size);
    if (copy == NULL) {
        return sg_fail(SG_DROP, 0, "%s: larger than an event may be", resolver->type->full_name);
    }
    memcpy(copy, resolved.data, resolved.size);
    return resolver->type->decode(bytes_of(copy, resolved.size), arena, ret_record);
}
