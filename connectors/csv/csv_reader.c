// Forwards: a buffer that always holds one whole record. Backwards: an index of the records, and a
// window of the file that moves towards its start.
#include "connectors/csv/csv_reader.h"

#include "core/service/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// The buffer holds a record of the longest kind and a good piece of what comes behind.
enum { BUFFER_BYTES = 2 * CSV_RECORD_MAX_BYTES, READ_BYTES = 1 << 18, WAIT_MS = 100 };
enum { FIRST_PLACES = 1024, STOP_CHECK_RECORDS = 1 << 16 };

// Where a record begins.
struct place {
    int64_t offset;
    int64_t line;
};

struct csv_reader {
    int file;
    bool is_regular;
    int64_t size; // Of the file when it was opened.
    bool is_end;  // Of the input: everything has been read.
    bool is_long; // In the middle of a line that is too long.
    uint8_t *buffer;
    size_t used; // Of the buffer, taken.
    size_t filled;
    int64_t base; // Offset in the file of the buffer's start.
    int64_t line; // On which the next record begins.
    int64_t record_line;
    int64_t record_offset;
    struct csv_record *record;
    struct place *places; // NULL forwards.
    size_t place_count;
    size_t places_left;
};

void csv_reader_close(struct csv_reader **reader)
{
    struct csv_reader *closed = SG_MOVE(*reader);
    if (closed == NULL) {
        return;
    }
    if (closed->file > STDIN_FILENO) {
        close(closed->file);
    }
    free(closed->places);
    free(closed->record);
    free(closed->buffer);
    free(closed);
}

sg_result csv_reader_open(const char *path, struct csv_reader **ret_reader)
{
    SG_CLEANUP(csv_reader_close) struct csv_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL) {
        return sg_fail(SG_FATAL, ENOMEM, "%s: out of memory", path);
    }
    reader->line = 1;
    reader->buffer = malloc(BUFFER_BYTES);
    reader->record = malloc(sizeof *reader->record);
    if (reader->buffer == NULL || reader->record == NULL) {
        return sg_fail(SG_FATAL, ENOMEM, "%s: out of memory", path);
    }
    // A pipe that nobody writes to yet would be waited for here, where nobody could ask to stop.
    reader->file =
        strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat facts;
    if (reader->file < 0 || fstat(reader->file, &facts) != 0) {
        return sg_fail(SG_FATAL, errno, "%s: %s", path, strerror(errno));
    }
    if (S_ISDIR(facts.st_mode)) {
        return sg_fail(SG_FATAL, EISDIR, "%s: %s", path, strerror(EISDIR));
    }
    reader->is_regular = S_ISREG(facts.st_mode);
    reader->size = reader->is_regular ? facts.st_size : 0;
    *ret_reader = SG_MOVE(reader);
    return sg_ok();
}

enum filled { FILLED_SOME, FILLED_WAIT, FILLED_FAILED };

// Moves what is left to the front and reads more behind it.
static enum filled fill(struct csv_reader *reader, sg_result *ret_failure)
{
    struct pollfd ready = {.fd = reader->file, .events = POLLIN};
    if (!reader->is_regular && poll(&ready, 1, WAIT_MS) <= 0) {
        return FILLED_WAIT;
    }
    memmove(reader->buffer, reader->buffer + reader->used, reader->filled - reader->used);
    reader->base += (int64_t)reader->used;
    reader->filled -= reader->used;
    reader->used = 0;
    size_t room = BUFFER_BYTES - reader->filled;
    ssize_t count =
        read(reader->file, reader->buffer + reader->filled, room < READ_BYTES ? room : READ_BYTES);
    if (count < 0 && errno != EINTR && errno != EAGAIN) {
        *ret_failure = sg_fail(SG_FATAL, errno, "cannot be read: %s", strerror(errno));
        return FILLED_FAILED;
    }
    reader->is_end = count == 0;
    reader->filled += count < 0 ? 0 : (size_t)count;
    return FILLED_SOME;
}

static void pass_mark(struct csv_reader *reader)
{
    static const uint8_t mark[] = {0xEF, 0xBB, 0xBF};
    bool is_start = reader->base == 0 && reader->used == 0 && reader->filled >= sizeof mark;
    if (is_start && memcmp(reader->buffer, mark, sizeof mark) == 0) {
        reader->used = sizeof mark;
    }
}

// Drops the buffer up to the next line end; false when that is still to come.
static bool skip_long_line(struct csv_reader *reader)
{
    uint8_t *start = reader->buffer + reader->used;
    uint8_t *end = memchr(start, '\n', reader->filled - reader->used);
    reader->is_long = end == NULL;
    reader->used = end == NULL ? reader->filled : (size_t)(end + 1 - reader->buffer);
    reader->line += end == NULL ? 0 : 1;
    return end != NULL;
}

// Gives up the record's first line, as for every fault, so that both directions find the same.
static enum csv_next give_up_long(struct csv_reader *reader, sg_result *ret_failure)
{
    skip_long_line(reader);
    *ret_failure = sg_fail(SG_DROP, 0, "a record of more than %d bytes; is a quote not closed?",
                           CSV_RECORD_MAX_BYTES);
    return CSV_NEXT_FAILED;
}

// The next record of the buffer; CSV_NEXT_WAIT when it is not there as a whole.
static enum csv_next take(struct csv_reader *reader, sg_result *ret_failure)
{
    bool is_inside = reader->is_long && reader->used < reader->filled && !skip_long_line(reader);
    size_t size = reader->filled - reader->used;
    if (size == 0 || is_inside) {
        return reader->is_end ? CSV_NEXT_END : CSV_NEXT_WAIT;
    }
    size_t used = 0;
    reader->record_line = reader->line;
    reader->record_offset = reader->base + (int64_t)reader->used;
    enum csv_parse parse = csv_record_parse(reader->buffer + reader->used, size, reader->is_end,
                                            reader->record, &used);
    size_t known = parse == CSV_PARSE_MORE ? size : used;
    if (known > CSV_RECORD_MAX_BYTES) {
        return give_up_long(reader, ret_failure);
    }
    if (parse == CSV_PARSE_MORE) {
        return CSV_NEXT_WAIT;
    }
    reader->used += used;
    reader->line += (int64_t)reader->record->lines;
    if (parse == CSV_PARSE_BAD) {
        *ret_failure = sg_fail(SG_DROP, 0, "field %zu: %s", reader->record->count + 1,
                               reader->record->problem);
        return CSV_NEXT_FAILED;
    }
    return CSV_NEXT_RECORD;
}

static enum csv_next next_forwards(struct csv_reader *reader, sg_result *ret_failure)
{
    for (;;) {
        enum csv_next next = take(reader, ret_failure);
        bool is_blank = next == CSV_NEXT_RECORD && reader->record->count == 0;
        if (is_blank) {
            continue;
        }
        if (next != CSV_NEXT_WAIT) {
            return next;
        }
        enum filled filled = fill(reader, ret_failure);
        if (filled != FILLED_SOME) {
            return filled == FILLED_WAIT ? CSV_NEXT_WAIT : CSV_NEXT_FAILED;
        }
        pass_mark(reader);
    }
}

// Fills the window so that it ends with the bytes from `start` to `end`.
static sg_result load_window(struct csv_reader *reader, int64_t start, int64_t end)
{
    int64_t from = end - READ_BYTES < start ? end - READ_BYTES : start;
    from = from < 0 ? 0 : from;
    size_t size = (size_t)(end - from);
    size_t filled = 0;
    while (filled < size) {
        ssize_t count =
            pread(reader->file, reader->buffer + filled, size - filled, from + (int64_t)filled);
        if (count == 0 || (count < 0 && errno != EINTR)) {
            return sg_fail(SG_FATAL, errno, "cannot be read: %s",
                           count == 0 ? "it has become shorter" : strerror(errno));
        }
        filled += count < 0 ? 0 : (size_t)count;
    }
    reader->base = from;
    reader->filled = size;
    return sg_ok();
}

static enum csv_next next_backwards(struct csv_reader *reader, sg_result *ret_failure)
{
    if (reader->places_left == 0) {
        return CSV_NEXT_END;
    }
    reader->places_left--;
    const struct place *place = &reader->places[reader->places_left];
    int64_t end = place[1].offset;
    reader->line = place->line;
    reader->is_long = false; // Only forwards does the rest of a line come later.
    // More than the buffer holds is too long anyhow; its start is enough to find that.
    if (end - place->offset > BUFFER_BYTES) {
        end = place->offset + BUFFER_BYTES;
    }
    if (place->offset < reader->base || end > reader->base + (int64_t)reader->filled) {
        *ret_failure = load_window(reader, place->offset, end);
    }
    if (!sg_is_ok(*ret_failure)) {
        return CSV_NEXT_FAILED;
    }
    reader->used = (size_t)(place->offset - reader->base);
    reader->filled = (size_t)(end - reader->base);
    return take(reader, ret_failure);
}

enum csv_next csv_reader_next(struct csv_reader *reader, const struct csv_record **ret_record,
                              sg_result *ret_failure)
{
    *ret_failure = sg_ok();
    *ret_record = reader->record;
    return reader->places == NULL ? next_forwards(reader, ret_failure)
                                  : next_backwards(reader, ret_failure);
}

static sg_result remember(struct csv_reader *reader, size_t *room, int64_t offset, int64_t line)
{
    if (reader->place_count == *room) {
        size_t more = *room == 0 ? FIRST_PLACES : *room * 2;
        struct place *larger = realloc(reader->places, more * sizeof *larger);
        if (larger == NULL) {
            return sg_fail(SG_FATAL, ENOMEM, "no memory for the places of %zu rows", more);
        }
        reader->places = larger;
        *room = more;
    }
    reader->places[reader->place_count++] = (struct place){offset, line};
    bool is_check = reader->place_count % STOP_CHECK_RECORDS == 0;
    return is_check && stop_requested() ? sg_fail(SG_RETRY, 0, "asked to stop") : sg_ok();
}

sg_result csv_reader_reverse(struct csv_reader *reader)
{
    if (!reader->is_regular) {
        return sg_fail(SG_FATAL, 0, "only a file can be read in reverse");
    }
    size_t room = 0;
    for (;;) {
        sg_result failure = sg_ok();
        enum csv_next next = next_forwards(reader, &failure);
        if (failure.class == SG_FATAL) {
            return failure;
        }
        if (next == CSV_NEXT_END) {
            break;
        }
        SG_TRY(remember(reader, &room, reader->record_offset, reader->record_line));
    }
    // One place more tells where the last record ends.
    int64_t end = reader->base + (int64_t)reader->filled;
    SG_TRY(remember(reader, &room, end, reader->line));
    reader->places_left = --reader->place_count;
    reader->base = end;
    reader->filled = 0;
    reader->is_end = true;
    return sg_ok();
}

int64_t csv_reader_line(const struct csv_reader *reader)
{
    return reader->record_line;
}

double csv_reader_part(const struct csv_reader *reader)
{
    if (reader->places != NULL) {
        return reader->place_count == 0
                   ? 1
                   : 1 - (double)reader->places_left / (double)reader->place_count;
    }
    if (reader->size == 0) {
        return -1;
    }
    double part = (double)(reader->base + (int64_t)reader->used) / (double)reader->size;
    return part > 1 ? 1 : part;
}
