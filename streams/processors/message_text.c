// What happened first, then the facts one a line, then the small print.
#include "streams/processors/message_text.h"

static sg_result print_row(struct buffer *out, const char *name, const char *value)
{
    return value[0] == '\0' ? sg_ok() : buffer_print(out, "  %-10s %s\n", name, value);
}

static sg_result print_first_line(const struct alert_words *words, struct buffer *out)
{
    if (words->recipient[0] != '\0') {
        SG_TRY(buffer_print(out, "Hello %s,\n\n", words->recipient));
    }
    if (words->previous[0] == '\0') {
        return buffer_print(out, "%s: it is at %s.\n\n", words->headline, words->value);
    }
    return buffer_print(out, "%s: it went from %s to %s.\n\n", words->headline, words->previous,
                        words->value);
}

static sg_result print_facts(const struct alert_words *words, struct buffer *out)
{
    SG_TRY(buffer_print(out, "  %-10s %s (%s)\n", "Threshold", words->threshold, words->side));
    SG_TRY(print_row(out, "Label", words->label));
    SG_TRY(print_row(out, "Time", words->here));
    return print_row(out, "", words->utc);
}

static sg_result print_named(struct buffer *out, const char *name, struct bytes text)
{
    SG_TRY(buffer_print(out, "\n%-12s ", name));
    return buffer_append(out, text);
}

sg_result message_text_print(const struct alert_words *words, const struct alert *alert,
                             struct buffer *out)
{
    SG_TRY(print_first_line(words, out));
    SG_TRY(print_facts(words, out));
    // The two dashes and the space are where mail readers see the message end.
    SG_TRY(buffer_print(out, "\n%s\n\n-- ", words->reason));
    SG_TRY(print_named(out, "Instrument", alert->instrument));
    SG_TRY(print_named(out, "Subscription", alert->subscription_id));
    SG_TRY(buffer_print(out, ", version %lld", (long long)alert->subscription_version));
    SG_TRY(print_named(out, "Alert", alert->alert_id));
    SG_TRY(print_named(out, "Decided by", alert->cause.topic));
    return buffer_print(out, ", partition %d, offset %lld\n", alert->cause.partition,
                        (long long)alert->cause.offset);
}
