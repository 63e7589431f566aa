// soglia audit as-of: a view as it was at a point of the past.
#include "app/audit/audit_commands.h"

#include "app/audit/as_of.h"
#include "app/audit/fold/scratch_folder.h"
#include "app/audit/point_word.h"
#include "app/pipe/stdout_writer.h"
#include "core/hash.h"
#include "core/json_string.h"
#include "core/number.h"
#include "core/service/clock.h"
#include "core/service/stop.h"
#include "schemas/instrument_state.h"
#include "schemas/record_json.h"
#include "schemas/subscription_state.h"
#include "streams/processors/alerts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { LINE_BYTES_MAX = 1 << 20, ARENA_BYTES_MAX = 8 << 20 };

struct as_of_words {
    const char *instrument;
    const char *view;
    bool json;
};

static const struct option options[] = {
    {.key = "instrument",
     .type = OPTION_TEXT,
     .offset = offsetof(struct as_of_words, instrument),
     .fallback = "",
     .help = "This instrument only."},
    {.key = "view",
     .type = OPTION_CHOICE,
     .offset = offsetof(struct as_of_words, view),
     .fallback = "instruments",
     .choices = "instruments|subscriptions",
     .help = "instruments: last value, count, late quotes, place of the last quote. subscriptions: "
             "those that were valid, with the state of their sides."},
    {.key = "json",
     .type = OPTION_BOOL,
     .offset = offsetof(struct as_of_words, json),
     .fallback = "false",
     .help = "One JSON object a row."},
};

// What the rows of one partition are printed with.
struct printing {
    const struct as_of_words *words;
    struct as_of *as_of;
    int32_t partition;
    struct buffer line;
    struct arena *arena;
    int64_t rows;
};

static void printing_done(struct printing *printing)
{
    as_of_close(&printing->as_of);
    buffer_done(&printing->line);
    arena_free(&printing->arena);
}

static sg_result put_line(struct printing *printing)
{
    SG_TRY(buffer_append_byte(&printing->line, '\n'));
    SG_TRY(stdout_writer_put(buffer_bytes(&printing->line)));
    buffer_clear(&printing->line);
    printing->rows++;
    return sg_ok();
}

static bool is_wanted(const struct printing *printing, struct bytes instrument)
{
    const char *only = printing->words->instrument;
    return only[0] == '\0' || bytes_is_text(instrument, only);
}

static sg_result print_instrument(void *context, struct bytes key, const void *record)
{
    struct printing *printing = context;
    const struct instrument_state *state = record;
    if (!is_wanted(printing, key)) {
        return sg_ok();
    }
    struct buffer *line = &printing->line;
    int64_t offset = as_of_offset(printing->as_of, key);
    char value[NUMBER_TEXT_MAX];
    char at[CLOCK_TEXT_MAX];
    number_print_double(state->last_value, value);
    clock_print(state->last_event_time, at);
    int64_t count = state->quote_count + state->late_count;
    if (!printing->words->json) {
        SG_TRY(buffer_print(line,
                            "%-24.*s  %12s  %s  count %" PRId64 "  late %" PRId64
                            "  [quotes/%" PRId32 "@%" PRId64 "]",
                            (int)key.size, (const char *)key.data, value, at, count,
                            state->late_count, printing->partition, offset));
        return put_line(printing);
    }
    SG_TRY(buffer_print(line, "{\"instrument\":"));
    SG_TRY(json_string_write(key, line));
    SG_TRY(buffer_print(line,
                        ",\"value\":%s,\"event_time_ms\":%" PRId64 ",\"count\":%" PRId64
                        ",\"late\":%" PRId64 ",\"position\":{\"topic\":\"quotes\",\"partition\":"
                        "%" PRId32 ",\"offset\":%" PRId64 "}}",
                        value, state->last_event_time, count, state->late_count,
                        printing->partition, offset));
    return put_line(printing);
}

static sg_result print_side(struct buffer *line, const char *name, double threshold,
                            const struct side_state *side)
{
    char text[NUMBER_TEXT_MAX];
    number_print_double(threshold, text);
    return buffer_print(line, "  %s %s %s", name, text, side_phase_name(side->phase));
}

static sg_result print_subscription(void *context, struct bytes key, const void *record)
{
    (void)key;
    struct printing *printing = context;
    const struct subscription_state *state = record;
    const struct subscription *subscription = &state->subscription;
    if (!subscription->active || !is_wanted(printing, subscription->instrument)) {
        return sg_ok();
    }
    struct buffer *line = &printing->line;
    if (printing->words->json) {
        SG_TRY(record_json_print(&subscription_state_type, state, line));
        return put_line(printing);
    }
    SG_TRY(buffer_print(
        line, "%-24.*s  user %.*s  version %" PRId64, (int)subscription->instrument.size,
        (const char *)subscription->instrument.data, (int)subscription->user_id.size,
        (const char *)subscription->user_id.data, subscription->version));
    if (state->has_low) {
        SG_TRY(print_side(line, "low", subscription->low, &state->low));
    }
    if (state->has_high) {
        SG_TRY(print_side(line, "high", subscription->high, &state->high));
    }
    SG_TRY(buffer_print(line, "  id %.*s", (int)subscription->subscription_id.size,
                        (const char *)subscription->subscription_id.data));
    return put_line(printing);
}

// Records that are gone are missing in what is printed: said, but no failure.
static void warn_of_lost(const struct printing *printing)
{
    static const enum topic topics[] = {TOPIC_SUBSCRIPTIONS, TOPIC_QUOTES};
    for (size_t i = 0; i < AS_OF_INPUTS; i++) {
        int64_t from = as_of_kept_from(printing->as_of, i);
        if (from > 0) {
            fprintf(stderr,
                    "soglia: %s/%" PRId32 " is kept from offset %" PRId64
                    " on; what was before is missing here\n",
                    topic_info(topics[i])->name, printing->partition, from);
        }
    }
}

static sg_result print_partition(const struct settings_all *all, struct codecs *codecs,
                                 const struct as_of_words *words, const struct as_of_point *point,
                                 int64_t *ret_rows)
{
    // Goes last, when the state in it is closed.
    SG_CLEANUP(scratch_folder_remove) struct scratch_folder folder = {.path = ""};
    SG_TRY(scratch_folder_make(&folder));
    SG_CLEANUP(printing_done)
    struct printing printing = {.words = words, .partition = point->partition};
    buffer_init(&printing.line, LINE_BYTES_MAX);
    printing.arena = arena_new(ARENA_BYTES_MAX);
    if (printing.arena == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory");
    }
    SG_TRY(as_of_open(all, codecs, folder.path, point, &printing.as_of));
    warn_of_lost(&printing);
    bool are_instruments = strcmp(words->view, "instruments") == 0;
    struct store *store = stores_get(as_of_stores(printing.as_of),
                                     are_instruments ? ALERTS_INSTRUMENTS : ALERTS_SUBSCRIPTIONS);
    SG_TRY(store_scan(store, printing.arena,
                      are_instruments ? print_instrument : print_subscription, &printing));
    *ret_rows += printing.rows;
    return sg_ok();
}

struct books {
    struct registry *registry;
    struct codecs codecs;
};

static void books_close(struct books *books)
{
    codecs_done(&books->codecs);
    registry_close(&books->registry);
}

static sg_result books_open(const struct settings_all *all, struct books *books)
{
    static const enum topic topics[] = {TOPIC_QUOTES,
                                        TOPIC_SUBSCRIPTIONS,
                                        TOPIC_ALERTS,
                                        TOPIC_JOURNAL,
                                        TOPIC_ALERTS_INSTRUMENTS_CHANGELOG,
                                        TOPIC_ALERTS_SUBSCRIPTIONS_CHANGELOG};
    struct registry_config config = {&all->registry, &all->kafka, &all->topics};
    SG_TRY(registry_open(&config, &books->registry));
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++) {
        SG_TRY(codecs_add(&books->codecs, books->registry, topics[i]));
    }
    return sg_ok();
}

static bool may_hold(const struct as_of_words *words, int32_t partition, int32_t partitions)
{
    const char *only = words->instrument;
    return only[0] == '\0' ||
           hash_murmur2(bytes_of_text(only)) % (uint32_t)partitions == (uint32_t)partition;
}

static sg_result print_all(const struct settings_all *all, const struct as_of_words *words,
                           const struct point_word *word, int64_t *ret_rows)
{
    SG_CLEANUP(books_close) struct books books = {.registry = NULL};
    SG_TRY(books_open(all, &books));
    int32_t partitions = 0;
    SG_TRY(log_reader_partitions(all, TOPIC_QUOTES, &partitions));
    for (int32_t i = 0; i < partitions; i++) {
        struct as_of_point point = {.partition = i, .partitions = partitions};
        bool is_partition_wanted = false;
        if (may_hold(words, i, partitions)) {
            SG_TRY(point_word_at(word, all, i, &point, &is_partition_wanted));
        }
        if (is_partition_wanted) {
            SG_TRY(print_partition(all, &books.codecs, words, &point, ret_rows));
        }
    }
    return sg_ok();
}

static sg_result run(const struct invocation *invocation)
{
    const struct as_of_words *words = invocation->options;
    struct point_word word;
    SG_TRY(point_word_read(invocation->words[1], clock_wall_ms(), &word));
    stop_prepare();
    int64_t rows = 0;
    SG_TRY(print_all(invocation->all, words, &word, &rows));
    if (words->instrument[0] != '\0' && rows == 0) {
        return sg_fail(SG_FATAL, 0, "%s: nothing was known of it then", words->instrument);
    }
    return sg_ok();
}

const struct command audit_as_of_command = {
    .name = "audit",
    .arguments = "as-of TIME|OFFSETS",
    .summary = "a view as it was",
    .help =
        "Prints what was known at a point of the past, folded again from the topics:\n"
        "instruments with their last value, or with --view=subscriptions the subscriptions\n"
        "that were valid and where their thresholds stood. The point is a time (of the\n"
        "records in Kafka) or offsets behind the last record wanted; then only the partitions\n"
        "that are named are shown, and subscriptions as far as they had been taken by then.\n"
        "Rows come by partition, then by name. Nothing is written or sent; state is kept under\n"
        "TMPDIR meanwhile.\n"
        "\n"
        "  soglia audit as-of 2026-11-21T08:00:00Z --instrument=stock:AAPL\n"
        "  soglia audit as-of 10m --view=subscriptions\n"
        "  soglia audit as-of quotes:0=120,quotes:1=77 --json\n",
    .words_min = 2,
    .words_max = 2,
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .options_bytes = sizeof(struct as_of_words),
    .sections = {"kafka", "topics", "registry", NULL},
    .is_brief = true,
    .run = run,
};
