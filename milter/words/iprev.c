/* Reverse DNS in words: see telling.h. */
#include "heloscope/words/telling.h"

#include "heloscope/base/prose.h"

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

/* Who can give the address a name, and which. */
static void
add_pointer_remedy(const struct facts *facts, struct strbuf *text)
{
	const struct helo_facts *helo = &facts->helo;
	char address[IPADDR_TEXT_SIZE];

	strbuf_add(text, "If this is your mail server, " TELLING_PROVIDER "to set its PTR record to ");
	telling_add_value(text, helo->form == HELO_NAME ? helo->name : "its host name");
	if (helo->form == HELO_NAME)
		strbuf_add(text, " (its name in HELO/EHLO)");
	if (helo->form != HELO_NAME || !helo->resolves_to_client)
		strbuf_printf(text,
			      ". Whoever manages the DNS of that name must also set its %s record to %s",
			      telling_address_type(facts), telling_client(facts, address));
	strbuf_add(text, ". ");
}

/* The same where it has a name, but not its own. */
static void
add_other_pointer(const struct facts *facts, const struct iprev_name *name, struct strbuf *text)
{
	strbuf_add(text, "If ");
	telling_add_value(text, name->name);
	strbuf_add(text, " is not your server's name, " TELLING_PROVIDER "to change the PTR record to ");
	telling_add_value(text,
			  facts->helo.resolves_to_client ? facts->helo.name : "the name of your server");
	strbuf_add(text, ". ");
}

/* No name at all, or none that could be looked up. */
static void
refuse_nameless(const struct facts *facts, struct strbuf *text)
{
	const bool is_fault = facts->results[METHOD_IPREV] == RESULT_TEMPERROR;

	strbuf_printf(text, "The %sconnecting IP address ",
		      is_fault ? "reverse DNS (PTR) record of the " : "");
	telling_add_client(text, facts);
	if (!is_fault) {
		strbuf_add(text, " has no reverse DNS (PTR) record. ");
		add_pointer_remedy(facts, text);
		return;
	}
	strbuf_printf(text, " could not be looked up (%s). ", dns_status_word(facts->iprev.status));
	strbuf_add(text, "If this is your mail server, " TELLING_PROVIDER
			 "to check the name servers of its reverse DNS zone, and send the mail again. ");
}

/* What is wrong with the first name, behind it. */
static void
add_name_fault(const struct facts *facts, const struct iprev_name *name, struct strbuf *text)
{
	if (name->addresses[0] != '\0')
		strbuf_printf(text, ", but that name resolves to %s. ", name->addresses);
	else if (name->status == DNS_MALFORMED)
		strbuf_add(text, ", which is not a valid host name. ");
	else if (name->status == DNS_NXDOMAIN)
		strbuf_add(text, ", but that name does not exist. ");
	else if (dns_status_is_fault(name->status))
		strbuf_printf(text, ", but that name could not be looked up (%s). ",
			      dns_status_word(name->status));
	else
		strbuf_printf(text, ", but that name has no %s record. ", telling_address_type(facts));
}

/* Whether the name lacks its final dot, and what it was meant to be. */
static bool
lacks_dot(const struct facts *facts, const char *name, char meant[DOMAIN_SIZE])
{
	char reverse[IPADDR_REVERSE_SIZE];

	return domain_without_zone(name, ipaddr_reverse_name(&facts->client.address, reverse), meant);
}

static void
add_name_remedy(const struct facts *facts, const struct iprev_name *name, struct strbuf *text)
{
	char address[IPADDR_TEXT_SIZE], meant[DOMAIN_SIZE];

	if (name->status == DNS_MALFORMED) {
		add_pointer_remedy(facts, text);
		return;
	}
	if (lacks_dot(facts, name->name, meant)) {
		strbuf_add(text,
			   "If this is your mail server, " TELLING_PROVIDER "to set its PTR record to \"");
		telling_add_value(text, meant);
		strbuf_add(
			text,
			".\", with the dot at the end: without it, the name of the reverse zone was added. ");
		return;
	}
	strbuf_add(text, "If this is your mail server, ask whoever manages the DNS of ");
	telling_add_value(text, name->name);
	if (dns_status_is_fault(name->status)) {
		strbuf_add(text, " to check its name servers, and send the mail again. ");
		return;
	}
	/* Also where it has another address, which may be that of a host in use. */
	strbuf_printf(text, " to add an %s record for it with %s. ", telling_address_type(facts),
		      telling_client(facts, address));
	add_other_pointer(facts, name, text);
}

static void
refuse_misnamed(const struct facts *facts, struct strbuf *text)
{
	const struct iprev_facts *iprev = &facts->iprev;

	strbuf_add(text, "The reverse DNS (PTR) name of the connecting IP address ");
	telling_add_client(text, facts);
	strbuf_add(text, " is ");
	telling_add_value(text, iprev->names[0].name);
	if (iprev->total > 1)
		strbuf_printf(text, " (and %zu more)", iprev->total - 1);
	add_name_fault(facts, &iprev->names[0], text);
	add_name_remedy(facts, &iprev->names[0], text);
}

static void
refuse_iprev(const struct config *config, const struct facts *facts, struct strbuf *text)
{
	(void)config;
	if (facts->results[METHOD_IPREV] != RESULT_PASS) {
		(facts->iprev.count == 0 ? refuse_nameless : refuse_misnamed)(facts, text);
		return;
	}
	strbuf_add(text, "The connecting IP address ");
	telling_add_client(text, facts);
	strbuf_add(text, " has the reverse DNS (PTR) name ");
	telling_add_value(text, facts->iprev.verified);
	strbuf_add(text, ", which resolves back to it. ");
	telling_add_policy(text);
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
	const enum result result = facts->results[METHOD_IPREV];
	const struct iprev_name *first = facts->iprev.count > 0 ? &facts->iprev.names[0] : NULL;
	char ip[IPADDR_TEXT_SIZE], name[TELLING_SHOWN_SIZE], meant[DOMAIN_SIZE];

	(void)time_s;
	(void)telling_client(facts, ip);
	if (result != RESULT_PERMERROR && result != RESULT_FAIL)
		return;
	if (result == RESULT_PERMERROR || (first != NULL && first->status == DNS_MALFORMED))
		prose_bullet(
			out,
			"Ask the provider of %s (usually a hosting or internet provider) to set its PTR record to the server's host name, and give that name an %s record with this address.",
			ip, telling_address_type(facts));
	else if (first != NULL && lacks_dot(facts, first->name, meant))
		prose_bullet(
			out,
			"The PTR record of %s lacks the dot at the end of its name, so the name of the zone was appended to it. Ask the provider of the address to set it to \"%s.\", with the dot.",
			ip, telling_shown(meant, name));
	else
		prose_bullet(
			out,
			"The PTR record of %s names %s, but that name does not resolve to %s. Ask whoever manages the DNS of that name to add an %s record for it with this address or, if it is not the server's name, ask the provider of the IP address to change the PTR record to the name of the server.",
			ip, telling_shown(first != NULL ? first->name : NULL, name), ip,
			telling_address_type(facts));
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
