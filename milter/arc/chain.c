#include "heloscope/arc/chain.h"

#include "heloscope/arc/results.h"
#include "heloscope/base/bounds.h"
#include "heloscope/base/domain.h"

#define SCRATCH_OCTETS (1U << 20) /* of the evidence of one signature */
#define FIELDS_MAX (ARC_PARTS * DKIM_INSTANCES_MAX)

/* Collecting. */

bool
arc_part_of(struct span name, enum arc_part *part)
{
	static const char *const names[ARC_PARTS] = { "ARC-Authentication-Results", "ARC-Message-Signature",
						      "ARC-Seal" };

	for (int i = 0; i < ARC_PARTS; i++) {
		*part = (enum arc_part)i;
		if (span_equals_nocase(span_trim(name), span_of(names[i])))
			return true;
	}
	return false;
}

void
arc_chain_complain(struct arc_chain *chain, enum arc_reason reason, unsigned instance)
{
	if (chain->reason != ARC_NONE)
		return;
	chain->reason = reason;
	chain->instance = instance;
}

static struct arc_set *
set_of(struct arc_chain *chain, unsigned instance)
{
	if (instance > chain->count)
		chain->count = instance;
	return &chain->sets[instance - 1];
}

/* Put a field into its set; NULL when it has no place there. */
static struct arc_set *
place_field(struct arc_chain *chain, enum arc_part part, const struct dkim_field *field, unsigned instance)
{
	struct arc_set *set;

	if (instance == 0) {
		arc_chain_complain(chain, ARC_INSTANCE, 0);
		return NULL;
	}
	set = set_of(chain, instance);
	if (set->fields[part] != NULL) {
		arc_chain_complain(chain, ARC_TWICE, instance);
		return NULL;
	}
	set->fields[part] = field;
	return set;
}

static void
add_results(struct arc_chain *chain, const struct dkim_field *field)
{
	const struct arc_results results = arc_results_read(field->value);
	struct arc_set *set = place_field(chain, ARC_RESULTS, field, results.instance);

	if (set == NULL)
		return;
	set->vouches = results.vouches;
	set->author = results.author;
}

static const struct arc_signature *
add_signature(struct arc_chain *chain, enum arc_part part, const struct dkim_field *field, int64_t now,
	      struct arena *arena)
{
	const enum dkim_kind kind = part == ARC_SEALING ? DKIM_SEAL : DKIM_OF_ARC;
	struct arc_signature *signature = arena_alloc(arena, sizeof *signature);
	char name[DOMAIN_SIZE];
	struct arc_set *set;

	if (signature == NULL || !dkim_signature_read(kind, field->value, arena, &signature->signature)) {
		arc_chain_complain(chain, ARC_NO_MEMORY, 0);
		return NULL;
	}
	set = place_field(chain, part, field, signature->signature.instance);
	if (set == NULL)
		return NULL;
	set->signatures[part] = signature;
	if (dkim_verify_asks(&signature->signature, now, name) != NULL)
		signature->key_name = arena_string(arena, name);
	return signature;
}

const struct arc_signature *
arc_chain_add(struct arc_chain *chain, enum arc_part part, const struct dkim_field *field, int64_t now,
	      struct arena *arena)
{
	chain->fields++;
	if (field == NULL) {
		arc_chain_complain(chain, ARC_HEADER_LONG, 0);
		return NULL;
	}
	if (chain->reason != ARC_NONE && chain->fields > FIELDS_MAX)
		return NULL; /* a complaint already, lest fields without end use up the memory */
	if (part != ARC_RESULTS)
		return add_signature(chain, part, field, now, arena);
	add_results(chain, field);
	return NULL;
}

/* The form of the chain. */

static bool
has_status(const struct arc_set *set, struct span status)
{
	return span_equals_nocase(set->signatures[ARC_SEALING]->signature.chain_status, status);
}

static enum arc_reason
judge_set(const struct arc_set *set, unsigned instance)
{
	for (int part = 0; part < ARC_PARTS; part++)
		if (set->fields[part] == NULL)
			return ARC_MISSING;
	if (!has_status(set, instance == 1 ? SPAN("none") : SPAN("pass")))
		return ARC_STATUS;
	return set->signatures[ARC_SEALING]->signature.has_field_names ? ARC_SEAL_NAMES : ARC_NONE;
}

/* Who could not validate the chain says so, whatever is wrong with it (5.1.2). */
static bool
has_failed_before(const struct arc_chain *chain)
{
	const struct arc_set *newest = chain->count > 0 ? &chain->sets[chain->count - 1] : NULL;

	return newest != NULL && newest->signatures[ARC_SEALING] != NULL && has_status(newest, SPAN("fail"));
}

enum arc_reason
arc_chain_judge_form(struct arc_chain *chain)
{
	if (chain->fields == 0)
		arc_chain_complain(chain, ARC_NO_CHAIN, 0);
	if (chain->reason == ARC_NONE || (chain->reason != ARC_NO_MEMORY && has_failed_before(chain))) {
		chain->reason = has_failed_before(chain) ? ARC_FAILED : ARC_NONE;
		chain->instance = chain->count;
	}
	for (unsigned i = chain->count; i > 0 && chain->reason == ARC_NONE; i--)
		arc_chain_complain(chain, judge_set(&chain->sets[i - 1], i), i);
	if (chain->reason == ARC_NONE
	    && chain->sets[chain->count - 1].signatures[ARC_MESSAGE_SIGNATURE]->signature.covers_seal)
		arc_chain_complain(chain, ARC_SEAL_SIGNED, chain->count);
	return chain->reason;
}

/* Verifying. */

static const struct dns_answer *
answer_to(const struct arc_case *of, const struct arc_signature *signature)
{
	static const struct dns_answer unasked = { .status = DNS_NODATA };

	return signature->key_name != NULL ? of->answer(of->context, signature->key_name) : &unasked;
}

/* A chain that is verified. */
struct validation {
	const struct arc_case *of;
	struct dkim_keys keys;
	unsigned char sealed[DKIM_INSTANCES_MAX][DKIM_HASH_OCTETS]; /* what each seal covers */
	bool has_sealed;
};

/* Hash what the seals cover, of all in one pass (5.1.1). */
static void
hash_sealed(struct validation *validation)
{
	const struct arc_chain *chain = validation->of->chain;
	struct dkim_hasher hasher;
	bool is_good = true;

	dkim_hasher_init(&hasher, NULL, 0);
	for (unsigned i = 0; i < chain->count; i++) {
		const struct arc_set *set = &chain->sets[i];

		dkim_header_add_sealed(&hasher, set->fields[ARC_RESULTS]);
		dkim_header_add_sealed(&hasher, set->fields[ARC_MESSAGE_SIGNATURE]);
		is_good = dkim_header_hash_sealed(&hasher, set->fields[ARC_SEALING],
						  &set->signatures[ARC_SEALING]->signature,
						  validation->sealed[i])
			  && is_good;
		dkim_header_add_sealed(&hasher, set->fields[ARC_SEALING]);
	}
	dkim_keys_take_header(&validation->keys, dkim_hasher_length(&hasher), 0);
	dkim_hasher_clear(&hasher);
	validation->has_sealed = is_good;
}

static struct dkim_evidence
verify(struct validation *validation, unsigned instance, enum arc_part part, struct arena *arena)
{
	const struct arc_case *of = validation->of;
	const struct arc_set *set = &of->chain->sets[instance - 1];
	const struct dkim_signature *signature = &set->signatures[part]->signature;
	struct dkim_case one = {
		.signature = signature,
		.own = set->fields[part],
		.header = of->header,
		.keys = &validation->keys,
		.answer = answer_to(of, set->signatures[part]),
		.now = of->now,
	};

	if (part == ARC_SEALING) {
		one.sealed_hash = validation->has_sealed ? validation->sealed[instance - 1] : NULL;
	} else {
		one.body_hash = dkim_bodies_hash(of->bodies, signature);
		one.body_octets = dkim_bodies_octets(of->bodies, signature);
	}
	return dkim_verify(&one, arena);
}

/* Keep the evidence, whose strings lie elsewhere. */
static struct arc_outcome
make_outcome(const struct dkim_signature *signature, const struct dkim_evidence *evidence,
	     struct arena *arena)
{
	struct arc_outcome outcome = {
		.reason = signature->kind == DKIM_SEAL ? ARC_SEAL : ARC_MESSAGE,
		.instance = signature->instance,
		.why = evidence->meant,
		.domain = arena_string(arena, signature->domain),
		.selector = arena_string(arena, signature->selector),
		.evidence = *evidence,
	};

	outcome.evidence.reason = evidence->meant; /* a key for tests makes no difference here */
	if (evidence->key_record != NULL)
		outcome.evidence.key_record = arena_string(arena, evidence->key_record);
	outcome.evidence.missing = arena_string(arena, evidence->missing);
	outcome.evidence.uncovered = arena_string(arena, evidence->uncovered);
	outcome.evidence.filled = arena_string(arena, evidence->filled);
	return outcome;
}

/* Verify one; `outcome` tells what is wrong with it, unless it does so already of another. */
static bool
is_good(struct validation *validation, unsigned instance, enum arc_part part, struct arc_outcome *outcome,
	struct arena *arena)
{
	const struct arc_set *set = &validation->of->chain->sets[instance - 1];
	struct arena scratch;
	struct dkim_evidence evidence;
	bool is_told;

	arena_init(&scratch, SCRATCH_OCTETS);
	evidence = verify(validation, instance, part, &scratch);
	is_told = arc_outcome_result(outcome) == RESULT_TEMPERROR
		  && dkim_reason_result(evidence.reason) == RESULT_TEMPERROR;
	if (evidence.reason != DKIM_NONE && !is_told)
		*outcome = make_outcome(&set->signatures[part]->signature, &evidence, arena);
	arena_clear(&scratch);
	return evidence.reason == DKIM_NONE;
}

/* Step 4, and 6 with the newest first, up to the first that fails. */
static struct arc_outcome
verify_chain(struct validation *validation, struct arena *arena)
{
	const unsigned count = validation->of->chain->count;
	struct arc_outcome outcome = { .reason = ARC_NONE };

	(void)is_good(validation, count, ARC_MESSAGE_SIGNATURE, &outcome, arena);
	if (arc_outcome_result(&outcome) != RESULT_FAIL)
		hash_sealed(validation);
	for (unsigned i = count; i > 0 && arc_outcome_result(&outcome) != RESULT_FAIL; i--)
		(void)is_good(validation, i, ARC_SEALING, &outcome, arena);
	return outcome;
}

/* Step 5: how far back the message is as it was. Not known when that is more work than may be done. */
static void
find_oldest_pass(struct validation *validation, struct arc_outcome *outcome, struct arena *arena)
{
	unsigned oldest = validation->of->chain->count;
	struct arc_outcome older = { .reason = ARC_NONE };

	while (oldest > 1 && is_good(validation, oldest - 1, ARC_MESSAGE_SIGNATURE, &older, arena))
		oldest--;
	outcome->has_oldest_pass = older.why != DKIM_WORK;
	outcome->oldest_pass = outcome->has_oldest_pass && oldest > 1 ? oldest : 0;
}

struct arc_outcome
arc_chain_validate(const struct arc_case *of, struct arena *arena)
{
	struct validation validation = { .of = of };
	struct arc_outcome outcome;

	dkim_keys_init(&validation.keys, BOUND_ARC_WORK);
	outcome = verify_chain(&validation, arena);
	if (outcome.reason == ARC_NONE)
		find_oldest_pass(&validation, &outcome, arena);
	dkim_keys_clear(&validation.keys);
	return outcome;
}

enum result
arc_outcome_result(const struct arc_outcome *outcome)
{
	const bool rests_on_signature = outcome->reason == ARC_MESSAGE || outcome->reason == ARC_SEAL;

	return rests_on_signature && dkim_reason_result(outcome->why) == RESULT_TEMPERROR
		       ? RESULT_TEMPERROR
		       : arc_reason_result(outcome->reason);
}
