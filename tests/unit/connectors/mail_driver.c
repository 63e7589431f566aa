// The mail sink as a program, for tests/integration/test_mail_sender.py: settings from the
// environment, one command a line on standard input, one answer or outcome a line on standard
// output. "mail_driver FOLDER" sends, "mail_driver check" checks, "mail_driver build" prints mails.
#include "connectors/mail/mail_check.h"
#include "connectors/mail/mail_sender.h"
#include "connectors/mail/mail_compose.h"
#include "connectors/mail/mail_queue.h"
#include "connectors/mail/mime_message.h"
#include "core/settings/settings.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 1024 * 1024 };

static struct mail_settings mail;

static struct bytes text_of(const json_t *command, const char *name)
{
    const json_t *value = json_object_get(command, name);
    return bytes_of(json_string_value(value), json_string_length(value));
}

static int32_t number_of(const json_t *command, const char *name)
{
    return (int32_t)json_integer_value(json_object_get(command, name));
}

static struct notification notification_of(const json_t *command)
{
    return (struct notification){
        .notification_id = text_of(command, "id"),
        .user_id = text_of(command, "user"),
        .channel = CHANNEL_KIND_EMAIL,
        .address = text_of(command, "address"),
        .subject = text_of(command, "subject"),
        .body_text = text_of(command, "text"),
        .has_body_html = json_is_string(json_object_get(command, "html")),
        .body_html = text_of(command, "html"),
        .created_at = json_integer_value(json_object_get(command, "created_at")),
        .has_subscription_id = json_is_string(json_object_get(command, "subscription")),
        .subscription_id = text_of(command, "subscription"),
    };
}

// Prints and frees `answer`.
static void say(json_t *answer)
{
    json_dumpf(answer, stdout, JSON_COMPACT);
    putchar('\n');
    fflush(stdout);
    json_decref(answer);
}

static void say_outcomes(struct mail_sender *sender)
{
    struct mail_outcome got;
    while (mail_sender_take(sender, &got)) {
        say(json_pack("{s:s%,s:s%,s:i,s:i,s:s,s:b,s:i,s:s%,s:I,s:I}", "id",
                      got.notification_id.data, got.notification_id.size, "user", got.user_id.data,
                      got.user_id.size, "partition", got.partition, "attempt", got.attempt,
                      "outcome", outcome_name(got.outcome), "ambiguous", (int)got.ambiguous, "code",
                      got.code, "reply", got.reply.data, got.reply.size, "at", (json_int_t)got.at,
                      "duration_us", (json_int_t)got.duration_us));
    }
}

static void obey(struct mail_sender *sender, const json_t *command)
{
    struct bytes verb = text_of(command, "do");
    if (bytes_is_text(verb, "offer")) {
        const struct notification notification = notification_of(command);
        bool taken = mail_sender_offer(sender, number_of(command, "partition"),
                                       number_of(command, "attempt"), &notification);
        say(json_pack("{s:b}", "offered", (int)taken));
    } else if (bytes_is_text(verb, "settle")) {
        mail_sender_settle(sender, text_of(command, "id"), number_of(command, "attempt"));
        say(json_pack("{s:b}", "settled", 1));
    } else if (bytes_is_text(verb, "forget")) {
        mail_sender_forget(sender, number_of(command, "partition"));
        say(json_pack("{s:b}", "forgot", 1));
    }
}

// Who the link is for can be read from it, so that a test sees that it is the right one.
static sg_result write_token(void *context, struct bytes user_id, struct bytes subscription_id,
                             struct buffer *ret_token)
{
    (void)context;
    SG_TRY(buffer_append(ret_token, user_id));
    SG_TRY(buffer_append_byte(ret_token, '.'));
    return buffer_append(ret_token, subscription_id);
}

static void wake(void *context)
{
    const uint64_t one = 1;
    if (write(*(const int *)context, &one, sizeof one) != sizeof one) {
        perror("mail_driver: eventfd");
    }
}

// One command line; false at the end of the input.
static bool read_command(struct mail_sender *sender)
{
    static char line[LINE_MAX_BYTES];
    if (fgets(line, sizeof line, stdin) == NULL) {
        return false;
    }
    json_t *command = json_loads(line, JSON_ALLOW_NUL, NULL);
    obey(sender, command);
    json_decref(command);
    return true;
}

static void run(struct mail_sender *sender, int event)
{
    struct pollfd files[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                             {.fd = event, .events = POLLIN}};
    for (;;) {
        if (poll(files, 2, -1) < 0 && errno != EINTR) {
            return;
        }
        uint64_t count = 0;
        if ((files[1].revents & POLLIN) != 0 && read(event, &count, sizeof count) > 0) {
            say_outcomes(sender);
        }
        if (files[0].revents != 0 && !read_command(sender)) {
            return;
        }
    }
}

static sg_result drive(const char *folder)
{
    int event = eventfd(0, EFD_CLOEXEC);
    SG_CLEANUP(mail_sender_close) struct mail_sender *sender = NULL;
    const struct mail_config config = {.settings = &mail,
                                       .folder = folder,
                                       .wake = wake,
                                       .wake_context = &event,
                                       .token = write_token};
    SG_TRY(mail_sender_open(&config, &sender));
    say(json_pack("{s:b}", "ready", 1));
    run(sender, event);
    return sg_ok();
}

static sg_result check(void)
{
    SG_CLEANUP(buffer_done) struct buffer line;
    buffer_init(&line, 1024);
    SG_TRY(mail_check(&mail, &line));
    printf("%.*s\n", (int)line.size, (const char *)line.data);
    return sg_ok();
}

static sg_result print_mail(const json_t *command)
{
    SG_CLEANUP(buffer_done) struct buffer out;
    buffer_init(&out, MIME_MESSAGE_MAX);
    struct mail_composer composer = {.settings = &mail, .token = write_token};
    SG_TRY(mail_mailbox_read(mail.from, &composer.from));
    const struct notification notification = notification_of(command);
    SG_CLEANUP(mail_queue_free_job) struct mail_job *job = mail_queue_new_job(0, 1, &notification);
    SG_TRY(mail_compose(&composer, job, &out));
    say(json_pack("{s:s%}", "mail", out.data, out.size));
    return sg_ok();
}

static sg_result build(void)
{
    static char line[LINE_MAX_BYTES];
    while (fgets(line, sizeof line, stdin) != NULL) {
        json_t *command = json_loads(line, JSON_ALLOW_NUL, NULL);
        if (!sg_is_ok(print_mail(command))) {
            say(json_pack("{s:s}", "refused", sg_reason()));
        }
        json_decref(command);
    }
    return sg_ok();
}

static sg_result load(char *const *environment, struct settings **ret_settings)
{
    static struct option_table table = {.title = "Mail", .options = mail_options, .target = &mail};
    table.count = mail_options_count;
    const struct settings_source source = {.environment = environment, .file = "/dev/null"};
    return settings_load(&table, 1, &source, ret_settings);
}

int main(int argc, char **argv, char **environment)
{
    if (argc != 2) {
        return 2;
    }
    // Commands come one by one: what is read ahead would not be seen by poll().
    setvbuf(stdin, NULL, _IONBF, 0);
    SG_CLEANUP(settings_free) struct settings *settings = NULL;
    sg_result result = load(environment, &settings);
    if (sg_is_ok(result)) {
        bool checks = strcmp(argv[1], "check") == 0;
        bool builds = strcmp(argv[1], "build") == 0;
        result = checks ? check() : builds ? build() : drive(argv[1]);
    }
    if (!sg_is_ok(result)) {
        fprintf(stderr, "%s: %s\n", sg_class_name(result.class), sg_reason());
        return 1;
    }
    return 0;
}
