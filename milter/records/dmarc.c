/* dmarc in a record: see codec.h. */
#include "heloscope/records/codec.h"

#include <string.h>

#include "heloscope/config/words.h"
#include "heloscope/records/value.h"

static const struct tokens policies = { config_subject_words[SUBJECT_DMARC_POLICY], DMARC_REJECT + 1 };

static const char *const alignment_words[DMARC_ALIGNMENTS] = {
	[DMARC_UNALIGNED] = "none",
	[DMARC_RELAXED] = "relaxed",
	[DMARC_EQUAL] = "equal",
	[DMARC_UNTOLD] = "unknown",
};
static const struct tokens alignments = TOKENS(alignment_words);

static const char *const method_words_of[] = { "dkim", "spf" };
static const struct tokens methods = TOKENS(method_words_of);

/* Writing. */

static json_t *
identifiers_of(const struct dmarc_facts *dmarc)
{
	json_t *list = json_array();

	for (size_t i = 0; i < dmarc->identifier_count; i++) {
		const struct dmarc_identifier *identifier = &dmarc->identifiers[i];
		json_t *object = json_object();

		record_set_token(object, "method", &methods, identifier->is_spf ? 1 : 0);
		record_set_text(object, "domain", identifier->domain);
		record_set_flag(object, "passed", identifier->has_passed);
		record_set_token(object, "alignment", &alignments, (int)identifier->alignment);
		document_append(list, object);
	}
	return list;
}

static json_t *
lookups_of(const struct dmarc_facts *dmarc)
{
	json_t *list = json_array();

	for (size_t i = 0; i < dmarc->lookup_count; i++) {
		json_t *object = json_object();

		record_set_text(object, "domain", dmarc->lookups[i].domain);
		record_set_token(object, "status", &codec_statuses, (int)dmarc->lookups[i].status);
		if (dmarc->lookups[i].records > 0)
			record_set_number(object, "records", dmarc->lookups[i].records);
		record_set_text(object, "record", dmarc->lookups[i].record);
		record_set_text(object, "second", dmarc->lookups[i].second);
		document_append(list, object);
	}
	return list;
}

static void
put_policy(json_t *object, const char *key, enum dmarc_policy policy)
{
	if (policy <= DMARC_REJECT)
		record_set_token(object, key, &policies, (int)policy);
}

static json_t *
dmarc_of(const struct facts *facts)
{
	const struct dmarc_facts *dmarc = &facts->dmarc;
	json_t *object = record_result(facts->results[METHOD_DMARC]);

	codec_put_author(&facts->author, object);
	if (dmarc->record_domain != NULL) {
		record_set_text(object, "domain", dmarc->record_domain);
		record_set_text(object, "record", dmarc->record.text.at);
	}
	record_set_text(object, "organizational-domain", dmarc->organization);
	if (dmarc->existence != DMARC_UNASKED)
		record_set_flag(object, "exists", dmarc->existence == DMARC_EXISTS);
	put_policy(object, "published", dmarc->policy);
	put_policy(object, "policy", dmarc->evaluated);
	if (dmarc->fault_name != NULL) {
		record_set_text(object, "fault", dmarc->fault_name);
		record_set_token(object, "status", &codec_statuses, (int)dmarc->fault);
	}
	if (dmarc->identifier_count > 0)
		document_put(object, "identifiers", identifiers_of(dmarc));
	if (dmarc->lookup_count > 0)
		document_put(object, "lookups", lookups_of(dmarc));
	return object;
}

/* Reading. */

static void
take_identifiers(struct taking *taking, const struct node *list, struct dmarc_facts *dmarc)
{
	const size_t count = tree_count(list);

	dmarc->identifiers = count > 0 ? take_room(taking, count, sizeof *dmarc->identifiers) : NULL;
	if (dmarc->identifiers == NULL)
		return;
	for (const struct node *object = tree_first(list); object != NULL; object = tree_next(list, object))
		dmarc->identifiers[dmarc->identifier_count++] = (struct dmarc_identifier){
			.domain = take_text_or_empty(taking, object, "domain"),
			.is_spf = take_token(taking, object, "method", &methods, 0) == 1,
			.has_passed = take_flag(object, "passed"),
			.alignment = (enum dmarc_alignment)take_token(taking, object, "alignment",
								      &alignments, DMARC_UNALIGNED),
		};
}

static void
take_lookups(struct taking *taking, const struct node *list, struct dmarc_facts *dmarc)
{
	const size_t count = tree_count(list);

	dmarc->lookups = count > 0 ? take_room(taking, count, sizeof *dmarc->lookups) : NULL;
	if (dmarc->lookups == NULL)
		return;
	for (const struct node *object = tree_first(list); object != NULL; object = tree_next(list, object))
		dmarc->lookups[dmarc->lookup_count++] = (struct dmarc_looked_up){
			.domain = take_text_or_empty(taking, object, "domain"),
			.status = (enum dns_status)take_token(taking, object, "status", &codec_statuses,
							      DNS_NOERROR),
			.records = take_number(object, "records"),
			.record = take_text(taking, object, "record"),
			.second = take_text(taking, object, "second"),
		};
}

static enum dmarc_policy
take_policy(struct taking *taking, const struct node *check, const char *key)
{
	return (enum dmarc_policy)take_token(taking, check, key, &policies, DMARC_ABSENT);
}

static void
take_dmarc(struct taking *taking, const struct node *check, struct facts *facts)
{
	struct dmarc_facts *dmarc = &facts->dmarc;

	codec_take_author(taking, check, &facts->author);
	dmarc->policy = take_policy(taking, check, "published");
	dmarc->evaluated = take_policy(taking, check, "policy");
	if (taking->is_for_policy)
		return;
	dmarc->record_domain = take_text(taking, check, "domain");
	dmarc_record_read(span_of(take_text_or_empty(taking, check, "record")), &dmarc->record);
	dmarc->organization = take_text(taking, check, "organizational-domain");
	if (tree_member(check, "exists") != NULL)
		dmarc->existence = take_flag(check, "exists") ? DMARC_EXISTS : DMARC_DOES_NOT_EXIST;
	dmarc->fault_name = take_text(taking, check, "fault");
	dmarc->fault = (enum dns_status)take_token(taking, check, "status", &codec_statuses, DNS_NOERROR);
	take_identifiers(taking, tree_member(check, "identifiers"), dmarc);
	take_lookups(taking, tree_member(check, "lookups"), dmarc);
}

const struct codec codec_dmarc = { "dmarc", dmarc_of, take_dmarc };
