/*
 * postfix_judge: what is wrong with how a Postfix is joined to the filter.
 */
#ifndef HELOSCOPE_WIRING_POSTFIX_JUDGE_H
#define HELOSCOPE_WIRING_POSTFIX_JUDGE_H

#include "heloscope/wiring/judge.h"
#include "heloscope/wiring/postfix.h"

/* All but the socket, of a Postfix as it usually is and under stress. Whether mail from outside has another
 * filter, too, comes back. */
bool wiring_judge_postfix(struct wiring *wiring, const struct postfix *postfix,
			  const struct postfix *stressed);

#endif
