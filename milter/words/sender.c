/* Sender in words: see telling.h. */
#include "heloscope/words/telling.h"

#include "heloscope/base/prose.h"
#include "heloscope/words/sender.h"

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
		return "Publish an MX record for it, or send from a domain that has one";
	case SENDER_NULL_MX:
		return "Replace the null MX record with one that names its mail server, or send from a domain that receives mail";
	case SENDER_MX_NO_HOST:
	case SENDER_MX_NO_ADDRESS:
	case SENDER_MX_PRIVATE:
	case SENDER_ADDRESS_PRIVATE:
		return "Publish an MX record for it that names a host with a public address";
	case SENDER_LOCALHOST:
		return "Set the sender address on the sending host to one with its own domain in place of localhost";
	default:
		return NULL;
	}
}

/*
 * What a refusal says of each finding: sentences in which $D stands for the domain, $A for the whole address,
 * $H for the host that the MX record names, $I for an address that it has, $S for what is wrong with the DNS.
 */
static const char *const refusals[SENDER_FINDINGS] = {
	[SENDER_UNCHECKED] = "The domain of the sender address $A was not looked up. ",
	[SENDER_MX] = "The domain of the sender address $A has an MX record. ",
	[SENDER_ADDRESS] = "The domain of the sender address $A has no MX record, but an address record. ",
	[SENDER_NO_DOMAIN] =
		"The sender address is \"$A\", without a domain. Send with a whole address, like name@example.com. ",
	[SENDER_MALFORMED] =
		"The sender address \"$A\" is not valid. Correct it in the settings of your mail program. ",
	[SENDER_NO_SUCH_DOMAIN] =
		"The domain $D of the sender address $A does not exist in the DNS (NXDOMAIN). Check the spelling of your address in your mail program. If it is right, ask whoever registered $D to check that the registration has not expired and that its name servers are set. ",
	[SENDER_NO_MX] =
		"The domain $D of the sender address $A has neither an MX nor an A or AAAA record, so it cannot receive replies or bounces. Ask whoever manages the DNS of $D to publish an MX record that names its mail server (like \"10 mail.$D\"), or send from an address that can receive mail. ",
	[SENDER_NULL_MX] =
		"The domain $D of the sender address $A has a null MX record (\"0 .\"), which says that it never receives mail. Ask whoever manages the DNS of $D to replace it with an MX record that names its mail server (like \"10 mail.$D\"), or send from an address that can receive mail. ",
	[SENDER_LOCALHOST] =
		"The domain of the sender address $A is localhost, to which nobody can reply. Set the sender address in your mail program or mail server to one with your own domain. ",
	[SENDER_MX_NO_HOST] =
		"The MX record of $D (the domain of the sender address) points to \"$H\", which is not the host name of a server on the internet. Ask whoever manages the DNS of $D to change the MX record to the host name of its mail server (a name, not an IP address). ",
	[SENDER_MX_NO_ADDRESS] =
		"The MX record of $D (the domain of the sender address) points to $H, which has neither an A nor an AAAA record. Ask whoever manages the DNS of $H to add an A record for it with its IP address; if $D receives its mail elsewhere, ask whoever manages the DNS of $D to change that MX record. ",
	[SENDER_MX_PRIVATE] =
		"The MX record of $D (the domain of the sender address) points to $H, whose address $I cannot be reached from the internet. Ask whoever manages the DNS of $H to change its A record to the public IP address of that host. ",
	[SENDER_ADDRESS_PRIVATE] =
		"The domain $D of the sender address $A has no MX record, and its address $I cannot be reached from the internet. Ask whoever manages the DNS of $D to publish an MX record that names its mail server (like \"10 mail.$D\"). ",
	[SENDER_UNKNOWN] =
		"The domain $D of the sender address $A could not be looked up ($S). Ask whoever manages the DNS of $D to check its name servers, and send the mail again. ",
};

static void
refuse_sender(const struct config *config, const struct facts *facts, struct strbuf *text)
{
	const struct sender_facts *sender = &facts->sender;
	const char *host = sender->host == NULL ? "a host" : sender->host[0] != '\0' ? sender->host : ".";
	char address[IPADDR_TEXT_SIZE] = "";

	(void)config;
	if (sender->address.length > 0)
		(void)ipaddr_format(&sender->address, address);
	telling_fill(
		text, refusals[sender->finding],
		&(struct telling_values){
			{ ['D' - 'A'] = sender->domain,
			  ['A' - 'A'] = sender->mailbox.form == MAILBOX_NULL ? "<>" : sender->mailbox.text,
			  ['H' - 'A'] = host,
			  ['I' - 'A'] = address,
			  ['S' - 'A'] = dns_status_word(sender->status) } });
	if (sender_words(sender->finding)->result == RESULT_PASS)
		telling_add_policy(text);
}

/* RFC 3463, 3.2; RFC 7505, 4.2. */
static const char *
sender_detail(const struct facts *facts)
{
	return facts->sender.finding == SENDER_NULL_MX ? "7.27" : "1.8";
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
