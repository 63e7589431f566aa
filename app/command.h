// A command of the program: its words, its help and what it does.
#pragma once
#include "app/settings_all.h"

// Exit statuses of the program, also for scripts and systemd.
enum { COMMAND_OK = 0, COMMAND_FAILED = 1, COMMAND_USAGE = 2 };

// Code of a failure that the words of the command line are to blame for; no library has it.
enum { COMMAND_BAD_WORDS = 1000002 };

enum { COMMAND_WORDS_MAX = 256, COMMAND_SECTIONS_MAX = 20 };

// One call of a command, as main() understood the command line. Borrowed for the call.
struct invocation {
    const struct settings_all *all; // Loaded and checked.
    const struct settings *settings;
    const void *options; // The command's own struct, filled by its options.
    char *const *words;  // What stands behind the name and is no option.
    size_t word_count;
};

// Does the work. A failure is printed by main() as "soglia: <reason>"; with COMMAND_BAD_WORDS as
// its code the program ends with COMMAND_USAGE, else with COMMAND_FAILED.
typedef sg_result (*command_run_fn)(const struct invocation *invocation);

struct command;

// Puts arguments, help and options of what the first word chooses into `command`, a copy of the
// command. Fails: SG_FATAL with COMMAND_BAD_WORDS for an unknown word.
typedef sg_result (*command_choose_fn)(const char *word, struct command *command);

struct command {
    const char *name;
    const char *arguments; // "TOPIC...", "" for none.
    const char *summary;   // One line of the overview.
    const char *help;      // Paragraphs, with their line ends.
    size_t words_min;
    size_t words_max;
    const struct option *options; // Its own; on the command line only.
    size_t option_count;
    size_t options_bytes; // Size of the struct that they fill.
    // Sections of the settings that it uses ("kafka"), ended by NULL. For its help.
    const char *const sections[COMMAND_SECTIONS_MAX];
    // It answers and ends: what goes wrong is in its one line, so that log lines below errors are
    // left out unless log.level asks for them.
    bool is_brief;
    command_run_fn run;
    command_choose_fn choose; // NULL where the first word changes nothing.
};
