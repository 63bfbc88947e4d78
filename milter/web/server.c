#include "heloscope/web/server.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdio.h>
#include <stdlib.h>

#define TUNNEL_MS 250 /* of silence, of a client who asked for a tunnel */
#define ANY_METHOD                                                                                           \
	(EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE             \
	 | EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE | EVHTTP_REQ_CONNECT | EVHTTP_REQ_PATCH)

struct web_server {
	struct evhttp *http;
	struct connections *connections;
};

struct web_server *
web_server_new(struct event_base *base, int fd, const struct web_limits *limits,
	       void (*take)(struct evhttp_request *request, void *context), void *context)
{
	struct web_server *server = calloc(1, sizeof *server);
	struct evhttp_bound_socket *bound = NULL;

	if (server == NULL)
		return NULL;
	server->http = evhttp_new(base);
	if (server->http != NULL) {
		evhttp_set_max_headers_size(server->http, (ev_ssize_t)limits->header_octets);
		evhttp_set_max_body_size(server->http, (ev_ssize_t)limits->body_octets);
		evhttp_set_timeout(server->http, (int)limits->silence_s);
		evhttp_set_allowed_methods(server->http, ANY_METHOD);
		evhttp_set_gencb(server->http, take, context);
		bound = evhttp_accept_socket_with_handle(server->http, fd);
	}
	if (bound != NULL)
		server->connections = connections_new(base, server->http, bound, &limits->connections);
	if (server->connections != NULL)
		return server;
	web_server_free(server);
	return NULL;
}

void
web_server_free(struct web_server *server)
{
	if (server == NULL)
		return;
	if (server->http != NULL)
		evhttp_free(server->http);
	connections_free(server->connections);
	free(server);
}

void
web_add_field(struct evhttp_request *request, const char *name, const char *value)
{
	(void)evhttp_add_header(evhttp_request_get_output_headers(request), name, value);
}

void
web_add_number(struct evhttp_request *request, const char *name, size_t number)
{
	char text[24];

	(void)snprintf(text, sizeof text, "%zu", number);
	web_add_field(request, name, text);
}

/* evhttp waits for more behind an answer to CONNECT, whatever that says: it ends after a silence only. */
static void
end_tunnel(struct evhttp_request *request)
{
	const struct timeval soon = { .tv_usec = TUNNEL_MS * 1000 };

	if (evhttp_request_get_command(request) == EVHTTP_REQ_CONNECT)
		evhttp_connection_set_timeout_tv(evhttp_request_get_connection(request), &soon);
}

void
web_send(struct evhttp_request *request, int code, const char *reason, const char *body, size_t length)
{
	struct evbuffer *content = evbuffer_new();

	if (evhttp_request_get_command(request) != EVHTTP_REQ_GET || code == HTTP_BADREQUEST)
		web_add_field(request, "Connection", "close");
	if (evhttp_request_get_command(request) == EVHTTP_REQ_HEAD)
		web_add_number(request, "Content-Length", length);
	else if (content != NULL && body != NULL)
		(void)evbuffer_add(content, body, length);
	end_tunnel(request);
	evhttp_send_reply(request, code, reason, content);
	if (content != NULL)
		evbuffer_free(content);
}
