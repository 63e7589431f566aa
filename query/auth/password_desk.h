// A few threads that hash passwords, so that log-ins take memory and processors only so far and
// no HTTP thread ever waits for one. Who asks holds a job and looks from time to time whether it is
// done.
#pragma once
#include "query/auth/auth_settings.h"
#include "query/auth/password.h"

struct password_desk;
struct password_job;

// Called by a thread of the desk each time a job is done, without any lock held.
typedef void password_desk_wake_fn(void *context);

// Starts the threads; `wake` may be NULL. The dummy hash of password_desk_verify() is made here,
// which takes as long as one job. The settings must outlive the desk. Fails: SG_FATAL.
SG_RESULT password_desk_open(const struct auth_settings *settings, password_desk_wake_fn *wake,
                             void *context, struct password_desk **ret_desk);

// Ends the threads after the jobs that they are at. All jobs must have been dropped: close the
// server first. Accepts NULL.
void password_desk_close(struct password_desk **desk);

// Asks for the hash of a password. The password is copied, and wiped as soon as it is hashed.
// Fails: SG_RETRY when as many wait as may; answer 503 with Retry-After. The caller ends the job
// with password_job_drop(). Any thread.
SG_RESULT password_desk_hash(struct password_desk *desk, struct bytes password,
                             struct password_job **ret_job);

// Asks whether the password is that of the hash. Of an empty hash, or one that cannot be verified,
// a dummy of the present cost is tried, which no password has: whether there is such a user
// cannot be told from the time. Fails and ends as password_desk_hash().
SG_RESULT password_desk_verify(struct password_desk *desk, struct bytes password, struct bytes hash,
                               struct password_job **ret_job);

// Seconds after which an asker who was sent away may find a place. Any thread.
int64_t password_desk_retry_s(struct password_desk *desk);

// True when the job is done. What follows is of done jobs only. Any thread.
bool password_job_is_done(const struct password_job *job);

// Of a hash: the text, borrowed from the job. Fails: SG_RETRY when memory was out.
SG_RESULT password_job_hash(const struct password_job *job, const char **ret_hash);

// Of a verification: true when it was the password.
bool password_job_matches(const struct password_job *job);

// Of a verification that matched: true when the hash has another cost than the settings now.
bool password_job_needs_rehash(const struct password_job *job);

// Lets go of the job, at any time, done or not, and sets `*job` to NULL. One that still waits is
// not begun. Accepts NULL. Any thread.
void password_job_drop(struct password_job **job);
