// Bodies of requests as records, and what is wrong with them.
#pragma once
#include "core/arena.h"
#include "query/http/http_response.h"
#include "schemas/record_type.h"

enum { REQUEST_POINTER_MAX = 128 };

// Reads the body, all of whose fields without a default must be there. Bit i of `*ret_present`
// tells that field i was given. Texts borrow from the request or are in the arena. Fails: SG_DROP
// with a reason that begins with the field. Any thread.
SG_RESULT request_body_read(const struct http_request *request, const struct record_type *type,
                            struct arena *arena, void *ret_record, uint64_t *ret_present);

// The RFC 6901 pointer to the field that a reason begins with ("channels: [0]: address: ..." gives
// "/channels/0/address"), empty when it begins with none. Any thread.
void request_body_pointer(const char *reason, char ret_pointer[static REQUEST_POINTER_MAX]);

// Answers a failure of the body: 400 with its reason and pointer for SG_DROP; passes on everything
// else, and SG_DROP with a status as code.
SG_RESULT request_body_refuse(const struct http_request *request, sg_result failure,
                              struct http_response *response);
