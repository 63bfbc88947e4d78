#include "heloscope/refusals/notions.h"

#include <stdlib.h>

#include "heloscope/refusals/automaton.h"
#include "heloscope/refusals/normal.h"

#define TERMS_MAX 1024

/* Words. */

#define NOTION_WORDS(NAME, words) words,
static const char *const terms_of[NOTIONS] = { NOTION_ROWS(NOTION_WORDS) };

struct notion_words {
	struct automaton *automaton;
	uint64_t notions[TERMS_MAX]; /* by its numbers */
	bool is_open[TERMS_MAX];     /* likewise: the word may go on */
};

/* All terms, while the automaton is made. */
struct terms {
	struct span texts[TERMS_MAX]; /* without * */
	uint64_t notions[TERMS_MAX];
	bool is_open[TERMS_MAX];
	unsigned ids[TERMS_MAX]; /* the automaton's numbers */
	size_t count;
};

static void
add_terms(struct terms *terms, size_t notion)
{
	struct span rest = span_of(terms_of[notion]);

	while (rest.length > 0 && terms->count < TERMS_MAX) {
		struct span term = span_until(&rest, '|');
		const bool is_open = term.at[term.length - 1] == '*';

		term.length -= is_open;
		terms->texts[terms->count] = term;
		terms->notions[terms->count] = UINT64_C(1) << notion;
		terms->is_open[terms->count++] = is_open;
	}
}

/* False when memory ran out. */
static bool
make(struct notion_words *words, struct terms *terms)
{
	for (size_t i = 0; i < NOTIONS; i++)
		add_terms(terms, i);
	words->automaton = automaton_new(terms->texts, terms->count, terms->ids);
	for (size_t i = 0; i < terms->count && words->automaton != NULL; i++) {
		words->notions[terms->ids[i]] |= terms->notions[i];
		words->is_open[terms->ids[i]] = words->is_open[terms->ids[i]] || terms->is_open[i];
	}
	return words->automaton != NULL;
}

struct notion_words *
notion_words_new(void)
{
	struct notion_words *words = calloc(1, sizeof *words);
	struct terms *terms = calloc(1, sizeof *terms);
	const bool is_made = words != NULL && terms != NULL && make(words, terms);

	free(terms);
	if (is_made)
		return words;
	notion_words_free(words);
	return NULL;
}

void
notion_words_free(struct notion_words *words)
{
	if (words != NULL)
		automaton_free(words->automaton);
	free(words);
}

/* Sights of notions in a text. */

/* A text in which they are looked for. */
struct look {
	const struct notion_words *words;
	const struct place_text *text;
	struct sights *sights;
};

/* Whether it is of a script that has no blanks between words: ideographs, kana and hangul, in UTF-8. */
static bool
is_without_blanks(struct span term)
{
	const unsigned char first = (unsigned char)term.at[0];

	return first >= 0xe3 && first <= 0xed;
}

static bool
is_whole_word(const struct place_text *text, struct span place, bool is_open)
{
	const size_t begin = (size_t)(place.at - text->text.at), end = begin + place.length;

	if (text->is_in_name[begin])
		return false;
	if (begin > 0 && !is_without_blanks(place)
	    && (place_is_letter(text->text.at[begin - 1]) || text->text.at[begin - 1] == NORMAL_BLOT))
		return false;
	return is_open || end >= text->text.length
	       || !(place_is_letter(text->text.at[end]) || text->text.at[end] == '-');
}

static void
add_sight(struct sights *sights, size_t at, uint64_t notions)
{
	if (sights->count < SIGHTS_MAX)
		sights->items[sights->count++] = (struct notion_sight){ .at = at, .notions = notions };
}

static void
note_term(void *context, unsigned id, struct span place)
{
	/* That something is there says nothing where it is denied. */
	static const uint64_t present = N(SPAM) | N(LISTED) | N(FULL) | N(OFF) | N(VIRUS) | N(DYNAMIC);
	const struct look *look = context;
	const uint64_t notions = look->words->notions[id];

	if (look->sights->count == SIGHTS_MAX || !is_whole_word(look->text, place, look->words->is_open[id]))
		return;
	if ((notions & present) == 0 || !place_is_denied(look->text->text, place))
		add_sight(look->sights, (size_t)(place.at - look->text->text.at), notions);
}

/* How many octets a dotted IP address takes with which `text` begins; 0 when it is none. */
static size_t
dotted_length(struct span text)
{
	size_t length = 0;

	for (size_t part = 0; part < 4; part++) {
		const size_t digits = span_digits(span_from(text, length));

		if (digits == 0 || digits > 3)
			return 0;
		length += digits;
		if (part < 3 && (length >= text.length || text.at[length++] != '.'))
			return 0;
	}
	return length < text.length && (text.at[length] == '.' || ascii_is_alnum(text.at[length])) ? 0
												   : length;
}

/* Whether it is the number of a mail: "ID:10.0.0.1". */
static bool
is_of_id(struct span text, size_t begin)
{
	return begin >= 3 && span_starts_with_nocase(span_from(text, begin - 3), SPAN("id"))
	       && ascii_is_among(text.at[begin - 1], ":=")
	       && (begin == 3 || !place_is_letter(text.at[begin - 4]));
}

/* Whether a program names there the server that it talked to. */
static bool
is_named_by_program(const struct place_text *text, size_t begin, size_t end)
{
	const struct span before[] = { SPAN("connected to "), SPAN("giving up on ") };
	const struct span behind[] = { SPAN(" does not like"), SPAN(" failed after") };

	for (size_t i = 0; i < sizeof before / sizeof before[0]; i++)
		if (begin >= before[i].length
		    && span_starts_with_nocase(span_from(text->text, begin - before[i].length), before[i]))
			return true;
	for (size_t i = 0; i < sizeof behind / sizeof behind[0]; i++)
		if (span_starts_with_nocase(span_from(text->text, end), behind[i]))
			return true;
	return false;
}

/* Whether it stands behind the name of the server that answers, or in front of its words: "host NAME[ADDRESS]
 * said:", "H=NAME [ADDRESS]: ". */
static bool
is_of_server(const struct place_text *text, size_t begin, size_t end)
{
	const struct span behind = span_from(text->text, end);

	if (span_starts_with_nocase(behind, SPAN("[")) || is_named_by_program(text, begin, end))
		return true;
	if (begin < 2 || !ascii_is_among(text->text.at[begin - 1], "[("))
		return false;
	begin -= text->text.at[begin - 2] == ' ' && begin > 2 ? 3 : 2;
	return text->is_in_name[begin] || ascii_is_digit(text->text.at[begin])
	       || span_starts_with_nocase(behind, SPAN("]:"))
	       || span_starts_with_nocase(behind, SPAN("] said"));
}

static void
note_literals(const struct look *look)
{
	const struct span text = look->text->text;

	for (size_t at = 0; at < text.length && look->sights->count < SIGHTS_MAX; at++) {
		size_t length;

		if (!ascii_is_digit(text.at[at])
		    || (at > 0 && (ascii_is_alnum(text.at[at - 1]) || text.at[at - 1] == '.')))
			continue;
		length = dotted_length(span_from(text, at));
		if (length == 0 || is_of_id(text, at) || is_of_server(look->text, at, at + length))
			continue;
		add_sight(look->sights, at, N(LITERAL));
		at += length;
	}
}

/* Whether one of the labels of a host's name is that of lists of addresses: "rbl.b.example". */
static bool
is_of_list(struct span host)
{
	const struct span labels[] = { SPAN("rbl"), SPAN("dnsbl"), SPAN("bl"), SPAN("blacklist"),
				       SPAN("dnsrbl") };

	while (host.length > 0) {
		const struct span label = span_until(&host, '.');

		for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++)
			if (span_equals(label, labels[i]))
				return true;
	}
	return false;
}

/* Lists of addresses, by their names. */
static void
note_lists(const struct look *look)
{
	struct span host;

	for (size_t at = 0; (host = place_next_host(look->text, &at)).length > 0;)
		if (is_of_list(host))
			add_sight(look->sights, (size_t)(host.at - look->text->text.at), N(IP));
}

static int
compare(const void *a, const void *b)
{
	const struct notion_sight *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

/* Whether a sentence ends with that octet. */
static bool
ends_sentence(struct span text, size_t at)
{
	return ascii_is_among(text.at[at], ".;!?") && (at + 1 == text.length || text.at[at + 1] == ' ');
}

static void
number_words(struct sights *sights, struct span text)
{
	size_t word = 0, at = 0;

	qsort(sights->items, sights->count, sizeof *sights->items, compare);
	for (size_t i = 0; i < sights->count; i++) {
		for (; at < sights->items[i].at; at++)
			word += text.at[at] == ' ' ? 1 : ends_sentence(text, at) ? SENTENCE_GAP : 0;
		sights->items[i].word = word;
	}
}

void
notions_find(const struct notion_words *words, const struct place_text *text, struct sights *sights)
{
	struct look look = { words, text, sights };

	sights->count = 0;
	automaton_scan(words->automaton, text->text, note_term, &look);
	note_literals(&look);
	note_lists(&look);
	number_words(sights, text->text);
}
