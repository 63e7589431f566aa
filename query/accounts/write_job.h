// A change that somebody asks for over HTTP: from the request to the command, by way of the
// password's hash where there is one, and from the views' answer to the response. One request holds
// it as its work; the handler is called again after each wait.
#pragma once
#include "core/arena.h"
#include "query/accounts/account_services.h"
#include "query/http/http_response.h"
#include "query/views/view_reader.h"
#include "schemas/command.h"
#include "schemas/command_result.h"

struct write_job;

// What one kind of change is made of.
struct write_kind {
    // Says who it is about, when it is not the one who asks: writes job->command.user_id. NULL:
    // the one who asks.
    sg_result (*name_user)(struct write_job *job, const struct http_request *request);

    // Makes the body of the command, and asks for job->password where a hash is needed. Fails:
    // SG_DROP for what is wrong with the body, beginning with the field; else as a handler.
    sg_result (*begin)(struct write_job *job, const struct http_request *request,
                       struct http_response *response);

    // What was asked of the password desk is done: takes what it says, and may ask for another
    // job->password. NULL: nothing is asked for.
    sg_result (*hashed)(struct write_job *job, const struct http_request *request,
                        const struct password_job *done);

    // Answers with the result, refused or not; `reader` is of the one who it is about. NULL: with
    // JSON.
    sg_result (*answer)(const struct write_job *job, const struct command_result *result,
                        const struct view_reader *reader, struct http_response *response);

    int done_status;      // The rest is of answers with JSON.
    const char *location; // Of what was made; a subscription's id follows. NULL: none.
};

struct write_job {
    struct http_work work;
    const struct write_kind *kind;
    struct account_services *services;
    struct arena *arena;
    struct command command;
    struct password_job *password; // What the job waits for first.
    struct command_ticket *ticket; // Once the command was handed over.
    bool verified;                 // The password until now was compared.
};

// Answers a request by this kind of change. Fails as a handler. Any thread.
SG_RESULT write_job_handle(struct account_services *services, const struct write_kind *kind,
                           const struct http_request *request, struct http_response *response);

// The text in the job's arena. Fails: SG_DROP when it is full.
SG_RESULT write_job_keep(struct write_job *job, struct bytes text, struct bytes *ret_kept);

// The version that If-Match asks for. `*ret_has` false: none. Fails: SG_DROP 412 for a tag that no
// version has.
SG_RESULT write_job_expected(const struct http_request *request, bool *ret_has,
                             int64_t *ret_version);
