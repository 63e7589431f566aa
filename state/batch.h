// The open write transaction of a task, begun when it is first needed. Shared by its stores and
// indexes.
#pragma once
#include "state/file/environment.h"

struct batch {
    struct environment *environment;
    struct transaction *transaction; // NULL: none is open.
};

// The open transaction, begun now if there is none. Fails as transaction_begin().
SG_RESULT batch_transaction(struct batch *batch, struct transaction **ret_transaction);
