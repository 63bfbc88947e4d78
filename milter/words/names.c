/* tell_names: reverse DNS, HELO and sender. See telling.h. */
#include "heloscope/words/telling.h"

#include "heloscope/base/prose.h"
#include "heloscope/records/value.h"

#define TEXT_MAX 120 /* octets of a peer's words in a reply */

/* Reverse DNS. */

static void
say_iprev(const json_t *record, const json_t *check, struct strbuf *said)
{
	const char *ip = record_text(record_member(record, "client"), "ip");
	const json_t *names = record_member(check, "names"), *name;
	size_t i;

	if (json_array_size(names) == 0 && record_is(check, "result", "temperror")) {
		strbuf_printf(said, "the reverse DNS of %s cannot be looked up: %s", ip,
			      record_text(check, "status"));
		return;
	}
	if (json_array_size(names) == 0) {
		strbuf_printf(said, "%s has no reverse DNS name (%s)", ip, record_text(check, "status"));
		return;
	}
	for (i = 0; (name = json_array_get(names, i)) != NULL; i++) {
		const bool is_verified = json_is_true(record_member(name, "verified"));

		strbuf_printf(said, "%s%s -> %s -> %s%s", i > 0 ? "; " : "", ip, record_text(name, "name"),
			      record_text(name, "addresses")[0] != '\0' ? record_text(name, "addresses")
									: record_text(name, "status"),
			      is_verified ? "" : ", which is not the client");
	}
}

static void
refuse_iprev(const struct config *config, const struct facts *facts, struct strbuf *text)
{
	const struct iprev_facts *iprev = &facts->iprev;
	char address[IPADDR_TEXT_SIZE];

	(void)config;
	(void)ipaddr_format(&facts->client.address, address);
	if (facts->results[METHOD_IPREV] == RESULT_TEMPERROR) {
		strbuf_printf(text, "The reverse DNS name of %s could not be looked up. ", address);
	} else if (iprev->count == 0) {
		strbuf_printf(
			text,
			"%s has no reverse DNS name. The operator of the address can add a PTR record. ",
			address);
	} else {
		strbuf_printf(text, "%s has no reverse DNS name that resolves back to it (PTR ", address);
		strbuf_add_escaped(text, span_of(iprev->names[0].name), TEXT_MAX);
		strbuf_printf(text, " -> %s). The operator of the address can correct its PTR record. ",
			      iprev->names[0].addresses[0] != '\0' ? iprev->names[0].addresses
								   : "no address");
	}
}

static const char *
iprev_detail(const struct facts *facts)
{
	(void)facts;
	return "7.25";
}

static void
advise_iprev(const json_t *record, struct output *out)
{
	const json_t *iprev = record_check(record, "iprev");
	const json_t *first = json_array_get(record_member(iprev, "names"), 0);
	const char *ip = record_text(record_member(record, "client"), "ip");

	if (record_is(iprev, "result", "permerror"))
		prose_bullet(
			out,
			"Whoever runs the network of %s (the hosting or access provider) should give it a "
			"PTR record with the server's name, and that name an address record that leads back.",
			ip);
	if (record_is(iprev, "result", "fail"))
		prose_bullet(
			out,
			"The PTR record of %s says %s, but that name does not lead back to %s. One of the "
			"two should be corrected: the PTR by the provider, the address record by the "
			"owner of the name.",
			ip, record_text(first, "name"), ip);
}

const struct telling tell_iprev = {
	.key = "iprev",
	.title = "Reverse DNS",
	.rank = RANK_IPREV,
	.say = say_iprev,
	.refuse = refuse_iprev,
	.detail = iprev_detail,
	.advise = advise_iprev,
};

/* HELO. */

static void
say_helo(const json_t *record, const json_t *check, struct strbuf *said)
{
	const char *helo = record_text(record, "helo");

	if (record_is(check, "result", "none"))
		strbuf_add(said, "no name was given");
	else if (record_is(check, "result", "permerror"))
		strbuf_printf(said, "\"%s\" is %s", helo,
			      record_text(check, "reason")[0] != '\0' ? record_text(check, "reason")
								      : "not a valid host name");
	else if (record_text(check, "literal")[0] != '\0')
		strbuf_printf(said,
			      record_is(check, "result", "pass") ? "%s is the client's own address; some "
								   "receivers refuse that in place of a name"
								 : "%s is the address of another host",
			      helo);
	else if (record_is(check, "reverse-dns", "equal"))
		strbuf_printf(said, "%s is the client's reverse DNS name", helo);
	else if (json_is_true(record_member(check, "resolves-to-client")))
		strbuf_printf(said, "%s leads to the client", helo);
	else if (record_is(check, "result", "temperror"))
		strbuf_printf(said, "%s cannot be looked up: %s", helo, record_text(check, "status"));
	else
		strbuf_printf(said, "%s neither leads to the client nor is its reverse DNS name%s", helo,
			      record_is(check, "reverse-dns", "same organization")
				      ? "; it is of the same organization"
				      : "");
}

/* What is wrong with a HELO name, behind the name. */
static void
add_helo_fault(const struct facts *facts, struct strbuf *text)
{
	char address[IPADDR_TEXT_SIZE];

	(void)ipaddr_format(&facts->client.address, address);
	if (facts->helo.form == HELO_INVALID)
		strbuf_printf(text, " is %s. ", facts->helo.reason);
	else if (facts->results[METHOD_HELO] == RESULT_TEMPERROR)
		strbuf_add(text, " could not be looked up. ");
	else if (facts->helo.form == HELO_LITERAL)
		strbuf_printf(text,
			      facts->results[METHOD_HELO] == RESULT_PASS
				      ? " is %s, an address in place of a name. "
				      : " is the address of another host than %s. ",
			      address);
	else if (facts->helo.agreement == HELO_EQUAL)
		strbuf_printf(text, " is the reverse DNS name of %s. ", address);
	else
		strbuf_printf(text,
			      facts->helo.resolves_to_client
				      ? " resolves to %s. "
				      : " does not lead to %s and is not its reverse DNS name. ",
			      address);
}

static void
refuse_helo(const struct config *config, const struct facts *facts, struct strbuf *text)
{
	const char *verified = facts->iprev.verified;

	(void)config;
	if (facts->helo.given == NULL) {
		strbuf_add(text, "No HELO or EHLO was given. ");
		return;
	}
	strbuf_printf(text, "The HELO %s", facts->helo.form == HELO_LITERAL ? "" : "name ");
	strbuf_add_escaped(text, span_of(facts->helo.given), TEXT_MAX);
	add_helo_fault(facts, text);
	if (facts->results[METHOD_HELO] != RESULT_TEMPERROR)
		strbuf_printf(text, "The administrator of the server can set its HELO name to %s. ",
			      verified == NULL || domain_is_helo_name(verified)
				      ? "its reverse DNS name"
				      : "a host name that resolves to its address");
}

static void
advise_helo(const json_t *record, struct output *out)
{
	const json_t *helo = record_check(record, "x-helo");
	const char *verified = record_text(record_member(record, "client"), "name");

	if (record_is(helo, "result", "fail") || record_is(helo, "result", "permerror"))
		prose_bullet(out,
			     "The administrator of the sending server should have it say its own name with "
			     "EHLO: %s.",
			     domain_is_helo_name(verified) ? verified : "one that resolves to its address");
}

const struct telling tell_helo = {
	.key = "x-helo",
	.title = "HELO name",
	.rank = RANK_HELO,
	.say = say_helo,
	.refuse = refuse_helo,
	.advise = advise_helo,
};

/* Sender. */

/* The same in words as facts_sender_text(). */
static const char *
sender_reason(const json_t *check)
{
	const char *text = sender_words(sender_finding_from_word(record_text(check, "reason")))->text;

	return text != NULL ? text : record_text(check, "status");
}

static void
say_sender(const json_t *record, const json_t *check, struct strbuf *said)
{
	(void)record;
	strbuf_printf(said, "%s%s%s", record_text(check, "domain"),
		      record_text(check, "domain")[0] != '\0' ? ": " : "", sender_reason(check));
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
	strbuf_printf(text, " cannot receive a bounce: %s. ", facts_sender_text(&facts->sender));
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
advise_sender(const json_t *record, struct output *out)
{
	const json_t *sender = record_check(record, "x-sender");
	const char *remedy = sender_remedy(sender_finding_from_word(record_text(sender, "reason")));

	if (record_is(sender, "result", "fail") && remedy != NULL)
		prose_bullet(out, "%s cannot receive bounces (%s). %s.", record_text(sender, "domain"),
			     sender_reason(sender), remedy);
}

const struct telling tell_sender = {
	.key = "x-sender",
	.title = "Sender",
	.rank = RANK_SENDER,
	.say = say_sender,
	.refuse = refuse_sender,
	.detail = sender_detail,
	.advise = advise_sender,
};
