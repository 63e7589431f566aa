// Last value and history of every instrument, from `quotes`.
#pragma once
#include "query/views/view.h"
#include "schemas/quote.h"

extern const struct view quote_view;

// Whether the views take this quote in; `record` has its key and times. Fails: SG_DROP saying what
// is wrong with it. Any thread.
SG_RESULT quote_view_check(const struct view_record *record, const struct quote *quote);
