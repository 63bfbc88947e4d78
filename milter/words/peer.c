/* tell_peer: banner and TLS. See telling.h. */
#include "heloscope/words/telling.h"

#include <string.h>
#include <time.h>

#include "heloscope/base/prose.h"
#include "heloscope/records/value.h"

/* Whether the look was before the mail came: what was mended since does not show. */
static bool
was_before(const json_t *record, const json_t *check)
{
	const char *looked_at = record_text(check, "looked-at");

	return looked_at[0] != '\0' && strcmp(looked_at, record_text(record, "time")) < 0;
}

static void
say_when(const json_t *record, const json_t *check, struct strbuf *said)
{
	if (was_before(record, check))
		strbuf_printf(said, " (looked at %s)", record_text(check, "looked-at"));
}

#define PATIENCE_SIZE 160

/* What to add to advice, for those who have followed it and are still refused; or "". */
static const char *
patience(const json_t *record, const json_t *check, char memory[PATIENCE_SIZE])
{
	struct strbuf text;

	strbuf_init(&text, memory, PATIENCE_SIZE);
	if (was_before(record, check) && record_member(check, "believed-until") != NULL)
		strbuf_printf(&text, " What was found at %s is believed until %s; only then we look again.",
			      record_text(check, "looked-at"), record_text(check, "believed-until"));
	return memory;
}

/* Banner. */

/* Why there is nothing more to say; false when there is. */
static bool
say_outcome(const json_t *record, const json_t *check, struct strbuf *said)
{
	const char *ip = record_text(record_member(record, "client"), "ip"),
		   *outcome = record_text(check, "outcome");

	if (strcmp(outcome, "not known yet") == 0)
		strbuf_printf(said, "the server at %s had not been looked at when the mail came", ip);
	else if (strcmp(outcome, "not looked at") == 0)
		strbuf_printf(said, "%s is an address that is not looked at", ip);
	else if (record_is(check, "result", "none") || record_is(check, "result", "temperror"))
		strbuf_printf(said, "the server at %s: %s", ip, outcome);
	else
		return false;
	return true;
}

static void
say_greeting(const json_t *check, struct strbuf *said)
{
	const char *name = record_text(check, "greeting-name");

	if (record_member(check, "agreement") == NULL) {
		strbuf_printf(said, "what answers on port 25 %s", record_text(check, "outcome"));
		return;
	}
	strbuf_printf(said, "its server greets as \"%s\"", record_text(check, "greeting"));
	if (record_text(check, "ehlo-name")[0] != '\0' && !record_is(check, "ehlo-name", name))
		strbuf_printf(said, " and answers EHLO as %s", record_text(check, "ehlo-name"));
	strbuf_printf(said, ": %s", record_text(check, "agreement"));
}

static void
say_banner(const json_t *record, const json_t *check, struct strbuf *said)
{
	if (!say_outcome(record, check, said))
		say_greeting(check, said);
	say_when(record, check, said);
}

static void
refuse_banner(const struct config *config, const struct facts *facts, struct strbuf *text)
{
	const struct peer *peer = facts->peer.peer;
	char address[IPADDR_TEXT_SIZE];

	(void)config;
	(void)ipaddr_format(&facts->client.address, address);
	if (peer == NULL || facts->peer.greeting_name == NULL) {
		strbuf_printf(text, "The mail server at %s could not be looked at (%s). ", address,
			      facts_peer_outcome(&facts->peer));
		return;
	}
	strbuf_printf(text, "The mail server at %s greets as ", address);
	strbuf_add_span(text, (struct span){ peer->greeting, strcspn(peer->greeting, " ") });
	strbuf_printf(text, ", not as %s. The administrator of the server can set the name in its greeting. ",
		      facts->iprev.verified != NULL && domain_is_helo_name(facts->iprev.verified)
			      ? facts->iprev.verified
			      : "a name of this client");
}

static void
advise_banner(const json_t *record, struct output *out)
{
	const json_t *client = record_member(record, "client");
	const json_t *check = record_check(record, "x-banner");
	const char *verified = record_text(client, "name");
	char more[PATIENCE_SIZE];

	if (record_is(check, "result", "fail"))
		prose_bullet(out,
			     "The administrator of the server at %s should have it greet, on port 25, with "
			     "its own name: %s.%s",
			     record_text(client, "ip"),
			     domain_is_helo_name(verified) ? verified
							   : "a host name that resolves to its address",
			     patience(record, check, more));
}

const struct telling tell_banner = {
	.key = "x-banner",
	.title = "Banner",
	.say = say_banner,
	.refuse = refuse_banner,
	.advise = advise_banner,
};

/* TLS of the session. */

static void
say_tls(const json_t *record, const json_t *check, struct strbuf *said)
{
	(void)record;
	if (record_is(check, "result", "none"))
		strbuf_add(said, "the mail came in plain text");
	else
		strbuf_printf(said, "the mail came with %s%s%s%s", record_text(check, "version"),
			      record_text(check, "cipher")[0] != '\0' ? ", " : "",
			      record_text(check, "cipher"),
			      record_is(check, "result", "neutral") ? ", a version that is out of use" : "");
}

static void
refuse_tls(const struct config *config, const struct facts *facts, struct strbuf *text)
{
	(void)config;
	(void)facts;
	strbuf_add(text, "This mail came without TLS, or with a version out of use. ");
}

/* "Encryption Needed" of the registry of RFC 5248. */
static const char *
tls_detail(const struct facts *facts)
{
	(void)facts;
	return "7.10";
}

const struct telling tell_tls = {
	.key = "x-tls",
	.title = "TLS",
	.say = say_tls,
	.refuse = refuse_tls,
	.detail = tls_detail,
};

/* TLS of the peer. */

static void
say_starttls(const json_t *check, struct strbuf *said)
{
	const char *starttls = record_text(check, "starttls");

	if (strcmp(starttls, "works") != 0) {
		strbuf_printf(said, "STARTTLS at its server: %s%s%s", starttls,
			      record_text(check, "problem")[0] != '\0' ? ": " : "",
			      record_text(check, "problem"));
		return;
	}
	strbuf_printf(said, "its server takes mail with %s, certificate for %s, issued by %s",
		      record_text(check, "version"), record_text(check, "names"),
		      record_text(check, "issuer"));
	if (record_is(check, "dane", "match"))
		strbuf_add(said, ", which DANE confirms");
	else if (record_is(check, "dane", "mismatch"))
		strbuf_add(said, ", which is not the one that DANE names");
	else if (!json_is_true(record_member(check, "trusted")))
		strbuf_printf(said, ", not trusted: %s", record_text(check, "problem"));
	else if (!json_is_true(record_member(check, "named")))
		strbuf_add(said, ", not for the client's name");
}

static void
say_peer_tls(const json_t *record, const json_t *check, struct strbuf *said)
{
	if (!say_outcome(record, check, said))
		say_starttls(check, said);
	say_when(record, check, said);
}

static void
refuse_peer_tls(const struct config *config, const struct facts *facts, struct strbuf *text)
{
	const struct peer *peer = facts->peer.peer;
	char address[IPADDR_TEXT_SIZE];

	(void)config;
	strbuf_printf(text, "TLS of the mail server at %s: %s. ",
		      ipaddr_format(&facts->client.address, address),
		      peer == NULL                        ? "not known yet"
		      : peer->dane == DANE_MISMATCH       ? "the certificate is not the one that DANE names"
		      : peer->starttls == STARTTLS_BROKEN ? "the handshake fails"
		      : peer->starttls == STARTTLS_WORKS  ? "not verified"
							  : "STARTTLS is not offered");
}

static void
advise_peer_tls(const json_t *record, struct output *out)
{
	const json_t *check = record_check(record, "x-peer-tls");
	const char *ip = record_text(record_member(record, "client"), "ip");
	char more[PATIENCE_SIZE];

	if (!record_is(check, "result", "fail"))
		return;
	if (record_is(check, "dane", "mismatch"))
		prose_bullet(out,
			     "The certificate of the server at %s and its TLSA records should be brought "
			     "together; until then senders that check DANE deliver it nothing.%s",
			     ip, patience(record, check, more));
	else
		prose_bullet(out,
			     "The server at %s should offer STARTTLS that works, for the mail it "
			     "receives.%s",
			     ip, patience(record, check, more));
}

const struct telling tell_peer_tls = {
	.key = "x-peer-tls",
	.title = "Server TLS",
	.say = say_peer_tls,
	.refuse = refuse_peer_tls,
	.advise = advise_peer_tls,
};
