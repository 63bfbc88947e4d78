/* Banner in words: see telling.h. */
#include "heloscope/words/telling.h"

#include <string.h>

#include "heloscope/base/prose.h"
#include "heloscope/words/peer.h"

static const char *const agreements[] = {
	[BANNER_INVALID] = "no host name",
	[BANNER_FOREIGN] = "another domain",
	[BANNER_UNKNOWN] = "nothing to compare with",
	[BANNER_SAME_ORGANIZATION] = "same organization",
	[BANNER_EQUALS_HELO] = "equals HELO",
	[BANNER_EQUALS_PTR] = "equals reverse DNS",
};

static void
say_greeting(const struct peer_facts *facts, struct strbuf *said)
{
	if (facts->greeting_name == NULL) {
		strbuf_printf(said, "what answers on port 25 %s", peer_look_text(facts));
		return;
	}
	strbuf_printf(said, "the client's server greets as \"%s\"", facts->peer->greeting);
	if (facts->ehlo_name[0] != '\0' && strcmp(facts->ehlo_name, facts->greeting_name) != 0) {
		strbuf_add(said, " and answers EHLO as ");
		telling_add(said, facts->ehlo_name);
	}
	strbuf_printf(said, ": %s", agreements[facts->agreement]);
}

static void
say_banner(const struct facts *facts, int64_t time_s, struct strbuf *said)
{
	if (!peer_say_outcome(facts, METHOD_BANNER, said))
		say_greeting(&facts->peer, said);
	peer_say_when(facts, time_s, said);
}

/* With which name it greets, or that it does not. */
static void
add_greeting(const struct facts *facts, struct strbuf *text)
{
	const struct peer *peer = facts->peer.peer;

	if (peer == NULL || facts->peer.greeting_name == NULL) {
		strbuf_add(text,
			   "No greeting of a mail server was seen on port 25 of the connecting IP address ");
		telling_add_client(text, facts);
		strbuf_printf(text, " (%s). ", peer_look_text(&facts->peer));
		return;
	}
	strbuf_add(text, "The mail server on port 25 of the connecting IP address ");
	telling_add_client(text, facts);
	strbuf_add(text, " greets as \"");
	telling_add_value(text,
			  facts->peer.greeting_name[0] != '\0' ? facts->peer.greeting_name : peer->greeting);
	strbuf_add(text, facts->results[METHOD_BANNER] == RESULT_PASS ? "\", a name of this host. "
			 : facts->peer.greeting_name[0] == '\0'       ? "\", which begins with no host name. "
								      : "\", which is not its name. ");
}

static void
refuse_banner(const struct config *config, const struct facts *facts, struct strbuf *text)
{
	const enum result result = facts->results[METHOD_BANNER];
	const bool is_unknown = result == RESULT_NONE || result == RESULT_TEMPERROR;
	const char *own = telling_own_name(facts, facts->helo.form == HELO_NAME ? facts->helo.name : NULL);
	char address[IPADDR_TEXT_SIZE];

	(void)config;
	add_greeting(facts, text);
	if (result == RESULT_PASS) {
		telling_add_policy(text);
		return;
	}
	strbuf_add(text, TELLING_ADMINISTRATOR);
	if (is_unknown)
		strbuf_add(text,
			   "make sure that it answers on port 25 with a greeting that begins with 220 and ");
	else
		strbuf_add(text, "set the name in its greeting (SMTP banner) to ");
	telling_add_value(text, own != NULL ? own : "its host name, which must resolve to ");
	strbuf_add(text, own != NULL ? "" : telling_client(facts, address));
	strbuf_add(text, is_unknown ? ", and send the mail again. " : ". ");
}

static void
advise_banner(const struct facts *facts, int64_t time_s, struct output *out)
{
	char ip[IPADDR_TEXT_SIZE], more[PEER_PATIENCE_SIZE];

	if (facts->results[METHOD_BANNER] == RESULT_FAIL)
		prose_bullet(
			out,
			"Set the name with which the server at %s greets on port 25 (SMTP banner) to %s.%s",
			telling_client(facts, ip),
			telling_own_name(facts, "a host name that resolves to its address"),
			peer_patience(facts, time_s, more));
}

static const char *
comment(const struct peer_facts *peer)
{
	if (peer->peer == NULL || !peer_is_server(peer->peer) || peer->peer->outcome == PEER_BUSY)
		return peer_look_text(peer);
	switch (peer->agreement) {
	case BANNER_EQUALS_PTR:
		return "equals reverse DNS";
	case BANNER_EQUALS_HELO:
		return "equals HELO";
	case BANNER_SAME_ORGANIZATION:
		return "of the same organization";
	case BANNER_UNKNOWN:
		return "nothing to compare it with";
	case BANNER_FOREIGN:
		return "of another domain";
	default:
		return "no host name";
	}
}

static void
report_banner(const struct facts *facts, struct authres *authres)
{
	const struct peer_facts *peer = &facts->peer;

	if (facts->results[METHOD_BANNER] == RESULT_UNCHECKED)
		return;
	authres_result(authres, method_words(METHOD_BANNER)->method, facts->results[METHOD_BANNER]);
	if (peer->greeting_name != NULL && peer->greeting_name[0] != '\0')
		authres_property(authres, method_words(METHOD_BANNER)->property,
				 span_of(peer->greeting_name));
	if (peer->ehlo_name != NULL && peer->ehlo_name[0] != '\0'
	    && (peer->greeting_name == NULL || strcmp(peer->ehlo_name, peer->greeting_name) != 0))
		authres_property(authres, "policy.ehlo", span_of(peer->ehlo_name));
	authres_comment(authres, comment(peer));
}

const struct telling tell_banner = {
	.title = "Banner",
	.rank = RANK_LAST,
	.report = report_banner,
	.say = say_banner,
	.refuse = refuse_banner,
	.advise = advise_banner,
};
