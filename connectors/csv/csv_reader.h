// The records of a file or of standard input, in a stream with bounded memory, or from the last to
// the first.
#pragma once
#include "connectors/csv/csv_record.h"
#include "core/result.h"

struct csv_reader;

// Opens a file, "-" for standard input; a pipe without a writer is open too, and has nothing yet. A
// byte order mark is passed over. Fails: SG_FATAL naming the file.
SG_RESULT csv_reader_open(const char *path, struct csv_reader **ret_reader);

// Accepts NULL.
void csv_reader_close(struct csv_reader **reader);

enum csv_next {
    CSV_NEXT_RECORD, // *ret_record is filled, borrowed until the next call. Blank lines are none.
    CSV_NEXT_WAIT,   // A pipe has had nothing for 100 ms.
    CSV_NEXT_END,
    CSV_NEXT_FAILED, // SG_DROP: not CSV here, the next call goes on behind. SG_FATAL: unreadable.
};

enum csv_next csv_reader_next(struct csv_reader *reader, const struct csv_record **ret_record,
                              sg_result *ret_failure);

// From now on the rest of the file comes backwards. Reads it once to remember where each record
// begins, 16 bytes a record. Fails: SG_FATAL for standard input or an unreadable file, SG_RETRY
// when asked to stop.
SG_RESULT csv_reader_reverse(struct csv_reader *reader);

// The line, from 1, on which the last record begins.
int64_t csv_reader_line(const struct csv_reader *reader);

// How much of the file has been taken, 0 to 1; -1 when its size is not known.
double csv_reader_part(const struct csv_reader *reader);
