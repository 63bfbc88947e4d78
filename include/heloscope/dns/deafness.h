/*
 * deafness: whether any name server answers at all.
 *
 * A question that fails may be the fault of whoever runs the name servers of that name, which are a
 * stranger's. So before it is said that nobody answers, a question of our own is asked, that every name
 * server answers (for the root), and fails, too. Knows no network and no clock: whoever asks tells it what
 * happens, and does what it says. No locking. Times are in ms of a clock that does not go back.
 */
#ifndef HELOSCOPE_DNS_DEAFNESS_H
#define HELOSCOPE_DNS_DEAFNESS_H

#include <stdbool.h>
#include <stdint.h>

struct deafness {
	bool is_deaf;
	bool is_asking;    /* our own question is out */
	bool is_told;      /* that it is deaf: an end is told, too */
	unsigned failures; /* since something was heard */
	uint64_t asked_ms; /* when our own question was asked last */
	uint64_t begun_ms; /* when it became deaf */
	uint64_t told_ms;  /* when a beginning was told last, or 0 */
};

enum deafness_step {
	DEAFNESS_NOTHING,
	DEAFNESS_ASK,    /* ask the question of our own */
	DEAFNESS_BEGINS, /* tell that no name server answers */
	DEAFNESS_ENDS,   /* tell that they do again */
};

/* A question had an answer, whatever it says. Ours or another. */
enum deafness_step deafness_hear(struct deafness *deafness);

/* A question had none: it failed. */
void deafness_fail(struct deafness *deafness);

/* Our own question failed. */
enum deafness_step deafness_fail_own(struct deafness *deafness, uint64_t now_ms);

/* Our own question, if one is out, will not be answered. */
void deafness_forget_own(struct deafness *deafness);

/* To be called every second or so. `waits_ms`: for how long the oldest question has waited; 0 for none. */
enum deafness_step deafness_look(struct deafness *deafness, uint64_t waits_ms, uint64_t now_ms);

#endif
