/*
 * under_way: how many questions to the DNS are on their way for the sake of one client, and of its network.
 *
 * All sessions share one resolver, which has so many sockets. A sender whose name servers are silent could
 * otherwise fill it with questions until those for others wait. So there are bounds (base/bounds.h) for a
 * client (an IPv4 address, or a /64), for its network (/24 or /48), and for what a provider has (/16 or /40),
 * each larger than the one before, so that one cannot take all that its neighbours need; and for all together
 * one that leaves room for lists: what refuses most, with servers that their users choose, is the last to be
 * given up. Counts stand in tables of a fixed size under a hash that nobody outside can reckon. For the whole
 * process; any thread.
 */
#ifndef HELOSCOPE_CHECKS_UNDER_WAY_H
#define HELOSCOPE_CHECKS_UNDER_WAY_H

#include <stdbool.h>

#include "heloscope/base/ipaddr.h"
#include "heloscope/base/must_use.h"

/*
 * Whether one more may be asked, of a list or of another server; then it is counted until under_way_end().
 * Without an address: always. Once a minute the log says when it is others who keep it from being asked.
 */
bool under_way_begin(const struct ipaddr *client, bool is_list) MUST_USE;
void under_way_end(const struct ipaddr *client);

#endif
