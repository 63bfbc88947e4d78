/* Sender in words: see telling.h. */
#include "heloscope/words/telling.h"

#include "heloscope/base/prose.h"

#define TEXT_MAX 120 /* octets of a peer's words in a reply */

static void
say_sender(const struct facts *facts, int64_t time_s, struct strbuf *said)
{
	(void)time_s;
	telling_add(said, facts->sender.domain);
	strbuf_add(said, facts->sender.domain[0] != '\0' ? ": " : "");
	telling_add(said, facts->sender.reason);
}

static void
refuse_sender(const struct config *config, const struct facts *facts, struct strbuf *text)
{
	(void)config;
	strbuf_add(text, "The sender ");
	strbuf_add_escaped(text, span_of(facts->sender.mailbox.text), TEXT_MAX);
	strbuf_printf(text, " cannot receive a bounce: %s. The owner of the domain can add an MX record. ",
		      facts->sender.reason != NULL ? facts->sender.reason : "its domain is unknown");
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
	char domain[TELLING_SHOWN_SIZE], reason[TELLING_SHOWN_SIZE];

	(void)time_s;
	if (facts->results[METHOD_SENDER] == RESULT_FAIL)
		prose_bullet(out,
			     "%s cannot receive bounces (%s). Its owner should publish an MX record, or send "
			     "from a domain that has one.",
			     telling_shown(facts->sender.domain, domain),
			     telling_shown(facts->sender.reason, reason));
}

const struct telling tell_sender = {
	.title = "Sender",
	.rank = RANK_SENDER,
	.say = say_sender,
	.refuse = refuse_sender,
	.detail = sender_detail,
	.advise = advise_sender,
};
