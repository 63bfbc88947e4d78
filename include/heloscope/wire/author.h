/*
 * author: the domain of the author of a message, and its plain local part, from its From field (RFC
 * 5322, 3.6.2 and 4; RFC 6854).
 *
 * Strict where it matters: what two readers could read as two domains is told and never guessed, for what is
 * judged here must be what people are shown later. Words of a display name are not decoded; they name nobody.
 * Text only; allocates nothing; any thread.
 */
#ifndef HELOSCOPE_WIRE_AUTHOR_H
#define HELOSCOPE_WIRE_AUTHOR_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/base/domain.h"
#include "heloscope/base/span.h"

/* What the From fields of a message tell. One line each in author.c, too. */
enum author_finding {
	AUTHOR_UNCHECKED,
	AUTHOR_ONE,             /* one domain, perhaps of several addresses */
	AUTHOR_NO_FIELD,        /* there is no From field */
	AUTHOR_NO_ADDRESS,      /* a field without any, as an empty group */
	AUTHOR_NO_DOMAIN,       /* an address without a domain, or with an address literal */
	AUTHOR_SEVERAL_FIELDS,  /* even of the same domain (RFC 5322, 3.6) */
	AUTHOR_SEVERAL_DOMAINS, /* addresses of more than one */
	AUTHOR_SECOND_READING,  /* a comment, a route or a bare display name has an address elsewhere */
	AUTHOR_FIELD_NAME,      /* something between "From" and the colon */
	AUTHOR_CONTROL_OCTETS,  /* or lines that are not folded */
	AUTHOR_UNCLOSED,        /* a quoted string, a comment, brackets or a group never end */
	AUTHOR_BAD_DOMAIN,      /* one that the DNS cannot hold, or that is not IDNA2008 */
	AUTHOR_SYNTAX,          /* anything else that is no list of mailboxes */
	AUTHOR_TOO_LONG,        /* beyond BOUND_AUTHOR_OCTETS */
	AUTHOR_TOO_MANY,        /* beyond BOUND_AUTHOR_ADDRESSES */
	AUTHOR_FINDINGS
};

#define AUTHOR_LOCAL_SIZE 65 /* octets of a local part, and a NUL */

/* What was read so far; all zero before the first field. */
struct author {
	size_t fields, addresses;
	enum author_finding fault;     /* the first; AUTHOR_UNCHECKED: none */
	char domain[DOMAIN_SIZE];      /* normalized, of the first address; "" without one */
	char local[AUTHOR_LOCAL_SIZE]; /* of the first address, as it stands; "" where it is quoted, too long
					* (RFC 5321, 4.5.3.1.1) or not all ASCII */
	char other[DOMAIN_SIZE];       /* the first that is another; "" for none */
	char stray[DOMAIN_SIZE];       /* of an address that is none by the grammar */
	bool has_more_strays;          /* of other domains, or of what is none */
};

/* Read a field of the header, in any order; all but From are passed over. `value` with or without its line
 * ends. */
void author_add(struct author *author, struct span name, struct span value);

/* What all fields together tell; for AUTHOR_ONE, author->domain is it. */
enum author_finding author_judge(const struct author *author);

/* The author's domain, or "" unless there is exactly one. */
const char *author_domain(const struct author *author);

/* "one", "no-field" and so on, as in a record; and back, AUTHOR_UNCHECKED when there is no such word. */
const char *author_finding_word(enum author_finding finding);
enum author_finding author_finding_from_word(const char *word);

/* What a rule can ask for: one author, none, several or one that cannot be told. */
enum author_kind {
	AUTHOR_KIND_ONE,
	AUTHOR_KIND_NONE,
	AUTHOR_KIND_SEVERAL,
	AUTHOR_KIND_MALFORMED,
	AUTHOR_KINDS
};

enum author_kind author_kind(enum author_finding finding);

#endif
