// Turns a value written with one schema into the same value as another schema writes it (Avro 1.11,
// "Schema Resolution"). It checks the bytes while it reads them, as avro_walk.h does.
#pragma once
#include "core/buffer.h"
#include "schemas/binary/avro_walk.h"

// Reads the whole of `avro`, which `writer` describes, and adds to `out` what `reader` describes.
// The arena is scratch. Fails: SG_DROP with the field's name when the bytes are not what the writer
// says, or a value has no place with the reader.
SG_RESULT avro_resolve_message(const struct schema_node *reader, const struct schema_node *writer,
                               struct bytes avro, struct arena *arena, struct buffer *out);
