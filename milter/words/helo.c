/* HELO in words: see telling.h and helo.h. */
#include "heloscope/words/telling.h"

#include <string.h>

#include "heloscope/base/prose.h"
#include "heloscope/words/helo.h"

static const char *const faults[HELO_FAULTS] = {
	[HELO_FAULT_NONE] = "not a valid host name",
	[HELO_FAULT_CONTROL_OCTETS] = "not a valid host name, as it has control characters",
	[HELO_FAULT_NOT_ASCII] = "not a valid host name, as it has characters that are not ASCII",
	[HELO_FAULT_UNDERSCORE] = "not a valid host name",
	[HELO_FAULT_NO_HOST_NAME] = "not a valid host name",
	[HELO_FAULT_NOT_QUALIFIED] = "a host name without a domain",
	[HELO_FAULT_BARE_ADDRESS] = "an address without brackets",
	[HELO_FAULT_BAD_LITERAL] = "not a valid address literal",
};

#define OCTETS_TOLD 4 /* of those that no host name has */

/* ', as it has a "_"', ', as it has "_" and "!"': which octets no host name has, each once; no others,
 * whatever a record says. */
static void
add_octets(const char *given, struct strbuf *text)
{
	char octets[OCTETS_TOLD + 1] = "";
	size_t count = 0;

	for (const char *at = given; *at != '\0' && count <= OCTETS_TOLD; at++)
		if (ascii_is_printable(*at) && !ascii_is_alnum(*at) && *at != '-' && *at != '.'
		    && memchr(octets, *at, count) == NULL)
			octets[count++] = *at;
	for (size_t i = 0; i < count && i < OCTETS_TOLD; i++)
		strbuf_printf(text, "%s\"%c\"",
			      i == 0           ? count == 1 ? ", as it has a " : ", as it has "
			      : i + 1 == count ? " and "
					       : ", ",
			      octets[i]);
	strbuf_add(text, count > OCTETS_TOLD ? " and other characters" : "");
}

void
helo_add_fault(enum helo_fault fault, const char *given, struct strbuf *text)
{
	strbuf_add(text, faults[fault]);
	if (given != NULL && (fault == HELO_FAULT_UNDERSCORE || fault == HELO_FAULT_NO_HOST_NAME))
		add_octets(given, text);
}

/* What is said of a name, behind it. */
static void
say_of_name(const struct facts *facts, struct strbuf *said)
{
	const struct helo_facts *helo = &facts->helo;

	if (helo->agreement == HELO_EQUAL)
		strbuf_add(said, " is the client's reverse DNS name");
	else if (helo->resolves_to_client)
		strbuf_add(said, " resolves to the client");
	else if (facts->results[METHOD_HELO] == RESULT_TEMPERROR)
		strbuf_printf(said, " cannot be looked up: %s", dns_status_word(helo->status));
	else
		strbuf_printf(
			said, " does not resolve to the client and is not its verified reverse DNS name%s",
			helo->agreement == HELO_SAME_ORGANIZATION ? "; it is of the same organization" : "");
}

static void
say_helo(const struct facts *facts, int64_t time_s, struct strbuf *said)
{
	const struct helo_facts *helo = &facts->helo;
	const enum result result = facts->results[METHOD_HELO];
	const bool is_quoted = result == RESULT_PERMERROR;

	(void)time_s;
	if (result == RESULT_NONE) {
		strbuf_add(said, "no name was given");
		return;
	}
	strbuf_add(said, is_quoted ? "\"" : "");
	telling_add(said, helo->given);
	strbuf_add(said, is_quoted ? "\"" : "");
	if (result == RESULT_PERMERROR) {
		strbuf_add(said, " is ");
		helo_add_fault(helo->fault, helo->given, said);
	} else if (helo->literal.length > 0)
		strbuf_add(
			said,
			result == RESULT_PASS
				? " is the client's own address; some receivers refuse that in place of a name"
				: " is the address of another host");
	else
		say_of_name(facts, said);
}

/* What is wrong with a HELO name, behind it. */
static void
add_helo_fault(const struct facts *facts, struct strbuf *text)
{
	const struct helo_facts *helo = &facts->helo;
	const char *own = telling_own_name(facts, NULL);

	if (helo->form == HELO_INVALID) {
		strbuf_add(text, ", which is ");
		helo_add_fault(helo->fault, helo->given, text);
		strbuf_add(text, ". ");
	} else if (helo->form == HELO_LITERAL) {
		strbuf_add(text, ", which is the IP address of another host. ");
	} else if (facts->results[METHOD_HELO] == RESULT_TEMPERROR) {
		strbuf_printf(text, ", a name that could not be looked up (%s). ",
			      dns_status_is_fault(helo->status) ? dns_status_word(helo->status)
								: "the reverse DNS does not answer");
	} else {
		strbuf_add(text, ", but that name does not resolve to this IP address");
		strbuf_add(text, own != NULL ? " and is not its reverse DNS (PTR) name " : "");
		telling_add_value(text, own);
		strbuf_add(text, ". ");
	}
}

static void
add_helo_remedy(const struct facts *facts, struct strbuf *text)
{
	const struct helo_facts *helo = &facts->helo;
	const char *own = telling_own_name(facts, NULL);
	char address[IPADDR_TEXT_SIZE];

	(void)telling_client(facts, address);
	if (facts->results[METHOD_HELO] == RESULT_TEMPERROR) {
		strbuf_add(
			text,
			"If this is your mail server, ask whoever manages the DNS of that name to check its name servers, and send the mail again. ");
		return;
	}
	strbuf_add(text, TELLING_ADMINISTRATOR);
	strbuf_add(text, helo->given != NULL ? "set its HELO name to " : "make it introduce itself as ");
	telling_add_value(text, own != NULL ? own : "its own host name");
	strbuf_printf(text, own != NULL ? ". " : ", whose %s record has to be %s. ",
		      telling_address_type(facts), address);
	if (helo->form == HELO_NAME) {
		strbuf_add(text, "If ");
		telling_add_value(text, helo->name);
		strbuf_printf(
			text,
			" is your server's name, keep it, and ask whoever manages its DNS to set its %s record to %s. ",
			telling_address_type(facts), address);
	}
}

static void
refuse_helo(const struct config *config, const struct facts *facts, struct strbuf *text)
{
	(void)config;
	telling_add_introduction(text, facts);
	if (facts->helo.given == NULL) {
		strbuf_add(text, ". ");
		add_helo_remedy(facts, text);
		return;
	}
	if (facts->results[METHOD_HELO] == RESULT_PASS) {
		strbuf_add(text, facts->helo.form == HELO_LITERAL ? ", its own IP address. "
								  : ", which is a name of this IP address. ");
		telling_add_policy(text);
		return;
	}
	add_helo_fault(facts, text);
	add_helo_remedy(facts, text);
}

static void
advise_helo(const struct facts *facts, int64_t time_s, struct output *out)
{
	(void)time_s;
	if (facts->results[METHOD_HELO] == RESULT_FAIL || facts->results[METHOD_HELO] == RESULT_PERMERROR)
		prose_bullet(
			out,
			"Set the name with which the sending server introduces itself (HELO/EHLO) to %s.",
			telling_own_name(facts, "a host name that resolves to its address"));
}

static const char *
comment(const struct facts *facts, char memory[HELO_FAULT_SIZE])
{
	const struct helo_facts *helo = &facts->helo;
	const enum result result = facts->results[METHOD_HELO];

	if (helo->form == HELO_ABSENT)
		return "no HELO";
	if (helo->form == HELO_INVALID) {
		struct strbuf text;

		strbuf_init(&text, memory, HELO_FAULT_SIZE);
		helo_add_fault(helo->fault, helo->given, &text);
		return memory;
	}
	if (helo->form == HELO_LITERAL)
		return result == RESULT_PASS ? "the client's own address, as a literal"
					     : "address of another host, as a literal";
	if (result == RESULT_TEMPERROR)
		return dns_status_is_fault(helo->status) ? dns_status_word(helo->status)
							 : "reverse DNS unknown";
	if (helo->agreement == HELO_EQUAL)
		return "equals reverse DNS";
	if (helo->agreement == HELO_SAME_ORGANIZATION)
		return helo->resolves_to_client
			       ? "resolves to the client, reverse DNS of the same organization"
			       : "does not resolve to the client, reverse DNS of the same organization";
	return helo->resolves_to_client ? "resolves to the client, unrelated to reverse DNS"
					: "does not resolve to the client";
}

static void
report_helo(const struct facts *facts, struct authres *authres)
{
	char memory[HELO_FAULT_SIZE];

	if (facts->results[METHOD_HELO] == RESULT_UNCHECKED)
		return;
	authres_result(authres, method_words(METHOD_HELO)->method, facts->results[METHOD_HELO]);
	if (facts->helo.given != NULL)
		authres_property(authres, method_words(METHOD_HELO)->property, span_of(facts->helo.given));
	authres_comment(authres, comment(facts, memory));
}

const struct telling tell_helo = {
	.title = "HELO name",
	.rank = RANK_HELO,
	.report = report_helo,
	.say = say_helo,
	.refuse = refuse_helo,
	.advise = advise_helo,
};
