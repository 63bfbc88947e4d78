/*
 * reach: whether somebody listens where the filter should, and whether the MTA's user may connect there.
 *
 * By the owners and modes that stat(2) tells; nothing is changed. What we may not see is said to be unknown.
 */
#ifndef HELOSCOPE_WIRING_REACH_H
#define HELOSCOPE_WIRING_REACH_H

#include <sys/types.h>

#include "heloscope/base/strbuf.h"

enum reach {
	REACH_GOOD,
	REACH_MISSING, /* there is no socket */
	REACH_CLOSED,  /* that user may not connect: the socket or its own directory is in the way */
	REACH_SHUT,    /* nor enter a directory above that */
	REACH_UNSAFE,  /* others may put another socket there, which Sendmail does not bear */
	REACH_NOBODY,  /* nobody listens */
	REACH_UNSEEN,  /* we may not look */
};

/* Who connects. */
struct caller {
	const char *user; /* by name */
	mode_t unsafe;    /* modes of a directory below which it takes no socket; 0: it does not look */
};

/* `listen`: as the filter has it. Of what is in the way `found` has path, mode
 * and owner: "/run/x.sock srw------- heloscope:heloscope", and `where` the path alone. */
enum reach reach_look(const char *listen, const struct caller *caller, struct strbuf *found,
		      struct strbuf *where);

#endif
