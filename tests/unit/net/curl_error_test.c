// Classes of libcurl's codes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/net/curl_error.h"

#include <curl/curl.h>

static void codes_have_classes(void **state)
{
    (void)state;
    static const struct {
        CURLcode code;
        enum sg_class class;
    } cases[] = {
        {CURLE_OK, SG_OK},
        {CURLE_COULDNT_CONNECT, SG_RETRY},
        {CURLE_COULDNT_RESOLVE_HOST, SG_RETRY},
        {CURLE_OPERATION_TIMEDOUT, SG_RETRY},
        {CURLE_GOT_NOTHING, SG_RETRY},
        {CURLE_RECV_ERROR, SG_RETRY},
        {CURLE_FILESIZE_EXCEEDED, SG_DROP},
        {CURLE_WRITE_ERROR, SG_DROP},
        {CURLE_URL_MALFORMAT, SG_FATAL},
        {CURLE_UNSUPPORTED_PROTOCOL, SG_FATAL},
        {CURLE_PEER_FAILED_VERIFICATION, SG_FATAL},
        {CURLE_OUT_OF_MEMORY, SG_FATAL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(curl_result((int)cases[i].code, "GET x", "").class, cases[i].class);
    }
}

static void the_reason_prefers_the_detail(void **state)
{
    (void)state;
    sg_ignore(curl_result(CURLE_COULDNT_CONNECT, "GET http://h/", "refused by h"));
    assert_string_equal(sg_reason(), "GET http://h/: refused by h");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_have_classes),
        cmocka_unit_test(the_reason_prefers_the_detail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
