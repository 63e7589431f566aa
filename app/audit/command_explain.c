// soglia audit explain: the story of an alert, for a person or a machine.
#include "app/audit/audit_commands.h"

#include "app/audit/story.h"
#include "app/pipe/stdout_writer.h"
#include "app/pipe/tail_source.h"
#include "core/hash.h"
#include "core/json_string.h"
#include "core/number.h"
#include "core/service/clock.h"
#include "core/service/stop.h"
#include "schemas/alert.h"
#include "schemas/delivery.h"
#include "schemas/journal.h"
#include "schemas/notification.h"
#include "schemas/quote.h"
#include "schemas/record_json.h"
#include "schemas/subscription.h"

#include <inttypes.h>
#include <string.h>

enum { TEXT_BYTES_MAX = 64 << 20, LABEL_COLUMN = 14, PLACE_MAX = 320 };

struct explain_words {
    const char *from;
    bool json;
};

static const struct option options[] = {
    {.key = "from",
     .type = OPTION_TEXT,
     .offset = offsetof(struct explain_words, from),
     .fallback = "",
     .help = "Look from this time on only: a time as 2026-11-21T08:00:00Z, or 10m for ten minutes "
             "ago. All alerts are looked through without it."},
    {.key = "json",
     .type = OPTION_BOOL,
     .offset = offsetof(struct explain_words, json),
     .fallback = "false",
     .help = "One JSON object in place of text."},
};

static sg_result read_words(const struct invocation *invocation, char *ret_id, int64_t *ret_from_ms)
{
    const struct explain_words *words = invocation->options;
    const char *id = invocation->words[1];
    if (strlen(id) != HASH_IDENTITY_CHARS ||
        strspn(id, "0123456789abcdef") != HASH_IDENTITY_CHARS) {
        return sg_fail(SG_FATAL, COMMAND_BAD_WORDS,
                       "audit explain: %s is no alert_id, which has %d hexadecimal digits; `soglia "
                       "tail alerts --json` shows them",
                       id, HASH_IDENTITY_CHARS);
    }
    memcpy(ret_id, id, HASH_IDENTITY_CHARS + 1);
    struct tail_position from = {TAIL_START_TIME, 0};
    if (words->from[0] != '\0') {
        SG_TRY(tail_position_read(words->from, clock_wall_ms(), &from));
    }
    if (from.start != TAIL_START_TIME) {
        return sg_fail(SG_FATAL, COMMAND_BAD_WORDS,
                       "--from=%s: not a time as 2026-11-21T08:00:00Z or a duration as 10m",
                       words->from);
    }
    *ret_from_ms = from.value;
    return sg_ok();
}

static sg_result print_label(struct buffer *out, const char *label)
{
    return buffer_print(out, "  %-*s", LABEL_COLUMN, label);
}

// Ends a line with the place of what it tells.
static sg_result print_place(struct buffer *out, const struct exhibit *exhibit)
{
    return buffer_print(out, "  [%s/%" PRId32 "@%" PRId64 "]\n", topic_info(exhibit->topic)->name,
                        exhibit->partition, exhibit->offset);
}

static sg_result print_lost(struct buffer *out, const char *label, const char *what)
{
    SG_TRY(print_label(out, label));
    return buffer_print(out, "%s\n", what);
}

static sg_result print_quote(struct buffer *out, const char *label, const struct exhibit *exhibit)
{
    const struct quote *quote = exhibit->record;
    if (quote == NULL) {
        return print_lost(out, label, "not kept any more");
    }
    char value[NUMBER_TEXT_MAX];
    char at[CLOCK_TEXT_MAX];
    number_print_double(quote->value, value);
    clock_print(quote->event_time, at);
    SG_TRY(print_label(out, label));
    SG_TRY(buffer_print(out, "%s%s%.*s at %s, from ", value, quote->has_unit ? " " : "",
                        quote->has_unit ? (int)quote->unit.size : 0,
                        quote->has_unit ? (const char *)quote->unit.data : "", at));
    SG_TRY(json_string_write(quote->source, out));
    return print_place(out, exhibit);
}

static sg_result print_threshold(struct buffer *out, const char *name, double value)
{
    char text[NUMBER_TEXT_MAX];
    number_print_double(value, text);
    return buffer_print(out, ", %s %s", name, text);
}

static sg_result print_subscription(struct buffer *out, const struct exhibit *exhibit)
{
    const struct subscription *subscription = exhibit->record;
    if (subscription == NULL) {
        return print_lost(out, "Subscription", "not found");
    }
    SG_TRY(print_label(out, "Subscription"));
    SG_TRY(buffer_print(out, "version %" PRId64, subscription->version));
    if (subscription->has_low) {
        SG_TRY(print_threshold(out, "low", subscription->low));
    }
    if (subscription->has_high) {
        SG_TRY(print_threshold(out, "high", subscription->high));
    }
    if (subscription->rearm > 0) {
        SG_TRY(print_threshold(out, "re-arm", subscription->rearm));
    }
    if (subscription->hold_ms > 0) {
        SG_TRY(buffer_print(out, ", hold %" PRId64 " ms", subscription->hold_ms));
    }
    if (subscription->cooldown_ms > 0) {
        SG_TRY(buffer_print(out, ", cooldown %" PRId64 " ms", subscription->cooldown_ms));
    }
    if (subscription->has_paused_until) {
        char until[CLOCK_TEXT_MAX];
        clock_print(subscription->paused_until, until);
        SG_TRY(buffer_print(out, ", paused until %s", until));
    }
    return print_place(out, exhibit);
}

static sg_result print_journal(struct buffer *out, const struct exhibit *exhibit)
{
    const struct journal *journal = exhibit->record;
    if (journal == NULL) {
        return print_lost(out, "Journal", "no record of the transaction");
    }
    SG_TRY(print_label(out, "Journal"));
    SG_TRY(buffer_print(out, "transaction %" PRId64 " of %.*s, by soglia %.*s", journal->sequence,
                        (int)journal->task.size, (const char *)journal->task.data,
                        (int)journal->program.size, (const char *)journal->program.data));
    return print_place(out, exhibit);
}

static sg_result print_attempts(struct buffer *out, const struct story *story, struct bytes id)
{
    for (size_t i = 0; i < story->delivery_count; i++) {
        const struct delivery *delivery = story->deliveries[i].record;
        if (!bytes_equal(delivery->notification_id, id)) {
            continue;
        }
        char at[CLOCK_TEXT_MAX];
        clock_print(delivery->at, at);
        SG_TRY(print_label(out, "  Delivery"));
        SG_TRY(buffer_print(out, "%s, attempt %" PRId32 " at %s: ", outcome_name(delivery->outcome),
                            delivery->attempt, at));
        SG_TRY(json_string_write(delivery->reply, out));
        SG_TRY(print_place(out, &story->deliveries[i]));
    }
    return sg_ok();
}

static sg_result print_messages(struct buffer *out, const struct story *story)
{
    for (size_t i = 0; i < story->notification_count; i++) {
        const struct notification *notification = story->notifications[i].record;
        SG_TRY(print_label(out, "Notification"));
        SG_TRY(buffer_print(out, "%s to ", channel_kind_name(notification->channel)));
        SG_TRY(json_string_write(notification->address, out));
        SG_TRY(buffer_print(out, ": "));
        SG_TRY(json_string_write(notification->subject, out));
        SG_TRY(print_place(out, &story->notifications[i]));
        SG_TRY(print_attempts(out, story, notification->notification_id));
    }
    if (story->notification_count > 0) {
        return sg_ok();
    }
    if (story->delivery_count > 0) {
        const struct delivery *delivery = story->deliveries[0].record;
        SG_TRY(print_lost(out, "Notification", "nobody could be told"));
        return print_attempts(out, story, delivery->notification_id);
    }
    const struct alert *alert = story->alert.record;
    return print_lost(out, "Notification", alert->notify ? "none yet" : "none is due");
}

static sg_result print_story(const struct story *story, struct buffer *out)
{
    const struct alert *alert = story->alert.record;
    char at[CLOCK_TEXT_MAX];
    clock_print(alert->event_time, at);
    SG_TRY(buffer_print(out, "%.*s: %s %s%s at %s\n\n", (int)alert->instrument.size,
                        (const char *)alert->instrument.data, side_name(alert->side),
                        edge_name(alert->edge), alert->initial ? " (initial)" : "", at));
    SG_TRY(print_label(out, "Why"));
    SG_TRY(story_why(&story->alert, &story->subscription, out));
    SG_TRY(buffer_print(out, ".\n"));
    SG_TRY(print_lost(out, "Rule", story_row(&story->alert, &story->subscription)));
    SG_TRY(print_quote(out, "Quote", &story->quote));
    if (alert->has_previous_value) {
        SG_TRY(print_quote(out, "Before", &story->before));
    }
    SG_TRY(print_subscription(out, &story->subscription));
    SG_TRY(print_label(out, "Alert"));
    SG_TRY(buffer_print(out, "%.*s for user %.*s", (int)alert->alert_id.size,
                        (const char *)alert->alert_id.data, (int)alert->user_id.size,
                        (const char *)alert->user_id.data));
    SG_TRY(print_place(out, &story->alert));
    SG_TRY(print_journal(out, &story->journal));
    return print_messages(out, story);
}

// {"topic","partition","offset","timestamp","record"}, or null.
static sg_result print_json_exhibit(struct buffer *out, const struct exhibit *exhibit)
{
    if (exhibit->record == NULL) {
        return buffer_print(out, "null");
    }
    const struct topic_info *info = topic_info(exhibit->topic);
    SG_TRY(buffer_print(out,
                        "{\"topic\":\"%s\",\"partition\":%" PRId32 ",\"offset\":%" PRId64
                        ",\"timestamp\":%" PRId64 ",\"record\":",
                        info->name, exhibit->partition, exhibit->offset, exhibit->timestamp_ms));
    SG_TRY(record_json_print(info->record, exhibit->record, out));
    return buffer_append_byte(out, '}');
}

static sg_result print_json_list(struct buffer *out, const char *name, const struct exhibit *list,
                                 size_t count)
{
    SG_TRY(buffer_print(out, ",\"%s\":[", name));
    for (size_t i = 0; i < count; i++) {
        SG_TRY(buffer_print(out, "%s", i == 0 ? "" : ","));
        SG_TRY(print_json_exhibit(out, &list[i]));
    }
    return buffer_append_byte(out, ']');
}

static sg_result print_json(const struct story *story, struct buffer *out)
{
    const struct {
        const char *name;
        const struct exhibit *exhibit;
    } parts[] = {{"alert", &story->alert},
                 {"quote", &story->quote},
                 {"before", &story->before},
                 {"subscription", &story->subscription},
                 {"journal", &story->journal}};
    SG_CLEANUP(buffer_done) struct buffer why;
    buffer_init(&why, TEXT_BYTES_MAX);
    SG_TRY(story_why(&story->alert, &story->subscription, &why));
    SG_TRY(buffer_print(out, "{\"why\":"));
    SG_TRY(json_string_write(buffer_bytes(&why), out));
    SG_TRY(buffer_print(out, ",\"rule\":\"%s\"", story_row(&story->alert, &story->subscription)));
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        SG_TRY(buffer_print(out, ",\"%s\":", parts[i].name));
        SG_TRY(print_json_exhibit(out, parts[i].exhibit));
    }
    SG_TRY(print_json_list(out, "notifications", story->notifications, story->notification_count));
    SG_TRY(print_json_list(out, "deliveries", story->deliveries, story->delivery_count));
    return buffer_print(out, "}\n");
}

static sg_result run(const struct invocation *invocation)
{
    const struct explain_words *words = invocation->options;
    char id[HASH_IDENTITY_CHARS + 1];
    int64_t from_ms = 0;
    SG_TRY(read_words(invocation, id, &from_ms));
    stop_prepare();
    SG_CLEANUP(archive_close) struct archive archive = {.all = NULL};
    SG_TRY(archive_open(invocation->all, &archive));
    struct story *story = arena_take(archive.arena, sizeof *story);
    if (story == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory");
    }
    SG_TRY(story_tell(&archive, id, from_ms, story));
    SG_CLEANUP(buffer_done) struct buffer out;
    buffer_init(&out, TEXT_BYTES_MAX);
    SG_TRY(words->json ? print_json(story, &out) : print_story(story, &out));
    return stdout_writer_put(buffer_bytes(&out));
}

const struct command audit_explain_command = {
    .name = "audit",
    .arguments = "explain ALERT_ID",
    .summary = "the story of an alert",
    .help =
        "Tells why an alert was raised: the quote and the one before it, the version of the\n"
        "subscription, the rule that applied, the transaction in the journal, and whom it\n"
        "reached. Each line ends with the place of its record: [topic/partition@offset], which\n"
        "`soglia tail` and kcat find. Nothing is written or sent.\n"
        "\n"
        "  soglia audit explain 5f0c2bd1a1a94f0e8f9f5b9c55f2d1aa\n"
        "  soglia tail alerts --json --from=-10 | jq -r .value.alert_id\n",
    .words_min = 2,
    .words_max = 2,
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .options_bytes = sizeof(struct explain_words),
    .sections = {"kafka", "topics", "registry", NULL},
    .is_brief = true,
    .run = run,
};
