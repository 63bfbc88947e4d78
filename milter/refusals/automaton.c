#include "heloscope/refusals/automaton.h"

#include <stdlib.h>

#define ROOT 0
#define NONE UINT32_MAX

/* Octets of a word for which there are states; the rest of it is compared where they have been found. So the
 * states that texts reach stay few enough for a processor's cache. */
#define BEGINNING_MAX 10

struct word {
	struct span rest; /* behind its beginning */
	size_t beginning; /* octets of it */
	unsigned id;
	uint32_t sibling; /* the next word with the same beginning, or NONE */
};

/*
 * A state for each beginning of a beginning, which stands for the longest end of what was read that is one.
 * For each state and class of octets the next state stands in `next`, once all are there.
 */
struct automaton {
	unsigned char classes[256]; /* of octets; 0: those that are in no beginning */
	unsigned class_count;
	size_t state_count;
	uint32_t *next;
	uint32_t *first; /* of the words whose beginning ends in a state, or NONE */
	uint32_t *outer; /* the next shorter end that is a beginning, or ROOT */
	struct word *words;
};

static size_t
beginning_length(struct span word)
{
	return word.length < BEGINNING_MAX ? word.length : BEGINNING_MAX;
}

static uint32_t *
next_of(const struct automaton *automaton, size_t state, char octet)
{
	return &automaton->next[state * automaton->class_count + automaton->classes[(unsigned char)octet]];
}

static size_t
find_classes(struct automaton *automaton, const struct span *words, size_t count)
{
	size_t octets = 0;

	automaton->class_count = 1;
	for (size_t i = 0; i < count; i++) {
		const size_t length = beginning_length(words[i]);

		octets += length;
		for (size_t at = 0; at < length; at++) {
			unsigned char *class = &automaton->classes[(unsigned char)words[i].at[at]];

			if (*class == 0)
				*class = (unsigned char)automaton->class_count++;
		}
	}
	return octets;
}

/* The state behind one more octet, made where it is missing; as yet ROOT means that there is none. */
static uint32_t
go_on(struct automaton *automaton, size_t state, char octet)
{
	uint32_t *next = next_of(automaton, state, octet);

	if (*next == ROOT) {
		automaton->first[automaton->state_count] = NONE;
		*next = (uint32_t)automaton->state_count++;
	}
	return *next;
}

/*
 * Make all states, those of shorter beginnings first: so these, which a text reaches most often, lie side by
 * side. `ends`: takes the state behind the beginning of each word.
 */
static void
add_words(struct automaton *automaton, const struct span *words, size_t count, uint32_t *ends)
{
	size_t longer = count;

	automaton->first[ROOT] = NONE;
	automaton->state_count = 1;
	for (size_t depth = 0; longer > 0; depth++) {
		longer = 0;
		for (size_t i = 0; i < count; i++) {
			if (beginning_length(words[i]) <= depth)
				continue;
			ends[i] = go_on(automaton, ends[i], words[i].at[depth]);
			longer++;
		}
	}
}

/*
 * State by state: where there is no next one, it is that of the longest shorter end, `shorter`, which is
 * complete already, since it lies before. `shorter`: room for all states, ROOT.
 */
static void
complete(struct automaton *automaton, uint32_t *shorter)
{
	for (size_t state = ROOT; state < automaton->state_count; state++) {
		const uint32_t *inherited = &automaton->next[(size_t)shorter[state] * automaton->class_count];
		uint32_t *next = &automaton->next[state * automaton->class_count];

		for (unsigned class = 0; class < automaton->class_count; class ++) {
			if (next[class] == ROOT) {
				next[class] = inherited[class];
				continue;
			}
			shorter[next[class]] = state == ROOT ? ROOT : inherited[class];
			automaton->outer[next[class]] = automaton->first[shorter[next[class]]] != NONE
								? shorter[next[class]]
								: automaton->outer[shorter[next[class]]];
		}
	}
}

/* The number of an equal word behind the same state, or NONE. */
static uint32_t
find_equal(const struct automaton *automaton, uint32_t state, struct span rest)
{
	uint32_t word = automaton->first[state];

	while (word != NONE && !span_equals(automaton->words[word].rest, rest))
		word = automaton->words[word].sibling;
	return word;
}

static void
add_rests(struct automaton *automaton, const struct span *words, size_t count, const uint32_t *ends,
	  unsigned *ids)
{
	unsigned different = 0;

	for (size_t i = 0; i < count; i++) {
		struct word *word = &automaton->words[different];
		const size_t beginning = beginning_length(words[i]);
		const struct span rest = span_from(words[i], beginning);
		const uint32_t equal = find_equal(automaton, ends[i], rest);

		ids[i] = equal != NONE ? equal : different;
		if (equal != NONE)
			continue;
		*word = (struct word){ rest, beginning, different, automaton->first[ends[i]] };
		automaton->first[ends[i]] = different++;
	}
}

/* Fill it, once it has its memory. False when more of that ran out. */
static bool
fill(struct automaton *automaton, const struct span *words, size_t count, unsigned *ids)
{
	uint32_t *ends = calloc(count + 1, sizeof *ends), *shorter = NULL;
	bool is_made;

	if (ends != NULL) {
		add_words(automaton, words, count, ends);
		shorter = calloc(automaton->state_count, sizeof *shorter);
	}
	is_made = shorter != NULL;
	if (is_made) {
		add_rests(automaton, words, count, ends, ids);
		complete(automaton, shorter);
	}
	free(ends);
	free(shorter);
	return is_made;
}

struct automaton *
automaton_new(const struct span *words, size_t count, unsigned *ids)
{
	struct automaton *automaton = calloc(1, sizeof *automaton);
	size_t states;

	if (automaton == NULL)
		return NULL;
	states = find_classes(automaton, words, count) + 1;
	if (states <= AUTOMATON_OCTETS_MAX) {
		automaton->next = calloc(states * automaton->class_count, sizeof *automaton->next);
		automaton->first = calloc(states, sizeof *automaton->first);
		automaton->words = calloc(count + 1, sizeof *automaton->words);
		automaton->outer = calloc(states, sizeof *automaton->outer);
	}
	if (automaton->next != NULL && automaton->first != NULL && automaton->words != NULL
	    && automaton->outer != NULL && fill(automaton, words, count, ids))
		return automaton;
	automaton_free(automaton);
	return NULL;
}

void
automaton_free(struct automaton *automaton)
{
	if (automaton == NULL)
		return;
	free(automaton->next);
	free(automaton->first);
	free(automaton->words);
	free(automaton->outer);
	free(automaton);
}

/* What tells of the places of words, and in which text. */
struct teller {
	struct span text;
	void (*tell)(void *context, unsigned id, struct span place);
	void *context;
};

/* Tell of the words with a beginning that ends before `end`, and which go on there as they have to. */
static void
tell_words(const struct automaton *automaton, size_t state, size_t end, const struct teller *teller)
{
	const struct span behind = span_from(teller->text, end);

	for (uint32_t i = automaton->first[state]; i != NONE; i = automaton->words[i].sibling) {
		const struct word *word = &automaton->words[i];

		if (word->rest.length <= behind.length
		    && memcmp(word->rest.at, behind.at, word->rest.length) == 0)
			teller->tell(teller->context, word->id,
				     (struct span){ behind.at - word->beginning,
						    word->beginning + word->rest.length });
	}
}

void
automaton_scan(const struct automaton *automaton, struct span text,
	       void (*tell)(void *context, unsigned id, struct span place), void *context)
{
	const struct teller teller = { text, tell, context };
	size_t state = ROOT;

	for (size_t i = 0; i < text.length; i++) {
		state = *next_of(automaton, state, text.at[i]);
		for (size_t end = automaton->first[state] != NONE ? state : automaton->outer[state];
		     end != ROOT; end = automaton->outer[end])
			tell_words(automaton, end, i + 1, &teller);
	}
}
