// One job a request: it lives from the first call of the handler to the end of the request.
#include "query/accounts/write_job.h"

#include "core/identity/user_id.h"
#include "core/number.h"
#include "core/service/clock.h"
#include "query/accounts/request_body.h"
#include "query/accounts/write_answer.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ARENA_BYTES = 1 << 20,
    COMMAND_ID_MAX = 128,
    UUID_BYTES = 16,
    UUID_CHARS = 36,
    STATUS_LATE = 504,
    VERSION_MARK = 0x40, // RFC 9562, version 4.
    VARIANT_MARK = 0x80,
};

static bool job_is_done(struct http_work *work)
{
    struct write_job *job = (struct write_job *)work;
    if (job->password != NULL) {
        return password_job_is_done(job->password);
    }
    return job->ticket == NULL || command_ticket_is_done(job->ticket);
}

static void release_job(struct http_work *work)
{
    struct write_job *job = (struct write_job *)work;
    password_job_drop(&job->password);
    command_ticket_drop(&job->ticket);
    arena_free(&job->arena);
    free(job);
}

static void drop_job(struct write_job **job)
{
    if (*job != NULL) {
        release_job(&(*job)->work);
    }
}

sg_result write_job_keep(struct write_job *job, struct bytes text, struct bytes *ret_kept)
{
    uint8_t *kept = arena_take(job->arena, text.size + 1);
    if (kept == NULL) {
        return sg_fail(SG_DROP, 413, "the request is too large");
    }
    memcpy(kept, text.size > 0 ? text.data : kept, text.size);
    *ret_kept = bytes_of(kept, text.size);
    return sg_ok();
}

sg_result write_job_expected(const struct http_request *request, bool *ret_has,
                             int64_t *ret_version)
{
    struct bytes tag = request->headers[HTTP_HEADER_IF_MATCH];
    *ret_has = tag.size > 0 && !bytes_is_text(tag, "*");
    if (!*ret_has) {
        return sg_ok();
    }
    bool quoted = tag.size > 2 && tag.data[0] == '"' && tag.data[tag.size - 1] == '"';
    if (!quoted || !number_read_int(bytes_of(tag.data + 1, tag.size - 2), ret_version)) {
        return sg_fail(SG_DROP, 412,
                       "If-Match is no ETag of this resource: read it again, then decide");
    }
    return sg_ok();
}

static void make_uuid(char ret_text[static UUID_CHARS + 1])
{
    uint8_t bytes[UUID_BYTES];
    randombytes_buf(bytes, sizeof bytes);
    bytes[6] = (uint8_t)((bytes[6] & 0x0FU) | VERSION_MARK);
    bytes[8] = (uint8_t)((bytes[8] & 0x3FU) | VARIANT_MARK);
    size_t used = 0;
    for (size_t i = 0; i < sizeof bytes; i++) {
        bool dash = i == 4 || i == 6 || i == 8 || i == 10;
        used += (size_t)snprintf(ret_text + used, UUID_CHARS + 1 - used, "%s%02x", dash ? "-" : "",
                                 bytes[i]);
    }
}

// The id by which the change is known: the client's, or one that nobody has.
static sg_result name_command(struct write_job *job, const struct http_request *request)
{
    char uuid[UUID_CHARS + 1];
    struct bytes key = request->headers[HTTP_HEADER_IDEMPOTENCY_KEY];
    if (key.size > COMMAND_ID_MAX) {
        return sg_fail(SG_DROP, 400, "Idempotency-Key has at most %d bytes", COMMAND_ID_MAX);
    }
    for (size_t i = 0; i < key.size; i++) {
        if (key.data[i] <= ' ' || key.data[i] >= 0x7F) {
            return sg_fail(SG_DROP, 400,
                           "Idempotency-Key must be visible ASCII characters without blanks");
        }
    }
    if (key.size == 0) {
        make_uuid(uuid);
        key = bytes_of_text(uuid);
    }
    return write_job_keep(job, key, &job->command.command_id);
}

static sg_result name_all(struct write_job *job, const struct http_request *request)
{
    char fingerprint[USER_ID_FINGERPRINT_CHARS + 1];
    SG_TRY(name_command(job, request));
    if (job->kind->name_user != NULL) {
        SG_TRY(job->kind->name_user(job, request));
    } else {
        SG_TRY(write_job_keep(job, request->user_id, &job->command.user_id));
    }
    user_id_fingerprint(job->services->secrets, bytes_of_text(http_method_name(request->method)),
                        request->path, request->body, fingerprint);
    job->command.has_fingerprint = true;
    job->command.at = clock_wall_ms();
    return write_job_keep(job, bytes_of_text(fingerprint), &job->command.fingerprint);
}

static sg_result make_job(struct account_services *services, const struct write_kind *kind,
                          struct write_job **ret_job)
{
    struct write_job *job = calloc(1, sizeof *job);
    if (job == NULL) {
        return sg_fail(SG_RETRY, 0, "the server is out of memory");
    }
    job->work = (struct http_work){job_is_done, release_job};
    job->kind = kind;
    job->services = services;
    job->command = command_default;
    job->arena = arena_new(ARENA_BYTES);
    if (job->arena == NULL) {
        free(job);
        return sg_fail(SG_RETRY, 0, "the server is out of memory");
    }
    *ret_job = job;
    return sg_ok();
}

// Writes the 504 that says where to ask later.
static sg_result answer_late(const struct write_job *job, const struct http_request *request,
                             struct http_response *response)
{
    struct bytes id = job->command.command_id;
    SG_TRY(http_response_header(response, "Location", "/v1/commands/%.*s", (int)id.size,
                                (const char *)id.data));
    return http_response_problem_of(
        response, request,
        &(struct http_problem){.status = STATUS_LATE,
                               .detail = "the change is written and not answered yet: ask at "
                                         "Location, or send it again under the same "
                                         "Idempotency-Key",
                               .command_id = id});
}

// One step on. Answers, or leaves the job to be waited for.
static sg_result go_on(struct write_job *job, const struct http_request *request,
                       struct http_response *response)
{
    while (job->password != NULL && password_job_is_done(job->password)) {
        SG_CLEANUP(password_job_drop) struct password_job *done = SG_MOVE(job->password);
        SG_TRY(job->kind->hashed(job, request, done));
    }
    if (job->password != NULL) {
        response->wait_for = &job->work;
        return sg_ok();
    }
    if (job->ticket == NULL) {
        SG_TRY(command_desk_send(job->services->commands, &job->command, &job->ticket));
    }
    if (command_ticket_is_done(job->ticket)) {
        SG_TRY(command_ticket_result(job->ticket));
        bool found = false;
        return write_answer(job, request, response, &found);
    }
    if (request->late) {
        return answer_late(job, request, response);
    }
    response->wait_for = &job->work;
    return sg_ok();
}

// The first call: an id that was answered before is answered again, at once.
static sg_result begin(struct write_job *job, const struct http_request *request,
                       struct http_response *response, bool *ret_answered)
{
    SG_TRY(name_all(job, request));
    SG_TRY(write_answer(job, request, response, ret_answered));
    if (*ret_answered) {
        return sg_ok();
    }
    SG_TRY(command_desk_check(job->services->commands, job->command.user_id,
                              job->command.command_id, job->command.fingerprint));
    return job->kind->begin(job, request, response);
}

sg_result write_job_handle(struct account_services *services, const struct write_kind *kind,
                           const struct http_request *request, struct http_response *response)
{
    SG_CLEANUP(drop_job) struct write_job *fresh = NULL;
    struct write_job *job = (struct write_job *)request->work;
    if (job == NULL) {
        bool answered = false;
        SG_TRY(make_job(services, kind, &fresh));
        sg_result begun = begin(fresh, request, response, &answered);
        if (!sg_is_ok(begun)) {
            return request_body_refuse(request, begun, response);
        }
        if (answered) {
            return sg_ok();
        }
        job = fresh;
    }
    sg_result gone = go_on(job, request, response);
    if (!sg_is_ok(gone)) {
        return request_body_refuse(request, gone, response);
    }
    if (response->wait_for != NULL) {
        fresh = NULL; // The server has it now.
    }
    return sg_ok();
}
