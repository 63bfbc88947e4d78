/*
 * arc_chain: the ARC sets of a message, collected field by field, and what their chain comes to (RFC
 * 8617, 5.2).
 *
 * The signatures are made like DKIM's and verified as those are: rsa-sha256, and ed25519-sha256, which RFC
 * 8617 takes over with RFC 6376's algorithms; rsa-sha1, short keys and octets that l= leaves open do not
 * count. Knows no resolver: who calls has the answers. One thread at a time; all lies in the caller's arenas.
 */
#ifndef HELOSCOPE_ARC_CHAIN_H
#define HELOSCOPE_ARC_CHAIN_H

#include "heloscope/arc/reason.h"
#include "heloscope/base/arena.h"
#include "heloscope/base/must_use.h"
#include "heloscope/dkim/bodies.h"
#include "heloscope/dkim/verify.h"

/* The fields of a set, in the order in which a seal covers them (5.1.1). */
enum arc_part { ARC_RESULTS, ARC_MESSAGE_SIGNATURE, ARC_SEALING, ARC_PARTS };

struct arc_signature {
	struct dkim_signature signature;
	const char *key_name; /* that is to be asked for; NULL: none is */
};

struct arc_set {
	const struct dkim_field *fields[ARC_PARTS];        /* NULL: not there */
	const struct arc_signature *signatures[ARC_PARTS]; /* of all but the first */
	bool vouches;                                      /* struct arc_results, */
	struct span author;                                /* and the field is kept */
};

/* All zero: no field has come. */
struct arc_chain {
	struct arc_set sets[DKIM_INSTANCES_MAX]; /* by instance, the first at 0 */
	unsigned count;                          /* the highest instance */
	size_t fields;                           /* of ARC, whatever is wrong with them */
	enum arc_reason reason;                  /* what is wrong with the form of one; else ARC_NONE */
	unsigned instance;                       /* of that; 0: not known */
};

/* Whether a field is one of ARC, and which. */
bool arc_part_of(struct span name, enum arc_part *part);

/*
 * Take a field of ARC, or NULL for one that was not kept. Returns its signature, so that the key can be asked
 * for, or NULL when there is none.
 */
const struct arc_signature *arc_chain_add(struct arc_chain *chain, enum arc_part part,
					  const struct dkim_field *field, int64_t now, struct arena *arena);

/* Something is wrong with the set; the first counts. */
void arc_chain_complain(struct arc_chain *chain, enum arc_reason reason, unsigned instance);

/* All fields have come: what the form of the chain comes to (5.2, 1 to 3); ARC_NONE when it is good. */
enum arc_reason arc_chain_judge_form(struct arc_chain *chain);

/* What a chain of good form is verified with. */
struct arc_case {
	const struct arc_chain *chain;
	struct dkim_header *header;
	const struct dkim_bodies *bodies;
	/* Never NULL; the same for the same name. */
	const struct dns_answer *(*answer)(void *context, const char *key_name);
	void *context;
	int64_t now; /* seconds since 1970 */
};

struct arc_outcome {
	enum arc_reason reason;
	unsigned instance;             /* of the set in which that was found; 0: of none */
	enum dkim_reason why;          /* for ARC_MESSAGE and ARC_SEAL, as all of this: */
	const char *domain, *selector; /* of the signature, normalized; "" when they could not be read */
	struct dkim_evidence evidence;
	bool has_oldest_pass; /* it was found, since the chain passes and it was not too much work: */
	unsigned oldest_pass; /* the oldest ARC-Message-Signature that verifies, and all newer ones; 0: all do
			       */
};

/* What becomes of the chain (5.2, 4 to 7). Strings of the evidence lie in `arena`. */
struct arc_outcome arc_chain_validate(const struct arc_case *of, struct arena *arena);

/* The status of the chain; temperror when it could not be found out. */
enum result arc_outcome_result(const struct arc_outcome *outcome);

#endif
