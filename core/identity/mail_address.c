// The grammar is the "dot-string" of RFC 5321, 4.1.2. What it leaves out is refused with a reason,
// since a mail to it would be refused by most servers anyway, later and with less to go by.
#include "core/identity/mail_address.h"
#include "core/utf8.h"

#include <string.h>

static bool is_alphanumeric(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z');
}

// atext of RFC 5322, 3.2.3.
static bool is_atom(uint8_t byte)
{
    return is_alphanumeric(byte) || (byte != 0 && strchr("!#$%&'*+-/=?^_`{|}~", byte) != NULL);
}

bool mail_address_is_ascii(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] >= 0x80) {
            return false;
        }
    }
    return true;
}

// Atoms with single dots between them.
static bool is_dot_string(struct bytes text)
{
    bool after_atom = false;
    for (size_t i = 0; i < text.size; i++) {
        bool dot = text.data[i] == '.';
        if (dot ? !after_atom : !is_atom(text.data[i])) {
            return false;
        }
        after_atom = !dot;
    }
    return after_atom;
}

static bool is_label(struct bytes label)
{
    if (label.size == 0 || label.size > 63 || label.data[0] == '-' ||
        label.data[label.size - 1] == '-') {
        return false;
    }
    for (size_t i = 0; i < label.size; i++) {
        if (!is_alphanumeric(label.data[i]) && label.data[i] != '-') {
            return false;
        }
    }
    return true;
}

bool mail_address_is_host(struct bytes name)
{
    if (name.size == 0 || name.size > MAIL_DOMAIN_MAX) {
        return false;
    }
    size_t begin = 0;
    for (size_t i = 0; i <= name.size; i++) {
        if (i < name.size && name.data[i] != '.') {
            continue;
        }
        if (!is_label(bytes_of(name.data + begin, i - begin))) {
            return false;
        }
        begin = i + 1;
    }
    return true;
}

struct bytes mail_address_domain(struct bytes address)
{
    const uint8_t *at = address.size == 0 ? NULL : memrchr(address.data, '@', address.size);
    if (at == NULL) {
        return bytes_of(NULL, 0);
    }
    return bytes_of(at + 1, (size_t)(address.data + address.size - at - 1));
}

static sg_result refuse_beyond_ascii(struct bytes local)
{
    if (!mail_address_is_ascii(local)) {
        return sg_fail(SG_DROP, 0,
                       "address: the part before the @ is not ASCII; such mailboxes need SMTPUTF8, "
                       "which is not supported");
    }
    return sg_fail(SG_DROP, 0,
                   "address: the domain is not ASCII; write it in its xn-- form (punycode)");
}

sg_result mail_address_check(struct bytes address)
{
    if (address.size == 0 || address.size > MAIL_ADDRESS_MAX) {
        return sg_fail(SG_DROP, 0, "address: %zu bytes long, must be 3 to %d", address.size,
                       MAIL_ADDRESS_MAX);
    }
    if (!utf8_is_printable(address)) {
        return sg_fail(SG_DROP, 0, "address: holds control characters or bytes that are not UTF-8");
    }
    struct bytes domain = mail_address_domain(address);
    if (domain.data == NULL) {
        return sg_fail(SG_DROP, 0, "address: has no @");
    }
    struct bytes local = bytes_of(address.data, address.size - domain.size - 1);
    if (!mail_address_is_ascii(address)) {
        return refuse_beyond_ascii(local);
    }
    if (local.size > MAIL_LOCAL_MAX || !is_dot_string(local)) {
        return sg_fail(SG_DROP, 0, "address: malformed before the @");
    }
    if (!mail_address_is_host(domain)) {
        return sg_fail(SG_DROP, 0, "address: malformed behind the @");
    }
    return sg_ok();
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

sg_result mail_address_normalise(struct bytes text, char ret_address[static MAIL_ADDRESS_MAX + 1])
{
    while (text.size > 0 && is_blank(text.data[0])) {
        text = bytes_of(text.data + 1, text.size - 1);
    }
    while (text.size > 0 && is_blank(text.data[text.size - 1])) {
        text.size--;
    }
    SG_TRY(mail_address_check(text));
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        ret_address[i] = (char)(byte >= 'A' && byte <= 'Z' ? byte - 'A' + 'a' : byte);
    }
    ret_address[text.size] = '\0';
    return sg_ok();
}
