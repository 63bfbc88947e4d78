#include "heloscope/peer/smtp_client.h"

#include <errno.h>
#include <event2/event.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "heloscope/base/clock.h"
#include "heloscope/base/strbuf.h"

#define CHUNK 2048                  /* octets that are read before others have their turn */
#define TLS_OCTETS_MAX (256U << 10) /* that a server may send from its handshake on, long chains and all */

enum state {
	CONNECTING,
	TALKING, /* a command is being sent, or its reply awaited; the greeting is the reply to nothing */
	SILENT,  /* it is the caller's turn */
	HANDSHAKE,
	OVER
};

struct smtp_client {
	const struct smtp_client_calls *calls;
	void *context;
	struct event_base *base;
	struct event *event; /* waits for the socket, or the end of patience */
	int fd, connect_error;
	SSL *tls; /* once it is needed: it is large */
	bool is_secured;
	bool is_at_work; /* within on_event(), which waits for what comes next */
	enum state state;
	uint64_t connect_end_ms, end_ms;
	struct smtp_reader reader;
	char command[SMTP_COMMAND_SIZE]; /* being sent */
	size_t command_length, sent;
};

static void
finish(struct smtp_client *client, enum peer_outcome outcome)
{
	smtp_client_end(client);
	client->calls->over(client->context, outcome);
}

/* A reply has ended. */
static void
take_reply(struct smtp_client *client, size_t dropped)
{
	client->state = SILENT;
	client->calls->reply(client->context, dropped);
}

static void
take_line(const struct smtp_client *client)
{
	if (client->calls->line != NULL)
		client->calls->line(client->context);
}

/* One octet of the server's, before `left` others. False when the reply, or all, has ended. */
static bool
take_octet(struct smtp_client *client, char octet, size_t left)
{
	switch (smtp_reader_take(&client->reader, octet)) {
	case SMTP_MORE:
		return true;
	case SMTP_LINE:
		take_line(client);
		return true;
	case SMTP_DONE:
		take_line(client);
		take_reply(client, left);
		return false;
	case SMTP_NO_SMTP:
		finish(client, PEER_NOT_SMTP);
		return false;
	default:
		finish(client, PEER_TOO_MUCH);
		return false;
	}
}

static void
take_octets(struct smtp_client *client, const char *octets, size_t length)
{
	size_t at = 0;

	while (at < length && take_octet(client, octets[at], length - at - 1))
		at++;
}

/* The socket. What is waited for next: EV_READ, EV_WRITE, or 0 to go on at once. */

static short
wait_for_tls(struct smtp_client *client, int result)
{
	const int error = SSL_get_error(client->tls, result);

	if (BIO_number_read(SSL_get_rbio(client->tls)) > TLS_OCTETS_MAX) {
		finish(client, PEER_TOO_MUCH);
		return 0;
	}
	if (error == SSL_ERROR_WANT_READ)
		return EV_READ;
	if (error == SSL_ERROR_WANT_WRITE)
		return EV_WRITE;
	if (client->state == HANDSHAKE)
		client->calls->shaken(client->context, client->tls, error);
	ERR_clear_error();
	finish(client, PEER_CLOSED);
	return 0;
}

static short
shake_hands(struct smtp_client *client)
{
	int result;

	ERR_clear_error();
	result = SSL_do_handshake(client->tls);
	if (result != 1)
		return wait_for_tls(client, result);
	client->is_secured = true;
	client->state = SILENT;
	client->calls->shaken(client->context, client->tls, SSL_ERROR_NONE);
	return 0;
}

static short
write_command(struct smtp_client *client)
{
	const char *rest = client->command + client->sent;
	const size_t length = client->command_length - client->sent;
	ssize_t written;

	if (client->is_secured) {
		ERR_clear_error();
		written = SSL_write(client->tls, rest, (int)length);
		if (written <= 0)
			return wait_for_tls(client, (int)written);
	} else {
		written = send(client->fd, rest, length, MSG_NOSIGNAL);
		if (written < 0 && (errno == EAGAIN || errno == EINTR))
			return EV_WRITE;
		if (written < 0) {
			finish(client, PEER_CLOSED);
			return 0;
		}
	}
	client->sent += (size_t)written;
	return 0;
}

static short
read_some(struct smtp_client *client)
{
	char octets[CHUNK];
	ssize_t length;

	if (client->is_secured) {
		ERR_clear_error();
		length = SSL_read(client->tls, octets, sizeof octets);
		if (length <= 0)
			return wait_for_tls(client, (int)length);
	} else {
		length = recv(client->fd, octets, sizeof octets, 0);
		if (length < 0 && (errno == EAGAIN || errno == EINTR))
			return EV_READ;
		if (length <= 0) {
			finish(client, PEER_CLOSED);
			return 0;
		}
	}
	take_octets(client, octets, (size_t)length);
	return 0;
}

static enum peer_outcome
outcome_of(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return PEER_REFUSED;
	case ETIMEDOUT:
		return PEER_CONNECT_TIMEOUT;
	case ECONNRESET:
		return PEER_CLOSED;
	default:
		return PEER_UNREACHABLE;
	}
}

static short
end_connecting(struct smtp_client *client)
{
	int error = 0;
	socklen_t length = sizeof error;

	(void)getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &length);
	if (error != 0)
		finish(client, outcome_of(error));
	else
		client->state = TALKING;
	return 0;
}

static bool
is_waiting(const struct smtp_client *client)
{
	return client->state != SILENT && client->state != OVER;
}

/* Go on as far as can be without waiting, but no further than a few chunks. */
static short
go_on(struct smtp_client *client)
{
	short waits_for = 0;

	for (int turn = 0; turn < 16 && waits_for == 0 && is_waiting(client); turn++) {
		if (client->state == CONNECTING)
			waits_for = end_connecting(client);
		else if (client->state == HANDSHAKE)
			waits_for = shake_hands(client);
		else if (client->sent < client->command_length)
			waits_for = write_command(client);
		else
			waits_for = read_some(client);
	}
	return waits_for != 0 ? waits_for : EV_READ | EV_WRITE;
}

static void on_event(evutil_socket_t fd, short what, void *context);

/* Have the loop wait for it, as long as patience goes. */
static bool
schedule(struct smtp_client *client, short what)
{
	const uint64_t now_ms = clock_now_ms(),
		       end_ms = client->state == CONNECTING ? client->connect_end_ms : client->end_ms;
	const uint64_t left_ms = now_ms < end_ms ? end_ms - now_ms : 0;
	const struct timeval timeout = { .tv_sec = (time_t)(left_ms / 1000),
					 .tv_usec = (suseconds_t)(left_ms % 1000) * 1000 };

	return event_assign(client->event, client->base, client->fd, what, on_event, client) == 0
	       && event_add(client->event, &timeout) == 0;
}

static void
wait_for(struct smtp_client *client, short what)
{
	if (!schedule(client, what))
		finish(client, PEER_CLOSED);
}

static void
on_event(evutil_socket_t fd, short what, void *context)
{
	struct smtp_client *client = context;
	short waits_for;

	(void)fd;
	if ((what & EV_TIMEOUT) != 0) {
		finish(client, client->state == CONNECTING ? PEER_CONNECT_TIMEOUT : PEER_READ_TIMEOUT);
		return;
	}
	client->is_at_work = true;
	waits_for = go_on(client);
	client->is_at_work = false;
	if (is_waiting(client))
		wait_for(client, waits_for);
}

/* The caller's turn. */

static void
take_turn(struct smtp_client *client, enum state state)
{
	client->state = state;
	if (!client->is_at_work)
		wait_for(client, EV_WRITE);
}

void
smtp_client_say(struct smtp_client *client, const char *command, const char *argument)
{
	struct strbuf line;

	strbuf_init(&line, client->command, sizeof client->command - 2);
	strbuf_add(&line, command);
	strbuf_add(&line, argument);
	line.size += 2;
	strbuf_add(&line, "\r\n");
	client->command_length = line.length;
	client->sent = 0;
	smtp_reader_next(&client->reader);
	take_turn(client, TALKING);
}

const struct smtp_reader *
smtp_client_reply(const struct smtp_client *client)
{
	return &client->reader;
}

bool
smtp_client_begin_tls(struct smtp_client *client, SSL *tls)
{
	client->tls = tls;
	if (SSL_set_fd(tls, client->fd) != 1)
		return false;
	SSL_set_connect_state(tls);
	take_turn(client, HANDSHAKE);
	return true;
}

void
smtp_client_hurry(struct smtp_client *client, unsigned left_ms)
{
	const uint64_t end_ms = clock_now_ms() + left_ms;

	if (end_ms < client->end_ms)
		client->end_ms = end_ms;
}

/* Beginning and end. */

/* Fail from the event loop, as all else does: the caller has the client by then. */
static void
fail_later(evutil_socket_t fd, short what, void *context)
{
	struct smtp_client *client = context;

	(void)fd;
	(void)what;
	finish(client, outcome_of(client->connect_error));
}

static bool
connect_to(struct smtp_client *client, const struct smtp_client_order *order)
{
	const struct timeval at_once = { 0, 0 };
	struct sockaddr_storage storage;
	const socklen_t length = ipaddr_to_sockaddr(&order->address, order->port, &storage);

	if (connect(client->fd, (const struct sockaddr *)&storage, length) == 0 || errno == EINPROGRESS)
		return schedule(client, EV_WRITE);
	client->connect_error = errno;
	return event_assign(client->event, client->base, -1, EV_TIMEOUT, fail_later, client) == 0
	       && event_add(client->event, &at_once) == 0;
}

struct smtp_client *
smtp_client_new(struct event_base *base, const struct smtp_client_order *order,
		const struct smtp_client_calls *calls, void *context)
{
	struct smtp_client *client = calloc(1, sizeof *client);

	if (client == NULL)
		return NULL;
	client->calls = calls;
	client->context = context;
	client->base = base;
	client->connect_end_ms = clock_now_ms() + order->connect_ms;
	client->end_ms = clock_now_ms() + order->total_ms;
	client->fd = socket(order->address.length == 4 ? AF_INET : AF_INET6,
			    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	client->event = event_new(base, -1, 0, on_event, client);
	if (client->fd >= 0 && client->event != NULL && connect_to(client, order))
		return client;
	smtp_client_free(client);
	return NULL;
}

void
smtp_client_end(struct smtp_client *client)
{
	client->state = OVER;
	(void)event_del(client->event);
}

void
smtp_client_free(struct smtp_client *client)
{
	if (client == NULL)
		return;
	if (client->event != NULL)
		event_free(client->event);
	SSL_free(client->tls);
	if (client->fd >= 0)
		(void)close(client->fd);
	free(client);
}
