#include "heloscope/peer/peer.h"

#include <string.h>
#define HOUR_S 3600

/* A failure is looked at again after an hour at the earliest, a success after a day. */
static const int64_t hours_to_live[PEER_OUTCOMES] = {
	[PEER_ANSWERS] = 24,     [PEER_REFUSED] = 12, [PEER_UNREACHABLE] = 1, [PEER_CONNECT_TIMEOUT] = 12,
	[PEER_READ_TIMEOUT] = 4, [PEER_BUSY] = 1,     [PEER_DECLINES] = 12,   [PEER_NOT_SMTP] = 24,
	[PEER_TOO_MUCH] = 24,    [PEER_CLOSED] = 1,
};

const char *const peer_outcome_tokens[PEER_OUTCOMES] = { PEER_OUTCOME_TOKENS };

const char *const peer_starttls_tokens[STARTTLS_STATES] = {
	[STARTTLS_UNKNOWN] = "unknown", [STARTTLS_NOT_OFFERED] = "not-offered",
	[STARTTLS_REFUSED] = "refused", [STARTTLS_BROKEN] = "broken",
	[STARTTLS_WORKS] = "works",
};

const char *const peer_dane_tokens[DANE_STATES] = {
	[DANE_NONE] = "none",   [DANE_UNUSABLE] = "unusable", [DANE_FAULT] = "fault",
	[DANE_MATCH] = "match", [DANE_MISMATCH] = "mismatch",
};

const char *const peer_problem_tokens[PEER_PROBLEMS] = {
	[PEER_PROBLEM_NONE] = "none",
	[PEER_PROBLEM_UNTRUSTED] = "untrusted",
	[PEER_PROBLEM_NO_CERTIFICATE] = "no-certificate",
	[PEER_PROBLEM_HANDSHAKE_FAILED] = "handshake-failed",
	[PEER_PROBLEM_HANDSHAKE_CLOSED] = "handshake-closed",
	[PEER_PROBLEM_HANDSHAKE_TIMEOUT] = "handshake-timeout",
	[PEER_PROBLEM_HANDSHAKE_TOO_MUCH] = "handshake-too-much",
	[PEER_PROBLEM_STARTTLS_MASKED] = "starttls-masked",
};

int64_t
peer_ttl_s(const struct peer *peer)
{
	return hours_to_live[peer->outcome] * HOUR_S;
}

bool
peer_is_server(const struct peer *peer)
{
	return peer->outcome == PEER_ANSWERS || peer->outcome == PEER_BUSY || peer->outcome == PEER_DECLINES;
}

void
peer_host_name(const char *line, char *name)
{
	struct ipaddr literal;
	enum helo_fault fault;

	if (domain_helo_form((struct span){ line, strcspn(line, " ") }, name, &literal, &fault) != HELO_NAME)
		name[0] = '\0';
}
