// Quotes against thresholds. A quote inside its instrument's band ends after one look-up in memory;
// any other takes from the threshold index the sides that it reaches, judges each and raises what
// the rules say.
#include "streams/processors/alerts.h"

#include "core/hash.h"
#include "core/service/metric.h"
#include "schemas/alert.h"
#include "schemas/instrument_state.h"
#include "schemas/quote.h"
#include "schemas/subscription_state.h"
#include "streams/processors/alert_rules.h"
#include "streams/processors/checks.h"
#include "streams/processors/trigger_index.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { STORE_KEY_MAX = ENVIRONMENT_KEY_MAX, ID_TEXT_MAX = 512, NUMBER_CHARS_MAX = 24 };

// What is judged: the quote, and where the judgement comes from.
struct judgement {
    const struct process *process;
    const struct event *event;
    double value;
    int64_t event_time;
    bool has_previous;
    double previous;
};

// An alert that was decided and waits for its place in the order.
struct raised {
    struct subscription subscription; // Text in the arena.
    enum side side;
    struct alert_decision decision;
    double threshold;
};

// Of pointers: a quote may raise a million.
struct raised_list {
    struct raised **list;
    size_t count;
    size_t capacity;
};

// Key of a subscription's state: instrument, 0, subscription id.
struct state_key {
    size_t size;
    uint8_t data[STORE_KEY_MAX];
};

static struct bytes state_key(struct bytes instrument, struct bytes subscription_id,
                              struct state_key *key)
{
    memcpy(key->data, instrument.data, instrument.size);
    key->data[instrument.size] = 0;
    memcpy(key->data + instrument.size + 1, subscription_id.data, subscription_id.size);
    key->size = instrument.size + 1 + subscription_id.size;
    return bytes_of(key->data, key->size);
}

static sg_result out_of_memory(void)
{
    return sg_fail(SG_FATAL, 0, "one event raises too many alerts: out of memory");
}

static sg_result keep(struct raised_list *raised, struct arena *arena, const struct raised *one)
{
    if (raised->count == raised->capacity) {
        size_t capacity = raised->capacity == 0 ? 8 : raised->capacity * 2;
        struct raised **larger = arena_take(arena, capacity * sizeof *larger);
        if (larger == NULL) {
            return out_of_memory();
        }
        if (raised->count > 0) {
            memcpy(larger, raised->list, raised->count * sizeof *larger);
        }
        raised->list = larger;
        raised->capacity = capacity;
    }
    struct raised *kept = arena_take(arena, sizeof *kept);
    if (kept == NULL) {
        return out_of_memory();
    }
    *kept = *one;
    raised->list[raised->count++] = kept;
    return sg_ok();
}

static sg_result judge_side(const struct judgement *judgement,
                            const struct subscription *subscription, enum side side,
                            struct side_state *state, struct raised_list *raised)
{
    struct alert_rule rule;
    if (!alert_rules_side(subscription, side, &rule)) {
        return sg_ok();
    }
    struct alert_decision decision =
        alert_rules_judge(&rule, judgement->value, judgement->event_time, state);
    if (decision.verdict == ALERT_VERDICT_NOTHING) {
        return sg_ok();
    }
    struct raised one = {*subscription, side, decision, rule.threshold};
    return keep(raised, judgement->process->arena, &one);
}

static sg_result judge_both(const struct judgement *judgement, struct subscription_state *state,
                            struct raised_list *raised)
{
    SG_TRY(judge_side(judgement, &state->subscription, SIDE_LOW, &state->low, raised));
    return judge_side(judgement, &state->subscription, SIDE_HIGH, &state->high, raised);
}

// CLEARED before ENTERED, then by subscription id, then LOW before HIGH.
static int compare_raised(const void *left_item, const void *right_item)
{
    const struct raised *left = *(struct raised *const *)left_item;
    const struct raised *right = *(struct raised *const *)right_item;
    bool left_entered = left->decision.verdict == ALERT_VERDICT_ENTERED;
    bool right_entered = right->decision.verdict == ALERT_VERDICT_ENTERED;
    if (left_entered != right_entered) {
        return left_entered ? 1 : -1;
    }
    int order =
        bytes_compare(left->subscription.subscription_id, right->subscription.subscription_id);
    return order != 0 ? order : (left->side > right->side) - (left->side < right->side);
}

// Parts, each with a unit separator behind it. Printing it took as long as hashing it.
struct id_text {
    size_t size;
    char data[ID_TEXT_MAX];
};

static void add_text(struct id_text *text, struct bytes part)
{
    assert(text->size + part.size < sizeof text->data);
    memcpy(text->data + text->size, part.data, part.size);
    text->size += part.size;
    text->data[text->size++] = '\x1F';
}

static void add_number(struct id_text *text, int64_t number)
{
    char digits[NUMBER_CHARS_MAX];
    char *end = digits + sizeof digits;
    char *at = end;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0) {
        *--at = '-';
    }
    add_text(text, bytes_of(at, (size_t)(end - at)));
}

// The text whose hash is the alert's id: see docs/alert-rules.md.
static void alert_id(const struct judgement *judgement, const struct raised *raised,
                     char ret_id[static HASH_IDENTITY_CHARS + 1])
{
    const struct event *event = judgement->event;
    const struct subscription *subscription = &raised->subscription;
    struct id_text text = {.size = 0};
    add_text(&text, subscription->subscription_id);
    add_number(&text, subscription->version);
    add_text(&text, bytes_of_text(topic_info(event->topic)->name));
    add_number(&text, event->partition);
    add_number(&text, event->offset);
    add_text(&text, bytes_of_text(raised->side == SIDE_LOW ? "LOW" : "HIGH"));
    bool entered = raised->decision.verdict == ALERT_VERDICT_ENTERED;
    add_text(&text, bytes_of_text(entered ? "ENTERED" : "CLEARED"));
    hash_identity(bytes_of(text.data, text.size - 1), ret_id);
}

static sg_result emit_alert(const struct judgement *judgement, const struct raised *raised)
{
    const struct subscription *subscription = &raised->subscription;
    const struct event *event = judgement->event;
    bool entered = raised->decision.verdict == ALERT_VERDICT_ENTERED;
    bool quiet = raised->decision.quiet != ALERT_QUIET_TOLD;
    char id[HASH_IDENTITY_CHARS + 1];
    alert_id(judgement, raised, id);
    struct alert alert = {
        .alert_id = bytes_of_text(id),
        .subscription_id = subscription->subscription_id,
        .subscription_version = subscription->version,
        .user_id = subscription->user_id,
        .instrument = subscription->instrument,
        .side = raised->side,
        .edge = entered ? EDGE_ENTERED : EDGE_CLEARED,
        .initial = raised->decision.initial,
        .threshold = raised->threshold,
        .value = judgement->value,
        .has_previous_value = judgement->has_previous,
        .previous_value = judgement->previous,
        .event_time = judgement->event_time,
        .cause = {.topic = bytes_of_text(topic_info(event->topic)->name),
                  .partition = event->partition,
                  .offset = event->offset},
        .has_suppressed = quiet,
        .suppressed = bytes_of_text(alert_rules_quiet_name(raised->decision.quiet)),
        .has_label = subscription->has_label,
        .label = subscription->label,
        .notify = !quiet && (entered || subscription->notify_cleared),
    };
    metric_add(METRIC_ALERTS, alert.edge, 0, 1);
    if (quiet) {
        metric_add(METRIC_ALERTS_SUPPRESSED, raised->decision.quiet, 0, 1);
    }
    return process_emit(judgement->process, TOPIC_ALERTS, subscription->user_id, &alert);
}

static sg_result emit_all(const struct judgement *judgement, struct raised_list *raised)
{
    if (raised->count > 1) {
        qsort(raised->list, raised->count, sizeof *raised->list, compare_raised);
    }
    for (size_t i = 0; i < raised->count; i++) {
        SG_TRY(emit_alert(judgement, raised->list[i]));
    }
    return sg_ok();
}

static int compare_hits(const void *left, const void *right)
{
    return bytes_compare(((const struct trigger_hit *)left)->subscription_id,
                         ((const struct trigger_hit *)right)->subscription_id);
}

static sg_result judge_hit(const struct judgement *judgement, struct bytes subscription_id,
                           struct raised_list *raised)
{
    struct store *store = stores_get(judgement->process->stores, ALERTS_SUBSCRIPTIONS);
    struct state_key key;
    struct bytes name = state_key(judgement->event->key, subscription_id, &key);
    struct subscription_state state;
    bool found = false;
    SG_TRY(store_read(store, name, judgement->process->arena, &state, &found));
    if (!found) {
        return sg_fail(SG_FATAL, 0,
                       "the threshold index of %.*s names a subscription that is not stored",
                       (int)judgement->event->key.size, (const char *)judgement->event->key.data);
    }
    struct subscription_state before = state; // Its text is the same, and stays.
    SG_TRY(judge_both(judgement, &state, raised));
    return store_replace(store, name, &before, &state);
}

// Judges every subscription that the quote reaches, each once.
static sg_result judge_reached(const struct judgement *judgement, const struct alerts_band *band)
{
    struct store *store = stores_get(judgement->process->stores, ALERTS_SUBSCRIPTIONS);
    struct trigger_hits hits = {.arena = judgement->process->arena};
    struct trigger_point point = {judgement->value, judgement->event_time, band};
    SG_TRY(trigger_index_hits(store_index(store), judgement->event->key, &point, &hits));
    if (hits.count > 1) {
        qsort(hits.list, hits.count, sizeof *hits.list, compare_hits);
    }
    struct raised_list raised = {0};
    for (size_t i = 0; i < hits.count; i++) {
        if (i > 0 && compare_hits(&hits.list[i - 1], &hits.list[i]) == 0) {
            continue;
        }
        SG_TRY(judge_hit(judgement, hits.list[i].subscription_id, &raised));
    }
    return emit_all(judgement, &raised);
}

static bool is_quiet(const struct alerts_band *band, const struct quote *quote)
{
    return band->known && quote->value > band->below && quote->value < band->above &&
           quote->event_time < band->due_ms;
}

static sg_result take_quote(const struct process *process, const struct event *event)
{
    const struct quote *quote = event->record;
    SG_TRY(check_quote(quote, event->timestamp_ms));
    struct store *instruments = stores_get(process->stores, ALERTS_INSTRUMENTS);
    struct store_slot slot;
    SG_TRY(store_hold(instruments, event->key, &slot));
    struct instrument_state *state = slot.record;
    struct alerts_band *band = slot.scratch;
    if (slot.found && quote->event_time < state->last_event_time) {
        state->late_count++;
        store_touch(instruments, &slot);
        metric_add(METRIC_QUOTES_LATE, 0, 0, 1);
        return sg_ok();
    }
    if (!is_quiet(band, quote)) {
        struct judgement judgement = {.process = process,
                                      .event = event,
                                      .value = quote->value,
                                      .event_time = quote->event_time,
                                      .has_previous = slot.found,
                                      .previous = state->last_value};
        SG_TRY(judge_reached(&judgement, band));
        struct store *subscriptions = stores_get(process->stores, ALERTS_SUBSCRIPTIONS);
        SG_TRY(trigger_index_band(store_index(subscriptions), event->key, band));
    }
    state->last_value = quote->value;
    state->last_event_time = quote->event_time;
    state->quote_count++;
    store_touch(instruments, &slot);
    return sg_ok();
}

static void change_side(const struct subscription_state *before, bool had, enum side side,
                        struct subscription_state *after)
{
    struct alert_rule old_rule;
    struct alert_rule new_rule;
    bool *has = side == SIDE_LOW ? &after->has_low : &after->has_high;
    struct side_state *state = side == SIDE_LOW ? &after->low : &after->high;
    *has = alert_rules_side(&after->subscription, side, &new_rule);
    if (!*has) {
        return;
    }
    bool was = had && alert_rules_side(&before->subscription, side, &old_rule);
    if (was) {
        *state = side == SIDE_LOW ? before->low : before->high;
    }
    alert_rules_change(was ? &old_rule : NULL, &new_rule, state);
}

static sg_result refuse_stale(const struct subscription *subscription,
                              const struct subscription_state *before)
{
    if (subscription->version >= before->subscription.version) {
        return sg_ok();
    }
    return sg_fail(SG_DROP, 0,
                   "version: %" PRId64 " is older than %" PRId64
                   ", the version already taken; send the change with a greater one",
                   subscription->version, before->subscription.version);
}

// Judges a changed subscription on the instrument's last quote, if there is one.
static sg_result judge_change(const struct process *process, const struct event *event,
                              struct subscription_state *state, struct raised_list *raised,
                              struct judgement *ret_judgement)
{
    struct store_slot slot;
    SG_TRY(store_hold(stores_get(process->stores, ALERTS_INSTRUMENTS), event->key, &slot));
    struct alerts_band *band = slot.scratch;
    band->known = false;
    const struct instrument_state *last = slot.record;
    *ret_judgement = (struct judgement){.process = process, .event = event};
    if (!slot.found) {
        return sg_ok();
    }
    ret_judgement->value = last->last_value;
    ret_judgement->event_time = last->last_event_time;
    return judge_both(ret_judgement, state, raised);
}

static sg_result take_subscription(const struct process *process, const struct event *event)
{
    const struct subscription *subscription = event->record;
    SG_TRY(check_subscription(subscription));
    struct store *store = stores_get(process->stores, ALERTS_SUBSCRIPTIONS);
    struct state_key key;
    struct bytes name = state_key(event->key, subscription->subscription_id, &key);
    struct subscription_state before;
    bool found = false;
    SG_TRY(store_read(store, name, process->arena, &before, &found));
    if (found) {
        SG_TRY(refuse_stale(subscription, &before));
    }
    struct subscription_state after = {.subscription = *subscription};
    change_side(&before, found, SIDE_LOW, &after);
    change_side(&before, found, SIDE_HIGH, &after);
    struct raised_list raised = {0};
    struct judgement judgement;
    SG_TRY(judge_change(process, event, &after, &raised, &judgement));
    SG_TRY(store_write(store, name, &after));
    return emit_all(&judgement, &raised);
}

sg_result alerts_take(const struct process *process, const struct event *event)
{
    return event->topic == TOPIC_QUOTES ? take_quote(process, event)
                                        : take_subscription(process, event);
}

sg_result alerts_reindex(struct index *index, struct bytes key, const void *before,
                         const void *after)
{
    const uint8_t *zero = memchr(key.data, 0, key.size);
    if (zero == NULL) {
        return sg_fail(SG_FATAL, 0, "a stored subscription has a key without an instrument");
    }
    struct bytes instrument = bytes_of(key.data, (size_t)(zero - key.data));
    return trigger_index_change(index, instrument, before, after);
}
