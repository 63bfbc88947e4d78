#include "heloscope/peer/smtp_visit.h"

#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "heloscope/peer/dane.h"
#include "heloscope/peer/smtp_client.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/peer/tls_look.h"

#define LAST_WORDS_MS 2000 /* for NOOP and QUIT, when all is known */
#define WHY_SIZE 300

/* What has been said last, and is to be answered. */
enum step {
	CONNECT, /* by the greeting */
	EHLO,
	HELO, /* for servers that know no EHLO (RFC 5321, 4.1.4) */
	STARTTLS,
	HANDSHAKE,
	EHLO_AGAIN,
	NOOP,
	QUIT,
	STEPS
};

struct smtp_visit {
	smtp_visit_callback *callback;
	void *context;
	struct smtp_client *client;
	enum step step;
	SSL_CTX *tls_client; /* counted */
	int tls_max;
	struct dns_answer *tlsa; /* counted, or NULL */
	enum peer_dane dane;     /* as dane_begin() had it */
	bool offers_starttls;
	char ehlo_name[DOMAIN_SIZE], why[WHY_SIZE];
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
	if (visit->step < STARTTLS)
		visit->peer.outcome = outcome;
	if (visit->step == STARTTLS)
		visit->peer.starttls = STARTTLS_REFUSED;
	if (visit->step == HANDSHAKE) {
		visit->peer.starttls = STARTTLS_BROKEN;
		if (visit->peer.problem == PEER_PROBLEM_NONE)
			visit->peer.problem = outcome == PEER_TOO_MUCH ? PEER_PROBLEM_HANDSHAKE_TOO_MUCH
								       : PEER_PROBLEM_HANDSHAKE_TIMEOUT;
	}
	smtp_client_end(visit->client);
	visit->callback(visit->context, &visit->peer);
}

static void
take_end(void *context, enum peer_outcome outcome)
{
	finish(context, outcome);
}

/* The replies. */

static void
say(struct smtp_visit *visit, enum step step, const char *command, const char *argument)
{
	visit->step = step;
	smtp_client_say(visit->client, command, argument);
}

static void
say_last_words(struct smtp_visit *visit)
{
	visit->peer.outcome = PEER_ANSWERS;
	smtp_client_hurry(visit->client, LAST_WORDS_MS);
	say(visit, NOOP, visit->why[0] != '\0' ? "NOOP " : "NOOP", visit->why);
}

/* A session for the handshake, or NULL when memory ran out. */
static SSL *
new_session(struct smtp_visit *visit)
{
	const char *name = visit->peer.name;
	SSL *tls = SSL_new(visit->tls_client);

	if (tls == NULL)
		return NULL;
	if (visit->tls_max != 0)
		(void)SSL_set_max_proto_version(tls, visit->tls_max);
	if (name[0] != '\0')
		(void)SSL_set_tlsext_host_name(tls, name);
	visit->dane = dane_begin(tls, name, visit->tlsa);
	return tls;
}

static void
take_greeting(struct smtp_visit *visit, unsigned code)
{
	if (code == 220)
		say(visit, EHLO, "EHLO ", visit->ehlo_name);
	else
		finish(visit, code < 400 ? PEER_NOT_SMTP : code < 500 ? PEER_BUSY : PEER_DECLINES);
}

static void
take_ehlo(struct smtp_visit *visit, unsigned code)
{
	visit->peer.starttls = STARTTLS_NOT_OFFERED;
	if (code >= 500 && visit->step == EHLO)
		say(visit, HELO, "HELO ", visit->ehlo_name);
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
	SSL *tls;

	if (code != 220) {
		visit->peer.starttls = STARTTLS_REFUSED;
		say_last_words(visit);
		return;
	}
	visit->peer.starttls = STARTTLS_UNKNOWN;
	visit->step = HANDSHAKE;
	tls = new_session(visit);
	if (tls != NULL && smtp_client_begin_tls(visit->client, tls))
		return;
	visit->step = QUIT; /* without memory all is over, and nothing known of TLS */
	finish(visit, PEER_CLOSED);
}

static void
take_ehlo_again(struct smtp_visit *visit, unsigned code)
{
	(void)code;
	say_last_words(visit);
}

static void
take_noop(struct smtp_visit *visit, unsigned code)
{
	(void)code;
	say(visit, QUIT, "QUIT", "");
}

static void
take_quit(struct smtp_visit *visit, unsigned code)
{
	(void)code;
	finish(visit, PEER_ANSWERS);
}

static void (*const takers[STEPS])(struct smtp_visit *visit, unsigned code) = {
	[CONNECT] = take_greeting,      [EHLO] = take_ehlo, [HELO] = take_ehlo,
	[STARTTLS] = take_starttls,     [HANDSHAKE] = NULL, /* has no reply */
	[EHLO_AGAIN] = take_ehlo_again, [NOOP] = take_noop, [QUIT] = take_quit,
};

/* What comes behind the reply to STARTTLS is an attack or a fault. */
static void
take_reply(void *context, size_t dropped)
{
	struct smtp_visit *visit = context;
	const unsigned code = smtp_client_reply(visit->client)->code;

	if (visit->step == STARTTLS && code == 220)
		visit->peer.injects = dropped > 0;
	takers[visit->step](visit, code);
}

static void
take_handshake(void *context, SSL *tls, int error)
{
	struct smtp_visit *visit = context;

	if (error != SSL_ERROR_NONE) {
		tls_look_failure(error, &visit->peer);
		return;
	}
	visit->peer.starttls = STARTTLS_WORKS;
	tls_look(tls, &visit->peer);
	visit->peer.dane = visit->dane == DANE_MISMATCH ? dane_end(tls) : visit->dane;
	say(visit, EHLO_AGAIN, "EHLO ", visit->ehlo_name);
}

/* What lines of replies tell. */

/* Keep as much of the text as there is room for, escaped, and no half of an escape. */
static void
keep(char *memory, size_t size, struct span text)
{
	struct strbuf kept;
	size_t fits = 0, used = 1;

	while (fits < text.length) {
		const char c = text.at[fits];

		used += !ascii_is_printable(c) ? 4 : c == '\\' ? 2 : 1;
		if (used > size)
			break;
		fits++;
	}
	strbuf_init(&kept, memory, size);
	strbuf_add_escaped(&kept, (struct span){ text.at, fits }, fits);
}

/* Each line may be the one that says why. */
static void
keep_refusal(struct smtp_visit *visit, const struct smtp_reader *reply)
{
	char *refusal = visit->peer.refusal;
	size_t length = reply->lines > 1 ? strlen(refusal) : 0;

	if (length > 0 && length + 1 < sizeof visit->peer.refusal)
		refusal[length++] = ' ';
	keep(refusal + length, sizeof visit->peer.refusal - length, smtp_reader_text(reply));
}

static void
take_ehlo_line(struct smtp_visit *visit, const struct smtp_reader *reply)
{
	const struct span text = smtp_reader_text(reply);
	size_t length = 0;

	if (reply->lines == 1) {
		keep(visit->peer.ehlo, sizeof visit->peer.ehlo, text);
		return;
	}
	while (length < text.length && text.at[length] != ' ')
		length++;
	if (span_equals_nocase((struct span){ text.at, length }, SPAN("STARTTLS")))
		visit->offers_starttls = true;
	else if (span_equals((struct span){ text.at, length }, SPAN("XXXXXXXA")))
		visit->peer.problem = PEER_PROBLEM_STARTTLS_MASKED; /* as firewalls do it */
}

static void
take_line(void *context)
{
	struct smtp_visit *visit = context;
	const struct smtp_reader *reply = smtp_client_reply(visit->client);

	if (visit->step == CONNECT && reply->lines == 1) {
		visit->peer.code = reply->code;
		keep(visit->peer.greeting, sizeof visit->peer.greeting, smtp_reader_text(reply));
	}
	if (reply->code >= 400 && visit->step <= HELO)
		keep_refusal(visit, reply);
	if (visit->step == EHLO || visit->step == HELO)
		take_ehlo_line(visit, reply);
}

/* The beginning. */

static const struct smtp_client_calls calls = {
	.line = take_line,
	.reply = take_reply,
	.shaken = take_handshake,
	.over = take_end,
};

struct smtp_visit *
smtp_visit_new(struct event_base *base, const struct smtp_visit_order *order, smtp_visit_callback *callback,
	       void *context)
{
	struct smtp_visit *visit = calloc(1, sizeof *visit);

	if (visit == NULL)
		return NULL;
	visit->callback = callback;
	visit->context = context;
	visit->tls_max = order->tls_max;
	visit->tls_client = order->tls;
	(void)SSL_CTX_up_ref(order->tls);
	visit->tlsa = order->tlsa != NULL ? dns_answer_ref(order->tlsa) : NULL;
	(void)snprintf(visit->ehlo_name, sizeof visit->ehlo_name, "%s", order->ehlo_name);
	(void)snprintf(visit->why, sizeof visit->why, "%s", order->why);
	(void)snprintf(visit->peer.name, sizeof visit->peer.name, "%s", order->name);
	visit->peer.looked_at = (int64_t)time(NULL);
	visit->client = smtp_client_new(base, &order->to, &calls, visit);
	if (visit->client != NULL)
		return visit;
	smtp_visit_free(visit);
	return NULL;
}

void
smtp_visit_free(struct smtp_visit *visit)
{
	if (visit == NULL)
		return;
	smtp_client_free(visit->client);
	SSL_CTX_free(visit->tls_client);
	dns_answer_free(visit->tlsa);
	free(visit);
}
