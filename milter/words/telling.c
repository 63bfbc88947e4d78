#include "heloscope/words/telling.h"

#include <string.h>

#define RECORD_MAX 300 /* octets of a record of the DNS in a story */
#define QUOTE_MAX 80   /* octets of the words of others in a reply; each can take four */

const char *
dns_status_word(enum dns_status status)
{
	static const char *const statuses[] = {
		[DNS_NOERROR] = "answered",
		[DNS_NODATA] = "no such record",
		[DNS_NXDOMAIN] = "NXDOMAIN",
		[DNS_SERVFAIL] = "SERVFAIL",
		[DNS_TIMEOUT] = "timeout",
		[DNS_BOGUS] = "DNSSEC bogus",
		[DNS_MALFORMED] = "malformed answer",
		[DNS_TOO_LARGE] = "too large an answer",
		[DNS_NO_SERVER] = "no name server answers",
		[DNS_SENDER_UNREAD] = "not looked up: the sender address can be read in too many ways",
		[DNS_RECIPIENT_UNREAD] = "not looked up: the recipient address can be read in too many ways",
		[DNS_CLIENT_UNREAD] = "not looked up: the client behind the gateway is not known",
		[DNS_TOO_MANY_OF_MESSAGE] = "not looked up: too many lookups for one message",
		[DNS_TOO_MANY_OF_CLIENT] = "not looked up: too many lookups for this client wait for answers",
		[DNS_TOO_MANY_OF_NETWORK] =
			"not looked up: too many lookups for this client's network wait for answers",
		[DNS_TOO_MANY_OF_PROVIDER] =
			"not looked up: too many lookups for the networks around this client wait for answers",
		[DNS_TOO_MANY_OF_ALL] =
			"not looked up: too many lookups, mostly for other clients, wait for answers",
		[DNS_BUDGET_OF_CLIENT] =
			"not looked up: too many lookups in this list for this client, for mail that was not accepted",
		[DNS_BUDGET_OF_NETWORK] =
			"not looked up: too many lookups in this list for this client's network, for mail that was not accepted",
		[DNS_NO_ROOM] = "too large: the answers in this session together are more than is kept",
		[DNS_HELD_UP] = "no time was left: answers to other queries, after which it comes, were late",
		[DNS_TOO_MUCH_WORK] = "too much work to verify the signature",
		[DNS_CHOSEN_NAME] = "could not be looked up, at a name that the sender chose",
		[DNS_NO_TIME] = "not looked up: no time was left",
		[DNS_NO_MEMORY] = "not looked up: out of memory",
	};

	return statuses[status];
}

void
telling_add(struct strbuf *said, const char *text)
{
	strbuf_add_escaped(said, span_of(text), TELLING_SHOWN_SIZE);
}

const char *
telling_shown(const char *text, char memory[TELLING_SHOWN_SIZE])
{
	struct strbuf shown;

	strbuf_init(&shown, memory, TELLING_SHOWN_SIZE);
	telling_add(&shown, text);
	return memory;
}

void
telling_add_place(struct strbuf *said, const char *place)
{
	const char *colon = strrchr(place, ':');

	if (colon == NULL) {
		telling_add(said, place);
		return;
	}
	strbuf_add_escaped(said, (struct span){ place, (size_t)(colon - place) }, TELLING_SHOWN_SIZE);
	strbuf_add(said, " line ");
	telling_add(said, colon + 1);
}

const char *
telling_client(const struct facts *facts, char text[IPADDR_TEXT_SIZE])
{
	text[0] = '\0';
	return facts->client.address.length > 0 ? ipaddr_format(&facts->client.address, text) : text;
}

void
telling_add_client(struct strbuf *said, const struct facts *facts)
{
	char text[IPADDR_TEXT_SIZE];

	strbuf_add(said, telling_client(facts, text));
}

const char *
telling_own_name(const struct facts *facts, const char *other)
{
	const char *verified = facts->iprev.verified;

	return verified != NULL && domain_is_helo_name(verified) ? verified : other;
}

void
telling_add_key_name(struct strbuf *name, const char *selector, const char *domain)
{
	telling_add(name, selector);
	strbuf_add(name, "._domainkey.");
	telling_add(name, domain);
}

void
telling_add_value(struct strbuf *text, const char *value)
{
	char memory[TELLING_VALUE_MAX + 1];
	struct strbuf shown = STRBUF_OVER(memory);

	strbuf_add_escaped(&shown, span_of(value), TELLING_VALUE_MAX);
	strbuf_add(text, memory);
	strbuf_add(text, shown.is_cut ? "..." : "");
}

void
telling_add_record(struct strbuf *said, const char *record)
{
	strbuf_add_escaped(said, span_of(record), RECORD_MAX);
}

void
telling_add_introduction(struct strbuf *text, const struct facts *facts)
{
	strbuf_add(text, "The server at the connecting IP address ");
	telling_add_client(text, facts);
	if (facts->helo.given == NULL) {
		strbuf_add(text, " did not introduce itself (HELO/EHLO)");
		return;
	}
	strbuf_add(text, " introduced itself (HELO/EHLO) as \"");
	telling_add_value(text, facts->helo.given);
	strbuf_add_char(text, '"');
}

void
telling_add_quote(struct strbuf *text, const char *who, const char *words)
{
	strbuf_printf(text, "%s: \"", who);
	strbuf_add_escaped(text, span_of(words), QUOTE_MAX);
	strbuf_add(text,
		   text->length > 0 && ascii_is_among(text->text[text->length - 1], ".?!") ? "\" " : "\". ");
}

const char *
telling_address_type(const struct facts *facts)
{
	return facts->client.address.length == 16 ? "AAAA" : "A";
}

void
telling_add_policy(struct strbuf *text)
{
	strbuf_add(text,
		   "There is nothing wrong with that, but the receiving site's policy refuses this mail. ");
}

void
telling_fill(struct strbuf *text, const char *sentences, const struct telling_values *values)
{
	for (const char *at = sentences; *at != '\0'; at++) {
		if (at[0] != '$' || at[1] < 'A' || at[1] > 'Z')
			strbuf_add_char(text, *at);
		else
			telling_add_value(text, values->of[*++at - 'A']);
	}
}
