/* doctor_dmarc: the DMARC policy of a sender's domain, its own or that of the organization (RFC 9989), and
 * what passes count for it. */
#include "heloscope/doctor/dmarc.h"

#include "heloscope/doctor/tags.h"

#include <stdio.h>
#include <string.h>

#include "heloscope/base/nearest.h"
#include "heloscope/dmarc/dmarc.h"
#include "heloscope/wire/taglist.h"

#define RECORD_MAX 8192    /* octets of a record that is proposed */
#define DESTINATIONS_MAX 4 /* of reports that are looked at */

/* What tags may hold. */

static const char *const requests[] = { "none", "quarantine", "reject" };
static const char *const alignments[] = { "r", "s" };
static const char *const answers[] = { "y", "n" };
static const char *const suffixes[] = { "y", "n", "u" };

#define WORDS(list) .words = (list), .word_count = sizeof(list) / sizeof(list)[0]

/* "0" or "1", "d" and "s", each once, with ":" between them. */
static bool
takes_options(struct span value)
{
	unsigned seen = 0;

	for (size_t i = 0; i < value.length; i += 2) {
		const char c = ascii_lower(value.at[i]);
		const unsigned bit = c == '0' || c == '1' ? 1 : c == 'd' ? 2 : c == 's' ? 4 : 0;

		if (bit == 0 || (seen & bit) != 0 || (i + 1 < value.length && value.at[i + 1] != ':'))
			return false;
		seen |= bit;
	}
	return value.length % 2 == 1;
}

/* "maito:reports@example.org": of a scheme that nobody has. */
static bool
is_misspelt_mail(struct span uri)
{
	static const char *const schemes[] = { "mailto" };
	const char *colon = memchr(uri.at, ':', uri.length);
	char scheme[12];

	if (colon == NULL || memchr(uri.at, '@', uri.length) == NULL
	    || (size_t)(colon - uri.at) >= sizeof scheme)
		return false;
	(void)snprintf(scheme, sizeof scheme, "%.*s", (int)(colon - uri.at), uri.at);
	return nearest_word(scheme, schemes, 1) != NULL;
}

static bool
takes_uris(struct span value)
{
	struct span text, address;
	enum dmarc_uri kind;
	bool has_any = false;

	while (dmarc_next_uri(&value, &text, &address, &kind)) {
		if (kind == DMARC_URI_BARE || kind == DMARC_URI_INVALID
		    || (kind == DMARC_URI_OTHER && is_misspelt_mail(text)))
			return false;
		has_any = true;
	}
	return has_any;
}

/* All that are right as they stand, mail addresses with their scheme; without any the usual one. */
static bool
repair_uris(struct exam *exam, struct span value, struct strbuf *right)
{
	struct span text, address;
	enum dmarc_uri kind;
	bool has_any = false;

	while (dmarc_next_uri(&value, &text, &address, &kind)) {
		if (kind == DMARC_URI_INVALID)
			continue;
		if (kind == DMARC_URI_BARE)
			text = address;
		else if (kind == DMARC_URI_OTHER && is_misspelt_mail(text))
			text = span_from(text,
					 (size_t)((const char *)memchr(text.at, ':', text.length) - text.at)
						 + 1);
		else
			kind = DMARC_URI_MAIL;
		strbuf_printf(right, "%s%s", has_any ? "," : "", kind == DMARC_URI_MAIL ? "" : "mailto:");
		strbuf_add_span(right, text);
		has_any = true;
	}
	if (!has_any)
		strbuf_printf(right, "mailto:dmarc@%s", exam->report->domain);
	return true;
}

/* "yes" and "no". */
static bool
repair_answer(struct exam *exam, struct span value, struct strbuf *right)
{
	(void)exam;
	if (!span_equals_nocase(value, SPAN("yes")) && !span_equals_nocase(value, SPAN("no")))
		return false;
	strbuf_add_char(right, ascii_lower(value.at[0]));
	return true;
}

static const char as_none[] = "Receivers act as if there were no policy at all, or p=none.";
static const char as_default[] = "Receivers act as if the tag were not there.";
static const char expected_uris[] = "addresses like mailto:dmarc@example.org, with \",\" between them";
static const char no_more[] = "Receivers that follow RFC 9989 pass over it.";

static const struct exam_tag_rule rules[] = {
	{ .name = "v", .expected = "DMARC1" },
	{ .name = "p",
	  WORDS(requests),
	  .is_vital = true,
	  .expected = "none, quarantine or reject",
	  .severity = DOCTOR_WARNING,
	  .consequence = as_none,
	  .required = "p=none" },
	{ .name = "sp",
	  WORDS(requests),
	  .is_vital = true,
	  .expected = "none, quarantine or reject",
	  .severity = DOCTOR_WARNING,
	  .consequence = as_none },
	{ .name = "np",
	  WORDS(requests),
	  .is_vital = true,
	  .expected = "none, quarantine or reject",
	  .severity = DOCTOR_WARNING,
	  .consequence = as_none },
	{ .name = "adkim",
	  WORDS(alignments),
	  .expected = "r or s",
	  .severity = DOCTOR_WARNING,
	  .consequence = as_default },
	{ .name = "aspf",
	  WORDS(alignments),
	  .expected = "r or s",
	  .severity = DOCTOR_WARNING,
	  .consequence = as_default },
	{ .name = "fo",
	  .takes = takes_options,
	  .expected = "0 or 1, and d or s, with \":\" between them",
	  .severity = DOCTOR_WARNING,
	  .consequence = as_default },
	{ .name = "psd",
	  WORDS(suffixes),
	  .expected = "y, n or u",
	  .severity = DOCTOR_WARNING,
	  .consequence = as_default },
	{ .name = "t",
	  WORDS(answers),
	  .repair = repair_answer,
	  .expected = "y or n",
	  .severity = DOCTOR_WARNING,
	  .consequence = as_default },
	{ .name = "rua",
	  .takes = takes_uris,
	  .repair = repair_uris,
	  .is_list = true,
	  .expected = expected_uris,
	  .severity = DOCTOR_WARNING,
	  .consequence = "Reports do not come." },
	{ .name = "ruf",
	  .takes = takes_uris,
	  .repair = repair_uris,
	  .is_list = true,
	  .expected = expected_uris,
	  .severity = DOCTOR_WARNING,
	  .consequence = "Reports do not come." },
	{ .name = "pct",
	  .historic =
		  "Receivers that follow RFC 9989 apply the policy to all mail, whatever it says; \"t=y\" asks for less." },
	{ .name = "rf", .historic = no_more },
	{ .name = "ri", .historic = no_more },
};

/* Whether mail passes DMARC from all addresses that are known to send. */
static bool
passes(const struct exam *exam)
{
	return exam->report->cells[DOCTOR_SPF_PASS] == DOCTOR_GOOD
	       && exam->report->cells[DOCTOR_SPF_ALIGNMENT] == DOCTOR_GOOD;
}

static bool
is_policy(struct span name)
{
	return span_equals(name, SPAN("p")) || span_equals(name, SPAN("sp")) || span_equals(name, SPAN("np"));
}

/* A policy that is not in force now would refuse mail that does not pass yet: it begins with "none". */
static const char *
begin_mildly(struct exam *exam, const char *proposed, struct span present)
{
	char memory[RECORD_MAX];
	struct strbuf mild = STRBUF_OVER(memory);
	struct span rest = span_of(proposed);
	struct tag tag;

	if (passes(exam))
		return proposed;
	while (taglist_next(&rest, &tag)) {
		const bool is_new = is_policy(tag.name)
				    && !span_equals_nocase(taglist_value(present, tag.name), tag.value);

		strbuf_add(&mild, mild.length > 0 ? "; " : "");
		strbuf_add_span(&mild, is_new ? tag.name : tag.text);
		strbuf_add(&mild, is_new ? "=none" : "");
	}
	return mild.is_cut ? NULL : arena_string(exam->arena, memory);
}

static const struct exam_tag_form form = {
	.row = DOCTOR_DMARC,
	.subject = "The DMARC record",
	.rules = rules,
	.rule_count = sizeof rules / sizeof rules[0],
	.twice = DOCTOR_WARNING,
	.twice_consequence = "Receivers differ in which they take, or pass over the whole record.",
	.adjust = begin_mildly,
};

/* The walk. */

static const struct dns_answer *
ask(void *context, const char *name, enum dns_type type)
{
	return lookup_get(context, name, type);
}

static void
walk_from(struct exam *exam, const char *domain, struct dmarc_walk *walk)
{
	const struct dmarc_source source = { ask, exam->lookup, NULL };

	(void)dmarc_walk(&source, domain, walk); /* lookups wait for their answers */
}

static enum exam_alignment
alignment_of(bool is_aligned)
{
	return is_aligned ? EXAM_ALIGNED : EXAM_UNALIGNED;
}

/* Whether `domain` is of the organization of `own`, from which `ours` has come to its end. */
static enum exam_alignment
align_organizations(struct exam *exam, const struct dmarc_walk *ours, const char *own, const char *domain)
{
	struct dmarc_walk theirs;

	walk_from(exam, domain, &theirs);
	if (theirs.unknown != NULL)
		return EXAM_ALIGNMENT_UNKNOWN;
	return alignment_of(strcmp(dmarc_organization(ours, own), dmarc_organization(&theirs, domain)) == 0);
}

enum exam_alignment
exam_align(struct exam *exam, const char *domain, bool is_spf)
{
	const char *author = exam->report->domain;
	const struct dmarc_step *step;
	struct dmarc_walk ours;

	if (strcmp(domain, author) == 0)
		return EXAM_ALIGNED;
	walk_from(exam, author, &ours);
	step = dmarc_step_that_applies(&ours, author);
	if (ours.unknown != NULL)
		return EXAM_ALIGNMENT_UNKNOWN;
	if (step != NULL && (is_spf ? step->record.is_spf_strict : step->record.is_dkim_strict))
		return EXAM_UNALIGNED;
	if (step == NULL) /* there is no DMARC to count for; but there may be one day */
		return alignment_of(domain_same_organization(domain, author));
	return align_organizations(exam, &ours, author, domain);
}

void
exam_set_alignment(struct exam *exam, enum doctor_row row, const char *domain, enum exam_alignment alignment)
{
	if (alignment == EXAM_ALIGNED)
		exam_set_cell(exam, row, DOCTOR_GOOD);
	else
		exam_add(
			exam,
			(struct doctor_finding){
				.problem = PROBLEM_LOOKUP,
				.row = row,
				.severity = DOCTOR_UNKNOWN,
				.subject = arena_printf(exam->arena, "the DMARC record of %s or %s", domain,
							exam->report->domain),
				.what = arena_printf(
					exam->arena,
					"Whether %s aligns with %s is not known: a DMARC record cannot be looked up.",
					domain, exam->report->domain) });
}

/* What is found. */

static const char *
policy_shown(struct exam *exam, const struct dmarc_step *step)
{
	const char *domain = exam->report->domain;
	const enum dmarc_policy policy = dmarc_policy_for(step, domain, true);

	return policy == DMARC_INVALID                           ? "none that can be read"
	       : step->record.is_testing && policy != DMARC_NONE ? arena_printf(
			 exam->arena, "%s, one step weaker while it says t=y", dmarc_policy_word(policy))
								 : dmarc_policy_word(policy);
}

/* A record of its own would take the domain out of that policy. */
static void
tell_inherited(struct exam *exam, const struct dmarc_step *step)
{
	const enum dmarc_policy policy = dmarc_policy_for(step, exam->report->domain, true);

	exam_say(
		exam, PROBLEM_DMARC_INHERITED, step->domain,
		policy == DMARC_INVALID ? DOCTOR_WARNING
		: policy == DMARC_NONE  ? DOCTOR_NOTE
					: DOCTOR_GOOD,
		arena_printf(
			exam->arena,
			"There is no valid record at this very domain, so that of %s applies here, too. Its policy for this domain: %s.",
			step->domain, policy_shown(exam, step)),
		policy == DMARC_INVALID ? "Correct it there: \"heloscope doctor\" of that domain says how."
					: "A record of its own would take its place.",
		NULL);
}

/* Text that is no record, but meant as one. False when there is none. What is written there may be weaker
 * than what holds now, from above: then it is not proposed. */
static bool
tell_near_miss(struct exam *exam, const char *name, const struct dns_answer *answer, bool is_inherited)
{
	for (size_t i = 0; i < answer->count; i++) {
		const char *meant = exam_meant_record(exam, answer->records[i].text, "v=DMARC1"), *mild;

		if (meant == NULL)
			continue;
		mild = begin_mildly(exam, meant, SPAN(""));
		exam_say_record(
			exam, PROBLEM_RECORD_NEAR_MISS, DOCTOR_DMARC, DOCTOR_WARNING,
			arena_printf(
				exam->arena,
				"The TXT record at %s is not a DMARC record: one begins with \"v=DMARC1;\", in this spelling, and is one TXT record.",
				name),
			mild == NULL || strcmp(mild, meant) == 0
				? "Receivers pass over it."
				: "Receivers pass over it. Not all mail that is known passes yet, so begin with the policy \"none\".",
			is_inherited || mild == NULL ? NULL : exam_txt(exam, name, mild));
		return true;
	}
	return false;
}

/* Whoever takes reports of others says so in the DNS (RFC 9990, 4). */
static bool
takes_reports(struct exam *exam, const char *name)
{
	const struct dns_answer *answer = lookup_get(exam->lookup, name, DNS_TXT);
	struct tag tag;

	for (size_t i = 0; i < answer->count; i++) {
		struct span text = answer->records[i].text;

		if (taglist_next(&text, &tag) && span_equals(tag.text, span_of("v=DMARC1")))
			return true;
	}
	return dns_status_is_fault(answer->status); /* nothing is known against it */
}

static void
judge_destination(struct exam *exam, const struct dmarc_walk *walk, struct span address)
{
	const char *domain = exam->report->domain, *name;
	char host[DOMAIN_SIZE], unused[DOMAIN_SIZE];

	if (!domain_normalize(domain_of_address(address), host)
	    || align_organizations(exam, walk, domain, host) != EXAM_UNALIGNED)
		return;
	name = arena_printf(exam->arena, "%s._report._dmarc.%s", domain, host);
	if (domain_normalize(span_of(name), unused) && takes_reports(exam, name))
		return;
	exam_say(
		exam, PROBLEM_DMARC_REPORTS, name, DOCTOR_NOTE,
		arena_printf(
			exam->arena,
			"The DMARC record has reports sent to %s, but nothing at %s says that %s takes them for %s.",
			arena_copy(exam->arena, address), name, host, domain),
		"Receivers send no reports there (RFC 9990, section 4).", NULL);
}

/* Addresses of other organizations, to which reports are to go. */
static void
judge_destinations(struct exam *exam, const struct dmarc_walk *walk, struct span record)
{
	struct span text, address;
	enum dmarc_uri kind;
	struct tag tag;
	size_t count = 0;

	while (taglist_next(&record, &tag)) {
		struct span value = tag.value;

		if (!span_equals(tag.name, span_of("rua")))
			continue;
		while (count < DESTINATIONS_MAX && dmarc_next_uri(&value, &text, &address, &kind))
			if (kind == DMARC_URI_MAIL) {
				judge_destination(exam, walk, address);
				count++;
			}
	}
}

static void
judge_own(struct exam *exam, const char *name, const struct dmarc_walk *walk,
	  const struct dmarc_record *record)
{
	const bool is_right = exam_judge_tags(exam, &form, name, record->text);

	exam_set_cell(exam, DOCTOR_DMARC, DOCTOR_GOOD);
	if (!is_right)
		return;
	judge_destinations(exam, walk, record->text);
	if (record->is_testing)
		exam_say(exam, PROBLEM_DMARC_TESTING, "", DOCTOR_NOTE, "The DMARC record says t=y.",
			 "Receivers apply a policy one step weaker than the one that it names.", NULL);
	if (record->psd == 'y')
		exam_say(exam, PROBLEM_DMARC_SUFFIX, "", DOCTOR_NOTE,
			 "The DMARC record says psd=y: that others register domains below this one.",
			 "Each domain below is an organization of its own then, and the two do not align.",
			 NULL);
}

/* Neither here nor above. */
static void
tell_absence(struct exam *exam, const char *name)
{
	char record[DOMAIN_SIZE + 64];

	(void)snprintf(record, sizeof record, "v=DMARC1; p=none; rua=mailto:dmarc@%s", exam->report->domain);
	exam_say(exam, PROBLEM_DMARC_MISSING, "", DOCTOR_NOTE,
		 "There is no DMARC record for this domain or any above it.",
		 "Large receivers ask bulk senders for one.", exam_txt(exam, name, record));
}

/* What stands at names that could not be looked up might take its place, but not that of the domain's own. */
static bool
has_policy(const struct dmarc_walk *walk, const struct dmarc_step *step, const char *domain)
{
	return step != NULL && (step->domain == domain || walk->unknown == NULL)
	       && dmarc_policy_for(step, domain, true) != DMARC_INVALID;
}

/* With t=y a policy is one step weaker (RFC 9989, A.6). */
static bool
asks_to_refuse(const struct dmarc_step *step, enum dmarc_policy policy)
{
	return policy == DMARC_REJECT || (policy == DMARC_QUARANTINE && !step->record.is_testing);
}

void
exam_dmarc(struct exam *exam)
{
	const char *domain = exam->report->domain, *name = arena_printf(exam->arena, "_dmarc.%s", domain);
	const struct dns_answer *answer = lookup_get(exam->lookup, name, DNS_TXT);
	const struct dmarc_step *step;
	struct dmarc_walk walk;
	size_t records = 0; /* of its own */

	walk_from(exam, domain, &walk);
	if (walk.lookup_count > 0 && walk.lookups[0].domain == domain)
		records = walk.lookups[0].records;
	step = dmarc_step_that_applies(&walk, domain);
	exam->report->has_policy = has_policy(&walk, step, domain);
	exam->report->asks_to_refuse =
		exam->report->has_policy && asks_to_refuse(step, dmarc_policy_for(step, domain, true));
	if (records > 1)
		exam_say_record(exam, PROBLEM_RECORD_SEVERAL, DOCTOR_DMARC, DOCTOR_ERROR,
				"There are several DMARC records.", "Receivers act as if there were none.",
				NULL);
	if (step != NULL && step->domain == domain)
		judge_own(exam, name, &walk, &step->record);
	else if (walk.unknown != NULL)
		exam_add_unknown(exam, DOCTOR_DMARC, arena_printf(exam->arena, "_dmarc.%s", walk.unknown),
				 walk.fault);
	else if (records == 0 && !tell_near_miss(exam, name, answer, step != NULL) && step == NULL)
		tell_absence(exam, name);
	if (step != NULL && step->domain != domain)
		tell_inherited(exam, step);
}
