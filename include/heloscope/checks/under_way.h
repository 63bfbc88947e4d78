/*
 * under_way: how many questions to the DNS are on their way for the sake of one client, and of its network.
 *
 * All sessions share one resolver, which has so many sockets. A sender whose name servers are silent could
 * otherwise fill it with questions until those for others wait. So there is an end to all of them, for
 * questions to lists and to others apart, since lists are answered by servers that their users choose. In one
 * half of it nobody may have more than a multiple of what he leaves: a client (an IPv4 address, or a /64) of
 * what is left to its network (/24 or /48), that of what is left to its provider (/16 or /32), and that of
 * what is left to all. So whoever is alone may have most of it. The other half is only for those whose
 * provider has few under way: whoever has many, and in whatever order they come, cannot keep them out
 * (base/bounds.h). Counts stand in tables of a fixed size under a hash that nobody outside can reckon. For
 * the whole process; any thread.
 */
#ifndef HELOSCOPE_CHECKS_UNDER_WAY_H
#define HELOSCOPE_CHECKS_UNDER_WAY_H

#include <stdbool.h>

#include "heloscope/base/ipaddr.h"
#include "heloscope/base/must_use.h"
#include "heloscope/dns/dns.h"

/*
 * Whether one more may be asked, of a list of the configuration or of another server: DNS_NOERROR, and it is
 * counted until under_way_end(); else the bound that was reached. Without an address: always. Once a minute
 * the log says when it is others who keep it from being asked.
 */
enum dns_status under_way_begin(const struct ipaddr *client, bool is_of_list) MUST_USE;
void under_way_end(const struct ipaddr *client, bool is_of_list);

#endif
