#include "heloscope/words/peer.h"

#include "heloscope/base/clock.h"
#include "heloscope/words/telling.h"

static const char *const outcomes[PEER_OUTCOMES] = {
	[PEER_ANSWERS] = "answers",
	[PEER_REFUSED] = "connection refused",
	[PEER_UNREACHABLE] = "cannot be reached",
	[PEER_CONNECT_TIMEOUT] = "connection timed out",
	[PEER_READ_TIMEOUT] = "no greeting in time",
	[PEER_BUSY] = "busy",
	[PEER_DECLINES] = "declined the connection",
	[PEER_NOT_SMTP] = "does not speak SMTP",
	[PEER_TOO_MUCH] = "sends too much",
	[PEER_CLOSED] = "closed the connection",
};

static const char *const starttls[STARTTLS_STATES] = {
	[STARTTLS_UNKNOWN] = "unknown", [STARTTLS_NOT_OFFERED] = "not offered",
	[STARTTLS_REFUSED] = "refused", [STARTTLS_BROKEN] = "broken",
	[STARTTLS_WORKS] = "works",
};

static const char *const problems[PEER_PROBLEMS] = {
	[PEER_PROBLEM_NONE] = "",
	[PEER_PROBLEM_UNTRUSTED] = "the certificate cannot be verified",
	[PEER_PROBLEM_NO_CERTIFICATE] = "no certificate",
	[PEER_PROBLEM_HANDSHAKE_FAILED] = "the handshake failed",
	[PEER_PROBLEM_HANDSHAKE_CLOSED] = "the connection was closed",
	[PEER_PROBLEM_HANDSHAKE_TIMEOUT] = "the handshake timed out",
	[PEER_PROBLEM_HANDSHAKE_TOO_MUCH] = "the handshake had too many octets",
	[PEER_PROBLEM_STARTTLS_MASKED] =
		"something on the way, most likely a firewall that inspects SMTP, overwrites STARTTLS with XXXXXXXA; turn that inspection off",
};

const char *
peer_outcome_text(enum peer_outcome outcome)
{
	return outcomes[outcome];
}

const char *
peer_starttls_text(enum peer_starttls state)
{
	return starttls[state];
}

const char *
peer_problem_text(const struct peer *peer)
{
	return peer->quoted[0] != '\0' ? peer->quoted : problems[peer->problem];
}

const char *
peer_look_text(const struct peer_facts *facts)
{
	if (facts->peer != NULL)
		return peer_outcome_text(facts->peer->outcome);
	return facts->is_left_out ? "server not checked" : "server not checked yet";
}

/* Whether the look was before the mail came: what was mended since does not show. */
static bool
was_before(const struct peer *peer, int64_t time_s)
{
	return peer != NULL && peer->looked_at != 0 && peer->looked_at < time_s;
}

void
peer_say_when(const struct facts *facts, int64_t time_s, struct strbuf *said)
{
	char when[CLOCK_TEXT_SIZE];

	if (was_before(facts->peer.peer, time_s))
		strbuf_printf(said, " (checked %s)", clock_format(facts->peer.peer->looked_at, when));
}

const char *
peer_patience(const struct facts *facts, int64_t time_s, char memory[PEER_PATIENCE_SIZE])
{
	const struct peer *peer = facts->peer.peer;
	char when[CLOCK_TEXT_SIZE], until[CLOCK_TEXT_SIZE];
	struct strbuf text;

	strbuf_init(&text, memory, PEER_PATIENCE_SIZE);
	if (was_before(peer, time_s))
		strbuf_printf(
			&text,
			" This was found at %s and counts until %s; after that the server is checked again.",
			clock_format(peer->looked_at, when),
			clock_format(peer->looked_at + peer_ttl_s(peer), until));
	return memory;
}

bool
peer_say_outcome(const struct facts *facts, enum method method, struct strbuf *said)
{
	const struct peer_facts *peer = &facts->peer;
	const enum result result = facts->results[method];
	char ip[IPADDR_TEXT_SIZE];

	(void)telling_client(facts, ip);
	if (peer->peer == NULL && peer->is_left_out)
		strbuf_printf(said, "%s is an address to which the filter does not connect", ip);
	else if (peer->peer == NULL)
		strbuf_printf(said, "the server at %s had not been checked when the mail came", ip);
	else if (result == RESULT_NONE || result == RESULT_TEMPERROR)
		strbuf_printf(said, "the server at %s: %s", ip, peer_look_text(peer));
	else
		return false;
	return true;
}
