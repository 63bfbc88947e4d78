/*
 * dmarc_judge: whether the author's domain vouches for a message (RFC 9989, 5.3), and what its policy is.
 *
 * Knows no configuration and no facts. The DNS is asked through a function that may answer "not yet"; then it
 * is judged again when more is known. A lookup that is needed and failed makes it temperror, and no policy
 * applies (5.3.6). Any thread.
 */
#ifndef HELOSCOPE_DMARC_JUDGE_H
#define HELOSCOPE_DMARC_JUDGE_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/base/arena.h"
#include "heloscope/base/must_use.h"
#include "heloscope/dmarc/dmarc.h"
#include "heloscope/wire/authres.h"

/* Identifiers of one message for which an organization is looked up: that of SPF, and of signatures. */
#define DMARC_IDENTIFIERS_MAX 9

/* How an identifier and the author's domain belong together (4.4). */
enum dmarc_alignment {
	DMARC_UNALIGNED,
	DMARC_RELAXED, /* of one organization */
	DMARC_EQUAL,
	DMARC_UNTOLD, /* a lookup failed, or there is no record that says how to compare them */
	DMARC_ALIGNMENTS
};

/* A domain in whose name the message was authenticated, or might have been. */
struct dmarc_identifier {
	const char *domain;             /* normalized */
	bool is_spf;                    /* the MAIL FROM identity; else the d= of a signature */
	bool has_passed;                /* else: it could not be found out, for a lookup failed */
	enum dmarc_alignment alignment; /* is found, where the outcome says so */
};

/* Whether the author's domain exists (3.2.13); asked only where the policy rests on it, and not known after a
 * fault. */
enum dmarc_existence { DMARC_UNASKED, DMARC_EXISTS, DMARC_DOES_NOT_EXIST };

struct dmarc_outcome {
	enum result result;       /* none, pass, fail, temperror; permerror: the record has no valid policy */
	const char *organization; /* of the author; NULL: not known */
	const char
		*record_domain; /* where the record that applies stands; NULL: there is none, or not known */
	struct dmarc_record record;
	enum dmarc_existence existence;
	enum dmarc_policy policy; /* of the record for this author, whatever the result; DMARC_ABSENT: none,
				     or not known */
	enum dmarc_policy evaluated; /* the same with t=y one step weaker (A.6) */
	const char
		*fault_name; /* for temperror: what could not be looked up; NULL: what an identifier needed */
	enum dns_status fault;
	bool has_alignments;    /* the identifiers were compared with the author's domain */
	bool is_below_policy;   /* for temperror: what failed lies below a record that asks for quarantine or
				   reject: whoever forges an author there chooses such names */
	struct dmarc_walk walk; /* of the author's domain */
};

/* Ask for all that may be needed of the author's domain, as early as it can be known: questions that come
 * behind others, such as those for keys, may come too late. */
void dmarc_prepare(const struct dmarc_source *source, const char *author);

/*
 * Judge for `author`, normalized, which must live as long as the outcome. Only the first
 * DMARC_IDENTIFIERS_MAX are looked at. Returns false while an answer is awaited.
 */
bool dmarc_judge(const struct dmarc_source *source, const char *author, struct dmarc_identifier *identifiers,
		 size_t count, struct dmarc_outcome *outcome) MUST_USE;

#endif
