/* Sender in words: see telling.h. */
#include "heloscope/words/telling.h"

#include "heloscope/base/prose.h"
#include "heloscope/words/sender.h"

#define TEXT_MAX 120 /* octets of a peer's words in a reply */

static const char *const findings[SENDER_FINDINGS] = {
	[SENDER_UNCHECKED] = "its domain was not looked up",
	[SENDER_MX] = "has MX",
	[SENDER_ADDRESS] = "has no MX, but an address",
	[SENDER_NO_DOMAIN] = "no sender domain",
	[SENDER_MALFORMED] = "not a valid address",
	[SENDER_NO_SUCH_DOMAIN] = "domain does not exist",
	[SENDER_NO_MX] = "has neither MX nor address",
	[SENDER_NULL_MX] = "null MX: takes no mail",
	[SENDER_LOCALHOST] = "every host calls itself localhost",
	[SENDER_MX_NO_HOST] = "MX names no host that others can find",
	[SENDER_MX_NO_ADDRESS] = "MX has no address",
	[SENDER_MX_PRIVATE] = "MX has only addresses that nobody else can reach",
	[SENDER_ADDRESS_PRIVATE] = "has no MX, and only addresses that nobody else can reach",
};

const char *
sender_text(const struct sender_facts *facts)
{
	return facts->finding == SENDER_UNKNOWN ? dns_status_word(facts->status) : findings[facts->finding];
}

static void
say_sender(const struct facts *facts, int64_t time_s, struct strbuf *said)
{
	(void)time_s;
	telling_add(said, facts->sender.domain);
	strbuf_add(said, facts->sender.domain[0] != '\0' ? ": " : "");
	strbuf_add(said, sender_text(&facts->sender));
}

/* What can be done, a sentence without its full stop; NULL where that is not known. */
static const char *
sender_remedy(enum sender_finding finding)
{
	switch (finding) {
	case SENDER_NO_SUCH_DOMAIN:
	case SENDER_NO_MX:
	case SENDER_NULL_MX:
		return "Its owner should publish an MX record, or send from a domain that has one";
	case SENDER_MX_NO_HOST:
	case SENDER_MX_NO_ADDRESS:
	case SENDER_MX_PRIVATE:
	case SENDER_ADDRESS_PRIVATE:
		return "Its owner should publish an MX record that names a host with a public address";
	case SENDER_LOCALHOST:
		return "The sending host should use a domain of its own in place of localhost";
	default:
		return NULL;
	}
}

static void
refuse_sender(const struct config *config, const struct facts *facts, struct strbuf *text)
{
	const char *remedy = sender_remedy(facts->sender.finding);

	(void)config;
	strbuf_add(text, "The sender ");
	strbuf_add_escaped(text, span_of(facts->sender.mailbox.text), TEXT_MAX);
	strbuf_printf(text, " cannot receive a bounce: %s. ", sender_text(&facts->sender));
	if (remedy != NULL)
		strbuf_printf(text, "%s. ", remedy);
}

static const char *
sender_detail(const struct facts *facts)
{
	(void)facts;
	return "1.8";
}

static void
advise_sender(const struct facts *facts, int64_t time_s, struct output *out)
{
	const char *remedy = sender_remedy(facts->sender.finding);
	char domain[TELLING_SHOWN_SIZE];

	(void)time_s;
	if (facts->results[METHOD_SENDER] == RESULT_FAIL && remedy != NULL)
		prose_bullet(out, "%s cannot receive bounces (%s). %s.",
			     telling_shown(facts->sender.domain, domain), sender_text(&facts->sender),
			     remedy);
}

static void
report_sender(const struct facts *facts, struct authres *authres)
{
	if (facts->results[METHOD_SENDER] == RESULT_UNCHECKED)
		return;
	authres_result(authres, method_words(METHOD_SENDER)->method, facts->results[METHOD_SENDER]);
	if (facts->sender.domain[0] != '\0')
		authres_property(authres, method_words(METHOD_SENDER)->property,
				 span_of(facts->sender.domain));
	authres_comment(authres, sender_text(&facts->sender));
}

const struct telling tell_sender = {
	.title = "Sender",
	.rank = RANK_SENDER,
	.report = report_sender,
	.say = say_sender,
	.refuse = refuse_sender,
	.detail = sender_detail,
	.advise = advise_sender,
};
