#include "heloscope/doctor/evidence.h"

#include <stdlib.h>
#include <string.h>

#include "heloscope/doctor/dkim.h"
#include "heloscope/words/telling.h"

#define LINE_MAX 700 /* octets of a record that is shown */

static void
add_line(struct exam *exam, const char *line)
{
	struct doctor_report *report = exam->report;
	const char **records =
		arena_grow(exam->arena, (void *)report->records, report->record_count, sizeof *records);

	if (records == NULL || line == NULL)
		return;
	report->records = records;
	records[report->record_count++] = line;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Of one name, in an order of its own: servers turn theirs. `wanted`: only SPF records, which begin so; or
 * NULL. */
static void
add_records(struct exam *exam, const char *name, enum dns_type type, const char *wanted)
{
	const struct dns_answer *answer = lookup_get(exam->lookup, name, type);
	const size_t before = exam->report->record_count;

	for (size_t i = 0; i < answer->count; i++) {
		char raw[LINE_MAX], memory[LINE_MAX];
		struct strbuf held = STRBUF_OVER(raw), line = STRBUF_OVER(memory);

		if (wanted != NULL && !span_starts_with_nocase(answer->records[i].text, span_of(wanted)))
			continue;
		dns_record_add_to(&answer->records[i], type, &held);
		strbuf_printf(&line, "%s %s ", name, dns_type_word(type));
		strbuf_add_escaped(&line, (struct span){ raw, held.length }, LINE_MAX);
		add_line(exam, arena_string(exam->arena, memory));
	}
	if (exam->report->record_count > before)
		qsort((void *)(exam->report->records + before), exam->report->record_count - before,
		      sizeof exam->report->records[0], compare);
	else
		add_line(exam,
			 arena_printf(exam->arena, "%s %s: %s", name, dns_type_word(type),
				      dns_status_is_fault(answer->status) ? dns_status_word(answer->status)
				      : wanted != NULL                    ? "no SPF record"
									  : "none"));
}

static void
add_reverse(struct exam *exam, const struct ipaddr *address)
{
	char memory[IPADDR_REVERSE_SIZE];

	add_records(exam, ipaddr_reverse_name(address, memory), DNS_PTR, NULL);
}

void
exam_address_evidence(struct exam *exam)
{
	for (size_t i = 0; i < exam->report->address_count; i++)
		add_reverse(exam, &exam->report->addresses[i]);
}

void
exam_evidence(struct exam *exam)
{
	const char *domain = exam->report->domain;

	add_records(exam, domain, DNS_MX, NULL);
	exam_address_evidence(exam);
	add_records(exam, exam->bounces, DNS_TXT, "v=spf1");
	for (size_t i = 0; i < exam->key_count; i++)
		add_records(exam, exam_key_name(exam, &exam->keys[i]), DNS_TXT, NULL);
	add_records(exam, arena_printf(exam->arena, "_dmarc.%s", domain), DNS_TXT, NULL);
	add_records(exam, arena_printf(exam->arena, "_mta-sts.%s", domain), DNS_TXT, NULL);
	add_records(exam, arena_printf(exam->arena, "_smtp._tls.%s", domain), DNS_TXT, NULL);
}
