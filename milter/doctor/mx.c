/* doctor_mx: where mail for a domain goes, and whether bounces of what it sends come back. */
#include "heloscope/doctor/mx.h"

#include "heloscope/doctor/dmarc.h"
#include "heloscope/doctor/host.h"
#include "heloscope/doctor/look.h"

#include <string.h>

#include "heloscope/dns/mail_way.h"
#include "heloscope/words/sender.h"

static const char refused[] = "Receivers refuse mail from a domain to which no bounce can be sent.";

/* Where mail for a domain goes without MX (RFC 5321, 5.1): its addresses. */
static const struct dns_answer *
implicit_mx(struct exam *exam, const char *domain)
{
	const struct dns_answer *ipv4 = lookup_get(exam->lookup, domain, DNS_A);

	return ipv4->count > 0 || dns_status_is_fault(ipv4->status)
		       ? ipv4
		       : lookup_get(exam->lookup, domain, DNS_AAAA);
}

static void
want_addresses(struct exam *exam, const char *host)
{
	lookup_want(exam->lookup, host, DNS_A);
	lookup_want(exam->lookup, host, DNS_AAAA);
}

/* To a host, by its addresses. */
static enum mail_way
way_to(struct exam *exam, const char *host)
{
	enum dns_status status;

	return mail_way_better(mail_way_by_answer(lookup_get(exam->lookup, host, DNS_A), NULL, &status),
			       mail_way_by_answer(lookup_get(exam->lookup, host, DNS_AAAA), NULL, &status));
}

/* To an MX host. Nothing is near: what counts is what others reach. */
static enum mail_way
way_to_mx(struct exam *exam, const struct dns_record *record)
{
	return mail_way_by_mx(record) == MAIL_WAY_NO_HOST ? MAIL_WAY_NO_HOST : way_to(exam, record->name);
}

/* To the domain, by the best of its MX hosts, or without MX by itself. */
static enum mail_way
best_way(struct exam *exam, const char *domain, const struct dns_answer *mx)
{
	enum mail_way best = mx->count == 0 ? way_to(exam, domain) : MAIL_WAY_NO_ADDRESS;

	for (size_t i = 0; i < mx->count && i < EXAM_HOSTS_MAX; i++)
		if (mail_way_by_mx(&mx->records[i]) != MAIL_WAY_NO_HOST)
			want_addresses(exam, mx->records[i].name);
	for (size_t i = 0; i < mx->count && i < EXAM_HOSTS_MAX; i++)
		best = mail_way_better(best, way_to_mx(exam, &mx->records[i]));
	return best;
}

/* How many of the MX records name no host: "MX 0 ." (RFC 7505). */
static size_t
count_null(const struct dns_answer *answer)
{
	size_t count = 0;

	for (size_t i = 0; i < answer->count; i++)
		count += answer->records[i].name[0] == '\0' ? 1 : 0;
	return count;
}

static bool
is_null_mx(const struct dns_answer *answer)
{
	return answer->count > 0 && count_null(answer) == answer->count;
}

/* A null MX stands alone, with preference 0 (RFC 7505, 3). */
static void
tell_null_mx(struct exam *exam, const struct dns_answer *answer)
{
	const char *domain = exam->report->domain, *others = NULL;

	for (size_t i = 0; i < answer->count; i++)
		if (answer->records[i].name[0] != '\0')
			others = arena_printf(exam->arena, "%s%s%s. MX %u %s.", others != NULL ? others : "",
					      others != NULL ? "\n" : "", domain,
					      answer->records[i].preference, answer->records[i].name);
	if (others != NULL)
		exam_say(
			exam, PROBLEM_MX_NULL_BESIDE, "", DOCTOR_ERROR,
			"There is a null MX, \"MX 0 .\", beside other MX records (RFC 7505, 3).",
			"Some senders deliver to the others, some take the domain for one that takes no mail.",
			others);
	else
		exam_say(
			exam, PROBLEM_MX_NULL, "", DOCTOR_ERROR,
			answer->count == 1 && answer->records[0].preference == 0
				? "The null MX says that this domain takes no mail (RFC 7505)."
				: "The null MX says that this domain takes no mail; it should be a single \"MX 0 .\" (RFC 7505, 3).",
			refused, NULL);
}

/* No host is known that takes the domain's mail: none is invented. */
static void
tell_no_way(struct exam *exam, const struct dns_answer *answer, enum mail_way way)
{
	const bool exists = answer->status != DNS_NXDOMAIN, has_mx = answer->count > 0;

	exam_say(exam,
		 has_mx && exam->bounces == exam->report->domain ? PROBLEM_MX_AS_BOUNCES
		 : has_mx                                        ? PROBLEM_MX_UNREACHABLE
		 : exists                                        ? PROBLEM_MX_NONE
								 : PROBLEM_DOMAIN_MISSING,
		 "", DOCTOR_ERROR,
		 has_mx ? "The MX names no host that others can reach."
		 : way == MAIL_WAY_PRIVATE
			 ? "There is no MX, and the domain has only addresses that nobody else can reach."
		 : exists ? "There is neither MX nor address."
			  : "The domain does not exist.",
		 refused, NULL);
}

void
exam_mx(struct exam *exam)
{
	const char *domain = exam->report->domain;
	const struct dns_answer *answer = lookup_get(exam->lookup, domain, DNS_MX);
	const bool is_implicit = answer->count == 0 && !dns_status_is_fault(answer->status);
	const struct dns_answer *source = is_implicit ? implicit_mx(exam, domain) : answer;
	const enum mail_way way = best_way(exam, domain, answer);

	if (dns_status_is_fault(source->status))
		exam_add_unknown(exam, DOCTOR_MX, domain, source);
	else if (count_null(answer) > 0)
		tell_null_mx(exam, answer);
	else if (way < MAIL_WAY_UNKNOWN)
		tell_no_way(exam, answer, way);
	else if (is_implicit)
		exam_say(exam, PROBLEM_MX_IMPLICIT, "", DOCTOR_NOTE,
			 "There is no MX; mail goes to the address of the domain itself.",
			 "Some receivers think that a domain without MX sends no mail.",
			 arena_printf(exam->arena, "%s. MX 10 %s.", domain, domain));
	else
		exam_set_cell(exam, DOCTOR_MX, DOCTOR_GOOD);
}

/* Bounces. */

/* An MX record with an address in place of a name: its right form is known when the address has one. */
static void
tell_address(struct exam *exam, const struct dns_record *mx, const char *consequence,
	     enum doctor_severity severity)
{
	struct ipaddr address;
	const char *name =
		ipaddr_parse(span_of(mx->name), &address) ? exam_verified_name(exam, &address) : "";

	exam_say(exam, PROBLEM_BOUNCES_ADDRESS, mx->name, severity,
		 arena_printf(exam->arena, "The MX record has the address %s instead of a host name.",
			      mx->name),
		 consequence,
		 name[0] != '\0' && way_to(exam, name) == MAIL_WAY_OPEN
			 ? arena_printf(exam->arena, "%s. MX %u %s.", exam->bounces, mx->preference, name)
			 : NULL);
}

/* An MX record with a name behind which the zone's came. */
static void
tell_missing_dot(struct exam *exam, const struct dns_record *mx, const char *meant, const char *consequence,
		 enum doctor_severity severity)
{
	exam_say(
		exam, PROBLEM_BOUNCES_NO_DOT, arena_string(exam->arena, meant), severity,
		arena_printf(
			exam->arena,
			"The MX record says %s: the dot at the end of the name is missing, so the name of the zone was appended to it.",
			mx->name),
		consequence,
		arena_printf(exam->arena, "%s. MX %u %s.", exam->bounces, mx->preference, meant));
}

static void
add_broken_way(struct exam *exam, const struct dns_record *mx, enum mail_way way, bool is_last)
{
	static const char *const words[] = {
		[MAIL_WAY_NO_ADDRESS] = "%s has no address.",
		[MAIL_WAY_NO_HOST] = "%s is not a name by which others can find a host.",
		[MAIL_WAY_PRIVATE] = "%s has only addresses that nobody else can reach.",
		[MAIL_WAY_UNKNOWN] = "The addresses of %s cannot be looked up.",
	};
	const char *consequence = is_last ? "No bounce comes back, and receivers that look refuse the mail."
					  : "Bounces, and replies, wait or are lost when they try this host.";
	const enum doctor_severity severity = way == MAIL_WAY_UNKNOWN ? DOCTOR_UNKNOWN
					      : is_last               ? DOCTOR_ERROR
								      : DOCTOR_WARNING;
	char meant[DOMAIN_SIZE];

	if (domain_is_address(mx->name)) {
		tell_address(exam, mx, consequence, severity);
		return;
	}
	if (way == MAIL_WAY_NO_ADDRESS && domain_without_zone(mx->name, exam->bounces, meant)
	    && way_to(exam, arena_string(exam->arena, meant)) == MAIL_WAY_OPEN) {
		tell_missing_dot(exam, mx, meant, consequence, severity);
		return;
	}

	exam_say(exam, PROBLEM_BOUNCES_HOST, mx->name, severity,
		 arena_printf(exam->arena, words[way], mx->name), consequence, NULL);
}

/* An MX record names a host, and no alias of one (RFC 5321, 5.1; RFC 2181, 10.3). */
static void
look_for_alias(struct exam *exam, const struct dns_record *mx)
{
	const struct dns_answer *alias = lookup_get(exam->lookup, mx->name, DNS_CNAME);

	if (alias->count == 0)
		return;
	exam_say(
		exam, PROBLEM_BOUNCES_ALIAS, mx->name, DOCTOR_NOTE,
		arena_printf(exam->arena, "The MX record names %s, which is an alias (CNAME) of %s.",
			     mx->name, alias->records[0].name),
		"An MX record must name the host itself (RFC 5321, 5.1); some senders refuse to follow an alias.",
		arena_printf(exam->arena, "%s. MX %u %s.", exam->bounces, mx->preference,
			     alias->records[0].name));
}

/* Each host that an MX names must have an address (RFC 5321, 5.1). */
static void
examine_ways(struct exam *exam, const struct dns_answer *mx)
{
	const struct dns_record *hosts[EXAM_HOSTS_MAX];
	enum mail_way ways[EXAM_HOSTS_MAX];
	size_t count = 0, usable = 0;

	for (size_t i = 0; i < mx->count && count < EXAM_HOSTS_MAX; i++) {
		if (mx->records[i].name[0] == '\0')
			continue;
		hosts[count] = &mx->records[i];
		ways[count] = way_to_mx(exam, &mx->records[i]);
		usable += ways[count] >= MAIL_WAY_UNKNOWN ? 1 : 0;
		count++;
	}
	for (size_t i = 0; i < count; i++)
		if (ways[i] == MAIL_WAY_OPEN)
			look_for_alias(exam, hosts[i]);
		else
			add_broken_way(exam, hosts[i], ways[i], usable == 0);
	exam_set_cell(exam, DOCTOR_BOUNCES, DOCTOR_GOOD);
}

/* Of a domain that does not align with the author's, SPF is nothing to DMARC (RFC 9989, 4.4). */
static void
examine_alignment(struct exam *exam)
{
	const enum exam_alignment alignment = exam_align(exam, exam->bounces, true);

	if (alignment != EXAM_UNALIGNED) {
		exam_set_alignment(exam, DOCTOR_SPF_ALIGNMENT, exam->bounces, alignment);
		return;
	}
	exam_say(
		exam, PROBLEM_BOUNCES_UNALIGNED, exam->bounces, DOCTOR_WARNING,
		arena_printf(
			exam->arena,
			"%s does not align with %s: it is not of the same organization, or the DMARC record asks for the very same domain (aspf=s).",
			exam->bounces, exam->report->domain),
		"For DMARC a pass of SPF does not count then, so everything depends on DKIM.", NULL);
}

/* Without MX hosts to look at: the row of MX has said why, or that mail goes to the domain itself. */
static void
tell_own_bounces(struct exam *exam)
{
	const enum doctor_severity severity = exam->report->cells[DOCTOR_MX];

	if (severity < DOCTOR_UNKNOWN)
		exam_set_cell(exam, DOCTOR_BOUNCES, DOCTOR_GOOD);
	else
		exam_say(exam, PROBLEM_BOUNCES_AS_MX, "", severity,
			 severity == DOCTOR_UNKNOWN
				 ? "Whether bounces come back is not known, since the MX is not."
				 : "No bounce comes back, as the MX is.",
			 NULL, NULL);
}

/* As the filter judges the sender. */
static void
judge_sender(struct exam *exam)
{
	const struct ipaddr nobody = { .length = 0 };
	const struct facts *facts = exam_look(exam, &nobody, NULL, NULL);
	const enum result result = facts != NULL ? facts->results[METHOD_SENDER] : RESULT_TEMPERROR;
	const char *reason = facts != NULL ? sender_text(&facts->sender) : "out of memory";
	const enum doctor_severity told = exam->report->cells[DOCTOR_BOUNCES];

	if (result == RESULT_PASS)
		exam_set_cell(exam, DOCTOR_BOUNCES, DOCTOR_GOOD);
	else if (result == RESULT_TEMPERROR && told < DOCTOR_UNKNOWN)
		exam_add(exam,
			 (struct doctor_finding){
				 .problem = PROBLEM_LOOKUP,
				 .row = DOCTOR_BOUNCES,
				 .subject = exam->bounces,
				 .severity = DOCTOR_UNKNOWN,
				 .what = arena_printf(exam->arena,
						      "Whether %s takes bounces is not known: %s.",
						      exam->bounces, reason),
				 .consequence = "Receivers that cannot look it up either defer your mail." });
	else if (result != RESULT_TEMPERROR && told < DOCTOR_ERROR)
		exam_say(exam, PROBLEM_BOUNCES_REFUSED, exam->bounces, DOCTOR_ERROR,
			 arena_printf(exam->arena, "%s takes no mail: %s.", exam->bounces, reason),
			 "No bounce comes back, and receivers that look refuse the mail.", NULL);
}

void
exam_bounces(struct exam *exam)
{
	const struct dns_answer *mx = lookup_get(exam->lookup, exam->bounces, DNS_MX);

	examine_alignment(exam);
	if (mx->count > 0 && !is_null_mx(mx))
		examine_ways(exam, mx);
	else if (exam->bounces == exam->report->domain)
		tell_own_bounces(exam);
	judge_sender(exam);
}
