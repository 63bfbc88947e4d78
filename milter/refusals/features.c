#include "heloscope/refusals/features.h"

#include <stdlib.h>
#include <string.h>

#include "heloscope/base/hash.h"
#include "heloscope/refusals/normal.h"

#define WORDS_MAX 60 /* of a text: a long one goes on with advice */
#define STEM 5       /* octets of a word that stand for its forms */
#define PAIR_WORDS 5 /* between two notions that are seen together */

enum kind { KIND_WORD, KIND_STEM, KIND_NOTION, KIND_PAIR, KIND_CLASS, KIND_REPLY, KIND_ENHANCED, KIND_STAGE };

static void
add(struct features *features, enum kind kind, uint64_t value)
{
	/* As in a hash by multiplication (Knuth, 6.4): the golden ratio of 64 bits. */
	const uint64_t number = (value ^ (uint64_t)kind << 56) * UINT64_C(0x9e3779b97f4a7c15);

	if (features->count < FEATURES_MAX)
		features->items[features->count++] = (uint16_t)(number >> 48);
}

/* Words. */

/* What begins there: letters, also with a hyphen or an apostrophe between; else a single octet. */
static struct span
piece_at(struct span text)
{
	size_t length = 1;

	if (place_is_letter(text.at[0]))
		while (length < text.length
		       && (place_is_letter(text.at[length])
			   || (ascii_is_among(text.at[length], "'-") && length + 1 < text.length
			       && place_is_letter(text.at[length + 1]))))
			length++;
	return (struct span){ text.at, length };
}

/* The name of a host, a link or a mail address, whatever it is, stands for its kind. */
static struct span
whole_at(const struct place_text *text, size_t at)
{
	const bool is_name = text->is_in_name[at];
	size_t end = at;

	while (end < text->text.length
	       && (is_name ? text->is_in_name[end] : text->text.at[end] == NORMAL_BLOT))
		end++;
	return (struct span){ text->text.at + at, end - at };
}

static struct span
kind_of(struct span whole)
{
	return whole.at[0] == NORMAL_BLOT                    ? SPAN("@")
	       : memchr(whole.at, '/', whole.length) != NULL ? SPAN("/")
							     : SPAN(".");
}

static void
add_word(struct features *features, struct span word)
{
	static const struct hash_key key = { 0, 0 };

	add(features, KIND_WORD, hash_under(&key, word) >> 8);
	if (word.length > STEM)
		add(features, KIND_STEM, hash_under(&key, (struct span){ word.at, STEM }) >> 8);
}

static void
add_words(struct features *features, const struct place_text *text)
{
	size_t at = 0, words = 0;

	while (at < text->text.length && words < WORDS_MAX) {
		const bool is_whole = text->is_in_name[at] || text->text.at[at] == NORMAL_BLOT;
		const struct span piece = is_whole ? whole_at(text, at) : piece_at(span_from(text->text, at));

		if (is_whole || place_is_letter(piece.at[0])) {
			add_word(features, is_whole ? kind_of(piece) : piece);
			words++;
		}
		at += piece.length;
	}
}

/* Notions. */

/* The lowest of them, which is taken off. */
static unsigned
take_notion(uint64_t *notions)
{
	const unsigned lowest = (unsigned)__builtin_ctzll(*notions);

	*notions &= *notions - 1;
	return lowest;
}

static void
add_pairs(struct features *features, uint64_t before, uint64_t behind)
{
	while (before != 0) {
		const unsigned first = take_notion(&before);

		for (uint64_t rest = behind & ~(UINT64_C(1) << first); rest != 0;)
			add(features, KIND_PAIR, first << 8 | take_notion(&rest));
	}
}

static void
add_notions(struct features *features, const struct sights *sights)
{
	for (size_t i = 0; i < sights->count; i++)
		for (uint64_t rest = sights->items[i].notions; rest != 0;)
			add(features, KIND_NOTION, take_notion(&rest));
	for (size_t i = 0; i < sights->count && features->count < FEATURES_MAX; i++)
		for (size_t k = i + 1;
		     k < sights->count && sights->items[k].word <= sights->items[i].word + PAIR_WORDS; k++)
			add_pairs(features, sights->items[i].notions, sights->items[k].notions);
}

static void
add_codes(struct features *features, const struct codes *codes, enum refusal_stage stage)
{
	if (codes_class(codes) != 0)
		add(features, KIND_CLASS, codes_class(codes));
	if (codes->reply != 0)
		add(features, KIND_REPLY, codes->reply);
	if (codes->enhanced.class != 0)
		add(features, KIND_ENHANCED, codes->enhanced.subject << 10 | codes->enhanced.detail);
	if (stage != REFUSAL_STAGE_NONE)
		add(features, KIND_STAGE, stage);
}

static int
compare(const void *a, const void *b)
{
	return (int)*(const uint16_t *)a - (int)*(const uint16_t *)b;
}

static void
leave_each_once(struct features *features)
{
	size_t left = 0;

	qsort(features->items, features->count, sizeof *features->items, compare);
	for (size_t i = 0; i < features->count; i++)
		if (i == 0 || features->items[i] != features->items[left - 1])
			features->items[left++] = features->items[i];
	features->count = left;
}

void
features_find(const struct place_text *text, const struct sights *sights, const struct codes *codes,
	      enum refusal_stage stage, struct features *features)
{
	features->count = 0;
	add_codes(features, codes, stage);
	add_words(features, text);
	add_notions(features, sights);
	leave_each_once(features);
}
