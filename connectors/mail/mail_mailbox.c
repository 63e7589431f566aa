// Takes a display name off the address behind it.
#include "connectors/mail/mail_mailbox.h"
#include "core/utf8.h"

#include <string.h>

static struct bytes without_blanks(struct bytes text)
{
    while (text.size > 0 && text.data[0] == ' ') {
        text = bytes_of(text.data + 1, text.size - 1);
    }
    while (text.size > 0 && text.data[text.size - 1] == ' ') {
        text.size--;
    }
    return text;
}

// Copies a display name without its quotes and their escapes.
static sg_result read_name(struct bytes text, char *ret_name, size_t capacity)
{
    bool quoted = text.size >= 2 && text.data[0] == '"' && text.data[text.size - 1] == '"';
    if (quoted) {
        text = bytes_of(text.data + 1, text.size - 2);
    }
    if (text.size >= capacity) {
        return sg_fail(SG_DROP, 0, "display name: longer than %zu bytes", capacity - 1);
    }
    size_t used = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (quoted && text.data[i] == '\\' && i + 1 < text.size) {
            i++;
        }
        ret_name[used++] = (char)text.data[i];
    }
    ret_name[used] = '\0';
    return sg_ok();
}

sg_result mail_mailbox_read(const char *text, struct mail_mailbox *ret_mailbox)
{
    struct mail_mailbox mailbox = {.name = ""};
    struct bytes whole = without_blanks(bytes_of_text(text));
    if (!utf8_is_printable(whole)) {
        return sg_fail(SG_DROP, 0, "address: holds control characters or bytes that are not UTF-8");
    }
    struct bytes address = whole;
    const uint8_t *open = whole.size == 0 ? NULL : memrchr(whole.data, '<', whole.size);
    if (open != NULL && whole.data[whole.size - 1] == '>') {
        size_t before = (size_t)(open - whole.data);
        address = bytes_of(open + 1, whole.size - before - 2);
        SG_TRY(read_name(without_blanks(bytes_of(whole.data, before)), mailbox.name,
                         sizeof mailbox.name));
    }
    SG_TRY(mail_address_check(address));
    memcpy(mailbox.address, address.data, address.size);
    *ret_mailbox = mailbox;
    return sg_ok();
}
