/*
 * public_resolvers: the addresses at which well-known providers answer the queries of everybody. Most DNS
 * lists refuse queries that come through them. Pure.
 */
#ifndef HELOSCOPE_DNS_PUBLIC_RESOLVERS_H
#define HELOSCOPE_DNS_PUBLIC_RESOLVERS_H

#include <stdbool.h>

#include "heloscope/base/ipaddr.h"

bool public_resolvers_have(const struct ipaddr *address);

#endif
