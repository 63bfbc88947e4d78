/*
 * spf_problem: why an evaluation of SPF ended in temperror or permerror.
 *
 * Plain data, by value: no sentence, for programs read it, too. words/spf_problem.h makes one of it.
 */
#ifndef HELOSCOPE_SPF_PROBLEM_H
#define HELOSCOPE_SPF_PROBLEM_H

#include <stddef.h>

#include "heloscope/dns/dns.h"

/* What the grammar (RFC 7208, section 12) says against a record. */
enum spf_fault_kind {
	SPF_FAULT_NONE,
	SPF_FAULT_MACRO_KEEPS_NONE,
	SPF_FAULT_PERCENT,           /* begins no macro */
	SPF_FAULT_MACRO_LETTER,      /* of explanation text */
	SPF_FAULT_MACRO_LETTER_HERE, /* of a term, where fewer are allowed */
	SPF_FAULT_MACRO_OPEN,
	SPF_FAULT_OCTET, /* not printable ASCII */
	SPF_FAULT_DOMAIN_MISSING,
	SPF_FAULT_ONE_LABEL,
	SPF_FAULT_TOP_LABEL,
	SPF_FAULT_IPV4_PREFIX,
	SPF_FAULT_IPV6_PREFIX,
	SPF_FAULT_ALL_WITH_VALUE,
	SPF_FAULT_NO_DOMAIN_BEHIND, /* the name of a mechanism */
	SPF_FAULT_NO_ADDRESS_BEHIND,
	SPF_FAULT_NO_IPV4,
	SPF_FAULT_NO_IPV6,
	SPF_FAULT_TOO_MANY_TERMS, /* ours, not the grammar's */
	SPF_FAULT_MECHANISM,
	SPF_FAULT_SECOND_REDIRECT,
	SPF_FAULT_SECOND_EXPLANATION,
	SPF_FAULTS
};

enum spf_problem_kind {
	SPF_PROBLEM_NONE,
	SPF_PROBLEM_TERM_LIMIT,              /* RFC 7208, 4.6.4, and the next */
	SPF_PROBLEM_VOID_LIMIT,              /* */
	SPF_PROBLEM_MX_LIMIT,                /* name: with too many MX records, or NULL */
	SPF_PROBLEM_LOOKUP_FAULT,            /* name, status; or NULL: of some lookup */
	SPF_PROBLEM_RECORD_FAULT,            /* the same for the record of `name` */
	SPF_PROBLEM_INCLUDE_WITHOUT_RECORD,  /* name */
	SPF_PROBLEM_INCLUDE_OF_NO_NAME,      /* what macros made is none */
	SPF_PROBLEM_REDIRECT_WITHOUT_RECORD, /* name */
	SPF_PROBLEM_REDIRECT_TO_NO_NAME,
	SPF_PROBLEM_NEXT_WITHOUT_RECORD, /* either of them: libspf2 does not tell which */
	SPF_PROBLEM_ENDLESS, /* a limit, reached in a loop: name, to whose record the term leads back, which
				the evaluation came from; or NULL */
	SPF_PROBLEM_SYNTAX,  /* name: of the record; at, fault */
	SPF_PROBLEM_TERM_TOO_LONG,   /* name: of the record; SPF_TERM_OCTETS_MAX */
	SPF_PROBLEM_SEVERAL_RECORDS, /* name, count */
	SPF_PROBLEM_RECORD_TOO_LONG, /* for libspf2 */
	SPF_PROBLEM_NO_MEMORY,
	SPF_PROBLEM_NO_READING, /* the sender can be read in too many ways */
	SPF_PROBLEM_LIBRARY,    /* code: of libspf2 */
	SPF_PROBLEMS
};

/* Members that a kind does not name are 0. */
struct spf_problem {
	enum spf_problem_kind kind;
	const char *name;   /* raw */
	const char *holder; /* raw: the domain in whose record the term at fault stands; or NULL: not known */
	const char *term;   /* raw: that term, or NULL */
	enum dns_status status;
	enum spf_fault_kind fault;
	unsigned at;    /* octets of the record in front of the fault */
	unsigned count; /* of records */
	unsigned code;  /* SPF_errcode_t */
};

#endif
