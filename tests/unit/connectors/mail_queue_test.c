// Who goes next: order, the share of a domain, one at a time for an address.
#include "connectors/mail/mail_queue.h"
#include "schemas/notification.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

enum { CONNECTIONS = 4, JOBS_MAX = 16 };

static struct mail_queue queue;
static struct mail_job *started[JOBS_MAX];
static size_t started_count;

static int make(void **state)
{
    (void)state;
    mail_queue_init(&queue, CONNECTIONS);
    started_count = 0;
    return 0;
}

static int drop(void **state)
{
    (void)state;
    mail_queue_forget(&queue.waiting, -1);
    for (size_t i = 0; i < started_count; i++) {
        mail_queue_free_job(&started[i]);
    }
    return 0;
}

static void put(const char *address, int32_t attempt)
{
    const struct notification notification = {
        .notification_id = bytes_of_text("n"),
        .address = bytes_of_text(address),
        .body_text = bytes_of_text("text"),
    };
    mail_queue_append(&queue.waiting, mail_queue_new_job(attempt % 2, attempt, &notification));
}

// Starts the next job and expects it to be that of `attempt`, none for 0.
static struct mail_job *expect_start(int32_t attempt)
{
    struct mail_job *job = mail_queue_start(&queue);
    if (job != NULL) {
        started[started_count++] = job;
    }
    assert_int_equal(job == NULL ? 0 : job->attempt, attempt);
    return job;
}

static void oldest_goes_first(void **state)
{
    (void)state;
    expect_start(0);
    put("a@one.test", 1);
    put("b@two.test", 2);
    expect_start(1);
    expect_start(2);
    expect_start(0);
}

static void a_domain_gets_half(void **state)
{
    (void)state;
    put("a@slow.test", 1);
    put("b@SLOW.test", 2);
    put("c@slow.test", 3);
    put("d@fast.test", 4);
    struct mail_job *first = expect_start(1);
    expect_start(2);
    expect_start(4);
    expect_start(0);
    mail_queue_finish(&queue, first);
    expect_start(3);
}

static void an_address_gets_one(void **state)
{
    (void)state;
    put("ada@one.test", 1);
    put("Ada@One.Test", 2);
    put("bob@one.test", 3);
    struct mail_job *first = expect_start(1);
    expect_start(3);
    expect_start(0);
    mail_queue_finish(&queue, first);
    expect_start(2);
}

static void a_single_connection_serves_all(void **state)
{
    (void)state;
    mail_queue_init(&queue, 1);
    put("a@one.test", 1);
    put("", 2);
    struct mail_job *first = expect_start(1);
    mail_queue_finish(&queue, first);
    expect_start(2);
}

static void a_partition_is_forgotten_wherever_it_stands(void **state)
{
    (void)state;
    for (int32_t attempt = 1; attempt <= 5; attempt++) {
        put("a@one.test", attempt);
    }
    assert_int_equal(mail_queue_forget(&queue.waiting, 1), 3);
    assert_int_equal(mail_queue_forget(&queue.waiting, 1), 0);
    put("a@one.test", 6);
    mail_queue_finish(&queue, expect_start(2));
    mail_queue_finish(&queue, expect_start(4));
    mail_queue_finish(&queue, expect_start(6));
    expect_start(0);
}

static void a_job_owns_its_texts(void **state)
{
    (void)state;
    char address[] = "ada@one.test";
    char html[] = "<p>";
    const struct notification notification = {
        .notification_id = bytes_of_text("n-1"),
        .user_id = bytes_of_text("u-1"),
        .address = bytes_of_text(address),
        .subject = bytes_of_text("subject"),
        .body_text = bytes_of_text("text"),
        .has_body_html = true,
        .body_html = bytes_of_text(html),
        .created_at = 42,
    };
    struct mail_job *job = mail_queue_new_job(3, 7, &notification);
    started[started_count++] = job;
    address[0] = html[0] = '!';
    assert_true(bytes_is_text(job->notification_id, "n-1") && bytes_is_text(job->user_id, "u-1"));
    assert_true(bytes_is_text(job->address, "ada@one.test") && bytes_is_text(job->html, "<p>"));
    assert_true(bytes_is_text(job->subject, "subject") && bytes_is_text(job->text, "text"));
    assert_true(job->has_html && job->created_at == 42);
    assert_true(job->partition == 3 && job->attempt == 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(oldest_goes_first, make, drop),
        cmocka_unit_test_setup_teardown(a_domain_gets_half, make, drop),
        cmocka_unit_test_setup_teardown(an_address_gets_one, make, drop),
        cmocka_unit_test_setup_teardown(a_single_connection_serves_all, make, drop),
        cmocka_unit_test_setup_teardown(a_partition_is_forgotten_wherever_it_stands, make, drop),
        cmocka_unit_test_setup_teardown(a_job_owns_its_texts, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
