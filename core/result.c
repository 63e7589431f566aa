// Results and the thread's last reason.
#include "core/result.h"

#include "core/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char reason[SG_REASON_MAX];

// Keeps a reason. What it quotes may be no UTF-8, or cut in the middle of a character: such bytes
// become question marks.
static void keep(char *text)
{
    size_t length = strlen(text);
    for (size_t at = 0; at < length;) {
        size_t size = utf8_character(bytes_of(text + at, length - at));
        if (size == 0) {
            text[at] = '?';
            size = 1;
        }
        at += size;
    }
    memcpy(reason, text, SG_REASON_MAX);
}

sg_result sg_ok(void)
{
    return (sg_result){SG_OK, 0};
}

sg_result sg_fail(enum sg_class class, int code, const char *format, ...)
{
    // Formatted beside the old text, since an argument may be the old text itself.
    char text[SG_REASON_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    keep(text);
    return (sg_result){class, code};
}

sg_result sg_explain(sg_result result, const char *format, ...)
{
    if (result.class == SG_OK) {
        return result;
    }
    char text[SG_REASON_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    size_t used = strlen(text);
    snprintf(text + used, sizeof text - used, ": %.*s", (int)(sizeof text - used), reason);
    keep(text);
    return result;
}

const char *sg_reason(void)
{
    return reason;
}

bool sg_is_ok(sg_result result)
{
    return result.class == SG_OK;
}

void sg_ignore(sg_result result)
{
    (void)result;
}

const char *sg_class_name(enum sg_class class)
{
    switch (class) {
    case SG_OK:
        return "ok";
    case SG_RETRY:
        return "retry";
    case SG_DROP:
        return "drop";
    case SG_ABORT:
        return "abort";
    case SG_FATAL:
        return "fatal";
    }
    return "unknown";
}

void *sg_take(void *slot)
{
    void *value = NULL;
    memcpy(&value, slot, sizeof value);
    memset(slot, 0, sizeof value);
    return value;
}
