#include "heloscope/spf/merge.h"

#include "heloscope/base/arena.h"
#include "heloscope/spf/record.h"
#include "heloscope/spf/spf.h"

#define MEMORY (256U << 10)

struct merging {
	struct strbuf *text;
	struct span explanation; /* the first exp=; empty: none */
	unsigned records;
	unsigned lookups;
	enum result all; /* of an "all"; RESULT_UNCHECKED: none yet */
};

/* Whether the text has that term already. */
static bool
has_term(const struct strbuf *text, struct span term)
{
	struct span rest = { text->text, text->length };

	while (rest.length > 0) {
		size_t length = 0;

		while (length < rest.length && rest.at[length] != ' ')
			length++;
		if (span_equals_nocase((struct span){ rest.at, length }, term))
			return true;
		rest = span_from(rest, length < rest.length ? length + 1 : length);
	}
	return false;
}

/* The milder of two results of "all". */
static enum result
milder(enum result a, enum result b)
{
	if (a == RESULT_NEUTRAL || b == RESULT_NEUTRAL)
		return RESULT_NEUTRAL;
	return a == RESULT_SOFTFAIL || b == RESULT_SOFTFAIL ? RESULT_SOFTFAIL : RESULT_FAIL;
}

static bool
add_term(struct merging *merging, const struct spf_term *term, bool is_last)
{
	if (term->mechanism == SPF_ALL) {
		merging->all = milder(merging->all, term->qualifier);
		return is_last && term->qualifier != RESULT_PASS;
	}
	if (spf_term_is_wide(term))
		return false;
	if (term->qualifier != RESULT_PASS || has_term(merging->text, term->text))
		return term->qualifier == RESULT_PASS;
	strbuf_add_char(merging->text, ' ');
	strbuf_add_span(merging->text, term->text);
	merging->lookups += spf_term_counts(term->text) ? 1 : 0;
	return merging->lookups <= SPF_TERMS_MAX;
}

/* What a redirect allows, as an include. How its record ends is not known here: mildly. */
static bool
add_redirect(struct merging *merging, struct span domain_spec, struct arena *arena)
{
	const char *text = arena_printf(arena, "include:%.*s", (int)domain_spec.length, domain_spec.at);
	const struct spf_term include = { .qualifier = RESULT_PASS,
					  .mechanism = SPF_INCLUDE,
					  .text = span_of(text) };

	merging->all = milder(merging->all, RESULT_SOFTFAIL);
	return !arena->has_failed && add_term(merging, &include, true);
}

static bool
add_record(struct merging *merging, struct span published, struct arena *arena)
{
	struct spf_record record;
	struct spf_fault fault;

	if (!spf_record_parse(published, arena, &record, &fault))
		return false;
	merging->records++;
	if (record.has_explanation && merging->explanation.length == 0)
		merging->explanation = record.explanation_text;
	for (size_t i = 0; i < record.count; i++)
		if (!add_term(merging, &record.terms[i], i + 1 == record.count))
			return false;
	return !record.has_redirect || record.has_all || add_redirect(merging, record.redirect, arena);
}

static const char *
all_term(enum result all)
{
	return all == RESULT_FAIL ? " -all" : all == RESULT_NEUTRAL ? " ?all" : " ~all";
}

bool
spf_merge(const struct dns_answer *answer, struct strbuf *text)
{
	struct merging merging = { .text = text, .explanation = SPAN(""), .all = RESULT_UNCHECKED };
	bool is_merged = true;
	struct arena arena;

	arena_init(&arena, MEMORY);
	strbuf_add(text, SPF_VERSION);
	for (size_t i = 0; i < answer->count && is_merged; i++)
		if (spf_record_is_one(answer->records[i].text))
			is_merged = add_record(&merging, answer->records[i].text, &arena);
	strbuf_add(text, merging.explanation.length > 0 ? " " : "");
	strbuf_add_span(text, merging.explanation);
	strbuf_add(text, all_term(merging.all));
	is_merged = is_merged && merging.records > 1 && !text->is_cut;
	if (!is_merged)
		strbuf_shorten(text, 0);
	arena_clear(&arena);
	return is_merged;
}
