#include "heloscope/peer/peer.h"

#include <string.h>
#define HOUR_S 3600

/* A failure is looked at again after an hour at the earliest, a success after a day. */
static const struct {
	const char *word;
	int64_t ttl_s;
} outcomes[PEER_OUTCOMES] = {
	[PEER_ANSWERS] = { "answers", 24 * HOUR_S },
	[PEER_REFUSED] = { "connection refused", 12 * HOUR_S },
	[PEER_UNREACHABLE] = { "no way there", HOUR_S },
	[PEER_CONNECT_TIMEOUT] = { "no connection in time", 12 * HOUR_S },
	[PEER_READ_TIMEOUT] = { "no greeting in time", 4 * HOUR_S },
	[PEER_BUSY] = { "busy", HOUR_S },
	[PEER_DECLINES] = { "declines", 12 * HOUR_S },
	[PEER_NOT_SMTP] = { "speaks no SMTP", 24 * HOUR_S },
	[PEER_TOO_MUCH] = { "sends too much", 24 * HOUR_S },
	[PEER_CLOSED] = { "closed the connection", HOUR_S },
};

static const char *const starttls_words[STARTTLS_STATES] = {
	[STARTTLS_UNKNOWN] = "unknown", [STARTTLS_NOT_OFFERED] = "not offered",
	[STARTTLS_REFUSED] = "refused", [STARTTLS_BROKEN] = "broken",
	[STARTTLS_WORKS] = "works",
};

const char *const peer_outcome_tokens[PEER_OUTCOMES] = { PEER_OUTCOME_TOKENS };

const char *const peer_starttls_tokens[STARTTLS_STATES] = {
	[STARTTLS_UNKNOWN] = "unknown", [STARTTLS_NOT_OFFERED] = "not-offered",
	[STARTTLS_REFUSED] = "refused", [STARTTLS_BROKEN] = "broken",
	[STARTTLS_WORKS] = "works",
};

/* Words for people, too. */
const char *const peer_dane_tokens[DANE_STATES] = {
	[DANE_NONE] = "none",   [DANE_UNUSABLE] = "unusable", [DANE_FAULT] = "fault",
	[DANE_MATCH] = "match", [DANE_MISMATCH] = "mismatch",
};

const char *
peer_outcome_word(enum peer_outcome outcome)
{
	return outcomes[outcome].word;
}

const char *
peer_starttls_word(enum peer_starttls starttls)
{
	return starttls_words[starttls];
}

const char *
peer_dane_word(enum peer_dane dane)
{
	return peer_dane_tokens[dane];
}

int64_t
peer_ttl_s(const struct peer *peer)
{
	return outcomes[peer->outcome].ttl_s;
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
