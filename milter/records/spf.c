/* spf and spf-helo in a record: see codec.h. */
#include "heloscope/records/codec.h"

#include <string.h>

#include "heloscope/records/value.h"
#include "heloscope/spf/record.h"

#define TEXT_MAX 4000  /* of an answer */
#define ANSWERS_MAX 20 /* records of one answer that are told */

static const char *const match_words[] = {
	[SPF_NO_MATCH] = "no",
	[SPF_MATCH] = "yes",
	[SPF_TEMPERROR] = "temperror",
	[SPF_PERMERROR] = "permerror",
};
static const struct tokens matches = TOKENS(match_words);

static const enum dns_type types[] = { DNS_A, DNS_AAAA, DNS_MX, DNS_PTR, DNS_TXT };
static const char *const type_words[] = { "A", "AAAA", "MX", "PTR", "TXT" };
static const struct tokens type_tokens = TOKENS(type_words);

static const char *const problem_words[SPF_PROBLEMS] = {
	[SPF_PROBLEM_TERM_LIMIT] = "term-limit",
	[SPF_PROBLEM_VOID_LIMIT] = "void-limit",
	[SPF_PROBLEM_MX_LIMIT] = "mx-limit",
	[SPF_PROBLEM_LOOKUP_FAULT] = "lookup-fault",
	[SPF_PROBLEM_RECORD_FAULT] = "record-fault",
	[SPF_PROBLEM_INCLUDE_WITHOUT_RECORD] = "include-without-record",
	[SPF_PROBLEM_INCLUDE_OF_NO_NAME] = "include-no-name",
	[SPF_PROBLEM_REDIRECT_WITHOUT_RECORD] = "redirect-without-record",
	[SPF_PROBLEM_REDIRECT_TO_NO_NAME] = "redirect-no-name",
	[SPF_PROBLEM_NEXT_WITHOUT_RECORD] = "next-without-record",
	[SPF_PROBLEM_ENDLESS] = "endless",
	[SPF_PROBLEM_SYNTAX] = "syntax",
	[SPF_PROBLEM_TERM_TOO_LONG] = "term-too-long",
	[SPF_PROBLEM_SEVERAL_RECORDS] = "several-records",
	[SPF_PROBLEM_RECORD_TOO_LONG] = "record-too-long",
	[SPF_PROBLEM_NO_MEMORY] = "no-memory",
	[SPF_PROBLEM_NO_READING] = "sender-unread",
	[SPF_PROBLEM_LIBRARY] = "library",
};
static const struct tokens problems = TOKENS(problem_words);

static const char *const fault_words[SPF_FAULTS] = {
	[SPF_FAULT_MACRO_KEEPS_NONE] = "macro-keeps-none",
	[SPF_FAULT_PERCENT] = "percent-sign",
	[SPF_FAULT_MACRO_LETTER] = "macro-letter",
	[SPF_FAULT_MACRO_LETTER_HERE] = "macro-letter-here",
	[SPF_FAULT_MACRO_OPEN] = "macro-open",
	[SPF_FAULT_OCTET] = "octet",
	[SPF_FAULT_DOMAIN_MISSING] = "domain-missing",
	[SPF_FAULT_ONE_LABEL] = "one-label",
	[SPF_FAULT_TOP_LABEL] = "top-label",
	[SPF_FAULT_IPV4_PREFIX] = "ipv4-prefix",
	[SPF_FAULT_IPV6_PREFIX] = "ipv6-prefix",
	[SPF_FAULT_ALL_WITH_VALUE] = "all-with-value",
	[SPF_FAULT_NO_DOMAIN_BEHIND] = "no-domain-behind",
	[SPF_FAULT_NO_ADDRESS_BEHIND] = "no-address-behind",
	[SPF_FAULT_NO_IPV4] = "no-ipv4",
	[SPF_FAULT_NO_IPV6] = "no-ipv6",
	[SPF_FAULT_TOO_MANY_TERMS] = "too-many-terms",
	[SPF_FAULT_MECHANISM] = "mechanism",
	[SPF_FAULT_SECOND_REDIRECT] = "second-redirect",
	[SPF_FAULT_SECOND_EXPLANATION] = "second-exp",
};
static const struct tokens faults = TOKENS(fault_words);

/* Writing. */

static void
append_answer(json_t *answers, const struct dns_record *record, enum dns_type type)
{
	char memory[TEXT_MAX];
	struct strbuf text = STRBUF_OVER(memory);

	if (json_array_size(answers) >= ANSWERS_MAX)
		return;
	dns_record_add_to(record, type, &text);
	document_append(answers, record_escaped((struct span){ memory, text.length }));
}

/* SPF records first: among many others none of them is left out. */
static json_t *
answers_of(const struct dns_answer *answer, enum dns_type type)
{
	json_t *answers = json_array();

	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < answer->count; i++)
			if ((type == DNS_TXT && spf_record_is_one(answer->records[i].text)) == (round == 0))
				append_answer(answers, &answer->records[i], type);
	return answers;
}

static json_t *
lookup_of(const struct spf_lookup *lookup)
{
	json_t *object = json_object();

	record_set_text(object, "name", lookup->name);
	record_set_text(object, "type", dns_type_word(lookup->type));
	record_set_token(object, "status", &codec_statuses, (int)lookup->answer->status);
	record_set_number(object, "ttl", lookup->answer->ttl_s);
	record_set_flag(object, "secure", lookup->answer->security == DNS_SECURE);
	document_put(object, "answers", answers_of(lookup->answer, lookup->type));
	return object;
}

static json_t *
step_of(const struct spf_trace *trace, size_t index)
{
	const struct spf_step *step = &trace->steps[index];
	json_t *object = json_object(), *lookups = json_array();

	record_set_number(object, "depth", step->depth);
	record_set_text(object, "domain", step->domain);
	document_put(object, step->is_record ? "record" : "term", record_escaped(step->term));
	record_set_token(object, "match", &matches, (int)step->match);
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
problem_of(const struct spf_problem *problem)
{
	json_t *object = json_object();

	record_set_token(object, "kind", &problems, (int)problem->kind);
	record_set_text(object, "name", problem->name);
	if (problem->status != DNS_NOERROR)
		record_set_token(object, "status", &codec_statuses, (int)problem->status);
	if (problem->fault != SPF_FAULT_NONE) {
		record_set_token(object, "fault", &faults, (int)problem->fault);
		record_set_number(object, "at", problem->at);
	}
	record_set_text(object, "holder", problem->holder);
	record_set_text(object, "term", problem->term);
	if (problem->count > 0)
		record_set_number(object, "count", problem->count);
	if (problem->kind == SPF_PROBLEM_LIBRARY)
		record_set_number(object, "code", problem->code);
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
	if (spf->problem.kind != SPF_PROBLEM_NONE)
		document_put(object, "problem", problem_of(&spf->problem));
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

/* Reading. */

/* "10 mx.example.org" */
static bool
take_mx(struct span text, struct dns_record *record)
{
	const char *blank = memchr(text.at, ' ', text.length);
	unsigned preference;

	if (blank == NULL
	    || !span_to_number((struct span){ text.at, (size_t)(blank - text.at) }, 0, UINT16_MAX,
			       &preference))
		return false;
	record->preference = (uint16_t)preference;
	record->name = blank + 1;
	return true;
}

static bool
take_answer(struct span text, enum dns_type type, struct dns_record *record)
{
	if (type == DNS_A || type == DNS_AAAA)
		return ipaddr_parse(text, &record->address) && dns_address_type(&record->address) == type;
	record->text = text;
	record->name = text.at;
	return memchr(text.at, '\0', text.length) == NULL ? type != DNS_MX || take_mx(text, record)
							  : type == DNS_TXT;
}

static const struct dns_answer *
take_answers(struct taking *taking, const struct node *lookup, enum dns_type type)
{
	const struct node *answers = tree_member(lookup, "answers"), *answer;
	struct dns_answer *taken =
		take_room(taking, 1, sizeof *taken + tree_count(answers) * sizeof taken->records[0]);

	if (taken == NULL)
		return NULL;
	taken->status = (enum dns_status)take_token(taking, lookup, "status", &codec_statuses, DNS_NOERROR);
	taken->ttl_s = take_number(lookup, "ttl");
	taken->security = take_flag(lookup, "secure") ? DNS_SECURE : DNS_INSECURE;
	for (answer = tree_first(answers); answer != NULL; answer = tree_next(answers, answer))
		if (!take_answer(take_span(taking, answer), type, &taken->records[taken->count++]))
			taking->has_fault = true;
	return taken;
}

static void
take_lookups(struct taking *taking, const struct node *step, size_t number, struct spf_trace *trace)
{
	const struct node *lookups = tree_member(step, "lookups"), *lookup;

	for (lookup = tree_first(lookups); lookup != NULL; lookup = tree_next(lookups, lookup)) {
		const enum dns_type type = types[take_token(taking, lookup, "type", &type_tokens, 4)];
		const char *name = take_text(taking, lookup, "name");

		trace->lookups[trace->lookup_count++] = (struct spf_lookup){
			.step = number,
			.name = name != NULL ? name : "",
			.type = type,
			.answer = take_answers(taking, lookup, type),
		};
	}
}

static void
take_step(struct taking *taking, const struct node *step, struct spf_step *taken)
{
	const struct node *record = tree_member(step, "record"), *term = tree_member(step, "term");

	taken->depth = take_number(step, "depth");
	taken->domain = take_text(taking, step, "domain");
	taken->is_record = record != NULL;
	taken->match = (enum spf_match)take_token(taking, step, "match", &matches, SPF_NO_MATCH);
	if (record != NULL || term != NULL)
		taken->term = take_span(taking, record != NULL ? record : term);
	else
		taken->term = SPAN("");
}

static void
take_trace(struct taking *taking, const struct node *steps, struct spf_trace *trace)
{
	size_t lookups = 0;
	const struct node *step;

	for (step = tree_first(steps); step != NULL; step = tree_next(steps, step))
		lookups += tree_count(tree_member(step, "lookups"));
	trace->steps = take_room(taking, tree_count(steps) + 1, sizeof *trace->steps);
	trace->lookups = take_room(taking, lookups + 1, sizeof *trace->lookups);
	if (trace->steps == NULL || trace->lookups == NULL)
		return;
	for (step = tree_first(steps); step != NULL; step = tree_next(steps, step)) {
		take_lookups(taking, step, trace->step_count, trace);
		take_step(taking, step, &trace->steps[trace->step_count++]);
	}
}

static struct spf_problem
take_problem(struct taking *taking, const struct node *problem)
{
	return (struct spf_problem){
		.kind = (enum spf_problem_kind)take_token(taking, problem, "kind", &problems,
							  SPF_PROBLEM_NONE),
		.name = take_text(taking, problem, "name"),
		.holder = take_text(taking, problem, "holder"),
		.term = take_text(taking, problem, "term"),
		.status =
			(enum dns_status)take_token(taking, problem, "status", &codec_statuses, DNS_NOERROR),
		.fault = (enum spf_fault_kind)take_token(taking, problem, "fault", &faults, SPF_FAULT_NONE),
		.at = take_number(problem, "at"),
		.count = take_number(problem, "count"),
		.code = take_number(problem, "code"),
	};
}

static void
take_spf(struct taking *taking, const struct node *check, struct spf_facts *spf)
{
	*spf = (struct spf_facts){
		.domain = take_text(taking, check, "domain"),
		.record = take_text(taking, check, "record"),
		.mechanism = take_text(taking, check, "mechanism"),
		.problem = take_problem(taking, tree_member(check, "problem")),
		.explanation = take_text(taking, check, "explanation"),
	};
	spf->trace.terms = take_number(check, "terms");
	spf->trace.voids = take_number(check, "voids");
	if (!taking->is_for_policy)
		take_trace(taking, tree_member(check, "trace"), &spf->trace);
}

static void
take_mailfrom(struct taking *taking, const struct node *check, struct facts *facts)
{
	take_spf(taking, check, &facts->spf[SPF_MAILFROM]);
}

static void
take_spf_helo(struct taking *taking, const struct node *check, struct facts *facts)
{
	take_spf(taking, check, &facts->spf[SPF_HELO]);
}

const struct codec codec_spf = { "spf", mailfrom_of, take_mailfrom };
const struct codec codec_spf_helo = { "spf-helo", spf_helo_of, take_spf_helo };
