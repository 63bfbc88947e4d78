/* The addresses from which mail may go out: those that were named, else those that MX and SPF show. */
#include "heloscope/doctor/addresses.h"

#include "heloscope/spf/record.h"

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

void
exam_addresses(struct exam *exam)
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
		exam_say(exam, PROBLEM_ADDRESSES_UNKNOWN, "", DOCTOR_UNKNOWN,
			 "No address is known from which mail goes out.", NULL, NULL);
	else if (exam->report->is_guessed)
		exam_say(exam, PROBLEM_ADDRESSES_GUESSED, "", DOCTOR_NOTE,
			 "The addresses from which mail goes out are guessed from MX and SPF records.", NULL,
			 NULL);
}
