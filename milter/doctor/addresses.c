/* The addresses from which mail may go out: those that were named, else those that MX and SPF show; and the
 * bounce domain by which SPF lets them. */
#include "heloscope/doctor/addresses.h"

#include <string.h>

#include "heloscope/doctor/look.h"
#include "heloscope/doctor/reported.h"
#include "heloscope/spf/record.h"

static bool
is_known(const struct exam *exam, const struct ipaddr *address)
{
	for (size_t i = 0; i < exam->report->address_count; i++)
		if (ipaddr_equals(&exam->report->addresses[i], address))
			return true;
	return false;
}

static void
add_address(struct exam *exam, const struct ipaddr *address)
{
	struct doctor_report *report = exam->report;

	if (!is_known(exam, address) && report->address_count < DOCTOR_ADDRESSES_MAX)
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

/* SPF cannot have passed for a domain without a record; with one that cannot be looked up it may have. */
static bool
may_have_spf(struct exam *exam, const char *domain)
{
	const struct dns_answer *answer = lookup_get(exam->lookup, domain, DNS_TXT);

	if (dns_status_is_fault(answer->status))
		return true;
	for (size_t i = 0; i < answer->count; i++)
		if (spf_record_is_one(answer->records[i].text))
			return true;
	return false;
}

void
exam_reported_bounces(struct exam *exam)
{
	const struct doctor_order *order = exam->order;
	struct reported_names taken, left_out;

	reported_init(&taken);
	reported_init(&left_out);
	for (size_t i = 0; i < order->reported_bounces_count && i < REPORTED_TOLD && taken.count == 0; i++) {
		const char *domain = order->reported_bounces[i];
		const bool is_own = strcmp(domain, exam->report->domain) == 0;

		if (!is_own && !may_have_spf(exam, domain)) {
			reported_add(&left_out, domain);
			continue;
		}
		exam->bounces = is_own ? exam->report->domain : domain;
		reported_add(&taken, domain);
	}
	reported_tell_taken(exam, &taken, "bounce domain", "bounce domains");
	reported_tell_left_out(exam, &left_out,
			       left_out.count > 1 ? "are bounce domains without an SPF record"
						  : "is a bounce domain without an SPF record",
			       "--bounces");
}

static bool
is_allowed(struct exam *exam, const struct ipaddr *address)
{
	const struct facts *facts = exam_look(exam, address, NULL, NULL);

	return facts != NULL && facts->results[METHOD_SPF] == RESULT_PASS;
}

/* Those that only reports name: anybody can write a report, so that the owner of the domain has to vouch for
 * them, and no record is proposed for the others. */
static void
add_reported(struct exam *exam, const struct ipaddr *addresses, size_t count)
{
	struct reported_names taken, left_out;

	reported_init(&taken);
	reported_init(&left_out);
	for (size_t i = 0; i < count && exam->report->address_count < DOCTOR_ADDRESSES_MAX; i++) {
		if (is_known(exam, &addresses[i]))
			continue;
		if (is_allowed(exam, &addresses[i])) {
			add_address(exam, &addresses[i]);
			reported_add(&taken, exam_address_text(exam, &addresses[i]));
		} else {
			reported_add(&left_out, exam_address_text(exam, &addresses[i]));
		}
	}
	reported_tell_taken(exam, &taken, "address", "addresses");
	reported_tell_left_out(
		exam, &left_out,
		arena_printf(exam->arena, "the SPF record of %s does not allow", exam->bounces), "--ip");
}

void
exam_addresses(struct exam *exam)
{
	const struct dns_answer *mx = lookup_get(exam->lookup, exam->report->domain, DNS_MX);
	const struct doctor_order *order = exam->order;
	const size_t sure = order->address_count - order->reported_count;

	for (size_t i = 0; i < sure; i++)
		add_address(exam, &order->addresses[i]);
	if (order->reported_count > 0)
		add_reported(exam, order->addresses + sure, order->reported_count);
	exam->report->is_guessed = exam->report->address_count == 0;
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
		exam_say(exam, PROBLEM_ADDRESSES_UNKNOWN, "", DOCTOR_UNKNOWN,
			 "No address is known from which mail goes out.", NULL, NULL);
	else if (exam->report->is_guessed)
		exam_say(exam, PROBLEM_ADDRESSES_GUESSED, "", DOCTOR_NOTE,
			 "The addresses from which mail goes out are guessed from MX and SPF records.", NULL,
			 NULL);
}
