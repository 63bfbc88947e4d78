/* Reverse DNS in words: see telling.h. */
#include "heloscope/words/telling.h"

#include "heloscope/base/prose.h"

#define TEXT_MAX 120 /* octets of a peer's words in a reply */

static void
say_name(const struct facts *facts, const struct iprev_name *name, struct strbuf *said)
{
	telling_add_client(said, facts);
	strbuf_add(said, " -> ");
	telling_add(said, name->name);
	strbuf_add(said, " -> ");
	if (name->addresses[0] != '\0')
		telling_add(said, name->addresses);
	else
		strbuf_add(said, dns_status_word(name->status));
	if (!name->is_verified)
		strbuf_add(said, ", which is not the client");
}

static void
say_iprev(const struct facts *facts, int64_t time_s, struct strbuf *said)
{
	const struct iprev_facts *iprev = &facts->iprev;
	const bool is_fault = facts->results[METHOD_IPREV] == RESULT_TEMPERROR;

	(void)time_s;
	if (iprev->count == 0) {
		strbuf_add(said, is_fault ? "the reverse DNS of " : "");
		telling_add_client(said, facts);
		strbuf_printf(said, is_fault ? " cannot be looked up: %s" : " has no reverse DNS name (%s)",
			      dns_status_word(iprev->status));
	}
	for (size_t i = 0; i < iprev->count; i++) {
		strbuf_add(said, i > 0 ? "; " : "");
		say_name(facts, &iprev->names[i], said);
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
advise_iprev(const struct facts *facts, int64_t time_s, struct output *out)
{
	const struct iprev_facts *iprev = &facts->iprev;
	char ip[IPADDR_TEXT_SIZE], name[TELLING_SHOWN_SIZE];

	(void)time_s;
	(void)telling_client(facts, ip);
	if (facts->results[METHOD_IPREV] == RESULT_PERMERROR)
		prose_bullet(
			out,
			"Whoever runs the network of %s (the hosting or access provider) should give it a PTR record with the server's name, and that name an address record that leads back.",
			ip);
	if (facts->results[METHOD_IPREV] == RESULT_FAIL)
		prose_bullet(
			out,
			"The PTR record of %s says %s, but that name does not lead back to %s. One of the two should be corrected: the PTR by the provider, the address record by the owner of the name.",
			ip, telling_shown(iprev->count > 0 ? iprev->names[0].name : NULL, name), ip);
}

/* `memory` takes what is put together. */
static const char *
comment(const struct iprev_facts *iprev, enum result result, char *memory, size_t size)
{
	if (iprev->verified != NULL)
		return iprev->verified;
	if (iprev->count == 0)
		return result == RESULT_TEMPERROR ? dns_status_word(iprev->status) : "no reverse DNS name";
	if (iprev->count == iprev->total)
		return iprev->names[0].name;
	(void)snprintf(memory, size, "%s, %zu of %zu names looked up", iprev->names[0].name, iprev->count,
		       iprev->total);
	return memory;
}

static void
report_iprev(const struct facts *facts, struct authres *authres)
{
	const enum result result = facts->results[METHOD_IPREV];
	char address[IPADDR_TEXT_SIZE], memory[4 * DOMAIN_SIZE + 64]; /* a name may be escaped */

	if (result == RESULT_UNCHECKED)
		return;
	authres_result(authres, method_words(METHOD_IPREV)->method, result);
	authres_property(authres, method_words(METHOD_IPREV)->property,
			 span_of(ipaddr_format(&facts->client.address, address)));
	authres_comment(authres, comment(&facts->iprev, result, memory, sizeof memory));
}

const struct telling tell_iprev = {
	.title = "Reverse DNS",
	.rank = RANK_IPREV,
	.report = report_iprev,
	.say = say_iprev,
	.refuse = refuse_iprev,
	.detail = iprev_detail,
	.advise = advise_iprev,
};
