/*
 * spf: check_host() of RFC 7208: is this client allowed to use this name?
 *
 * A library of its own: knows no configuration and no facts. The DNS is asked through a function
 * that may answer "not yet"; then the evaluation ends, and is started again when more is known.
 * So it never waits, and one thread can carry any number of them. Two engines stand behind one
 * interface: our own, and where it is built in libspf2 (which sees only records that our grammar has
 * accepted, and never explanation text). Any thread.
 */
#ifndef HELOSCOPE_SPF_SPF_H
#define HELOSCOPE_SPF_SPF_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/base/arena.h"
#include "heloscope/wire/authres.h"
#include "heloscope/dns/dns.h"
#include "heloscope/base/ipaddr.h"
#include "heloscope/base/span.h"
#include "heloscope/spf/problem.h"
#include "heloscope/spf/trace.h"

/* Limits of RFC 7208, 4.6.4. */
#define SPF_TERMS_MAX 10 /* terms that cause lookups */
#define SPF_VOIDS_MAX 2  /* lookups that find nothing */
#define SPF_NAMES_MAX 10 /* MX names of one "mx"; PTR names that are followed */

/* Octets of a term, an exp= text included, that are evaluated: expanding costs time that grows with them. */
#define SPF_TERM_OCTETS_MAX 1024

/*
 * Where answers come from. Returns NULL while one is awaited; else it must be good as long as the
 * outcome is used, for outcome and trace point to it. `work` keeps what one call has found for the next, so
 * that nothing is read or evaluated twice; NULL: each call begins anew.
 */
struct spf_source {
	const struct dns_answer *(*ask)(void *context, const char *name, enum dns_type type);
	void *context;
	struct workspace *work;
};

struct spf_query {
	struct ipaddr client;
	const char *domain;        /* normalized, to begin with (4.3) */
	struct span local;         /* local part of the sender; "postmaster" when there is none (4.3) */
	const char *sender_domain; /* normalized; that of `%{o}` */
	const char *helo;          /* as given, or "" */
	const char *receiver;      /* our name, for `%{r}` */
};

struct spf_outcome {
	enum result result;         /* none, neutral, pass, fail, softfail, temperror or permerror */
	const char *record;         /* raw: the record of the first domain, as its answer holds it, or NULL */
	const char *mechanism;      /* the term that decided, or NULL */
	struct spf_problem problem; /* of temperror and permerror */
	const char *explanation;    /* for fail: the text of exp=, printable ASCII and cut at 255; or NULL */
	struct spf_trace trace;     /* what was done; of libspf2 only records and lookups */
};

/*
 * Evaluate. Returns false when answers are awaited: ask again later, with the same query. Strings of
 * `outcome` lie in `arena`, which is written to only when the evaluation is done; then `source->work` is
 * cleared. `query->client` must have an address. A record beyond our own bounds is temperror: it may well be
 * right.
 */
typedef bool spf_engine(const struct spf_query *query, const struct spf_source *source, struct arena *arena,
			struct spf_outcome *outcome);

/* Whether `domain`, normalized, can have a record: it has at least two labels (4.3). */
bool spf_domain_is_checkable(const char *domain);

spf_engine spf_native_evaluate;
spf_engine spf_libspf2_evaluate;

enum spf_engine_name { SPF_ENGINE_NATIVE, SPF_ENGINE_LIBSPF2, SPF_ENGINES };

/* By name. NULL: this build is without it (./configure --without-libspf2). */
extern spf_engine *const spf_engines[SPF_ENGINES];

#endif
