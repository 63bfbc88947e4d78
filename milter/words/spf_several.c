#include "heloscope/words/spf_several.h"

#include <string.h>

#include "heloscope/base/prose.h"
#include "heloscope/spf/merge.h"
#include "heloscope/spf/record.h"
#include "heloscope/words/telling.h"

#define QUOTED_MAX 200 /* octets of all of them in a sentence */
#define SHOWN_MAX 10   /* of them in a story */
#define INDENT 28      /* of what stands below a check */

/* The answer in which they are. NULL: the problem is another, or a record of the log was too long for it. */
static const struct dns_answer *
find_answer(const struct spf_facts *spf)
{
	if (spf->problem.kind != SPF_PROBLEM_SEVERAL_RECORDS || spf->problem.name == NULL)
		return NULL;
	for (size_t i = 0; i < spf->trace.lookup_count; i++) {
		const struct spf_lookup *lookup = &spf->trace.lookups[i];

		if (lookup->type == DNS_TXT && lookup->answer != NULL
		    && strcmp(lookup->name, spf->problem.name) == 0)
			return lookup->answer;
	}
	return NULL;
}

static size_t
count_records(const struct dns_answer *answer)
{
	size_t count = 0;

	for (size_t i = 0; answer != NULL && i < answer->count; i++)
		count += spf_record_is_one(answer->records[i].text) ? 1 : 0;
	return count;
}

/* The same, if it has all of them. */
static const struct dns_answer *
find_all(const struct spf_facts *spf)
{
	const struct dns_answer *answer = find_answer(spf);

	return answer != NULL && count_records(answer) == spf->problem.count ? answer : NULL;
}

bool
spf_several_have(const struct spf_facts *spf, struct span letters)
{
	const struct dns_answer *answer = find_answer(spf);

	for (size_t i = 0; answer != NULL && i < answer->count; i++)
		if (spf_record_is_one(answer->records[i].text)
		    && span_contains_nocase(answer->records[i].text, letters))
			return true;
	return false;
}

bool
spf_several_merge(const struct spf_facts *spf, struct strbuf *merged)
{
	const struct dns_answer *answer = find_all(spf);

	return answer != NULL && spf_merge(answer, merged);
}

bool
spf_several_includes(struct span merged)
{
	struct span term;

	while ((term = span_word(&merged, ASCII_BLANKS)).length > 0)
		if (span_starts_with_nocase(spf_without_qualifier(term), SPAN("include:")))
			return true;
	return false;
}

void
spf_several_quote(const struct spf_facts *spf, struct strbuf *text)
{
	const struct dns_answer *answer = find_all(spf);
	char memory[QUOTED_MAX];
	struct strbuf quoted = STRBUF_OVER(memory);

	for (size_t i = 0; answer != NULL && i < answer->count; i++) {
		if (!spf_record_is_one(answer->records[i].text))
			continue;
		strbuf_add(&quoted, quoted.length > 0 ? " and \"" : "\"");
		strbuf_add_escaped(&quoted, answer->records[i].text, QUOTED_MAX);
		strbuf_add_char(&quoted, '"');
	}
	if (quoted.length > 0 && !quoted.is_cut)
		strbuf_printf(text, "They are %s. ", memory);
}

void
spf_several_put(const struct spf_facts *spf, struct output *out)
{
	const struct dns_answer *answer = find_answer(spf);
	size_t shown = 0;

	for (size_t i = 0; answer != NULL && i < answer->count && shown < SHOWN_MAX; i++) {
		char memory[TELLING_SHOWN_SIZE];
		struct strbuf text = STRBUF_OVER(memory);

		if (!spf_record_is_one(answer->records[i].text))
			continue;
		strbuf_printf(&text, "%zu: ", ++shown);
		strbuf_add_escaped(&text, answer->records[i].text, TELLING_SHOWN_SIZE);
		prose_put(out, INDENT, "%s", memory);
	}
	if (shown > 0 && shown < spf->problem.count)
		prose_put(out, INDENT, "(and %zu more)", spf->problem.count - shown);
}
