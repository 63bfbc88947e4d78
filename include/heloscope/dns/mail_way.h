/*
 * mail_way: whether mail gets to a host, as far as its names and addresses in the DNS tell. Asks nothing.
 * Pure.
 */
#ifndef HELOSCOPE_DNS_MAIL_WAY_H
#define HELOSCOPE_DNS_MAIL_WAY_H

#include "heloscope/dns/dns.h"

/* What is known of the way to a host; the later, the better. */
enum mail_way {
	MAIL_WAY_NO_ADDRESS,
	MAIL_WAY_NO_HOST, /* the name is none that a host out there has */
	MAIL_WAY_PRIVATE, /* all addresses are of no host out there */
	MAIL_WAY_UNKNOWN, /* a fault of the DNS hides it */
	MAIL_WAY_AWAITED,
	MAIL_WAY_OPEN
};

enum mail_way mail_way_better(enum mail_way a, enum mail_way b);

/* "localhost" and names below it: whoever looks them up finds himself (RFC 6761, 6.3). Normalized. */
bool mail_way_is_localhost(const char *name);

/*
 * By what stands in an MX record: MAIL_WAY_NO_HOST for localhost, for what is no host name, and for an
 * address, which is a name that nobody has (RFC 5321, 5.1). MAIL_WAY_AWAITED for others: see
 * mail_way_by_answer().
 */
enum mail_way mail_way_by_mx(const struct dns_record *record);

/*
 * By the answer for A or AAAA of a host, NULL while it is awaited. Addresses that reach no other host, and
 * private ones, do not count, but those of `near`, private networks that can be reached from here; NULL:
 * none. Those of documentation and benchmarks count. For MAIL_WAY_UNKNOWN `fault` takes what is wrong.
 */
enum mail_way mail_way_by_answer(const struct dns_answer *answer, const struct network_set *near,
				 enum dns_status *fault);

#endif
