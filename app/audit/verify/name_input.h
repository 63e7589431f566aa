// Which input is not as it was: the changelogs say what a transaction made of a key, and the fold
// says what it makes of it now.
#pragma once
#include "app/audit/verify/verify_state.h"

// Looks through the changelogs of the task for what the transaction wrote. Fails with
// DIFFERENCE_FOUND when a field differs that was taken from an input record as it is; a success
// when nothing can be said. Fails: SG_FATAL, SG_RETRY.
SG_RESULT name_input(struct verify *verify, const struct verify_task *task,
                     const struct verify_entry *entry);
