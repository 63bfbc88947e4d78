/*
 * problem: what an examination can find wrong, each kind by its token, and the words of the answer: because
 * of what a domain does not pass, and what to do.
 *
 * Tables, no state; any thread.
 */
#ifndef HELOSCOPE_DOCTOR_PROBLEM_H
#define HELOSCOPE_DOCTOR_PROBLEM_H

#include "heloscope/doctor/row.h"

enum doctor_problem {
	/* Of whichever row. */
	PROBLEM_LOOKUP,
	PROBLEM_RECORD_FAULT,
	PROBLEM_RECORD_NEAR_MISS,
	PROBLEM_RECORD_SEVERAL,

	PROBLEM_DOMAIN_MISSING,
	PROBLEM_MX_NULL,
	PROBLEM_MX_NULL_BESIDE,
	PROBLEM_MX_UNREACHABLE,
	PROBLEM_MX_NONE,
	PROBLEM_MX_IMPLICIT,
	PROBLEM_BOUNCES_UNALIGNED,
	PROBLEM_BOUNCES_HOST,
	PROBLEM_BOUNCES_AS_MX,
	PROBLEM_BOUNCES_REFUSED,
	PROBLEM_ADDRESSES_UNKNOWN,
	PROBLEM_ADDRESSES_GUESSED,

	PROBLEM_REVERSE_MISSING,
	PROBLEM_REVERSE_MISMATCH,
	PROBLEM_REVERSE_NO_NAME,
	PROBLEM_HELO_OTHER_ADDRESS,
	PROBLEM_HELO_MISMATCH,
	PROBLEM_HELO_INVALID,
	PROBLEM_HELO_IS_ADDRESS,

	PROBLEM_SPF_MISSING,
	PROBLEM_SPF_SEVERAL,
	PROBLEM_SPF_INVALID,
	PROBLEM_SPF_SLIP,
	PROBLEM_SPF_TERM_LIMIT,
	PROBLEM_SPF_VOID_LIMIT,
	PROBLEM_SPF_NEAR_LIMIT,
	PROBLEM_SPF_NOT_NAMED,
	PROBLEM_SPF_ERROR_FOR,
	PROBLEM_SPF_AS_RECORD,
	PROBLEM_SPF_OPEN,
	PROBLEM_SPF_NEUTRAL,

	PROBLEM_DKIM_UNALIGNED,
	PROBLEM_DKIM_MISSING,
	PROBLEM_DKIM_SEVERAL,
	PROBLEM_DKIM_REVOKED,
	PROBLEM_DKIM_SHORT,
	PROBLEM_DKIM_BROKEN,
	PROBLEM_DKIM_RESTRICTED,
	PROBLEM_DKIM_TESTING,
	PROBLEM_DKIM_BELOW_ADVICE,

	PROBLEM_DMARC_MISSING,
	PROBLEM_DMARC_INHERITED,
	PROBLEM_DMARC_TESTING,
	PROBLEM_DMARC_SUFFIX,

	PROBLEM_SERVER_SILENT,
	PROBLEM_SERVER_LATE,
	PROBLEM_BANNER_NAME,
	PROBLEM_STARTTLS_INJECTS,
	PROBLEM_STARTTLS_BROKEN,
	PROBLEM_STARTTLS_MISSING,
	PROBLEM_CERTIFICATE_EXPIRED,
	PROBLEM_CERTIFICATE_EXPIRES,
	PROBLEM_CERTIFICATE_UNTRUSTED,
	PROBLEM_CERTIFICATE_NAME,
	PROBLEM_OLD_TLS,
	PROBLEM_DANE_NO_TLS,
	PROBLEM_DANE_MISMATCH,
	PROBLEM_DANE_UNUSABLE,
	PROBLEM_DANE_INSECURE,
	PROBLEM_DANE_UNJUDGED,
	PROBLEM_DANE_BOGUS,

	PROBLEM_STS_UNFETCHED,
	PROBLEM_STS_LINE,
	PROBLEM_STS_INVALID,
	PROBLEM_STS_HOST,
	PROBLEM_STS_CERTIFICATE,
	PROBLEM_STS_AGE,

	PROBLEM_RELAY_OPEN,
	PROBLEM_RELAY_UNKNOWN,
	PROBLEM_LISTED,
	PROBLEM_LIST_UNWELL,
	PROBLEM_LIST_SILENT,
	DOCTOR_PROBLEMS
};

struct doctor_problem_words {
	const char *token;   /* for programs */
	enum doctor_row row; /* DOCTOR_ROWS: the finding has its own */
	bool is_of_host;     /* not of a domain: said of one for all */
	bool replaces;       /* what is published takes the place of a record that is there */
	bool repeats;        /* says again what is found in another row: not told to people */
	const char *reason;  /* behind "because", of one domain; "%s" is the subject */
	/* What to do, a sentence, "%s" is the subject; NULL: nothing, or simply to publish the record. */
	const char *remedy;             /* without a record to publish */
	const char *remedy_with_record; /* with one, which stands below */
};

const struct doctor_problem_words *doctor_problem_words(enum doctor_problem problem);

#endif
