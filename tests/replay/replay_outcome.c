// An outcome is a small object of its own shape.
#include "tests/replay/replay_outcome.h"

#include <string.h>

#include <jansson.h>

#include "schemas/outcome.h"

const enum topic replay_outcome_topic = TOPIC_COUNT;

const char *replay_outcome_name(enum topic topic)
{
    return topic == replay_outcome_topic ? "outcomes" : topic_info(topic)->name;
}

static sg_result copy_text(struct arena *arena, const char *text, struct bytes *ret_text)
{
    size_t room = strlen(text) + 1;
    char *copy = arena_take(arena, room);
    if (copy == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory for an outcome");
    }
    memcpy(copy, text, room);
    *ret_text = bytes_of_text(copy);
    return sg_ok();
}

static sg_result read_object(json_t *object, struct arena *arena,
                             struct effect_outcome *ret_outcome)
{
    const char *id = NULL;
    const char *outcome = NULL;
    const char *reply = NULL;
    json_int_t at = 0;
    json_error_t error;
    if (json_unpack_ex(object, &error, JSON_STRICT, "{s:s, s:s, s:i, s:i, s:s, s:I}", "id", &id,
                       "outcome", &outcome, "attempt", &ret_outcome->attempt, "code",
                       &ret_outcome->code, "reply", &reply, "at", &at) != 0) {
        return sg_fail(SG_FATAL, 0, "the outcome cannot be read: %s", error.text);
    }
    ret_outcome->at_ms = at;
    ret_outcome->outcome = record_type_symbol(&outcome_names, bytes_of_text(outcome));
    if (ret_outcome->outcome < 0) {
        return sg_fail(SG_FATAL, 0, "there is no outcome %s", outcome);
    }
    SG_TRY(copy_text(arena, id, &ret_outcome->id));
    return copy_text(arena, reply, &ret_outcome->reply);
}

sg_result replay_outcome_read(struct bytes json, struct arena *arena,
                              struct effect_outcome *ret_outcome)
{
    json_t *object = json_loadb((const char *)json.data, json.size, 0, NULL);
    sg_result result = read_object(object, arena, ret_outcome);
    json_decref(object);
    return result;
}
