/*
 * connections: those of an evhttp server, which are counted, and end after a while whatever the client does:
 * a timeout for each octet would let him take hours for a request. One thread, that of the loop.
 */
#ifndef HELOSCOPE_PAGE_CONNECTIONS_H
#define HELOSCOPE_PAGE_CONNECTIONS_H

#include "heloscope/base/must_use.h"

struct connections;
struct event_base;
struct evhttp;
struct evhttp_bound_socket;

/* Watch over the connections that `http` takes on `bound`, before it has taken any. NULL when memory ran out.
 */
struct connections *connections_new(struct event_base *base, struct evhttp *http,
				    struct evhttp_bound_socket *bound) MUST_USE;

/* Once `http` is freed. NULL is allowed. */
void connections_free(struct connections *connections);

#endif
