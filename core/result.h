// What a call that can fail returns: a class that says what the loop should do, and a code for
// people. The words go to sg_fail() once, where the fault is seen; callers pass the result on with
// SG_TRY.
#pragma once
#include <stdbool.h>

// The four classes of failure. Only loops branch on them; everybody else passes them on.
enum sg_class {
    SG_OK = 0,
    SG_RETRY, // The same call may succeed later: back off and call again.
    SG_DROP,  // This event cannot be accepted: send it to dead-letters and go on.
    SG_ABORT, // The running transaction is lost: abort it, rewind, go on.
    SG_FATAL, // Nothing here can mend it: stop with one clear line.
};

typedef struct sg_result {
    enum sg_class class;
    int code; // The library's own code, 0 if there is none.
} sg_result;

// Marks a function whose result must be looked at.
#define SG_RESULT __attribute__((warn_unused_result)) sg_result

// Returns from the calling function with the result of `expr` unless it is a success.
#define SG_TRY(expr)                                                                               \
    do {                                                                                           \
        sg_result sg_try_result_ = (expr);                                                         \
        if (sg_try_result_.class != SG_OK) {                                                       \
            return sg_try_result_;                                                                 \
        }                                                                                          \
    } while (0)

// Runs `destroy(&variable)` when the variable leaves its scope.
#define SG_CLEANUP(destroy) __attribute__((cleanup(destroy)))

// Hands a pointer over: its value is the result, the variable becomes NULL.
#define SG_MOVE(pointer) ((__typeof__(pointer))sg_take(&(pointer)))

// Longest reason kept, in bytes; longer ones are cut.
enum { SG_REASON_MAX = 1024 };

// Success. Any thread.
sg_result sg_ok(void);

// A failure of `class` with the reason in words, kept for this thread until its next failure.
// Bytes of it that are no UTF-8 become question marks. Any thread.
sg_result sg_fail(enum sg_class class, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// Puts what the caller knows more in front of the reason of `result`; a success is returned as it
// is. Any thread.
sg_result sg_explain(sg_result result, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// The reason of this thread's last failure, "" if there was none. Borrowed until the next one.
const char *sg_reason(void);

// True for a success.
bool sg_is_ok(sg_result result);

// Says on purpose that a failure does not matter here; the place of the call says why.
void sg_ignore(sg_result result);

// The class as a word ("retry"), for logs and metrics.
const char *sg_class_name(enum sg_class class);

// Work of SG_MOVE: returns the pointer stored in `*slot` and stores NULL there.
void *sg_take(void *slot);
