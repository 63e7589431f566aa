// auth_tool COMMAND ...: what the Python tests drive to try secrets, tokens and hashes from
// outside. One answer a line of standard input; what is refused is a line that begins with "! ".
//   token SECRETS NOW_S      user ids to tokens
//   session SECRETS NOW_S    tokens to "user issued expires logged-in"
//   hash BYTES PASSES        passwords, in hexadecimal digits, to hashes
//   verify                   "password hash", the password in hexadecimal digits, to yes or no
//   user SECRETS             e-mail addresses to user ids
//   webhook SECRETS          "user url" to secrets
//   fingerprint SECRETS      "method path body" to fingerprints
#include "core/identity/user_id.h"
#include "core/secrets/webhook_secret.h"
#include "query/auth/password.h"
#include "query/auth/session_token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { USAGE = 2, MS = 1000, WORDS = 3 };

struct tool {
    struct secrets *secrets;
    struct auth_settings settings;
    int64_t now_s;
    struct password_cost cost;
};

typedef sg_result answer_fn(const struct tool *tool, struct bytes words[static WORDS]);

static sg_result make_token(const struct tool *tool, struct bytes words[static WORDS])
{
    const struct session_desk desk = {tool->secrets, &tool->settings};
    struct session_token token;
    SG_TRY(session_token_make(&desk, words[0], tool->now_s * MS, &token));
    puts(token.text);
    return sg_ok();
}

static sg_result read_token(const struct tool *tool, struct bytes words[static WORDS])
{
    const struct session_desk desk = {tool->secrets, &tool->settings};
    struct session session;
    SG_TRY(session_token_read(&desk, words[0], tool->now_s * MS, &session));
    printf("%s %lld %lld %lld\n", session.user_id, (long long)session.issued_s,
           (long long)session.expires_s, (long long)session.logged_in_s);
    return sg_ok();
}

// Bytes for hexadecimal digits, in place.
static struct bytes from_hex(struct bytes digits, uint8_t ret_bytes[static PASSWORD_BYTES_MAX])
{
    size_t size = 0;
    for (; 2 * size + 1 < digits.size && size < PASSWORD_BYTES_MAX; size++) {
        const char pair[] = {(char)digits.data[2 * size], (char)digits.data[2 * size + 1], '\0'};
        ret_bytes[size] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return bytes_of(ret_bytes, size);
}

static sg_result make_hash(const struct tool *tool, struct bytes words[static WORDS])
{
    uint8_t bytes[PASSWORD_BYTES_MAX];
    char hash[PASSWORD_HASH_MAX];
    SG_TRY(password_hash(from_hex(words[0], bytes), &tool->cost, hash));
    puts(hash);
    return sg_ok();
}

static sg_result verify(const struct tool *tool, struct bytes words[static WORDS])
{
    (void)tool;
    uint8_t bytes[PASSWORD_BYTES_MAX];
    puts(password_verify(from_hex(words[0], bytes), words[1]) ? "yes" : "no");
    return sg_ok();
}

static sg_result make_user(const struct tool *tool, struct bytes words[static WORDS])
{
    char id[USER_ID_CHARS + 1];
    SG_TRY(user_id_make(tool->secrets, words[0], id));
    puts(id);
    return sg_ok();
}

static sg_result make_webhook(const struct tool *tool, struct bytes words[static WORDS])
{
    char text[WEBHOOK_SECRET_CHARS + 1];
    webhook_secret_print(tool->secrets, words[0], words[1], text);
    puts(text);
    return sg_ok();
}

static sg_result make_fingerprint(const struct tool *tool, struct bytes words[static WORDS])
{
    char text[USER_ID_FINGERPRINT_CHARS + 1];
    user_id_fingerprint(tool->secrets, words[0], words[1], words[2], text);
    puts(text);
    return sg_ok();
}

static const struct {
    const char *name;
    answer_fn *answer;
    bool has_secrets;
} commands[] = {
    {"token", make_token, true},
    {"session", read_token, true},
    {"hash", make_hash, false},
    {"verify", verify, false},
    {"user", make_user, true},
    {"webhook", make_webhook, true},
    {"fingerprint", make_fingerprint, true},
};

// Cuts a line at its first blanks.
static void split(char *line, struct bytes words[static WORDS])
{
    line[strcspn(line, "\n")] = '\0';
    char *rest = line;
    for (size_t i = 0; i < WORDS; i++) {
        size_t size = i + 1 < WORDS ? strcspn(rest, " ") : strlen(rest);
        words[i] = bytes_of(rest, size);
        rest += size + (rest[size] == ' ' ? 1 : 0);
    }
}

static int answer_lines(const struct tool *tool, answer_fn *answer)
{
    char *line = NULL;
    size_t capacity = 0;
    while (getline(&line, &capacity, stdin) > 0) {
        struct bytes words[WORDS];
        split(line, words);
        if (!sg_is_ok(answer(tool, words))) {
            printf("! %s\n", sg_reason());
        }
    }
    free(line);
    return 0;
}

static int run(size_t command, char **arguments)
{
    struct tool tool = {.settings = {.token_life_ms = 900 * MS, .session_life_ms = 43200 * MS}};
    const char *first = arguments[0] == NULL ? "" : arguments[0];
    const char *second = first[0] == '\0' || arguments[1] == NULL ? "0" : arguments[1];
    tool.now_s = strtoll(second, NULL, 10);
    tool.cost = (struct password_cost){strtoul(first, NULL, 10), strtoul(second, NULL, 10)};
    if (commands[command].has_secrets && !sg_is_ok(secrets_open(first, &tool.secrets))) {
        fprintf(stderr, "%s\n", sg_reason());
        return 1;
    }
    int status = answer_lines(&tool, commands[command].answer);
    secrets_close(&tool.secrets);
    return status;
}

int main(int count, char **arguments)
{
    for (size_t i = 0; count > 1 && i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(arguments[1], commands[i].name) == 0) {
            return run(i, arguments + 2);
        }
    }
    fprintf(stderr, "usage: auth_tool COMMAND ...\n");
    return USAGE;
}
