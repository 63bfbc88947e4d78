/*
 * place: whether words in a reply that equal a fragment of the catalogue say what the fragment says.
 *
 * Words as such do not: "phish" stands in "Triumphish", "spamhaus" in "spamhaus-fan.example", "block list" in
 * "is on no block list". All texts are normal (refusals/normal.h). Any thread.
 */
#ifndef HELOSCOPE_REFUSALS_PLACE_H
#define HELOSCOPE_REFUSALS_PLACE_H

#include <stdbool.h>

#include "heloscope/base/bounds.h"
#include "heloscope/base/span.h"

/* Fragments with fewer octets end where a word does, or up to so many octets before ("fail" in "failure");
 * longer ones may be the beginning of any. */
#define PLACE_SHORT 8
#define PLACE_ENDING 3

/* A text, and which of its octets lie in links or in names of hosts. */
struct place_text {
	struct span text;
	bool is_in_name[BOUND_REFUSAL_TEXT];
};

/* Octets of letters of any alphabet: a word goes on with them. */
static inline bool
place_is_letter(char c)
{
	return ascii_is_alpha(c) || (c & 0x80) != 0;
}

/* `text`, of BOUND_REFUSAL_TEXT octets at most, must stay. */
void place_text_init(struct place_text *whole, struct span text);

/*
 * Whether the words at `place`, which lies within the text and is not empty, stand for themselves: they begin
 * where a word does, and end so where they are short; and what of them lies in a link or in the name of a
 * host looks like a part of one, with a dot, slash or other such octet, since a name may consist of any
 * words.
 */
bool place_is_own(const struct place_text *whole, struct span place);

/* The octets with which `text` begins that stand in names of hosts, without final dots: it need not be one.
 * `rest`, which may be NULL: what follows it and its dots. */
struct span place_name_at(struct span text, struct span *rest);

/* The next name of a host, alone or in a link, from octet `*at` on, which is moved behind it; empty: no more.
 */
struct span place_next_host(const struct place_text *whole, size_t *at);

/* Whether the words in front of it, in the same sentence, deny it: "not", "no", "is not on any". */
bool place_is_denied(struct span text, struct span place);

#endif
