/* spf and spf-helo in a record: see codec.h. */
#include "heloscope/records/codec.h"

#include "heloscope/records/value.h"

#define TEXT_MAX 4000  /* of an answer */
#define ANSWERS_MAX 20 /* records of one answer that are told */

static void
add_answer(struct strbuf *text, const struct dns_record *record, enum dns_type type)
{
	char address[IPADDR_TEXT_SIZE];

	if (type == DNS_A || type == DNS_AAAA)
		strbuf_add(text, ipaddr_format(&record->address, address));
	else if (type == DNS_TXT)
		strbuf_add_span(text, record->text);
	else if (type == DNS_MX)
		strbuf_printf(text, "%u %s", record->preference, record->name);
	else
		strbuf_add(text, record->name);
}

static json_t *
answers_of(const struct dns_answer *answer, enum dns_type type)
{
	json_t *answers = json_array();

	for (size_t i = 0; i < answer->count && i < ANSWERS_MAX; i++) {
		char memory[TEXT_MAX];
		struct strbuf text;

		strbuf_init(&text, memory, sizeof memory);
		add_answer(&text, &answer->records[i], type);
		document_append(answers, record_escaped((struct span){ memory, text.length }));
	}
	return answers;
}

static json_t *
lookup_of(const struct spf_lookup *lookup)
{
	json_t *object = json_object();

	record_set_text(object, "name", lookup->name);
	record_set_text(object, "type", dns_type_word(lookup->type));
	record_set_text(object, "status", dns_status_word(lookup->answer->status));
	record_set_number(object, "ttl", lookup->answer->ttl_s);
	record_set_flag(object, "secure", lookup->answer->security == DNS_SECURE);
	document_put(object, "answers", answers_of(lookup->answer, lookup->type));
	return object;
}

static json_t *
step_of(const struct spf_trace *trace, size_t index)
{
	static const char *const matches[] = {
		[SPF_NO_MATCH] = "no",
		[SPF_MATCH] = "yes",
		[SPF_TEMPERROR] = "temperror",
		[SPF_PERMERROR] = "permerror",
	};
	const struct spf_step *step = &trace->steps[index];
	json_t *object = json_object(), *lookups = json_array();

	record_set_number(object, "depth", step->depth);
	record_set_text(object, "domain", step->domain);
	document_put(object, step->is_record ? "record" : "term", record_escaped(step->term));
	record_set_text(object, "match", matches[step->match]);
	for (size_t i = 0; i < trace->lookup_count; i++)
		if (trace->lookups[i].step == index)
			document_append(lookups, lookup_of(&trace->lookups[i]));
	if (json_array_size(lookups) > 0)
		document_put(object, "lookups", lookups);
	else
		json_decref(lookups);
	return object;
}

static json_t *
spf_of(const struct facts *facts, enum method method, enum spf_identity identity)
{
	const struct spf_facts *spf = &facts->spf[identity];
	json_t *object = record_result(facts->results[method]), *steps = json_array();

	record_set_text(object, "domain", spf->domain);
	record_set_text(object, "record", spf->record);
	record_set_text(object, "mechanism", spf->mechanism);
	record_set_text(object, "problem", spf->problem);
	record_set_text(object, "explanation", spf->explanation);
	record_set_number(object, "terms", spf->trace.terms);
	record_set_number(object, "voids", spf->trace.voids);
	for (size_t i = 0; i < spf->trace.step_count; i++)
		document_append(steps, step_of(&spf->trace, i));
	document_put(object, "trace", steps);
	return object;
}

static json_t *
mailfrom_of(const struct facts *facts)
{
	return spf_of(facts, METHOD_SPF, SPF_MAILFROM);
}

static json_t *
spf_helo_of(const struct facts *facts)
{
	return spf_of(facts, METHOD_SPF_HELO, SPF_HELO);
}

const struct codec codec_spf = { "spf", mailfrom_of };
const struct codec codec_spf_helo = { "spf-helo", spf_helo_of };
