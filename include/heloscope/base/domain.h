/*
 * domain: what is a host name, a HELO name, and when two names belong together.
 *
 * Text only, never the DNS. Names are without final dot and in lower case once they have been
 * through domain_normalize(). Any thread.
 */
#ifndef HELOSCOPE_BASE_DOMAIN_H
#define HELOSCOPE_BASE_DOMAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/ipaddr.h"
#include "heloscope/base/span.h"

#define DOMAIN_SIZE 254 /* octets of the longest name as text (RFC 1035, 2.3.4) and a NUL */

/*
 * Turn a name as people and programs write it into the form in which the DNS is asked: lower
 * case, U-labels to A-labels (RFC 8616, section 4: IDNA2008), no final dot. Labels may hold
 * letters, digits, "-" and "_". Returns false, with `name` empty, when it is none: an empty or
 * too long label, too long as a whole, other octets, broken UTF-8. `name`: DOMAIN_SIZE octets.
 */
bool domain_normalize(struct span text, char *name) MUST_USE;

/* A host name by RFC 1123, 2.1: letters, digits, inner hyphens, no label or name too long. */
bool domain_is_host_name(struct span text);

/* Whether a name is an address, as in "192.0.2.1": its last label is a number, as no top-level domain's is.
 */
bool domain_is_address(const char *name);

/* What stands behind the last "@" of an address; empty when there is none. */
struct span domain_of_address(struct span address);

/* Whether there are at least two labels. */
bool domain_has_dot(struct span text);

/* Whether `name` is `parent` or lies below it; ASCII case ignored. */
bool domain_is_within(struct span name, struct span parent);

/*
 * What a name was meant to be that was written without its final dot in a record of `owner`, so that the name
 * of the zone came behind it: "mx.example.org.100.51.198.in-addr.arpa" for a PTR record there. False when it
 * does not look so. Normalized names.
 */
bool domain_without_zone(const char *name, const char *owner, char meant[DOMAIN_SIZE]);

/*
 * Whether `name` fits a pattern of the configuration: "*", "example.org" (itself) or
 * "*.example.org" (all below it, not itself); ASCII case ignored.
 */
bool domain_matches(struct span name, struct span pattern);

/*
 * Whether two normalized names lie in the same registered domain by the public suffix list:
 * mail.example.co.uk and www.example.co.uk do, a.co.uk and b.co.uk do not.
 */
bool domain_same_organization(const char *a, const char *b);

/* The registered domain in which a normalized name lies, within it; the name itself when it lies in none. */
const char *domain_organization(const char *name);

/* Whether a normalized name lies within a registered domain, and is no public suffix or above it. */
bool domain_is_registered(const char *name);

/*
 * What a HELO or EHLO argument is (RFC 5321, 4.1.1.1): the case of letters does not matter,
 * one final dot is forgiven.
 */
enum helo_form {
	HELO_ABSENT,  /* none was given */
	HELO_NAME,    /* a fully qualified host name */
	HELO_LITERAL, /* an address literal (4.1.3) */
	HELO_INVALID, /* anything else: one label, a bare address, other octets */
};

/* Why it is HELO_INVALID; words/helo.h says it. */
enum helo_fault {
	HELO_FAULT_NONE,
	HELO_FAULT_CONTROL_OCTETS,
	HELO_FAULT_NOT_ASCII,
	HELO_FAULT_UNDERSCORE,
	HELO_FAULT_NO_HOST_NAME,
	HELO_FAULT_NOT_QUALIFIED,
	HELO_FAULT_BARE_ADDRESS,
	HELO_FAULT_BAD_LITERAL,
	HELO_FAULTS
};

/*
 * Tell the form of `text`. For a name, writes it normalized into `name` (DOMAIN_SIZE octets),
 * else leaves `name` empty; for a literal sets `address`. `fault` is HELO_FAULT_NONE unless it is
 * HELO_INVALID.
 */
enum helo_form domain_helo_form(struct span text, char *name, struct ipaddr *address,
				enum helo_fault *fault) MUST_USE;

/*
 * Whether a host can be told to call itself `text`, which is printable: a name that is HELO_NAME. What the
 * reverse DNS says, even verified, need not be: the DNS has names with "_", HELO has not (RFC 1123, 2.1).
 */
bool domain_is_helo_name(const char *text);

#endif
