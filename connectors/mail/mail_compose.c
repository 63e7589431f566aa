// Nothing here is random or looks at a clock: a repeated attempt is the same mail, as far as its
// token is.
#include "connectors/mail/mail_compose.h"
#include "connectors/mail/mail_queue.h"
#include "connectors/mail/mime_link.h"
#include "connectors/mail/mime_message.h"
#include "core/identity/mail_address.h"

#include <string.h>

// The address under which the person changes the alert; stays empty when there is none.
static sg_result print_link(const struct mail_composer *composer, const struct mail_job *job,
                            struct buffer *link)
{
    const char *base = composer->settings->link_base;
    if (base[0] == '\0' || composer->token == NULL || job->subscription_id.size == 0) {
        return sg_ok();
    }
    bool ended = base[strlen(base) - 1] == '/';
    SG_TRY(buffer_print(link, "%s%su/", base, ended ? "" : "/"));
    sg_result made =
        composer->token(composer->token_context, job->user_id, job->subscription_id, link);
    if (made.class == SG_DROP) {
        buffer_clear(link);
        return sg_ok();
    }
    return made;
}

sg_result mail_compose(const struct mail_composer *composer, const struct mail_job *job,
                       struct buffer *out)
{
    const char *domain = composer->settings->domain;
    SG_CLEANUP(buffer_done) struct buffer link;
    buffer_init(&link, MIME_LINK_MAX);
    SG_TRY(print_link(composer, job, &link));
    const struct mime_parts parts = {
        .from = &composer->from,
        .domain = domain[0] != '\0' ? bytes_of_text(domain)
                                    : mail_address_domain(bytes_of_text(composer->from.address)),
        .id = job->notification_id,
        .to = job->address,
        .subject = job->subject,
        .text = job->text,
        .html = job->html,
        .has_html = job->has_html,
        .created_at = job->created_at,
        .thread = job->subscription_id,
        .link = buffer_bytes(&link),
    };
    return mime_message_build(&parts, out);
}
