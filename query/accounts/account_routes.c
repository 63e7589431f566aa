// Users: register, change, leave.
#include "query/accounts/account_routes.h"

#include "core/identity/user_id.h"
#include "query/accounts/request_body.h"
#include "query/accounts/write_job.h"
#include "query/query_context.h"
#include "query/views/accounts/user_view.h"
#include "schemas/new_user.h"
#include "schemas/record_json.h"
#include "schemas/user_patch.h"

enum { STATUS_OK = 200, STATUS_CREATED = 201, STATUS_NO_CONTENT = 204 };

static sg_result check_password(struct bytes password)
{
    return sg_explain(password_check(password), "password");
}

static sg_result read_new_user(struct write_job *job, const struct http_request *request,
                               struct new_user *ret_user)
{
    uint64_t present = 0;
    return request_body_read(request, &new_user_type, job->arena, ret_user, &present);
}

static sg_result name_new_user(struct write_job *job, const struct http_request *request)
{
    struct new_user user;
    char id[USER_ID_CHARS + 1];
    SG_TRY(read_new_user(job, request, &user));
    sg_result made = user_id_make(job->services->secrets, user.email, id);
    if (!sg_is_ok(made)) {
        return sg_explain(made, "email: is no e-mail address");
    }
    return write_job_keep(job, bytes_of_text(id), &job->command.user_id);
}

// A hash is work: each address may ask for so many.
static sg_result take_attempt(struct write_job *job, const struct http_request *request,
                              struct http_response *response, struct bytes account)
{
    struct login_attempt attempt;
    return account_services_attempt(job->services, request, account, response, &attempt);
}

static sg_result begin_register(struct write_job *job, const struct http_request *request,
                                struct http_response *response)
{
    struct new_user user;
    SG_TRY(read_new_user(job, request, &user));
    SG_TRY(check_password(user.password));
    job->command.body_type = COMMAND_BODY_REGISTER_USER;
    job->command.body.register_user = (struct register_user){
        .email = user.email,
        .has_display_name = user.has_display_name,
        .display_name = user.display_name,
        .channels = user.channels,
        .channels_count = user.channels_count,
        .time_zone = user.time_zone,
    };
    SG_TRY(take_attempt(job, request, response, bytes_of_text("")));
    return password_desk_hash(job->services->passwords, user.password, &job->password);
}

static sg_result take_hash(struct write_job *job, const struct password_job *done,
                           struct bytes *ret_hash)
{
    const char *hash = NULL;
    SG_TRY(password_job_hash(done, &hash));
    return write_job_keep(job, bytes_of_text(hash), ret_hash);
}

static sg_result hashed_register(struct write_job *job, const struct http_request *request,
                                 const struct password_job *done)
{
    (void)request;
    struct register_user *user = &job->command.body.register_user;
    user->has_password_hash = true;
    return take_hash(job, done, &user->password_hash);
}

// A field of the patch that was given; null empties it.
static void patch_text(uint64_t present, uint64_t bit, struct bytes given, bool *has,
                       struct bytes *text)
{
    *has = (present & bit) != 0;
    *text = given;
}

static sg_result refuse_null(uint64_t present, bool has, const char *field)
{
    bool given = (present & record_json_bit(&user_patch_type, field)) != 0;
    return given && !has ? sg_fail(SG_DROP, 0, "%s: cannot be null", field) : sg_ok();
}

static sg_result read_patch(struct write_job *job, const struct http_request *request,
                            struct user_patch *ret_patch)
{
    uint64_t present = 0;
    SG_TRY(request_body_read(request, &user_patch_type, job->arena, ret_patch, &present));
    SG_TRY(refuse_null(present, ret_patch->has_time_zone, "time_zone"));
    SG_TRY(refuse_null(present, ret_patch->has_channels, "channels"));
    SG_TRY(refuse_null(present, ret_patch->has_password, "password"));
    if (ret_patch->has_password && !ret_patch->has_current_password) {
        return sg_fail(SG_DROP, 0, "current_password: a new password needs the one until now");
    }
    struct change_user *change = &job->command.body.change_user;
    job->command.body_type = COMMAND_BODY_CHANGE_USER;
    *change = change_user_default;
    patch_text(present, record_json_bit(&user_patch_type, "display_name"),
               ret_patch->has_display_name ? ret_patch->display_name : bytes_of_text(""),
               &change->has_display_name, &change->display_name);
    change->has_time_zone = ret_patch->has_time_zone;
    change->time_zone = ret_patch->time_zone;
    change->has_channels = ret_patch->has_channels;
    change->channels = ret_patch->channels;
    change->channels_count = ret_patch->channels_count;
    return write_job_expected(request, &change->has_expected_version, &change->expected_version);
}

// Asks for the present hash to be compared.
static sg_result verify_current(struct write_job *job, const struct user_patch *patch)
{
    SG_CLEANUP(view_snapshot_done) struct view_snapshot snapshot = {.transaction = NULL};
    SG_TRY(view_store_read(job->services->store, &snapshot));
    const struct view_reader reader = {
        .snapshot = &snapshot, .user_id = job->command.user_id, .arena = job->arena};
    struct user user;
    bool found = false;
    SG_TRY(user_view_find(&reader, &user, &found));
    bool has = found && user.active && user.has_password_hash;
    return password_desk_verify(job->services->passwords, patch->current_password,
                                has ? user.password_hash : bytes_of_text(""), &job->password);
}

static sg_result begin_change(struct write_job *job, const struct http_request *request,
                              struct http_response *response)
{
    struct user_patch patch;
    SG_TRY(read_patch(job, request, &patch));
    if (!patch.has_password) {
        return sg_ok();
    }
    SG_TRY(check_password(patch.password));
    SG_TRY(take_attempt(job, request, response, job->command.user_id));
    return verify_current(job, &patch);
}

// First the password until now was compared, then the new one hashed.
static sg_result hashed_change(struct write_job *job, const struct http_request *request,
                               const struct password_job *done)
{
    struct change_user *change = &job->command.body.change_user;
    if (job->verified) {
        change->has_password_hash = true;
        return take_hash(job, done, &change->password_hash);
    }
    if (!password_job_matches(done)) {
        return sg_fail(SG_DROP, 0, "current_password: is not the password");
    }
    job->verified = true;
    struct user_patch patch;
    SG_TRY(read_patch(job, request, &patch));
    return password_desk_hash(job->services->passwords, patch.password, &job->password);
}

static sg_result begin_delete(struct write_job *job, const struct http_request *request,
                              struct http_response *response)
{
    (void)response;
    struct delete_user *asked = &job->command.body.delete_user;
    job->command.body_type = COMMAND_BODY_DELETE_USER;
    *asked = delete_user_default;
    return write_job_expected(request, &asked->has_expected_version, &asked->expected_version);
}

static const struct write_kind registration = {.name_user = name_new_user,
                                               .begin = begin_register,
                                               .hashed = hashed_register,
                                               .done_status = STATUS_CREATED,
                                               .location = "/v1/users/me"};
static const struct write_kind change = {
    .begin = begin_change, .hashed = hashed_change, .done_status = STATUS_OK};
static const struct write_kind deletion = {.begin = begin_delete, .done_status = STATUS_NO_CONTENT};

sg_result account_routes_register(void *context, const struct http_request *request,
                                  struct http_response *response)
{
    const struct query_context *query = context;
    return write_job_handle(query->accounts, &registration, request, response);
}

sg_result account_routes_change(void *context, const struct http_request *request,
                                struct http_response *response)
{
    const struct query_context *query = context;
    return write_job_handle(query->accounts, &change, request, response);
}

sg_result account_routes_delete(void *context, const struct http_request *request,
                                struct http_response *response)
{
    const struct query_context *query = context;
    return write_job_handle(query->accounts, &deletion, request, response);
}
