// Requests made by hand.
#include "router_client.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

void router_client_open(struct router_client *client, struct query_context *context)
{
    *client = (struct router_client){.user = "", .known = "", .encodings = ""};
    query_server_application(context, &client->application);
    http_response_init(&client->response);
}

void router_client_close(struct router_client *client)
{
    http_response_done(&client->response);
}

int router_client_set_up(void **state)
{
    static struct query_context nothing;
    static struct router_client client;
    router_client_open(&client, &nothing);
    *state = &client;
    return 0;
}

int router_client_tear_down(void **state)
{
    router_client_close(*state);
    return 0;
}

int router_client_get(struct router_client *client, const char *target)
{
    struct http_request *request = &client->request;
    http_response_done(&client->response);
    http_response_init(&client->response);
    assert_true(sg_is_ok(http_request_parse(request, bytes_of_text(target))));
    request->user_id = bytes_of_text(client->user);
    request->headers[HTTP_HEADER_IF_NONE_MATCH] = bytes_of_text(client->known);
    request->headers[HTTP_HEADER_ACCEPT_ENCODING] = bytes_of_text(client->encodings);
    assert_true(sg_is_ok(http_router_answer(&client->application, request, false, &client->response,
                                            &client->waits)));
    return client->response.status;
}

void router_client_assert_body(const struct router_client *client, const char *expected)
{
    char text[4096];
    struct bytes body = buffer_bytes(&client->response.body);
    snprintf(text, sizeof text, "%.*s", (int)body.size, (const char *)body.data);
    assert_string_equal(text, expected);
}

const char *router_client_header(const struct router_client *client, const char *name)
{
    return http_response_find(&client->response, name);
}

bool router_client_next(const struct router_client *client, char target[ROUTER_CLIENT_TARGET_MAX])
{
    const char *link = router_client_header(client, "Link");
    if (link != NULL) {
        snprintf(target, ROUTER_CLIENT_TARGET_MAX, "%.*s", (int)(strchr(link, '>') - link - 1),
                 link + 1);
    }
    return link != NULL;
}
