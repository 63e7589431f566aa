// What a source connector is, and the loop that runs any of them: it writes their quotes to Kafka
// exactly once, with how far the source was read in the same transaction.
#pragma once
#include "core/kafka/kafka.h"
#include "schemas/quote.h"
#include "schemas/registry.h"
#include "schemas/topic_table.h"

// Between two positions: nothing may be committed here.
enum { SOURCE_NO_POSITION = -1, SOURCE_ID_MAX = 64 };

enum source_kind {
    SOURCE_QUOTE, // `quote` is the next one.
    SOURCE_IDLE,  // Nothing yet; the source has waited or worked for at most a tenth of a second.
    SOURCE_END,
};

struct source_event {
    enum source_kind kind;
    struct quote quote; // Borrowed until the next call.
    // Where to go on once this and everything before is written; SOURCE_NO_POSITION inside.
    int64_t position;
};

// What is to be read, as the command line says it. Borrowed.
struct source_request {
    const void *options; // The struct that the source's table fills.
    char *const *words;
    size_t word_count;
};

// What the loop needs to know of a request.
struct source_plan {
    char id[SOURCE_ID_MAX + 1]; // The same for the same request, so that a second run goes on.
    double speed;               // Event time by real time; 0: as fast as possible.
    int64_t limit;              // Positions to go in this run, 0: no limit.
    bool is_anew;               // What is committed does not matter.
    bool is_read_once;          // What was read cannot be read again by this run.
};

struct source_counts {
    int64_t rows;    // Taken in this run.
    int64_t skipped; // Values left out by the options.
    int64_t bad;     // Rows passed over.
    double part;     // Of the whole, 0 to 1; -1 unknown.
};

// A source connector. All members are called by one thread.
struct source {
    const char *name;
    const char *summary;   // One line.
    const char *arguments; // "csv FILE": its name and its words.
    const char *help;      // Paragraphs, with their line ends.
    size_t word_count;     // Words that it wants.
    struct option_table (*options)(void *target);
    size_t options_bytes;

    // Checks the request. Fails: SG_FATAL naming the option.
    sg_result (*plan)(const struct source_request *request, struct source_plan *ret_plan);
    // Opens at a position that it gave before, 0 at first. Fails: SG_FATAL; SG_RETRY when asked to
    // stop.
    sg_result (*open)(const struct source_request *request, int64_t position, void **ret_source);
    // Fails: SG_DROP for input that cannot be read (the run ends), SG_FATAL. Nothing is then
    // handed out between two positions.
    sg_result (*next)(void *source, struct source_event *ret_event);
    void (*counts)(const void *source, struct source_counts *ret_counts);
    // Accepts NULL.
    void (*close)(void **source);
};

// The settings that the loop uses. Borrowed.
struct source_setting {
    const struct kafka_settings *kafka;
    const struct topic_settings *topics;
    const struct registry_settings *registry;
};

// Runs a source until it ends, a limit is reached or a stop is asked for; tells progress and a
// summary. stop_prepare() was called. What it has read is committed whenever it returns, unless
// Kafka refuses. Fails: SG_DROP for bad input, SG_RETRY when Kafka or the registry does not answer,
// SG_FATAL.
SG_RESULT source_run(const struct source *source, const struct source_request *request,
                     const struct source_setting *setting);
