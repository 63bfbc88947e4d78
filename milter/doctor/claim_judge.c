#include "heloscope/doctor/claim_judge.h"

#include <stdlib.h>
#include <string.h>

#include "heloscope/doctor/group.h"

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

bool
claim_rests_on_reply(const struct claim_subject *subject, const struct doctor_finding *finding)
{
	char address[IPADDR_TEXT_SIZE];

	return subject->is_address_of_reply
	       && (finding->publish != NULL
		   || strcmp(finding->subject, ipaddr_format(&subject->address, address)) == 0);
}

static struct claim
tell_confirmed(const struct claim_subject *subject, const struct doctor_finding *finding, struct strbuf *text)
{
	const struct doctor_group group = { .finding = finding, .publish = finding->publish };

	strbuf_printf(text, "%s ", finding->what);
	if (claim_rests_on_reply(subject, finding)) {
		add_filled(text, whose, subject);
		return (struct claim){ CLAIM_CONFIRMED, text->text, NULL };
	}
	doctor_add_remedy(text, &group);
	return (struct claim){ CLAIM_CONFIRMED, text->text, finding->publish };
}

static struct claim
tell_otherwise(const struct doctor_report *report, const struct claim_kind *kind,
	       const struct claim_subject *subject, struct strbuf *text)
{
	bool is_first = true;

	add_filled(text, kind->otherwise, subject);
	for (size_t i = 0; i < report->record_count; i++) {
		if (strstr(report->records[i], kind->shown) == NULL)
			continue;
		strbuf_printf(text, "%s %s", is_first ? " The DNS says:" : ",", report->records[i]);
		is_first = false;
	}
	return (struct claim){ CLAIM_NOT_CONFIRMED, text->text, NULL };
}

struct claim
claim_untestable(const char *reason, const struct claim_kind *kind, struct strbuf *text)
{
	strbuf_printf(text, "%s %s", reason, kind->instead);
	return (struct claim){ CLAIM_NOT_TESTABLE, text->text, NULL };
}

struct claim
claim_judge(const struct doctor_report *report, const struct claim_kind *kind,
	    const struct claim_subject *subject, struct strbuf *text)
{
	const struct doctor_finding *missing = claim_worst_in(report, CLAIM_ROW(MX));
	const struct doctor_finding *worst = claim_worst_in(report, kind->rows);

	if (missing != NULL && missing->problem == PROBLEM_DOMAIN_MISSING)
		return tell_confirmed(subject, missing, text);
	if (worst != NULL && worst->severity >= DOCTOR_WARNING)
		return tell_confirmed(subject, worst, text);
	if (worst != NULL && worst->severity == DOCTOR_UNKNOWN)
		return claim_untestable(worst->what, kind, text);
	if (kind->well != 0 && worst_cell(report, kind->well) >= DOCTOR_GOOD
	    && worst_cell(report, kind->well | kind->rows) < DOCTOR_UNKNOWN)
		return tell_otherwise(report, kind, subject, text);
	return claim_untestable("The DNS shows nothing that speaks for it or against it.", kind, text);
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
