// A client that says just what a test writes, byte by byte.
#pragma once
#include <stddef.h>

// A connection to the loopback address; asserts that there is one.
int raw_client_connect(int port);

// Sends all of the text.
void raw_client_send(int line, const char *text, size_t size);

// Reads until the server closes or `max` - 1 bytes are there; ends the text and closes the line.
void raw_client_read(int line, char *ret_text, size_t max);

// Sends a request and reads the whole answer. The request should say "Connection: close".
void raw_client_ask(int port, const char *request, char *ret_text, size_t max);

// Fails the test unless the answer begins with the status.
void raw_client_assert_status(const char *answer, int status);
