/*
 * dns_cache: answers at hand, in front of a resolver.
 *
 * Whoever asks known() first need not wait, nor wake another thread, for what was answered a moment ago;
 * a question that is under way already is not asked again, whoever waits for it shares the answer. Answers
 * are kept as long as their TTL says, faults not at all. Bounded: what was not used for longest goes first,
 * and nothing is kept that would push out many others. The time of a lookup does not grow with what is kept.
 * Any thread.
 */
#ifndef HELOSCOPE_DNS_CACHE_H
#define HELOSCOPE_DNS_CACHE_H

#include <stddef.h>

#include "heloscope/base/must_use.h"
#include "heloscope/dns/dns.h"

/*
 * A cache in front of `source`, which must be ended before it, of about `octets` of memory. NULL when memory
 * ran out.
 */
struct dns_resolver *dns_cache_new(struct dns_resolver *source, size_t octets) MUST_USE;
void dns_cache_free(struct dns_resolver *cache); /* NULL is allowed; no question may be under way */

/* What a cache holds now: answers, and questions that are under way. */
struct dns_cache_look {
	size_t octets, octets_max, entries;
};

struct dns_cache_look dns_cache_look(struct dns_resolver *cache);

#endif
