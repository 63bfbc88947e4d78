/*
 * learned: what refusals mean whose words no entry of the catalogue knows, learned from those that are known.
 *
 * Each feature of a reply (refusals/features.h) speaks for some categories and against others, as much as was
 * learned before: known replies are gone through again and again, and where their own category is not well
 * ahead of all others its features are made to say more, those of the one that was taken for it less (an
 * averaged perceptron with a margin: Freund and Schapire, 1999; Collins, 2002). Integers alone: every machine
 * learns the same. How far the first category is ahead of the second says what that is worth.
 */
#ifndef HELOSCOPE_REFUSALS_LEARNED_H
#define HELOSCOPE_REFUSALS_LEARNED_H

#include "heloscope/config/refusals.h"
#include "heloscope/refusals/features.h"

/* Fewer replies teach nothing. */
#define LESSONS_MIN 200

/* A reply that is known. */
struct lesson {
	struct span text;
	enum refusal_category category;
	enum refusal_party party;
};

struct learned_view {
	enum refusal_category category; /* CATEGORY_UNKNOWN: nothing is said */
	enum refusal_party party;
	unsigned lead; /* how far it is ahead, 0 to LEAD_MAX */
};

#define LEAD_MAX 1000
#define LEAD_OF_ONE 100 /* that of one step of learning, in each feature of a text with one */

/* Learns when it is first asked, which takes some 30 ms, and not when nobody asks. `words` and the texts of
 * `lessons` must stay. NULL when memory ran out. */
struct learned *learned_new(const struct notion_words *words, const struct lesson *lessons,
			    size_t count) MUST_USE;
void learned_free(struct learned *learned); /* NULL is allowed */

/* Any thread: the first that asks learns, others wait for it. When memory ran out while it learned nothing is
 * said of anything. */
struct learned_view learned_view(struct learned *learned, const struct features *features,
				 unsigned code_class);

#endif
