// From what the views say of a command to a response.
#pragma once
#include "query/accounts/write_job.h"

// Answers if the views have the command's answer: with what was made, or with why it was refused.
// `*ret_found` false: they have not. Fails as a handler, SG_DROP 422 when the id was used for
// another change.
SG_RESULT write_answer(struct write_job *job, const struct http_request *request,
                       struct http_response *response, bool *ret_found);
