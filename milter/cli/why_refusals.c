#include "heloscope/cli/why_refusals.h"

#include <stdlib.h>
#include <string.h>

#include "heloscope/base/clock.h"
#include "heloscope/base/document.h"
#include "heloscope/base/prose.h"
#include "heloscope/cli/compared.h"
#include "heloscope/doctor/claim_kind.h"
#include "heloscope/doctor/claim_tell.h"
#include "heloscope/words/refusal.h"

bool
why_refusals_init(struct why_refusals *refusals, struct claims *claims, bool is_json)
{
	bool has_memory;

	*refusals = (struct why_refusals){ .claims = claims, .is_json = is_json };
	has_memory = groups_init(&refusals->groups);
	return claim_cases_init(&refusals->cases) && has_memory;
}

void
why_refusals_clear(struct why_refusals *refusals)
{
	groups_clear(&refusals->groups);
	claim_cases_clear(&refusals->cases);
}

/* For programs. */

static void
set_codes(json_t *object, const struct codes *codes)
{
	char memory[24];
	struct strbuf code = STRBUF_OVER(memory);

	if (codes->reply != 0)
		strbuf_printf(&code, "%u", codes->reply);
	if (codes->enhanced.class != 0)
		strbuf_printf(&code, "%s%u.%u.%u", code.length > 0 ? " " : "", codes->enhanced.class,
			      codes->enhanced.subject, codes->enhanced.detail);
	document_set_span(object, "code", span_of(memory));
}

/* Whether there is anything to test. */
static bool
find_subject(const struct why_refusals *refusals, const struct refusal *refusal,
	     const struct recognition *known, struct claim_subject *subject)
{
	return refusals->claims != NULL && claim_has_kind(known->category)
	       && claims_find_subject(refusals->claims, refusal, known, subject);
}

static json_t *
object_of(const struct refusal *refusal, const struct recognition *known, const struct claim *claim)
{
	char memory[REFUSAL_REMEDY_SIZE];
	struct strbuf remedy = STRBUF_OVER(memory);
	json_t *object = json_object();

	refusal_add_remedy(known, refusal->status, &remedy);
	document_set_span(object, "operator", span_of(known->owner != NULL ? known->owner : "generic"));
	set_codes(object, &known->codes);
	document_set_text(object, "category", config_refusal_categories[known->category]);
	document_set_text(object, "party", config_refusal_parties[known->party]);
	document_put(object, "is-permanent",
		     known->permanence == PERMANENCE_UNKNOWN
			     ? json_null()
			     : json_boolean(known->permanence == PERMANENCE_YES));
	document_set_text(object, "meaning", refusal_meaning(known));
	document_set_text(object, "remedy", memory);
	document_set_span(object, "page", span_of(known->entry != NULL ? known->entry->page : NULL));
	document_set_span(object, "entry", span_of(known->entry != NULL ? known->entry->name : NULL));
	claim_set_json(claim, object);
	document_set_span(object, "server", known->host);
	document_set_span(object, "sender", refusal->sender);
	document_set_span(object, "recipient", refusal->recipient);
	document_set_address(object, "client", &refusal->client);
	document_set_time(object, "time", refusal->time);
	document_set_span(object, "status", span_of(refusal_status_token(refusal->status)));
	document_set_span(object, "stage", span_of(refusal_stage_token(refusal->stage)));
	document_set_span(object, "reply", refusal->text);
	document_set_span(object, "file", refusal->file);
	document_put(object, "line",
		     refusal->line > 0 ? json_integer((json_int_t)refusal->line) : json_null());
	return object;
}

/* An object a line, so that nothing is held until all is read. */
static void
put_object(struct why_refusals *refusals, const struct refusal *refusal, const struct recognition *known)
{
	struct claim claim = { CLAIM_NOT_TESTED, "", NULL };
	struct claim_subject subject;
	json_t *object;
	char *line;

	if (find_subject(refusals, refusal, known, &subject))
		claim = claims_test(refusals->claims, &subject);
	object = object_of(refusal, known, &claim);
	line = document_line(object);
	output_put(output_standard(), "%s\n", refusals->told == 0 ? "" : ",");
	output_lines(output_standard(), span_of(line != NULL ? line : "{}"));
	free(line);
	json_decref(object);
}

/* For people: each kind of refusal once, with all domains and addresses of it. */

static void
note(struct why_refusals *refusals, const struct refusal *refusal, const struct recognition *known)
{
	const struct refusal_group *group = groups_add(&refusals->groups, refusal, known);
	struct claim_subject subject;

	if (group == NULL || !find_subject(refusals, refusal, known, &subject))
		return;
	claim_subject_reduce(&subject);
	claim_cases_add(&refusals->cases, group->number, &subject);
}

void
why_refusals_add(struct why_refusals *refusals, const struct refusal *refusal,
		 const struct recognition *known)
{
	refusals->unknown += known->entry == NULL;
	if (refusals->is_json)
		put_object(refusals, refusal, known);
	else
		note(refusals, refusal, known);
	refusals->told++;
}

/* Whose it is, and how often. Where there is only one, and the finding names it, nothing. */
static void
add_whose(const struct claim_case *one, const struct claim *claim, bool is_only, struct strbuf *out)
{
	if (is_only && strstr(claim->finding, one->subject.domain) != NULL)
		return;
	claim_subject_add_to(&one->subject, out);
	if (out->length > 0 && !is_only)
		strbuf_printf(out, " (%lu refusal%s)", one->count, one->count > 1 ? "s" : "");
}

static void
put_claims(struct why_refusals *refusals, const struct refusal_group *group)
{
	const struct claim_case *one = claim_cases_next(&refusals->cases, group->number, NULL), *next;
	const char *heading = "In the DNS:";
	unsigned long untested = 0;

	for (bool is_only = true; one != NULL; one = next) {
		char memory[2 * DOMAIN_SIZE + IPADDR_TEXT_SIZE + 60];
		struct strbuf whose = STRBUF_OVER(memory);
		const struct claim claim = claims_test(refusals->claims, &one->subject);

		next = claim_cases_next(&refusals->cases, group->number, one);
		is_only = is_only && next == NULL;
		if (claim.state == CLAIM_NOT_TESTED && untested++ > 0)
			continue;
		add_whose(one, &claim, is_only, &whose);
		claim_tell(&claim, heading, memory, output_standard());
		heading = "";
		is_only = false;
	}
	if (untested > 1)
		prose_put(output_standard(), 17, "%lu more are not tested, either.", untested - 1);
}

/* In the order in which they are told, since not all may be tested. */
void
why_refusals_test(struct why_refusals *refusals)
{
	const size_t count = groups_sort(&refusals->groups);

	for (size_t i = 0; i < count; i++) {
		const struct claim_case *one = NULL;

		while ((one = claim_cases_next(&refusals->cases, refusals->groups.items[i]->number, one))
		       != NULL)
			(void)claims_test(refusals->claims, &one->subject);
	}
}

/* Whether the DNS no longer shows the reason of any refusal of a kind. */
static bool
is_settled(struct why_refusals *refusals, const struct refusal_group *group)
{
	const struct claim_case *one = NULL;
	bool is_so = false;

	if (refusals->claims == NULL)
		return false;
	while ((one = claim_cases_next(&refusals->cases, group->number, one)) != NULL) {
		is_so = claims_test(refusals->claims, &one->subject).state == CLAIM_NOT_CONFIRMED;
		if (!is_so)
			return false;
	}
	return is_so;
}

void
why_refusals_end(struct why_refusals *refusals)
{
	const size_t count = groups_sort(&refusals->groups);

	for (size_t i = 0; i < count; i++) {
		const struct refusal_group *group = refusals->groups.items[i];

		if (i > 0)
			output_put(output_standard(), "\n");
		refusal_tell(group, is_settled(refusals, group) ? CLI_SETTLED : NULL, output_standard());
		put_claims(refusals, group);
	}
	if (refusals->groups.beyond > 0)
		output_put(output_standard(), "\nAnd %lu refusals of other kinds.\n",
			   refusals->groups.beyond);
	if (refusals->cases.beyond > 0)
		output_put(output_standard(),
			   "\nOf %lu refusals the domain or address is not tested: there are too many.\n",
			   refusals->cases.beyond);
}

/* For pages: what people are told, as data. */

static json_t *
case_object(struct why_refusals *refusals, const struct claim_case *one)
{
	const struct claim claim = claims_test(refusals->claims, &one->subject);
	char memory[2 * DOMAIN_SIZE + IPADDR_TEXT_SIZE + 60];
	struct strbuf whose = STRBUF_OVER(memory);
	json_t *object = json_object();

	claim_subject_add_to(&one->subject, &whose);
	document_set_span(object, "whose", span_of(memory));
	document_set_span(object, "domain", span_of(one->subject.domain));
	document_set_address(object, "client", &one->subject.address);
	document_set_number(object, "count", (json_int_t)one->count);
	claim_set_json(&claim, object);
	return object;
}

static json_t *
group_object(struct why_refusals *refusals, const struct refusal_group *group)
{
	const struct claim none = { CLAIM_NOT_TESTED, "", NULL };
	json_t *object = object_of(&group->refusal, &group->known, &none), *cases = json_array();
	const struct claim_case *one = NULL;
	char memory[2 * DOMAIN_SIZE + 500];
	struct strbuf servers = STRBUF_OVER(memory);

	refusal_add_servers(group, &servers);
	document_set_span(object, "servers", span_of(memory));
	while ((one = claim_cases_next(&refusals->cases, group->number, one)) != NULL)
		document_append(cases, case_object(refusals, one));
	document_set_number(object, "count", (json_int_t)group->count);
	document_put(object, "cases", cases);
	document_set_flag(object, "is-settled", is_settled(refusals, group));
	return object;
}

json_t *
why_refusals_groups(struct why_refusals *refusals)
{
	const size_t count = groups_sort(&refusals->groups);
	json_t *groups = json_array();

	for (size_t i = 0; i < count; i++)
		document_append(groups, group_object(refusals, refusals->groups.items[i]));
	return groups;
}
