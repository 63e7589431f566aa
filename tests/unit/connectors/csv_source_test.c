// The source: what each option makes of a file, where its positions are, and that going on from
// any of them gives the rest.
#include "connectors/csv/csv_source.h"

#include "connectors/csv/csv_options.h"
#include "core/number.h"
#include "core/settings/settings.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPTIONS_MAX = 8, TEXT_MAX = 1024, EVENTS_MAX = 1000 };

static char path[] = "/tmp/csv_source_test.XXXXXX";

struct given {
    const char *file;
    char *options[OPTIONS_MAX]; // Beside --time-column=t --time-format=s.
};

// A request and what it borrows.
struct request {
    struct csv_settings csv;
    struct settings *settings;
    struct option_table table;
    char *words[1];
    struct source_request request;
};

static void request_done(struct request *request)
{
    settings_free(&request->settings);
}

static void prepare(const struct given *given, struct request *ret_request)
{
    char *arguments[OPTIONS_MAX + 2] = {"--time-column=t", "--time-format=s"};
    size_t count = 2;
    while (given->options[count - 2] != NULL) {
        arguments[count] = given->options[count - 2];
        count++;
    }
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_true(fputs(given->file, file) >= 0);
    assert_int_equal(fclose(file), 0);
    memset(ret_request, 0, sizeof *ret_request);
    ret_request->table = csv_source.options(&ret_request->csv);
    struct settings_source source = {
        .arguments = arguments, .argument_count = count, .file = "/dev/null"};
    assert_true(sg_is_ok(settings_load(&ret_request->table, 1, &source, &ret_request->settings)));
    ret_request->words[0] = path;
    ret_request->request = (struct source_request){&ret_request->csv, ret_request->words, 1};
}

// Appends what comes from `position` on, as "instrument=value@seconds>position ", the position only
// where there is one; then the counts as "skipped/bad". A failure is shown by its reason.
static void read_from(const struct source_request *request, int64_t position, char *text)
{
    void *source = NULL;
    struct source_event event = {.kind = SOURCE_IDLE};
    struct source_counts counts;
    assert_true(sg_is_ok(csv_source.open(request, position, &source)));
    sg_result result = csv_source.next(source, &event);
    for (int i = 0; i < EVENTS_MAX && sg_is_ok(result) && event.kind != SOURCE_END; i++) {
        size_t used = strlen(text);
        char number[NUMBER_TEXT_MAX];
        number_print_double(event.quote.value, number);
        if (event.kind == SOURCE_QUOTE) {
            snprintf(text + used, TEXT_MAX - used, "%.*s=%s@%d", (int)event.quote.instrument.size,
                     (const char *)event.quote.instrument.data, number,
                     (int)(event.quote.event_time / 1000));
            used = strlen(text);
            snprintf(text + used, TEXT_MAX - used,
                     event.position == SOURCE_NO_POSITION ? " " : ">%d ", (int)event.position);
        }
        result = csv_source.next(source, &event);
    }
    csv_source.counts(source, &counts);
    size_t used = strlen(text);
    snprintf(text + used, TEXT_MAX - used, "%d/%d%s", (int)counts.skipped, (int)counts.bad,
             sg_is_ok(result) ? "" : sg_reason() + strlen(path));
    csv_source.close(&source);
}

static const struct {
    struct given given;
    const char *wanted;
} known[] = {
    {{"t,v\n1,10\n2,20\n", {"--instrument=i", "--value-column=v"}}, "i=10@1>1 i=20@2>2 0/0"},
    {{"v,t\n 10 ,1\n", {"--instrument=i", "--value-column=v"}}, "i=10@1>1 0/0"},
    {{"t,a,b\n1,10,0.5\n", {"--instrument=i", "--value-column=a+b"}}, "i=10.5@1>1 0/0"},
    {{"t,a+b\n1,10\n", {"--instrument=i", "--value-column=a+b"}}, "i=10@1>1 0/0"},
    {{"t,a,,b\n1,10,x,20\n2,30,,40\n", {"--value-columns=rest", "--instrument-prefix=p:"}},
     "p:a=10@1 p:b=20@1>1 p:a=30@2 p:b=40@2>2 0/0"},
    {{"t,a,b\n1,N/A,20\n2,,N/A\n3,1,2\n", {"--value-columns=rest", "--skip-values=N/A,"}},
     "b=20@1>1 a=1@3 b=2@3>3 3/0"},
    {{"t,v\n1,\n2,20\n3,\n", {"--instrument=i", "--value-column=v", "--skip-values="}},
     "i=20@2>2 2/0"},
    {{"t,v\n1,\n", {"--instrument=i", "--value-column=v"}}, "0/0:2: column v: \"\" is no number"},
    {{"t,a,b\n1,,1\n2,1,1\n", {"--instrument=i", "--value-column=a+b", "--skip-values="}},
     "i=2@2>2 1/0"},
    {{"t,v\n1,10\n2,20\n3,30\n", {"--instrument=i", "--value-column=v", "--reverse"}},
     "i=30@3>1 i=20@2>2 i=10@1>3 0/0"},
    {{"t,v\n1,1\n1,2\n2,3\n1,4\n1,5\n", {"--instrument=i", "--value-column=v", "--sum"}},
     "i=3@1>2 i=3@2>3 i=9@1>5 0/0"},
    {{"t,a,b\n1,1,\n1,2,\n1,3,4\n2,5,6\n", {"--value-columns=rest", "--sum", "--skip-values="}},
     "a=6@1 b=4@1>3 a=5@2 b=6@2>4 2/0"},
    {{"t,v\n1,1\n1,x\n1,2\n", {"--instrument=i", "--value-column=v", "--sum", "--skip-bad"}},
     "i=3@1>3 0/1"},
    {{"t,v\n1,1\n2,x\n\"3\"3,3\n4\n5,5\n", {"--instrument=i", "--value-column=v", "--skip-bad"}},
     "i=1@1>1 i=5@5>5 0/3"},
    {{"t,v\n1,1\n\n\n2,x\n", {"--instrument=i", "--value-column=v"}},
     "i=1@1>1 0/0:5: column v: \"x\" is no number"},
    {{"t,v\n1,1\n9,2\n3,3\n",
      {"--instrument=i", "--value-column=v", "--from=1970-01-01T00:00:03Z"}},
     "i=2@9>2 i=3@3>3 1/0"},
    {{"t,v,v\n1,1,2\n", {"--instrument=i", "--value-column=v"}},
     "0/0:1: two columns are called \"v\""},
    {{"t,a\n1,2\n", {"--instrument=i", "--value-column=a+a"}}, "i=4@1>1 0/0"},
    {{"t,a\n1,2\n", {"--instrument=i", "--value-column=a+a+a"}},
     "0/0:1: --value-column: more columns than the 2 that the file has"},
    {{"t,a\n1,2\n", {"--instrument=i", "--value-column=a+"}},
     "0/0:1: --value-column: the header has no column \"\"; it has 2, the first is \"t\""},
    {{"t\n1\n", {"--value-columns=rest"}}, "0/0:1: --value-columns=rest: there is no other column"},
    {{"t,v\n1,1e308\n", {"--instrument=i", "--value-column=v"}}, "i=1e+308@1>1 0/0"},
    {{"t,a,b\n1,1e308,1e308\n", {"--instrument=i", "--value-column=a+b"}},
     "0/0:2: the sum of its columns is no finite number"},
};
enum { KNOWN_COUNT = sizeof known / sizeof known[0] };

static void options_mean_what_they_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < KNOWN_COUNT; i++) {
        SG_CLEANUP(request_done) struct request request;
        char text[TEXT_MAX] = "";
        prepare(&known[i].given, &request);
        read_from(&request.request, 0, text);
        assert_string_equal(text, known[i].wanted);
    }
}

// The length of the quotes in a text of read_from().
static size_t end_of_quotes(const char *text)
{
    size_t size = strcspn(text, "/");
    while (size > 0 && text[size - 1] != ' ') {
        size--;
    }
    return size;
}

// What stands behind ">position " in the whole is what a source gives that is opened there.
static void any_position_gives_the_rest(void **state)
{
    (void)state;
    for (size_t i = 0; i < KNOWN_COUNT; i++) {
        SG_CLEANUP(request_done) struct request request;
        prepare(&known[i].given, &request);
        for (const char *at = strchr(known[i].wanted, '>'); at != NULL; at = strchr(at + 1, '>')) {
            char text[TEXT_MAX] = "";
            const char *rest = strchr(at, ' ') + 1;
            read_from(&request.request, strtoll(at + 1, NULL, 10), text);
            // The counts and the reason behind are those of the run.
            assert_int_equal(end_of_quotes(text), end_of_quotes(rest));
            assert_memory_equal(text, rest, end_of_quotes(rest));
        }
    }
}

static void a_shorter_file_is_another(void **state)
{
    (void)state;
    SG_CLEANUP(request_done) struct request request;
    char text[TEXT_MAX] = "";
    prepare(&known[0].given, &request);
    read_from(&request.request, 3, text);
    assert_non_null(strstr(text, "has 2 rows, but 3 were taken before"));
}

static void the_plan_tells_runs_apart(void **state)
{
    (void)state;
    static const struct given others[] = {
        {"t,v\n", {"--instrument=i", "--value-column=v"}},
        {"t,v\n", {"--instrument=i", "--value-column=v", "--skip-values="}},
        {"t,v\n", {"--instrument=i", "--value-column=v", "--sum"}},
        {"t,v\n", {"--instrument=i", "--value-column=v", "--source=x"}},
        {"t,v\n", {"--instrument=v", "--value-column=i"}},
    };
    static const struct given same = {
        "t,v\n1,1\n",
        {"--instrument=i", "--value-column=v", "--speed=3", "--skip-bad", "--limit=2"}};
    enum { COUNT = sizeof others / sizeof others[0] };
    struct source_plan plans[COUNT + 1];
    for (size_t i = 0; i <= COUNT; i++) {
        SG_CLEANUP(request_done) struct request request;
        prepare(i < COUNT ? &others[i] : &same, &request);
        assert_true(sg_is_ok(csv_source.plan(&request.request, &plans[i])));
        for (size_t j = 0; j < i && i < COUNT; j++) {
            assert_string_not_equal(plans[i].id, plans[j].id);
        }
    }
    assert_string_equal(plans[COUNT].id, plans[0].id);
    assert_true(plans[COUNT].speed > 2.9 && plans[COUNT].speed < 3.1);
    assert_int_equal(plans[COUNT].limit, 2);
    assert_true(plans[0].speed <= 0 && !plans[0].is_anew);
}

int main(void)
{
    close(mkstemp(path));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_mean_what_they_say),
        cmocka_unit_test(any_position_gives_the_rest),
        cmocka_unit_test(a_shorter_file_is_another),
        cmocka_unit_test(the_plan_tells_runs_apart),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
