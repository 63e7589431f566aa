// Settings that reach librdkafka, and those that may not.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/kafka/kafka_client.h"

#include <librdkafka/rdkafka.h>

#include <string.h>

static sg_result build(const char *key, const char *value, rd_kafka_conf_t **ret_conf)
{
    const struct settings_extra extras[] = {{key, value}, {NULL, NULL}};
    const struct kafka_settings settings = {.brokers = "localhost:1", .extras = extras};
    const struct kafka_client_property properties[] = {{"linger.ms", "7"}};
    return kafka_client_conf(&settings, "test", properties, 1, ret_conf);
}

static void assert_refused(const char *key, const char *value, const char *words)
{
    rd_kafka_conf_t *conf = NULL;
    sg_result result = build(key, value, &conf);
    assert_int_equal(result.class, SG_FATAL);
    assert_null(conf);
    if (strstr(sg_reason(), words) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", words, sg_reason());
    }
}

static void extras_come_last(void **state)
{
    (void)state;
    rd_kafka_conf_t *conf = NULL;
    assert_true(sg_is_ok(build("linger.ms", "33", &conf)));
    char value[32];
    size_t size = sizeof value;
    assert_int_equal(rd_kafka_conf_get(conf, "linger.ms", value, &size), RD_KAFKA_CONF_OK);
    assert_string_equal(value, "33");
    kafka_client_conf_free(&conf);
    assert_null(conf);
}

static void an_unknown_property_is_named(void **state)
{
    (void)state;
    assert_refused("lingre.ms", "5", "kafka.lingre.ms");
}

static void an_invalid_value_is_named(void **state)
{
    (void)state;
    assert_refused("linger.ms", "soon", "kafka.linger.ms");
}

static void no_broker_at_all_is_refused(void **state)
{
    (void)state;
    const struct kafka_settings settings = {.brokers = ""};
    rd_kafka_conf_t *conf = NULL;
    assert_int_equal(kafka_client_conf(&settings, "test", NULL, 0, &conf).class, SG_FATAL);
    assert_non_null(strstr(sg_reason(), "kafka.brokers is empty"));
}

static void what_guarantees_rest_on_is_refused(void **state)
{
    (void)state;
    static const char *const decided[] = {"acks",
                                          "enable.auto.commit",
                                          "isolation.level",
                                          "enable.idempotence",
                                          "partitioner",
                                          "transactional.id",
                                          "auto.offset.reset",
                                          "group.instance.id",
                                          "bootstrap.servers",
                                          "partition.assignment.strategy"};
    for (size_t i = 0; i < sizeof decided / sizeof decided[0]; i++) {
        assert_refused(decided[i], "x", decided[i]);
    }
}

static void a_secret_is_not_told(void **state)
{
    (void)state;
    assert_refused("ssl.key.password.x", "hunter2", "ssl.key.password.x");
    assert_null(strstr(sg_reason(), "hunter2"));
    assert_refused("sasl.oauthbearer.method", "hunter2", "sasl.oauthbearer.method");
    assert_null(strstr(sg_reason(), "hunter2"));
}

static void the_rows_fill_the_settings(void **state)
{
    (void)state;
    struct kafka_settings settings = {.brokers = NULL};
    struct option_table table = kafka_options(&settings);
    for (size_t i = 0; i < table.count; i++) {
        const struct option *row = &table.options[i];
        assert_int_equal(strncmp(row->key, "kafka.", 6), 0);
        assert_true(sg_is_ok(option_read(row, row->fallback, table.target)));
    }
    assert_string_equal(settings.brokers, "localhost:9092");
    assert_int_equal(settings.session_timeout_ms, 10000);
    assert_int_equal(settings.transaction_timeout_ms, 15000);
    assert_int_equal(settings.prefetch_bytes, 32 << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(extras_come_last),
        cmocka_unit_test(an_unknown_property_is_named),
        cmocka_unit_test(an_invalid_value_is_named),
        cmocka_unit_test(no_broker_at_all_is_refused),
        cmocka_unit_test(what_guarantees_rest_on_is_refused),
        cmocka_unit_test(a_secret_is_not_told),
        cmocka_unit_test(the_rows_fill_the_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
