/*
 * keeping: what an inquiry keeps of a message as it comes: for each check what that wants, and once for all
 * of them the author, the header and the hashes of the body. The inquiry is locked.
 */
#ifndef HELOSCOPE_CHECKS_KEEPING_H
#define HELOSCOPE_CHECKS_KEEPING_H

#include "heloscope/checks/holding.h"

/* Have room for it. False when there is none, which has_memory() tells. */
bool keeping_begin(struct inquiry *inquiry);

/* Keep for all checks what they need of a piece, before they are fed with it. */
void keeping_take(struct kept *kept, const struct piece *piece);

/* Whether nothing is missing of what the check that is run or fed keeps. */
bool keeping_is_whole(const struct inquiry *inquiry);

#endif
