// One line of a replay file. Its parts stay JSON until somebody needs them, so that a file of
// millions of lines is read quickly.
#pragma once
#include "core/arena.h"
#include "core/bytes.h"
#include "core/result.h"

enum replay_line_kind { REPLAY_EMPTY, REPLAY_CASE, REPLAY_DEFAULT, REPLAY_GIVEN, REPLAY_THEN };

struct replay_line {
    enum replay_line_kind kind;
    struct bytes name;      // Of the case or the topic.
    struct bytes processor; // Texts and objects: data is NULL where the line has none.
    struct bytes settings;  // JSON.
    bool has_key;           // Also of a null key.
    struct bytes key;
    struct bytes reason;
    struct bytes raw;
    struct bytes hex;
    struct bytes value;    // JSON, as are the next two.
    struct bytes like;     // Only the fields given count.
    struct bytes contains; // Texts to be found in fields.
    bool has_at;
    int64_t at;
    bool has_offset;
    int64_t offset;
    int64_t partition;
};

// Reads a line; parts borrow from `text` or are in the arena. Empty lines and those that begin with
// # are REPLAY_EMPTY. Fails: SG_DROP with what is wrong.
SG_RESULT replay_line_read(struct bytes text, struct arena *arena, struct replay_line *ret_line);
