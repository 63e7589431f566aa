// What is wrong with a body is pointed at, or nothing is.
#include "query/accounts/request_body.h"
#include "schemas/new_user.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

enum { ARENA_BYTES = 65536 };

static void expect_pointer(const char *reason, const char *wanted)
{
    char pointer[REQUEST_POINTER_MAX];
    request_body_pointer(reason, pointer);
    assert_string_equal(pointer, wanted);
}

static void reasons_that_begin_with_a_field(void **state)
{
    (void)state;
    expect_pointer("email: is no e-mail address", "/email");
    expect_pointer("channels: [0]: address: wants a string, found null", "/channels/0/address");
    expect_pointer("channels[12].address: has more than 2048 bytes", "/channels/12/address");
    expect_pointer("hold_ms: wants a number from 0 to 9, found -1", "/hold_ms");
}

static void reasons_that_begin_with_none(void **state)
{
    (void)state;
    expect_pointer("", "");
    expect_pointer("the body is empty: send a JSON object", "");
    expect_pointer("NewUser lacks email, password", "");
    expect_pointer("[x", "");
    expect_pointer("[0", "");
    expect_pointer("[]: x", "");
    expect_pointer("email:x", "");
    expect_pointer(": email", "");
}

static void fields_that_do_not_exist(void **state)
{
    (void)state;
    expect_pointer("NewUser has no field \"passwort\"", "/passwort");
    expect_pointer("NewUser has no field \"passwort\": did you mean \"password\"?", "/passwort");
    expect_pointer("channels: [1]: Channel has no field \"kin\": did you mean \"kind\"?",
                   "/channels/1/kin");
    expect_pointer("NewUser has no field \"a/b~c\"", "/a~1b~0c");
    // What the reason does not show as it was sent is no name: the object is pointed at.
    expect_pointer("channels: [1]: Channel has no field \"gr??e\"", "/channels/1");
    expect_pointer("NewUser has no field \"a\"b\"", "");
    expect_pointer("NewUser has no field \"\"", "");
    expect_pointer("email: found a string \" has no field \"x\"", "/email");
}

static void pointers_end_where_there_is_no_room(void **state)
{
    (void)state;
    char reason[1024] = "";
    char pointer[REQUEST_POINTER_MAX];
    for (size_t i = 0; i < 40; i++) {
        memcpy(reason + 4 * i, "ab: ", 5);
    }
    request_body_pointer(reason, pointer);
    assert_true(strlen(pointer) < REQUEST_POINTER_MAX && strlen(pointer) % 3 == 0);
    // A step that is left out is not followed by one below it.
    memset(reason, 'a', 200);
    memcpy(reason + 200, ": b: c", 7);
    expect_pointer(reason, "");
}

static void expect_refused(const char *body, const char *wanted)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    static struct http_request request;
    struct new_user user;
    uint64_t present = 0;
    char pointer[REQUEST_POINTER_MAX];
    request.body = bytes_of_text(body);
    sg_result result = request_body_read(&request, &new_user_type, arena, &user, &present);
    assert_true(result.class == SG_DROP && result.code == 0);
    request_body_pointer(sg_reason(), pointer);
    assert_string_equal(pointer, wanted);
    arena_free(&arena);
}

static void bodies_and_their_faults(void **state)
{
    (void)state;
    expect_refused("", "");
    expect_refused("[]", "");
    expect_refused("{\"email\":1,\"password\":\"x\"}", "/email");
    expect_refused("{\"email\":\"a\"}", "");
    expect_refused("{\"email\":\"a\",\"email\":\"b\",\"password\":\"x\"}", "/email");
    expect_refused(
        "{\"email\":\"a\",\"password\":\"x\",\"channels\":[{\"kind\":\"EMAIL\",\"address\":"
        "\"a\"},{\"kind\":\"PIGEON\",\"address\":\"a\"}]}",
        "/channels/1/kind");
    expect_refused("{\"a/b\":1}", "/a~1b");
    expect_refused("{\"gr\xc3\xbc\xc3\x9f"
                   "e\":1}",
                   "");
    expect_refused("{\"a\\\"b\":1}", "");
    expect_refused("{\"email\":\"a\",\"password\":\"x\"} x", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reasons_that_begin_with_a_field),
        cmocka_unit_test(reasons_that_begin_with_none),
        cmocka_unit_test(fields_that_do_not_exist),
        cmocka_unit_test(pointers_end_where_there_is_no_room),
        cmocka_unit_test(bodies_and_their_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
