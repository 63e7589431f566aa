// `soglia fetch csv`: a CSV, replayed as quotes.
#pragma once
#include "connectors/source.h"

extern const struct source csv_source;
