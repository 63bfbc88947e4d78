/*
 * lookup: the DNS for programs that may wait: questions are asked, remembered, and waited for.
 *
 * For the command line, and for a thread that has nothing else to do. One thread asks; answers come in on the
 * resolver's.
 */
#ifndef HELOSCOPE_DNS_LOOKUP_H
#define HELOSCOPE_DNS_LOOKUP_H

#include "heloscope/base/must_use.h"
#include "heloscope/dns/dns.h"

struct lookup;

/* `resolver` must outlive the last question. NULL when memory ran out. */
struct lookup *lookup_new(struct dns_resolver *resolver, unsigned timeout_ms) MUST_USE;
void lookup_free(struct lookup *lookup); /* answers that come later are dropped; NULL is allowed */

/* Nothing is waited for any more. Any thread. */
void lookup_stop(struct lookup *lookup);

/*
 * The answer, which is asked for at the first call and waited for at most until the timeout after that;
 * then it is DNS_TIMEOUT. A name with more than 253 octets does not exist (RFC 1035, 2.3.4). Good until
 * lookup_free().
 */
const struct dns_answer *lookup_get(struct lookup *lookup, const char *name, enum dns_type type) MUST_USE;

/* All waiting ends at that time of clock_now_ms(): what has not come by then is DNS_TIMEOUT. */
void lookup_set_end(struct lookup *lookup, uint64_t end_ms);

/* Ask without waiting, for a lookup_get() to come. */
void lookup_want(struct lookup *lookup, const char *name, enum dns_type type);

/* How long its answer took, in milliseconds; the timeout when none came. Call after lookup_get(). */
unsigned lookup_took_ms(struct lookup *lookup, const char *name, enum dns_type type);

#endif
