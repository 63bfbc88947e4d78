/* arc in a record: see codec.h. */
#include "heloscope/records/codec.h"

#include "heloscope/records/value.h"

#define ROW(NAME, word, result) [ARC_##NAME] = (word),
static const char *const reason_words[ARC_REASONS] = { ARC_REASON_ROWS(ROW) };
#undef ROW
static const struct tokens reasons = TOKENS(reason_words);

/* Writing. */

/* The signature that does not verify. */
static void
put_signature(const struct arc_outcome *outcome, json_t *object)
{
	record_set_token(object, "why", &codec_signature_reasons, (int)outcome->why);
	record_set_text(object, "domain", outcome->domain);
	record_set_text(object, "selector", outcome->selector);
	if (outcome->evidence.unsigned_octets > 0) {
		record_set_number(object, "body-octets", (size_t)outcome->evidence.body_octets);
		record_set_number(object, "unsigned-octets", (size_t)outcome->evidence.unsigned_octets);
	}
	codec_put_key(&outcome->evidence, object);
}

static json_t *
sealers_of(const struct arc_facts *arc)
{
	json_t *list = json_array();

	for (size_t i = 0; i < arc->count; i++) {
		const struct arc_sealer *sealer = &arc->sealers[i];
		json_t *object = json_object();

		record_set_text(object, "domain", sealer->domain);
		record_set_text(object, "selector", sealer->selector);
		record_set_flag(object, "dmarc-pass", sealer->vouches);
		record_set_flag(object, "signs-from", sealer->covers_from);
		record_set_flag(object, "trusted", sealer->is_trusted);
		document_append(list, object);
	}
	return list;
}

static json_t *
arc_of(const struct facts *facts)
{
	const struct arc_facts *arc = &facts->arc;
	json_t *object = record_result(facts->results[METHOD_ARC]);

	if (arc->outcome.reason != ARC_NONE)
		record_set_token(object, "reason", &reasons, (int)arc->outcome.reason);
	if (arc->outcome.instance > 0)
		record_set_number(object, "instance", arc->outcome.instance);
	if (arc->outcome.why != DKIM_NONE)
		put_signature(&arc->outcome, object);
	record_set_number(object, "instances", arc->count);
	if (arc->outcome.has_oldest_pass)
		record_set_number(object, "oldest-pass", arc->outcome.oldest_pass);
	document_put(object, "sealers", sealers_of(arc));
	return object;
}

/* Reading. */

static void
take_outcome(struct taking *taking, const struct node *check, struct arc_outcome *outcome)
{
	outcome->reason = (enum arc_reason)take_token(taking, check, "reason", &reasons, ARC_NONE);
	outcome->instance = take_number(check, "instance");
	outcome->why =
		(enum dkim_reason)take_token(taking, check, "why", &codec_signature_reasons, DKIM_NONE);
	outcome->domain = take_text_or_empty(taking, check, "domain");
	outcome->selector = take_text_or_empty(taking, check, "selector");
	outcome->evidence.reason = outcome->evidence.meant = outcome->why;
	outcome->evidence.body_octets = take_number(check, "body-octets");
	outcome->evidence.unsigned_octets = take_number(check, "unsigned-octets");
	codec_take_key(taking, check, &outcome->evidence);
	outcome->has_oldest_pass = tree_member(check, "oldest-pass") != NULL;
	outcome->oldest_pass = take_number(check, "oldest-pass");
}

static void
take_sealers(struct taking *taking, const struct node *list, struct arc_facts *arc)
{
	const size_t count = tree_count(list);

	arc->sealers = count > 0 ? take_room(taking, count, sizeof *arc->sealers) : NULL;
	if (arc->sealers == NULL)
		return;
	for (const struct node *object = tree_first(list); object != NULL; object = tree_next(list, object))
		arc->sealers[arc->count++] = (struct arc_sealer){
			.domain = take_text_or_empty(taking, object, "domain"),
			.selector = take_text_or_empty(taking, object, "selector"),
			.vouches = take_flag(object, "dmarc-pass"),
			.covers_from = take_flag(object, "signs-from"),
			.is_trusted = take_flag(object, "trusted"),
		};
}

static void
take_arc(struct taking *taking, const struct node *check, struct facts *facts)
{
	take_sealers(taking, tree_member(check, "sealers"), &facts->arc);
	if (!taking->is_for_policy)
		take_outcome(taking, check, &facts->arc.outcome);
}

const struct codec codec_arc = { "arc", arc_of, take_arc };
