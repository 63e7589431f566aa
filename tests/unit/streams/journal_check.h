// What must hold of the journal at any time, whatever happened: no transaction is missing or told
// twice, each record names the one before it, begins where that one ended, and accounts for all
// that was written; the last one tells what the state files hold.
#pragma once
#include <stddef.h>
#include <stdint.h>

// Fails the test, with the reason, where it does not hold. `folder` NULL: there are no state files
// to look into. Returns the number of records. No life may be running.
size_t journal_check(const char *processor, const char *folder, int32_t partitions);

// The same where an older program did the first transactions: the chain begins behind them.
size_t journal_check_late(const char *processor, const char *folder, int32_t partitions);
