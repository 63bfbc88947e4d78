#include "heloscope/doctor/host.h"

#include "heloscope/doctor/look.h"
#include "heloscope/words/helo.h"

#include <stdio.h>

static const char unresolved[] =
	"Many receivers refuse mail from hosts whose name does not resolve to their address.";

/* Reverse DNS. */

const char *
exam_verified_name(struct exam *exam, const struct ipaddr *address)
{
	const struct facts *facts = exam_look(exam, address, NULL, NULL);

	return facts != NULL && facts->iprev.verified != NULL
		       ? arena_string(exam->arena, facts->iprev.verified)
		       : "";
}

/* What could not be looked up: the first name whose addresses are not known, else the reverse name. */
static void
tell_unknown_reverse(struct exam *exam, const struct iprev_facts *iprev, const char *reverse)
{
	struct dns_answer fault = { .status = iprev->status };
	const char *name = reverse;

	for (size_t i = 0; i < iprev->count && name == reverse; i++) {
		if (!dns_status_is_fault(iprev->names[i].status) || iprev->names[i].status == DNS_MALFORMED)
			continue;
		name = iprev->names[i].name;
		fault.status = iprev->names[i].status;
	}
	exam_add_unknown(exam, DOCTOR_REVERSE_DNS, arena_string(exam->arena, name), &fault);
}

/* Whether a name resolves to the address. */
static bool
resolves_to(struct exam *exam, const char *name, const struct ipaddr *address)
{
	return dns_answer_holds(lookup_get(exam->lookup, name, dns_address_type(address)), address);
}

/* The name that the host at the address has: that of its HELO or of an MX record, when it resolves to it.
 * NULL: it is not known. */
static const char *
name_of_host(struct exam *exam, const struct ipaddr *address)
{
	const char *helo = exam->order->helo, *domain = exam->report->domain;
	const struct dns_answer *mx;

	if (helo != NULL && domain_is_helo_name(helo) && resolves_to(exam, helo, address))
		return helo;
	if (domain[0] == '\0')
		return NULL;
	mx = lookup_get(exam->lookup, domain, DNS_MX);
	for (size_t i = 0; i < mx->count && i < EXAM_HOSTS_MAX; i++)
		if (domain_is_helo_name(mx->records[i].name)
		    && resolves_to(exam, mx->records[i].name, address))
			return mx->records[i].name;
	return NULL;
}

static bool
is_of_sender(const struct exam *exam, const struct ipaddr *address)
{
	for (size_t i = 0; i < exam->report->address_count; i++)
		if (ipaddr_equals(&exam->report->addresses[i], address))
			return true;
	return false;
}

/* Whether a name has an address that is none of the sender's, or may have one: it is that of another host. */
static bool
is_of_other_host(struct exam *exam, const char *name)
{
	static const enum dns_type types[] = { DNS_A, DNS_AAAA };

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		const struct dns_answer *answer = lookup_get(exam->lookup, name, types[i]);

		if (dns_status_is_fault(answer->status))
			return true;
		for (size_t j = 0; j < answer->count; j++)
			if (!is_of_sender(exam, &answer->records[j].address))
				return true;
	}
	return false;
}

/*
 * The address record that is missing at a name. NULL when it is not to be published: it would share the name
 * with another host, to which half of those who look for it would not come any more, or the name is of an
 * organization that has nothing to do with the sender.
 */
static const char *
missing_address(struct exam *exam, const char *name, const struct ipaddr *address)
{
	const char *domain = exam->report->domain;

	if ((domain[0] != '\0' && !domain_same_organization(name, domain)) || is_of_other_host(exam, name))
		return NULL;
	return arena_printf(exam->arena, "%s. %s %s", name, dns_type_word(dns_address_type(address)),
			    exam_address_text(exam, address));
}

/* The PTR record to a name that the host at the address has already; NULL: none is known. */
static const char *
right_reverse(struct exam *exam, const struct ipaddr *address)
{
	const char *name = name_of_host(exam, address);
	char reverse[IPADDR_REVERSE_SIZE];

	return name != NULL
		       ? arena_printf(exam->arena, "%s. PTR %s.", ipaddr_reverse_name(address, reverse), name)
		       : NULL;
}

/* The address has no name that could be right. */
static void
tell_nameless(struct exam *exam, const struct ipaddr *address, const char *given)
{
	const char *text = exam_address_text(exam, address);

	exam_say(exam, given == NULL ? PROBLEM_REVERSE_MISSING : PROBLEM_REVERSE_NO_NAME, text, DOCTOR_ERROR,
		 given == NULL
			 ? arena_printf(exam->arena, "%s has no reverse DNS (PTR) record.", text)
			 : arena_printf(
				 exam->arena,
				 "The reverse DNS (PTR) record of %s says %s, which is not a host name.",
				 text, given[0] != '\0' ? given : "\".\""),
		 "Many receivers, the largest among them, refuse mail from such hosts.",
		 right_reverse(exam, address));
}

/* The zone of the address came behind the name. */
static void
tell_missing_dot(struct exam *exam, const struct ipaddr *address, const char *given, const char *meant)
{
	const char *text = exam_address_text(exam, address);
	char reverse[IPADDR_REVERSE_SIZE];

	exam_say(
		exam, PROBLEM_REVERSE_NO_DOT, text, DOCTOR_ERROR,
		arena_printf(
			exam->arena,
			"The reverse DNS (PTR) record of %s says %s: the dot at the end of the name is missing, so the name of the zone was appended to it.",
			text, given),
		unresolved,
		arena_printf(exam->arena, "%s. PTR %s.", ipaddr_reverse_name(address, reverse), meant));
}

/* The name leads elsewhere or nowhere. */
static void
tell_mismatch(struct exam *exam, const struct ipaddr *address, const char *given)
{
	const char *text = exam_address_text(exam, address), *missing = missing_address(exam, given, address);

	exam_say(exam, missing != NULL ? PROBLEM_REVERSE_MISMATCH : PROBLEM_REVERSE_OTHER_HOST, text,
		 DOCTOR_ERROR,
		 arena_printf(exam->arena,
			      "The reverse DNS (PTR) record of %s says %s, which does not resolve to it.",
			      text, given),
		 unresolved, missing != NULL ? missing : right_reverse(exam, address));
}

static void
examine_reverse(struct exam *exam, const struct ipaddr *address, const struct facts *facts)
{
	const struct iprev_facts *iprev = &facts->iprev;
	char reverse[IPADDR_REVERSE_SIZE], meant[DOMAIN_SIZE];

	(void)ipaddr_reverse_name(address, reverse);
	if (facts->results[METHOD_IPREV] == RESULT_PASS)
		exam_set_cell(exam, DOCTOR_REVERSE_DNS, DOCTOR_GOOD);
	else if (facts->results[METHOD_IPREV] == RESULT_TEMPERROR)
		tell_unknown_reverse(exam, iprev, reverse);
	else if (iprev->count > 0 && domain_without_zone(iprev->names[0].name, reverse, meant))
		tell_missing_dot(exam, address, iprev->names[0].name, meant);
	else if (iprev->count == 0 || !domain_is_helo_name(iprev->names[0].name))
		tell_nameless(exam, address,
			      iprev->count > 0 ? arena_string(exam->arena, iprev->names[0].name) : NULL);
	else
		tell_mismatch(exam, address, arena_string(exam->arena, iprev->names[0].name));
}

/* HELO. */

static void
tell_wrong_helo(struct exam *exam, const struct ipaddr *address, const struct facts *facts)
{
	const char *text = exam_address_text(exam, address), *given = exam->order->helo, *missing;

	if (facts->helo.form == HELO_LITERAL) {
		exam_say(exam, PROBLEM_HELO_OTHER_ADDRESS, given, DOCTOR_WARNING,
			 arena_printf(exam->arena, "The HELO %s is the address of a host other than %s.",
				      given, text),
			 "It counts against the mail, together with other signs.", NULL);
		return;
	}
	missing = missing_address(exam, given, address);
	exam_say(
		exam, missing != NULL ? PROBLEM_HELO_MISMATCH : PROBLEM_HELO_OTHER_HOST, given,
		DOCTOR_WARNING,
		arena_printf(
			exam->arena,
			"The HELO name %s does not resolve to %s and is not its verified reverse DNS name%s%s.",
			given, text, facts->iprev.verified != NULL ? ", " : "",
			facts->iprev.verified != NULL ? facts->iprev.verified : ""),
		"It counts against the mail, together with other signs.", missing);
}

static void
examine_helo(struct exam *exam, const struct ipaddr *address, const struct facts *facts)
{
	const struct helo_facts *helo = &facts->helo;
	const struct dns_answer fault = { .status = dns_status_is_fault(helo->status) ? helo->status
										      : facts->iprev.status };
	char memory[HELO_FAULT_SIZE];
	struct strbuf why = STRBUF_OVER(memory);

	switch (facts->results[METHOD_HELO]) {
	case RESULT_PASS:
		exam_set_cell(exam, DOCTOR_HELO, DOCTOR_GOOD);
		if (helo->form == HELO_LITERAL)
			exam_say(exam, PROBLEM_HELO_IS_ADDRESS, "", DOCTOR_NOTE,
				 "The HELO is an address, not a name.",
				 "Some receivers count that against the mail.", NULL);
		break;
	case RESULT_TEMPERROR:
		exam_add_unknown(exam, DOCTOR_HELO,
				 dns_status_is_fault(helo->status)
					 ? exam->order->helo
					 : arena_printf(exam->arena, "The reverse DNS of %s",
							exam_address_text(exam, address)),
				 &fault);
		break;
	case RESULT_PERMERROR:
		helo_add_fault(helo->fault, exam->order->helo, &why);
		exam_say(exam, PROBLEM_HELO_INVALID, exam->order->helo, DOCTOR_ERROR,
			 arena_printf(exam->arena, "The HELO name %s is %s.", exam->order->helo, memory),
			 "Many receivers refuse clients that give such a name.", NULL);
		break;
	default:
		tell_wrong_helo(exam, address, facts);
	}
}

void
exam_host(struct exam *exam, const struct ipaddr *address, const struct facts *facts)
{
	examine_reverse(exam, address, facts);
	if (exam->order->helo != NULL)
		examine_helo(exam, address, facts);
}
