// One process at a time; its threads open tasks side by side.
#include "fake_process.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/service/clock.h"
#include "core/service/crash_point.h"
#include "core/service/stop.h"
#include "schemas/registry.h"

enum { FIRST_SCHEMA_ID = 1 };

static const int64_t start_ms = 1800000000000;
static _Atomic int64_t passed_us = 0;
static atomic_bool is_stopping = false;
static const char *crash_name = NULL;
static atomic_int crash_passages_left = 0;

void fake_process_crash_at(const char *point, int nth)
{
    crash_name = point;
    crash_passages_left = nth;
}

void crash_point(const char *name)
{
    if (crash_name != NULL && strcmp(name, crash_name) == 0 && --crash_passages_left == 0) {
        _exit(FAKE_CRASH_STATUS);
    }
}

int64_t crash_point_number(const char *name, int64_t usual)
{
    (void)name;
    return usual;
}

void fake_clock_advance(int64_t ms)
{
    passed_us += ms * 1000;
}

int64_t clock_wall_ms(void)
{
    return start_ms + passed_us / 1000;
}

// Every look takes a microsecond, so that nothing waits for ever.
int64_t clock_monotonic_us(void)
{
    return ++passed_us;
}

void clock_sleep_ms(int64_t ms)
{
    fake_clock_advance(ms);
}

void clock_print(int64_t ms, char ret_text[static CLOCK_TEXT_MAX])
{
    snprintf(ret_text, CLOCK_TEXT_MAX, "%lld", (long long)ms);
}

void stop_request(void)
{
    is_stopping = true;
}

bool stop_requested(void)
{
    return is_stopping;
}

void fake_process_unstop(void)
{
    is_stopping = false;
}

sg_result registry_id(struct registry *registry, enum topic topic, int32_t *ret_id)
{
    (void)registry;
    *ret_id = FIRST_SCHEMA_ID + (int32_t)topic;
    return sg_ok();
}

sg_result registry_schema(struct registry *registry, int32_t id, struct bytes *ret_text)
{
    (void)registry;
    (void)ret_text;
    return sg_fail(SG_DROP, 0, "no schema is registered under the id %d", (int)id);
}

static sg_result no_schema(void *context, int32_t id, struct bytes *ret_text)
{
    return registry_schema(context, id, ret_text);
}

struct codec *fake_process_codec(enum topic topic)
{
    struct codec_config config = {
        .type = topic_info(topic)->record,
        .id = FIRST_SCHEMA_ID + (int32_t)topic,
        .schema_of = no_schema,
    };
    struct codec *codec = NULL;
    return sg_is_ok(codec_new(&config, &codec)) ? codec : NULL;
}
