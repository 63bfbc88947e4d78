/* doctor_sts: what a domain publishes about TLS of its servers: MTA-STS (RFC 8461) and TLS reporting (RFC
 * 8460). */
#include "heloscope/doctor/sts.h"

#include "heloscope/doctor/sts_fetch.h"
#include "heloscope/doctor/tags.h"

#include <string.h>

#include "heloscope/dmarc/dmarc.h"
#include "heloscope/wire/taglist.h"

#define MAX_AGE 31557600 /* seconds (RFC 8461, 3.2) */
#define STS_ID_MAX 32    /* octets (RFC 8461, 3.1) */

/* Records. */

/* Whether a record begins with "v=...", in this spelling, and goes on behind a ";" (RFC 8461, 3.1; RFC 8460,
 * 3). */
static bool
begins_with(struct span text, const char *version)
{
	struct tag tag;

	return taglist_next(&text, &tag) && span_equals(tag.text, span_of(version));
}

/* What is meant as a record and is none. */
static void
tell_near_miss(struct exam *exam, enum doctor_row row, const char *name, const char *version,
	       const struct dns_answer *answer)
{
	for (size_t i = 0; i < answer->count; i++) {
		const char *meant = exam_meant_record(exam, answer->records[i].text, version);

		if (meant != NULL)
			exam_say_record(
				exam, PROBLEM_RECORD_NEAR_MISS, row, DOCTOR_WARNING,
				arena_printf(
					exam->arena,
					"The record at %s is not such a record: one begins with \"%s;\", in this spelling.",
					name, version),
				"Senders pass over it.", exam_txt(exam, name, meant));
	}
}

/*
 * The one TXT record at `name` that begins with `version`. False when there is none to read, which a finding
 * tells where it is a fault.
 */
static bool
find_record(struct exam *exam, enum doctor_row row, const char *name, const char *version,
	    struct span *record)
{
	const struct dns_answer *answer = lookup_get(exam->lookup, name, DNS_TXT);
	size_t count = 0;

	if (dns_status_is_fault(answer->status)) {
		exam_add_unknown(exam, row, name, answer);
		return false;
	}
	for (size_t i = 0; i < answer->count; i++) {
		if (!begins_with(answer->records[i].text, version))
			continue;
		*record = answer->records[i].text;
		count++;
	}
	if (count == 0)
		tell_near_miss(exam, row, name, version, answer);
	if (count > 1)
		exam_say_record(exam, PROBLEM_RECORD_SEVERAL, row, DOCTOR_WARNING,
				arena_printf(exam->arena,
					     "%s has %zu records; with more than one there is none.", name,
					     count),
				NULL, NULL);
	return count == 1;
}

/* 1 to 32 letters and digits (RFC 8461, 3.1). */
static bool
takes_id(struct span value)
{
	for (size_t i = 0; i < value.length; i++)
		if (!ascii_is_alnum(value.at[i]))
			return false;
	return value.length >= 1 && value.length <= STS_ID_MAX;
}

/* What of it an id may hold. */
static bool
repair_id(struct exam *exam, struct span value, struct strbuf *right)
{
	size_t length = 0;

	(void)exam;
	for (size_t i = 0; i < value.length && length < STS_ID_MAX; i++) {
		if (!ascii_is_alnum(value.at[i]))
			continue;
		strbuf_add_char(right, value.at[i]);
		length++;
	}
	return length > 0;
}

static const struct exam_tag_rule sts_rules[] = {
	{ .name = "v", .expected = "STSv1" },
	{ .name = "id",
	  .takes = takes_id,
	  .repair = repair_id,
	  .required = "id=1",
	  .expected = "1 to 32 letters and digits, others whenever the policy changes (RFC 8461, 3.1)",
	  .severity = DOCTOR_WARNING,
	  .consequence = "Senders pass over the record, or never learn of a new policy." },
};

static const struct exam_tag_form sts_form = {
	.row = DOCTOR_MTA_STS,
	.subject = "The MTA-STS record",
	.rules = sts_rules,
	.rule_count = sizeof sts_rules / sizeof sts_rules[0],
	.twice = DOCTOR_WARNING,
	.twice_consequence = "Senders differ in which they take.",
};

/* TLS reporting. */

static bool
takes_reports(struct span value)
{
	struct span text, address;
	enum dmarc_uri kind;
	bool has_any = false;

	while (dmarc_next_uri(&value, &text, &address, &kind)) {
		if (kind != DMARC_URI_MAIL && !span_starts_with_nocase(text, SPAN("https://")))
			return false;
		has_any = true;
	}
	return has_any;
}

/* All that are right as they stand, mail addresses with their scheme; without any the usual one. */
static bool
repair_reports(struct exam *exam, struct span value, struct strbuf *right)
{
	struct span text, address;
	enum dmarc_uri kind;
	bool has_any = false;

	while (dmarc_next_uri(&value, &text, &address, &kind)) {
		if (kind == DMARC_URI_INVALID
		    || (kind == DMARC_URI_OTHER && !span_starts_with_nocase(text, SPAN("https://"))))
			continue;
		strbuf_printf(right, "%s%s", has_any ? "," : "", kind == DMARC_URI_BARE ? "mailto:" : "");
		strbuf_add_span(right, text);
		has_any = true;
	}
	if (!has_any)
		strbuf_printf(right, "mailto:tls-reports@%s", exam->report->domain);
	return true;
}

void
exam_tls_reports(struct exam *exam)
{
	const char *name = arena_printf(exam->arena, "_smtp._tls.%s", exam->report->domain);
	const struct exam_tag_rule rules[] = {
		{ .name = "v", .expected = "TLSRPTv1" },
		{ .name = "rua",
		  .takes = takes_reports,
		  .repair = repair_reports,
		  .is_list = true,
		  .required = arena_printf(exam->arena, "rua=mailto:tls-reports@%s", exam->report->domain),
		  .expected =
			  "addresses like mailto:tls-reports@example.org or https://..., with \",\" between them",
		  .severity = DOCTOR_WARNING,
		  .consequence = "No reports come." },
	};
	const struct exam_tag_form form = {
		.row = DOCTOR_TLS_REPORTS,
		.subject = arena_printf(exam->arena, "The record at %s", name),
		.rules = rules,
		.rule_count = sizeof rules / sizeof rules[0],
		.twice = DOCTOR_WARNING,
		.twice_consequence = "Senders differ in which they take.",
	};
	struct span record;

	if (!find_record(exam, DOCTOR_TLS_REPORTS, name, "v=TLSRPTv1", &record))
		return;
	(void)exam_judge_tags(exam, &form, name, record);
	exam_set_cell(exam, DOCTOR_TLS_REPORTS, DOCTOR_GOOD);
}

/* The policy. */

/* The next line "key: value"; false at the end. */
static bool
next_pair(struct span *rest, struct span *key, struct span *value)
{
	struct span line;

	if (rest->length == 0)
		return false;
	line = span_until(rest, '\n');
	if (line.length > 0 && line.at[line.length - 1] == '\r')
		line.length--;
	*key = span_until(&line, ':');
	*value = span_trim(line);
	return true;
}

static struct span
policy_value(struct span policy, struct span wanted)
{
	struct span key, value;

	while (next_pair(&policy, &key, &value))
		if (span_equals(span_trim(key), wanted))
			return value;
	return span_of("");
}

/* "*.example.org" stands for exactly one label (RFC 8461, 4.1). */
static bool
matches(struct span pattern, const char *host)
{
	const char *dot = strchr(host, '.');

	if (!span_starts_with_nocase(pattern, SPAN("*.")))
		return span_equals_nocase(pattern, span_of(host));
	return dot != NULL && span_equals_nocase(span_from(pattern, 1), span_of(dot));
}

static bool
allows(struct span policy, const char *host)
{
	struct span key, value;

	while (next_pair(&policy, &key, &value))
		if (span_equals(span_trim(key), SPAN("mx")) && matches(value, host))
			return true;
	return false;
}

static void
judge_hosts(struct exam *exam, struct span policy, bool is_enforced)
{
	const struct dns_answer *mx = lookup_get(exam->lookup, exam->report->domain, DNS_MX);

	for (size_t i = 0; i < mx->count; i++)
		if (mx->records[i].name[0] != '\0' && !allows(policy, mx->records[i].name))
			exam_say(exam, PROBLEM_STS_HOST, mx->records[i].name,
				 is_enforced ? DOCTOR_ERROR : DOCTOR_WARNING,
				 arena_printf(exam->arena, "The MTA-STS policy does not name the MX host %s.",
					      mx->records[i].name),
				 is_enforced ? "Senders that follow it do not deliver there."
					     : "With \"mode: enforce\" senders would not deliver there.",
				 NULL);
	/* What is a note otherwise is a fault when the domain itself asks for verification. */
	if (is_enforced && exam->report->cells[DOCTOR_CERTIFICATE] >= DOCTOR_NOTE)
		exam_say(
			exam, PROBLEM_STS_CERTIFICATE, "", DOCTOR_ERROR,
			"The policy says \"mode: enforce\", but the certificate of a mail server is not valid for it.",
			"Senders that follow it do not deliver.", NULL);
}

/* A host, or "*." and one (RFC 8461, 3.2). */
static bool
is_pattern(struct span value)
{
	char name[DOMAIN_SIZE];

	if (span_starts_with_nocase(value, SPAN("*.")))
		value = span_from(value, 2);
	return value.length > 0 && value.at[value.length - 1] != '.' && value.at[0] != '.'
	       && domain_normalize(value, name);
}

/* What a line of the policy should be, or NULL when it is. */
static const char *
line_fault(struct span key, struct span value, bool has_colon)
{
	unsigned max_age;

	if (!has_colon)
		return "expected \"key: value\"";
	if (span_equals(key, SPAN("version")))
		return span_equals(value, SPAN("STSv1")) ? NULL : "expected \"version: STSv1\"";
	if (span_equals(key, SPAN("mode")))
		return span_equals(value, SPAN("enforce")) || span_equals(value, SPAN("testing"))
				       || span_equals(value, SPAN("none"))
			       ? NULL
			       : "expected \"mode:\" and enforce, testing or none";
	if (span_equals(key, SPAN("max_age")))
		return span_to_number(value, 0, MAX_AGE, &max_age)
			       ? NULL
			       : "expected \"max_age:\" and 0 to 31557600";
	if (span_equals(key, SPAN("mx")))
		return is_pattern(value) ? NULL : "expected \"mx:\" and a host, or \"*.\" and a domain";
	return NULL; /* others are to be passed over */
}

/* Each line by itself. */
static void
judge_lines(struct exam *exam, struct span policy)
{
	struct span key, value;

	for (unsigned line = 1; next_pair(&policy, &key, &value); line++) {
		const bool has_colon = value.at != key.at + key.length;
		const char *fault = key.length > 0 || has_colon ? line_fault(key, value, has_colon) : NULL;

		if (fault != NULL)
			exam_say(exam, PROBLEM_STS_LINE, "", DOCTOR_WARNING,
				 arena_printf(exam->arena, "Line %u of the MTA-STS policy is wrong: %s.",
					      line, fault),
				 "Senders pass over it, or over all of the policy.", NULL);
	}
}

/* What every policy needs; NULL when it is there. */
static const char *
missing_line(struct span policy, struct span mode)
{
	unsigned max_age;

	if (!span_equals(policy_value(policy, SPAN("version")), SPAN("STSv1")))
		return "version: STSv1";
	if (!span_equals(mode, SPAN("enforce")) && !span_equals(mode, SPAN("testing"))
	    && !span_equals(mode, SPAN("none")))
		return "mode: testing";
	if (!span_to_number(policy_value(policy, SPAN("max_age")), 0, MAX_AGE, &max_age))
		return "max_age: 604800";
	return span_equals(mode, SPAN("none")) || policy_value(policy, SPAN("mx")).length > 0 ? NULL
											      : "mx: HOST";
}

static void
judge_policy(struct exam *exam, struct span policy)
{
	const struct span mode = policy_value(policy, SPAN("mode"));
	const bool is_enforced = span_equals(mode, SPAN("enforce"));
	const char *missing = missing_line(policy, mode);
	unsigned max_age = 0;

	judge_lines(exam, policy);
	if (missing != NULL) {
		exam_say(
			exam, PROBLEM_STS_INVALID, "", DOCTOR_ERROR,
			arena_printf(
				exam->arena,
				"The MTA-STS policy is not valid: it needs version: STSv1, mode: none, testing or enforce, max_age: up to 31557600, and, unless the mode is none, mx. What is missing: \"%s\".",
				missing),
			"Senders take it for no policy.", NULL);
		return;
	}
	exam_set_cell(exam, DOCTOR_MTA_STS, DOCTOR_GOOD);
	if (!span_equals(mode, SPAN("none")))
		judge_hosts(exam, policy, is_enforced);
	if (is_enforced && span_to_number(policy_value(policy, SPAN("max_age")), 0, MAX_AGE, &max_age)
	    && max_age < 86400)
		exam_say(exam, PROBLEM_STS_AGE, "", DOCTOR_NOTE, "The policy is kept for less than a day.",
			 "Weeks are advised (RFC 8461, 3.2).", NULL);
}

void
exam_mta_sts(struct exam *exam)
{
	const char *domain = exam->report->domain, *wrong;
	const char *name = arena_printf(exam->arena, "_mta-sts.%s", domain);
	const char *host = arena_printf(exam->arena, "mta-sts.%s", domain);
	struct span record, policy;

	if (!find_record(exam, DOCTOR_MTA_STS, name, "v=STSv1", &record))
		return;
	(void)exam_judge_tags(exam, &sts_form, name, record);
	if (exam->order->look_back == NULL) /* nothing is connected to */
		return;
	wrong = sts_fetch(exam, host, &policy);
	if (wrong == NULL)
		judge_policy(exam, policy);
	else
		exam_say(exam, PROBLEM_STS_UNFETCHED, "", DOCTOR_ERROR,
			 arena_printf(
				 exam->arena,
				 "The policy at https://%s/.well-known/mta-sts.txt cannot be fetched: %s.",
				 host, wrong),
			 "Senders take it for no policy.", NULL);
}
