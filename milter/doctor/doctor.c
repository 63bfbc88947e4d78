#include "heloscope/doctor/doctor.h"

#include <string.h>

#include "heloscope/doctor/addresses.h"
#include "heloscope/doctor/dkim.h"
#include "heloscope/doctor/dmarc.h"
#include "heloscope/doctor/evidence.h"
#include "heloscope/doctor/host.h"
#include "heloscope/doctor/lists.h"
#include "heloscope/doctor/look.h"
#include "heloscope/doctor/mx.h"
#include "heloscope/doctor/reported.h"
#include "heloscope/doctor/server.h"
#include "heloscope/doctor/spf.h"
#include "heloscope/doctor/sts.h"

static void
examine_address(struct exam *exam, const struct ipaddr *address)
{
	const struct facts *facts = exam_look(exam, address, exam->order->helo, NULL);

	if (facts == NULL)
		return;
	exam_host(exam, address, facts);
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
	exam_addresses(exam);
	exam_spf_record(exam);
	exam_want_lists(exam);
	for (size_t i = 0; i < exam->report->address_count; i++)
		examine_address(exam, &exam->report->addresses[i]);
	exam_dkim(exam);
	exam_dmarc(exam);
	tell_progress(exam, "mail servers");
	exam_servers(exam);
	tell_progress(exam, "MTA-STS");
	exam_mta_sts(exam);
	exam_tls_reports(exam);
	tell_progress(exam, "lists");
	exam_lists(exam);
}

/* An examination that begins, with nothing found yet. */
static struct exam
begin(const char *domain, const struct doctor_order *order, struct config *config, struct lookup *lookup,
      struct arena *arena, struct doctor_report *report)
{
	const bool has_bounces = order->bounces != NULL && strcmp(order->bounces, domain) != 0;

	*report = (struct doctor_report){ .domain = domain,
					  .taken_from = order->taken_from != NULL ? order->taken_from : "" };
	lookup_set_end(lookup, order->end_ms);
	return (struct exam){ .order = order,
			      .config = config,
			      .lookup = lookup,
			      .arena = arena,
			      .report = report,
			      .bounces = has_bounces ? order->bounces : domain,
			      .reported = "",
			      .left_out = "" };
}

void
doctor_examine(const char *domain, const struct doctor_order *order, struct config *config,
	       struct lookup *lookup, struct arena *arena, struct doctor_report *report)
{
	struct exam exam = begin(domain, order, config, lookup, arena, report);

	exam_choose_keys(&exam);
	tell_progress(&exam, "names and records");
	exam_reported_bounces(&exam);
	lookup_want(lookup, domain, DNS_A);
	lookup_want(lookup, exam.bounces, DNS_TXT);
	exam_mx(&exam);
	if (lookup_get(lookup, domain, DNS_MX)->status != DNS_NXDOMAIN)
		examine_domain(&exam);
	reported_end(&exam);
	exam_evidence(&exam);
	inquiry_close(exam.inquiry);
}

void
doctor_examine_addresses(const char *domain, const struct doctor_order *order, struct config *config,
			 struct lookup *lookup, struct arena *arena, struct doctor_report *report)
{
	struct exam exam = begin(domain, order, config, lookup, arena, report);

	for (size_t i = 0; i < order->address_count; i++)
		report->addresses[report->address_count++] = order->addresses[i];
	exam_want_lists(&exam);
	for (size_t i = 0; i < report->address_count; i++) {
		const struct facts *facts = exam_look(&exam, &report->addresses[i], order->helo, NULL);

		if (facts != NULL)
			exam_host(&exam, &report->addresses[i], facts);
	}
	exam_lists(&exam);
	exam_address_evidence(&exam);
	inquiry_close(exam.inquiry);
}
