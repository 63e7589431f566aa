// The program's help, printed from the table of commands and the tables of settings.
#pragma once
#include "app/command.h"
#include <stdio.h>

// All commands, a line each.
void help_print_overview(FILE *out);

// Everything about one command, its options and settings included.
void help_print_command(const struct command *command, FILE *out);
