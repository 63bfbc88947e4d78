/*
 * claim_kind: of which refusals the DNS can show whether it is so, and in which rows of an examination.
 *
 * A table, no state; any thread.
 */
#ifndef HELOSCOPE_DOCTOR_CLAIM_KIND_H
#define HELOSCOPE_DOCTOR_CLAIM_KIND_H

#include "heloscope/doctor/problem.h"
#include "heloscope/refusals/recognize.h"

/* Rows are bits of a number: 1 << row. */
#define CLAIM_ROW(name) (1U << DOCTOR_##name)

#define CLAIM_WORDS_MAX 16

/* What is under test. */
enum claim_about {
	CLAIM_ABOUT_NOTHING, /* of what the refusal says nothing stands in the DNS */
	CLAIM_ABOUT_ADDRESS, /* whoever's mail it was: the domain tells only how the address may be called */
	CLAIM_ABOUT_DOMAIN,  /* and the address, where it is needed */
};

/* In sentences "%d" is the domain, "%s" that of the bounce address, "%a" the address, "%h" the HELO name,
 * "%k" the name of a DKIM key, "%l" a list. */
struct claim_kind {
	enum claim_about about; /* nothing: all else is 0 */
	enum refusal_category category;
	const char *words[CLAIM_WORDS_MAX];    /* of which the reply must have one; none: all will do */
	unsigned rows;                         /* what can confirm it */
	enum doctor_severity least;            /* a finding that is so bad does */
	enum doctor_problem note;              /* and so does this one, a mere note; PROBLEM_LOOKUP: none */
	unsigned well;                         /* what must be looked at for the opposite */
	const char *opposite[CLAIM_WORDS_MAX]; /* of which the reply must have one then; none: all will do */
	bool needs_address, needs_helo, needs_key; /* without it nothing can be said */
	bool is_of_author;     /* and not of the bounce address, where the reply names another domain */
	bool is_of_named;      /* of the domain that the reply names, whosever the mail was */
	bool is_of_policy;     /* a DMARC policy has to ask for it */
	bool is_of_list;       /* of the one that the reply names */
	const char *lead;      /* before what is found, when it is so */
	const char *otherwise; /* what the DNS says when it is not so */
	const char *shown;     /* part of the records that show it */
	const char *instead;   /* what to look at when it cannot be seen from here */
};

/* Whether there is any for refusals of that category. */
bool claim_has_kind(enum refusal_category category);

/* `text`: of the refusal, normalized (refusals/normal.h). Of a reply that is not in the catalogue: nothing.
 */
const struct claim_kind *claim_kind_of(const struct recognition *known, const char *text);

/* Whether `text` has one of the words, CLAIM_WORDS_MAX at most, or there are none. */
bool claim_has_word(const char *const *words, const char *text);

#endif
