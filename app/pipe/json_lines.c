// Refused lines do not hold up the others, as in ingest.
#include "app/pipe/json_lines.h"

#include "app/pipe/stdin_reader.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

static sg_result take_line(struct transcoder *transcoder, enum topic topic, struct bytes line,
                           json_lines_fn take, void *context)
{
    struct bytes value;
    struct bytes key;
    SG_TRY(transcoder_encode(transcoder, topic, line, &value, &key));
    return take(context, value, key);
}

// Tells a refusal; every other failure ends the loop.
static sg_result tell_refused(sg_result result, int64_t number, int64_t *refused)
{
    if (result.class != SG_DROP) {
        return sg_explain(result, "line %" PRId64, number);
    }
    fprintf(stderr, "soglia: line %" PRId64 ": %s\n", number, sg_reason());
    (*refused)++;
    return sg_ok();
}

SG_RESULT json_lines_run(struct transcoder *transcoder, enum topic topic, json_lines_fn take,
                         void *context, int64_t *ret_taken)
{
    SG_CLEANUP(stdin_reader_free)
    struct stdin_reader *input = stdin_reader_new(STDIN_FILENO, TRANSCODER_TEXT_MAX);
    if (input == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory");
    }
    int64_t refused = 0;
    bool has_more = true;
    for (int64_t number = 1; has_more; number++) {
        struct bytes line = {NULL, 0};
        sg_result result = stdin_reader_line(input, &line, &has_more);
        bool is_line = sg_is_ok(result) && has_more && line.size > 0;
        if (is_line) {
            result = take_line(transcoder, topic, line, take, context);
            *ret_taken += sg_is_ok(result);
        }
        if (!sg_is_ok(result)) {
            SG_TRY(tell_refused(result, number, &refused));
        }
    }
    if (refused > 0) {
        return sg_fail(SG_FATAL, 0, "%" PRId64 " lines refused, %" PRId64 " taken", refused,
                       *ret_taken);
    }
    return sg_ok();
}
