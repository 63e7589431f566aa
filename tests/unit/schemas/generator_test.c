// The generator: files that use each other's types, and the shapes it refuses rather than guesses.
#include "schemas/generator/c_name.h"
#include "schemas/generator/embed.h"
#include "schemas/generator/shape.h"

#include "core/buffer.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static int set_up(void **state)
{
    static struct embed embed;
    embed.definitions = json_object();
    *state = &embed;
    return embed.definitions == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    struct embed *embed = *state;
    json_decref(embed->definitions);
    return 0;
}

static sg_result add(struct embed *embed, const char *text)
{
    json_t *schema = json_loads(text, 0, NULL);
    assert_non_null(schema);
    sg_result result = embed_file(embed, schema);
    json_decref(schema);
    return result;
}

static const char inner[] =
    "{\"type\":\"record\",\"name\":\"Inner\",\"namespace\":\"a\",\"fields\":[{\"name\":\"e\","
    "\"type\":{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"X\"]}}]}";

static void a_definition_is_embedded_where_it_is_first_used(void **state)
{
    struct embed *embed = *state;
    json_t *schema = NULL;
    assert_true(sg_is_ok(add(embed, inner)));
    assert_true(sg_is_ok(
        add(embed, "{\"type\":\"record\",\"name\":\"Outer\",\"namespace\":\"b\",\"fields\":["
                   "{\"name\":\"one\",\"type\":[\"null\",\"a.Inner\"],\"default\":null},"
                   "{\"name\":\"two\",\"type\":{\"type\":\"array\",\"items\":\"a.E\"}},"
                   "{\"name\":\"three\",\"type\":\"a.Inner\"}]}")));
    assert_true(sg_is_ok(embed_schema(embed, "b.Outer", &schema)));
    char *text = json_dumps(schema, JSON_COMPACT);
    json_decref(schema);
    struct schema_tree *tree = NULL;
    sg_result result = schema_tree_parse(bytes_of_text(text), &tree);
    free(text);
    assert_true(sg_is_ok(result));
    const struct schema_node *root = schema_tree_root(tree);
    const struct schema_node *first = root->fields[0].type->branches[1];
    bool is_shared =
        root->fields[2].type == first && root->fields[1].type->item == first->fields[0].type;
    bool is_named = strcmp(first->full_name, "a.Inner") == 0;
    schema_tree_free(&tree);
    assert_true(is_shared && is_named);
}

static void a_type_has_one_definition(void **state)
{
    struct embed *embed = *state;
    assert_true(sg_is_ok(add(embed, inner)));
    assert_true(sg_is_ok(add(embed, inner)));
    assert_int_equal(add(embed, "{\"type\":\"enum\",\"name\":\"a.E\",\"symbols\":[\"Y\"]}").class,
                     SG_DROP);
    assert_string_equal(sg_reason(), "type a.E is defined differently elsewhere");
    assert_int_equal(add(embed, "{\"type\":\"record\",\"name\":\"N\",\"fields\":[{\"name\":\"x\","
                                "\"type\":\"a.Missing\"}]}")
                         .class,
                     SG_DROP);
    assert_string_equal(sg_reason(), "N: type a.Missing is not defined in this file or one before");
}

#define A_RECORD(name)                                                                             \
    "{\"type\":\"record\",\"name\":\"" name "\",\"fields\":[{\"name\":\"x\",\"type\":\"int\"}]}"

// The members of a field, and why it is refused; NULL for a shape that is taken.
struct shape_row {
    const char *field;
    const char *reason;
};

static void shapes_without_a_struct_are_refused(void **state)
{
    (void)state;
    const struct shape_row rows[] = {
        {"\"type\":\"double\",\"default\":1", NULL},
        {"\"type\":[\"null\",\"string\"],\"default\":null", NULL},
        {"\"type\":{\"type\":\"array\",\"items\":\"long\"},\"default\":[]", NULL},
        {"\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}", NULL},
        {"\"type\":\"bytes\"", "R: field f: a bytes here is not supported"},
        {"\"type\":\"float\"", "R: field f: a float here is not supported"},
        {"\"type\":\"null\"", "R: field f: a null here is not supported"},
        {"\"type\":[\"string\",\"null\"]",
         "R: field f: a union must be of null and one type, null first, or of records"},
        {"\"type\":[\"null\",\"string\",\"int\"]",
         "R: field f: a union must be of null and one type, null first, or of records"},
        {"\"type\":[" A_RECORD("A") "," A_RECORD("B") "]", NULL},
        {"\"type\":[\"null\"," A_RECORD("A") "," A_RECORD("B") "],\"default\":null", NULL},
        {"\"type\":[" A_RECORD("A") ",\"int\"]",
         "R: field f: a union must be of null and one type, null first, or of records"},
        {"\"type\":{\"type\":\"array\",\"items\":[\"null\",\"int\"]}",
         "R: field f: a union here is not supported"},
        {"\"type\":{\"type\":\"map\",\"values\":{\"type\":\"map\",\"values\":\"int\"}}",
         "R: field f: a map here is not supported"},
        {"\"type\":{\"type\":\"long\",\"logicalType\":\"time-micros\"}",
         "R: field f: logical type time-micros is not supported"},
        {"\"type\":{\"type\":\"int\",\"logicalType\":\"timestamp-millis\"}",
         "R: field f: logical type timestamp-millis is not supported"},
        {"\"type\":\"long\",\"default\":1.5",
         "R: field f: its default is of the wrong type or not supported"},
        {"\"type\":[\"null\",\"string\"],\"default\":\"x\"",
         "R: field f: its default is of the wrong type or not supported"},
        {"\"type\":{\"type\":\"array\",\"items\":\"long\"},\"default\":[1]",
         "R: field f: its default is of the wrong type or not supported"},
        {"\"type\":{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"]},\"default\":\"B\"",
         "R: field f: its default is of the wrong type or not supported"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct schema_tree *tree = NULL;
        struct buffer text;
        buffer_init(&text, SCHEMA_TEXT_MAX);
        assert_true(sg_is_ok(buffer_print(&text,
                                          "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{"
                                          "\"name\":\"f\",%s}]}",
                                          rows[i].field)));
        assert_true(sg_is_ok(schema_tree_parse(buffer_bytes(&text), &tree)));
        sg_result result = shape_check(schema_tree_root(tree));
        schema_tree_free(&tree);
        buffer_done(&text);
        assert_int_equal(result.class, rows[i].reason == NULL ? SG_OK : SG_DROP);
        if (rows[i].reason != NULL) {
            assert_string_equal(sg_reason(), rows[i].reason);
        }
    }
}

static void names_are_those_of_c(void **state)
{
    (void)state;
    char name[C_NAME_MAX];
    c_name_snake("SubscriptionState", name);
    assert_string_equal(name, "subscription_state");
    c_name_upper("ChannelKind", name);
    assert_string_equal(name, "CHANNEL_KIND");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_definition_is_embedded_where_it_is_first_used, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_type_has_one_definition, set_up, tear_down),
        cmocka_unit_test(shapes_without_a_struct_are_refused),
        cmocka_unit_test(names_are_those_of_c),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
