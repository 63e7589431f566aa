// A line is built in memory of a fixed size and leaves in one write. It stays within PIPE_BUF, up
// to which POSIX promises that lines of several writers to a pipe do not mix.
#include "core/service/log.h"

#include "core/number.h"
#include "core/service/clock.h"
#include "core/service/metric.h"
#include "core/utf8.h"

#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = PIPE_BUF, FIELD_TEXT_MAX = 1024, END_RESERVE = 32, LEVELS = 4 };
enum { SYSTEM_NAME_BYTES = 16 };

const struct option log_options[] = {
    {.key = "log.level",
     .type = OPTION_CHOICE,
     .offset = offsetof(struct log_settings, level),
     .fallback = "info",
     .choices = "debug|info|warn|error",
     .help = "The least level that is written."},
    {.key = "log.format",
     .type = OPTION_CHOICE,
     .offset = offsetof(struct log_settings, format),
     .fallback = "auto",
     .choices = "auto|text|json",
     .help = "Lines for people or JSON lines; auto is text on a terminal."},
};
const size_t log_option_count = sizeof log_options / sizeof log_options[0];

static const char *const level_names[LEVELS] = {"debug", "info", "warn", "error"};
static const char *const level_marks[LEVELS] = {"DEBUG", "INFO ", "WARN ", "ERROR"};
static const char *const level_colours[LEVELS] = {"\033[2m", "", "\033[33m", "\033[31m"};

static atomic_int least_level = LOG_INFO;
static atomic_bool is_json;
static atomic_bool is_coloured;
static _Thread_local const char *thread_name = "main";

// A line in the making. What does not fit is left out as a whole.
struct line {
    char text[LINE_MAX_BYTES];
    size_t used;
    bool is_full;
};

void log_configure(enum log_level least, enum log_format format)
{
    bool is_terminal = isatty(STDERR_FILENO) == 1;
    const char *no_colour = getenv("NO_COLOR");
    bool wants_json = format == LOG_FORMAT_JSON || (format == LOG_FORMAT_AUTO && !is_terminal);
    atomic_store(&least_level, (int)least);
    atomic_store(&is_json, wants_json);
    atomic_store(&is_coloured,
                 is_terminal && !wants_json && (no_colour == NULL || no_colour[0] == '\0'));
    metric_name_values(METRIC_LABEL_LEVEL, level_names, LEVELS);
}

void log_configure_by(const struct log_settings *settings)
{
    enum log_level least = LOG_INFO;
    for (enum log_level level = LOG_DEBUG; level <= LOG_ERROR; level++) {
        least = strcmp(settings->level, level_names[level]) == 0 ? level : least;
    }
    enum log_format format = LOG_FORMAT_AUTO;
    if (strcmp(settings->format, "text") == 0) {
        format = LOG_FORMAT_TEXT;
    } else if (strcmp(settings->format, "json") == 0) {
        format = LOG_FORMAT_JSON;
    }
    log_configure(least, format);
}

void log_thread_name(const char *name)
{
    thread_name = name;
    // The system's name of the first thread is that of the process.
    if (gettid() != getpid()) {
        char system_name[SYSTEM_NAME_BYTES];
        snprintf(system_name, sizeof system_name, "%s", name);
        pthread_setname_np(pthread_self(), system_name);
    }
}

struct log_field log_text(const char *name, const char *text)
{
    return log_bytes(name, bytes_of_text(text));
}

struct log_field log_bytes(const char *name, struct bytes text)
{
    return (struct log_field){.name = name, .kind = LOG_FIELD_TEXT, .text = text};
}

struct log_field log_int(const char *name, int64_t value)
{
    return (struct log_field){.name = name, .kind = LOG_FIELD_INT, .integer = value};
}

struct log_field log_double(const char *name, double value)
{
    return (struct log_field){.name = name, .kind = LOG_FIELD_DOUBLE, .real = value};
}

static void put(struct line *line, const void *data, size_t size)
{
    if (line->is_full || size > sizeof line->text - END_RESERVE - line->used) {
        line->is_full = true;
        return;
    }
    memcpy(line->text + line->used, data, size);
    line->used += size;
}

static void put_text(struct line *line, const char *text)
{
    put(line, text, strlen(text));
}

// Control characters, those of ISO 6429's upper half too: terminals obey them.
static bool is_control(struct bytes character)
{
    uint8_t first = character.data[0];
    return first < 0x20 || first == 0x7F ||
           (first == 0xC2 && character.size > 1 && character.data[1] < 0xA0);
}

static void put_character(struct line *line, struct bytes character)
{
    char escape[8];
    uint8_t first = character.data[0];
    if (first == '"' || first == '\\') {
        snprintf(escape, sizeof escape, "\\%c", first);
        put_text(line, escape);
    } else if (first == '\n') {
        put_text(line, "\\n");
    } else if (is_control(character)) {
        snprintf(escape, sizeof escape, "\\u%04x", character.data[character.size - 1]);
        put_text(line, escape);
    } else {
        put(line, character.data, character.size);
    }
}

// Puts text as the inside of a JSON string, malformed bytes as U+FFFD.
static void put_escaped(struct line *line, struct bytes text)
{
    size_t end = text.size < FIELD_TEXT_MAX ? text.size : FIELD_TEXT_MAX;
    size_t at = 0;
    while (at < end) {
        struct bytes rest = bytes_of(text.data + at, text.size - at);
        size_t size = utf8_character(rest);
        if (size == 0) {
            put_text(line, "\xEF\xBF\xBD");
            at++;
            continue;
        }
        put_character(line, bytes_of(rest.data, size));
        at += size;
    }
    if (end < text.size) {
        put_text(line, "...");
    }
}

static void put_quoted(struct line *line, struct bytes text)
{
    put_text(line, "\"");
    put_escaped(line, text);
    put_text(line, "\"");
}

// True when text can stand in a line for people without quotes.
static bool is_word(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        if (byte <= ' ' || byte >= 0x7F || byte == '"' || byte == '\\' || byte == '=') {
            return false;
        }
    }
    return text.size > 0;
}

static void put_number(struct line *line, const struct log_field *field, bool json)
{
    char text[NUMBER_TEXT_MAX];
    if (field->kind == LOG_FIELD_INT) {
        snprintf(text, sizeof text, "%" PRId64, field->integer);
        put_text(line, text);
        return;
    }
    number_print_double(field->real, text);
    // JSON has no NaN and no infinities: those go as text.
    bool is_word_in_json = json && strpbrk(text, "NI") != NULL;
    put_text(line, is_word_in_json ? "\"" : "");
    put_text(line, text);
    put_text(line, is_word_in_json ? "\"" : "");
}

static void put_field(struct line *line, const struct log_field *field, bool json)
{
    size_t before = line->used;
    put_text(line, json ? ",\"" : " ");
    put_escaped(line, bytes_of_text(field->name));
    put_text(line, json ? "\":" : "=");
    if (field->kind != LOG_FIELD_TEXT) {
        put_number(line, field, json);
    } else if (json || !is_word(field->text)) {
        put_quoted(line, field->text);
    } else {
        put_escaped(line, field->text);
    }
    if (line->is_full) {
        line->used = before;
    }
}

static void begin_json(struct line *line, enum log_level level, const char *message)
{
    char time[CLOCK_TEXT_MAX];
    clock_print(clock_wall_ms(), time);
    put_text(line, "{\"time\":\"");
    put_text(line, time);
    put_text(line, "\",\"level\":\"");
    put_text(line, level_names[level]);
    put_text(line, "\",\"thread\":");
    put_quoted(line, bytes_of_text(thread_name));
    put_text(line, ",\"message\":");
    put_quoted(line, bytes_of_text(message));
    if (line->is_full) {
        // The closing quote did not fit either; it goes to the room for the end.
        line->text[line->used++] = '"';
    }
}

static void begin_text(struct line *line, enum log_level level, const char *message)
{
    char time[CLOCK_TEXT_MAX];
    clock_print(clock_wall_ms(), time);
    bool has_colour = atomic_load(&is_coloured) && level_colours[level][0] != '\0';
    put_text(line, time);
    put_text(line, has_colour ? level_colours[level] : "");
    put_text(line, " ");
    put_text(line, level_marks[level]);
    put_text(line, has_colour ? "\033[0m " : " ");
    put_escaped(line, bytes_of_text(thread_name));
    put_text(line, ": ");
    put_escaped(line, bytes_of_text(message));
}

// Adds to the room that put() keeps free.
static void end_line(struct line *line, bool json)
{
    const char *end = "\n";
    if (line->is_full) {
        end = json ? ",\"cut\":true}\n" : " (cut)\n";
    } else if (json) {
        end = "}\n";
    }
    memcpy(line->text + line->used, end, strlen(end));
    line->used += strlen(end);
}

static void write_line(enum log_level level, const char *message, const struct log_field *fields)
{
    if ((int)level < atomic_load(&least_level)) {
        return;
    }
    metric_add(METRIC_LOG_LINES, (unsigned)level, 0, 1);
    bool json = atomic_load(&is_json);
    struct line line = {.used = 0};
    if (json) {
        begin_json(&line, level, message);
    } else {
        begin_text(&line, level, message);
    }
    for (const struct log_field *field = fields; field != NULL && field->name != NULL; field++) {
        put_field(&line, field, json);
    }
    end_line(&line, json);
    // Nobody is left to be told that the log itself cannot be written.
    if (write(STDERR_FILENO, line.text, line.used) < 0) {
        return;
    }
}

void log_debug(const char *message, const struct log_field *fields)
{
    write_line(LOG_DEBUG, message, fields);
}

void log_info(const char *message, const struct log_field *fields)
{
    write_line(LOG_INFO, message, fields);
}

void log_warn(const char *message, const struct log_field *fields)
{
    write_line(LOG_WARN, message, fields);
}

void log_error(const char *message, const struct log_field *fields)
{
    write_line(LOG_ERROR, message, fields);
}
