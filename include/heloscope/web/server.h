/*
 * web_server: HTTP on a socket that is there already, with limits, by libevent's evhttp. What the page behind
 * the reference and the filter's own control socket have in common. One thread, that of the loop.
 */
#ifndef HELOSCOPE_WEB_SERVER_H
#define HELOSCOPE_WEB_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heloscope/base/must_use.h"
#include "heloscope/web/connections.h"

struct event_base;
struct evhttp_request;
struct web_server;

struct web_limits {
	struct connection_limits connections;
	unsigned silence_s;                /* of a client within a request, or between two */
	size_t header_octets, body_octets; /* of a request */
};

/* Serve on `fd`, which is taken once this has returned a server: each request is `take`n, whatever its
 * method. NULL when memory ran out. */
struct web_server *web_server_new(struct event_base *base, int fd, const struct web_limits *limits,
				  void (*take)(struct evhttp_request *request, void *context),
				  void *context) MUST_USE;
void web_server_free(struct web_server *server); /* NULL is allowed */

/* Add a field to the answer. */
void web_add_field(struct evhttp_request *request, const char *name, const char *value);
void web_add_number(struct evhttp_request *request, const char *name, size_t number);

/*
 * Answer. `body` may be NULL; of HEAD only its length is told. The connection is ended behind what was no
 * GET, and behind what was not understood: then it is not sure where that ends, and another begins.
 */
void web_send(struct evhttp_request *request, int code, const char *reason, const char *body, size_t length);

#endif
