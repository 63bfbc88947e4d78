#include "heloscope/record.h"

#include <stdlib.h>
#include <string.h>

#include "heloscope/compose.h"
#include "heloscope/strbuf.h"

#define TEXT_MAX 2000  /* octets of a text that are kept */
#define ANSWERS_MAX 20 /* records of one answer that are told */

/* Set when anything could not be added, so that no record is written of which a part is missing. */
static _Thread_local bool has_failed;

static void
put(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value) != 0)
		has_failed = true;
}

static void
append(json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) != 0)
		has_failed = true;
}

/* Values. */

static json_t *
text_of(struct span text)
{
	char memory[4 * TEXT_MAX + 4];
	struct strbuf escaped;

	strbuf_init(&escaped, memory, sizeof memory);
	strbuf_add_escaped(&escaped, text, TEXT_MAX);
	return json_string(memory);
}

static void
set_text(json_t *object, const char *key, const char *text)
{
	if (text != NULL)
		put(object, key, text_of(span_of(text)));
}

static void
set_number(json_t *object, const char *key, size_t number)
{
	put(object, key, json_integer((json_int_t)number));
}

static void
set_flag(json_t *object, const char *key, bool flag)
{
	put(object, key, json_boolean(flag));
}

static void
set_address(json_t *object, const char *key, const struct ipaddr *address)
{
	char text[IPADDR_TEXT_SIZE];

	if (address->length > 0)
		set_text(object, key, ipaddr_format(address, text));
}

static json_t *
result_object(enum result result)
{
	json_t *object = json_object();

	set_text(object, "result", result_word(result));
	return object;
}

/* Answers of the DNS. */

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
		append(answers, text_of((struct span){ memory, text.length }));
	}
	return answers;
}

static json_t *
lookup_of(const struct spf_lookup *lookup)
{
	json_t *object = json_object();

	set_text(object, "name", lookup->name);
	set_text(object, "type", dns_type_word(lookup->type));
	set_text(object, "status", dns_status_word(lookup->answer->status));
	set_number(object, "ttl", lookup->answer->ttl_s);
	set_flag(object, "secure", lookup->answer->security == DNS_SECURE);
	put(object, "answers", answers_of(lookup->answer, lookup->type));
	return object;
}

/* Checks. Each object is that of one method; NULL: it was not checked. */

static json_t *
iprev_of(const struct facts *facts)
{
	const struct iprev_facts *iprev = &facts->iprev;
	json_t *object = result_object(facts->results[METHOD_IPREV]), *names = json_array();

	set_text(object, "status", dns_status_word(iprev->status));
	set_number(object, "total", iprev->total);
	for (size_t i = 0; i < iprev->count; i++) {
		json_t *name = json_object();

		set_text(name, "name", iprev->names[i].name);
		set_flag(name, "verified", iprev->names[i].is_verified);
		set_text(name, "status", dns_status_word(iprev->names[i].status));
		set_text(name, "addresses", iprev->names[i].addresses);
		append(names, name);
	}
	put(object, "names", names);
	return object;
}

static json_t *
helo_of(const struct facts *facts)
{
	static const char *const agreements[] = {
		[HELO_UNRELATED] = "unrelated",
		[HELO_SAME_ORGANIZATION] = "same organization",
		[HELO_EQUAL] = "equal",
	};
	const struct helo_facts *helo = &facts->helo;
	json_t *object = result_object(facts->results[METHOD_HELO]);

	set_text(object, "name", helo->name);
	set_address(object, "literal", &helo->literal);
	set_text(object, "reason", helo->reason);
	set_flag(object, "resolves-to-client", helo->resolves_to_client);
	set_text(object, "reverse-dns", agreements[helo->agreement]);
	set_text(object, "status", dns_status_word(helo->status));
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

	set_number(object, "depth", step->depth);
	set_text(object, "domain", step->domain);
	put(object, step->is_record ? "record" : "term", text_of(step->term));
	set_text(object, "match", matches[step->match]);
	for (size_t i = 0; i < trace->lookup_count; i++)
		if (trace->lookups[i].step == index)
			append(lookups, lookup_of(&trace->lookups[i]));
	if (json_array_size(lookups) > 0)
		put(object, "lookups", lookups);
	else
		json_decref(lookups);
	return object;
}

static json_t *
spf_of(const struct facts *facts, enum method method, enum spf_identity identity)
{
	const struct spf_facts *spf = &facts->spf[identity];
	json_t *object = result_object(facts->results[method]), *steps = json_array();

	set_text(object, "domain", spf->domain);
	set_text(object, "record", spf->record);
	set_text(object, "mechanism", spf->mechanism);
	set_text(object, "problem", spf->problem);
	set_text(object, "explanation", spf->explanation);
	set_number(object, "terms", spf->trace.terms);
	set_number(object, "voids", spf->trace.voids);
	for (size_t i = 0; i < spf->trace.step_count; i++)
		append(steps, step_of(&spf->trace, i));
	put(object, "trace", steps);
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

static json_t *
sender_of(const struct facts *facts)
{
	json_t *object = result_object(facts->results[METHOD_SENDER]);

	set_text(object, "domain", facts->sender.domain);
	set_text(object, "reason", facts->sender.reason);
	return object;
}

/* One list and one subject; of one that does not list there is no more to tell. */
static json_t *
finding_of(const struct list_finding *finding, enum list_subject subject)
{
	json_t *object = json_object(), *answers;
	char text[IPADDR_TEXT_SIZE];

	set_text(object, "zone", finding->zone);
	set_text(object, "subject", list_subject_word(subject));
	set_text(object, "asked", finding->asked);
	if (finding->state == LIST_NOT_LISTED)
		return object;
	answers = json_array();
	set_text(object, "operator", finding->operator);
	set_text(object, "group", finding->group);
	set_number(object, "weight", finding->weight);
	set_text(object, "state", finding->state == LIST_LISTED ? "listed" : "fault");
	for (size_t i = 0; i < finding->count; i++) {
		const struct ipaddr address = ipaddr_from_ipv4(finding->answers[i]);

		append(answers, json_string(ipaddr_format(&address, text)));
	}
	put(object, "answers", answers);
	set_text(object, "meaning", finding->meaning);
	set_text(object, "text", finding->text);
	set_text(object, "page", finding->page);
	set_text(object, "fault", finding->fault);
	return object;
}

/* Listings and faults are hits; lists that do not list stand apart, so that a reader finds the former. */
static json_t *
lists_of(const struct facts *facts, bool is_allow)
{
	const struct list_tally tally = facts_tally(facts, is_allow);
	json_t *object = result_object(facts->results[is_allow ? METHOD_DNSWL : METHOD_DNSBL]);
	json_t *hits = json_array(), *others = json_array();

	set_number(object, "score", tally.score);
	set_number(object, "operators", tally.operators);
	for (int subject = 0; subject < LIST_SUBJECTS; subject++) {
		const struct list_facts *lists = &facts->lists[subject];

		for (size_t i = 0; i < lists->count; i++)
			if (lists->findings[i].is_allow == is_allow)
				append(lists->findings[i].state == LIST_NOT_LISTED ? others : hits,
				       finding_of(&lists->findings[i], (enum list_subject)subject));
	}
	put(object, "hits", hits);
	put(object, "not-listed", others);
	return object;
}

static json_t *
dnsbl_of(const struct facts *facts)
{
	return lists_of(facts, false);
}

static json_t *
dnswl_of(const struct facts *facts)
{
	return lists_of(facts, true);
}

static const struct {
	const char *key;
	json_t *(*make)(const struct facts *facts);
} methods[METHODS] = {
	[METHOD_IPREV] = { "iprev", iprev_of },      [METHOD_HELO] = { "x-helo", helo_of },
	[METHOD_SPF] = { "spf", mailfrom_of },       [METHOD_SPF_HELO] = { "spf-helo", spf_helo_of },
	[METHOD_SENDER] = { "x-sender", sender_of }, [METHOD_DNSBL] = { "x-dnsbl", dnsbl_of },
	[METHOD_DNSWL] = { "dnswl", dnswl_of },
};

const char *
record_method_key(enum method method)
{
	return methods[method].key;
}

static json_t *
checks_of(const struct facts *facts)
{
	json_t *checks = json_object();

	for (int method = 0; method < METHODS; method++)
		if (facts->results[method] != RESULT_UNCHECKED)
			put(checks, methods[method].key, methods[method].make(facts));
	return checks;
}

/* Verdicts. */

static json_t *
notes_of(const struct verdict *verdict)
{
	json_t *notes = json_array();

	for (size_t i = 0; i < verdict->tag_count + verdict->audit_count; i++) {
		const bool is_tag = i < verdict->tag_count;
		const struct rule *rule = is_tag ? verdict->tags[i] : verdict->audits[i - verdict->tag_count];
		json_t *note = json_object();

		set_text(note, is_tag ? "tag" : "audit", is_tag ? rule->text : action_word(rule->action));
		set_text(note, "rule", rule->place);
		append(notes, note);
	}
	return notes;
}

static json_t *
verdict_of(const struct config *config, const struct record *record, const struct record_recipient *recipient)
{
	const struct verdict *verdict = &record->verdicts[recipient->verdict];
	const bool refuses = verdict->action == ACTION_REJECT || verdict->action == ACTION_DEFER;
	json_t *object = json_object();
	char memory[1024];
	struct smtp_reply reply;
	struct strbuf text;

	set_text(object, "recipient", recipient->address);
	set_text(object, "action", action_word(verdict->action));
	set_flag(object, "enforced", verdict->is_enforced);
	set_flag(object, "softened", verdict->is_softened);
	if (verdict->rule != NULL)
		set_text(object, "rule", verdict->rule->place);
	if (refuses) {
		strbuf_init(&text, memory, sizeof memory);
		compose_reply(config, record->facts, verdict, record->ident, &reply);
		smtp_reply_add_to(&reply, &text);
		set_text(object, "reply", memory);
	}
	put(object, "notes", notes_of(verdict));
	return object;
}

/* The whole. */

/* The time that a reference begins with, 20261124T125000Z-..., as RFC 3339 writes it. */
static void
set_time(json_t *object, const char *ident)
{
	char time[24];

	(void)snprintf(time, sizeof time, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", ident, ident + 4, ident + 6,
		       ident + 9, ident + 11, ident + 13);
	set_text(object, "time", time);
}

static json_t *
client_of(const struct facts *facts)
{
	json_t *client = json_object();

	set_address(client, "ip", &facts->client.address);
	set_number(client, "port", facts->client.port);
	set_text(client, "name", facts->iprev.verified);
	set_flag(client, "trusted", facts->client.is_trusted);
	set_flag(client, "authenticated", facts->client.is_authenticated);
	set_text(client, "user", facts->client.auth_name);
	return client;
}

char *
record_make(const struct config *config, const struct record *record)
{
	json_t *object = json_object(), *verdicts = json_array();
	char *line;

	has_failed = false;
	set_number(object, "v", RECORD_VERSION);
	set_text(object, "id", record->ident);
	set_time(object, record->ident);
	set_text(object, "queue-id", record->queue_id);
	set_text(object, "mode", config->mode == MODE_ENFORCE ? "enforce" : "audit");
	put(object, "client", client_of(record->facts));
	set_text(object, "helo", record->facts->helo.given);
	set_text(object, "mail-from", record->facts->sender.given);
	set_text(object, "sender", record->facts->sender.address);
	put(object, "checks", checks_of(record->facts));
	for (size_t i = 0; i < record->recipient_count; i++)
		append(verdicts, verdict_of(config, record, &record->recipients[i]));
	put(object, "verdicts", verdicts);
	set_number(object, "recipients", record->recipient_total);
	set_number(object, "waited-ms", record->waited_ms);
	line = has_failed ? NULL : json_dumps(object, JSON_COMPACT);
	json_decref(object);
	return line;
}

/* For readers. */

const json_t *
record_member(const json_t *object, const char *key)
{
	return json_object_get(object, key);
}

const char *
record_text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value != NULL ? value : "";
}

bool
record_is(const json_t *object, const char *key, const char *value)
{
	return strcmp(record_text(object, key), value) == 0;
}

const json_t *
record_check(const json_t *record, const char *method)
{
	return record_member(record_member(record, "checks"), method);
}

bool
record_has(const json_t *record, const char *method, const char *result)
{
	return record_is(record_check(record, method), "result", result);
}

const char *
record_sender_domain(const json_t *record)
{
	const char *at = strrchr(record_text(record, "sender"), '@');

	return at != NULL ? at + 1 : "<>";
}

bool
record_is_refusal(const char *action)
{
	return strcmp(action, "reject") == 0 || strcmp(action, "defer") == 0;
}
