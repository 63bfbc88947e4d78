#include "heloscope/words/explain.h"

#include <stdarg.h>
#include <string.h>

#include "heloscope/words/advise.h"
#include "heloscope/wire/authres.h"
#include "heloscope/base/prose.h"
#include "heloscope/records/value.h"
#include "heloscope/base/span.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/words/telling.h"

#define TEXT_MAX 4000

/* Writing. */

static void
put_title(struct output *out, const char *title)
{
	output_put(out, "\n");
	output_set_colour(out, OUTPUT_BOLD);
	output_put(out, "%s", title);
	output_set_colour(out, OUTPUT_PLAIN);
	output_put(out, "\n\n");
}

static const struct {
	const char *ascii, *utf8;
	enum output_colour colour;
} marks[EXPLAIN_MARKS] = {
	[EXPLAIN_NEITHER] = { ".", "\xc2\xb7", OUTPUT_PLAIN },
	[EXPLAIN_GOOD] = { "+", "\xe2\x9c\x93", OUTPUT_GREEN },
	[EXPLAIN_NOTE] = { "~", "~", OUTPUT_PLAIN },
	[EXPLAIN_UNKNOWN] = { "?", "?", OUTPUT_YELLOW },
	[EXPLAIN_WARNING] = { "!", "!", OUTPUT_YELLOW },
	[EXPLAIN_BAD] = { "-", "\xe2\x9c\x97", OUTPUT_RED },
};

static enum explain_mark
mark_of(const char *result)
{
	const enum result value = result_from_word(result);

	if (value == RESULT_PASS)
		return EXPLAIN_GOOD;
	if (result_is_bad(value))
		return EXPLAIN_BAD;
	return value == RESULT_TEMPERROR ? EXPLAIN_UNKNOWN : EXPLAIN_NEITHER;
}

void
explain_put_mark(enum explain_mark mark, struct output *out)
{
	const bool has_colour = marks[mark].colour != OUTPUT_PLAIN;

	if (has_colour)
		output_set_colour(out, marks[mark].colour);
	output_put(out, "%s", out->is_utf8 ? marks[mark].utf8 : marks[mark].ascii);
	if (has_colour)
		output_set_colour(out, OUTPUT_PLAIN);
}

static void
put_checks(const json_t *record, struct output *out)
{
	for (int method = 0; method < METHODS; method++) {
		const struct telling *telling = telling_of((enum method)method);
		const json_t *check = record_check(record, telling->key);
		char memory[TEXT_MAX];
		struct strbuf said;

		if (check == NULL)
			continue;
		strbuf_init(&said, memory, sizeof memory);
		telling->say(record, check, &said);
		output_put(out, "  ");
		explain_put_mark(mark_of(record_text(check, "result")), out);
		output_put(out, " %-12s %-10s ", telling->title, record_text(check, "result"));
		prose_wrap(out, memory, 28, 28);
		if (telling->put_more != NULL)
			telling->put_more(check, out);
	}
}

/* SPF, term by term. */

static void
put_lookups(const json_t *step, size_t indent, struct output *out)
{
	const json_t *lookup, *answer;
	size_t i, j;

	for (i = 0; (lookup = json_array_get(record_member(step, "lookups"), i)) != NULL; i++) {
		char memory[TEXT_MAX];
		struct strbuf said;

		strbuf_init(&said, memory, sizeof memory);
		strbuf_printf(&said, "%s %s:", record_text(lookup, "name"), record_text(lookup, "type"));
		for (j = 0; (answer = json_array_get(record_member(lookup, "answers"), j)) != NULL; j++)
			strbuf_printf(&said, "%s %s", j > 0 ? "," : "", record_item(answer));
		if (j == 0)
			strbuf_printf(&said, " %s", record_text(lookup, "status"));
		prose_put(out, indent, "%s", memory);
	}
}

static bool
begins_with(const char *whole, const char *part)
{
	return span_starts_with_nocase(span_of(whole), span_of(part));
}

/* How a term ended, in words. */
static const char *
outcome_of(const json_t *step)
{
	const char *term = record_text(step, "term"), *match = record_text(step, "match");
	const bool is_match = strcmp(match, "yes") == 0;

	if (!is_match && strcmp(match, "no") != 0)
		return match;
	if (begins_with(term, "redirect="))
		return "is followed: the record below decides";
	if (begins_with(term, "exp="))
		return is_match ? "explains the failure" : "explains nothing";
	if (ascii_is_among(term[0], "+-?~"))
		term++;
	if (begins_with(term, "include:"))
		return is_match ? "matches: the record below allows the client"
				: "does not match: the record below does not allow the client";
	return is_match ? "matches" : "does not match";
}

static void
put_step(const json_t *step, bool is_decisive, struct output *out)
{
	const size_t indent = 4 + 4 * (size_t)json_integer_value(record_member(step, "depth"));

	if (record_member(step, "record") != NULL) {
		prose_put(out, indent, "%s: %s", record_text(step, "domain"),
			  record_text(step, "record")[0] != '\0' ? record_text(step, "record")
								 : "no SPF record");
		return;
	}
	output_put(out, "%*s%s ", (int)indent - 2, "", is_decisive ? "=>" : "  ");
	prose_wrap(out, record_text(step, "term"), indent + 1, indent + 2);
	put_lookups(step, indent + 6, out);
	prose_put(out, indent + 6, "%s", outcome_of(step));
}

/* The first step that ended the evaluation of the record at the top. */
static size_t
decisive_step(const json_t *trace)
{
	const json_t *step;
	size_t i;

	for (i = 0; (step = json_array_get(trace, i)) != NULL; i++)
		if (record_member(step, "term") != NULL && !record_is(step, "match", "no")
		    && json_integer_value(record_member(step, "depth")) == 0)
			return i;
	return json_array_size(trace);
}

static void
put_trace(const json_t *record, const char *method, struct output *out)
{
	const json_t *check = record_check(record, method), *trace = record_member(check, "trace"), *step;
	const size_t decisive = decisive_step(trace);
	char title[120];
	size_t i;

	if (json_array_size(trace) < 2 && record_text(json_array_get(trace, 0), "record")[0] == '\0')
		return;
	(void)snprintf(title, sizeof title, "How SPF for %.60s came to \"%s\"", record_text(check, "domain"),
		       record_text(check, "result"));
	put_title(out, title);
	for (i = 0; (step = json_array_get(trace, i)) != NULL; i++)
		put_step(step, i == decisive, out);
	prose_put(out, 4, "(%lld of 10 terms that cost lookups, %lld of 2 lookups that found nothing)",
		  (long long)json_integer_value(record_member(check, "terms")),
		  (long long)json_integer_value(record_member(check, "voids")));
}

/* Decisions. */

bool
explain_is_refused(const json_t *record)
{
	const json_t *verdict;
	size_t i;

	for (i = 0; (verdict = json_array_get(record_member(record, "verdicts"), i)) != NULL; i++)
		if (record_is_refusal(record_text(verdict, "action")))
			return true;
	return false;
}

/* Why it is not what the rule says. */
static const char *
doubt_about(const json_t *verdict)
{
	if (json_is_true(record_member(verdict, "withheld")))
		return " (it is not known whether it holds, because lists were not asked)";
	if (json_is_true(record_member(verdict, "softened")))
		return " (not a rejection, because something could not be found out)";
	return "";
}

/* Why a refusal was not done, or nothing was decided. */
static void
put_why_not_done(const json_t *verdict, struct output *out)
{
	const char *overruled = record_text(verdict, "overruled"), *pending = record_text(verdict, "pending");

	if (overruled[0] != '\0')
		prose_put(
			out, 4,
			"It was known only at the end of the message, for which there is one reply, and %s.",
			strcmp(overruled, "others-defer") == 0 ? "for another recipient it was deferred"
							       : "another recipient was to have it");
	if (pending[0] != '\0')
		prose_put(out, 4, "That rule had to wait for the %s of the message, which never came.",
			  pending);
}

static void
put_verdict(const json_t *verdict, struct output *out)
{
	const bool is_enforced = json_is_true(record_member(verdict, "enforced"));
	const json_t *note;
	size_t i;

	prose_put(out, 2, "%s: %s%s%s%s%s", record_text(verdict, "recipient"),
		  is_enforced ? "" : "would be: ", record_text(verdict, "action"),
		  record_text(verdict, "rule")[0] != '\0' ? ", by the rule at " : ", no rule decided",
		  record_text(verdict, "rule"), doubt_about(verdict));
	if (json_is_true(record_member(verdict, "withheld")))
		prose_put(
			out, 4,
			"For this client, or its network, too many names were looked up for mail that was "
			"not "
			"accepted. Some lookups become free again every minute. If it is a host of your own, "
			"name it in trust { networks }.");
	put_why_not_done(verdict, out);
	if (record_text(verdict, "reply")[0] != '\0') {
		prose_put(out, 4, "%s", is_enforced ? "The sender was told:" : "The sender would be told:");
		prose_put(out, 6, "%s", record_text(verdict, "reply"));
	}
	for (i = 0; (note = json_array_get(record_member(verdict, "notes"), i)) != NULL; i++) {
		const json_t *share = record_member(note, "share");

		if (record_member(note, "tag") != NULL)
			prose_put(out, 4, "Tagged \"%s\", by the rule at %s", record_text(note, "tag"),
				  record_text(note, "rule"));
		else if (share != NULL)
			prose_put(out, 4,
				  "The rule at %s says: %s; but it acts on %lld%% of networks, to which this "
				  "client "
				  "does not belong",
				  record_text(note, "rule"), record_text(note, "audit"),
				  (long long)json_integer_value(share));
		else
			prose_put(out, 4, "The rule at %s, which only tells, says: %s",
				  record_text(note, "rule"), record_text(note, "audit"));
	}
}

/* The stories. */

static void
put_head(const json_t *record, struct output *out)
{
	const json_t *client = record_member(record, "client");
	const char *name = record_text(client, "name"), *ip = record_text(client, "ip");

	output_set_colour(out, OUTPUT_BOLD);
	output_put(out, "Message %s", record_text(record, "id"));
	output_set_colour(out, OUTPUT_PLAIN);
	output_put(out, "\n\n");
	output_put(out, "  Time    %s\n", record_text(record, "time"));
	output_put(out, "  Client  %s%s%s%s%s\n", ip[0] != '\0' ? ip : "this host itself",
		   name[0] != '\0' ? " (" : "", name, name[0] != '\0' ? ")" : "",
		   json_is_true(record_member(client, "trusted")) ? ", trusted: nothing is looked up for it"
								  : "");
	if (json_is_true(record_member(client, "authenticated")))
		output_put(out, "  User    %s\n", record_text(client, "user"));
	output_put(out, "  HELO    %s\n",
		   record_member(record, "helo") != NULL ? record_text(record, "helo") : "(none)");
	output_put(out, "  Sender  <%s>\n", record_text(record, "sender"));
	if (record_text(record, "queue-id")[0] != '\0')
		output_put(out, "  Queue   %s\n", record_text(record, "queue-id"));
}

void
explain_story(const json_t *record, struct output *out)
{
	const json_t *verdict;
	size_t i;

	put_head(record, out);
	if (json_object_size(record_member(record, "checks")) > 0) {
		put_title(out, "What was found");
		put_checks(record, out);
	}
	put_trace(record, "spf", out);
	if (mark_of(record_text(record_check(record, "spf-helo"), "result")) == EXPLAIN_BAD)
		put_trace(record, "spf-helo", out);
	put_title(out, "What was decided");
	for (i = 0; (verdict = json_array_get(record_member(record, "verdicts"), i)) != NULL; i++)
		put_verdict(verdict, out);
	if (advise_is_needed(record)) {
		put_title(out, "What can be done");
		advise(record, out);
	}
}

void
explain_for_sender(const json_t *record, struct output *out)
{
	const json_t *client = record_member(record, "client"), *verdict;
	size_t i;

	prose_put(out, 0, "Your message of %s from <%s>, handed to us by %s, which called itself \"%s\":",
		  record_text(record, "time"), record_text(record, "sender"), record_text(client, "ip"),
		  record_text(record, "helo"));
	output_put(out, "\n");
	for (i = 0; (verdict = json_array_get(record_member(record, "verdicts"), i)) != NULL; i++) {
		const bool is_done = record_is_refusal(record_text(verdict, "action"))
				     && json_is_true(record_member(verdict, "enforced"));

		prose_put(out, 2, "%s: %s", record_text(verdict, "recipient"),
			  !is_done ? "it was accepted."
			  : record_is(verdict, "action", "reject")
				  ? "it was refused with"
				  : "it was put off, to be tried again later, with");
		if (is_done)
			prose_put(out, 6, "%s", record_text(verdict, "reply"));
	}
	if (!advise_is_needed(record))
		return;
	put_title(out, "What can be done");
	advise(record, out);
	output_put(out, "\n");
	prose_put(out, 0, "Reference: %s", record_text(record, "id"));
}
