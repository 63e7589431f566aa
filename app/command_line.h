// Takes a command line apart, without judging what it asks for.
#pragma once
#include "app/command.h"

struct command_line {
    const char *name;   // First word, NULL if there is none.
    const char *config; // --config=FILE, NULL if there is none.
    bool wants_help;    // --help or -h anywhere.
    bool wants_version; // --version without a command.
    char *words[COMMAND_WORDS_MAX];
    size_t word_count;
    char *settings[COMMAND_WORDS_MAX]; // "--key=value"
    size_t setting_count;
};

// Sorts the arguments behind the program's name. "--" ends options. Texts are borrowed. Fails:
// SG_FATAL with COMMAND_BAD_WORDS for a short option or too many words.
SG_RESULT command_line_read(int count, char *const *arguments, struct command_line *ret_line);
