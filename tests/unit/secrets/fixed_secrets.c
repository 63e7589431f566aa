// Through the reader of the file's lines.
#include "fixed_secrets.h"

#include "core/secrets/secrets_lines.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct secrets *fixed_secrets(const char *text)
{
    struct secrets *secrets = sodium_init() < 0 ? NULL : sodium_malloc(sizeof *secrets);
    if (secrets == NULL) {
        abort();
    }
    memset(secrets, 0, sizeof *secrets);
    if (!sg_is_ok(secrets_lines_read(bytes_of_text(text), "fixed", secrets))) {
        fprintf(stderr, "%s\n", sg_reason());
        abort();
    }
    return secrets;
}
