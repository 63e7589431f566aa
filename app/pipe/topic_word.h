// Topics as words of the command line.
#pragma once
#include "app/command.h"
#include "schemas/topic_table.h"

// The topic of this name, without the installation's prefix. Fails: SG_FATAL with
// COMMAND_BAD_WORDS, naming the nearest topic.
SG_RESULT topic_word_read(const char *word, enum topic *ret_topic);
