#include "heloscope/peer/smtp_visit.h"

#include <errno.h>
#include <event2/event.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "heloscope/base/clock.h"
#include "heloscope/peer/dane.h"
#include "heloscope/wire/smtp_reader.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/peer/tls_look.h"

#define LAST_WORDS_MS 2000 /* for NOOP and QUIT, when all is known */
#define COMMAND_SIZE 600
#define CHUNK 2048                  /* octets that are read before others have their turn */
#define TLS_OCTETS_MAX (256U << 10) /* that a server may send from its handshake on, long chains and all */

enum state {
	CONNECTING,
	GREETING, /* each of these waits for the reply to what its name says */
	EHLO,
	HELO, /* for servers that know no EHLO (RFC 5321, 4.1.4) */
	STARTTLS,
	HANDSHAKE,
	EHLO_AGAIN,
	NOOP,
	QUIT,
	OVER
};

struct smtp_visit {
	smtp_visit_callback *callback;
	void *context;
	struct event_base *base;
	struct event *event; /* waits for the socket, or the end of patience */
	int fd, connect_error;
	SSL_CTX *tls_client; /* counted */
	SSL *tls;            /* once it is needed: it is large */
	int tls_max;
	struct dns_answer *tlsa; /* counted, or NULL */
	enum peer_dane dane;     /* as dane_begin() had it */
	enum state state;
	uint64_t connect_end_ms, end_ms;
	struct smtp_reader reader;
	bool offers_starttls;
	char ehlo_name[DOMAIN_SIZE], why[COMMAND_SIZE / 2];
	char command[COMMAND_SIZE]; /* being sent */
	size_t command_length, sent;
	struct peer peer;
};

SSL_CTX *
smtp_visit_tls(void)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_client_method());

	if (tls == NULL)
		return NULL;
	SSL_CTX_set_verify(tls, SSL_VERIFY_NONE, NULL);
	(void)SSL_CTX_set_default_verify_paths(tls);
	if (SSL_CTX_set_min_proto_version(tls, TLS1_VERSION) != 1
	    || SSL_CTX_set_cipher_list(tls, "DEFAULT:@SECLEVEL=0") != 1 || SSL_CTX_dane_enable(tls) <= 0) {
		SSL_CTX_free(tls);
		return NULL;
	}
	SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
	/* Memory of a connection that waits is given back: many do. */
	(void)SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE);
	/* Else one call reads session tickets for as long as they come. */
	(void)SSL_CTX_clear_mode(tls, SSL_MODE_AUTO_RETRY);
	ERR_clear_error();
	return tls;
}

/* The end. */

static void
finish(struct smtp_visit *visit, enum peer_outcome outcome)
{
	/* What fails once the server has answered EHLO is a matter of TLS, or of nobody's interest. */
	if (visit->state < STARTTLS)
		visit->peer.outcome = outcome;
	if (visit->state == STARTTLS)
		visit->peer.starttls = STARTTLS_REFUSED;
	if (visit->state == HANDSHAKE) {
		visit->peer.starttls = STARTTLS_BROKEN;
		if (visit->peer.problem[0] == '\0')
			(void)snprintf(visit->peer.problem, sizeof visit->peer.problem,
				       outcome == PEER_TOO_MUCH ? "the handshake had too many octets"
								: "the handshake came to no end in time");
	}
	visit->state = OVER;
	(void)event_del(visit->event);
	visit->callback(visit->context, &visit->peer);
}

/* Talking. */

static void
say(struct smtp_visit *visit, enum state state, const char *verb, const char *argument)
{
	struct strbuf command;

	strbuf_init(&command, visit->command, sizeof visit->command);
	strbuf_printf(&command, "%s%s%s\r\n", verb, argument[0] != '\0' ? " " : "", argument);
	visit->command_length = command.length;
	visit->sent = 0;
	visit->state = state;
	smtp_reader_next(&visit->reader);
}

static void
say_last_words(struct smtp_visit *visit)
{
	const uint64_t end_ms = clock_now_ms() + LAST_WORDS_MS;

	visit->peer.outcome = PEER_ANSWERS;
	if (end_ms < visit->end_ms)
		visit->end_ms = end_ms;
	say(visit, NOOP, "NOOP", visit->why);
}

static void
begin_tls(struct smtp_visit *visit)
{
	const char *name = visit->peer.name;

	visit->tls = SSL_new(visit->tls_client);
	visit->state = QUIT; /* without memory all is over, and nothing known of TLS */
	if (visit->tls == NULL || SSL_set_fd(visit->tls, visit->fd) != 1) {
		finish(visit, PEER_CLOSED);
		return;
	}
	if (visit->tls_max != 0)
		(void)SSL_set_max_proto_version(visit->tls, visit->tls_max);
	if (name[0] != '\0')
		(void)SSL_set_tlsext_host_name(visit->tls, name);
	visit->dane = dane_begin(visit->tls, name, visit->tlsa);
	SSL_set_connect_state(visit->tls);
	visit->state = HANDSHAKE;
}

static void
take_greeting(struct smtp_visit *visit, unsigned code)
{
	if (code == 220)
		say(visit, EHLO, "EHLO", visit->ehlo_name);
	else
		finish(visit, code < 400 ? PEER_NOT_SMTP : code < 500 ? PEER_BUSY : PEER_DECLINES);
}

static void
take_ehlo(struct smtp_visit *visit, unsigned code)
{
	visit->peer.starttls = STARTTLS_NOT_OFFERED;
	if (code >= 500 && visit->state == EHLO)
		say(visit, HELO, "HELO", visit->ehlo_name);
	else if (code >= 400)
		finish(visit, code < 500 ? PEER_BUSY : PEER_DECLINES);
	else if (visit->offers_starttls) {
		visit->peer.outcome = PEER_ANSWERS;
		say(visit, STARTTLS, "STARTTLS", "");
	} else {
		say_last_words(visit);
	}
}

static void
take_starttls(struct smtp_visit *visit, unsigned code)
{
	if (code == 220) {
		visit->peer.starttls = STARTTLS_UNKNOWN;
		begin_tls(visit);
	} else {
		visit->peer.starttls = STARTTLS_REFUSED;
		say_last_words(visit);
	}
}

/* A reply has ended. */
static void
take_reply(struct smtp_visit *visit)
{
	const unsigned code = visit->reader.code;

	switch (visit->state) {
	case GREETING:
		take_greeting(visit, code);
		break;
	case EHLO:
	case HELO:
		take_ehlo(visit, code);
		break;
	case STARTTLS:
		take_starttls(visit, code);
		break;
	case EHLO_AGAIN:
		say_last_words(visit);
		break;
	case NOOP:
		say(visit, QUIT, "QUIT", "");
		break;
	default:
		finish(visit, PEER_ANSWERS);
		break;
	}
}

/* Keep as much of the text as there is room for, escaped, and no half of an escape. */
static void
keep(char *memory, size_t size, struct span text)
{
	struct strbuf kept;
	size_t fits = 0, used = 1;

	while (fits < text.length) {
		const char c = text.at[fits];

		used += c < ' ' || c > '~' ? 4 : c == '\\' ? 2 : 1;
		if (used > size)
			break;
		fits++;
	}
	strbuf_init(&kept, memory, size);
	strbuf_add_escaped(&kept, (struct span){ text.at, fits }, fits);
}

/* Each line may be the one that says why. */
static void
keep_refusal(struct smtp_visit *visit, struct span text)
{
	char *refusal = visit->peer.refusal;
	size_t length = visit->reader.lines > 1 ? strlen(refusal) : 0;

	if (length > 0 && length + 1 < sizeof visit->peer.refusal)
		refusal[length++] = ' ';
	keep(refusal + length, sizeof visit->peer.refusal - length, text);
}

static void
take_line(struct smtp_visit *visit)
{
	const struct span text = smtp_reader_text(&visit->reader);
	size_t length = 0;

	if (visit->state == GREETING && visit->reader.lines == 1) {
		visit->peer.code = visit->reader.code;
		keep(visit->peer.greeting, sizeof visit->peer.greeting, text);
	}
	if (visit->reader.code >= 400 && visit->state <= HELO)
		keep_refusal(visit, text);
	if (visit->state != EHLO && visit->state != HELO)
		return;
	if (visit->reader.lines == 1) {
		keep(visit->peer.ehlo, sizeof visit->peer.ehlo, text);
		return;
	}
	while (length < text.length && text.at[length] != ' ')
		length++;
	if (span_equals_nocase((struct span){ text.at, length }, SPAN("STARTTLS")))
		visit->offers_starttls = true;
}

/* One octet of the server's. False when the reply, or all, has ended. */
static bool
take_octet(struct smtp_visit *visit, char octet)
{
	switch (smtp_reader_take(&visit->reader, octet)) {
	case SMTP_MORE:
		return true;
	case SMTP_LINE:
		take_line(visit);
		return true;
	case SMTP_DONE:
		take_line(visit);
		take_reply(visit);
		return false;
	case SMTP_NO_SMTP:
		finish(visit, PEER_NOT_SMTP);
		return false;
	default:
		finish(visit, PEER_TOO_MUCH);
		return false;
	}
}

/*
 * We say one thing at a time: what comes behind a reply is no answer to anything, and is dropped. Behind that
 * to STARTTLS it is an attack or a fault.
 */
static void
take_octets(struct smtp_visit *visit, const char *octets, size_t length)
{
	size_t at = 0;

	while (at < length && take_octet(visit, octets[at]))
		at++;
	if (visit->state == HANDSHAKE && at + 1 < length)
		visit->peer.injects = true;
}

/* The socket. What is waited for next: EV_READ, EV_WRITE, or 0 to go on at once. */

static short
wait_for_tls(struct smtp_visit *visit, int result)
{
	const int error = SSL_get_error(visit->tls, result);

	if (BIO_number_read(SSL_get_rbio(visit->tls)) > TLS_OCTETS_MAX) {
		finish(visit, PEER_TOO_MUCH);
		return 0;
	}
	if (error == SSL_ERROR_WANT_READ)
		return EV_READ;
	if (error == SSL_ERROR_WANT_WRITE)
		return EV_WRITE;
	if (visit->state == HANDSHAKE)
		tls_look_failure(error, &visit->peer);
	ERR_clear_error();
	finish(visit, PEER_CLOSED);
	return 0;
}

static short
shake_hands(struct smtp_visit *visit)
{
	int result;

	ERR_clear_error();
	result = SSL_do_handshake(visit->tls);
	if (result != 1)
		return wait_for_tls(visit, result);
	visit->peer.starttls = STARTTLS_WORKS;
	tls_look(visit->tls, &visit->peer);
	visit->peer.dane = visit->dane == DANE_MISMATCH ? dane_end(visit->tls) : visit->dane;
	say(visit, EHLO_AGAIN, "EHLO", visit->ehlo_name);
	return 0;
}

static short
write_command(struct smtp_visit *visit)
{
	const char *rest = visit->command + visit->sent;
	const size_t length = visit->command_length - visit->sent;
	ssize_t written;

	if (visit->state >= EHLO_AGAIN && visit->peer.starttls == STARTTLS_WORKS) {
		ERR_clear_error();
		written = SSL_write(visit->tls, rest, (int)length);
		if (written <= 0)
			return wait_for_tls(visit, (int)written);
	} else {
		written = send(visit->fd, rest, length, MSG_NOSIGNAL);
		if (written < 0 && (errno == EAGAIN || errno == EINTR))
			return EV_WRITE;
		if (written < 0) {
			finish(visit, PEER_CLOSED);
			return 0;
		}
	}
	visit->sent += (size_t)written;
	return 0;
}

static short
read_some(struct smtp_visit *visit)
{
	char octets[CHUNK];
	ssize_t length;

	if (visit->state >= EHLO_AGAIN && visit->peer.starttls == STARTTLS_WORKS) {
		ERR_clear_error();
		length = SSL_read(visit->tls, octets, sizeof octets);
		if (length <= 0)
			return wait_for_tls(visit, (int)length);
	} else {
		length = recv(visit->fd, octets, sizeof octets, 0);
		if (length < 0 && (errno == EAGAIN || errno == EINTR))
			return EV_READ;
		if (length <= 0) {
			finish(visit, PEER_CLOSED);
			return 0;
		}
	}
	take_octets(visit, octets, (size_t)length);
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
end_connecting(struct smtp_visit *visit)
{
	int error = 0;
	socklen_t length = sizeof error;

	(void)getsockopt(visit->fd, SOL_SOCKET, SO_ERROR, &error, &length);
	if (error != 0)
		finish(visit, outcome_of(error));
	else
		visit->state = GREETING;
	return 0;
}

/* Go on as far as can be without waiting, but no further than a few chunks. */
static short
go_on(struct smtp_visit *visit)
{
	short waits_for = 0;

	for (int turn = 0; turn < 16 && waits_for == 0 && visit->state != OVER; turn++) {
		if (visit->state == CONNECTING)
			waits_for = end_connecting(visit);
		else if (visit->state == HANDSHAKE)
			waits_for = shake_hands(visit);
		else if (visit->sent < visit->command_length)
			waits_for = write_command(visit);
		else
			waits_for = read_some(visit);
	}
	return waits_for != 0 ? waits_for : EV_READ | EV_WRITE;
}

static void on_event(evutil_socket_t fd, short what, void *context);

static void
wait_for(struct smtp_visit *visit, short what)
{
	const uint64_t now_ms = clock_now_ms(),
		       end_ms = visit->state == CONNECTING ? visit->connect_end_ms : visit->end_ms;
	const uint64_t left_ms = now_ms < end_ms ? end_ms - now_ms : 0;
	const struct timeval timeout = { .tv_sec = (time_t)(left_ms / 1000),
					 .tv_usec = (suseconds_t)(left_ms % 1000) * 1000 };

	if (event_assign(visit->event, visit->base, visit->fd, what, on_event, visit) != 0
	    || event_add(visit->event, &timeout) != 0)
		finish(visit, PEER_CLOSED);
}

static void
on_event(evutil_socket_t fd, short what, void *context)
{
	struct smtp_visit *visit = context;
	short waits_for;

	(void)fd;
	if ((what & EV_TIMEOUT) != 0) {
		finish(visit, visit->state == CONNECTING ? PEER_CONNECT_TIMEOUT : PEER_READ_TIMEOUT);
		return;
	}
	waits_for = go_on(visit);
	if (visit->state != OVER)
		wait_for(visit, waits_for);
}

/* The beginning. */

/* Fail from the event loop, as all else does: the caller has the visit by then. */
static void
fail_later(evutil_socket_t fd, short what, void *context)
{
	struct smtp_visit *visit = context;

	(void)fd;
	(void)what;
	finish(visit, outcome_of(visit->connect_error));
}

static void
connect_to(struct smtp_visit *visit, const struct smtp_visit_order *order)
{
	const struct timeval at_once = { 0, 0 };
	struct sockaddr_storage storage;
	const socklen_t length = ipaddr_to_sockaddr(&order->address, order->port, &storage);

	if (connect(visit->fd, (const struct sockaddr *)&storage, length) == 0 || errno == EINPROGRESS) {
		wait_for(visit, EV_WRITE);
		return;
	}
	visit->connect_error = errno;
	(void)event_assign(visit->event, visit->base, -1, EV_TIMEOUT, fail_later, visit);
	(void)event_add(visit->event, &at_once);
}

struct smtp_visit *
smtp_visit_new(struct event_base *base, const struct smtp_visit_order *order, smtp_visit_callback *callback,
	       void *context)
{
	struct smtp_visit *visit = calloc(1, sizeof *visit);

	if (visit == NULL)
		return NULL;
	visit->callback = callback;
	visit->context = context;
	visit->base = base;
	visit->connect_end_ms = clock_now_ms() + order->connect_ms;
	visit->end_ms = clock_now_ms() + order->total_ms;
	visit->tls_max = order->tls_max;
	visit->tls_client = order->tls;
	(void)SSL_CTX_up_ref(order->tls);
	visit->tlsa = order->tlsa != NULL ? dns_answer_ref(order->tlsa) : NULL;
	(void)snprintf(visit->ehlo_name, sizeof visit->ehlo_name, "%s", order->ehlo_name);
	(void)snprintf(visit->why, sizeof visit->why, "%s", order->why);
	(void)snprintf(visit->peer.name, sizeof visit->peer.name, "%s", order->name);
	visit->peer.looked_at = (int64_t)time(NULL);
	visit->fd = socket(order->address.length == 4 ? AF_INET : AF_INET6,
			   SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	visit->event = event_new(base, -1, 0, on_event, visit);
	if (visit->fd < 0 || visit->event == NULL) {
		smtp_visit_free(visit);
		return NULL;
	}
	connect_to(visit, order);
	return visit;
}

void
smtp_visit_free(struct smtp_visit *visit)
{
	if (visit == NULL)
		return;
	if (visit->event != NULL)
		event_free(visit->event);
	SSL_free(visit->tls);
	SSL_CTX_free(visit->tls_client);
	dns_answer_free(visit->tlsa);
	if (visit->fd >= 0)
		(void)close(visit->fd);
	free(visit);
}
