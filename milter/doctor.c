#include "heloscope/doctor.h"

#include <stdio.h>
#include <string.h>

#include "heloscope/dnslist.h"
#include "heloscope/spf.h"
#include "heloscope/spf_record.h"
#include "heloscope/strbuf.h"

#define HOSTS_MAX 4        /* of MX records that are followed */
#define NOBODY 0xc00002feU /* 192.0.2.254, of a network that nobody uses (RFC 5737) */

static const char *const titles[DOCTOR_ROWS] = {
	[DOCTOR_MX] = "MX",
	[DOCTOR_ADDRESSES] = "Addresses",
	[DOCTOR_REVERSE_DNS] = "Reverse DNS",
	[DOCTOR_HELO] = "HELO name",
	[DOCTOR_SPF_RECORD] = "SPF record",
	[DOCTOR_SPF_LIMITS] = "SPF limits",
	[DOCTOR_SPF_PASS] = "SPF passes",
	[DOCTOR_SPF_ALL] = "SPF \"all\"",
	[DOCTOR_DKIM] = "DKIM key",
	[DOCTOR_DMARC] = "DMARC",
	[DOCTOR_ADDRESS_LISTS] = "Address lists",
	[DOCTOR_DOMAIN_LISTS] = "Domain lists",
};

const char *
doctor_row_title(enum doctor_row row)
{
	return titles[row];
}

/* An examination under way. */
struct exam {
	const struct doctor_order *order;
	const struct config *config;
	struct lookup *lookup;
	struct arena *arena;
	struct doctor_report *report;
};

/* Findings. */

static void
set_cell(struct exam *exam, enum doctor_row row, enum doctor_severity severity)
{
	if (exam->report->cells[row] < severity)
		exam->report->cells[row] = severity;
}

static void
add(struct exam *exam, struct doctor_finding finding)
{
	struct doctor_report *report = exam->report;
	struct doctor_finding *findings =
		arena_grow(exam->arena, report->findings, report->finding_count, sizeof *findings);

	set_cell(exam, finding.row, finding.severity);
	if (findings == NULL)
		return;
	report->findings = findings;
	findings[report->finding_count++] = finding;
}

/* What could not be looked up. */
static void
add_unknown(struct exam *exam, enum doctor_row row, const char *name, const struct dns_answer *answer)
{
	add(exam, (struct doctor_finding){
			  .row = row,
			  .severity = DOCTOR_UNKNOWN,
			  .what = arena_printf(exam->arena, "%s cannot be looked up: %s.", name,
					       dns_status_word(answer->status)),
			  .consequence = "Receivers that cannot look it up either put your mail off." });
}

static const char *
address_text(struct exam *exam, const struct ipaddr *address)
{
	char text[IPADDR_TEXT_SIZE];

	return arena_string(exam->arena, ipaddr_format(address, text));
}

static enum dns_type
address_type(const struct ipaddr *address)
{
	return address->length == 4 ? DNS_A : DNS_AAAA;
}

static bool
holds_address(const struct dns_answer *answer, const struct ipaddr *address)
{
	for (size_t i = 0; i < answer->count; i++)
		if (ipaddr_equals(&answer->records[i].address, address))
			return true;
	return false;
}

/* MX, and the addresses from which mail may go out. */

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
	const struct dns_answer *answer = lookup_get(exam->lookup, exam->report->domain, DNS_TXT);
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
examine_mx(struct exam *exam)
{
	const char *domain = exam->report->domain;
	const struct dns_answer *answer = lookup_get(exam->lookup, domain, DNS_MX);
	const struct dns_answer *ipv4 = lookup_get(exam->lookup, domain, DNS_A);

	if (dns_status_is_fault(answer->status)) {
		add_unknown(exam, DOCTOR_MX, domain, answer);
	} else if (answer->count == 1 && answer->records[0].name[0] == '\0') {
		add(exam,
		    (struct doctor_finding){
			    .row = DOCTOR_MX,
			    .severity = DOCTOR_ERROR,
			    .what = "The null MX says that this domain takes no mail (RFC 7505).",
			    .consequence =
				    "Receivers refuse mail from a domain to which no bounce can be sent.",
			    .publish = arena_printf(exam->arena, "%s. MX 10 mail.%s.", domain, domain) });
	} else if (answer->count == 0 && ipv4->count == 0) {
		add(exam,
		    (struct doctor_finding){
			    .row = DOCTOR_MX,
			    .severity = DOCTOR_ERROR,
			    .what = answer->status == DNS_NXDOMAIN ? "The domain does not exist."
								   : "There is neither MX nor address.",
			    .consequence =
				    "Receivers refuse mail from a domain to which no bounce can be sent.",
			    .publish = arena_printf(exam->arena, "%s. MX 10 mail.%s.", domain, domain) });
	} else {
		set_cell(exam, DOCTOR_MX, answer->count > 0 ? DOCTOR_GOOD : DOCTOR_NOTE);
	}
	for (size_t i = 0; i < answer->count && i < HOSTS_MAX; i++)
		if (answer->records[i].name[0] != '\0')
			lookup_want(exam->lookup, answer->records[i].name, DNS_AAAA);
}

static void
find_addresses(struct exam *exam)
{
	const struct dns_answer *mx = lookup_get(exam->lookup, exam->report->domain, DNS_MX);

	for (size_t i = 0; i < exam->order->address_count; i++)
		add_address(exam, &exam->order->addresses[i]);
	exam->report->is_guessed = exam->order->address_count == 0;
	if (exam->report->is_guessed) {
		for (size_t i = 0; i < mx->count && i < HOSTS_MAX; i++)
			if (mx->records[i].name[0] != '\0')
				add_host(exam, mx->records[i].name);
		if (mx->count == 0)
			add_host(exam, exam->report->domain);
		add_spf_addresses(exam);
	}
	if (exam->report->address_count > 0)
		set_cell(exam, DOCTOR_ADDRESSES, exam->report->is_guessed ? DOCTOR_NOTE : DOCTOR_GOOD);
	else
		add(exam,
		    (struct doctor_finding){
			    .row = DOCTOR_ADDRESSES,
			    .severity = DOCTOR_UNKNOWN,
			    .what = "No address is known from which mail goes out; name them with --ip." });
}

/* Reverse DNS. */

/* A name of the address that leads back to it, or NULL. */
static const char *
verified_name(struct exam *exam, const struct ipaddr *address, const struct dns_answer **pointers)
{
	char reverse[IPADDR_REVERSE_SIZE];

	(void)ipaddr_reverse_name(address, ipaddr_reverse_suffix(address), reverse, sizeof reverse);
	*pointers = lookup_get(exam->lookup, reverse, DNS_PTR);
	for (size_t i = 0; i < (*pointers)->count && i < 10; i++) {
		const struct dns_record *pointer = &(*pointers)->records[i];

		if (pointer->is_host_name
		    && holds_address(lookup_get(exam->lookup, pointer->name, address_type(address)), address))
			return pointer->name;
	}
	return NULL;
}

static void
examine_reverse(struct exam *exam, const struct ipaddr *address)
{
	const struct dns_answer *pointers;
	const char *name = verified_name(exam, address, &pointers), *text = address_text(exam, address);
	char reverse[IPADDR_REVERSE_SIZE];

	(void)ipaddr_reverse_name(address, ipaddr_reverse_suffix(address), reverse, sizeof reverse);
	if (name != NULL) {
		set_cell(exam, DOCTOR_REVERSE_DNS, DOCTOR_GOOD);
	} else if (dns_status_is_fault(pointers->status)) {
		add_unknown(exam, DOCTOR_REVERSE_DNS, reverse, pointers);
	} else if (pointers->count == 0) {
		add(exam,
		    (struct doctor_finding){
			    .row = DOCTOR_REVERSE_DNS,
			    .severity = DOCTOR_ERROR,
			    .what = arena_printf(exam->arena, "%s has no reverse DNS name.", text),
			    .consequence = "Many receivers, the largest among them, refuse such clients.",
			    .publish = arena_printf(exam->arena,
						    "%s. PTR mail.%s.   (by the provider of the address)",
						    reverse, exam->report->domain) });
	} else {
		add(exam,
		    (struct doctor_finding){
			    .row = DOCTOR_REVERSE_DNS,
			    .severity = DOCTOR_ERROR,
			    .what = arena_printf(
				    exam->arena,
				    "The reverse DNS of %s says %s, which does not lead back to it.", text,
				    pointers->records[0].name),
			    .consequence = "Many receivers refuse clients whose names do not lead back.",
			    .publish = arena_printf(
				    exam->arena, "%s. %s %s   (or let the provider correct the PTR)",
				    pointers->records[0].name, dns_type_word(address_type(address)), text) });
	}
}

static void
examine_helo(struct exam *exam, const struct ipaddr *address)
{
	const char *helo = exam->order->helo, *text = address_text(exam, address);
	const struct dns_answer *answer = lookup_get(exam->lookup, helo, address_type(address)), *pointers;
	const char *name = verified_name(exam, address, &pointers);

	if (dns_status_is_fault(answer->status))
		add_unknown(exam, DOCTOR_HELO, helo, answer);
	else if (holds_address(answer, address) || (name != NULL && strcmp(name, helo) == 0))
		set_cell(exam, DOCTOR_HELO, DOCTOR_GOOD);
	else
		add(exam, (struct doctor_finding){
				  .row = DOCTOR_HELO,
				  .severity = DOCTOR_WARNING,
				  .what = arena_printf(
					  exam->arena,
					  "The HELO name %s neither leads to %s nor is its reverse DNS "
					  "name.",
					  helo, text),
				  .consequence = "It counts against the mail, together with other signs.",
				  .publish = arena_printf(exam->arena, "%s. %s %s", helo,
							  dns_type_word(address_type(address)), text) });
}

/* SPF. */

static const struct dns_answer *
ask(void *context, const char *name, enum dns_type type)
{
	return lookup_get(context, name, type);
}

static struct spf_outcome
evaluate(struct exam *exam, const struct ipaddr *client)
{
	const struct spf_source source = { ask, exam->lookup };
	const struct spf_query query = {
		.client = *client,
		.domain = exam->report->domain,
		.local = SPAN("postmaster"),
		.sender_domain = exam->report->domain,
		.helo = exam->order->helo != NULL ? exam->order->helo : exam->report->domain,
		.receiver = exam->config->authserv_id,
	};
	struct spf_outcome outcome = { .result = RESULT_NONE };

	if (spf_domain_is_checkable(query.domain))
		(void)spf_native_evaluate(&query, &source, exam->arena,
					  &outcome); /* never waits: ask() does */
	return outcome;
}

/* A record for this domain from its addresses: "v=spf1 mx ip4:... -all". */
static const char *
new_record(struct exam *exam)
{
	char memory[500];
	struct strbuf text;

	strbuf_init(&text, memory, sizeof memory);
	strbuf_printf(&text, "%s. TXT \"v=spf1 mx", exam->report->domain);
	for (size_t i = 0; i < exam->report->address_count; i++)
		strbuf_printf(&text, " %s:%s", exam->report->addresses[i].length == 4 ? "ip4" : "ip6",
			      address_text(exam, &exam->report->addresses[i]));
	strbuf_add(&text, " -all\"");
	return arena_string(exam->arena, memory);
}

/* The record with one more address in front of its last term. */
static const char *
extended_record(struct exam *exam, const char *record, const struct ipaddr *address)
{
	const char *last = strrchr(record, ' ');
	const size_t length = last != NULL ? (size_t)(last - record) : strlen(record);

	return arena_printf(exam->arena, "%s. TXT \"%.*s %s:%s%s\"", exam->report->domain, (int)length,
			    record, address->length == 4 ? "ip4" : "ip6", address_text(exam, address),
			    last != NULL ? last : "");
}

static void
examine_spf_pass(struct exam *exam, const struct ipaddr *address)
{
	const struct spf_outcome outcome = evaluate(exam, address);
	const char *text = address_text(exam, address);

	if (outcome.result == RESULT_PASS)
		set_cell(exam, DOCTOR_SPF_PASS, DOCTOR_GOOD);
	else if (outcome.result == RESULT_FAIL || outcome.result == RESULT_SOFTFAIL
		 || outcome.result == RESULT_NEUTRAL)
		add(exam,
		    (struct doctor_finding){
			    .row = DOCTOR_SPF_PASS,
			    .severity = outcome.result == RESULT_FAIL && !exam->report->is_guessed
						? DOCTOR_ERROR
						: DOCTOR_WARNING,
			    .what = arena_printf(exam->arena, "Mail from %s gets spf=%s, by \"%s\".", text,
						 result_word(outcome.result),
						 outcome.mechanism != NULL ? outcome.mechanism : "no term"),
			    .consequence =
				    exam->report->is_guessed
					    ? "If mail goes out from there, receivers refuse it or sort "
					      "it as spam."
					    : "Receivers refuse such mail or sort it as spam.",
			    .publish = extended_record(exam, outcome.record, address) });
}

/* What the record gives to an address of nobody, and how near it comes to the limits. */
static void
examine_spf_record(struct exam *exam)
{
	const struct ipaddr nobody = ipaddr_from_ipv4(NOBODY);
	const struct spf_outcome outcome = evaluate(exam, &nobody);

	switch (outcome.result) {
	case RESULT_NONE:
		add(exam,
		    (struct doctor_finding){
			    .row = DOCTOR_SPF_RECORD,
			    .severity = DOCTOR_WARNING,
			    .what = "There is no SPF record.",
			    .consequence =
				    "Large receivers want SPF or DKIM, and anybody can send in your name.",
			    .publish = new_record(exam) });
		return;
	case RESULT_PERMERROR:
		add(exam,
		    (struct doctor_finding){
			    .row = outcome.trace.terms > SPF_TERMS_MAX || outcome.trace.voids > SPF_VOIDS_MAX
					   ? DOCTOR_SPF_LIMITS
					   : DOCTOR_SPF_RECORD,
			    .severity = DOCTOR_ERROR,
			    .what = arena_printf(exam->arena, "The record is in error: %s.", outcome.problem),
			    .consequence =
				    "Receivers treat all mail of the domain as without SPF, or refuse it." });
		return;
	case RESULT_TEMPERROR:
		add(exam,
		    (struct doctor_finding){
			    .row = DOCTOR_SPF_RECORD,
			    .severity = DOCTOR_UNKNOWN,
			    .what = arena_printf(exam->arena, "SPF cannot be evaluated: %s.",
						 outcome.problem),
			    .consequence = "Receivers that cannot evaluate it either put your mail off." });
		return;
	default:
		set_cell(exam, DOCTOR_SPF_RECORD, DOCTOR_GOOD);
		set_cell(exam, DOCTOR_SPF_LIMITS, DOCTOR_GOOD);
		set_cell(exam, DOCTOR_SPF_ALL, DOCTOR_GOOD);
	}
	if (outcome.trace.terms >= SPF_TERMS_MAX - 1 || outcome.trace.voids >= SPF_VOIDS_MAX)
		add(exam,
		    (struct doctor_finding){
			    .row = DOCTOR_SPF_LIMITS,
			    .severity = DOCTOR_NOTE,
			    .what = arena_printf(exam->arena,
						 "The record needs %u of the 10 terms that may cost lookups, "
						 "and %u of 2 lookups find nothing.",
						 outcome.trace.terms, outcome.trace.voids),
			    .consequence =
				    "One more include, perhaps not your own, and all of it is in error." });
	if (outcome.result == RESULT_PASS || outcome.result == RESULT_NEUTRAL)
		add(exam,
		    (struct doctor_finding){
			    .row = DOCTOR_SPF_ALL,
			    .severity = outcome.result == RESULT_PASS ? DOCTOR_ERROR : DOCTOR_NOTE,
			    .what = outcome.result == RESULT_PASS
					    ? "The record allows every address of the world to send in your "
					      "name."
					    : "The record says nothing of addresses that it does not name.",
			    .consequence = outcome.result == RESULT_PASS
						   ? "It protects nobody, and receivers count it against you."
						   : "It protects nobody.",
			    .publish = "end the record with \"-all\", or with \"~all\" while you try it" });
}

/* DKIM and DMARC: whether there is a record, and one only. */

static bool
begins_with(struct span text, struct span part)
{
	return span_starts_with_nocase(text, part);
}

/* How many TXT records of an answer begin so; the last one. */
static size_t
count_records(const struct dns_answer *answer, struct span begin, struct span *record)
{
	size_t count = 0;

	for (size_t i = 0; i < answer->count; i++) {
		if (begins_with(answer->records[i].text, begin)) {
			*record = answer->records[i].text;
			count++;
		}
	}
	return count;
}

/* The value of a tag in "a=b; c=d" (RFC 6376, 3.2); empty when it is not there. */
static struct span
tag_value(struct span record, char tag)
{
	for (size_t i = 0; i + 1 < record.length; i++) {
		size_t length = 0;

		if (record.at[i] != tag || record.at[i + 1] != '='
		    || (i > 0 && record.at[i - 1] != ';' && record.at[i - 1] != ' '))
			continue;
		while (i + 2 + length < record.length && record.at[i + 2 + length] != ';'
		       && record.at[i + 2 + length] != ' ')
			length++;
		return (struct span){ record.at + i + 2, length };
	}
	return (struct span){ "", 0 };
}

static void
examine_dmarc(struct exam *exam)
{
	const char *name = arena_printf(exam->arena, "_dmarc.%s", exam->report->domain);
	const struct dns_answer *answer = lookup_get(exam->lookup, name, DNS_TXT);
	struct span record = { "", 0 };
	const size_t count = count_records(answer, SPAN("v=DMARC1"), &record);

	if (dns_status_is_fault(answer->status))
		add_unknown(exam, DOCTOR_DMARC, name, answer);
	else if (count > 1)
		add(exam, (struct doctor_finding){ .row = DOCTOR_DMARC,
						   .severity = DOCTOR_ERROR,
						   .what = "There are several DMARC records.",
						   .consequence = "Receivers act as if there were none." });
	else if (count == 0)
		add(exam, (struct doctor_finding){
				  .row = DOCTOR_DMARC,
				  .severity = DOCTOR_NOTE,
				  .what = "There is no DMARC record for this very domain.",
				  .consequence = "Large receivers ask for one from those who send much.",
				  .publish = arena_printf(exam->arena,
							  "%s. TXT \"v=DMARC1; p=none; rua=mailto:dmarc@%s\"",
							  name, exam->report->domain) });
	else if (tag_value(record, 'p').length == 0)
		add(exam, (struct doctor_finding){ .row = DOCTOR_DMARC,
						   .severity = DOCTOR_WARNING,
						   .what = "The DMARC record has no policy (p=).",
						   .consequence = "Receivers act as if it were p=none." });
	else
		set_cell(exam, DOCTOR_DMARC, DOCTOR_GOOD);
}

static void
examine_dkim(struct exam *exam)
{
	const char *name =
		arena_printf(exam->arena, "%s._domainkey.%s", exam->order->selector, exam->report->domain);
	const struct dns_answer *answer = lookup_get(exam->lookup, name, DNS_TXT);
	const struct span record = answer->count > 0 ? answer->records[0].text : (struct span){ "", 0 };

	if (dns_status_is_fault(answer->status))
		add_unknown(exam, DOCTOR_DKIM, name, answer);
	else if (answer->count != 1)
		add(exam,
		    (struct doctor_finding){
			    .row = DOCTOR_DKIM,
			    .severity = DOCTOR_ERROR,
			    .what = arena_printf(exam->arena, "There %s at %s.",
						 answer->count == 0 ? "is no key" : "are several keys", name),
			    .consequence = "Signatures with this selector fail.",
			    .publish =
				    arena_printf(exam->arena, "%s. TXT \"v=DKIM1; k=rsa; p=...\"", name) });
	else if (tag_value(record, 'p').length == 0)
		add(exam, (struct doctor_finding){
				  .row = DOCTOR_DKIM,
				  .severity = DOCTOR_ERROR,
				  .what = arena_printf(exam->arena,
						       "The key at %s is empty, which says that it was "
						       "revoked.",
						       name),
				  .consequence = "Signatures with this selector fail." });
	else
		set_cell(exam, DOCTOR_DKIM, DOCTOR_GOOD);
}

/* Lists. */

static void
examine_list(struct exam *exam, const struct list *list, enum doctor_row row, const char *name,
	     const char *subject)
{
	const struct list_reading reading = dnslist_read(list, lookup_get(exam->lookup, name, DNS_A));
	const char *page = dnslist_page(exam->arena, list, subject);
	const char *meaning = reading.count > 0 ? dnslist_meaning(list, reading.answers[0]) : NULL;

	if (reading.says == LIST_SAYS_NO || reading.says == LIST_SAYS_OTHER)
		set_cell(exam, row, DOCTOR_GOOD);
	else if (reading.says != LIST_SAYS_YES)
		add(exam, (struct doctor_finding){
				  .row = row,
				  .severity = DOCTOR_UNKNOWN,
				  .what = arena_printf(exam->arena, "%s does not say whether it lists %s.",
						       list->shown, subject) });
	else
		add(exam,
		    (struct doctor_finding){
			    .row = row,
			    .severity = DOCTOR_ERROR,
			    .what = arena_printf(exam->arena, "%s lists %s%s%s.", list->shown, subject,
						 meaning != NULL ? ": " : "", meaning != NULL ? meaning : ""),
			    .consequence =
				    arena_printf(exam->arena,
						 "Receivers that use this list refuse your mail. Once the "
						 "reason is gone, ask to be taken off%s%s",
						 page != NULL ? ": " : ".", page != NULL ? page : "") });
}

static void
examine_lists(struct exam *exam)
{
	char name[DOMAIN_SIZE];

	for (size_t i = 0; i < exam->config->lists.count; i++) {
		const struct list *list = &exam->config->lists.items[i];
		const bool is_of_addresses = (list->subjects & 1U << LIST_CLIENT) != 0;

		if (list->is_allow || list->is_left_out)
			continue;
		if (!is_of_addresses && dnslist_domain_name(list, exam->report->domain, name))
			examine_list(exam, list, DOCTOR_DOMAIN_LISTS, name, exam->report->domain);
		for (size_t j = 0; is_of_addresses && j < exam->report->address_count; j++) {
			const struct ipaddr *address = &exam->report->addresses[j];

			if (list_takes_family(list, address->length) && !dnslist_is_private(address)
			    && dnslist_address_name(list, address, name))
				examine_list(exam, list, DOCTOR_ADDRESS_LISTS, name,
					     address_text(exam, address));
		}
	}
}

void
doctor_examine(const char *domain, const struct doctor_order *order, const struct config *config,
	       struct lookup *lookup, struct arena *arena, struct doctor_report *report)
{
	struct exam exam = { order, config, lookup, arena, report };

	*report = (struct doctor_report){ .domain = domain };
	lookup_want(lookup, domain, DNS_A);
	lookup_want(lookup, domain, DNS_TXT);
	examine_mx(&exam);
	if (lookup_get(lookup, domain, DNS_MX)->status == DNS_NXDOMAIN)
		return; /* there is nothing more to look at */
	find_addresses(&exam);
	examine_spf_record(&exam);
	for (size_t i = 0; i < report->address_count; i++) {
		examine_reverse(&exam, &report->addresses[i]);
		if (order->helo != NULL)
			examine_helo(&exam, &report->addresses[i]);
		examine_spf_pass(&exam, &report->addresses[i]);
	}
	if (order->selector != NULL)
		examine_dkim(&exam);
	examine_dmarc(&exam);
	examine_lists(&exam);
}
