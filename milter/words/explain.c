#include "heloscope/words/explain.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/wire/authres.h"
#include "heloscope/base/prose.h"
#include "heloscope/base/clock.h"
#include "heloscope/base/span.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/config/show.h"
#include "heloscope/words/answer.h"
#include "heloscope/words/gateway.h"
#include "heloscope/words/telling.h"
#include "heloscope/words/table.h"
#include "heloscope/words/withheld.h"

#define TEXT_MAX 4000
#define ALL_METHODS ((1U << METHODS) - 1)

/* Writing. */

static void
put_title(struct output *out, const char *title)
{
	if (out->is_markup) {
		output_put(out, "<h2>%s</h2>\n", title);
		return;
	}
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
mark_of(enum result result)
{
	if (result == RESULT_PASS)
		return EXPLAIN_GOOD;
	if (result_is_bad(result))
		return EXPLAIN_BAD;
	return result == RESULT_TEMPERROR ? EXPLAIN_UNKNOWN : EXPLAIN_NEITHER;
}

static const char *const mark_classes[EXPLAIN_MARKS] = {
	[EXPLAIN_NEITHER] = "neither", [EXPLAIN_GOOD] = "good",       [EXPLAIN_NOTE] = "neither",
	[EXPLAIN_UNKNOWN] = "unknown", [EXPLAIN_WARNING] = "unknown", [EXPLAIN_BAD] = "bad",
};

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

/* The sign is for who sees the colour, the word for all. */
static void
put_check_title(const char *title, enum result result, struct output *out)
{
	const enum explain_mark mark = mark_of(result);

	output_put(
		out,
		"<li><strong>%s</strong> <span class=\"mark %s\"><span aria-hidden=\"true\">%s</span> %s</span>\n",
		title, mark_classes[mark], marks[mark].utf8, result_word(result));
}

static void
put_check(const struct message_record *record, enum method method, enum telling_reader reader,
	  struct output *out)
{
	const struct telling *telling = telling_of(method);
	const enum result result = record->facts->results[method];
	char memory[TEXT_MAX];
	struct strbuf said;

	strbuf_init(&said, memory, sizeof memory);
	if (facts_is_groundless(record->facts, method))
		gateway_say(record->facts, &said);
	else
		telling->say(record->facts, record->time_s, &said);
	if (out->is_markup) {
		put_check_title(telling->title, result, out);
		prose_put(out, 0, "%s", memory);
	} else {
		output_put(out, "  ");
		explain_put_mark(mark_of(result), out);
		output_put(out, " %-12s %-10s ", telling->title, result_word(result));
		prose_wrap(out, memory, 28, 28);
	}
	if (telling->put_more != NULL && !facts_is_groundless(record->facts, method))
		telling->put_more(record->facts, reader, out);
	if (out->is_markup)
		output_put(out, "</li>\n");
}

static bool
has_checks(const struct facts *facts, unsigned methods)
{
	for (int method = 0; method < METHODS; method++)
		if ((methods & 1U << method) != 0 && facts->results[method] != RESULT_UNCHECKED)
			return true;
	return false;
}

static void
list_checks(const struct message_record *record, unsigned methods, enum telling_reader reader,
	    struct output *out)
{
	if (out->is_markup)
		output_put(out, "<ul class=\"checks\">\n");
	for (int method = 0; method < METHODS; method++)
		if ((methods & 1U << method) != 0 && record->facts->results[method] != RESULT_UNCHECKED)
			put_check(record, (enum method)method, reader, out);
	if (out->is_markup)
		output_put(out, "</ul>\n");
}

static void
put_checks(const struct message_record *record, enum telling_reader reader, struct output *out)
{
	if (!has_checks(record->facts, ALL_METHODS))
		return;
	put_title(out, "What was found");
	list_checks(record, ALL_METHODS, reader, out);
}

/* SPF, term by term. */

static void
add_answers(struct strbuf *said, const struct spf_lookup *lookup)
{
	const struct dns_answer *answer = lookup->answer;

	for (size_t i = 0; i < answer->count; i++) {
		char memory[TELLING_SHOWN_SIZE];
		struct strbuf text;

		strbuf_init(&text, memory, sizeof memory);
		dns_record_add_to(&answer->records[i], lookup->type, &text);
		strbuf_add(said, i > 0 ? ", " : " ");
		strbuf_add_escaped(said, (struct span){ memory, text.length }, TEXT_MAX);
	}
	if (answer->count == 0)
		strbuf_printf(said, " %s", dns_status_word(answer->status));
}

static void
put_lookups(const struct spf_trace *trace, size_t step, size_t indent, struct output *out)
{
	for (size_t i = 0; i < trace->lookup_count; i++) {
		const struct spf_lookup *lookup = &trace->lookups[i];
		char memory[TEXT_MAX];
		struct strbuf said;

		if (lookup->step != step)
			continue;
		strbuf_init(&said, memory, sizeof memory);
		telling_add(&said, lookup->name);
		strbuf_printf(&said, " %s:", dns_type_word(lookup->type));
		add_answers(&said, lookup);
		prose_put(out, indent, "%s", memory);
	}
}

/* How a term ended, in words. */
static const char *
outcome_of(const struct spf_step *step)
{
	const bool is_match = step->match == SPF_MATCH;
	struct span term = step->term;

	if (step->match == SPF_TEMPERROR || step->match == SPF_PERMERROR)
		return step->match == SPF_TEMPERROR ? "temperror" : "permerror";
	if (span_starts_with_nocase(term, SPAN("redirect=")))
		return "is followed: the record below decides";
	if (span_starts_with_nocase(term, SPAN("exp=")))
		return is_match ? "explains the failure" : "explains nothing";
	if (term.length > 0 && ascii_is_among(term.at[0], "+-?~"))
		term = span_from(term, 1);
	if (span_starts_with_nocase(term, SPAN("include:")))
		return is_match ? "matches: the record below allows the client"
				: "does not match: the record below does not allow the client";
	return is_match ? "matches" : "does not match";
}

/* Whether the record of a step is but one of several, which put_check() has shown. */
static bool
is_one_of_several(const struct spf_facts *spf, const struct spf_step *step)
{
	return spf->problem.kind == SPF_PROBLEM_SEVERAL_RECORDS && step->match == SPF_PERMERROR;
}

static void
put_step(const struct spf_facts *spf, size_t number, bool is_decisive, struct output *out)
{
	const struct spf_trace *trace = &spf->trace;
	const struct spf_step *step = &trace->steps[number];
	const size_t indent = 4 + 4 * (size_t)step->depth;
	char memory[TELLING_SHOWN_SIZE];
	struct strbuf said;

	strbuf_init(&said, memory, sizeof memory);
	if (step->is_record) {
		telling_add(&said, step->domain);
		strbuf_add(&said, step->term.length > 0 ? ": " : ": no SPF record");
		if (is_one_of_several(spf, step))
			strbuf_printf(&said, "one of its %u SPF records is ", spf->problem.count);
		strbuf_add_escaped(&said, step->term, TELLING_SHOWN_SIZE);
		prose_put(out, indent, "%s", memory);
		return;
	}
	strbuf_add_escaped(&said, step->term, TELLING_SHOWN_SIZE);
	output_put(out, "%*s%s ", (int)indent - 2, "", is_decisive ? "=>" : "  ");
	prose_wrap(out, memory, indent + 1, indent + 2);
	put_lookups(trace, number, indent + 6, out);
	prose_put(out, indent + 6, "%s", outcome_of(step));
}

/* The first step that ended the evaluation of the record at the top. */
static size_t
decisive_step(const struct spf_trace *trace)
{
	size_t i = 0;

	while (i < trace->step_count
	       && (trace->steps[i].is_record || trace->steps[i].match == SPF_NO_MATCH
		   || trace->steps[i].depth > 0))
		i++;
	return i;
}

/* How many steps there are to tell: of a loop those of one round. */
static size_t
steps_to_tell(const struct spf_facts *spf)
{
	const struct spf_trace *trace = &spf->trace;
	const struct span name = span_of(spf->problem.name);
	size_t count = 0;

	for (unsigned seen = 0; count < trace->step_count && seen < 2; count++)
		seen += spf->problem.kind == SPF_PROBLEM_ENDLESS && trace->steps[count].is_record
					&& span_equals_nocase(span_of(trace->steps[count].domain), name)
				? 1
				: 0;
	return count;
}

static void
put_trace(const struct spf_facts *spf, enum result result, struct output *out)
{
	const size_t count = steps_to_tell(spf);
	const struct spf_trace *trace = &spf->trace;
	const size_t decisive = decisive_step(trace);
	char domain[TELLING_SHOWN_SIZE], title[120];

	if (trace->step_count < 2
	    && (trace->step_count == 0 || !trace->steps[0].is_record || trace->steps[0].term.length == 0
		|| is_one_of_several(spf, &trace->steps[0])))
		return;
	(void)snprintf(title, sizeof title, "How SPF for %.60s came to \"%s\"",
		       telling_shown(spf->domain, domain), result_word(result));
	put_title(out, title);
	for (size_t i = 0; i < count; i++)
		put_step(spf, i, i == decisive, out);
	if (count < trace->step_count)
		prose_put(out, 4, "(and so on, in a loop)");
	prose_put(out, 4, "(terms that cost lookups: %u, limit 10; lookups that found nothing: %u, limit 2)",
		  trace->terms, trace->voids);
}

/* Decisions. */

bool
explain_is_refused(const struct message_record *record)
{
	for (size_t i = 0; i < record->recipient_count; i++) {
		const struct record_verdict *verdict = &record->verdicts[record->recipients[i].verdict];

		if (action_refuses(verdict->action) && verdict->overruled == OVERRULED_NOT
		    && !verdict->is_apart)
			return true;
	}
	return false;
}

/* Why it is not what the rule says. */
static const char *
doubt_about(const struct record_verdict *verdict)
{
	if (verdict->withheld != DNS_NOERROR)
		return " (it is not known whether this rule applies)";
	if (verdict->is_softened)
		return " (not a rejection, because it is not known whether an \"accept\" rule before it applies)";
	return "";
}

/* The rule itself, when `config` still has it; at `place` of a record. */
static void
put_rule(const struct config *config, const char *place, enum action action, struct output *out)
{
	char *text =
		config != NULL && place != NULL ? config_rule_text(config, place, action_word(action)) : NULL;

	if (text != NULL)
		prose_put(out, 6, "%s", text);
	free(text);
}

static void
tell_note(const struct record_note *note, struct output *out)
{
	char tag[TELLING_SHOWN_SIZE], memory[TEXT_MAX];
	struct strbuf place = STRBUF_OVER(memory);

	telling_add_place(&place, note->rule);
	if (note->tag != NULL)
		prose_put(out, 4, "Tagged \"%s\", by %s", telling_shown(note->tag, tag), memory);
	else if (note->has_share)
		prose_put(
			out, 4,
			"%s would %s it, but acts on %u%% of networks, and this client's is not one of them",
			memory, action_word(note->action), note->share);
	else
		prose_put(out, 4, "%s would %s it, but is an audit rule, which only reports", memory,
			  action_word(note->action));
}

static void
put_note(const struct record_note *note, const struct config *config, struct output *out)
{
	tell_note(note, out);
	put_rule(config, note->rule, note->tag != NULL ? ACTION_TAG : note->action, out);
}

/* Why a refusal was not done, or a recipient not taken. */
static void
put_why_not_done(const struct record_verdict *verdict, bool is_trial, struct output *out)
{
	if (verdict->overruled != OVERRULED_NOT)
		prose_put(
			out, 4,
			is_trial
				? "That is known only at the end of the message, for which there is one reply, and another recipient %s it."
				: "It was known only at the end of the message, for which there is one reply, and another recipient %s it.",
			verdict->overruled == OVERRULED_BY_DEFERRAL
				? (is_trial ? "defers" : "deferred")
				: (is_trial ? "is to have" : "was to have"));
	if (verdict->is_apart)
		prose_put(
			out, 4,
			"The end of the message, for which there is one reply, may come out otherwise for it than for the recipients before it (\"recipients apart\").");
}

/* What a rule would still have needed: one that decides, or those that only note. */
static void
put_why_not_whole(const struct record_verdict *verdict, bool is_trial, struct output *out)
{
	const bool is_pending = verdict->pending_until != STAGE_CONNECT;
	const enum stage until = is_pending ? verdict->pending_until : verdict->notes_until;

	if (until == STAGE_CONNECT)
		return;
	prose_put(
		out, 4,
		is_trial ? "A rule needs the %s of the message: give it with --message."
		: is_pending
			? "That rule had to wait for the %s of the message, which never came."
			: "A rule that only tags or reports had to wait for the %s of the message, which never came.",
		until == STAGE_HEADER ? "header" : "body");
}

/* Whether it is what would have been done; nothing was of mail that came to no end, unless it was refused
 * before. */
static bool
is_would_be(const struct message_record *record, const struct record_verdict *verdict)
{
	return !verdict->is_enforced
	       || (record->is_unfinished && verdict->pending_until == STAGE_CONNECT
		   && !action_refuses(verdict->action));
}

static const char *
decision_word(const struct record_verdict *verdict)
{
	return verdict->pending_until != STAGE_CONNECT ? "not decided" : action_word(verdict->action);
}

/* "reject, by heloscope.conf line 31". `is_would`: "would be: " stands before it. */
static void
put_decision(const struct envelope_address *recipient, const struct record_verdict *verdict, bool is_would,
	     struct output *out)
{
	const bool is_pending = verdict->pending_until != STAGE_CONNECT;
	char memory[TEXT_MAX];
	struct strbuf said = STRBUF_OVER(memory);

	telling_add(&said, recipient->typed);
	if (verdict->is_apart) {
		strbuf_add(&said, ": to be sent again on its own");
		prose_put(out, 2, "%s", memory);
		return;
	}
	strbuf_printf(&said, ": %s%s%s", is_would ? "would be: " : "", decision_word(verdict),
		      verdict->rule == NULL ? ", no rule decided"
		      : is_pending          ? ", because of "
					    : ", by ");
	if (verdict->rule != NULL)
		telling_add_place(&said, verdict->rule);
	strbuf_add(&said, doubt_about(verdict));
	prose_put(out, 2, "%s", memory);
}

/* The first rule that might have been against what was accepted. */
static void
put_undecided(const struct record_verdict *verdict, const struct config *config, struct output *out)
{
	char place_memory[TEXT_MAX], memory[TEXT_MAX];
	struct strbuf place = STRBUF_OVER(place_memory), lacking = STRBUF_OVER(memory);

	if (verdict->undecided == NULL)
		return;
	telling_add_place(&place, verdict->undecided);
	answer_add_lacking(verdict, &lacking);
	prose_put(out, 4,
		  "%s would %s it, if it applies; that is not known, because %s could not be completed",
		  place_memory, action_word(verdict->undecided_action), memory);
	put_rule(config, verdict->undecided, verdict->undecided_action, out);
}

static void
put_verdict(const struct message_record *record, const struct record_recipient *recipient,
	    const struct config *config, bool is_trial, struct output *out)
{
	const struct record_verdict *verdict = &record->verdicts[recipient->verdict];
	const bool is_would = is_would_be(record, verdict);
	char reply[TELLING_SHOWN_SIZE];

	put_decision(&recipient->address, verdict, is_would && !is_trial, out); /* a trial's title says it */
	put_rule(config, verdict->rule, verdict->action, out);
	if (verdict->withheld != DNS_NOERROR)
		prose_put(out, 4, "%s", withheld_explanation(verdict->withheld));
	put_why_not_done(verdict, is_trial, out);
	if (verdict->reply != NULL) {
		prose_put(out, 4, "%s", is_trial || is_would ? ANSWER_WOULD_BE_TOLD ":" : ANSWER_TOLD ":");
		prose_put(out, 6, "%s", telling_shown(verdict->reply, reply));
	}
	put_undecided(verdict, config, out);
	for (size_t i = 0; i < verdict->note_count; i++)
		put_note(&verdict->notes[i], config, out);
	put_why_not_whole(verdict, is_trial, out);
}

/* What can be done. */

static bool
is_advice_needed(const struct facts *facts, unsigned methods)
{
	for (int method = 0; method < METHODS; method++)
		if ((methods & 1U << method) != 0 && telling_of((enum method)method)->advise != NULL
		    && result_is_bad(facts->results[method]))
			return true;
	return false;
}

/* In the order in which the reply tells of them. */
static void
list_advice(const struct message_record *record, unsigned methods, struct output *out)
{
	for (int rank = RANKS - 1; rank >= 0; rank--)
		for (int method = 0; method < METHODS; method++) {
			const struct telling *telling = telling_of((enum method)method);

			if ((methods & 1U << method) != 0 && (int)telling->rank == rank
			    && telling->advise != NULL)
				telling->advise(record->facts, record->time_s, out);
		}
}

/* Of a refusal the checks to blame for it, with those on which they rest. */
static unsigned
methods_to_blame(const struct cause_summary *causes)
{
	return causes->methods
	       | ((causes->methods & 1U << METHOD_DMARC) != 0 ? 1U << METHOD_SPF | 1U << METHOD_DKIM : 0);
}

/* What the refusal of a message was for. */
struct blame {
	const struct facts *facts;
	const struct record_verdict *verdict; /* NULL: it was not refused */
	struct cause_summary causes;
	unsigned methods;  /* to blame, with those on which they rest */
	size_t listed;     /* causes on which the reply alone has advice: of "spf = none", say, where nothing
			      failed */
	bool is_each_told; /* there is one piece of advice on each cause, and on nothing else */
};

/* Go to the next cause on which no check has advice, but the reply. */
static bool
next_listed(const struct blame *blame, size_t *number, struct told_cause *told)
{
	while (blame->verdict != NULL && answer_cause(blame->verdict, (*number)++, told))
		if (told->can_be_fixed
		    && (told->method == METHODS || !is_advice_needed(blame->facts, 1U << told->method)))
			return true;
	return false;
}

static struct blame
find_blame(const struct message_record *record)
{
	const struct record_verdict *verdict = answer_worst_of(record);
	struct blame blame = { .facts = record->facts, .causes = { .joint = "" } };
	struct told_cause told;
	size_t advised = 0;

	if (verdict == NULL || !action_is_against(verdict->action))
		return blame;
	blame.verdict = verdict;
	blame.causes = answer_causes(verdict);
	blame.methods = methods_to_blame(&blame.causes);
	for (size_t number = 0; next_listed(&blame, &number, &told);)
		blame.listed++;
	for (int method = 0; method < METHODS; method++)
		advised += (blame.causes.methods & 1U << method) != 0
			   && is_advice_needed(record->facts, 1U << method);
	blame.is_each_told = advised + blame.listed == blame.causes.count
			     && !is_advice_needed(record->facts, blame.methods & ~blame.causes.methods);
	return blame;
}

/* On each cause of which mending alone is enough, and on what failed besides. */
static void
list_causes(const struct message_record *record, const struct blame *blame, struct output *out)
{
	struct told_cause told;
	char shown[TELLING_SHOWN_SIZE];

	list_advice(record, blame->methods, out);
	for (size_t number = 0; next_listed(blame, &number, &told);)
		prose_bullet(out, "%s", telling_shown(told.text, shown));
}

/* First what the refusal was for. False when there is nothing to be done. */
static bool
advise(const struct message_record *record, struct output *out)
{
	const struct blame blame = find_blame(record);
	const unsigned rest = ALL_METHODS & ~(blame.methods | answer_explained(record));
	const bool has_first = blame.listed > 0 || is_advice_needed(record->facts, blame.methods);

	if (!has_first && !is_advice_needed(record->facts, rest))
		return false;
	put_title(out, ANSWER_REMEDIES);
	if (blame.causes.joint[0] != '\0' && blame.is_each_told)
		prose_put(out, 2, "%c%s:", blame.causes.joint[0] - 'a' + 'A', blame.causes.joint + 1);
	list_causes(record, &blame, out);
	if (has_first && is_advice_needed(record->facts, rest))
		prose_put(out, 2, "Also worth fixing:");
	list_advice(record, rest, out);
	return true;
}

/* The stories. */

static void
put_answer(const struct message_record *record,
	   void (*tell)(const struct message_record *record, struct strbuf *text), struct output *out)
{
	char memory[ANSWER_SIZE];
	struct strbuf text = STRBUF_OVER(memory);

	tell(record, &text);
	if (out->is_markup) {
		output_put(out, "<p class=\"answer\">%s</p>\n", memory);
		return;
	}
	output_set_colour(out, OUTPUT_BOLD);
	prose_wrap(out, memory, 0, 0);
	output_set_colour(out, OUTPUT_PLAIN);
	output_put(out, "\n");
}

static void
put_line(struct output *out, const char *title, const char *before, const char *text, const char *behind)
{
	char shown[TELLING_SHOWN_SIZE];

	output_put(out, "  %-7s %s", title, before);
	output_put(out, "%s%s\n", telling_shown(text, shown), behind);
}

/* The client's address, or what is known in place of it. */
static const char *
client_text(const struct facts *facts, const char *local, char memory[IPADDR_TEXT_SIZE])
{
	if (facts->client.address.length > 0)
		return telling_client(facts, memory);
	return facts_is_behind_gateway(facts) ? "unknown" : local;
}

static void
put_gateway(const struct facts *facts, struct output *out)
{
	char memory[TEXT_MAX];
	struct strbuf story = STRBUF_OVER(memory);

	gateway_add_story(facts, &story);
	if (story.length == 0)
		return;
	output_put(out, "  Gateway ");
	prose_wrap(out, memory, 10, 10);
}

static void
put_client(const struct facts *facts, struct output *out)
{
	const bool has_name = facts->iprev.verified != NULL && facts->iprev.verified[0] != '\0';
	char ip[IPADDR_TEXT_SIZE], name[TELLING_SHOWN_SIZE];

	output_put(out, "  Client  %s%s%s%s%s\n", client_text(facts, "this host itself", ip),
		   has_name ? " (" : "", telling_shown(facts->iprev.verified, name), has_name ? ")" : "",
		   facts->client.is_trusted ? ", trusted: nothing is looked up for it" : "");
}

static void
put_head(const struct message_record *record, const struct config *config, struct output *out)
{
	const struct facts *facts = record->facts;
	char id[TELLING_SHOWN_SIZE], time[CLOCK_TEXT_SIZE];

	output_set_colour(out, OUTPUT_BOLD);
	output_put(out, "Message %s", telling_shown(record->ident, id));
	output_set_colour(out, OUTPUT_PLAIN);
	output_put(out, "\n\n");
	output_put(out, "  Time    %s\n", clock_format(record->time_s, time));
	if (record->host != NULL && (config == NULL || strcmp(record->host, config->host) != 0))
		put_line(out, "Host", "", record->host, "");
	put_client(facts, out);
	put_gateway(facts, out);
	if (facts->client.is_authenticated)
		put_line(out, "User", "", facts->client.auth_name, "");
	put_line(out, "HELO", "", facts->helo.given != NULL ? facts->helo.given : "(none)", "");
	put_line(out, "Sender", "<", facts->sender.mailbox.text, ">");
	if (record->queue_id != NULL && record->queue_id[0] != '\0')
		put_line(out, "Queue", "", record->queue_id, "");
}

static void
put_story(const struct message_record *record, const struct config *config, bool is_trial, struct output *out)
{
	const struct facts *facts = record->facts;

	put_answer(record, is_trial ? answer_tell_trial : answer_tell, out);
	put_head(record, config, out);
	put_checks(record, READER_HERE, out);
	put_trace(&facts->spf[SPF_MAILFROM], facts->results[METHOD_SPF], out);
	if (mark_of(facts->results[METHOD_SPF_HELO]) == EXPLAIN_BAD)
		put_trace(&facts->spf[SPF_HELO], facts->results[METHOD_SPF_HELO], out);
	put_title(out, is_trial ? "What would be decided" : "What was decided");
	for (size_t i = 0; i < record->recipient_count; i++) {
		const struct record_verdict *verdict = &record->verdicts[record->recipients[i].verdict];

		put_verdict(record, &record->recipients[i], config, is_trial, out);
		if (answer_is_held(record) && !action_is_against(verdict->action) && !verdict->is_apart)
			prose_put(
				out, 4,
				"The MTA holds it all the same, with the whole message, which is quarantined for another recipient.");
	}
	(void)advise(record, out);
}

/* The recipient of whom to tell first: who was refused, or would have been. */
static size_t
telling_recipient(const struct message_record *record)
{
	size_t i = 0;

	while (i < record->recipient_count
	       && !action_refuses(record->verdicts[record->recipients[i].verdict].action))
		i++;
	return i < record->recipient_count ? i : 0;
}

void
explain_line(const struct message_record *record, struct output *out)
{
	const struct facts *facts = record->facts;
	const size_t told = telling_recipient(record);
	char id[TELLING_SHOWN_SIZE], sender[TELLING_SHOWN_SIZE], shown[TELLING_SHOWN_SIZE];
	char time[CLOCK_TEXT_SIZE], ip[IPADDR_TEXT_SIZE];

	output_put(out, "%s  %s  %s  <%s>", telling_shown(record->ident, id),
		   clock_format(record->time_s, time), client_text(facts, "local", ip),
		   telling_shown(facts->sender.mailbox.text, sender));
	if (record->recipient_count > 0) {
		const struct record_recipient *recipient = &record->recipients[told];
		const struct record_verdict *verdict = &record->verdicts[recipient->verdict];

		output_put(out, " -> %s", telling_shown(recipient->address.typed, shown));
		if (record->recipient_total > 1)
			output_put(out, " and %zu more", record->recipient_total - 1);
		output_put(out, "  %s%s%s", record->is_unfinished ? "unfinished, " : "",
			   is_would_be(record, verdict) ? "would be: " : "", decision_word(verdict));
	}
	output_put(out, "\n");
}

void
explain_story(const struct message_record *record, const struct config *config, struct output *out)
{
	put_story(record, config, false, out);
}

void
explain_trial(const struct message_record *record, const struct config *config, struct output *out)
{
	put_story(record, config, true, out);
}

/* What became of a recipient that was not refused. */
static const char *
fate_of(const struct message_record *record)
{
	if (record->is_unfinished)
		return "not refused by this check, but the filter did not see the end of the message.";
	return answer_is_held(record) ? "accepted, but held: not delivered unless it is released."
				      : "accepted.";
}

static void
tell_recipient(const struct message_record *record, const struct record_recipient *recipient,
	       struct output *out)
{
	const struct record_verdict *verdict = &record->verdicts[recipient->verdict];
	const bool is_done = action_refuses(verdict->action) && verdict->is_enforced;
	char shown[TELLING_SHOWN_SIZE];

	prose_put(out, 2, "%s: %s", telling_shown(recipient->address.typed, shown),
		  !is_done                           ? fate_of(record)
		  : verdict->action == ACTION_REJECT ? "rejected with"
						     : "deferred, to be tried again later, with");
	if (is_done)
		prose_put(out, 6, "%s", telling_shown(verdict->reply, shown));
}

static void
put_origin(const struct facts *facts, struct output *out)
{
	char ip[IPADDR_TEXT_SIZE], shown[TELLING_SHOWN_SIZE], gateway[IPADDR_TEXT_SIZE];

	if (facts_is_behind_gateway(facts))
		prose_put(out, 0, "It came through our gateway %s.",
			  ipaddr_format(&facts->client.gateway.address, gateway));
	if (facts_lacks_client(facts))
		return;
	prose_put(out, 0, "%s from %s, which introduced itself (HELO/EHLO) as \"%s\".",
		  facts_is_behind_gateway(facts) ? "The gateway had it" : "It came",
		  client_text(facts, "this host itself", ip), telling_shown(facts->helo.given, shown));
}

void
explain_for_sender(const struct message_record *record, struct output *out)
{
	char shown[TELLING_SHOWN_SIZE];

	put_answer(record, answer_tell_sender, out);
	put_origin(record->facts, out);
	put_checks(record, READER_SENDER, out);
	put_title(out, ANSWER_ANSWERED);
	for (size_t i = 0; i < record->recipient_count; i++)
		tell_recipient(record, &record->recipients[i], out);
	(void)advise(record, out);
	output_put(out, "\n");
	prose_put(out, 0, "Reference: %s", telling_shown(record->ident, shown));
}

/* For who has the reference. */

/* Whether a refusal was done, and answered otherwise than one before it. */
static bool
is_new_reply(const struct message_record *record, size_t number)
{
	const struct record_verdict *verdict = &record->verdicts[record->recipients[number].verdict];

	if (!explain_was_told(verdict))
		return false;
	for (size_t i = 0; i < number; i++) {
		const struct record_verdict *other = &record->verdicts[record->recipients[i].verdict];

		if (explain_was_told(other) && strcmp(other->reply, verdict->reply) == 0)
			return false;
	}
	return true;
}

bool
explain_was_told(const struct record_verdict *verdict)
{
	return action_refuses(verdict->action) && verdict->is_enforced && !verdict->is_apart
	       && verdict->reply != NULL;
}

void
explain_refusal(const struct message_record *record, bool has_advice, struct output *out)
{
	put_answer(record, answer_tell_sender, out);
	if (has_advice)
		(void)advise(record, out);
}

void
explain_refusal_found(const struct message_record *record, struct output *out)
{
	char shown[TELLING_SHOWN_SIZE];

	put_checks(record, READER_SENDER, out);
	put_origin(record->facts, out);
	put_title(out, ANSWER_ANSWERED);
	for (size_t i = 0; i < record->recipient_count; i++)
		if (is_new_reply(record, i))
			output_put(
				out, "<p class=\"reply\">%s</p>\n",
				telling_shown(record->verdicts[record->recipients[i].verdict].reply, shown));
}

void
explain_again(const struct message_record *record, struct output *out)
{
	unsigned methods = 0;

	for (int method = 0; method < METHODS; method++)
		if (method_words((enum method)method)->stage < STAGE_HEADER
		    || (method == METHOD_DMARC && record->facts->results[method] == RESULT_PASS))
			methods |= 1U << method;
	if (is_advice_needed(record->facts, methods)) {
		output_put(out, "<h3>" ANSWER_REMEDIES "</h3>\n");
		list_advice(record, methods, out);
	}
	if (has_checks(record->facts, methods)) {
		output_put(out, "<h3>What was found now</h3>\n");
		list_checks(record, methods, READER_SENDER, out);
	}
}
