// The sender from its caller's side, where no server is needed: outcomes come back, queues are
// bounded, threads end. With servers: tests/integration/test_mail_sender.py.
#include "connectors/mail/mail_sender.h"
#include "core/service/clock.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAIT_MS = 10000, CLOSE_LIMIT_US = 4000000 };

// A tmpfs obeys the limit on the size of files also when room is reserved.
static const char pattern[] = "/dev/shm/soglia-sender-XXXXXX";
static char folder[sizeof pattern];
static char url[64];
static int server; // Bound; refuses connections until it listens, and then accepts none.
static int event;
static struct mail_settings settings;
static struct mail_config config;
static struct mail_sender *sender;

static void wake(void *context)
{
    (void)context;
    const uint64_t one = 1;
    if (write(event, &one, sizeof one) != sizeof one) {
        abort();
    }
}

static void bind_server(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(server, (struct sockaddr *)&address, &size), 0);
    snprintf(url, sizeof url, "smtp://127.0.0.1:%d", ntohs(address.sin_port));
}

static int make(void **state)
{
    (void)state;
    for (size_t i = 0; i < mail_options_count; i++) {
        if (!sg_is_ok(option_read(&mail_options[i], mail_options[i].fallback, &settings))) {
            return -1;
        }
    }
    memcpy(folder, pattern, sizeof folder);
    event = eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE);
    bind_server();
    settings.url = url;
    settings.connections = 2;
    return event < 0 || mkdtemp(folder) == NULL ? -1 : 0;
}

static int drop(void **state)
{
    (void)state;
    static const char *const names[] = {"outcomes.log", "outcomes.lock"};
    mail_sender_close(&sender);
    for (size_t i = 0; i < 2; i++) {
        char path[64];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    close(server);
    close(event);
    return rmdir(folder);
}

static void open_sender(void)
{
    config = (struct mail_config){.settings = &settings, .folder = folder, .wake = wake};
    if (!sg_is_ok(mail_sender_open(&config, &sender))) {
        fail_msg("%s", sg_reason());
    }
}

static bool offer(const char *id, const char *address, int32_t partition)
{
    const struct notification notification = {
        .notification_id = bytes_of_text(id),
        .user_id = bytes_of_text("u-1"),
        .address = bytes_of_text(address),
        .subject = bytes_of_text("subject"),
        .body_text = bytes_of_text("text"),
        .created_at = 1795255200000,
    };
    return mail_sender_offer(sender, partition, 1, &notification);
}

static struct mail_outcome take(void)
{
    struct mail_outcome outcome;
    struct pollfd file = {.fd = event, .events = POLLIN};
    assert_int_equal(poll(&file, 1, WAIT_MS), 1);
    uint64_t count = 0;
    assert_int_equal(read(event, &count, sizeof count), sizeof count);
    assert_true(mail_sender_take(sender, &outcome));
    return outcome;
}

static void no_server_is_a_retry(void **state)
{
    (void)state;
    open_sender();
    assert_true(offer("n-1", "ada@example.org", 5));
    struct mail_outcome got = take();
    assert_int_equal(got.outcome, OUTCOME_RETRY);
    assert_true(bytes_is_text(got.notification_id, "n-1") && bytes_is_text(got.user_id, "u-1"));
    assert_true(got.partition == 5 && got.attempt == 1 && got.code == 0 && !got.ambiguous);
    assert_true(got.reply.size > 0);
    assert_true(llabs(got.at - clock_wall_ms()) < WAIT_MS);
    struct mail_outcome none;
    assert_false(mail_sender_take(sender, &none));
}

static void the_log_answers_for_an_earlier_run(void **state)
{
    (void)state;
    open_sender();
    assert_true(offer("n-1", "ada@example.org", 5));
    int64_t at = take().at;
    mail_sender_close(&sender);
    open_sender();
    assert_true(offer("n-1", "ada@example.org", 5));
    struct mail_outcome got = take();
    assert_true(got.at == at && got.duration_us == 0);
    mail_sender_settle(sender, bytes_of_text("n-1"), 1);
    assert_true(offer("n-1", "ada@example.org", 5));
    assert_true(take().duration_us > 0);
}

// The limit stands for a full disk.
static void no_mail_goes_out_whose_outcome_cannot_be_noted(void **state)
{
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    open_sender();
    struct rlimit old;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    struct rlimit full = {.rlim_cur = 1, .rlim_max = old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
    assert_true(offer("n-1", "ada@example.org", 5));
    struct mail_outcome held = take();
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_true(held.outcome == OUTCOME_RETRY && held.duration_us == 0 && !held.ambiguous);
    assert_non_null(strstr((const char *)held.reply.data, "no room"));
    assert_true(offer("n-1", "ada@example.org", 5));
    assert_true(take().duration_us > 0);
}

// A server whose kernel takes connections but which never says a word.
static void a_silent_server_holds_up_neither_offer_nor_close(void **state)
{
    (void)state;
    assert_int_equal(listen(server, 16), 0);
    settings.queue = 3;
    open_sender();
    assert_true(offer("n-1", "a@one.test", 1));
    assert_true(offer("n-2", "b@two.test", 2));
    assert_true(offer("n-3", "c@three.test", 2));
    assert_false(offer("n-4", "d@four.test", 1));
    mail_sender_forget(sender, 2);
    int64_t begin = clock_monotonic_us();
    mail_sender_close(&sender);
    assert_null(sender);
    assert_true(clock_monotonic_us() - begin < CLOSE_LIMIT_US);
}

static void outcomes_not_taken_count_for_the_queue(void **state)
{
    (void)state;
    settings.queue = 1;
    open_sender();
    assert_true(offer("n-1", "nonsense", 1));
    struct pollfd file = {.fd = event, .events = POLLIN};
    assert_int_equal(poll(&file, 1, WAIT_MS), 1);
    assert_false(offer("n-2", "nonsense", 1));
    assert_int_equal(take().outcome, OUTCOME_REJECTED);
    assert_true(offer("n-2", "nonsense", 1));
    take();
}

static void settings_that_cannot_work_open_nothing(void **state)
{
    (void)state;
    settings.url = "";
    config = (struct mail_config){.settings = &settings, .folder = folder, .wake = wake};
    assert_int_equal(mail_sender_open(&config, &sender).class, SG_FATAL);
    assert_null(sender);
    settings.url = url;
    config.folder = "/nowhere/at/all";
    assert_int_equal(mail_sender_open(&config, &sender).class, SG_FATAL);
    assert_null(sender);
    mail_sender_close(&sender);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_server_is_a_retry, make, drop),
        cmocka_unit_test_setup_teardown(the_log_answers_for_an_earlier_run, make, drop),
        cmocka_unit_test_setup_teardown(no_mail_goes_out_whose_outcome_cannot_be_noted, make, drop),
        cmocka_unit_test_setup_teardown(a_silent_server_holds_up_neither_offer_nor_close, make,
                                        drop),
        cmocka_unit_test_setup_teardown(outcomes_not_taken_count_for_the_queue, make, drop),
        cmocka_unit_test_setup_teardown(settings_that_cannot_work_open_nothing, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
