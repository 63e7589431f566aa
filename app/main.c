// The program: finds the command, loads the settings, runs it, and says what went wrong.
#include "app/command_line.h"
#include "app/command_table.h"
#include "app/help.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int say_usage(const char *name)
{
    fprintf(stderr, "soglia: %s\n", sg_reason());
    if (name != NULL) {
        fprintf(stderr, "`soglia help %s` says how it is used.\n", name);
    }
    return COMMAND_USAGE;
}

static int say_unknown(const char *name)
{
    const struct command *meant = command_nearest(name);
    if (meant != NULL) {
        fprintf(stderr, "soglia: no command %s; did you mean %s?\n", name, meant->name);
    } else {
        fprintf(stderr, "soglia: no command %s; `soglia help` lists them\n", name);
    }
    return COMMAND_USAGE;
}

static sg_result check_words(const struct command *command, const struct command_line *line)
{
    if (line->word_count < command->words_min) {
        return sg_fail(SG_FATAL, COMMAND_BAD_WORDS, "%s needs %s", command->name,
                       command->arguments);
    }
    if (line->word_count > command->words_max) {
        return sg_fail(SG_FATAL, COMMAND_BAD_WORDS, "%s: %s is too much", command->name,
                       line->words[command->words_max]);
    }
    return sg_ok();
}

// What a command is run with, freed at the end.
struct session {
    struct settings_all all;
    struct settings *settings;
    struct option_table tables[SETTINGS_ALL_TABLES_MAX]; // The settings borrow them.
    void *options;
};

static void session_done(struct session *session)
{
    settings_free(&session->settings);
    free(session->options);
}

static sg_result load(struct session *session, const struct command *command,
                      const struct command_line *line)
{
    session->options = calloc(1, command->options_bytes + 1);
    if (session->options == NULL) {
        return sg_fail(SG_FATAL, ENOMEM, "out of memory");
    }
    struct option_table *tables = session->tables;
    size_t count = settings_all_tables(&session->all, tables);
    tables[count++] = (struct option_table){command->name, command->options, command->option_count,
                                            session->options, true};
    struct settings_source source = {
        .arguments = line->settings,
        .argument_count = line->setting_count,
        .environment = environ,
        .file = line->config,
        .extra_prefix = "kafka.",
    };
    SG_TRY(settings_load(tables, count, &source, &session->settings));
    return settings_all_finish(&session->all, session->settings);
}

// Output that could not be written is a failure too: a full disk, a closed pipe.
static sg_result finish_output(sg_result result)
{
    int code = fflush(stdout) == 0 ? 0 : errno;
    if (sg_is_ok(result) && (code != 0 || ferror(stdout))) {
        // Of a write that failed earlier nobody knows the reason any more.
        return sg_fail(SG_FATAL, code, "standard output: %s",
                       code == 0 ? "it was not written as a whole" : strerror(code));
    }
    return result;
}

static int run_command(const struct command *command, const struct command_line *line)
{
    if (line->wants_help) {
        help_print_command(command, stdout);
        return COMMAND_OK;
    }
    if (!sg_is_ok(check_words(command, line))) {
        return say_usage(command->name);
    }
    struct session session SG_CLEANUP(session_done) = {.settings = NULL};
    if (!sg_is_ok(load(&session, command, line))) {
        return say_usage(NULL);
    }
    struct log_settings log = session.all.log;
    if (command->is_brief && !settings_is_given(session.settings, "log.level")) {
        log.level = "error";
    }
    log_configure_by(&log);
    struct invocation invocation = {&session.all, session.settings, session.options, line->words,
                                    line->word_count};
    sg_result result = finish_output(command->run(&invocation));
    if (sg_is_ok(result)) {
        return COMMAND_OK;
    }
    if (result.code == COMMAND_BAD_WORDS) {
        return say_usage(command->name);
    }
    fprintf(stderr, "soglia: %s\n", sg_reason());
    if (result.class == SG_RETRY) {
        fprintf(stderr, "Kafka is looked for at %s; `soglia check` says what is in place.\n",
                session.all.kafka.brokers);
    }
    return COMMAND_FAILED;
}

static int run_chosen(const struct command *command, const struct command_line *line)
{
    struct command chosen = *command;
    if (command->choose != NULL && line->word_count > 0 &&
        !sg_is_ok(command->choose(line->words[0], &chosen))) {
        return say_usage(command->name);
    }
    return run_command(&chosen, line);
}

int main(int count, char **arguments)
{
    // At the limit of `ulimit -f` a write fails like that to a full disk, and is told like that.
    signal(SIGXFSZ, SIG_IGN);
    struct command_line line;
    if (!sg_is_ok(command_line_read(count, arguments, &line))) {
        return say_usage(NULL);
    }
    const char *name = line.name;
    if (name == NULL && line.wants_version) {
        name = "version";
    } else if (name == NULL && line.wants_help) {
        name = "help";
        line.wants_help = false;
    } else if (name == NULL) {
        help_print_overview(stderr);
        return COMMAND_USAGE;
    }
    const struct command *command = command_find(name);
    return command == NULL ? say_unknown(name) : run_chosen(command, &line);
}
