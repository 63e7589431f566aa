// docs/topics.md: topics and records as the tables in the code have them.
#pragma once
#include <stdio.h>

// Prints the page. Needs no Kafka.
void topics_page_print(FILE *out);
