// Target: outcome_record_read(). What it takes from a damaged file can be written again, and is the
// same then.
#include "connectors/outcome/outcome_record.h"
#include "core/hash.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SIZE_BYTES = 2, CHECKSUM_BYTES = 8, INPUT_MAX = 4096 };

static void expect(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check(struct bytes bytes)
{
    struct outcome_record record;
    size_t size = 0;
    if (!outcome_record_read(bytes, &record, &size)) {
        return;
    }
    expect(size <= bytes.size);
    struct buffer again;
    buffer_init(&again, OUTCOME_RECORD_MAX);
    if (sg_is_ok(outcome_record_write(&record, &again)) && record.reply.size <= OUTCOME_REPLY_MAX) {
        expect(bytes_equal(buffer_bytes(&again), bytes_of(bytes.data, size)));
    }
    buffer_done(&again);
}

// As it is, and with a checksum made right, which chance would never find.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check(bytes_of(data, size));
    if (size <= SIZE_BYTES + CHECKSUM_BYTES || size > INPUT_MAX) {
        return 0;
    }
    uint8_t mended[INPUT_MAX];
    memcpy(mended, data, size);
    size_t body = size - SIZE_BYTES - CHECKSUM_BYTES;
    uint64_t checksum = hash_bytes(bytes_of(mended + SIZE_BYTES + CHECKSUM_BYTES, body));
    mended[0] = (uint8_t)body;
    mended[1] = (uint8_t)(body >> 8);
    for (size_t i = 0; i < CHECKSUM_BYTES; i++) {
        mended[SIZE_BYTES + i] = (uint8_t)(checksum >> (8 * i));
    }
    check(bytes_of(mended, size));
    return 0;
}
