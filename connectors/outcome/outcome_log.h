// What came of attempts whose outcome is not committed yet, kept in a file beside the state: when
// soglia is killed between the server's reply and the commit, the attempt is not repeated. It
// survives the end of the process, not of the machine (nothing is synced).
#pragma once
#include "connectors/outcome/outcome_record.h"

struct outcome_log;

enum {
    OUTCOME_LOG_UNDER_WAY_MAX = 64, // Most attempts that are made at the same time.
    OUTCOME_LOG_MAX = 65536,        // Most attempts remembered; the oldest give way.
    OUTCOME_LOG_KEEP_DAYS = 7, // An attempt nobody asked about for longer is forgotten at open.
};

// Opens `folder`/outcomes.log, making it if absent, and reads what is there up to the first record
// that is not whole, which is cut off. One process may have it open. The caller closes with
// outcome_log_close(). Fails: SG_FATAL naming the file, also when another process has it.
SG_RESULT outcome_log_open(const char *folder, struct outcome_log **ret_log);

// Makes sure that the disk has room for the records of every attempt under way; to be called before
// an attempt is made. Fails: SG_RETRY when it has none. Any thread.
SG_RESULT outcome_log_reserve(struct outcome_log *log);

// Appends a record with one write(2) and remembers it. Fails: SG_RETRY when the file system
// refuses, with nothing changed; SG_DROP for an id that is too long. Any thread.
SG_RESULT outcome_log_append(struct outcome_log *log, const struct outcome_record *record);

// An attempt that ended, or false. `ret_record` borrows its texts from `room`. Any thread.
struct outcome_room {
    char id[OUTCOME_ID_MAX];
    char reply[OUTCOME_REPLY_MAX];
};
bool outcome_log_find(struct outcome_log *log, struct bytes notification_id, int32_t attempt,
                      struct outcome_room *room, struct outcome_record *ret_record);

// Forgets an attempt, since its outcome is committed and so is something behind it. Empties the
// file when nothing is left, and rewrites it when most of it is no longer wanted. Any thread.
void outcome_log_settle(struct outcome_log *log, struct bytes notification_id, int32_t attempt);

// Attempts remembered. Any thread.
size_t outcome_log_count(struct outcome_log *log);

// Closes, frees and sets `*log` to NULL. The file stays. Accepts NULL and half-opened logs.
void outcome_log_close(struct outcome_log **log);
