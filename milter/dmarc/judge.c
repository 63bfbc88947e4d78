#include "heloscope/dmarc/judge.h"

#include <string.h>

/* The policy one step weaker. */
static enum dmarc_policy
weaker(enum dmarc_policy policy)
{
	return policy == DMARC_REJECT ? DMARC_QUARANTINE : policy == DMARC_QUARANTINE ? DMARC_NONE : policy;
}

/* Whether it matters that a domain exists, to which the record of `step` applies. */
static bool
rests_on_existence(const struct dmarc_step *step, const char *domain)
{
	return dmarc_policy_for(step, domain, true) != dmarc_policy_for(step, domain, false);
}

void
dmarc_prepare(const struct dmarc_source *source, const char *author)
{
	const struct dmarc_step *step;
	struct dmarc_walk walk;

	if (!dmarc_walk(source, author, &walk))
		return;
	step = dmarc_step_that_applies(&walk, author);
	if (step != NULL && rests_on_existence(step, author))
		(void)source->ask(source->context, author, DNS_A);
}

/* One judgement. */
struct judging {
	const struct dmarc_source *source;
	const char *author;
	struct dmarc_outcome *outcome;
	const struct dmarc_step *step; /* whose record applies; NULL: there is none */
	bool is_awaited;               /* by an identifier */
};

static bool
finish(struct dmarc_outcome *outcome, enum result result)
{
	outcome->result = result;
	return true;
}

static bool
finish_fault(struct dmarc_outcome *outcome, const char *name, enum dns_status status)
{
	outcome->fault_name = name;
	outcome->fault = status;
	return finish(outcome, RESULT_TEMPERROR);
}

static const char *
last_label(const char *domain)
{
	const char *dot = strrchr(domain, '.');

	return dot != NULL ? dot + 1 : domain;
}

/* By a walk of its own (4.10.2), where one can align at all: the organization is the end of both names. */
static enum dmarc_alignment
compare_organizations(struct judging *judging, const char *domain)
{
	const struct dmarc_outcome *outcome = judging->outcome;
	const bool is_known = outcome->organization != NULL;
	const char *end = is_known ? outcome->organization : last_label(judging->author);
	struct dmarc_walk walk;

	if (!domain_is_within(span_of(domain), span_of(end)))
		return DMARC_UNALIGNED;
	if (!is_known)
		return DMARC_UNTOLD;
	if (!dmarc_walk(judging->source, domain, &walk)) {
		judging->is_awaited = true;
		return DMARC_UNTOLD;
	}
	if (walk.unknown != NULL) {
		judging->outcome->fault_name = walk.unknown;
		judging->outcome->fault = walk.fault->status;
		return DMARC_UNTOLD;
	}
	return strcmp(dmarc_organization(&walk, domain), end) == 0 ? DMARC_RELAXED : DMARC_UNALIGNED;
}

static void
align(struct judging *judging, struct dmarc_identifier *identifier)
{
	const struct dmarc_record *record = &judging->outcome->record;

	if (strcmp(identifier->domain, judging->author) == 0)
		identifier->alignment = DMARC_EQUAL;
	else if (identifier->is_spf ? record->is_spf_strict : record->is_dkim_strict)
		identifier->alignment = DMARC_UNALIGNED;
	else
		identifier->alignment = compare_organizations(judging, identifier->domain);
}

/* One aligned identifier that passed is enough (4.4.1); without it one that might have is a fault. */
static enum result
align_all(struct judging *judging, struct dmarc_identifier *identifiers, size_t count)
{
	enum result result = RESULT_FAIL;

	judging->outcome->has_alignments = true;
	for (size_t i = 0; i < count; i++)
		align(judging, &identifiers[i]);
	for (size_t i = 0; i < count; i++) {
		const enum dmarc_alignment alignment = identifiers[i].alignment;

		if (alignment == DMARC_UNALIGNED)
			continue;
		if (alignment != DMARC_UNTOLD && identifiers[i].has_passed)
			return RESULT_PASS;
		result = RESULT_TEMPERROR;
	}
	return result;
}

/* Whether a record above the author's domain wants something done, whether that exists or not. */
static bool
asks_for_enforcement(const struct dmarc_step *step, const char *author)
{
	for (int exists = 0; exists <= 1; exists++) {
		const enum dmarc_policy policy = dmarc_policy_for(step, author, exists != 0);

		if (policy == DMARC_QUARANTINE || policy == DMARC_REJECT)
			return true;
	}
	return false;
}

/* Find the record that applies, where each lookup told what it could change. False when that is not known. */
static bool
find_record(struct judging *judging)
{
	struct dmarc_outcome *outcome = judging->outcome;
	const struct dmarc_walk *walk = &outcome->walk;
	const struct dmarc_step *step = judging->step = dmarc_step_that_applies(walk, judging->author);

	if (walk->unknown == NULL) {
		outcome->organization = dmarc_organization(walk, judging->author);
	} else if (step == NULL || step->domain != judging->author) {
		outcome->is_below_policy = step != NULL && asks_for_enforcement(step, judging->author);
		return false;
	}
	if (step != NULL) {
		outcome->record_domain = step->domain;
		outcome->record = step->record;
	}
	return true;
}

/* Whether the author's domain exists. False when awaited; `answer` is a fault when it is not known. */
static bool
find_existence(const struct judging *judging, const struct dns_answer **answer)
{
	struct dmarc_outcome *outcome = judging->outcome;

	*answer = judging->source->ask(judging->source->context, judging->author, DNS_A);
	if (*answer == NULL)
		return false;
	if (!dns_status_is_fault((*answer)->status))
		outcome->existence = (*answer)->status == DNS_NXDOMAIN ? DMARC_DOES_NOT_EXIST : DMARC_EXISTS;
	return true;
}

/*
 * What the author's domain wants done with mail that fails, for which it may have to be known whether that
 * exists: only where this message does, it is a fault when it is not. False when awaited.
 */
static bool
find_policy(const struct judging *judging)
{
	struct dmarc_outcome *outcome = judging->outcome;
	const struct dns_answer *answer;

	if (rests_on_existence(judging->step, judging->author)) {
		if (!find_existence(judging, &answer))
			return false;
		if (outcome->existence == DMARC_UNASKED)
			return outcome->result != RESULT_FAIL
			       || finish_fault(outcome, judging->author, answer->status);
	}
	outcome->policy =
		dmarc_policy_for(judging->step, judging->author, outcome->existence != DMARC_DOES_NOT_EXIST);
	outcome->evaluated = outcome->record.is_testing ? weaker(outcome->policy) : outcome->policy;
	return true;
}

bool
dmarc_judge(const struct dmarc_source *source, const char *author, struct dmarc_identifier *identifiers,
	    size_t count, struct dmarc_outcome *outcome)
{
	struct judging judging = { .source = source, .author = author };

	*outcome = (struct dmarc_outcome){ .policy = DMARC_ABSENT, .evaluated = DMARC_ABSENT };
	judging.outcome = outcome;
	if (!dmarc_walk(source, author, &outcome->walk))
		return false;
	if (!find_record(&judging))
		return finish_fault(outcome, outcome->walk.unknown, outcome->walk.fault->status);
	if (judging.step == NULL)
		return finish(outcome, RESULT_NONE);
	if (dmarc_policy_for(judging.step, author, true) == DMARC_INVALID)
		return finish(outcome, RESULT_PERMERROR);
	outcome->result = align_all(&judging, identifiers,
				    count < DMARC_IDENTIFIERS_MAX ? count : DMARC_IDENTIFIERS_MAX);
	if (judging.is_awaited) /* even when it passes: what is told must not rest on which answer is faster
				 */
		return false;
	if (outcome->result == RESULT_TEMPERROR && outcome->fault_name == NULL
	    && outcome->walk.unknown != NULL)
		(void)finish_fault(outcome, outcome->walk.unknown, outcome->walk.fault->status);
	return find_policy(&judging);
}
