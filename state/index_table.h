// An index as its stores see it.
#pragma once
#include "state/batch.h"
#include "state/index.h"

struct index {
    struct batch *batch;
    struct table table;
    struct cursor *cursor;  // Open since the first search of the transaction.
    struct piece *gathered; // Takes what is added while the index is derived anew, else NULL.
};

// Gives the cursor back; called before the transaction ends.
void index_release(struct index *index);
