/* doctor_mx: where mail for a domain goes, and whether bounces of what it sends come back. */
#include "heloscope/doctor_exam.h"

#include <string.h>

#include "heloscope/dnslist.h"

/* Where mail for a domain goes without MX (RFC 5321, 5.1): its addresses. */
static const struct dns_answer *
implicit_mx(struct exam *exam, const char *domain)
{
	const struct dns_answer *ipv4 = lookup_get(exam->lookup, domain, DNS_A);

	return ipv4->count > 0 || dns_status_is_fault(ipv4->status)
		       ? ipv4
		       : lookup_get(exam->lookup, domain, DNS_AAAA);
}

static bool
is_null_mx(const struct dns_answer *answer)
{
	return answer->count == 1 && answer->records[0].name[0] == '\0';
}

/* `host`: what stands before the domain's name in the MX to publish. */
static void
add_finding(struct exam *exam, enum doctor_severity severity, const char *what, const char *consequence,
	    const char *host)
{
	const char *domain = exam->report->domain;

	exam_add(exam, (struct doctor_finding){ .row = DOCTOR_MX,
						.severity = severity,
						.what = what,
						.consequence = consequence,
						.publish = arena_printf(exam->arena, "%s. MX 10 %s%s.",
									domain, host, domain) });
}

void
exam_mx(struct exam *exam)
{
	static const char refused[] = "Receivers refuse mail from a domain to which no bounce can be sent.";
	const char *domain = exam->report->domain;
	const struct dns_answer *answer = lookup_get(exam->lookup, domain, DNS_MX);
	const bool is_implicit = answer->count == 0 && !dns_status_is_fault(answer->status);
	const struct dns_answer *way = is_implicit ? implicit_mx(exam, domain) : answer;

	if (dns_status_is_fault(way->status))
		exam_add_unknown(exam, DOCTOR_MX, domain, way);
	else if (is_null_mx(answer))
		add_finding(exam, DOCTOR_ERROR, "The null MX says that this domain takes no mail (RFC 7505).",
			    refused, "mail.");
	else if (way->count == 0)
		add_finding(exam, DOCTOR_ERROR,
			    answer->status == DNS_NXDOMAIN ? "The domain does not exist."
							   : "There is neither MX nor address.",
			    refused, "mail.");
	else if (is_implicit)
		add_finding(exam, DOCTOR_NOTE,
			    "There is no MX; mail goes to the address of the domain itself.",
			    "Some receivers take a domain without MX for one that sends no mail.", "");
	else
		exam_set_cell(exam, DOCTOR_MX, DOCTOR_GOOD);
	for (size_t i = 0; i < answer->count && i < EXAM_HOSTS_MAX; i++)
		if (answer->records[i].name[0] != '\0')
			lookup_want(exam->lookup, answer->records[i].name, DNS_AAAA);
}

/* Bounces. */

/* Whether an answer holds an address that the whole world reaches. */
static bool
holds_reachable(const struct dns_answer *answer)
{
	for (size_t i = 0; i < answer->count; i++)
		if (!dnslist_is_private(&answer->records[i].address))
			return true;
	return false;
}

/* What an MX host leads to. */
enum way { WAY_OPEN, WAY_UNKNOWN, WAY_PRIVATE, WAY_NOWHERE };

static enum way
way_to(struct exam *exam, const char *host)
{
	const struct dns_answer *ipv4 = lookup_get(exam->lookup, host, DNS_A);
	const struct dns_answer *ipv6 = lookup_get(exam->lookup, host, DNS_AAAA);

	if (holds_reachable(ipv4) || holds_reachable(ipv6))
		return WAY_OPEN;
	if (dns_status_is_fault(ipv4->status) || dns_status_is_fault(ipv6->status))
		return WAY_UNKNOWN;
	return ipv4->count + ipv6->count > 0 ? WAY_PRIVATE : WAY_NOWHERE;
}

static void
add_broken_way(struct exam *exam, const char *host, enum way way, bool is_last)
{
	exam_add(exam,
		 (struct doctor_finding){
			 .row = DOCTOR_BOUNCES,
			 .severity = way == WAY_UNKNOWN ? DOCTOR_UNKNOWN
				     : is_last          ? DOCTOR_ERROR
							: DOCTOR_WARNING,
			 .what = arena_printf(exam->arena,
					      way == WAY_UNKNOWN ? "The addresses of %s cannot be looked up."
					      : way == WAY_PRIVATE ? "%s has private addresses only."
								   : "%s has no address.",
					      host),
			 .consequence =
				 is_last ? "No bounce comes back, and receivers that look refuse the mail."
					 : "Bounces, and replies, wait or are lost when they try this "
					   "host." });
}

/* Each host that an MX names must have an address (RFC 5321, 5.1). */
static void
examine_ways(struct exam *exam, const struct dns_answer *mx)
{
	enum way ways[EXAM_HOSTS_MAX];
	const size_t count = mx->count < EXAM_HOSTS_MAX ? mx->count : EXAM_HOSTS_MAX;
	size_t usable = 0;

	for (size_t i = 0; i < count; i++) {
		ways[i] = way_to(exam, mx->records[i].name);
		usable += ways[i] == WAY_OPEN || ways[i] == WAY_UNKNOWN ? 1 : 0;
	}
	for (size_t i = 0; i < count; i++)
		if (ways[i] != WAY_OPEN)
			add_broken_way(exam, mx->records[i].name, ways[i], usable == 0);
	exam_set_cell(exam, DOCTOR_BOUNCES, DOCTOR_GOOD);
}

/* Of another domain than the author's, SPF is nothing to DMARC (RFC 9989, 4.4). */
static void
examine_alignment(struct exam *exam)
{
	if (domain_same_organization(exam->bounces, exam->report->domain))
		return;
	exam_add(exam,
		 (struct doctor_finding){
			 .row = DOCTOR_BOUNCES,
			 .severity = DOCTOR_WARNING,
			 .what = arena_printf(exam->arena, "%s is not of the same organization as %s.",
					      exam->bounces, exam->report->domain),
			 .consequence =
				 "For DMARC a pass of SPF does not count then, so all rests on DKIM." });
}

void
exam_bounces(struct exam *exam)
{
	const struct dns_answer *mx = lookup_get(exam->lookup, exam->bounces, DNS_MX);
	const struct dns_answer *implicit;

	examine_alignment(exam);
	if (mx->count > 0 && !is_null_mx(mx)) {
		examine_ways(exam, mx);
		return;
	}
	if (exam->bounces == exam->report->domain) { /* the row of MX has said why */
		const enum doctor_severity severity = exam->report->cells[DOCTOR_MX];

		exam_set_cell(exam, DOCTOR_BOUNCES, severity >= DOCTOR_UNKNOWN ? severity : DOCTOR_GOOD);
		return;
	}
	implicit = dns_status_is_fault(mx->status) ? mx : implicit_mx(exam, exam->bounces);
	if (dns_status_is_fault(implicit->status))
		exam_add_unknown(exam, DOCTOR_BOUNCES, exam->bounces, implicit);
	else if (is_null_mx(mx) || implicit->count == 0)
		exam_add(exam,
			 (struct doctor_finding){
				 .row = DOCTOR_BOUNCES,
				 .severity = DOCTOR_ERROR,
				 .what = arena_printf(exam->arena, "%s takes no mail.", exam->bounces),
				 .consequence = "No bounce comes back, and receivers that look refuse the "
						"mail." });
	else
		exam_set_cell(exam, DOCTOR_BOUNCES, DOCTOR_GOOD);
}
