// An answer as libmicrohttpd takes it: whole, or bit by bit.
#pragma once
#include "query/http/http_response.h"
#include "query/http/http_watch.h"

// Who is answered.
struct http_reply {
    struct MHD_Connection *connection;
    struct http_watch *watch;
    struct http_watched *watched;
};

// Queues the answer; its body and its stream are the library's then, whatever comes of it. MHD_NO
// when the connection is to be closed instead.
enum MHD_Result http_reply_send(const struct http_reply *reply, struct http_response *response);
