#include "heloscope/spf/common.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define TEXT_MAX 2048 /* octets of an expanded explanation; 255 of them are kept */
#define EXPLANATION_MAX 255
#define LABEL_MAX 63
#define PARTS_MAX 128       /* of a macro's value: no value has more labels */
#define WIRE_TEXT_SIZE 1100 /* a name with every octet as \DDD */

const struct spf_outcome spf_out_of_memory = { .result = RESULT_TEMPERROR,
					       .problem = { .kind = SPF_PROBLEM_NO_MEMORY } };

bool
spf_domain_is_checkable(const char *domain)
{
	return domain_has_dot(span_of(domain));
}

const char *
spf_keep(struct arena *arena, const char *text)
{
	return text != NULL ? arena_string(arena, text) : NULL;
}

struct spf_problem
spf_keep_problem(struct arena *arena, const struct spf_problem *problem, enum result result)
{
	struct spf_problem kept = { .kind = SPF_PROBLEM_NONE };

	if (result != RESULT_TEMPERROR && result != RESULT_PERMERROR)
		return kept;
	kept = *problem;
	kept.name = spf_keep(arena, problem->name);
	kept.holder = spf_keep(arena, problem->holder);
	kept.term = spf_keep(arena, problem->term);
	return kept;
}

void
spf_set_problem(struct spf_evaluation *evaluation, enum spf_problem_kind kind)
{
	evaluation->problem = (struct spf_problem){ .kind = kind };
}

void
spf_set_named_problem(struct spf_evaluation *evaluation, enum spf_problem_kind kind, const char *name)
{
	evaluation->problem =
		(struct spf_problem){ .kind = kind, .name = arena_string(evaluation->scratch, name) };
}

void
spf_blame_term(struct spf_evaluation *evaluation, const char *holder, struct span term)
{
	struct spf_problem *problem = &evaluation->problem;

	if (problem->kind == SPF_PROBLEM_NONE || problem->holder != NULL)
		return;
	problem->holder = arena_string(evaluation->scratch, holder);
	if (term.length > SPF_TERM_OCTETS_MAX)
		term.length = SPF_TERM_OCTETS_MAX;
	problem->term = arena_copy(evaluation->scratch, term);
}

static void
await(struct spf_evaluation *evaluation, const char *name, enum dns_type type)
{
	struct spf_awaited *awaited = &evaluation->awaited;

	evaluation->is_pending = true;
	if (awaited->count == SPF_AWAITED_MAX)
		return;
	awaited->items[awaited->count].name = arena_string(evaluation->scratch, name);
	awaited->items[awaited->count++].type = type;
}

const struct dns_answer *
spf_ask_name(struct spf_evaluation *evaluation, const char *name, enum dns_type type)
{
	static const struct dns_answer no_memory = { .status = DNS_NO_MEMORY };
	const struct dns_answer *answer;

	if (evaluation->scratch->has_failed) /* the name may be what is left of one */
		return &no_memory;
	answer = evaluation->source->ask(evaluation->source->context, name, type);
	if (answer == NULL && !evaluation->looks_ahead)
		await(evaluation, name, type);
	else if (answer == NULL)
		evaluation->is_pending = true;
	else if (!evaluation->looks_ahead)
		spf_trace_lookup(&evaluation->trace, evaluation->scratch,
				 &(struct spf_lookup){ evaluation->step, name, type, answer });
	return answer;
}

size_t
spf_begin_step(struct spf_evaluation *evaluation, const char *domain, struct span term)
{
	const struct spf_step step = { .depth = evaluation->depth, .domain = domain, .term = term };

	return evaluation->step = spf_trace_begin(&evaluation->trace, evaluation->scratch, &step);
}

/* An octet as \DDD. */
static void
add_octet(struct strbuf *text, unsigned char octet)
{
	strbuf_add_char(text, '\\');
	strbuf_add_char(text, (char)('0' + octet / 100));
	strbuf_add_char(text, (char)('0' + octet / 10 % 10));
	strbuf_add_char(text, (char)('0' + octet % 10));
}

const struct dns_answer *
spf_ask(struct spf_evaluation *evaluation, const char *name, enum dns_type type)
{
	char memory[WIRE_TEXT_SIZE];
	struct strbuf text;

	strbuf_init(&text, memory, sizeof memory);
	for (; *name != '\0'; name++) {
		if (ascii_is_alnum(*name) || ascii_is_among(*name, "-_."))
			strbuf_add_char(&text, ascii_lower(*name));
		else
			add_octet(&text, (unsigned char)*name);
	}
	return spf_ask_name(evaluation, memory, type);
}

/* The null MX (RFC 7505) has no address, and that costs no lookup. */
const struct dns_answer *
spf_ask_host(struct spf_evaluation *evaluation, const struct dns_record *host)
{
	static const struct dns_answer no_address = { .status = DNS_NOERROR };

	return host->name[0] == '\0'
		       ? &no_address
		       : spf_ask_name(evaluation, host->name, dns_address_type(&evaluation->query->client));
}

/* The record. */

/* The one TXT record that is an SPF record; NULL for none, and `*count` how many there are. */
static const struct dns_record *
select_record(const struct dns_answer *answer, size_t *count)
{
	const struct dns_record *selected = NULL;

	*count = 0;
	for (size_t i = 0; i < answer->count; i++) {
		if (spf_record_is_one(answer->records[i].text)) {
			selected = &answer->records[i];
			++*count;
		}
	}
	return selected;
}

/* The term in which the octet at `at` stands. */
static struct span
term_at(struct span text, size_t at)
{
	size_t start = at < text.length ? at : text.length, end = start;

	while (start > 0 && text.at[start - 1] != ' ')
		start--;
	while (end < text.length && text.at[end] != ' ')
		end++;
	return (struct span){ text.at + start, end - start };
}

/* Whether a term is longer than what is evaluated. */
static bool
has_long_term(const struct spf_record *record)
{
	if (record->redirect.length > SPF_TERM_OCTETS_MAX || record->explanation.length > SPF_TERM_OCTETS_MAX)
		return true;
	for (size_t i = 0; i < record->count; i++)
		if (record->terms[i].text.length > SPF_TERM_OCTETS_MAX)
			return true;
	return false;
}

static enum result
parse_record(struct spf_evaluation *evaluation, const char *domain, struct span text, struct arena *terms,
	     struct spf_record *record)
{
	struct spf_fault fault;

	if (!spf_record_parse(text, terms, record, &fault)) {
		spf_set_named_problem(evaluation, SPF_PROBLEM_SYNTAX, domain);
		evaluation->problem.at = (unsigned)fault.at;
		evaluation->problem.fault = fault.kind;
		spf_blame_term(evaluation, domain, term_at(text, fault.at));
		return fault.kind == SPF_FAULT_TOO_MANY_TERMS ? RESULT_TEMPERROR : RESULT_PERMERROR;
	}
	if (!has_long_term(record))
		return RESULT_PASS;
	spf_set_named_problem(evaluation, SPF_PROBLEM_TERM_TOO_LONG, domain);
	return RESULT_TEMPERROR;
}

enum result
spf_read_record(struct spf_evaluation *evaluation, const char *domain, struct arena *terms,
		struct spf_record *record, struct span *text)
{
	const struct dns_answer *answer = spf_ask(evaluation, domain, DNS_TXT);
	const struct dns_record *selected;
	size_t count;

	if (answer == NULL)
		return RESULT_UNCHECKED;
	if (dns_status_is_fault(answer->status)) {
		spf_set_named_problem(evaluation, SPF_PROBLEM_RECORD_FAULT, domain);
		evaluation->problem.status = answer->status;
		return RESULT_TEMPERROR;
	}
	selected = select_record(answer, &count);
	if (count == 0)
		return RESULT_NONE;
	*text = selected->text;
	if (count == 1)
		return parse_record(evaluation, domain, *text, terms, record);
	spf_set_named_problem(evaluation, SPF_PROBLEM_SEVERAL_RECORDS, domain);
	evaluation->problem.count = (unsigned)count;
	return RESULT_PERMERROR;
}

/* How fetching a record with this result is told. */
static enum spf_match
match_of(enum result result)
{
	return result == RESULT_TEMPERROR   ? SPF_TEMPERROR
	       : result == RESULT_PERMERROR ? SPF_PERMERROR
	       : result == RESULT_PASS      ? SPF_MATCH
					    : SPF_NO_MATCH;
}

size_t
spf_begin_record(struct spf_evaluation *evaluation, const char *domain)
{
	const size_t step = spf_begin_step(evaluation, domain, (struct span){ "", 0 });

	if (step < evaluation->trace.step_count)
		evaluation->trace.steps[step].is_record = true;
	return step;
}

void
spf_end_record(struct spf_evaluation *evaluation, size_t step, enum result result, struct span text)
{
	if (step < evaluation->trace.step_count)
		evaluation->trace.steps[step].term = text;
	spf_trace_end(&evaluation->trace, step, match_of(result));
}

struct spf_trace
spf_keep_trace(struct spf_evaluation *evaluation, struct arena *arena)
{
	evaluation->trace.terms = evaluation->terms;
	evaluation->trace.voids = evaluation->voids;
	return spf_trace_copy(&evaluation->trace, arena);
}

/* Macros (section 7). */

/* "192.0.2.1" or the nibbles of an IPv6 address (7.3). */
static void
add_address(const struct ipaddr *address, struct strbuf *out)
{
	char text[IPADDR_TEXT_SIZE];

	if (address->length == 4) {
		strbuf_add(out, ipaddr_format(address, text));
		return;
	}
	for (size_t i = 0; i < address->length; i++)
		strbuf_printf(out, "%s%X.%X", i == 0 ? "" : ".", address->octets[i] >> 4,
			      address->octets[i] & 15U);
}

const struct dns_answer *
spf_ask_pointers(struct spf_evaluation *evaluation)
{
	char reverse[IPADDR_REVERSE_SIZE];

	return spf_ask(evaluation, ipaddr_reverse_name(&evaluation->query->client, reverse), DNS_PTR);
}

size_t
spf_validated_names(struct spf_evaluation *evaluation, const char **names)
{
	const struct ipaddr *client = &evaluation->query->client;
	const enum dns_type type = dns_address_type(client);
	const struct dns_answer *pointers = spf_ask_pointers(evaluation);
	size_t count = 0;

	if (pointers == NULL)
		return 0;
	for (size_t i = 0; i < pointers->count && i < SPF_NAMES_MAX; i++) {
		const struct dns_record *pointer = &pointers->records[i];
		const struct dns_answer *addresses =
			pointer->is_host_name ? spf_ask(evaluation, pointer->name, type) : NULL;

		if (addresses != NULL && dns_answer_holds(addresses, client))
			names[count++] = pointer->name;
	}
	return count;
}

/* `%{p}`: the domain itself before one below it before any (7.3). */
static const char *
validated_name(struct spf_evaluation *evaluation, const char *domain)
{
	const char *names[SPF_NAMES_MAX];
	const size_t count = evaluation->has_no_names ? 0 : spf_validated_names(evaluation, names);

	for (size_t i = 0; i < count; i++)
		if (span_equals_nocase(span_of(names[i]), span_of(domain)))
			return names[i];
	for (size_t i = 0; i < count; i++)
		if (domain_is_within(span_of(names[i]), span_of(domain)))
			return names[i];
	return count > 0 ? names[0] : "unknown";
}

static void
add_macro_value(struct spf_evaluation *evaluation, char letter, const char *domain, struct strbuf *out)
{
	const struct spf_query *query = evaluation->query;
	char text[IPADDR_TEXT_SIZE];

	switch (letter) {
	case 's':
		strbuf_add_span(out, query->local);
		strbuf_add_char(out, '@');
		strbuf_add(out, query->sender_domain);
		break;
	case 'l':
		strbuf_add_span(out, query->local);
		break;
	case 'o':
		strbuf_add(out, query->sender_domain);
		break;
	case 'd':
		strbuf_add(out, domain);
		break;
	case 'i':
		add_address(&query->client, out);
		break;
	case 'p':
		strbuf_add(out, validated_name(evaluation, domain));
		break;
	case 'v':
		strbuf_add(out, query->client.length == 4 ? "in-addr" : "ip6");
		break;
	case 'h':
		strbuf_add(out, query->helo);
		break;
	case 'c':
		strbuf_add(out, ipaddr_format(&query->client, text));
		break;
	case 'r':
		strbuf_add(out, query->receiver);
		break;
	default: /* 't' */
		strbuf_printf(out, "%lld", (long long)time(NULL));
		break;
	}
}

/* Split at any of `delimiters`; parts beyond PARTS_MAX stay with the last. */
static size_t
split(struct span value, struct span delimiters, struct span *parts)
{
	size_t count = 0, start = 0;

	for (size_t i = 0; i <= value.length; i++) {
		if (i < value.length
		    && (memchr(delimiters.at, value.at[i], delimiters.length) == NULL
			|| count == PARTS_MAX - 1))
			continue;
		parts[count++] = (struct span){ value.at + start, i - start };
		start = i + 1;
	}
	return count;
}

/* URL-escape all but unreserved characters (RFC 3986, 2.3). */
static void
add_value_octet(struct strbuf *out, char c, bool is_escaped)
{
	if (!is_escaped || ascii_is_alnum(c) || ascii_is_among(c, "-._~"))
		strbuf_add_char(out, c);
	else
		strbuf_printf(out, "%%%02X", (unsigned char)c);
}

static void
add_macro(struct spf_evaluation *evaluation, const struct spf_macro *macro, const char *domain,
	  struct strbuf *out)
{
	char memory[1024];
	struct strbuf value;
	struct span parts[PARTS_MAX];
	size_t count, first;

	strbuf_init(&value, memory, sizeof memory);
	add_macro_value(evaluation, macro->letter, domain, &value);
	count = split((struct span){ value.text, value.length }, macro->delimiters, parts);
	first = macro->keep > 0 && macro->keep < count ? count - macro->keep : 0;
	for (size_t i = first; i < count; i++) {
		const struct span part = parts[macro->is_reversed ? count - 1 - i : i];

		if (i > first)
			strbuf_add_char(out, '.');
		for (size_t j = 0; j < part.length; j++)
			add_value_octet(out, part.at[j], macro->is_escaped);
	}
}

/* Expand all of `text`. False when it holds what is not a macro. */
static bool
expand(struct spf_evaluation *evaluation, struct span text, const char *domain, bool is_text,
       struct strbuf *out)
{
	for (size_t at = 0; at < text.length && !out->is_cut;) {
		struct spf_macro macro;
		struct spf_fault fault;
		char literal;

		if (text.at[at] != '%') {
			strbuf_add_char(out, text.at[at++]);
			continue;
		}
		if (!spf_macro_read(text, &at, is_text, &literal, &macro, &fault))
			return false;
		if (literal == '\0')
			add_macro(evaluation, &macro, domain, out);
		else if (literal == '-')
			strbuf_add(out, "%20");
		else
			strbuf_add_char(out, literal);
	}
	return true;
}

/* Labels of 1 to 63 octets, 253 in all. */
bool
spf_is_name(const char *name)
{
	if (strlen(name) >= DOMAIN_SIZE)
		return false;
	while (*name != '\0') {
		const size_t length = strcspn(name, ".");

		if (length == 0 || length > LABEL_MAX)
			return false;
		name += length;
		if (*name == '.' && *++name == '\0')
			return false;
	}
	return true;
}

/* RFC 8616, 4: terms with %{s} or %{l} match nothing when the local part is not ASCII. */
bool
spf_is_beyond_names(const struct spf_query *query, struct span spec)
{
	bool is_ascii = true;

	for (size_t i = 0; i < query->local.length; i++)
		is_ascii = is_ascii && (unsigned char)query->local.at[i] < 0x80;
	for (size_t i = 0; !is_ascii && i + 2 < spec.length; i++)
		if (spec.at[i] == '%' && spec.at[i + 1] == '{' && ascii_is_among(spec.at[i + 2], "sSlL"))
			return true;
	return false;
}

bool
spf_expand_domain(struct spf_evaluation *evaluation, struct span spec, const char *domain, char *name)
{
	char memory[4096];
	struct strbuf text;
	const char *at = memory;
	size_t length;

	strbuf_init(&text, memory, sizeof memory);
	if (spf_is_beyond_names(evaluation->query, spec) || !expand(evaluation, spec, domain, false, &text)
	    || evaluation->is_pending || text.is_cut)
		return false;
	if (text.length > 0 && text.text[text.length - 1] == '.')
		text.text[--text.length] = '\0';
	for (length = text.length; length >= DOMAIN_SIZE;) {
		const char *dot = strchr(at, '.');

		if (dot == NULL)
			return false;
		length -= (size_t)(dot + 1 - at);
		at = dot + 1;
	}
	if (length == 0 || !spf_is_name(at))
		return false;
	memcpy(name, at, length + 1);
	return true;
}

const char *
spf_explain(struct spf_evaluation *evaluation, const char *name, const char *domain, struct arena *arena)
{
	const struct dns_answer *answer = spf_ask(evaluation, name, DNS_TXT);
	char memory[TEXT_MAX];
	struct strbuf text;

	if (answer == NULL || answer->count != 1 || answer->records[0].text.length > SPF_TERM_OCTETS_MAX)
		return NULL;
	for (size_t i = 0; i < answer->records[0].text.length; i++)
		if (!ascii_is_printable(answer->records[0].text.at[i]))
			return NULL;
	strbuf_init(&text, memory, sizeof memory);
	if (!expand(evaluation, answer->records[0].text, domain, true, &text) || evaluation->is_pending)
		return NULL;
	if (text.length > EXPLANATION_MAX)
		text.length = EXPLANATION_MAX;
	for (size_t i = 0; i < text.length; i++) /* macros bring in what the client said */
		if (!ascii_is_printable(memory[i]))
			memory[i] = '?';
	return arena_copy(arena, (struct span){ memory, text.length });
}
