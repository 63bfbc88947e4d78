#include "heloscope/doctor/claim.h"

#include <stdlib.h>
#include <string.h>

#include "heloscope/base/clock.h"
#include "heloscope/dns/name_servers.h"
#include "heloscope/dns/resolver.h"
#include "heloscope/doctor/doctor.h"
#include "heloscope/doctor/group.h"
#include "heloscope/refusals/normal.h"

#define NAME_SERVERS_MS 3000
#define EXAMS_MEMORY (64U << 20)
#define TEXT_MAX 2000 /* octets of a finding */

/* What the DNS can show. */

#define ROW(name) (1U << DOCTOR_##name)
#define SPF_ROWS (ROW(SPF_RECORD) | ROW(SPF_LIMITS) | ROW(SPF_PASS))

/* In sentences "%d" is the domain, "%a" the address. */
struct claim_kind {
	enum claim_about about;
	unsigned rows;         /* what a warning or an error in confirms it */
	unsigned well;         /* what must be good for the opposite; 0: nothing shows that */
	bool needs_address;    /* without it nothing can be said of them */
	const char *otherwise; /* what the DNS says when it is not so */
	const char *shown;     /* part of the records that show it */
	const char *instead;   /* what to look at when it cannot be seen from here */
};

static const struct claim_kind kinds[CATEGORIES] = {
	[CATEGORY_SPF] = { CLAIM_ABOUT_DOMAIN, SPF_ROWS, ROW(SPF_PASS), true,
			   "SPF passes now for mail of %d from %a.", " TXT v=spf1",
			   "See which address the receiver names, and what its Authentication-Results field says of other mail." },
	[CATEGORY_PTR] = { CLAIM_ABOUT_ADDRESS, ROW(REVERSE_DNS), ROW(REVERSE_DNS), true,
			   "%a has a reverse DNS (PTR) record now, and its name resolves to it.", " PTR ",
			   "See which address the receiver names, and look at its PTR record." },
};

/* Examinations. */

struct claim_exam {
	const struct claim_kind *kind;
	struct claim_subject subject;
	struct doctor_report report;
};

struct claims {
	struct config *config;
	struct claim_subject given;
	struct dns_resolver *resolver; /* NULL until something is asked */
	struct lookup *lookup;
	struct arena arena;
	struct claim_exam exams[BOUND_CLAIM_EXAMS];
	size_t count;
	unsigned left_ms;    /* for all examinations to come */
	const char *failure; /* why nothing can be asked; NULL: it can, or was not tried yet */
	char text[TEXT_MAX]; /* of the last finding */
};

struct claims *
claims_new(struct config *config, const struct claim_subject *given)
{
	struct claims *claims = calloc(1, sizeof *claims);

	if (claims == NULL)
		return NULL;
	claims->config = config_ref(config);
	claims->given = *given;
	claims->left_ms = DOCTOR_TOTAL_MS;
	arena_init(&claims->arena, EXAMS_MEMORY);
	return claims;
}

void
claims_free(struct claims *claims)
{
	if (claims == NULL)
		return;
	resolver_free(claims->resolver);
	lookup_free(claims->lookup);
	arena_clear(&claims->arena);
	config_unref(claims->config);
	free(claims);
}

/* Why the DNS cannot be asked; NULL when it can. */
static const char *
open_resolver(struct claims *claims)
{
	char memory[400];
	struct strbuf named = STRBUF_OVER(memory);
	struct error error;

	claims->resolver = resolver_new(&claims->config->resolver, &error);
	if (claims->resolver == NULL)
		return arena_string(&claims->arena, error.text);
	claims->lookup = lookup_new(claims->resolver, claims->config->timeout_ms);
	if (claims->lookup == NULL)
		return "Memory ran out.";
	if (name_servers_look(&claims->config->resolver, NAME_SERVERS_MS, &named) != NAME_SERVERS_ANSWER)
		return arena_printf(&claims->arena, "The name servers of this host do not answer (%s).",
				    memory);
	return NULL;
}

static void
examine(struct claims *claims, struct claim_exam *exam)
{
	const uint64_t begin_ms = clock_now_ms();
	const struct claim_subject *subject = &exam->subject;
	struct doctor_order order = {
		.addresses = &subject->address,
		.address_count = subject->address.length > 0,
		.helo = subject->helo[0] != '\0' ? subject->helo : NULL,
		.resolver = claims->resolver,
		.end_ms = begin_ms + claims->left_ms,
	};
	uint64_t took_ms;

	if (exam->kind->about == CLAIM_ABOUT_ADDRESS)
		doctor_examine_addresses(subject->domain, &order, claims->config, claims->lookup,
					 &claims->arena, &exam->report);
	else
		doctor_examine(subject->domain, &order, claims->config, claims->lookup, &claims->arena,
			       &exam->report);
	took_ms = clock_now_ms() - begin_ms;
	claims->left_ms -= took_ms < claims->left_ms ? (unsigned)took_ms : claims->left_ms;
}

/* The examination of that subject; NULL, with the reason, when none can be made any more. */
static const struct claim_exam *
exam_of(struct claims *claims, const struct claim_kind *kind, const struct claim_subject *subject,
	const char **reason)
{
	struct claim_exam *exam = claims->exams + claims->count;

	for (size_t i = 0; i < claims->count; i++)
		if (claim_subject_equals(&claims->exams[i].subject, subject))
			return &claims->exams[i];
	if (claims->resolver == NULL && claims->failure == NULL)
		claims->failure = open_resolver(claims);
	*reason = claims->failure;
	if (*reason == NULL && claims->count == BOUND_CLAIM_EXAMS)
		*reason = "So many different domains and addresses are not tested in one run.";
	if (*reason == NULL && (claims->left_ms == 0 || claims->arena.has_failed))
		*reason = "The tests before it took all the time or memory that there is for them.";
	if (*reason != NULL)
		return NULL;
	exam->kind = kind;
	exam->subject = *subject;
	claims->count++;
	examine(claims, exam);
	return exam;
}

/* Verdicts. */

/* Who wrote the reply chose the address: what is proposed for it would let a stranger into the record. */
static const char whose[] =
	"Only the reply names %a: if it is an address of yours, give it with --ip to be told what to change.";

static void
add_filled(struct strbuf *out, const char *sentence, const struct claim_subject *subject)
{
	char address[IPADDR_TEXT_SIZE] = "";

	if (subject->address.length > 0)
		ipaddr_format(&subject->address, address);
	for (; *sentence != '\0'; sentence++) {
		if (*sentence != '%') {
			strbuf_add_char(out, *sentence);
			continue;
		}
		sentence++; /* a letter follows in each of them */
		strbuf_add(out, *sentence == 'd' ? subject->domain : address);
	}
}

/* The worst finding in one of `rows`, the first of those that are as bad; NULL: there is none. */
static const struct doctor_finding *
worst_in(const struct doctor_report *report, unsigned rows)
{
	const struct doctor_finding *worst = NULL;

	for (size_t i = 0; i < report->finding_count; i++) {
		const struct doctor_finding *finding = &report->findings[i];

		if ((rows & 1U << finding->row) == 0 || doctor_problem_words(finding->problem)->repeats)
			continue;
		if (worst == NULL || finding->severity > worst->severity)
			worst = finding;
	}
	return worst;
}

static enum doctor_severity
worst_cell(const struct doctor_report *report, unsigned rows)
{
	enum doctor_severity worst = DOCTOR_NOT_ASKED;

	for (int row = 0; row < DOCTOR_ROWS; row++)
		if ((rows & 1U << row) != 0 && report->cells[row] > worst)
			worst = report->cells[row];
	return worst;
}

/* Whether what is to be done about it has to do with an address that only the reply names. */
static bool
rests_on_reply(const struct claim_exam *exam, const struct doctor_finding *finding)
{
	char address[IPADDR_TEXT_SIZE];

	return exam->subject.is_address_of_reply
	       && (finding->publish != NULL
		   || strcmp(finding->subject, ipaddr_format(&exam->subject.address, address)) == 0);
}

static struct claim
tell_confirmed(const struct claim_exam *exam, const struct doctor_finding *finding, struct strbuf *text)
{
	const struct doctor_group group = { .finding = finding, .publish = finding->publish };

	strbuf_printf(text, "%s ", finding->what);
	if (rests_on_reply(exam, finding)) {
		add_filled(text, whose, &exam->subject);
		return (struct claim){ CLAIM_CONFIRMED, text->text, NULL };
	}
	doctor_add_remedy(text, &group);
	return (struct claim){ CLAIM_CONFIRMED, text->text, finding->publish };
}

static struct claim
tell_otherwise(const struct claim_exam *exam, const struct claim_kind *kind, struct strbuf *text)
{
	const struct doctor_report *report = &exam->report;
	bool is_first = true;

	add_filled(text, kind->otherwise, &exam->subject);
	for (size_t i = 0; i < report->record_count; i++) {
		if (strstr(report->records[i], kind->shown) == NULL)
			continue;
		strbuf_printf(text, "%s %s", is_first ? " The DNS says:" : ",", report->records[i]);
		is_first = false;
	}
	return (struct claim){ CLAIM_NOT_CONFIRMED, text->text, NULL };
}

static struct claim
tell_untestable(const char *reason, const struct claim_kind *kind, struct strbuf *text)
{
	strbuf_printf(text, "%s %s", reason, kind->instead);
	return (struct claim){ CLAIM_NOT_TESTABLE, text->text, NULL };
}

static struct claim
judge(const struct claim_exam *exam, const struct claim_kind *kind, struct strbuf *text)
{
	const struct doctor_report *report = &exam->report;
	const struct doctor_finding *missing = worst_in(report, ROW(MX));
	const struct doctor_finding *worst = worst_in(report, kind->rows);

	if (missing != NULL && missing->problem == PROBLEM_DOMAIN_MISSING)
		return tell_confirmed(exam, missing, text);
	if (worst != NULL && worst->severity >= DOCTOR_WARNING)
		return tell_confirmed(exam, worst, text);
	if (worst != NULL && worst->severity == DOCTOR_UNKNOWN)
		return tell_untestable(worst->what, kind, text);
	if (kind->well != 0 && worst_cell(report, kind->well) >= DOCTOR_GOOD
	    && worst_cell(report, kind->well | kind->rows) < DOCTOR_UNKNOWN)
		return tell_otherwise(exam, kind, text);
	return tell_untestable("The DNS shows nothing that speaks for it or against it.", kind, text);
}

/* What is missing to ask; NULL when nothing is. */
static const char *
missing_in(const struct claim_kind *kind, const struct claim_subject *subject)
{
	if (kind->about == CLAIM_ABOUT_DOMAIN && subject->domain[0] == '\0')
		return "Neither the sender nor the reply names the domain; give it with --from.";
	if (kind->needs_address && subject->address.length == 0)
		return "The public IP address from which the mail was sent is not known; give it with --ip.";
	return NULL;
}

/* In the kinds of categories about which nothing can be asked all is 0. */
static const struct claim_kind *
kind_of(const struct recognition *known)
{
	return known->entry != NULL ? &kinds[known->category] : &kinds[CATEGORY_UNKNOWN];
}

bool
claims_find_subject(const struct claims *claims, const struct refusal *refusal,
		    const struct recognition *known, struct claim_subject *subject)
{
	const struct claim_kind *kind = kind_of(known);
	char memory[BOUND_REFUSAL_TEXT + 1];
	struct strbuf said = STRBUF_OVER(memory);

	if (kind->about == CLAIM_ABOUT_NOTHING)
		return false;
	normal_add(&said, refusal->text, known->codes.reply);
	*subject = claim_subject_of(refusal, memory, &claims->given);
	subject->about = kind->about;
	return true;
}

struct claim
claims_test(struct claims *claims, const struct recognition *known, const struct claim_subject *subject)
{
	const struct claim_kind *kind = kind_of(known);
	const char *reason = missing_in(kind, subject);
	const struct claim_exam *exam;
	struct strbuf text;

	strbuf_init(&text, claims->text, sizeof claims->text);
	if (reason != NULL)
		return tell_untestable(reason, kind, &text);
	exam = exam_of(claims, kind, subject, &reason);
	return exam != NULL ? judge(exam, kind, &text) : (struct claim){ CLAIM_NOT_TESTED, reason, NULL };
}
