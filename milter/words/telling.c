#include "heloscope/words/telling.h"

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
