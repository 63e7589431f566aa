// Names are checked where they enter, so that messages and generated code may use them as they are.
#include "schemas/binary/schema_name.h"

#include <stdio.h>
#include <string.h>

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// The length of the name at the start of `text`, 0 if there is none.
static size_t name_length(const char *text)
{
    size_t length = 0;
    while (is_letter(text[length]) || (length > 0 && text[length] >= '0' && text[length] <= '9')) {
        length++;
    }
    return length;
}

bool schema_name_is_valid(const char *name)
{
    size_t length = name_length(name);
    return length > 0 && name[length] == '\0';
}

static bool is_dotted(const char *name)
{
    for (;;) {
        size_t length = name_length(name);
        if (length == 0) {
            return false;
        }
        if (name[length] == '\0') {
            return true;
        }
        if (name[length] != '.') {
            return false;
        }
        name += length + 1;
    }
}

sg_result schema_name_full(const char *namespace, const char *name,
                           char ret_full_name[static SCHEMA_NAME_MAX])
{
    char text[SCHEMA_NAME_MAX];
    bool is_full = strchr(name, '.') != NULL || namespace[0] == '\0';
    int length = is_full ? snprintf(text, sizeof text, "%s", name)
                         : snprintf(text, sizeof text, "%s.%s", namespace, name);
    if (length < 0 || (size_t)length >= sizeof text || !is_dotted(text)) {
        return sg_fail(SG_DROP, 0, "schema: '%.64s' cannot name a type", name);
    }
    memcpy(ret_full_name, text, (size_t)length + 1);
    return sg_ok();
}

const char *schema_name_simple(const char *full_name)
{
    const char *dot = strrchr(full_name, '.');
    return dot == NULL ? full_name : dot + 1;
}

void schema_name_space(const char *full_name, char ret_namespace[static SCHEMA_NAME_MAX])
{
    const char *dot = strrchr(full_name, '.');
    int length = dot == NULL ? 0 : (int)(dot - full_name);
    snprintf(ret_namespace, SCHEMA_NAME_MAX, "%.*s", length, full_name);
}

bool schema_name_primitive(const char *name, enum schema_kind *ret_kind)
{
    for (enum schema_kind kind = SCHEMA_NULL; kind <= SCHEMA_STRING; kind++) {
        if (strcmp(name, schema_tree_kind_name(kind)) == 0) {
            *ret_kind = kind;
            return true;
        }
    }
    return false;
}
