#include "heloscope/peer/smtp_probe.h"

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

struct smtp_probe {
	smtp_probe_callback *callback;
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
smtp_probe_tls(void)
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
finish(struct smtp_probe *probe, enum peer_outcome outcome)
{
	/* What fails once the server has answered EHLO is a matter of TLS, or of nobody's interest. */
	if (probe->state < STARTTLS)
		probe->peer.outcome = outcome;
	if (probe->state == STARTTLS)
		probe->peer.starttls = STARTTLS_REFUSED;
	if (probe->state == HANDSHAKE) {
		probe->peer.starttls = STARTTLS_BROKEN;
		if (probe->peer.problem[0] == '\0')
			(void)snprintf(probe->peer.problem, sizeof probe->peer.problem,
				       outcome == PEER_TOO_MUCH ? "the handshake had too many octets"
								: "the handshake came to no end in time");
	}
	probe->state = OVER;
	(void)event_del(probe->event);
	probe->callback(probe->context, &probe->peer);
}

/* Talking. */

static void
say(struct smtp_probe *probe, enum state state, const char *verb, const char *argument)
{
	struct strbuf command;

	strbuf_init(&command, probe->command, sizeof probe->command);
	strbuf_printf(&command, "%s%s%s\r\n", verb, argument[0] != '\0' ? " " : "", argument);
	probe->command_length = command.length;
	probe->sent = 0;
	probe->state = state;
	smtp_reader_next(&probe->reader);
}

static void
say_last_words(struct smtp_probe *probe)
{
	const uint64_t end_ms = clock_now_ms() + LAST_WORDS_MS;

	probe->peer.outcome = PEER_ANSWERS;
	if (end_ms < probe->end_ms)
		probe->end_ms = end_ms;
	say(probe, NOOP, "NOOP", probe->why);
}

static void
begin_tls(struct smtp_probe *probe)
{
	const char *name = probe->peer.name;

	probe->tls = SSL_new(probe->tls_client);
	probe->state = QUIT; /* without memory all is over, and nothing known of TLS */
	if (probe->tls == NULL || SSL_set_fd(probe->tls, probe->fd) != 1) {
		finish(probe, PEER_CLOSED);
		return;
	}
	if (probe->tls_max != 0)
		(void)SSL_set_max_proto_version(probe->tls, probe->tls_max);
	if (name[0] != '\0')
		(void)SSL_set_tlsext_host_name(probe->tls, name);
	probe->dane = dane_begin(probe->tls, name, probe->tlsa);
	SSL_set_connect_state(probe->tls);
	probe->state = HANDSHAKE;
}

static void
take_greeting(struct smtp_probe *probe, unsigned code)
{
	if (code == 220)
		say(probe, EHLO, "EHLO", probe->ehlo_name);
	else
		finish(probe, code < 400 ? PEER_NOT_SMTP : code < 500 ? PEER_BUSY : PEER_DECLINES);
}

static void
take_ehlo(struct smtp_probe *probe, unsigned code)
{
	probe->peer.starttls = STARTTLS_NOT_OFFERED;
	if (code >= 500 && probe->state == EHLO)
		say(probe, HELO, "HELO", probe->ehlo_name);
	else if (code >= 400)
		finish(probe, code < 500 ? PEER_BUSY : PEER_DECLINES);
	else if (probe->offers_starttls) {
		probe->peer.outcome = PEER_ANSWERS;
		say(probe, STARTTLS, "STARTTLS", "");
	} else {
		say_last_words(probe);
	}
}

static void
take_starttls(struct smtp_probe *probe, unsigned code)
{
	if (code == 220) {
		probe->peer.starttls = STARTTLS_UNKNOWN;
		begin_tls(probe);
	} else {
		probe->peer.starttls = STARTTLS_REFUSED;
		say_last_words(probe);
	}
}

/* A reply has ended. */
static void
take_reply(struct smtp_probe *probe)
{
	const unsigned code = probe->reader.code;

	switch (probe->state) {
	case GREETING:
		take_greeting(probe, code);
		break;
	case EHLO:
	case HELO:
		take_ehlo(probe, code);
		break;
	case STARTTLS:
		take_starttls(probe, code);
		break;
	case EHLO_AGAIN:
		say_last_words(probe);
		break;
	case NOOP:
		say(probe, QUIT, "QUIT", "");
		break;
	default:
		finish(probe, PEER_ANSWERS);
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
keep_refusal(struct smtp_probe *probe, struct span text)
{
	char *refusal = probe->peer.refusal;
	size_t length = probe->reader.lines > 1 ? strlen(refusal) : 0;

	if (length > 0 && length + 1 < sizeof probe->peer.refusal)
		refusal[length++] = ' ';
	keep(refusal + length, sizeof probe->peer.refusal - length, text);
}

static void
take_line(struct smtp_probe *probe)
{
	const struct span text = smtp_reader_text(&probe->reader);
	size_t length = 0;

	if (probe->state == GREETING && probe->reader.lines == 1) {
		probe->peer.code = probe->reader.code;
		keep(probe->peer.greeting, sizeof probe->peer.greeting, text);
	}
	if (probe->reader.code >= 400 && probe->state <= HELO)
		keep_refusal(probe, text);
	if (probe->state != EHLO && probe->state != HELO)
		return;
	if (probe->reader.lines == 1) {
		keep(probe->peer.ehlo, sizeof probe->peer.ehlo, text);
		return;
	}
	while (length < text.length && text.at[length] != ' ')
		length++;
	if (span_equals_nocase((struct span){ text.at, length }, SPAN("STARTTLS")))
		probe->offers_starttls = true;
}

/* One octet of the server's. False when the reply, or all, has ended. */
static bool
take_octet(struct smtp_probe *probe, char octet)
{
	switch (smtp_reader_take(&probe->reader, octet)) {
	case SMTP_MORE:
		return true;
	case SMTP_LINE:
		take_line(probe);
		return true;
	case SMTP_DONE:
		take_line(probe);
		take_reply(probe);
		return false;
	case SMTP_NO_SMTP:
		finish(probe, PEER_NOT_SMTP);
		return false;
	default:
		finish(probe, PEER_TOO_MUCH);
		return false;
	}
}

/*
 * We say one thing at a time: what comes behind a reply is no answer to anything, and is dropped. Behind that
 * to STARTTLS it is an attack or a fault.
 */
static void
take_octets(struct smtp_probe *probe, const char *octets, size_t length)
{
	size_t at = 0;

	while (at < length && take_octet(probe, octets[at]))
		at++;
	if (probe->state == HANDSHAKE && at + 1 < length)
		probe->peer.injects = true;
}

/* The socket. What is waited for next: EV_READ, EV_WRITE, or 0 to go on at once. */

static short
wait_for_tls(struct smtp_probe *probe, int result)
{
	const int error = SSL_get_error(probe->tls, result);

	if (BIO_number_read(SSL_get_rbio(probe->tls)) > TLS_OCTETS_MAX) {
		finish(probe, PEER_TOO_MUCH);
		return 0;
	}
	if (error == SSL_ERROR_WANT_READ)
		return EV_READ;
	if (error == SSL_ERROR_WANT_WRITE)
		return EV_WRITE;
	if (probe->state == HANDSHAKE)
		tls_look_failure(error, &probe->peer);
	ERR_clear_error();
	finish(probe, PEER_CLOSED);
	return 0;
}

static short
shake_hands(struct smtp_probe *probe)
{
	int result;

	ERR_clear_error();
	result = SSL_do_handshake(probe->tls);
	if (result != 1)
		return wait_for_tls(probe, result);
	probe->peer.starttls = STARTTLS_WORKS;
	tls_look(probe->tls, &probe->peer);
	probe->peer.dane = probe->dane == DANE_MISMATCH ? dane_end(probe->tls) : probe->dane;
	say(probe, EHLO_AGAIN, "EHLO", probe->ehlo_name);
	return 0;
}

static short
write_command(struct smtp_probe *probe)
{
	const char *rest = probe->command + probe->sent;
	const size_t length = probe->command_length - probe->sent;
	ssize_t written;

	if (probe->state >= EHLO_AGAIN && probe->peer.starttls == STARTTLS_WORKS) {
		ERR_clear_error();
		written = SSL_write(probe->tls, rest, (int)length);
		if (written <= 0)
			return wait_for_tls(probe, (int)written);
	} else {
		written = send(probe->fd, rest, length, MSG_NOSIGNAL);
		if (written < 0 && (errno == EAGAIN || errno == EINTR))
			return EV_WRITE;
		if (written < 0) {
			finish(probe, PEER_CLOSED);
			return 0;
		}
	}
	probe->sent += (size_t)written;
	return 0;
}

static short
read_some(struct smtp_probe *probe)
{
	char octets[CHUNK];
	ssize_t length;

	if (probe->state >= EHLO_AGAIN && probe->peer.starttls == STARTTLS_WORKS) {
		ERR_clear_error();
		length = SSL_read(probe->tls, octets, sizeof octets);
		if (length <= 0)
			return wait_for_tls(probe, (int)length);
	} else {
		length = recv(probe->fd, octets, sizeof octets, 0);
		if (length < 0 && (errno == EAGAIN || errno == EINTR))
			return EV_READ;
		if (length <= 0) {
			finish(probe, PEER_CLOSED);
			return 0;
		}
	}
	take_octets(probe, octets, (size_t)length);
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
end_connecting(struct smtp_probe *probe)
{
	int error = 0;
	socklen_t length = sizeof error;

	(void)getsockopt(probe->fd, SOL_SOCKET, SO_ERROR, &error, &length);
	if (error != 0)
		finish(probe, outcome_of(error));
	else
		probe->state = GREETING;
	return 0;
}

/* Go on as far as can be without waiting, but no further than a few chunks. */
static short
go_on(struct smtp_probe *probe)
{
	short waits_for = 0;

	for (int turn = 0; turn < 16 && waits_for == 0 && probe->state != OVER; turn++) {
		if (probe->state == CONNECTING)
			waits_for = end_connecting(probe);
		else if (probe->state == HANDSHAKE)
			waits_for = shake_hands(probe);
		else if (probe->sent < probe->command_length)
			waits_for = write_command(probe);
		else
			waits_for = read_some(probe);
	}
	return waits_for != 0 ? waits_for : EV_READ | EV_WRITE;
}

static void on_event(evutil_socket_t fd, short what, void *context);

static void
wait_for(struct smtp_probe *probe, short what)
{
	const uint64_t now_ms = clock_now_ms(),
		       end_ms = probe->state == CONNECTING ? probe->connect_end_ms : probe->end_ms;
	const uint64_t left_ms = now_ms < end_ms ? end_ms - now_ms : 0;
	const struct timeval timeout = { .tv_sec = (time_t)(left_ms / 1000),
					 .tv_usec = (suseconds_t)(left_ms % 1000) * 1000 };

	if (event_assign(probe->event, probe->base, probe->fd, what, on_event, probe) != 0
	    || event_add(probe->event, &timeout) != 0)
		finish(probe, PEER_CLOSED);
}

static void
on_event(evutil_socket_t fd, short what, void *context)
{
	struct smtp_probe *probe = context;
	short waits_for;

	(void)fd;
	if ((what & EV_TIMEOUT) != 0) {
		finish(probe, probe->state == CONNECTING ? PEER_CONNECT_TIMEOUT : PEER_READ_TIMEOUT);
		return;
	}
	waits_for = go_on(probe);
	if (probe->state != OVER)
		wait_for(probe, waits_for);
}

/* The beginning. */

/* Fail from the event loop, as all else does: the caller has the probe by then. */
static void
fail_later(evutil_socket_t fd, short what, void *context)
{
	struct smtp_probe *probe = context;

	(void)fd;
	(void)what;
	finish(probe, outcome_of(probe->connect_error));
}

static void
connect_to(struct smtp_probe *probe, const struct smtp_probe_order *order)
{
	const struct timeval at_once = { 0, 0 };
	struct sockaddr_storage storage;
	const socklen_t length = ipaddr_to_sockaddr(&order->address, order->port, &storage);

	if (connect(probe->fd, (const struct sockaddr *)&storage, length) == 0 || errno == EINPROGRESS) {
		wait_for(probe, EV_WRITE);
		return;
	}
	probe->connect_error = errno;
	(void)event_assign(probe->event, probe->base, -1, EV_TIMEOUT, fail_later, probe);
	(void)event_add(probe->event, &at_once);
}

struct smtp_probe *
smtp_probe_new(struct event_base *base, const struct smtp_probe_order *order, smtp_probe_callback *callback,
	       void *context)
{
	struct smtp_probe *probe = calloc(1, sizeof *probe);

	if (probe == NULL)
		return NULL;
	probe->callback = callback;
	probe->context = context;
	probe->base = base;
	probe->connect_end_ms = clock_now_ms() + order->connect_ms;
	probe->end_ms = clock_now_ms() + order->total_ms;
	probe->tls_max = order->tls_max;
	probe->tls_client = order->tls;
	(void)SSL_CTX_up_ref(order->tls);
	probe->tlsa = order->tlsa != NULL ? dns_answer_ref(order->tlsa) : NULL;
	(void)snprintf(probe->ehlo_name, sizeof probe->ehlo_name, "%s", order->ehlo_name);
	(void)snprintf(probe->why, sizeof probe->why, "%s", order->why);
	(void)snprintf(probe->peer.name, sizeof probe->peer.name, "%s", order->name);
	probe->peer.looked_at = (int64_t)time(NULL);
	probe->fd = socket(order->address.length == 4 ? AF_INET : AF_INET6,
			   SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	probe->event = event_new(base, -1, 0, on_event, probe);
	if (probe->fd < 0 || probe->event == NULL) {
		smtp_probe_free(probe);
		return NULL;
	}
	connect_to(probe, order);
	return probe;
}

void
smtp_probe_free(struct smtp_probe *probe)
{
	if (probe == NULL)
		return;
	if (probe->event != NULL)
		event_free(probe->event);
	SSL_free(probe->tls);
	SSL_CTX_free(probe->tls_client);
	dns_answer_free(probe->tlsa);
	if (probe->fd >= 0)
		(void)close(probe->fd);
	free(probe);
}
