#include "heloscope/doctor/claim_judge.h"

#include <stdlib.h>
#include <string.h>

#include "heloscope/doctor/group.h"

/* Who wrote the reply chose the address or the name: what is proposed for it would let a stranger into the
 * record. */
static const char whose_address[] =
	"Only the reply names %a: if it is an address of yours, give it with --ip to be told what to change.";
static const char whose_helo[] =
	"Only the reply names %h: if it is the name that your server gives, give it with --helo to be told what to change.";

static const char whose_domain[] =
	"Only the reply names %o: if it is a domain of yours, give it with --from to be told what to change.";

static const char other_address[] =
	" The reply names another address, %n: if that is yours, too, give it with --ip.";

/* What DMARC asks for beside a pass. */
static const char passes_unaligned[] = "SPF passes now for mail of %s from %a, but that does not count: ";
static const char to_align[] =
	"Give the messages a bounce address (envelope sender) of %d, or sign them with DKIM for %d (d=%d).";

static const char no_address[] =
	"The public IP address from which the mail was sent is not known; give it with --ip.";

/* What stands for "%d" and so on. */
static void
add_value(struct strbuf *out, char letter, const struct claim_subject *subject)
{
	char address[IPADDR_TEXT_SIZE];

	if (letter == 'd')
		strbuf_add(out, subject->domain);
	else if (letter == 's')
		strbuf_add(out, subject->bounces[0] != '\0' ? subject->bounces : subject->domain);
	else if (letter == 'a')
		strbuf_add(out, subject->address.length > 0 ? ipaddr_format(&subject->address, address)
							    : "the address");
	else if (letter == 'n')
		strbuf_add(out, ipaddr_format(&subject->named, address));
	else if (letter == 'o') /* that of the key, where there is one */
		strbuf_add(out, subject->signer[0] != '\0' ? subject->signer : subject->domain);
	else if (letter == 'h')
		strbuf_add(out, subject->helo);
	else if (letter == 'k')
		strbuf_printf(out, "%s._domainkey.%s", subject->selector, subject->signer);
	else
		strbuf_add(out, subject->list != NULL ? subject->list : "the list");
}

static void
add_filled(struct strbuf *out, const char *sentence, const struct claim_subject *subject)
{
	for (; *sentence != '\0'; sentence++)
		if (*sentence == '%')
			add_value(out, *++sentence, subject); /* a letter follows in each of them */
		else
			strbuf_add_char(out, *sentence);
}

const struct doctor_finding *
claim_worst_in(const struct doctor_report *report, unsigned rows)
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

static bool
rests_on_address(const struct claim_subject *subject, const struct doctor_finding *finding)
{
	char address[IPADDR_TEXT_SIZE];

	return subject->is_address_of_reply
	       && (finding->publish != NULL
		   || strcmp(finding->subject, ipaddr_format(&subject->address, address)) == 0);
}

bool
claim_rests_on_reply(const struct claim_subject *subject, const struct doctor_finding *finding)
{
	return rests_on_address(subject, finding) || (subject->is_helo_of_reply && finding->publish != NULL);
}

/* A policy is of the domain that the reply names, and SPF of the sender's. */
static bool
rests_on_domain(const struct claim_subject *subject, const struct doctor_finding *finding)
{
	return subject->is_domain_of_reply && !subject->kind->is_of_policy && finding->publish != NULL;
}

static struct claim
tell_confirmed(const char *lead, const struct claim_subject *subject, const struct doctor_finding *finding,
	       struct strbuf *text)
{
	const struct doctor_group group = { .finding = finding, .publish = finding->publish };

	add_filled(text, lead, subject);
	strbuf_printf(text, "%s ", finding->what);
	if (claim_rests_on_reply(subject, finding)) {
		add_filled(text, rests_on_address(subject, finding) ? whose_address : whose_helo, subject);
		return (struct claim){ CLAIM_CONFIRMED, text->text, NULL };
	}
	if (rests_on_domain(subject, finding)) {
		add_filled(text, whose_domain, subject);
		return (struct claim){ CLAIM_CONFIRMED, text->text, NULL };
	}
	doctor_add_remedy(text, &group);
	if (subject->named.length > 0)
		add_filled(text, other_address, subject);
	return (struct claim){ CLAIM_CONFIRMED, text->text, finding->publish };
}

/* That it is not so; what the reply says of another address than this one, that does not show. */
static struct claim
tell_otherwise(const struct doctor_report *report, const char *sentence, const char *shown,
	       const struct claim_subject *subject, struct strbuf *text)
{
	const bool is_of_other = subject->named.length > 0;
	bool is_first = true;

	add_filled(text, sentence, subject);
	if (is_of_other)
		add_filled(text, other_address, subject);
	for (size_t i = 0; i < report->record_count && shown != NULL; i++) {
		if (strstr(report->records[i], shown) == NULL)
			continue;
		strbuf_printf(text, "%s %s", is_first ? " The DNS says:" : ",", report->records[i]);
		is_first = false;
	}
	return (struct claim){ is_of_other ? CLAIM_NOT_TESTABLE : CLAIM_NOT_CONFIRMED, text->text, NULL };
}

static struct claim
tell_untestable(const char *reason, const struct claim_subject *subject, struct strbuf *text)
{
	strbuf_printf(text, "%s ", reason);
	add_filled(text, subject->kind->instead, subject);
	return (struct claim){ CLAIM_NOT_TESTABLE, text->text, NULL };
}

/*
 * Whether SPF counts for nothing, or may do so: of a domain that does not align with the author's (RFC 9989,
 * 4.4) no record helps, whatever SPF comes to.
 */
static bool
judge_alignment(const struct doctor_report *report, const struct claim_subject *subject, struct strbuf *text,
		struct claim *claim)
{
	const struct doctor_finding *found = claim_worst_in(report, CLAIM_ROW(SPF_ALIGNMENT));

	if (found == NULL)
		return false;
	if (found->problem != PROBLEM_BOUNCES_UNALIGNED) {
		*claim = tell_untestable(found->what, subject, text);
		return true;
	}
	add_filled(text, subject->kind->lead, subject);
	if (subject->address.length > 0 && report->cells[DOCTOR_SPF_PASS] == DOCTOR_GOOD)
		add_filled(text, passes_unaligned, subject);
	strbuf_printf(text, "%s ", found->what);
	add_filled(text, to_align, subject);
	*claim = (struct claim){ CLAIM_CONFIRMED, text->text, NULL };
	return true;
}

/* Whether there is no more to ask before this is answered: what is unknown of the policy, or what it does not
 * ask for. */
static bool
judge_policy(const struct doctor_report *report, const struct claim_subject *subject, struct strbuf *text,
	     struct claim *claim)
{
	const struct doctor_finding *unknown = claim_worst_in(report, CLAIM_ROW(DMARC));

	if (report->cells[DOCTOR_DMARC] == DOCTOR_UNKNOWN && unknown != NULL)
		*claim = tell_untestable(unknown->what, subject, text);
	else if (!report->asks_to_refuse)
		*claim = tell_otherwise(report, "The DMARC policy of %d asks to refuse nothing now.",
					" TXT v=DMARC1", subject, text);
	else if (judge_alignment(report, subject, text, claim))
		return true;
	else if (subject->address.length == 0)
		*claim = tell_untestable(no_address, subject, text);
	else
		return false;
	return true;
}

/* What one list says: others may list it or not work, which is not what the reply claims. */
static struct claim
judge_list(const struct doctor_report *report, const struct claim_subject *subject, struct strbuf *text)
{
	const size_t length = strlen(subject->list);

	for (size_t i = 0; i < report->finding_count; i++) {
		const struct doctor_finding *finding = &report->findings[i];

		if ((subject->kind->rows & 1U << finding->row) == 0
		    || strncmp(finding->subject, subject->list, length) != 0)
			continue;
		if (finding->problem == PROBLEM_LISTED && finding->subject[length] == ' ')
			return tell_confirmed(subject->kind->lead, subject, finding, text);
		if (finding->problem != PROBLEM_LISTED && finding->subject[length] == '\0')
			return tell_untestable(finding->what, subject, text);
	}
	return tell_otherwise(report, subject->kind->otherwise, NULL, subject, text);
}

static bool
confirms(const struct claim_kind *kind, const struct doctor_finding *finding)
{
	return finding != NULL && finding->severity != DOCTOR_UNKNOWN
	       && (finding->severity >= kind->least
		   || (kind->note != PROBLEM_LOOKUP && finding->problem == kind->note));
}

/* By what was found in the rows of the kind. */
static struct claim
judge_rows(const struct doctor_report *report, const struct claim_subject *subject, struct strbuf *text)
{
	const struct claim_kind *kind = subject->kind;
	const struct doctor_finding *worst = claim_worst_in(report, kind->rows);
	const enum doctor_severity cell = worst_cell(report, kind->well | kind->rows);

	if (confirms(kind, worst))
		return tell_confirmed(kind->lead, subject, worst, text);
	if (worst != NULL && worst->severity == DOCTOR_UNKNOWN)
		return tell_untestable(worst->what, subject, text);
	if (subject->can_be_otherwise && worst_cell(report, kind->well) >= DOCTOR_GOOD && cell < kind->least
	    && cell != DOCTOR_UNKNOWN)
		return tell_otherwise(report, kind->otherwise, kind->shown, subject, text);
	return tell_untestable("The DNS shows nothing that speaks for it or against it.", subject, text);
}

struct claim
claim_judge(const struct doctor_report *report, const struct claim_subject *subject, struct strbuf *text)
{
	const struct doctor_finding *missing = claim_worst_in(report, CLAIM_ROW(MX));
	struct claim claim;

	if (missing != NULL && missing->problem == PROBLEM_DOMAIN_MISSING)
		return tell_confirmed("%d: ", subject, missing, text);
	if (subject->kind->is_of_list)
		return judge_list(report, subject, text);
	if (subject->kind->is_of_policy && judge_policy(report, subject, text, &claim))
		return claim;
	return judge_rows(report, subject, text);
}

/* What is missing to ask; NULL when nothing is. */
static const char *
missing_in(const struct claim_subject *subject)
{
	const struct claim_kind *kind = subject->kind;

	if (kind->about == CLAIM_ABOUT_DOMAIN && subject->domain[0] == '\0')
		return "Neither the sender nor the reply names the domain; give it with --from.";
	if (kind->needs_key && subject->selector[0] == '\0')
		return "The reply does not name the key of the signature.";
	if (kind->needs_helo && subject->helo[0] == '\0')
		return "The HELO name of your server is not known; give it with --helo.";
	if (kind->needs_address && subject->address.length == 0)
		return no_address;
	if (kind->is_of_list && subject->list == NULL)
		return "The reply names no DNS list that is in the configuration.";
	return NULL;
}

bool
claim_is_untestable(const struct claim_subject *subject, struct strbuf *text, struct claim *claim)
{
	const char *reason = missing_in(subject);

	if (reason != NULL)
		*claim = tell_untestable(reason, subject, text);
	return reason != NULL;
}

/* Domains compared. */

/* Rows that say nothing of the mail when the addresses are guessed, each domain's own. */
#define GUESSED (CLAIM_ROW(REVERSE_DNS) | CLAIM_ROW(HELO) | CLAIM_ROW(SPF_PASS) | CLAIM_ROW(ADDRESS_LISTS))

/* The worst of the others in a row; unknown as soon as one is. */
static enum doctor_severity
worst_of(const struct doctor_report *const *reports, size_t count, int row)
{
	enum doctor_severity worst = DOCTOR_NOT_ASKED;

	for (size_t i = 0; i < count; i++) {
		if (reports[i]->cells[row] == DOCTOR_UNKNOWN)
			return DOCTOR_UNKNOWN;
		worst = reports[i]->cells[row] > worst ? reports[i]->cells[row] : worst;
	}
	return worst;
}

static int
compare_rows(const void *a, const void *b)
{
	const struct claim_row *one = a, *other = b;
	const int costs = (int)doctor_cost_of(one->row, one->refused),
		  other_costs = (int)doctor_cost_of(other->row, other->refused);

	if (one->is_named != other->is_named)
		return one->is_named ? -1 : 1;
	if (costs != other_costs)
		return costs - other_costs;
	return (int)one->row - (int)other->row;
}

size_t
claim_compare(const struct doctor_report *refused, const struct doctor_report *const *delivered, size_t count,
	      const struct claim_kind *kind, struct claim_row rows[DOCTOR_ROWS])
{
	const unsigned left_out = CLAIM_ROW(ADDRESSES) | (refused->is_guessed ? GUESSED : 0);
	size_t found = 0;

	for (int row = 0; row < DOCTOR_ROWS; row++) {
		const enum doctor_severity others = worst_of(delivered, count, row);
		const struct doctor_finding *finding = claim_worst_in(refused, 1U << row);

		if ((left_out & 1U << row) != 0 || finding == NULL || finding->severity < DOCTOR_NOTE
		    || finding->severity == DOCTOR_UNKNOWN || others == DOCTOR_UNKNOWN
		    || finding->severity <= others)
			continue;
		rows[found++] = (struct claim_row){ (enum doctor_row)row, finding->severity, others, finding,
						    (kind->rows & 1U << row) != 0 };
	}
	qsort(rows, found, sizeof rows[0], compare_rows);
	return found;
}
