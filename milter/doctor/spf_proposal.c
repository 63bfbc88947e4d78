/* doctor_spf_proposal: the SPF record that a domain should have, as far as that can be known. */
#include "heloscope/doctor/spf_proposal.h"

#include <string.h>

#include "heloscope/base/nearest.h"
#include "heloscope/doctor/tags.h"
#include "heloscope/spf/merge.h"
#include "heloscope/spf/record.h"

#define RECORD_MAX 8192 /* octets of a record that is proposed */
#define DROPPED_MAX 8   /* terms that let strangers pass, which are left out one after the other */

/* 192.0.2.254 and 2001:db8::ffff, of networks that nobody uses (RFC 5737, RFC 3849). */
static const struct ipaddr strangers[] = {
	{ { 192, 0, 2, 254 }, 4 },
	{ { 0x20, 0x01, 0x0d, 0xb8, [14] = 0xff, [15] = 0xff }, 16 },
};
#define STRANGERS (sizeof strangers / sizeof strangers[0])

/* Evaluation, of the record that is there or of one that is proposed in its place. */

struct asking {
	struct exam *exam;
	const struct dns_answer *proposed; /* TXT of the bounce domain; NULL: as it is */
};

static const struct dns_answer *
ask(void *context, const char *name, enum dns_type type)
{
	const struct asking *asking = context;

	if (asking->proposed != NULL && type == DNS_TXT && strcmp(name, asking->exam->bounces) == 0)
		return asking->proposed;
	return lookup_get(asking->exam->lookup, name, type);
}

static struct spf_outcome
evaluate(struct exam *exam, const struct ipaddr *client, const struct dns_answer *proposed)
{
	struct asking asking = { exam, proposed };
	const struct spf_source source = { ask, &asking, NULL };
	const struct spf_query query = {
		.client = *client,
		.domain = exam->bounces,
		.local = SPAN("postmaster"),
		.sender_domain = exam->bounces,
		.helo = exam->order->helo != NULL ? exam->order->helo : exam->bounces,
		.receiver = exam->config->authserv_id,
	};
	struct spf_outcome outcome = { .result = RESULT_NONE };

	if (spf_domain_is_checkable(query.domain))
		(void)spf_native_evaluate(&query, &source, exam->arena,
					  &outcome); /* never waits: ask() does */
	return outcome;
}

static struct spf_outcome
evaluate_text(struct exam *exam, const struct ipaddr *client, const char *text)
{
	struct dns_answer *answer = arena_alloc(exam->arena, sizeof *answer + sizeof answer->records[0]);

	if (answer == NULL)
		return (struct spf_outcome){ .result = RESULT_NONE };
	answer->status = DNS_NOERROR;
	answer->count = 1;
	answer->records[0].text = span_of(text);
	return evaluate(exam, client, answer);
}

struct spf_outcome
exam_spf_stranger(struct exam *exam)
{
	return evaluate(exam, &strangers[0], NULL);
}

/* What is proposed. */

static bool
parse(struct exam *exam, const char *text, struct spf_record *record)
{
	struct spf_fault fault;

	return spf_record_parse(span_of(text), exam->arena, record, &fault);
}

/* Whether a record is without error and lets no stranger pass, as far as that can be known now. */
static bool
is_harmless(struct exam *exam, const char *text)
{
	struct spf_record record;

	if (!parse(exam, text, &record))
		return false;
	for (size_t i = 0; i < record.count; i++)
		if (record.terms[i].qualifier == RESULT_PASS && spf_term_is_wide(&record.terms[i]))
			return false;
	for (size_t i = 0; i < STRANGERS; i++) {
		const enum result result = evaluate_text(exam, &strangers[i], text).result;

		if (result != RESULT_FAIL && result != RESULT_SOFTFAIL && result != RESULT_NEUTRAL)
			return false;
	}
	return true;
}

/* The record as it is to be published: with all addresses from which mail goes out, as far as they are known,
 * so that it stops none of it. */
static const char *
propose(struct exam *exam, const char *text)
{
	for (size_t i = 0; i < exam->report->address_count; i++) {
		char memory[RECORD_MAX];
		struct strbuf more = STRBUF_OVER(memory);

		if (evaluate_text(exam, &exam->report->addresses[i], text).result == RESULT_PASS)
			continue;
		spf_record_extend(&more, text, &exam->report->addresses[i]);
		if (more.is_cut)
			return NULL;
		text = arena_string(exam->arena, memory);
	}
	return is_harmless(exam, text) ? exam_txt(exam, exam->bounces, text) : NULL;
}

static const char *
new_record(struct exam *exam, bool has_mx)
{
	char memory[500];
	struct strbuf text = STRBUF_OVER(memory);

	strbuf_printf(&text, "v=spf1%s", has_mx ? " mx" : "");
	for (size_t i = 0; i < exam->report->address_count; i++)
		spf_record_add_address(&text, &exam->report->addresses[i]);
	strbuf_add(&text, " ~all");
	return propose(exam, memory);
}

/* It ends with "~all": who else may send is not known here. */
const char *
exam_spf_new(struct exam *exam)
{
	const struct dns_answer *mx = lookup_get(exam->lookup, exam->bounces, DNS_MX);
	const bool has_mx = mx->count > 0 && mx->records[mx->count - 1].name[0] != '\0';
	const char *record = has_mx ? new_record(exam, true) : NULL;

	return record == NULL && exam->report->address_count > 0 ? new_record(exam, false) : record;
}

/* What is written wrongly. */

bool
exam_spf_next_word(struct span *rest, struct span *word)
{
	*word = span_word(rest, ASCII_BLANKS);
	return word->length > 0;
}

static const char *const names[] = { "all", "include", "a",      "mx",       "ptr",
				     "ip4", "ip6",     "exists", "redirect", "exp" };
#define NAMES (sizeof names / sizeof names[0])
#define MECHANISMS (NAMES - 2) /* which have ":" before their value; the others have "=" */

static bool
is_all(struct span term)
{
	return span_equals_nocase(spf_without_qualifier(term), SPAN("all"));
}

static bool
is_redirect(struct span term)
{
	return span_starts_with_nocase(term, SPAN("redirect="));
}

static bool
is_right_term(struct exam *exam, struct span term)
{
	struct spf_record record;

	return !spf_term_is_slip(term)
	       && parse(exam, arena_printf(exam->arena, "v=spf1 %s", arena_copy(exam->arena, term)), &record);
}

/* What was meant by a wrong term, or NULL: its name misspelt, the wrong mark before its value, a mark behind
 * it. */
static const char *
meant_term(struct exam *exam, struct span term)
{
	const char *name, *meant;
	size_t sign = 0, length;

	while (term.length > 0 && memchr(",;", term.at[term.length - 1], 2) != NULL)
		term.length--;
	if (term.length > 0 && memchr("+-~?", term.at[0], 4) != NULL)
		sign = 1;
	for (length = sign; length < term.length && (ascii_is_alnum(term.at[length])); length++)
		continue;
	name = nearest_word(arena_copy(exam->arena, (struct span){ term.at + sign, length - sign }), names,
			    NAMES);
	for (size_t i = 0; i < NAMES && name != NULL; i++) {
		struct span value = span_from(term, length);

		if (names[i] != name)
			continue;
		if (value.length > 0 && memchr(":=", value.at[0], 2) != NULL)
			value = span_from(value, 1);
		meant = arena_printf(exam->arena, "%s%s%s%s",
				     arena_copy(exam->arena, (struct span){ term.at, sign }), name,
				     value.length == 0 || value.at[0] == '/' ? ""
				     : i < MECHANISMS                        ? ":"
									     : "=",
				     arena_copy(exam->arena, value));
		return is_right_term(exam, span_of(meant)) ? meant : NULL;
	}
	return NULL;
}

/* A record under repair. Its "all" waits for the end, behind which nothing is read. */
struct repair {
	struct exam *exam;
	struct strbuf right;
	const char *all;   /* or NULL */
	bool is_all_clear; /* it stood there as it is now */
	bool is_redirected;
};

/* One that is written rightly goes before one that is misspelt, and nobody is told to allow everybody. */
static void
take_all(struct repair *repair, const char *term, bool is_right)
{
	const bool is_open = term[0] != '-' && term[0] != '~' && term[0] != '?';

	if (repair->all != NULL && (repair->is_all_clear || !is_right))
		return;
	repair->all = is_open ? "~all" : term;
	repair->is_all_clear = is_right && !is_open;
}

/* False when it cannot be known what was meant. */
static bool
take_term(struct repair *repair, struct span word)
{
	struct exam *exam = repair->exam;
	const bool is_right = is_right_term(exam, word);
	const char *term = is_right ? arena_copy(exam->arena, word) : meant_term(exam, word);

	if (term == NULL)
		return false;
	repair->is_redirected = repair->is_redirected || is_redirect(span_of(term));
	if (is_all(span_of(term)))
		take_all(repair, term, is_right);
	else
		strbuf_printf(&repair->right, " %s", term);
	return true;
}

/*
 * The record that was meant: each term as it stands or as it was meant. NULL when one cannot be known, or the
 * "all" is not what stood there, and the domain's senders, for whom it would decide, are not known.
 */
static const char *
repaired_record(struct exam *exam, struct span record)
{
	char memory[RECORD_MAX];
	struct repair repair = { .exam = exam, .right = STRBUF_OVER(memory) };
	struct spf_record parsed;
	struct span word;

	strbuf_add(&repair.right, "v=spf1");
	(void)exam_spf_next_word(&record, &word);
	while (exam_spf_next_word(&record, &word))
		if (!take_term(&repair, word))
			return NULL;
	if (repair.all != NULL && !repair.is_all_clear
	    && (repair.is_redirected || exam->report->address_count == 0))
		return NULL;
	if (repair.all != NULL)
		strbuf_printf(&repair.right, " %s", repair.all);
	return !repair.right.is_cut && parse(exam, memory, &parsed) ? arena_string(exam->arena, memory)
								    : NULL;
}

/* "spf2.0/" begins another thing (RFC 4406). */
const char *
exam_spf_meant(struct exam *exam, struct span text)
{
	struct span rest = exam_clean(exam, text);
	char memory[RECORD_MAX];
	struct strbuf record = STRBUF_OVER(memory);
	const char *meant;

	if (span_starts_with_nocase(rest, SPAN("v")))
		rest = span_trim(span_from(rest, 1));
	while (rest.length > 0 && memchr("=: ", rest.at[0], 3) != NULL)
		rest = span_from(rest, 1);
	if (!span_starts_with_nocase(rest, SPAN("spf")) || span_starts_with_nocase(rest, SPAN("spf2.0/")))
		return NULL;
	rest = span_trim(span_from(rest, 3));
	while (rest.length > 0 && (ascii_is_digit(rest.at[0]) || memchr(".;,:", rest.at[0], 4) != NULL))
		rest = span_from(rest, 1);
	strbuf_add(&record, "v=spf1 ");
	for (size_t i = 0; i < rest.length; i++)
		strbuf_add_char(&record, rest.at[i] == ';' ? ' ' : rest.at[i]);
	meant = record.is_cut ? NULL : repaired_record(exam, span_of(memory));
	return meant != NULL ? propose(exam, meant) : NULL;
}

/* What is open. */

/* Whether a word lets more pass than anybody sends from, whatever is in the DNS. */
static bool
is_wide(struct exam *exam, struct span word)
{
	struct spf_record record;

	return parse(exam, arena_printf(exam->arena, "v=spf1 %s", arena_copy(exam->arena, word)), &record)
	       && record.count == 1 && record.terms[0].qualifier == RESULT_PASS
	       && spf_term_is_wide(&record.terms[0]);
}

/*
 * The record without each "all", without terms that are wide by themselves and without `term`, and with
 * "~all" at its end. NULL when `term` does not stand there, or a redirect decides.
 */
static const char *
record_without(struct exam *exam, const char *text, const char *term)
{
	char memory[RECORD_MAX];
	struct strbuf right = STRBUF_OVER(memory);
	struct span rest = span_of(text), word;
	bool is_found = term == NULL;

	strbuf_add(&right, "v=spf1");
	(void)exam_spf_next_word(&rest, &word);
	while (exam_spf_next_word(&rest, &word)) {
		const bool is_term = term != NULL && span_equals(word, span_of(term));

		if (is_redirect(word))
			return NULL;
		is_found = is_found || is_term;
		if (is_term || is_all(word) || is_wide(exam, word))
			continue;
		strbuf_add_char(&right, ' ');
		strbuf_add_span(&right, word);
	}
	strbuf_add(&right, " ~all");
	return is_found && !right.is_cut ? arena_string(exam->arena, memory) : NULL;
}

/* What lets a stranger pass; false: nothing. */
static bool
find_opening(struct exam *exam, const char *text, const char **term)
{
	for (size_t i = 0; i < STRANGERS; i++) {
		const struct spf_outcome outcome = evaluate_text(exam, &strangers[i], text);

		*term = outcome.mechanism;
		if (outcome.result == RESULT_PASS)
			return true;
	}
	return false;
}

/*
 * The record with "~all" at its end and without what lets strangers pass. NULL when its senders, whom that
 * may have been for, are not known: those of another's record are known to nobody who had to guess.
 */
static const char *
closed_record(struct exam *exam, const char *text)
{
	const char *term;

	for (unsigned i = 0; i < DROPPED_MAX && text != NULL; i++) {
		if (!find_opening(exam, text, &term))
			return text;
		if (term == NULL
		    || (exam->report->is_guessed && !is_all(span_of(term)) && !is_wide(exam, span_of(term))))
			return NULL;
		text = record_without(exam, text, term);
	}
	return NULL;
}

bool
exam_spf_is_neutral_at_end(const struct spf_outcome *outcome)
{
	return outcome->result == RESULT_NEUTRAL
	       && (outcome->mechanism == NULL || is_all(span_of(outcome->mechanism)));
}

/* The whole. */

static bool
has_slip(const char *record)
{
	struct span rest = span_of(record), word;

	while (exam_spf_next_word(&rest, &word))
		if (spf_term_is_slip(word))
			return true;
	return false;
}

/* One record in place of several, with all their terms. */
static const char *
merged_record(struct exam *exam)
{
	char memory[RECORD_MAX];
	struct strbuf merged = STRBUF_OVER(memory);

	return spf_merge(lookup_get(exam->lookup, exam->bounces, DNS_TXT), &merged)
		       ? arena_string(exam->arena, memory)
		       : NULL;
}

/* Of a record that can be evaluated. What strangers pass by only once it is repaired is not closed, but not
 * proposed. */
static const char *
better_record(struct exam *exam, const struct spf_outcome *outcome)
{
	const bool is_neutral = exam_spf_is_neutral_at_end(outcome);
	const char *text = outcome->record, *unused;
	const bool is_open = find_opening(exam, text, &unused);

	if (has_slip(text))
		text = repaired_record(exam, span_of(text));
	if (text == NULL || (!is_neutral && !is_open))
		return text;
	if (exam->report->address_count == 0)
		return NULL;
	return is_open ? closed_record(exam, text) : record_without(exam, text, NULL);
}

/* Whether that line says what stands there. */
static bool
is_published(struct exam *exam, const char *line, const char *record)
{
	const char *present = record != NULL ? exam_txt(exam, exam->bounces, record) : NULL;

	return present != NULL && strcmp(line, present) == 0;
}

const char *
exam_spf_proposal(struct exam *exam, const struct spf_outcome *outcome)
{
	const struct spf_problem *found = &outcome->problem;
	const bool is_own = found->name != NULL && strcmp(found->name, exam->bounces) == 0;
	const char *text = NULL, *line;

	if (outcome->result == RESULT_NONE || outcome->result == RESULT_TEMPERROR)
		return NULL;
	if (outcome->result != RESULT_PERMERROR)
		text = better_record(exam, outcome);
	else if (found->kind == SPF_PROBLEM_SEVERAL_RECORDS && is_own)
		text = merged_record(exam);
	else if (outcome->record != NULL)
		text = repaired_record(exam, span_of(outcome->record));
	line = text != NULL ? propose(exam, text) : NULL;
	return line != NULL && !is_published(exam, line, outcome->record) ? line : NULL;
}
