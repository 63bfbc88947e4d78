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

/* The state behind a whole word, made where it is missing; as yet 0 means that there is none. */
static size_t
add_word(struct automaton *automaton, struct span word)
{
	size_t state = ROOT;

	for (size_t i = 0; i < word.length; i++) {
		uint32_t *next = next_of(automaton, state, word.at[i]);

		if (*next == ROOT) {
			automaton->ids[automaton->state_count] = NONE;
			*next = (uint32_t)automaton->state_count++;
		}
		state = *next;
	}
	return state;
}

/*
 * State by state, shorter ones first: where there is no next state, it is that of the longest shorter end,
 * `shorter`, which is complete already. `queue` and `shorter`: room for all states.
 */
static void
complete(struct automaton *automaton, uint32_t *queue, uint32_t *shorter)
{
	size_t begin = 0, end = 0;

	queue[end++] = ROOT;
	while (begin < end) {
		const uint32_t state = queue[begin++], *inherited;

		inherited = &automaton->next[(size_t)shorter[state] * automaton->class_count];
		for (unsigned class = 0; class < automaton->class_count; class ++) {
			uint32_t *next = &automaton->next[(size_t)state * automaton->class_count + class];

			if (*next == ROOT) {
				*next = inherited[class];
				continue;
			}
			shorter[*next] = state == ROOT ? ROOT : inherited[class];
			automaton->outer[*next] = automaton->ids[shorter[*next]] != NONE
							  ? shorter[*next]
							  : automaton->outer[shorter[*next]];
			queue[end++] = *next;
		}
	}
}

/* Fill it, once it has its memory. False when more of that ran out. */
static bool
fill(struct automaton *automaton, const struct span *words, size_t count, unsigned *ids)
{
	uint32_t *queue, *shorter;
	unsigned different = 0;
	bool has_memory;

	automaton->ids[ROOT] = NONE;
	automaton->state_count = 1;
	for (size_t i = 0; i < count; i++) {
		const size_t state = add_word(automaton, words[i]);

		if (automaton->ids[state] == NONE)
			automaton->ids[state] = different++;
		ids[i] = automaton->ids[state];
	}
	queue = calloc(automaton->state_count, sizeof *queue);
	shorter = calloc(automaton->state_count, sizeof *shorter);
	has_memory = queue != NULL && shorter != NULL;
	if (has_memory)
		complete(automaton, queue, shorter);
	free(queue);
	free(shorter);
	return has_memory;
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
