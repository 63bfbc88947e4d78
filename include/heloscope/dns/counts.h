/*
 * dns_counts: what is counted of questions to the DNS. See heloscope/base/counter.h.
 */
#ifndef HELOSCOPE_DNS_COUNTS_H
#define HELOSCOPE_DNS_COUNTS_H

#include "heloscope/base/counter.h"
#include "heloscope/dns/dns.h"

enum { DNS_KINDS = 7 };

/* The types that are asked, by their number here. */
extern const enum dns_type dns_kinds[DNS_KINDS];
size_t dns_kind(enum dns_type type);

struct dns_counts {
	struct histogram seconds[DNS_KINDS];            /* from the question to the resolver to its answer */
	struct counter faults[DNS_KINDS][DNS_STATUSES]; /* a lookup once, however many waited for it */
	struct counter known, unknown;                  /* asked of the cache, and found there or not */
	/* Resolvers that no name server answers now: the one in use, and for a while the one before it. */
	atomic_int deaf;
};
extern struct dns_counts dns_counts;

#endif
