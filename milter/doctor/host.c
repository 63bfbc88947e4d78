#include "heloscope/doctor/host.h"

#include "heloscope/doctor/look.h"
#include "heloscope/words/helo.h"

#include <stdio.h>

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

static void
examine_reverse(struct exam *exam, const struct ipaddr *address, const struct facts *facts)
{
	const struct iprev_facts *iprev = &facts->iprev;
	const char *text = exam_address_text(exam, address);
	char memory[IPADDR_REVERSE_SIZE];
	const char *reverse = arena_string(exam->arena, ipaddr_reverse_name(address, memory));

	if (facts->results[METHOD_IPREV] == RESULT_PASS)
		exam_set_cell(exam, DOCTOR_REVERSE_DNS, DOCTOR_GOOD);
	else if (facts->results[METHOD_IPREV] == RESULT_TEMPERROR)
		tell_unknown_reverse(exam, iprev, reverse);
	else if (iprev->count == 0)
		exam_say(exam, DOCTOR_REVERSE_DNS, DOCTOR_ERROR,
			 arena_printf(exam->arena, "%s has no reverse DNS name.", text),
			 "Many receivers, the largest among them, refuse such clients.",
			 domain_is_helo_name(exam->report->domain)
				 ? arena_printf(exam->arena,
						"%s. PTR mail.%s.   (by the provider of the address)",
						reverse, exam->report->domain)
				 : arena_printf(
					 exam->arena,
					 "%s. PTR HOST.   (a host name, by the provider of the address)",
					 reverse));
	else
		exam_say(exam, DOCTOR_REVERSE_DNS, DOCTOR_ERROR,
			 arena_printf(exam->arena,
				      "The reverse DNS of %s says %s, which does not resolve back to it.",
				      text, iprev->names[0].name),
			 "Many receivers refuse clients whose names do not resolve back.",
			 domain_is_helo_name(iprev->names[0].name)
				 ? arena_printf(
					 exam->arena, "%s. %s %s   (or let the provider correct the PTR)",
					 iprev->names[0].name, dns_type_word(dns_address_type(address)), text)
				 : arena_printf(
					 exam->arena,
					 "%s. PTR HOST.   (a host name, by the provider of the address)",
					 reverse));
}

/* HELO. */

static void
tell_wrong_helo(struct exam *exam, const struct ipaddr *address, const struct helo_facts *helo)
{
	const char *text = exam_address_text(exam, address), *given = exam->order->helo;

	if (helo->form == HELO_LITERAL)
		exam_say(exam, DOCTOR_HELO, DOCTOR_WARNING,
			 arena_printf(exam->arena, "The HELO %s is the address of another host than %s.",
				      given, text),
			 "It counts against the mail, together with other signs: give the host's name.",
			 NULL);
	else
		exam_say(exam, DOCTOR_HELO, DOCTOR_WARNING,
			 arena_printf(exam->arena,
				      "The HELO name %s neither resolves to %s nor is its reverse DNS name.",
				      given, text),
			 "It counts against the mail, together with other signs.",
			 arena_printf(exam->arena, "%s. %s %s", given,
				      dns_type_word(dns_address_type(address)), text));
}

static void
examine_helo(struct exam *exam, const struct ipaddr *address, const struct facts *facts)
{
	const struct helo_facts *helo = &facts->helo;
	const struct dns_answer fault = { .status = dns_status_is_fault(helo->status) ? helo->status
										      : facts->iprev.status };

	switch (facts->results[METHOD_HELO]) {
	case RESULT_PASS:
		exam_set_cell(exam, DOCTOR_HELO, DOCTOR_GOOD);
		if (helo->form == HELO_LITERAL)
			exam_say(exam, DOCTOR_HELO, DOCTOR_NOTE, "The HELO is an address, not a name.",
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
		exam_say(exam, DOCTOR_HELO, DOCTOR_ERROR,
			 arena_printf(exam->arena, "The HELO name %s is %s.", exam->order->helo,
				      helo_fault_text(helo->fault)),
			 "Many receivers refuse clients that give such a name.", NULL);
		break;
	default:
		tell_wrong_helo(exam, address, helo);
	}
}

void
exam_host(struct exam *exam, const struct ipaddr *address, const struct facts *facts)
{
	examine_reverse(exam, address, facts);
	if (exam->order->helo != NULL)
		examine_helo(exam, address, facts);
}
