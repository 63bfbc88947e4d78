#include "heloscope/checks/arc.h"

#include <string.h>

#include "heloscope/arc/chain.h"
#include "heloscope/base/bounds.h"

/* What is kept of the message, beside what is kept for all checks. */
struct seen {
	struct arc_chain chain;
	const char *asked[BOUND_ARC_KEYS];
	size_t asked_count;
	struct arc_facts facts;
	bool is_judged;
};

/* NULL when there is no memory. */
static struct seen *
seen_of(struct inquiry *inquiry)
{
	return inquiry_fed_state(inquiry, sizeof(struct seen));
}

/* The message. */

static bool
is_asked(const struct seen *seen, const char *name)
{
	for (size_t i = 0; i < seen->asked_count; i++)
		if (strcmp(seen->asked[i], name) == 0)
			return true;
	return false;
}

static void
ask_for_key(struct inquiry *inquiry, struct seen *seen, const struct arc_signature *signature)
{
	if (signature->key_name == NULL || is_asked(seen, signature->key_name))
		return;
	if (seen->asked_count == BOUND_ARC_KEYS) {
		arc_chain_complain(&seen->chain, ARC_KEYS, signature->signature.instance);
		return;
	}
	seen->asked[seen->asked_count++] = signature->key_name;
	inquiry_allow(inquiry, BOUND_ANSWER_OCTETS_MUCH);
	(void)inquiry_ask(inquiry, STAGE_HEADER, signature->key_name, DNS_TXT);
}

static void
take_field(struct inquiry *inquiry, struct seen *seen, const struct piece *piece)
{
	const struct dkim_field *field = inquiry_keep_field(inquiry, piece);
	const struct arc_signature *signature = NULL;
	enum arc_part part;

	if (arc_part_of(piece->name, &part))
		signature = arc_chain_add(&seen->chain, part, field, inquiry_kept(inquiry)->now,
					  &inquiry_fed(inquiry)->memory);
	if (signature != NULL)
		ask_for_key(inquiry, seen, signature);
}

/* The body is hashed for a chain that may pass. */
static void
want_body(struct inquiry *inquiry, struct seen *seen)
{
	if (arc_chain_judge_form(&seen->chain) != ARC_NONE)
		return;
	for (unsigned i = 0; i < seen->chain.count; i++)
		inquiry_want_body(inquiry, &seen->chain.sets[i].signatures[ARC_MESSAGE_SIGNATURE]->signature);
}

static void
feed(struct inquiry *inquiry, const struct piece *piece)
{
	struct seen *seen = seen_of(inquiry);

	if (seen == NULL)
		return;
	switch (piece->kind) {
	case PIECE_FIELD:
		take_field(inquiry, seen, piece);
		break;
	case PIECE_END_OF_HEADER:
		want_body(inquiry, seen);
		break;
	case PIECE_BODY:
	case PIECE_END_OF_BODY:
		break;
	}
}

/* What is found. */

static bool
is_trusted(const struct config *config, const char *domain)
{
	for (size_t i = 0; i < config->arc_sealers.count; i++)
		if (domain_matches(span_of(domain), span_of(config->arc_sealers.items[i])))
			return true;
	return false;
}

void
check_arc_trust(const struct arc_facts *arc, const struct config *config)
{
	for (size_t i = 0; i < arc->count; i++)
		arc->sealers[i].is_trusted = is_trusted(config, arc->sealers[i].domain);
}

/* Whether the results of a set say dmarc=pass of the author that the message has now. */
static bool
vouches_for(const struct arc_set *set, const char *author)
{
	char name[DOMAIN_SIZE];

	return set->vouches && author[0] != '\0' && domain_normalize(set->author, name)
	       && strcmp(name, author) == 0;
}

static struct arc_sealer
make_sealer(const struct arc_set *set, const char *author, struct arena *arena)
{
	const struct arc_signature *seal = set->signatures[ARC_SEALING],
				   *message = set->signatures[ARC_MESSAGE_SIGNATURE];

	return (struct arc_sealer){
		.domain = arena_string(arena, seal != NULL ? seal->signature.domain : ""),
		.selector = arena_string(arena, seal != NULL ? seal->signature.selector : ""),
		.vouches = vouches_for(set, author),
		.covers_from = message != NULL && message->signature.covers_from,
	};
}

static void
list_sealers(struct inquiry *inquiry, struct seen *seen)
{
	struct arena *arena = inquiry_arena(inquiry, STAGE_BODY);
	struct arc_facts *facts = &seen->facts;
	const char *author = author_domain(&inquiry_kept(inquiry)->author);

	facts->sealers = arena_alloc(arena, (seen->chain.count + 1) * sizeof *facts->sealers);
	if (facts->sealers == NULL)
		return;
	for (; facts->count < seen->chain.count; facts->count++)
		facts->sealers[facts->count] = make_sealer(&seen->chain.sets[facts->count], author, arena);
	check_arc_trust(facts, inquiry_config(inquiry));
}

static const struct dns_answer *
answer(void *context, const char *key_name)
{
	return inquiry_ask(context, STAGE_HEADER, key_name, DNS_TXT);
}

static bool
has_keys(struct inquiry *inquiry, const struct seen *seen)
{
	bool has_all = true;

	for (size_t i = 0; i < seen->asked_count; i++)
		has_all = answer(inquiry, seen->asked[i]) != NULL && has_all;
	return has_all;
}

static struct arc_outcome
validate(struct inquiry *inquiry, struct seen *seen)
{
	const struct arc_case of = {
		.chain = &seen->chain,
		.header = &inquiry_kept(inquiry)->header,
		.bodies = &inquiry_kept(inquiry)->bodies,
		.answer = answer,
		.context = inquiry,
		.now = inquiry_kept(inquiry)->now,
	};

	return arc_chain_validate(&of, inquiry_arena(inquiry, STAGE_BODY));
}

static void
judge(struct inquiry *inquiry, struct seen *seen)
{
	list_sealers(inquiry, seen);
	if (seen->chain.reason == ARC_NONE)
		seen->facts.outcome = validate(inquiry, seen);
	else
		seen->facts.outcome = (struct arc_outcome){ .reason = seen->chain.reason,
							    .instance = seen->chain.instance };
	seen->is_judged = true;
}

/* What is wrong with the form of a chain is known without its keys and the body. */
static bool
run(struct inquiry *inquiry)
{
	struct facts *facts = inquiry_facts(inquiry);
	struct seen *seen = seen_of(inquiry);

	if (seen == NULL || inquiry_stage(inquiry) < STAGE_HEADER)
		return false;
	if (seen->chain.reason == ARC_NONE
	    && (!has_keys(inquiry, seen) || inquiry_stage(inquiry) < STAGE_BODY))
		return false;
	if (!seen->is_judged)
		judge(inquiry, seen);
	facts->arc = seen->facts;
	facts->results[METHOD_ARC] = arc_outcome_result(&seen->facts.outcome);
	if (facts->results[METHOD_ARC] != RESULT_TEMPERROR)
		facts->withheld[METHOD_ARC] = DNS_NOERROR; /* what was not asked would change nothing */
	else if (facts->withheld[METHOD_ARC] == DNS_NOERROR && facts->arc.outcome.reason != ARC_NO_MEMORY)
		facts->withheld[METHOD_ARC] =
			dns_status_of_chosen(dkim_evidence_fault(&facts->arc.outcome.evidence));
	return true;
}

const struct check check_arc = { .stage = STAGE_BODY, .run = run, .method = METHOD_ARC, .feed = feed };
