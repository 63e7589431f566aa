// The answer to a wrong password is the one to an unknown address, and takes as long.
#include "query/accounts/session_routes.h"

#include "core/arena.h"
#include "core/identity/user_id.h"
#include "core/service/clock.h"
#include "query/accounts/request_body.h"
#include "query/http/json_writer.h"
#include "query/query_context.h"
#include "query/views/accounts/user_view.h"
#include "schemas/log_in.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { ARENA_BYTES = 65536, STATUS_CREATED = 201, MS_PER_S = 1000 };

struct log_in_job {
    struct http_work work;
    struct password_job *password;
    struct login_attempt attempt;
    char user_id[USER_ID_CHARS + 1];
};

static bool job_is_done(struct http_work *work)
{
    return password_job_is_done(((struct log_in_job *)work)->password);
}

static void release_job(struct http_work *work)
{
    struct log_in_job *job = (struct log_in_job *)work;
    password_job_drop(&job->password);
    free(job);
}

static sg_result answer_token(const struct session_token *token, struct http_response *response)
{
    char expires_at[CLOCK_TEXT_MAX];
    const struct session *session = &token->session;
    clock_print(session->expires_s * MS_PER_S, expires_at);
    struct json_writer json;
    json_writer_init(&json, &response->body);
    json_writer_object(&json, NULL);
    json_writer_literal(&json, "token", token->text);
    json_writer_literal(&json, "token_type", "Bearer");
    json_writer_int(&json, "expires_in", session->expires_s - clock_wall_ms() / MS_PER_S);
    json_writer_literal(&json, "expires_at", expires_at);
    json_writer_literal(&json, "user_id", session->user_id);
    json_writer_end(&json);
    response->status = STATUS_CREATED;
    SG_TRY(http_response_header(response, "Cache-Control", "no-store"));
    return json_writer_finish(&json);
}

// The text behind "Bearer ", whatever its case (RFC 9110 section 11.1); false when there is none.
static bool bearer_of(const struct http_request *request, struct bytes *ret_token)
{
    static const char scheme[] = "Bearer ";
    struct bytes header = request->headers[HTTP_HEADER_AUTHORIZATION];
    size_t size = sizeof scheme - 1;
    if (header.size <= size || strncasecmp((const char *)header.data, scheme, size) != 0) {
        return false;
    }
    *ret_token = bytes_of(header.data + size, header.size - size);
    return true;
}

static struct session_desk desk_of(const struct account_services *services)
{
    return (struct session_desk){services->secrets, services->auth};
}

static sg_result read_session(const struct account_services *services,
                              const struct http_request *request, struct session *ret_session)
{
    struct bytes token;
    struct session_desk desk = desk_of(services);
    if (!bearer_of(request, &token)) {
        return sg_fail(SG_DROP, 401, "Authorization must be \"Bearer TOKEN\"");
    }
    return session_token_read(&desk, token, clock_wall_ms(), ret_session);
}

// Who has left is nobody, whatever tokens say. One whom the views do not know yet has registered
// elsewhere a moment ago.
static sg_result check_has_not_left(const struct account_services *services, struct bytes user_id)
{
    SG_CLEANUP(view_snapshot_done) struct view_snapshot snapshot = {.transaction = NULL};
    SG_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_BYTES);
    struct user user;
    bool found = false;
    if (arena == NULL) {
        return sg_fail(SG_RETRY, 0, "the server is out of memory");
    }
    SG_TRY(view_store_read(services->store, &snapshot));
    const struct view_reader reader = {.snapshot = &snapshot, .user_id = user_id, .arena = arena};
    SG_TRY(user_view_find(&reader, &user, &found));
    return found && !user.active ? sg_fail(SG_DROP, 401, "this account has been closed") : sg_ok();
}

sg_result session_routes_authorize(void *context, enum http_access access,
                                   struct http_request *request)
{
    const struct query_context *query = context;
    const struct account_services *services = query->accounts;
    bool has_header = request->headers[HTTP_HEADER_AUTHORIZATION].size > 0;
    if (access == HTTP_ACCESS_MARKET && !services->market_is_private) {
        return sg_ok();
    }
    if (!has_header) {
        return access == HTTP_ACCESS_MARKET
                   ? sg_fail(SG_DROP, 401, "market data is for users here: POST /v1/sessions first")
                   : sg_ok();
    }
    struct session session = {.expires_s = 0};
    SG_TRY(read_session(services, request, &session));
    SG_TRY(check_has_not_left(services, bytes_of_text(session.user_id)));
    request->expires_at_ms = session.expires_s * MS_PER_S;
    return http_request_set_user(request, bytes_of_text(session.user_id))
               ? sg_ok()
               : sg_fail(SG_DROP, 401, "the token is not valid");
}

static sg_result renew(const struct account_services *services, const struct http_request *request,
                       struct http_response *response)
{
    struct session session = {.expires_s = 0};
    struct session_token token;
    struct session_desk desk = desk_of(services);
    if (request->user_id.size == 0) {
        return sg_fail(SG_DROP, 0,
                       "email: send e-mail address and password, or a token to be renewed");
    }
    SG_TRY(read_session(services, request, &session));
    SG_TRY(session_token_renew(&desk, &session, clock_wall_ms(), &token));
    return answer_token(&token, response);
}

// Asks for the comparison with the user's hash, or with one that nothing matches.
static sg_result begin_verify(struct account_services *services, struct arena *arena,
                              struct bytes password, struct log_in_job *job)
{
    SG_CLEANUP(view_snapshot_done) struct view_snapshot snapshot = {.transaction = NULL};
    struct user user;
    bool found = false;
    SG_TRY(view_store_read(services->store, &snapshot));
    const struct view_reader reader = {
        .snapshot = &snapshot, .user_id = bytes_of_text(job->user_id), .arena = arena};
    SG_TRY(user_view_find(&reader, &user, &found));
    bool has = found && user.active && user.has_password_hash;
    sg_result asked =
        password_desk_verify(services->passwords, password,
                             has ? user.password_hash : bytes_of_text(""), &job->password);
    if (!sg_is_ok(asked)) {
        login_limit_give_back(services->logins, &job->attempt);
    }
    return asked;
}

static void drop_job(struct log_in_job **job)
{
    if (*job != NULL) {
        release_job(&(*job)->work);
    }
}

static sg_result begin(struct account_services *services, const struct http_request *request,
                       struct http_response *response)
{
    SG_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_BYTES);
    SG_CLEANUP(drop_job) struct log_in_job *job = calloc(1, sizeof *job);
    struct log_in body;
    uint64_t present = 0;
    if (arena == NULL || job == NULL) {
        return sg_fail(SG_RETRY, 0, "the server is out of memory");
    }
    job->work = (struct http_work){job_is_done, release_job};
    SG_TRY(request_body_read(request, &log_in_type, arena, &body, &present));
    if (!body.has_email && !body.has_password) {
        return renew(services, request, response);
    }
    if (!body.has_email || !body.has_password) {
        return sg_fail(SG_DROP, 0, "%s: is needed to log in",
                       body.has_email ? "password" : "email");
    }
    if (body.password.size > PASSWORD_BYTES_MAX) {
        return sg_fail(SG_DROP, 0, "password: has at most %d bytes", PASSWORD_BYTES_MAX);
    }
    sg_result made = user_id_make(services->secrets, body.email, job->user_id);
    if (!sg_is_ok(made)) {
        return sg_explain(made, "email: is no e-mail address");
    }
    SG_TRY(account_services_attempt(services, request, bytes_of_text(job->user_id), response,
                                    &job->attempt));
    SG_TRY(begin_verify(services, arena, body.password, job));
    response->wait_for = &SG_MOVE(job)->work;
    return sg_ok();
}

static sg_result finish(struct account_services *services, struct log_in_job *job,
                        struct http_response *response)
{
    struct session_token token;
    struct session_desk desk = desk_of(services);
    if (!password_job_is_done(job->password)) {
        return sg_fail(SG_RETRY, 0, "too many people log in just now: come back");
    }
    if (!password_job_matches(job->password)) {
        return sg_fail(SG_DROP, 401, "e-mail address or password is wrong");
    }
    login_limit_succeeded(services->logins, &job->attempt);
    SG_TRY(session_token_make(&desk, bytes_of_text(job->user_id), clock_wall_ms(), &token));
    return answer_token(&token, response);
}

sg_result session_routes_log_in(void *context, const struct http_request *request,
                                struct http_response *response)
{
    const struct query_context *query = context;
    struct log_in_job *job = (struct log_in_job *)request->work;
    if (job != NULL) {
        return finish(query->accounts, job, response);
    }
    sg_result begun = begin(query->accounts, request, response);
    return sg_is_ok(begun) ? begun : request_body_refuse(request, begun, response);
}
