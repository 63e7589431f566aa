// What a server's connections wait for, in one thread beside the server's own: clients that are too
// slow are cut, requests with a min_position are woken.
#pragma once
#include "query/http/http_router.h"
#include "query/http/loop/http_loop.h"

struct http_watch;
struct http_watched; // One connection.

// Starts the thread. `timeout_ms` bounds the arrival of a request, the taking of an answer and the
// idle time between; `wait_ms` bounds the wait for a min_position. Fails: SG_FATAL.
SG_RESULT http_watch_open(const struct http_application *application, int64_t timeout_ms,
                          int64_t wait_ms, struct http_watch **ret_watch);

// Wakes everybody who waits and lets nobody wait any more: before the server stops, which may not
// happen while somebody waits. Any thread.
void http_watch_quit(struct http_watch *watch);

// Ends the thread and frees. No connection may be left. Accepts NULL.
void http_watch_close(struct http_watch **watch);

// Watches a new connection of a loop; NULL when memory is out, then it is not watched. Any thread.
struct http_watched *http_watch_add(struct http_watch *watch, struct http_loop *loop,
                                    struct MHD_Connection *connection, int socket);

// Forgets a connection and frees what was kept of it. Accepts NULL. Any thread.
void http_watch_remove(struct http_watch *watch, struct http_watched *watched);

// The client is to move now, or the server (`client` false). Accepts NULL. Any thread.
void http_watch_turn(struct http_watch *watch, struct http_watched *watched, bool client);

// Suspends the connection until the request's work is done, or without one until the request is
// ready, or until it is late; the server's handler is then called again. False: this may not wait
// (any more), answer at once. Called by the connection's thread.
bool http_watch_wait(struct http_watch *watch, struct http_watched *watched,
                     const struct http_request *request);

// Suspends the connection until there is more to stream; the answer's reader is then called again.
// False: this may not wait (any more). Called by the connection's thread.
bool http_watch_wait_more(struct http_watch *watch, struct http_watched *watched,
                          struct http_work *work);

// Whether a stream is to end: the server is about to stop, or the client hung up while there was
// nothing to send.
bool http_watch_ends(struct http_watch *watch, const struct http_watched *watched);

// Whether the request has waited as long as it may.
bool http_watch_late(struct http_watch *watch, const struct http_watched *watched);

// Looks again at who is ready. Any thread.
void http_watch_notify(struct http_watch *watch);
