/*
 * share_counts: what is counted of what hosts share. See heloscope/base/counter.h.
 */
#ifndef HELOSCOPE_SHARE_COUNTS_H
#define HELOSCOPE_SHARE_COUNTS_H

#include "heloscope/base/counter.h"

/* How a question for what another host has found ended. */
enum share_asked {
	SHARE_ASKED_KNOWN,   /* there is something */
	SHARE_ASKED_UNKNOWN, /* there is nothing */
	SHARE_ASKED_LATE,    /* not answered in time: as if there were nothing */
	SHARE_ASKED_DOWN,    /* nobody was there to be asked: the same */
	SHARE_ASKED_STATES
};

/* "known" and so on. */
extern const char *const share_asked_words[SHARE_ASKED_STATES];

struct share_counts {
	struct counter records, dropped; /* taken by the server; for want of room on this side */
	struct counter asked[SHARE_ASKED_STATES];
	struct counter downs; /* connections that ended, or could not be made */
};
extern struct share_counts share_counts;

#endif
