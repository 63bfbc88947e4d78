/*
 * connections: those of an evhttp server, which are counted, and end after a while whatever the client does:
 * a timeout for each octet would let him take hours for a request. One thread, that of the loop.
 */
#ifndef HELOSCOPE_WEB_CONNECTIONS_H
#define HELOSCOPE_WEB_CONNECTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "heloscope/base/must_use.h"

struct connections;
struct event_base;
struct evhttp;
struct evhttp_bound_socket;

struct connection_limits {
	size_t count;     /* at a time, at least 1 */
	uint64_t last_ms; /* so long one lasts at most */
};

/* Watch over the connections that `http` takes on `bound`, before it has taken any. NULL when memory ran out.
 */
struct connections *connections_new(struct event_base *base, struct evhttp *http,
				    struct evhttp_bound_socket *bound,
				    const struct connection_limits *limits) MUST_USE;

/* Once `http` is freed. NULL is allowed. */
void connections_free(struct connections *connections);

#endif
