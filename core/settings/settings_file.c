// inih parses; lines are read here, so that errors can name them and a long one is not cut in two.
#include "core/settings/settings_file.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// As many as inih's own memory for a line: with its end, two bytes less than that (ini.h).
enum { LINE_MAX_BYTES = 200, KEY_MAX_BYTES = 128, PLACE_MAX_BYTES = 4200 };

struct reading {
    FILE *file;
    const char *path;
    int line;
    settings_file_fn take;
    void *context;
    sg_result result;
};

static void close_file(FILE **file)
{
    if (*file != NULL) {
        fclose(*file);
    }
}

// Feeds inih; an over-long line ends the reading with an error.
static char *next_line(char *line, int size, void *context)
{
    struct reading *reading = context;
    if (!sg_is_ok(reading->result) || fgets(line, size, reading->file) == NULL) {
        return NULL;
    }
    reading->line++;
    size_t length = strlen(line);
    if (length + 1 == (size_t)size && line[length - 1] != '\n') {
        reading->result = sg_fail(SG_FATAL, 0, "%s:%d: the line is longer than %d bytes",
                                  reading->path, reading->line, size - 2);
        return NULL;
    }
    // To inih an indented line would go on with the value before it.
    size_t indent = strspn(line, " \t");
    memmove(line, line + indent, length - indent + 1);
    return line;
}

static int take_setting(void *context, const char *section, const char *name, const char *value)
{
    struct reading *reading = context;
    if (!sg_is_ok(reading->result)) {
        return 0;
    }
    char key[KEY_MAX_BYTES];
    char place[PLACE_MAX_BYTES];
    snprintf(place, sizeof place, "%s:%d", reading->path, reading->line);
    int length = snprintf(key, sizeof key, "%s%s%s", section, section[0] == '\0' ? "" : ".", name);
    if (length < 0 || (size_t)length >= sizeof key) {
        reading->result = sg_fail(SG_FATAL, 0, "%s: the name is too long", place);
        return 0;
    }
    reading->result = reading->take(reading->context, key, value, place);
    return sg_is_ok(reading->result);
}

SG_RESULT settings_file_read(const char *path, settings_file_fn take, void *context)
{
    SG_CLEANUP(close_file) FILE *file = fopen(path, "re");
    if (file == NULL) {
        return sg_fail(SG_FATAL, errno, "%s: %s", path, strerror(errno));
    }
    struct reading reading = {.file = file, .path = path, .take = take, .context = context};
    // A password may have anything in it, " ;" too.
    ini_allow_inline_comments = false;
    int bad_line = ini_parse_stream(next_line, &reading, take_setting, &reading);
    SG_TRY(reading.result);
    if (bad_line != 0) {
        return sg_fail(SG_FATAL, 0,
                       "%s:%d: not a line of the form \"name = value\" or \"[section]\"", path,
                       bad_line);
    }
    if (ferror(file)) {
        return sg_fail(SG_FATAL, EIO, "%s: cannot be read to its end", path);
    }
    return sg_ok();
}
