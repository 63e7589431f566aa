// Records of a CSV (RFC 4180): fields between commas, quoted where they hold commas, line ends or
// quotes. Pure: files and streams are the reader's.
#pragma once
#include "core/bytes.h"

enum { CSV_FIELDS_MAX = 4096, CSV_RECORD_MAX_BYTES = 1 << 20 };

struct csv_field {
    struct bytes text;
    bool has_quotes; // Doubled ones, until they are made single.
};

// Large: not for the stack.
struct csv_record {
    struct csv_field fields[CSV_FIELDS_MAX];
    size_t count;
    size_t lines;        // Line ends in it, its own included.
    const char *problem; // Of CSV_PARSE_BAD: what is wrong with field number `count` + 1.
};

enum csv_parse {
    CSV_PARSE_RECORD, // The record is filled; a line without any character is one of count 0.
    CSV_PARSE_MORE,   // It goes on behind `text`, which is as it was.
    CSV_PARSE_BAD,    // See `problem`; `*ret_used` ends behind the record's first line.
};

// Parses the record at the start of `text` (not empty). `is_end`: nothing comes behind. Fields
// borrow from the text, where doubled quotes are made single. Any thread.
enum csv_parse csv_record_parse(uint8_t *text, size_t size, bool is_end,
                                struct csv_record *ret_record, size_t *ret_used);
