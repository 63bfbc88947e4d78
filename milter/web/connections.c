#include "heloscope/web/connections.h"

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "heloscope/base/clock.h"

#define LOOK_EVERY_MS 100

struct connection {
	bool is_used;
	struct bufferevent *stream; /* of one that was just taken, with a reference of ours; else NULL: */
	int own;                    /* a descriptor of ours for its socket */
	uint64_t born_ms;
};

struct connections {
	struct evconnlistener *listener;
	struct event *timer;
	struct connection_limits limits;
	size_t count;
	struct connection items[]; /* as many as there may be */
};

/*
 * evhttp does not say when a connection has ended, and shares what it has with nobody: a reference to its
 * stream that is held any longer keeps that reading from a descriptor which is another's by then. One's own
 * descriptor stays what it is, and shows when the client has gone; when evhttp ends the connection, it tells
 * the client, who goes, too.
 */
static bool
take_own(struct connection *connection)
{
	const int fd = bufferevent_getfd(connection->stream);

	connection->own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (connection->own < 0)
		(void)shutdown(fd, SHUT_RDWR); /* rather none than one without end */
	(void)bufferevent_decref(connection->stream);
	connection->stream = NULL;
	return connection->own >= 0;
}

static bool
has_gone(const struct connection *connection)
{
	struct pollfd one = { .fd = connection->own, .events = POLLRDHUP };

	return poll(&one, 1, 0) > 0;
}

static void
forget(struct connections *connections, struct connection *connection)
{
	if (connection->own >= 0)
		(void)close(connection->own);
	connection->is_used = false;
	connections->count--;
}

static void
look(evutil_socket_t fd, short what, void *context)
{
	const struct timeval pause = { .tv_usec = LOOK_EVERY_MS * 1000 };
	struct connections *connections = context;
	const uint64_t now_ms = clock_now_ms();

	(void)fd;
	(void)what;
	for (size_t i = 0; i < connections->limits.count; i++) {
		struct connection *connection = &connections->items[i];

		if (!connection->is_used)
			continue;
		if (connection->stream != NULL ? !take_own(connection) : has_gone(connection))
			forget(connections, connection);
		else if (now_ms - connection->born_ms > connections->limits.last_ms)
			(void)shutdown(connection->own, SHUT_RDWR);
	}
	if (connections->count < connections->limits.count)
		(void)evconnlistener_enable(connections->listener);
	if (connections->count > 0)
		(void)event_add(connections->timer, &pause);
}

/* For a connection that evhttp is taking; look() runs next, before anything comes on it. */
static struct bufferevent *
make_stream(struct event_base *base, void *context)
{
	struct connections *connections = context;
	struct bufferevent *stream = bufferevent_socket_new(base, -1, 0);
	size_t place = 0;

	while (place < connections->limits.count - 1 && connections->items[place].is_used)
		place++;
	if (stream == NULL || connections->items[place].is_used)
		return stream;
	bufferevent_incref(stream);
	connections->items[place] = (struct connection){
		.is_used = true, .stream = stream, .own = -1, .born_ms = clock_now_ms()
	};
	if (++connections->count == connections->limits.count)
		(void)evconnlistener_disable(connections->listener);
	event_active(connections->timer, EV_TIMEOUT, 0);
	return stream;
}

struct connections *
connections_new(struct event_base *base, struct evhttp *http, struct evhttp_bound_socket *bound,
		const struct connection_limits *limits)
{
	struct connections *connections =
		calloc(1, sizeof *connections + limits->count * sizeof connections->items[0]);

	if (connections == NULL)
		return NULL;
	connections->limits = *limits;
	connections->listener = evhttp_bound_socket_get_listener(bound);
	connections->timer = evtimer_new(base, look, connections);
	if (connections->timer == NULL) {
		free(connections);
		return NULL;
	}
	evhttp_set_bevcb(http, make_stream, connections);
	return connections;
}

void
connections_free(struct connections *connections)
{
	if (connections == NULL)
		return;
	for (size_t i = 0; i < connections->limits.count; i++) {
		struct connection *connection = &connections->items[i];

		if (connection->stream != NULL)
			(void)bufferevent_decref(connection->stream);
		if (connection->is_used)
			forget(connections, connection);
	}
	event_free(connections->timer);
	free(connections);
}
