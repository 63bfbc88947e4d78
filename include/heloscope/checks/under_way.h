/*
 * under_way: how many questions to the DNS are on their way for the sake of one client, and of its network.
 *
 * All sessions share one resolver. A sender whose name servers are silent could otherwise fill it with
 * questions until those for others wait: so no more are sent for a client (an IPv4 address, or a /64) than
 * BOUND_UNDER_WAY_OF_CLIENT at a time, nor for a network (/24 or /48) than BOUND_UNDER_WAY_OF_NETWORK, which
 * is more, so that one client cannot take all that its neighbours need. Counts stand in tables of a fixed
 * size under a hash that nobody outside can reckon. For the whole process; any thread.
 */
#ifndef HELOSCOPE_CHECKS_UNDER_WAY_H
#define HELOSCOPE_CHECKS_UNDER_WAY_H

#include <stdbool.h>

#include "heloscope/base/ipaddr.h"
#include "heloscope/base/must_use.h"

/* Whether one more may be asked; then it is counted until under_way_end(). Without an address: always. */
bool under_way_begin(const struct ipaddr *client) MUST_USE;
void under_way_end(const struct ipaddr *client);

#endif
