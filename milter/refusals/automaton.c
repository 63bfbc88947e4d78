#include "heloscope/refusals/automaton.h"

#include <stdlib.h>

#define ROOT 0
#define NONE UINT32_MAX

/*
 * A state for each beginning of a word, which stands for the longest end of what was read that is one. For
 * each state and class of octets the next state stands in `next`, once all are there.
 */
struct automaton {
	unsigned char classes[256]; /* of octets; 0: those that are in no word */
	unsigned class_count;
	size_t state_count;
	uint32_t *next;
	uint32_t *ids;   /* of the word that ends in a state, or NONE */
	uint32_t *outer; /* the next shorter end that is a word, or ROOT */
};

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
		octets += words[i].length;
		for (size_t at = 0; at < words[i].length; at++) {
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
		automaton->ids[automaton->state_count] = NONE;
		*next = (uint32_t)automaton->state_count++;
	}
	return *next;
}

/*
 * Make the states of all words, those of shorter beginnings first: so these, which a text reaches most often,
 * lie side by side. `ends`: takes the state behind each word.
 */
static void
add_words(struct automaton *automaton, const struct span *words, size_t count, uint32_t *ends)
{
	size_t longer = count;

	automaton->ids[ROOT] = NONE;
	automaton->state_count = 1;
	for (size_t depth = 0; longer > 0; depth++) {
		longer = 0;
		for (size_t i = 0; i < count; i++) {
			if (words[i].length <= depth)
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
			automaton->outer[next[class]] = automaton->ids[shorter[next[class]]] != NONE
								? shorter[next[class]]
								: automaton->outer[shorter[next[class]]];
		}
	}
}

/* Fill it, once it has its memory. False when more of that ran out. */
static bool
fill(struct automaton *automaton, const struct span *words, size_t count, unsigned *ids)
{
	uint32_t *ends = calloc(count + 1, sizeof *ends), *shorter = NULL;
	unsigned different = 0;
	bool is_made;

	if (ends != NULL) {
		add_words(automaton, words, count, ends);
		shorter = calloc(automaton->state_count, sizeof *shorter);
	}
	for (size_t i = 0; i < count && shorter != NULL; i++) {
		uint32_t *id = &automaton->ids[ends[i]];

		if (*id == NONE)
			*id = different++;
		ids[i] = *id;
	}
	is_made = shorter != NULL;
	if (is_made)
		complete(automaton, shorter);
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
		automaton->ids = calloc(states, sizeof *automaton->ids);
		automaton->outer = calloc(states, sizeof *automaton->outer);
	}
	if (automaton->next != NULL && automaton->ids != NULL && automaton->outer != NULL
	    && fill(automaton, words, count, ids))
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
	free(automaton->ids);
	free(automaton->outer);
	free(automaton);
}

void
automaton_scan(const struct automaton *automaton, struct span text, void (*tell)(void *context, unsigned id),
	       void *context)
{
	size_t state = ROOT;

	for (size_t i = 0; i < text.length; i++) {
		state = *next_of(automaton, state, text.at[i]);
		for (size_t end = automaton->ids[state] != NONE ? state : automaton->outer[state];
		     end != ROOT; end = automaton->outer[end])
			tell(context, automaton->ids[end]);
	}
}
