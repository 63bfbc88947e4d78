/*
 * reply: a refusal as somebody has copied it, without the words that the sending server put around.
 *
 * No allocation; any thread.
 */
#ifndef HELOSCOPE_MAILS_REPLY_H
#define HELOSCOPE_MAILS_REPLY_H

#include "heloscope/refusals/refusal.h"

/* The same refusal with the text alone that the server answered, where "host H[A] said: ..." or the like
 * tells who did (mails/said.h); then with that server and the stage. What Postfix and Exim log that they
 * refused themselves is read, too, but for the client, which did not answer; so is qmail's "Remote host
 * said:". Else it is as it was. */
struct refusal reply_bare(const struct refusal *refusal);

/* Whether it is what a server logged that it refused itself, which is a refusal without any code, too. */
bool reply_is_logged(struct span text);

#endif
