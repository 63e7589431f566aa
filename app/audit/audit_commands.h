// The commands behind `soglia audit`, chosen by the word that follows.
#pragma once
#include "app/command.h"

extern const struct command audit_verify_command;
extern const struct command audit_explain_command;
extern const struct command audit_as_of_command;
