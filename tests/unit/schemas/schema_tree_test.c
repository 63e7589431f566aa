// Schemas: what is read of them, and what is refused.
#include "schemas/binary/schema_tree.h"

#include "core/buffer.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

static void names_are_resolved_in_their_namespace(void **state)
{
    (void)state;
    struct schema_tree *tree = NULL;
    const char *text =
        "{\"type\":\"record\",\"name\":\"A\",\"namespace\":\"x\",\"doc\":\"about a\",\"fields\":["
        "{\"name\":\"b\",\"type\":{\"type\":\"record\",\"name\":\"y.B\",\"fields\":["
        "{\"name\":\"c\",\"type\":{\"type\":\"enum\",\"name\":\"C\",\"symbols\":[\"S\",\"T\"]}}]}},"
        "{\"name\":\"again\",\"type\":[\"null\",\"y.C\"],\"default\":null},"
        "{\"name\":\"me\",\"type\":[\"null\",\"A\"],\"aliases\":[\"self\"]},"
        "{\"name\":\"at\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}}]}";
    assert_true(sg_is_ok(schema_tree_parse(bytes_of_text(text), &tree)));
    const struct schema_node *root = schema_tree_root(tree);
    assert_string_equal(root->full_name, "x.A");
    assert_string_equal(root->name, "A");
    assert_string_equal(root->doc, "about a");
    const struct schema_node *inner = root->fields[0].type->fields[0].type;
    assert_string_equal(inner->full_name, "y.C");
    assert_int_equal(schema_tree_word_index(&inner->symbols, "T"), 1);
    assert_ptr_equal(root->fields[1].type->branches[1], inner);
    assert_non_null(root->fields[1].default_value);
    assert_ptr_equal(root->fields[2].type->branches[1], root);
    assert_string_equal(root->fields[2].aliases.words[0], "self");
    assert_string_equal(root->fields[3].type->logical_type, "timestamp-millis");
    schema_tree_free(&tree);
    assert_null(tree);
}

static void refused(const char *text, const char *reason)
{
    struct schema_tree *tree = NULL;
    sg_result result = schema_tree_parse(bytes_of_text(text), &tree);
    assert_int_equal(result.class, SG_DROP);
    assert_null(tree);
    if (strstr(sg_reason(), reason) == NULL) {
        assert_string_equal(sg_reason(), reason);
    }
}

static void what_is_no_schema_is_refused(void **state)
{
    (void)state;
    refused("", "schema: line");
    refused("{", "schema: line");
    refused("7", "neither name, list nor object");
    refused("\"strange\"", "type strange is not defined");
    refused("{\"type\":\"record\",\"name\":\"R\"}", "record R has no list of fields");
    refused("{\"type\":\"record\",\"name\":\"9\",\"fields\":[]}", "'9' cannot name a type");
    refused("{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a b\",\"type\":\"int\"}]}",
            "'a b' cannot name a field");
    refused("{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\"}]}", "field a");
    refused("{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"int\"},"
            "{\"name\":\"a\",\"type\":\"int\"}]}",
            "field a is given twice");
    refused("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[]}", "enum E has no symbols");
    refused("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"A\"]}", "A is given twice");
    refused("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"],\"default\":\"B\"}",
            "default B is none of its symbols");
    refused("{\"type\":\"fixed\",\"name\":\"F\",\"size\":-1}", "fixed F has no size");
    refused("[\"int\",\"int\"]", "int twice in a union");
    refused("[\"int\",[\"null\"]]", "a union directly in a union");
    refused("[{\"type\":\"fixed\",\"name\":\"F\",\"size\":1},{\"type\":\"fixed\",\"name\":\"F\","
            "\"size\":2}]",
            "type F is defined twice");
}

static void deep_schemas_are_refused(void **state)
{
    (void)state;
    enum { LEVELS = 1000 };
    struct buffer text;
    buffer_init(&text, SCHEMA_TEXT_MAX);
    for (int i = 0; i < LEVELS; i++) {
        assert_true(sg_is_ok(buffer_print(&text, "{\"type\":\"array\",\"items\":")));
    }
    assert_true(sg_is_ok(buffer_print(&text, "\"int\"")));
    for (int i = 0; i < LEVELS; i++) {
        assert_true(sg_is_ok(buffer_append_byte(&text, '}')));
    }
    struct schema_tree *tree = NULL;
    sg_result result = schema_tree_parse(buffer_bytes(&text), &tree);
    buffer_done(&text);
    assert_int_equal(result.class, SG_DROP);
    assert_non_null(strstr(sg_reason(), "nested deeper than 64"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_resolved_in_their_namespace),
        cmocka_unit_test(what_is_no_schema_is_refused),
        cmocka_unit_test(deep_schemas_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
