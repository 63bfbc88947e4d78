/*
 * peer_counts: what is counted of looks at mail servers. See heloscope/base/counter.h.
 */
#ifndef HELOSCOPE_PEER_COUNTS_H
#define HELOSCOPE_PEER_COUNTS_H

#include "heloscope/base/counter.h"
#include "heloscope/peer/peer.h"

struct peer_counts {
	struct counter visits[PEER_OUTCOMES];
	struct counter spared; /* visits, because another host of the site has looked */
};
extern struct peer_counts peer_counts;

#endif
