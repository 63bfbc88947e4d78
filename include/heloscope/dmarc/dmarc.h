/*
 * dmarc: policy records of DMARC (RFC 9989): what one says, which one applies to a domain, and which domains
 * are of one organization. Asks the DNS through a function, as SPF does; knows no configuration and no facts.
 * Any thread.
 */
#ifndef HELOSCOPE_DMARC_DMARC_H
#define HELOSCOPE_DMARC_DMARC_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/base/arena.h"
#include "heloscope/base/span.h"
#include "heloscope/dns/dns.h"

#define DMARC_QUERIES_MAX 8 /* of one walk (4.10) */

enum dmarc_policy { DMARC_NONE, DMARC_QUARANTINE, DMARC_REJECT, DMARC_ABSENT, DMARC_INVALID };

/* "none", "quarantine" or "reject"; NULL for the others. */
const char *dmarc_policy_word(enum dmarc_policy policy);

/*
 * A record; what is not there or not valid has its default (4.8), but for the policies. A tag that stands
 * there twice says nothing that is certain: it counts as not valid.
 */
struct dmarc_record {
	struct span text;
	enum dmarc_policy policy, subdomain_policy, absent_policy; /* p, sp, np */
	bool is_dkim_strict, is_spf_strict;                        /* adkim=s, aspf=s */
	bool is_testing;                                           /* t=y */
	bool has_reports; /* rua names a valid URI, of whatever scheme (4.10.1) */
	char psd;         /* 'y', 'n' or 'u' */
};

/* Whether a TXT record is a policy record at all: v=DMARC1 comes first (4.7). */
bool dmarc_record_is_one(struct span text);

/* Read `text`, which is one. */
void dmarc_record_read(struct span text, struct dmarc_record *record);

/* One address to which reports go, of a list with "," between them: "mailto:a@b.example", perhaps with
 * "!10m". */
enum dmarc_uri {
	DMARC_URI_MAIL,
	DMARC_URI_OTHER,   /* of a scheme that few receivers know, if any */
	DMARC_URI_BARE,    /* a mail address without "mailto:" */
	DMARC_URI_INVALID, /* none at all */
};

/* Take the next off `rest`, without blanks at its ends; `address` is that of a mail, without scheme and size.
 * False at the end. */
bool dmarc_next_uri(struct span *rest, struct span *text, struct span *address, enum dmarc_uri *kind);

/* What was read of answers, so that a walk that is made again reads none again. All zero at first but for the
 * memory, which lives as long as the answers. */
struct dmarc_memo {
	struct arena *memory;
	struct dmarc_read *first;
};

/* Where answers come from: NULL while one is awaited; else it must be good as long as what was found. */
struct dmarc_source {
	const struct dns_answer *(*ask)(void *context, const char *name, enum dns_type type);
	void *context;
	struct dmarc_memo *memo; /* NULL: none */
};

/* What was found at a domain and above it (4.10), from the domain up. */
struct dmarc_walk {
	struct dmarc_step {
		const char *domain; /* the end of the domain with which the walk began */
		struct dmarc_record record;
	} steps[DMARC_QUERIES_MAX];
	size_t count;
	struct dmarc_lookup {
		const char *domain;
		const struct dns_answer *answer;
		size_t records;       /* policy records in it; several are none (4.10, step 2) */
	} lookups[DMARC_QUERIES_MAX]; /* all, in order */
	size_t lookup_count;
	const char *unknown;            /* a domain whose record could not be looked up, the first; or NULL */
	const struct dns_answer *fault; /* the answer to that */
};

/*
 * Walk up from `domain`, normalized, which must live as long as the walk. While an answer is awaited all that
 * are behind it are asked for, too. False when it is not at its end: walk again, when there are more answers.
 */
bool dmarc_walk(const struct dmarc_source *source, const char *domain, struct dmarc_walk *walk);

/* The domain of the organization (4.10.2): the end of `domain`, with which the walk began. */
const char *dmarc_organization(const struct dmarc_walk *walk, const char *domain);

/* The record that applies to `domain` (4.10.1), or NULL when there is none. */
const struct dmarc_step *dmarc_step_that_applies(const struct dmarc_walk *walk, const char *domain);

/*
 * The policy that `step` has for `domain`: p at the domain itself, else sp or, for a domain that does not
 * exist, np, in their absence p. DMARC_INVALID: a policy is not valid, or missing, and nobody gets reports:
 * then DMARC does not apply (4.10.1). t=y is not looked at.
 */
enum dmarc_policy dmarc_policy_for(const struct dmarc_step *step, const char *domain, bool exists);

#endif
