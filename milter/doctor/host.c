/* doctor_host: where the mail comes from: addresses, reverse DNS, HELO, lists; and the examination as a
 * whole. */
#include "heloscope/doctor/exam.h"

#include <stdio.h>
#include <string.h>

#include "heloscope/base/clock.h"
#include "heloscope/lists/dnslist.h"
#include "heloscope/lists/exam.h"
#include "heloscope/spf/record.h"
#include "heloscope/base/strbuf.h"

static const char *const titles[DOCTOR_ROWS] = {
	[DOCTOR_MX] = "MX",
	[DOCTOR_BOUNCES] = "Bounces",
	[DOCTOR_ADDRESSES] = "Addresses",
	[DOCTOR_REVERSE_DNS] = "Reverse DNS",
	[DOCTOR_HELO] = "HELO name",
	[DOCTOR_SPF_RECORD] = "SPF record",
	[DOCTOR_SPF_LIMITS] = "SPF limits",
	[DOCTOR_SPF_PASS] = "SPF passes",
	[DOCTOR_SPF_ALL] = "SPF \"all\"",
	[DOCTOR_DKIM] = "DKIM key",
	[DOCTOR_DMARC] = "DMARC",
	[DOCTOR_BANNER] = "Banner",
	[DOCTOR_STARTTLS] = "STARTTLS",
	[DOCTOR_CERTIFICATE] = "Certificate",
	[DOCTOR_OLD_TLS] = "Old TLS",
	[DOCTOR_DANE] = "DANE",
	[DOCTOR_MTA_STS] = "MTA-STS",
	[DOCTOR_TLS_REPORTS] = "TLS reports",
	[DOCTOR_RELAY] = "Open relay",
	[DOCTOR_ADDRESS_LISTS] = "Address lists",
	[DOCTOR_DOMAIN_LISTS] = "Domain lists",
};

const char *
doctor_row_title(enum doctor_row row)
{
	return titles[row];
}

unsigned
exam_left_ms(const struct exam *exam, unsigned most_ms)
{
	const uint64_t now_ms = clock_now_ms(), end_ms = exam->order->end_ms;
	const uint64_t left_ms = now_ms < end_ms ? end_ms - now_ms : 0;

	return left_ms < most_ms ? (unsigned)left_ms : most_ms;
}

/* Findings. */

void
exam_set_cell(struct exam *exam, enum doctor_row row, enum doctor_severity severity)
{
	if (exam->report->cells[row] < severity)
		exam->report->cells[row] = severity;
}

void
exam_add(struct exam *exam, struct doctor_finding finding)
{
	struct doctor_report *report = exam->report;
	struct doctor_finding *findings =
		arena_grow(exam->arena, report->findings, report->finding_count, sizeof *findings);

	exam_set_cell(exam, finding.row, finding.severity);
	if (findings == NULL)
		return;
	report->findings = findings;
	findings[report->finding_count++] = finding;
}

void
exam_say(struct exam *exam, enum doctor_row row, enum doctor_severity severity, const char *what,
	 const char *consequence, const char *publish)
{
	exam_add(exam, (struct doctor_finding){ row, severity, what, consequence, publish });
}

/* What could not be looked up. */
void
exam_add_unknown(struct exam *exam, enum doctor_row row, const char *name, const struct dns_answer *answer)
{
	exam_add(exam, (struct doctor_finding){
			       .row = row,
			       .severity = DOCTOR_UNKNOWN,
			       .what = arena_printf(exam->arena, "%s cannot be looked up: %s.", name,
						    dns_status_word(answer->status)),
			       .consequence = "Receivers that cannot look it up either put your mail off." });
}

const char *
exam_address_text(struct exam *exam, const struct ipaddr *address)
{
	char text[IPADDR_TEXT_SIZE];

	return arena_string(exam->arena, ipaddr_format(address, text));
}

/* The addresses from which mail may go out. */

static void
add_address(struct exam *exam, const struct ipaddr *address)
{
	struct doctor_report *report = exam->report;

	for (size_t i = 0; i < report->address_count; i++)
		if (ipaddr_equals(&report->addresses[i], address))
			return;
	if (report->address_count < DOCTOR_ADDRESSES_MAX)
		report->addresses[report->address_count++] = *address;
}

static void
add_host(struct exam *exam, const char *host)
{
	static const enum dns_type types[] = { DNS_A, DNS_AAAA };

	for (size_t i = 0; i < 2; i++) {
		const struct dns_answer *answer = lookup_get(exam->lookup, host, types[i]);

		for (size_t j = 0; j < answer->count; j++)
			add_address(exam, &answer->records[j].address);
	}
}

/* Addresses that stand in the SPF record one by one. */
static void
add_spf_addresses(struct exam *exam)
{
	const struct dns_answer *answer = lookup_get(exam->lookup, exam->bounces, DNS_TXT);
	struct spf_record record;
	struct spf_fault fault;

	for (size_t i = 0; i < answer->count; i++) {
		if (!spf_record_is_one(answer->records[i].text)
		    || !spf_record_parse(answer->records[i].text, exam->arena, &record, &fault))
			continue;
		for (size_t j = 0; j < record.count; j++) {
			const struct spf_term *term = &record.terms[j];
			const bool is_host = (term->mechanism == SPF_IP4 && term->prefix4 == 32)
					     || (term->mechanism == SPF_IP6 && term->prefix6 == 128);

			if (is_host && term->qualifier == RESULT_PASS)
				add_address(exam, &term->address);
		}
	}
}

static void
find_addresses(struct exam *exam)
{
	const struct dns_answer *mx = lookup_get(exam->lookup, exam->report->domain, DNS_MX);

	for (size_t i = 0; i < exam->order->address_count; i++)
		add_address(exam, &exam->order->addresses[i]);
	exam->report->is_guessed = exam->order->address_count == 0;
	if (exam->report->is_guessed) {
		for (size_t i = 0; i < mx->count && i < EXAM_HOSTS_MAX; i++)
			if (mx->records[i].name[0] != '\0')
				add_host(exam, mx->records[i].name);
		if (mx->count == 0)
			add_host(exam, exam->report->domain);
		add_spf_addresses(exam);
	}
	exam_set_cell(exam, DOCTOR_ADDRESSES, DOCTOR_GOOD);
	if (exam->report->address_count == 0)
		exam_say(exam, DOCTOR_ADDRESSES, DOCTOR_UNKNOWN,
			 "No address is known from which mail goes out; name them with --ip.", NULL, NULL);
	else if (exam->report->is_guessed)
		exam_say(exam, DOCTOR_ADDRESSES, DOCTOR_NOTE,
			 "The addresses from which mail goes out are guessed from MX and SPF; name them with "
			 "--ip.",
			 NULL, NULL);
}

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
	const char *reverse;

	(void)ipaddr_reverse_name(address, ipaddr_reverse_suffix(address), memory, sizeof memory);
	reverse = arena_string(exam->arena, memory);
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
				      "The reverse DNS of %s says %s, which does not lead back to it.", text,
				      iprev->names[0].name),
			 "Many receivers refuse clients whose names do not lead back.",
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
				      "The HELO name %s neither leads to %s nor is its reverse DNS name.",
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
		exam_say(
			exam, DOCTOR_HELO, DOCTOR_ERROR,
			arena_printf(exam->arena, "The HELO name %s is %s.", exam->order->helo, helo->reason),
			"Many receivers refuse clients that give such a name.", NULL);
		break;
	default:
		tell_wrong_helo(exam, address, helo);
	}
}

/* Lists. */

/* `name`: under which the list is asked; `subject`: the address or domain, for words. */
typedef void list_question(struct exam *exam, const struct list *list, enum doctor_row row, const char *name,
			   const char *subject);

/* Whether one part of a list is well, asked once. */
struct list_look {
	bool is_begun, is_ended;
	struct list_exam exam;
};

static enum list_part
part_of(const char *address_text)
{
	struct ipaddr address = { .length = 4 };

	(void)ipaddr_parse(span_of(address_text), &address);
	return list_part_of_address(address.length);
}

static struct list_look *
list_look_of(struct exam *exam, const struct list *list, enum doctor_row row, const char *subject)
{
	const size_t number = (size_t)(list - exam->config->lists.items);
	const enum list_part part = row == DOCTOR_DOMAIN_LISTS ? LIST_PART_NAMES : part_of(subject);

	return exam->list_looks != NULL ? &exam->list_looks[number * LIST_PARTS + part] : NULL;
}

/* What is wrong with the list that says so, or NULL: a list that is not well proves nothing, not even "not
 * listed". */
static const char *
list_fault(struct exam *exam, struct list_look *look)
{
	char memory[500];
	struct strbuf text = STRBUF_OVER(memory);

	if (look == NULL || !look->is_begun)
		return NULL;
	if (!look->is_ended)
		list_exam_end(&look->exam, exam->lookup);
	look->is_ended = true;
	if (look->exam.trouble == LIST_WELL || look->exam.trouble == LIST_UNCHECKED)
		return NULL;
	list_exam_tell(&look->exam, &text);
	return arena_string(exam->arena, memory);
}

static void
examine_list(struct exam *exam, const struct list *list, enum doctor_row row, const char *name,
	     const char *subject)
{
	const struct list_reading reading = dnslist_read(list, lookup_get(exam->lookup, name, DNS_A));
	const char *page = dnslist_page(exam->arena, list, subject);
	const char *meaning = reading.count > 0 ? dnslist_meaning(list, reading.answers[0]) : NULL;

	const char *fault = list_fault(exam, list_look_of(exam, list, row, subject));

	if (fault != NULL)
		exam_say(exam, row, DOCTOR_UNKNOWN,
			 arena_printf(exam->arena,
				      "What %s says of %s counts for nothing: the list is not well.",
				      list->shown, subject),
			 fault, NULL);
	else if (reading.says == LIST_SAYS_NO || reading.says == LIST_SAYS_OTHER)
		exam_set_cell(exam, row, DOCTOR_GOOD);
	else if (reading.says != LIST_SAYS_YES)
		exam_add(exam,
			 (struct doctor_finding){ .row = row,
						  .severity = DOCTOR_UNKNOWN,
						  .what = arena_printf(exam->arena,
								       "%s does not say whether it lists %s.",
								       list->shown, subject) });
	else
		exam_add(exam, (struct doctor_finding){
				       .row = row,
				       .severity = DOCTOR_ERROR,
				       .what = arena_printf(exam->arena, "%s lists %s%s%s.", list->shown,
							    subject, meaning != NULL ? ": " : "",
							    meaning != NULL ? meaning : ""),
				       .consequence = arena_printf(
					       exam->arena,
					       "Receivers that use this list refuse your mail. Once the "
					       "reason is gone, ask to be taken off%s%s",
					       page != NULL ? ": " : ".", page != NULL ? page : "") });
}

/* Have `act` called for all that lists are asked. */
static void
each_list_question(struct exam *exam, list_question *act)
{
	char name[DOMAIN_SIZE];

	for (size_t i = 0; i < exam->config->lists.count; i++) {
		const struct list *list = &exam->config->lists.items[i];
		const bool is_of_addresses = (list->subjects & 1U << LIST_CLIENT) != 0;

		if (list->is_allow || list->is_left_out)
			continue;
		if (!is_of_addresses && dnslist_domain_name(list, exam->report->domain, name))
			act(exam, list, DOCTOR_DOMAIN_LISTS, name, exam->report->domain);
		for (size_t j = 0; is_of_addresses && j < exam->report->address_count; j++) {
			const struct ipaddr *address = &exam->report->addresses[j];

			if (list_takes_family(list, address->length) && !dnslist_is_private(address)
			    && dnslist_address_name(list, address, name))
				act(exam, list, DOCTOR_ADDRESS_LISTS, name, exam_address_text(exam, address));
		}
	}
}

/* All are asked at once: a hundred that do not answer are waited for no longer than one. */
static void
want_list(struct exam *exam, const struct list *list, enum doctor_row row, const char *name,
	  const char *subject)
{
	struct list_look *look = list_look_of(exam, list, row, subject);

	lookup_want(exam->lookup, name, DNS_A);
	if (look == NULL || look->is_begun)
		return;
	look->is_begun = true;
	look->exam = list_exam_begin(list, row == DOCTOR_DOMAIN_LISTS ? LIST_PART_NAMES : part_of(subject),
				     exam->lookup, exam->arena);
}

static void
examine_address(struct exam *exam, const struct ipaddr *address)
{
	const struct facts *facts = exam_look(exam, address, exam->order->helo, NULL);

	if (facts == NULL)
		return;
	examine_reverse(exam, address, facts);
	if (exam->order->helo != NULL)
		examine_helo(exam, address, facts);
	exam_spf_pass(exam, address, facts);
}

static void
tell_progress(const struct exam *exam, const char *what)
{
	if (exam->order->tell != NULL)
		exam->order->tell(exam->report->domain, what);
}

/* All of a domain that exists. */
static void
examine_domain(struct exam *exam)
{
	exam_bounces(exam);
	find_addresses(exam);
	exam_spf_record(exam);
	exam->list_looks = arena_alloc(exam->arena, (exam->config->lists.count * LIST_PARTS + 1)
							    * sizeof *exam->list_looks);
	each_list_question(exam, want_list);
	for (size_t i = 0; i < exam->report->address_count; i++)
		examine_address(exam, &exam->report->addresses[i]);
	if (exam->order->selector != NULL)
		exam_dkim(exam);
	exam_dmarc(exam);
	tell_progress(exam, "mail servers");
	exam_servers(exam);
	tell_progress(exam, "MTA-STS");
	exam_mta_sts(exam);
	exam_tls_reports(exam);
	tell_progress(exam, "lists");
	each_list_question(exam, examine_list);
}

void
doctor_examine(const char *domain, const struct doctor_order *order, struct config *config,
	       struct lookup *lookup, struct arena *arena, struct doctor_report *report)
{
	struct exam exam = { .order = order,
			     .config = config,
			     .lookup = lookup,
			     .arena = arena,
			     .report = report,
			     .bounces = order->bounces };

	*report = (struct doctor_report){ .domain = domain };
	if (exam.bounces == NULL || strcmp(exam.bounces, domain) == 0)
		exam.bounces = domain;
	lookup_set_end(lookup, order->end_ms);
	tell_progress(&exam, "names and records");
	lookup_want(lookup, domain, DNS_A);
	lookup_want(lookup, exam.bounces, DNS_TXT);
	exam_mx(&exam);
	if (lookup_get(lookup, domain, DNS_MX)->status != DNS_NXDOMAIN)
		examine_domain(&exam);
	inquiry_close(exam.inquiry);
}
