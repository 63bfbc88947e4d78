/* tell_lists: what lists say. See telling.h. */
#include "heloscope/words/telling.h"

#include "heloscope/base/prose.h"
#include "heloscope/records/value.h"

#define LISTS_TOLD_MAX 2
#define SHOWN_MAX 120 /* octets of a list's words in a reply */
#define TEXT_MAX 4000

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

static void
put_hits(const json_t *check, struct output *out)
{
	const json_t *hits = record_member(check, "hits"), *hit, *answer;
	size_t i, j;

	for (i = 0; (hit = json_array_get(hits, i)) != NULL; i++) {
		char memory[TEXT_MAX];
		struct strbuf said;

		strbuf_init(&said, memory, sizeof memory);
		if (json_is_true(record_member(hit, "withheld")))
			strbuf_printf(&said,
				      "%s was not asked for %s: this client, or its network, had too many "
				      "names looked up",
				      record_text(hit, "zone"), record_text(hit, "asked"));
		else if (record_is(hit, "state", "fault"))
			strbuf_printf(&said, "%s, asked for %s: %s", record_text(hit, "zone"),
				      record_text(hit, "asked"), record_text(hit, "fault"));
		else
			strbuf_printf(&said, "%s lists %s", record_text(hit, "zone"),
				      record_text(hit, "asked"));
		for (j = 0; (answer = json_array_get(record_member(hit, "answers"), j)) != NULL; j++)
			strbuf_printf(&said, "%s%s", j == 0 ? " (" : ", ", record_item(answer));
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
tell_finding(const struct list_finding *finding, struct strbuf *text)
{
	char answer[IPADDR_TEXT_SIZE];
	const struct ipaddr address = ipaddr_from_ipv4(finding->answers[0]);

	strbuf_printf(text, "%s is listed by %s (%s", finding->asked, finding->zone,
		      ipaddr_format(&address, answer));
	if (finding->meaning != NULL)
		strbuf_printf(text, ", %s", finding->meaning);
	if (finding->page != NULL)
		strbuf_printf(text, "; see %s", finding->page);
	strbuf_add(text, ")");
	if (finding->text != NULL) {
		strbuf_add(text, ": ");
		strbuf_add_escaped(text, span_of(finding->text), SHOWN_MAX);
	}
	strbuf_add(text, ". ");
}

static void
refuse_lists(const struct config *config, const struct facts *facts, struct strbuf *text)
{
	size_t told = 0;

	(void)config;
	for (int subject = 0; subject < LIST_SUBJECTS; subject++) {
		const struct list_facts *lists = &facts->lists[subject];

		for (size_t i = 0; i < lists->count; i++) {
			const struct list_finding *finding = &lists->findings[i];

			if (!finding->is_allow && finding->state == LIST_LISTED && told++ < LISTS_TOLD_MAX)
				tell_finding(finding, text);
		}
	}
}

static void
advise_lists(const json_t *record, struct output *out)
{
	const json_t *hit;
	size_t i;

	for (i = 0; (hit = json_array_get(record_member(record_check(record, "x-dnsbl"), "hits"), i)) != NULL;
	     i++) {
		if (!record_is(hit, "state", "listed"))
			continue;
		prose_bullet(
			out,
			"%s lists %s%s%s. Only its operator can take that back, once the reason is gone%s%s",
			record_text(hit, "zone"), record_text(hit, "asked"),
			record_text(hit, "meaning")[0] != '\0' ? ": " : "", record_text(hit, "meaning"),
			record_text(hit, "page")[0] != '\0' ? ": " : ".", record_text(hit, "page"));
	}
}

const struct telling tell_dnsbl = {
	.key = "x-dnsbl",
	.title = "Block lists",
	.rank = RANK_LISTS,
	.say = say_lists,
	.put_more = put_hits,
	.refuse = refuse_lists,
	.advise = advise_lists,
};

const struct telling tell_dnswl = {
	.key = "dnswl",
	.title = "Allow lists",
	.say = say_lists,
	.put_more = put_hits,
};
