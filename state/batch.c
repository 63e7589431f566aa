// The open write transaction of a task.
#include "state/batch.h"

sg_result batch_transaction(struct batch *batch, struct transaction **ret_transaction)
{
    if (batch->transaction == NULL) {
        SG_TRY(environment_make_room(batch->environment));
        SG_TRY(transaction_begin(batch->environment, true, &batch->transaction));
    }
    *ret_transaction = batch->transaction;
    return sg_ok();
}
