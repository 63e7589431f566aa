// soglia audit verify: folds the journal's transactions again and compares.
#include "app/audit/audit_commands.h"

#include "app/audit/verify/verify.h"
#include "app/pipe/stdout_writer.h"
#include "app/pipe/tail_source.h"
#include "core/number.h"
#include "core/settings/nearest.h"
#include "core/service/clock.h"
#include "core/service/stop.h"
#include "streams/topology.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_BYTES_MAX = 1 << 20, MICROSECONDS = 1000000 };

struct verify_words {
    const char *from;
    const char *to;
    const char *processor;
    bool json;
};

static const struct option options[] = {
    {.key = "from",
     .type = OPTION_TEXT,
     .offset = offsetof(struct verify_words, from),
     .fallback = "",
     .help = "First transaction of the span: a time as 2026-11-21T08:00:00Z or 10m (of the records "
             "taken), or a sequence number. The fold begins at the beginning all the same."},
    {.key = "to",
     .type = OPTION_TEXT,
     .offset = offsetof(struct verify_words, to),
     .fallback = "",
     .help = "Last transaction of the span, in the same forms; by default the last there is."},
    {.key = "processor",
     .type = OPTION_TEXT,
     .offset = offsetof(struct verify_words, processor),
     .fallback = "",
     .help = "This processor only: ingest, accounts, alerts, notifications or deliver."},
    {.key = "json",
     .type = OPTION_BOOL,
     .offset = offsetof(struct verify_words, json),
     .fallback = "false",
     .help = "One JSON object in place of text."},
};

static sg_result read_bound(const char *key, const char *text, struct verify_bound *ret_bound)
{
    struct verify_bound bound = {.is_given = text[0] != '\0'};
    struct tail_position position;
    if (!bound.is_given) {
        *ret_bound = bound;
        return sg_ok();
    }
    bool is_sequence = number_read_int(bytes_of_text(text), &bound.value);
    bool is_time = !is_sequence && sg_is_ok(tail_position_read(text, clock_wall_ms(), &position)) &&
                   position.start == TAIL_START_TIME;
    if (is_time) {
        bound.is_time = true;
        bound.value = position.value;
    } else if (!is_sequence || bound.value < 0) {
        return sg_fail(SG_FATAL, COMMAND_BAD_WORDS,
                       "--%s=%s: not a time as 2026-11-21T08:00:00Z, a duration as 10m or the "
                       "number of a transaction",
                       key, text);
    }
    *ret_bound = bound;
    return sg_ok();
}

static sg_result read_processor(const char *name, bool ret_wanted[static PROCESSOR_COUNT])
{
    struct nearest nearest = {.wanted = name};
    bool is_known = name[0] == '\0';
    for (size_t i = 0; i < PROCESSOR_COUNT; i++) {
        ret_wanted[i] = name[0] == '\0' || strcmp(name, topology[i]->name) == 0;
        is_known = is_known || ret_wanted[i];
        nearest_offer(&nearest, topology[i]->name);
    }
    if (is_known) {
        return sg_ok();
    }
    const char *meant = nearest_word(&nearest);
    return sg_fail(SG_FATAL, COMMAND_BAD_WORDS, "--processor=%s: no such processor%s%s%s", name,
                   meant == NULL ? "" : "; did you mean ", meant == NULL ? "" : meant,
                   meant == NULL ? "" : "?");
}

static void show_progress(const struct verify_result *result)
{
    fprintf(stderr, "\r%" PRId64 " records of %" PRId64 " transactions folded ", result->records,
            result->transactions);
    fflush(stderr);
}

static void end_progress(void)
{
    fprintf(stderr, "\r%60s\r", "");
}

static sg_result print_text(const struct verify_result *result, double seconds, struct buffer *out)
{
    SG_TRY(result->difference.is_found ? difference_print(&result->difference, out)
                                       : buffer_print(out, "equal: "));
    SG_TRY(buffer_print(out,
                        "%s%" PRId64 " transactions, %" PRId64 " records folded again, %" PRId64
                        " outputs found (%" PRId64 " alerts), %" PRId64
                        " hashes of state equal, %" PRId64 " attempts to deliver as recorded; "
                        "%.1f s\n",
                        result->difference.is_found ? "before it: " : "", result->transactions,
                        result->records, result->outputs, result->alerts, result->states,
                        result->attempts, seconds));
    for (size_t i = 0; i < result->note_count; i++) {
        SG_TRY(buffer_print(out, "note: %s\n", result->notes[i]));
    }
    return sg_ok();
}

static sg_result print_json(const struct verify_result *result, double seconds, struct buffer *out)
{
    SG_TRY(buffer_print(out,
                        "{\"equal\":%s,\"transactions\":%" PRId64 ",\"records\":%" PRId64
                        ",\"outputs\":%" PRId64 ",\"alerts\":%" PRId64 ",\"states\":%" PRId64
                        ",\"attempts\":%" PRId64 ",\"seconds\":%.3f,\"notes\":[",
                        result->difference.is_found ? "false" : "true", result->transactions,
                        result->records, result->outputs, result->alerts, result->states,
                        result->attempts, seconds));
    for (size_t i = 0; i < result->note_count; i++) {
        SG_TRY(buffer_print(out, "%s\"%s\"", i == 0 ? "" : ",", result->notes[i]));
    }
    SG_TRY(buffer_print(out, "],\"difference\":"));
    if (!result->difference.is_found) {
        return buffer_print(out, "null}\n");
    }
    SG_TRY(buffer_print(out, "{"));
    SG_TRY(difference_print_json(&result->difference, out));
    return buffer_print(out, "}}\n");
}

static sg_result run(const struct invocation *invocation)
{
    const struct verify_words *words = invocation->options;
    bool has_terminal = isatty(STDERR_FILENO) != 0;
    struct verify_request request = {.all = invocation->all,
                                     .progress = has_terminal ? show_progress : NULL};
    SG_TRY(read_bound("from", words->from, &request.from));
    SG_TRY(read_bound("to", words->to, &request.to));
    SG_TRY(read_processor(words->processor, request.wanted));
    stop_prepare();
    struct verify_result result;
    int64_t begun_us = clock_monotonic_us();
    sg_result verified = verify_run(&request, &result);
    if (has_terminal) {
        end_progress();
    }
    SG_TRY(verified);
    double seconds = (double)(clock_monotonic_us() - begun_us) / MICROSECONDS;
    SG_CLEANUP(buffer_done) struct buffer out;
    buffer_init(&out, TEXT_BYTES_MAX);
    SG_TRY(words->json ? print_json(&result, seconds, &out) : print_text(&result, seconds, &out));
    SG_TRY(stdout_writer_put(buffer_bytes(&out)));
    return result.difference.is_found
               ? sg_fail(SG_FATAL, DIFFERENCE_FOUND, "audit verify: %s", result.difference.what)
               : sg_ok();
}

const struct command audit_verify_command = {
    .name = "audit",
    .arguments = "verify",
    .summary = "prove the past",
    .help =
        "Folds the transactions of the journal again from the topics alone, with this program, "
        "and\n"
        "compares: the chain of each task, what was written (every record once, none besides),\n"
        "and what the stores held. Says that all is equal, or names the first difference: topic,\n"
        "partition, offset, field. Attempts to deliver are verified as they were recorded. It may\n"
        "run beside the system and ends at what is there when it begins. Nothing is written or\n"
        "sent; state is kept under TMPDIR meanwhile.\n"
        "\n"
        "Status 0: equal, 1: different or not verified, 2: usage.\n"
        "\n"
        "  soglia audit verify\n"
        "  soglia audit verify --from=2026-11-21T08:00:00Z --to=2026-11-21T09:00:00Z\n"
        "  soglia audit verify --processor=alerts --json\n",
    .words_min = 1,
    .words_max = 1,
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .options_bytes = sizeof(struct verify_words),
    .sections = {"kafka", "topics", "registry", "accounts", NULL},
    .is_brief = true,
    .run = run,
};
