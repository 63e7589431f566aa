// Structured log lines: for people on a terminal, JSON lines otherwise. Written to standard error.
#pragma once
#include "core/bytes.h"
#include "core/settings/option.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

enum log_format { LOG_FORMAT_AUTO, LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

struct log_settings {
    const char *level;
    const char *format;
};
extern const struct option log_options[];
extern const size_t log_option_count;

// One named value of a line. A list ends with a field whose name is NULL.
struct log_field {
    const char *name;
    enum { LOG_FIELD_TEXT, LOG_FIELD_INT, LOG_FIELD_DOUBLE } kind;
    struct bytes text; // Borrowed for the call.
    int64_t integer;
    double real;
};

// Sets the least level that is written and the format; AUTO is TEXT on a terminal. Called once,
// before threads.
void log_configure(enum log_level least, enum log_format format);

// The same, by settings that settings_load() accepted.
void log_configure_by(const struct log_settings *settings);

// Names this thread in its lines and, by the first 15 bytes, in `top -H` ("alerts-0"). `name` must
// live as long as the thread.
void log_thread_name(const char *name);

// Fields. Text is cut at 1 KiB and escaped when written, so it may come from outside.
struct log_field log_text(const char *name, const char *text);
struct log_field log_bytes(const char *name, struct bytes text);
struct log_field log_int(const char *name, int64_t value);
struct log_field log_double(const char *name, double value);

// Writes one line with time, level, thread, message and fields, in one write(2) so that lines of
// several threads do not mix. `fields` may be NULL. Any thread.
void log_debug(const char *message, const struct log_field *fields);
void log_info(const char *message, const struct log_field *fields);
void log_warn(const char *message, const struct log_field *fields);
void log_error(const char *message, const struct log_field *fields);
