// Member by member, in the order in which docs/webhooks.md explains them.
#include "connectors/webhook/webhook_body.h"
#include "core/json_string.h"
#include "core/service/clock.h"
#include "core/utf8.h"

static sg_result print_text(struct buffer *out, const char *before, struct bytes text)
{
    if (!utf8_is_valid(text)) {
        return sg_fail(SG_DROP, 0, "the notification holds text that is not UTF-8");
    }
    SG_TRY(buffer_append(out, bytes_of_text(before)));
    return json_string_write(text, out);
}

static sg_result print_alerts(const struct webhook_job *job, struct buffer *out)
{
    SG_TRY(buffer_append(out, bytes_of_text(",\"alert_ids\":[")));
    for (size_t i = 0; i < job->alert_count; i++) {
        SG_TRY(print_text(out, i == 0 ? "" : ",", job->alert_ids[i]));
    }
    return buffer_append(out, bytes_of_text("]"));
}

sg_result webhook_body_print(const struct webhook_job *job, struct buffer *out)
{
    char timestamp[CLOCK_TEXT_MAX];
    clock_print(job->created_at, timestamp);
    SG_TRY(buffer_print(out, "{\"type\":\"alert\",\"timestamp\":\"%s\",\"data\":{", timestamp));
    SG_TRY(print_text(out, "\"notification_id\":", job->notification_id));
    SG_TRY(print_text(out, ",\"user_id\":", job->user_id));
    if (job->subscription_id.size > 0) {
        SG_TRY(print_text(out, ",\"subscription_id\":", job->subscription_id));
    }
    SG_TRY(print_alerts(job, out));
    SG_TRY(print_text(out, ",\"channel\":{\"kind\":\"WEBHOOK\",\"address\":", job->url));
    SG_TRY(print_text(out, "},\"subject\":", job->subject));
    SG_TRY(print_text(out, ",\"text\":", job->text));
    return buffer_append(out, bytes_of_text("}}"));
}
