#include "heloscope/records/cut.h"

#include <stdio.h>
#include <string.h>

#include "heloscope/base/domain.h"
#include "heloscope/base/escape.h"
#include "heloscope/records/value.h"

#define TEXT_CUT 900   /* octets of a name or address that is cut */
#define TEXT_SHORT 120 /* of any other text */

/* Each way returns whether there was anything to cut. */

static const char *const spf_checks[] = { "spf", "spf-helo" };

static bool
cut_lookups(json_t *object)
{
	bool has_cut = false;

	for (size_t i = 0; i < 2; i++) {
		json_t *trace = json_object_get(
			       json_object_get(json_object_get(object, "checks"), spf_checks[i]), "trace"),
		       *step;

		for (size_t j = 0; (step = json_array_get(trace, j)) != NULL; j++)
			has_cut = json_object_del(step, "lookups") == 0 || has_cut;
	}
	return has_cut;
}

static bool
cut_trace(json_t *object)
{
	bool has_cut = false;

	for (size_t i = 0; i < 2; i++) {
		json_t *trace = json_object_get(
			json_object_get(json_object_get(object, "checks"), spf_checks[i]), "trace");

		has_cut = has_cut || json_array_size(trace) > 0;
		(void)json_array_clear(trace);
	}
	return has_cut;
}

/* The place of a rule is by what replay and report know it again, and no stranger makes it long. */
static bool
names_a_rule(const char *key)
{
	return strcmp(key, "rule") == 0;
}

/* Names that patterns of policies are compared with. */
static bool
holds_a_name(const char *key)
{
	static const char *const keys[] = { "domain", "from", "name", "zone" };

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (strcmp(key, keys[i]) == 0)
			return true;
	return false;
}

/* All texts within a value, to so many octets, not within an escape; names only where they are none. */
static void
shorten_texts(json_t *value, size_t most, bool *has_cut)
{
	for (void *at = json_object_iter(value); at != NULL; at = json_object_iter_next(value, at)) {
		const char *key = json_object_iter_key(at);
		const struct span text = span_of(document_text_of(value, key));
		struct span rest = text;
		char memory[TEXT_CUT + 8], octet;

		shorten_texts(json_object_iter_value(at), most, has_cut);
		if (text.length <= most || names_a_rule(key)
		    || (text.length < DOMAIN_SIZE && holds_a_name(key)))
			continue;
		while (text.length - rest.length + 4 <= most)
			rest = span_from(rest, escape_undo(rest, &octet));
		(void)snprintf(memory, sizeof memory, "%.*s...", (int)(text.length - rest.length), text.at);
		document_put(value, key, document_text(span_of(memory)));
		*has_cut = true;
	}
	for (size_t i = 0; i < json_array_size(value); i++)
		shorten_texts(json_array_get(value, i), most, has_cut);
}

static bool
cut_texts(json_t *object)
{
	bool has_cut = false;

	shorten_texts(json_object_get(object, "checks"), TEXT_SHORT, &has_cut);
	return has_cut;
}

static bool
cut_names(json_t *object)
{
	bool has_cut = false;

	shorten_texts(object, TEXT_CUT, &has_cut);
	return has_cut;
}

/* What a list said of itself is not what it says: policy reads zone, subject, state, answers, and what counts
 * together. */
static bool
cut_lists(json_t *object)
{
	static const char *const keys[] = { "meaning", "text", "page", "asked" };
	json_t *checks = json_object_get(object, "checks"), *finding;
	const json_t *findings[] = { json_object_get(json_object_get(checks, "x-dnsbl"), "hits"),
				     json_object_get(json_object_get(checks, "x-dnsbl"), "not-listed"),
				     json_object_get(json_object_get(checks, "dnswl"), "hits"),
				     json_object_get(json_object_get(checks, "dnswl"), "not-listed") };
	bool has_cut = false;

	for (size_t i = 0; i < 4; i++)
		for (size_t j = 0; (finding = json_array_get(findings[i], j)) != NULL; j++)
			for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
				has_cut = json_object_del(finding, keys[k]) == 0 || has_cut;
	return has_cut;
}

/* Of signatures stays what policy reads, and why. */
static bool
cut_signatures(json_t *object)
{
	static const char *const keys[] = { "canonicalization",
					    "identity",
					    "fields",
					    "field-count",
					    "signed",
					    "expires",
					    "body-hash",
					    "body-hash-computed",
					    "body-octets",
					    "key",
					    "missing",
					    "uncovered",
					    "filled" };
	json_t *signatures = json_object_get(json_object_get(json_object_get(object, "checks"), "dkim"),
					     "signatures"),
	       *signature;
	json_t *arc = json_object_get(json_object_get(object, "checks"), "arc"), *sealer;
	bool has_cut = json_object_del(arc, "key") == 0;

	for (size_t i = 0; (sealer = json_array_get(json_object_get(arc, "sealers"), i)) != NULL; i++)
		has_cut = json_object_del(sealer, "selector") == 0 || has_cut;
	for (size_t i = 0; (signature = json_array_get(signatures, i)) != NULL; i++)
		for (size_t j = 0; j < sizeof keys / sizeof keys[0]; j++)
			has_cut = json_object_del(signature, keys[j]) == 0 || has_cut;
	return has_cut;
}

/* Without signatures it is DMARC that shows whether the author's domain has signed. */
static bool
passes_dmarc(const json_t *checks)
{
	return strcmp(document_text_of(json_object_get(checks, "dmarc"), "result"), result_word(RESULT_PASS))
	       == 0;
}

/* The last resort: of each check only its result, and whether that hides what was not asked. */
static bool
cut_checks(json_t *object)
{
	json_t *checks = json_object_get(object, "checks");

	for (void *at = json_object_iter(checks); at != NULL; at = json_object_iter_next(checks, at)) {
		json_t *check = json_object_iter_value(at),
		       *result = json_incref(json_object_get(check, "result"));
		json_t *withheld = json_incref(json_object_get(check, "withheld"));

		(void)json_object_clear(check);
		document_put(check, "result", result);
		if (withheld != NULL)
			document_put(check, "withheld", withheld);
	}
	if (!passes_dmarc(checks))
		(void)json_object_del(object, "looks-forwarded");
	return true;
}

static const char *const cut_words[CUTS] = { "lookups", "trace",  "texts",      "lists",   "signatures",
					     "names",   "checks", "recipients", "replies", "verdicts" };
static const struct tokens words = TOKENS(cut_words);

/* Cut the record, and each other reading of its sender, which has checks as well. */
static bool
cut_readings(json_t *object, bool (*cut)(json_t *object))
{
	json_t *others = json_object_get(object, "other-readings");
	bool has_cut = cut(object);

	for (size_t i = 0; i < json_array_size(others); i++)
		has_cut = cut(json_array_get(others, i)) || has_cut;
	return has_cut;
}

unsigned
cut_to(json_t *record, size_t most, size_t last, unsigned cuts)
{
	static bool (*const ways[])(json_t * object) = {
		[CUT_LOOKUPS] = cut_lookups, [CUT_TRACE] = cut_trace,           [CUT_TEXTS] = cut_texts,
		[CUT_LISTS] = cut_lists,     [CUT_SIGNATURES] = cut_signatures, [CUT_NAMES] = cut_names,
		[CUT_CHECKS] = cut_checks,
	};

	for (unsigned i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		const bool is_cut = (cuts & 1U << i) != 0;

		if ((is_cut || document_size(record) > (i == CUT_CHECKS ? last : most))
		    && cut_readings(record, ways[i]))
			cuts |= 1U << i;
	}
	return cuts;
}

bool
cut_recipient(json_t *verdict)
{
	bool has_cut = false;

	shorten_texts(verdict, TEXT_SHORT, &has_cut);
	return has_cut;
}

json_t *
cut_put(unsigned cuts)
{
	json_t *list = cuts != 0 ? json_array() : NULL;

	for (size_t i = 0; i < words.count; i++)
		if ((cuts & 1U << i) != 0)
			document_append(list, document_text(span_of(words.words[i])));
	return list;
}

unsigned
cut_take(struct taking *taking, const struct node *list)
{
	unsigned cuts = 0;

	for (const struct node *word = tree_first(list); word != NULL; word = tree_next(list, word))
		cuts |= 1U << take_item(taking, word, &words);
	return cuts;
}
