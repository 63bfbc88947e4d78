#include "heloscope/words/spf_refusal.h"

#include <stdio.h>
#include <string.h>

#include "heloscope/base/nearest.h"
#include "heloscope/spf/record.h"
#include "heloscope/words/spf_problem.h"
#include "heloscope/words/spf_several.h"
#include "heloscope/words/telling.h"

#define LIST_MAX 200    /* octets of a list of terms or names */
#define NAMES_TOLD 3    /* of names that found nothing */
#define TERM_MAX 80     /* octets of a corrected term */
#define TERM_ARENA 4096 /* octets, to read one */
#define SMALL_SIZE 128  /* room for the terms of an address */
#define MERGED_MAX 200  /* room for a record that takes the place of several */

/* What the sentences need of one evaluation. */
struct evaluation {
	const struct config *config;
	const struct facts *facts;
	const struct spf_facts *spf;
	enum result result;
	bool is_helo;
};

/* Terms. */

static void
add_term(struct strbuf *list, struct span term, unsigned lookups, bool is_last)
{
	if (list->length + term.length > LIST_MAX)
		return;
	strbuf_add(list, list->length > 0 ? ", " : "");
	strbuf_add_escaped(list, term, TELLING_VALUE_MAX);
	if (lookups > 1)
		strbuf_printf(list, is_last ? " (%u lookups or more)" : " (%u lookups)", lookups);
}

/* "mx, include:_spf.example (7 lookups)": the terms of the first record that cost lookups, with what they
 * include, up to the one at which the evaluation ended. */
static void
list_terms(const struct spf_trace *trace, struct strbuf *list)
{
	struct span term = { "", 0 };
	unsigned lookups = 0;

	for (size_t i = 0; i <= trace->step_count; i++) {
		const bool is_next =
			i == trace->step_count || (trace->steps[i].depth == 0 && !trace->steps[i].is_record);

		if (is_next && lookups > 0)
			add_term(list, term, lookups, i == trace->step_count);
		if (i == trace->step_count)
			return;
		if (is_next) {
			term = trace->steps[i].term;
			lookups = 0;
		}
		lookups += !trace->steps[i].is_record && spf_term_counts(trace->steps[i].term) ? 1 : 0;
	}
}

/* Whether a lookup before this one was for the same name. */
static bool
is_listed(const struct spf_trace *trace, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (trace->lookups[i].type == trace->lookups[index].type
		    && strcmp(trace->lookups[i].name, trace->lookups[index].name) == 0)
			return true;
	return false;
}

/* "a.example (no A record), b.example (no MX record)": what was looked up and is not there. */
static void
list_voids(const struct spf_trace *trace, struct strbuf *list)
{
	size_t count = 0;

	for (size_t i = 0; i < trace->lookup_count && count < NAMES_TOLD; i++) {
		const struct spf_lookup *lookup = &trace->lookups[i];

		if (lookup->type == DNS_TXT || lookup->answer == NULL
		    || !dns_status_is_void(lookup->answer->status) || is_listed(trace, i))
			continue;
		strbuf_add(list, count++ > 0 ? ", " : "");
		strbuf_add_escaped(list, span_of(lookup->name), LIST_MAX / NAMES_TOLD);
		strbuf_printf(list, " (no %s record)", dns_type_word(lookup->type));
	}
}

/* Whether a value is an address, with or without a prefix length; which, where `found` is not NULL. */
static bool
begins_with_address(struct span value, struct ipaddr *found)
{
	const char *slash = memchr(value.at, '/', value.length);
	struct ipaddr address;

	if (slash != NULL)
		value.length = (size_t)(slash - value.at);
	return ipaddr_parse(value, found != NULL ? found : &address);
}

/* The mechanism that was meant, where that is plain: by an address behind it, or by a name like it. */
static const char *
meant_mechanism(const struct spf_problem *problem, const char *name, struct span value)
{
	static const char *const names[] = { "include", "ip4", "ip6", "exists" };
	struct ipaddr address;

	if (begins_with_address(value, &address))
		return address.length == 16 ? "ip6" : "ip4";
	return problem->fault == SPF_FAULT_MECHANISM
		       ? nearest_word(name, names, sizeof names / sizeof names[0])
		       : NULL;
}

/* Whether a corrected term is right now, and does not allow more than anybody sends from. */
static bool
is_good(const struct strbuf *corrected)
{
	char memory[TERM_MAX * 2];
	struct strbuf text = STRBUF_OVER(memory);
	struct spf_record record;
	struct spf_fault fault;
	struct arena arena;
	bool is_good;

	strbuf_printf(&text, "v=spf1 %s", corrected->text);
	arena_init(&arena, TERM_ARENA);
	is_good = !text.is_cut && spf_record_parse(span_of(memory), &arena, &record, &fault)
		  && record.count == 1 && !spf_term_is_wide(&record.terms[0]);
	arena_clear(&arena);
	return is_good;
}

/* The term as it was meant, raw. False when that is not plain. */
static bool
correct_term(const struct spf_problem *problem, struct strbuf *corrected)
{
	const struct span term = spf_without_qualifier(span_of(problem->term));
	const char *colon = memchr(term.at, ':', term.length), *meant;
	const size_t length = colon != NULL ? (size_t)(colon - term.at) : term.length;
	char name[16];

	if (colon == NULL || length >= sizeof name || term.length > TERM_MAX)
		return false;
	(void)snprintf(name, sizeof name, "%.*s", (int)length, term.at);
	meant = meant_mechanism(problem, name, span_from(term, length + 1));
	if (meant == NULL || span_equals_nocase(span_of(name), span_of(meant)))
		return false;
	strbuf_add(corrected, meant);
	strbuf_add_span(corrected, span_from(term, length));
	if (!corrected->is_cut && is_good(corrected))
		return true;
	strbuf_shorten(corrected, 0);
	return false;
}

/* Errors. */

/*
 * What was found, and what to do: $D is the domain that was asked, $H the one in whose record the term $T
 * stands, $N the name that the problem is about, $S how a lookup ended, $C a count, $F what is wrong with a
 * term. Between the two stands a list, for the limits.
 */
static const struct {
	const char *found, *change;
} problems[SPF_PROBLEMS] = {
	[SPF_PROBLEM_NONE] = { "The SPF record of $D could not be evaluated. ", "" },
	[SPF_PROBLEM_TERM_LIMIT] = { "The SPF record of $D causes more than 10 DNS lookups, which is the limit; those of the records that it includes count, too. ",
				     "Ask whoever manages the DNS of $D to remove terms from its SPF (TXT) record or to replace them with the IP addresses of the servers (ip4:, ip6:). " },
	[SPF_PROBLEM_VOID_LIMIT] = { "Evaluating the SPF record of $D takes more than 2 DNS lookups that find nothing, at which receivers give up. ",
				     "Ask whoever manages the DNS of $D to remove the terms with these names from its SPF (TXT) record, to correct the names, or to add the missing records, best of all of them. " },
	[SPF_PROBLEM_MX_LIMIT] = { "\"$T\" in the SPF record of $H: $N has more than 10 MX records, and only 10 are allowed. ",
				   "Ask whoever manages the DNS of $H to replace \"$T\" in its SPF (TXT) record with the IP addresses of the servers (ip4:, ip6:). " },
	[SPF_PROBLEM_LOOKUP_FAULT] = { "The SPF record of $D needs the name $N, which could not be looked up ($S). ",
				       "Ask whoever manages the DNS of $N to check its name servers, and send the mail again. " },
	[SPF_PROBLEM_RECORD_FAULT] = { "The SPF (TXT) record of $N could not be looked up ($S). ",
				       "Ask whoever manages the DNS of $N to check its name servers, and send the mail again. " },
	[SPF_PROBLEM_INCLUDE_WITHOUT_RECORD] = { "The SPF record of $H contains \"$T\", but $N has no SPF record. ",
						 "Ask whoever manages the DNS of $H to remove \"$T\" from its SPF (TXT) record, or to correct the name in it. " },
	[SPF_PROBLEM_INCLUDE_OF_NO_NAME] = { "The SPF record of $H contains \"$T\", which gives no valid domain name. ",
					     "Ask whoever manages the DNS of $H to remove \"$T\" from its SPF (TXT) record, or to correct the name in it. " },
	[SPF_PROBLEM_REDIRECT_WITHOUT_RECORD] = { "The SPF record of $H contains \"$T\", but $N has no SPF record. ",
						  "Ask whoever manages the DNS of $H to put \"~all\" in place of \"$T\" in its SPF (TXT) record, or to correct the name after \"redirect=\". " },
	[SPF_PROBLEM_REDIRECT_TO_NO_NAME] = { "The SPF record of $H contains \"$T\", which gives no valid domain name. ",
					      "Ask whoever manages the DNS of $H to put \"~all\" in place of \"$T\" in its SPF (TXT) record, or to correct the name after \"redirect=\". " },
	[SPF_PROBLEM_NEXT_WITHOUT_RECORD] = { "The SPF record of $D includes, or redirects to, a domain that has no SPF record. ",
					      "Ask whoever manages the DNS of $D to remove that \"include:\" or \"redirect=\" from its SPF (TXT) record, or to correct the name in it. " },
	[SPF_PROBLEM_ENDLESS] = { "The SPF record of $N refers back to itself in a loop, because the SPF record of $H contains \"$T\". ",
				  "Ask whoever manages the DNS of $H to remove \"$T\" from its SPF (TXT) record. " },
	[SPF_PROBLEM_SYNTAX] = { "The SPF record of $H has an error in the term \"$T\": $F. ",
				 "Ask whoever manages the DNS of $H to correct or remove that term in its SPF (TXT) record. " },
	[SPF_PROBLEM_TERM_TOO_LONG] = { "The SPF record of $N has a term of more than 1024 characters. ",
					"Ask whoever manages the DNS of $N to shorten it in its SPF (TXT) record. " },
	[SPF_PROBLEM_SEVERAL_RECORDS] = { "The domain $N has $C SPF records (TXT records that begin with v=spf1), and only one is allowed. ",
					  "Ask whoever manages the DNS of $N to keep one of them that ends with \"-all\" or \"~all\", to put the terms of the others (all but \"v=spf1\" and any \"all\") before its \"-all\" or \"~all\", and then to delete the others. " },
	[SPF_PROBLEM_RECORD_TOO_LONG] = { "The SPF record of $D, or one that it includes, is too long to be evaluated here. ",
					  "Ask whoever manages the DNS of $D to shorten its SPF (TXT) record. " },
	[SPF_PROBLEM_NO_MEMORY] = { "The SPF record of $D could not be evaluated, because the receiving server ran out of memory. ",
				    "Send the mail again later. " },
	[SPF_PROBLEM_NO_READING] = { "The sender address can be read in too many ways to look up its SPF record. ",
				     "Send with a plain address, like name@example.com. " },
	[SPF_PROBLEM_LIBRARY] = { "The SPF record of $D could not be evaluated ($F). ",
				  "Ask whoever manages the DNS of $D to check its SPF (TXT) record. " },
};
_Static_assert(SPF_TERMS_MAX == 10 && SPF_VOIDS_MAX == 2 && SPF_NAMES_MAX == 10
		       && SPF_TERM_OCTETS_MAX == 1024,
	       "numbers in those sentences");

static const char *
or_else(const char *text, const char *other)
{
	return text != NULL && text[0] != '\0' ? text : other;
}

/* Whether an address stands where a domain name belongs, as in "a:192.0.2.1". */
static bool
is_address_for_name(const struct spf_problem *problem)
{
	const char *colon = problem->term != NULL ? strchr(problem->term, ':') : NULL;

	return colon != NULL
	       && (problem->fault == SPF_FAULT_ONE_LABEL || problem->fault == SPF_FAULT_TOP_LABEL)
	       && begins_with_address(span_of(colon + 1), NULL);
}

/* What is wrong, behind the term: its fault, or what libspf2 says. */
static const char *
fault_of(const struct spf_problem *problem, char memory[SPF_PROBLEM_SIZE])
{
	if (problem->kind == SPF_PROBLEM_LIBRARY)
		return spf_problem_text(problem, memory);
	return is_address_for_name(problem) ? "an IP address where a domain name belongs"
					    : spf_fault_text(problem->fault);
}

/* What the limits were reached with. */
static void
add_list(const struct spf_facts *spf, struct strbuf *text)
{
	const bool is_void = spf->problem.kind == SPF_PROBLEM_VOID_LIMIT;
	char memory[LIST_MAX * 2];
	struct strbuf list = STRBUF_OVER(memory);

	if (is_void)
		list_voids(&spf->trace, &list);
	else if (spf->problem.kind == SPF_PROBLEM_TERM_LIMIT)
		list_terms(&spf->trace, &list);
	if (list.length > 0)
		strbuf_printf(text, "%s: %s. ", is_void ? "They were for" : "Terms that cause lookups",
			      memory);
}

/* What else there is to know of one record in place of several: a redirect, or another of them, made it
 * milder than one of them was; and nothing was looked up for it. */
static void
add_reservations(const struct spf_facts *spf, struct span merged, const struct telling_values *values,
		 struct strbuf *text)
{
	if (spf_several_have(spf, SPAN("-all")) && !span_ends_with_nocase(merged, SPAN("-all")))
		telling_fill(
			text,
			"If no other servers than these may send mail for $N, it can end with \"-all\". ",
			values);
	if (spf_several_includes(merged))
		strbuf_add(
			text,
			"Have an SPF checker test it: what it includes must exist and must not allow everybody, and 10 DNS lookups are the limit. ");
}

/* What to change, where it is known exactly: the term or the record to write. */
static bool
add_exact_change(const struct spf_facts *spf, const struct telling_values *values, struct strbuf *text)
{
	const struct spf_problem *problem = &spf->problem;
	char memory[MERGED_MAX];
	struct strbuf exact = STRBUF_OVER(memory);
	const char *change = NULL;
	struct span written;

	if (problem->kind == SPF_PROBLEM_SYNTAX && correct_term(problem, &exact))
		change = "Ask whoever manages the DNS of $H to change that term to \"";
	if (problem->kind == SPF_PROBLEM_SEVERAL_RECORDS && spf_several_merge(spf, &exact))
		change =
			"Ask whoever manages the DNS of $N to replace them with this one TXT record, which allows all that they allow: \"";
	if (change == NULL)
		return false;
	written = (struct span){ exact.text, exact.length };
	telling_fill(text, change, values);
	strbuf_add_escaped(text, written, MERGED_MAX);
	strbuf_add(text, problem->kind == SPF_PROBLEM_SYNTAX ? "\" in its SPF (TXT) record. " : "\". ");
	if (problem->kind == SPF_PROBLEM_SEVERAL_RECORDS)
		add_reservations(spf, written, values, text);
	return true;
}

/* What to change otherwise. A record without its redirect needs an "all"; another has no room for one. */
static const char *
change_of(const struct spf_facts *spf)
{
	const struct spf_problem *problem = &spf->problem;

	if (spf_several_have(spf, SPAN("redirect=")))
		return "Ask whoever manages the DNS of $N to keep one of them that ends with \"-all\" or \"~all\", to put the terms of the others (all but \"v=spf1\" and any \"all\", and with \"include:\" in place of \"redirect=\") before its \"-all\" or \"~all\", and then to delete the others. ";
	if (problem->kind == SPF_PROBLEM_ENDLESS && problem->term != NULL
	    && span_starts_with_nocase(span_of(problem->term), SPAN("redirect=")))
		return "Ask whoever manages the DNS of $H to put \"~all\" in place of \"$T\" in its SPF (TXT) record. ";
	return problems[problem->kind].change;
}

static void
refuse_problem(const struct spf_facts *spf, const char *domain, struct strbuf *text)
{
	const struct spf_problem *problem = &spf->problem;
	const char *name = or_else(problem->name, domain);
	char count[16], fault[SPF_PROBLEM_SIZE];
	const struct telling_values values = {
		.of = { ['D' - 'A'] = domain,
			['H' - 'A'] = or_else(problem->holder, name),
			['T' - 'A'] = or_else(problem->term, or_else(spf->mechanism, "include:")),
			['N' - 'A'] = name,
			['S' - 'A'] = dns_status_word(problem->status),
			['C' - 'A'] = count,
			['F' - 'A'] = fault_of(problem, fault) },
	};

	(void)snprintf(count, sizeof count, "%u", problem->count);
	telling_fill(text, problems[problem->kind].found, &values);
	add_list(spf, text);
	if (!add_exact_change(spf, &values, text)) {
		spf_several_quote(spf, text);
		telling_fill(text, change_of(spf), &values);
		strbuf_add(text,
			   spf_several_have(spf, SPAN("/0"))
				   ? "Leave out a term that allows every address (like \"ip4:0.0.0.0/0\"). "
				   : "");
	}
}

/* Results. */

/* Whether records of other domains were looked at, too. */
static bool
has_included(const struct spf_trace *trace)
{
	for (size_t i = 0; i < trace->step_count; i++)
		if (trace->steps[i].depth > 0)
			return true;
	return false;
}

/* The record that lets this client send, for whoever has none. */
static void
refuse_none(const struct facts *facts, const char *domain, struct strbuf *text)
{
	char address[SMALL_SIZE];
	struct strbuf term = STRBUF_OVER(address);

	strbuf_add(text, "The domain ");
	telling_add_value(text, domain);
	strbuf_add(
		text,
		" has no SPF record (a TXT record that lists the servers that may send its mail), and the receiving site requires one. ");
	spf_record_add_address(&term, &facts->client.address);
	strbuf_add(text, "Ask whoever manages the DNS of ");
	telling_add_value(text, domain);
	strbuf_printf(
		text,
		" to publish this TXT record for it: \"v=spf1 mx%s ~all\" (without%s if that is not its mail server). If the domain also sends from other servers, add their addresses in the same way (ip4:, ip6:). ",
		address, address);
}

/* The record allows others, or says nothing of this client. */
static void
refuse_not_allowed(const struct evaluation *evaluation, const char *domain, struct strbuf *text)
{
	const struct facts *facts = evaluation->facts;
	const struct spf_facts *spf = evaluation->spf;
	char ip[IPADDR_TEXT_SIZE], address[SMALL_SIZE];
	struct strbuf term = STRBUF_OVER(address);

	(void)telling_client(facts, ip);
	strbuf_add(text, "The SPF record of ");
	telling_add_value(text, domain);
	strbuf_add(text, evaluation->is_helo ? ", the server's name in HELO/EHLO," : "");
	strbuf_add(text, has_included(&spf->trace) ? ", with the records that it includes," : "");
	strbuf_printf(text,
		      evaluation->result == RESULT_NEUTRAL
			      ? " does not say whether the connecting IP address %s may send its mail"
			      : " does not allow the connecting IP address %s to send mail for it",
		      ip);
	if (spf->mechanism != NULL && spf->mechanism[0] != '\0') {
		strbuf_add(text, " (decided by \"");
		telling_add_value(text, spf->mechanism);
		strbuf_add(text, evaluation->result == RESULT_SOFTFAIL
					 ? "\", a softfail, for which some sites refuse mail)"
					 : "\")");
	}
	strbuf_add(text, ". ");
	spf_record_add_address(&term, &facts->client.address);
	strbuf_printf(text, "If %s is your mail server, ask whoever manages the DNS of ", ip);
	telling_add_value(text, domain);
	strbuf_printf(
		text,
		" to add \"%s\" to its SPF (TXT) record, directly after \"v=spf1\". If %s is not your mail server, send through your usual one. ",
		address + 1, ip);
	if (evaluation->config != NULL && evaluation->config->shows_spf_explanation
	    && spf->explanation != NULL) {
		strbuf_add(text, "The owner of ");
		telling_add_value(text, domain);
		telling_add_quote(text, " adds", spf->explanation);
	}
}

static void
refuse_pass(const struct facts *facts, const char *domain, struct strbuf *text)
{
	strbuf_add(text, "The SPF record of ");
	telling_add_value(text, domain);
	strbuf_add(text, " allows the connecting IP address ");
	telling_add_client(text, facts);
	strbuf_add(text, " to send mail for it. ");
	telling_add_policy(text);
}

/* There is no name whose record could be asked for. */
static void
refuse_nameless(const struct facts *facts, enum spf_identity identity, struct strbuf *text)
{
	const bool is_helo = identity == SPF_HELO;

	strbuf_printf(text, "The receiving site requires an SPF record, and the %s ",
		      is_helo ? "name with which the server introduced itself (HELO/EHLO), namely"
			      : "sender address");
	strbuf_add_char(text, '"');
	telling_add_value(text, is_helo ? facts->helo.given : facts->sender.mailbox.text);
	strbuf_printf(text, "\"%s has no domain that could have one. ", is_helo ? "," : "");
	strbuf_add(text, is_helo ? TELLING_ADMINISTRATOR "set its HELO name to "
				 : "Send with a whole address, like name@example.com. ");
	if (is_helo) {
		telling_add_value(text, telling_own_name(facts, "its full host name"));
		strbuf_add(text, ". ");
	}
}

static void
refuse(const struct config *config, const struct facts *facts, enum spf_identity identity,
       struct strbuf *text)
{
	const struct evaluation evaluation = {
		.config = config,
		.facts = facts,
		.spf = &facts->spf[identity],
		.result = facts->results[identity == SPF_HELO ? METHOD_SPF_HELO : METHOD_SPF],
		.is_helo = identity == SPF_HELO,
	};
	const char *domain = evaluation.spf->domain;

	if (domain == NULL || domain[0] == '\0')
		refuse_nameless(facts, identity, text);
	else if (evaluation.result == RESULT_TEMPERROR || evaluation.result == RESULT_PERMERROR)
		refuse_problem(evaluation.spf, domain, text);
	else if (evaluation.result == RESULT_NONE)
		refuse_none(facts, domain, text);
	else if (evaluation.result == RESULT_PASS)
		refuse_pass(facts, domain, text);
	else
		refuse_not_allowed(&evaluation, domain, text);
}

void
spf_refuse(const struct config *config, const struct facts *facts, struct strbuf *text)
{
	refuse(config, facts, SPF_MAILFROM, text);
}

void
spf_refuse_helo(const struct config *config, const struct facts *facts, struct strbuf *text)
{
	refuse(config, facts, SPF_HELO, text);
}
