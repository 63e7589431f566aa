// Users as they are now, password hash included: for log-in and for the user's own page.
#pragma once
#include "query/views/view_reader.h"
#include "schemas/user.h"

// Reads the reader's user. `*ret_found` false: nobody has this id. Who has left is found, with
// `active` false. Borrowed from the reader. Fails: SG_FATAL.
SG_RESULT user_view_find(const struct view_reader *reader, struct user *ret_user, bool *ret_found);
