/*
 * agreed: which steps were agreed on with the MTA, on each of its connections to the filter.
 *
 * An MTA may send several clients over one connection (SMFIC_QUIT_NC): it negotiates once, and libmilter
 * tells the end of each client as if the connection had ended, after which it comes with the same context.
 * Who is behind the first is served by what was agreed on then. A table of a fixed size, since nobody tells
 * when a context is no more: a new one takes the place of one that was not used for long. Any thread.
 */
#ifndef HELOSCOPE_DAEMON_AGREED_H
#define HELOSCOPE_DAEMON_AGREED_H

#include <stdbool.h>

void agreed_keep(const void *context, unsigned long steps);

/* False when nothing is known of that context. */
bool agreed_find(const void *context, unsigned long *steps);

#endif
