#include "heloscope/explain.h"

#include <stdarg.h>
#include <string.h>

#include "heloscope/advise.h"
#include "heloscope/authres.h"
#include "heloscope/prose.h"
#include "heloscope/record.h"
#include "heloscope/span.h"
#include "heloscope/strbuf.h"

#define TEXT_MAX 4000

/* Writing. */

static void
put_title(const struct explain_style *style, FILE *out, const char *title)
{
	(void)fprintf(out, "\n%s%s%s\n\n", style->has_colour ? "\033[1m" : "", title,
		      style->has_colour ? "\033[0m" : "");
}

static const struct {
	const char *ascii, *utf8, *colour;
} marks[EXPLAIN_MARKS] = {
	[EXPLAIN_NEITHER] = { ".", "\xc2\xb7", "" },
	[EXPLAIN_GOOD] = { "+", "\xe2\x9c\x93", "\033[32m" },
	[EXPLAIN_NOTE] = { "~", "~", "" },
	[EXPLAIN_UNKNOWN] = { "?", "?", "\033[33m" },
	[EXPLAIN_WARNING] = { "!", "!", "\033[33m" },
	[EXPLAIN_BAD] = { "-", "\xe2\x9c\x97", "\033[31m" },
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
explain_put_mark(const struct explain_style *style, enum explain_mark mark, FILE *out)
{
	const bool has_colour = style->has_colour && marks[mark].colour[0] != '\0';

	(void)fprintf(out, "%s%s%s", has_colour ? marks[mark].colour : "",
		      style->is_utf8 ? marks[mark].utf8 : marks[mark].ascii, has_colour ? "\033[0m" : "");
}

/* Checks, each in a sentence. */

static void
say_iprev(const json_t *record, const json_t *check, struct strbuf *said)
{
	const char *ip = record_text(record_member(record, "client"), "ip");
	const json_t *names = record_member(check, "names"), *name;
	size_t i;

	if (json_array_size(names) == 0 && record_is(check, "result", "temperror")) {
		strbuf_printf(said, "the reverse DNS of %s cannot be looked up: %s", ip,
			      record_text(check, "status"));
		return;
	}
	if (json_array_size(names) == 0) {
		strbuf_printf(said, "%s has no reverse DNS name (%s)", ip, record_text(check, "status"));
		return;
	}
	for (i = 0; (name = json_array_get(names, i)) != NULL; i++) {
		const bool is_verified = json_is_true(record_member(name, "verified"));

		strbuf_printf(said, "%s%s -> %s -> %s%s", i > 0 ? "; " : "", ip, record_text(name, "name"),
			      record_text(name, "addresses")[0] != '\0' ? record_text(name, "addresses")
									: record_text(name, "status"),
			      is_verified ? "" : ", which is not the client");
	}
}

static void
say_helo(const json_t *record, const json_t *check, struct strbuf *said)
{
	const char *helo = record_text(record, "helo");

	if (record_is(check, "result", "none"))
		strbuf_add(said, "no name was given");
	else if (record_is(check, "result", "permerror"))
		strbuf_printf(said, "\"%s\" is no valid name%s%s", helo,
			      record_text(check, "reason")[0] != '\0' ? ": " : "",
			      record_text(check, "reason"));
	else if (record_is(check, "reverse-dns", "equal"))
		strbuf_printf(said, "%s is the client's reverse DNS name", helo);
	else if (json_is_true(record_member(check, "resolves-to-client")))
		strbuf_printf(said, "%s leads to the client", helo);
	else if (record_is(check, "result", "temperror"))
		strbuf_printf(said, "%s cannot be looked up: %s", helo, record_text(check, "status"));
	else
		strbuf_printf(said, "%s neither leads to the client nor is its reverse DNS name%s", helo,
			      record_is(check, "reverse-dns", "same organization")
				      ? "; it is of the same organization"
				      : "");
}

static void
say_spf(const json_t *record, const json_t *check, struct strbuf *said)
{
	const char *domain = record_text(check, "domain"),
		   *ip = record_text(record_member(record, "client"), "ip");

	if (domain[0] == '\0')
		strbuf_add(said, "there is no domain to ask");
	else if (record_text(check, "problem")[0] != '\0')
		strbuf_add(said, record_text(check, "problem"));
	else if (record_is(check, "result", "none"))
		strbuf_printf(said, "%s has no SPF record", domain);
	else if (record_is(check, "result", "neutral"))
		strbuf_printf(said, "the record of %s does not say whether %s may send", domain, ip);
	else
		strbuf_printf(said, "the record of %s %s %s", domain,
			      record_is(check, "result", "pass") ? "allows" : "does not allow", ip);
	if (record_text(check, "mechanism")[0] != '\0')
		strbuf_printf(said, ", %s \"%s\"", record_text(check, "problem")[0] != '\0' ? "at" : "by",
			      record_text(check, "mechanism"));
}

static void
say_sender(const json_t *record, const json_t *check, struct strbuf *said)
{
	(void)record;
	strbuf_printf(said, "%s%s%s", record_text(check, "domain"),
		      record_text(check, "domain")[0] != '\0' ? ": " : "", record_text(check, "reason"));
}

/* Whether a list stands among `findings`, for whatever subject. */
static bool
has_zone(const json_t *findings, size_t count, const char *zone)
{
	for (size_t i = 0; i < count; i++)
		if (record_is(json_array_get(findings, i), "zone", zone))
			return true;
	return false;
}

static void
say_lists(const json_t *record, const json_t *check, struct strbuf *said)
{
	const json_t *hits = record_member(check, "hits"), *others = record_member(check, "not-listed"),
		     *other;
	const char *before = "not listed by ";

	(void)record;
	if (!record_is(check, "result", "none")) {
		strbuf_printf(said, "score %lld",
			      (long long)json_integer_value(record_member(check, "score")));
		before = "; not listed by ";
	}
	for (size_t i = 0; (other = json_array_get(others, i)) != NULL; i++) {
		const char *zone = record_text(other, "zone");

		if (has_zone(hits, json_array_size(hits), zone) || has_zone(others, i, zone))
			continue;
		strbuf_printf(said, "%s%s", before, zone);
		before = ", ";
	}
}

static const struct teller {
	const char *method, *title;
	void (*say)(const json_t *record, const json_t *check, struct strbuf *said);
} tellers[] = {
	{ "iprev", "Reverse DNS", say_iprev },
	{ "x-helo", "HELO name", say_helo },
	{ "spf", "SPF", say_spf },
	{ "spf-helo", "SPF of HELO", say_spf },
	{ "x-sender", "Sender", say_sender },
	{ "x-dnsbl", "Block lists", say_lists },
	{ "dnswl", "Allow lists", say_lists },
};

static void
put_hits(const json_t *check, FILE *out)
{
	const json_t *hits = record_member(check, "hits"), *hit, *answer;
	size_t i, j;

	for (i = 0; (hit = json_array_get(hits, i)) != NULL; i++) {
		char memory[TEXT_MAX];
		struct strbuf said;

		strbuf_init(&said, memory, sizeof memory);
		if (record_is(hit, "state", "fault"))
			strbuf_printf(&said, "%s, asked for %s: %s", record_text(hit, "zone"),
				      record_text(hit, "asked"), record_text(hit, "fault"));
		else
			strbuf_printf(&said, "%s lists %s", record_text(hit, "zone"),
				      record_text(hit, "asked"));
		for (j = 0; (answer = json_array_get(record_member(hit, "answers"), j)) != NULL; j++)
			strbuf_printf(&said, "%s%s", j == 0 ? " (" : ", ", json_string_value(answer));
		if (j > 0)
			strbuf_printf(&said, "%s%s)", record_text(hit, "meaning")[0] != '\0' ? ": " : "",
				      record_text(hit, "meaning"));
		if (!record_is(hit, "state", "fault"))
			strbuf_printf(&said, ", weight %lld",
				      (long long)json_integer_value(record_member(hit, "weight")));
		prose_put(out, 28, "%s", memory);
		if (record_text(hit, "text")[0] != '\0')
			prose_put(out, 30, "it says: %s", record_text(hit, "text"));
		if (record_text(hit, "page")[0] != '\0')
			prose_put(out, 30, "see %s", record_text(hit, "page"));
	}
}

static void
put_checks(const json_t *record, const struct explain_style *style, FILE *out)
{
	for (size_t i = 0; i < sizeof tellers / sizeof tellers[0]; i++) {
		const json_t *check = record_check(record, tellers[i].method);
		char memory[TEXT_MAX];
		struct strbuf said;

		if (check == NULL)
			continue;
		strbuf_init(&said, memory, sizeof memory);
		tellers[i].say(record, check, &said);
		(void)fputs("  ", out);
		explain_put_mark(style, mark_of(record_text(check, "result")), out);
		(void)fprintf(out, " %-12s %-10s ", tellers[i].title, record_text(check, "result"));
		prose_wrap(out, memory, 28, 28);
		put_hits(check, out);
	}
}

/* SPF, term by term. */

static void
put_lookups(const json_t *step, size_t indent, FILE *out)
{
	const json_t *lookup, *answer;
	size_t i, j;

	for (i = 0; (lookup = json_array_get(record_member(step, "lookups"), i)) != NULL; i++) {
		char memory[TEXT_MAX];
		struct strbuf said;

		strbuf_init(&said, memory, sizeof memory);
		strbuf_printf(&said, "%s %s:", record_text(lookup, "name"), record_text(lookup, "type"));
		for (j = 0; (answer = json_array_get(record_member(lookup, "answers"), j)) != NULL; j++)
			strbuf_printf(&said, "%s %s", j > 0 ? "," : "", json_string_value(answer));
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
	if (strchr("+-?~", term[0]) != NULL)
		term++;
	if (begins_with(term, "include:"))
		return is_match ? "matches: the record below allows the client"
				: "does not match: the record below does not allow the client";
	return is_match ? "matches" : "does not match";
}

static void
put_step(const json_t *step, bool is_decisive, FILE *out)
{
	const size_t indent = 4 + 4 * (size_t)json_integer_value(record_member(step, "depth"));

	if (record_member(step, "record") != NULL) {
		prose_put(out, indent, "%s: %s", record_text(step, "domain"),
			  record_text(step, "record")[0] != '\0' ? record_text(step, "record")
								 : "no SPF record");
		return;
	}
	(void)fprintf(out, "%*s%s ", (int)indent - 2, "", is_decisive ? "=>" : "  ");
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
put_trace(const json_t *record, const char *method, const struct explain_style *style, FILE *out)
{
	const json_t *check = record_check(record, method), *trace = record_member(check, "trace"), *step;
	const size_t decisive = decisive_step(trace);
	char title[120];
	size_t i;

	if (json_array_size(trace) < 2 && record_text(json_array_get(trace, 0), "record")[0] == '\0')
		return;
	(void)snprintf(title, sizeof title, "How SPF for %.60s came to \"%s\"", record_text(check, "domain"),
		       record_text(check, "result"));
	put_title(style, out, title);
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

static void
put_verdict(const json_t *verdict, FILE *out)
{
	const bool is_enforced = json_is_true(record_member(verdict, "enforced"));
	const json_t *note;
	size_t i;

	prose_put(out, 2, "%s: %s%s%s%s%s", record_text(verdict, "recipient"),
		  is_enforced ? "" : "would be: ", record_text(verdict, "action"),
		  record_text(verdict, "rule")[0] != '\0' ? ", by the rule at " : ", no rule decided",
		  record_text(verdict, "rule"),
		  json_is_true(record_member(verdict, "softened"))
			  ? " (not a rejection, because something could not be found out)"
			  : "");
	if (record_text(verdict, "reply")[0] != '\0') {
		prose_put(out, 4, "%s", is_enforced ? "The sender was told:" : "The sender would be told:");
		prose_put(out, 6, "%s", record_text(verdict, "reply"));
	}
	for (i = 0; (note = json_array_get(record_member(verdict, "notes"), i)) != NULL; i++) {
		if (record_member(note, "tag") != NULL)
			prose_put(out, 4, "Tagged \"%s\", by the rule at %s", record_text(note, "tag"),
				  record_text(note, "rule"));
		else
			prose_put(out, 4, "The rule at %s, which only tells, says: %s",
				  record_text(note, "rule"), record_text(note, "audit"));
	}
}

/* The stories. */

static void
put_head(const json_t *record, const struct explain_style *style, FILE *out)
{
	const json_t *client = record_member(record, "client");
	const char *name = record_text(client, "name"), *ip = record_text(client, "ip");

	(void)fprintf(out, "%sMessage %s%s\n\n", style->has_colour ? "\033[1m" : "",
		      record_text(record, "id"), style->has_colour ? "\033[0m" : "");
	(void)fprintf(out, "  Time    %s\n", record_text(record, "time"));
	(void)fprintf(out, "  Client  %s%s%s%s%s\n", ip[0] != '\0' ? ip : "this host itself",
		      name[0] != '\0' ? " (" : "", name, name[0] != '\0' ? ")" : "",
		      json_is_true(record_member(client, "trusted")) ? ", trusted" : "");
	if (json_is_true(record_member(client, "authenticated")))
		(void)fprintf(out, "  User    %s\n", record_text(client, "user"));
	(void)fprintf(out, "  HELO    %s\n",
		      record_member(record, "helo") != NULL ? record_text(record, "helo") : "(none)");
	(void)fprintf(out, "  Sender  <%s>\n", record_text(record, "sender"));
	if (record_text(record, "queue-id")[0] != '\0')
		(void)fprintf(out, "  Queue   %s\n", record_text(record, "queue-id"));
}

void
explain_story(const json_t *record, const struct explain_style *style, FILE *out)
{
	const json_t *verdict;
	size_t i;

	put_head(record, style, out);
	if (json_object_size(record_member(record, "checks")) > 0) {
		put_title(style, out, "What was found");
		put_checks(record, style, out);
	}
	put_trace(record, "spf", style, out);
	if (mark_of(record_text(record_check(record, "spf-helo"), "result")) == EXPLAIN_BAD)
		put_trace(record, "spf-helo", style, out);
	put_title(style, out, "What was decided");
	for (i = 0; (verdict = json_array_get(record_member(record, "verdicts"), i)) != NULL; i++)
		put_verdict(verdict, out);
	if (advise_is_needed(record)) {
		put_title(style, out, "What can be done");
		advise(record, out);
	}
}

void
explain_for_sender(const json_t *record, FILE *out)
{
	static const struct explain_style plain = { false, false };
	const json_t *client = record_member(record, "client"), *verdict;
	size_t i;

	prose_put(out, 0, "Your message of %s from <%s>, handed to us by %s, which called itself \"%s\":",
		  record_text(record, "time"), record_text(record, "sender"), record_text(client, "ip"),
		  record_text(record, "helo"));
	(void)fputc('\n', out);
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
	put_title(&plain, out, "What can be done");
	advise(record, out);
	(void)fputc('\n', out);
	prose_put(out, 0, "Reference: %s", record_text(record, "id"));
}
