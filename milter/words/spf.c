/* SPF in words: see telling.h and spf.h. */
#include "heloscope/words/telling.h"

#include "heloscope/base/prose.h"
#include "heloscope/spf/record.h"
#include "heloscope/words/libspf2.h"
#include "heloscope/words/spf.h"

#define SHOWN_MAX 120 /* octets of a domain's words in a reply */
#define TEXT_MAX 4000 /* of a record to publish */

/* A sentence: around the name; or whole, where there is none. */
static const struct {
	const char *before, *behind, *nameless;
} sentences[SPF_PROBLEMS] = {
	[SPF_PROBLEM_TERM_LIMIT] = { .nameless =
					     "more than 10 terms that cause DNS lookups (RFC 7208, 4.6.4)" },
	[SPF_PROBLEM_VOID_LIMIT] = { .nameless =
					     "more than 2 DNS lookups that find nothing (RFC 7208, 4.6.4)" },
	[SPF_PROBLEM_MX_LIMIT] = { "", " has more than 10 MX records (RFC 7208, 4.6.4)",
				   "more than 10 MX records (RFC 7208, 4.6.4)" },
	[SPF_PROBLEM_LOOKUP_FAULT] = { "looking up ", ": ", "a DNS lookup that failed" },
	[SPF_PROBLEM_RECORD_FAULT] = { "looking up the SPF record of ", ": ", "" },
	[SPF_PROBLEM_INCLUDE_WITHOUT_RECORD] = { "the included domain ", " has no SPF record", "" },
	[SPF_PROBLEM_INCLUDE_OF_NO_NAME] = { .nameless = "an include of what is no domain name" },
	[SPF_PROBLEM_REDIRECT_WITHOUT_RECORD] = { "the domain ",
						  ", to which the record redirects, has no SPF record", "" },
	[SPF_PROBLEM_REDIRECT_TO_NO_NAME] = { .nameless = "a redirect to what is no domain name" },
	[SPF_PROBLEM_NEXT_WITHOUT_RECORD] = { .nameless =
						      "an include of, or redirect to, a domain without SPF record" },
	[SPF_PROBLEM_ENDLESS] = { .nameless = "includes or redirects that never end" },
	[SPF_PROBLEM_SYNTAX] = { "the SPF record of ", " has, after ", "" },
	[SPF_PROBLEM_TERM_TOO_LONG] = { "the SPF record of ", " has a term of more than 1024 characters",
					"" },
	[SPF_PROBLEM_SEVERAL_RECORDS] = { "", " has ", "" },
	[SPF_PROBLEM_RECORD_TOO_LONG] = { .nameless = "a record too long for libspf2" },
	[SPF_PROBLEM_NO_MEMORY] = { .nameless = "out of memory" },
	[SPF_PROBLEM_LIBRARY] = { .nameless = "" },
	[SPF_PROBLEM_NONE] = { .nameless = "" },
};
_Static_assert(SPF_TERMS_MAX == 10 && SPF_VOIDS_MAX == 2 && SPF_NAMES_MAX == 10
		       && SPF_TERM_OCTETS_MAX == 1024,
	       "numbers in those sentences");

static const char *const faults[SPF_FAULTS] = {
	[SPF_FAULT_NONE] = "",
	[SPF_FAULT_MACRO_KEEPS_NONE] = "a macro that keeps 0 labels",
	[SPF_FAULT_PERCENT] = "a \"%\" that begins no macro; a percent sign is written \"%%\"",
	[SPF_FAULT_MACRO_LETTER] = "an unknown macro letter",
	[SPF_FAULT_MACRO_LETTER_HERE] = "an unknown macro letter (c, r and t are for explanation text only)",
	[SPF_FAULT_MACRO_OPEN] = "a macro without its closing \"}\"",
	[SPF_FAULT_OCTET] = "an octet that is not printable ASCII",
	[SPF_FAULT_DOMAIN_MISSING] = "a domain name is missing here",
	[SPF_FAULT_ONE_LABEL] = "a domain name of one label, or one that does not end in a top-level domain",
	[SPF_FAULT_TOP_LABEL] = "a domain name that does not end in a top-level domain",
	[SPF_FAULT_IPV4_PREFIX] = "an IPv4 prefix length that is not 0 to 32",
	[SPF_FAULT_IPV6_PREFIX] = "an IPv6 prefix length that is not 0 to 128",
	[SPF_FAULT_ALL_WITH_VALUE] = "\"all\" takes no value",
	[SPF_FAULT_NO_DOMAIN_BEHIND] = "a \":\" and a domain name are missing here",
	[SPF_FAULT_NO_ADDRESS_BEHIND] = "a \":\" and an address are missing here",
	[SPF_FAULT_NO_IPV4] = "not an IPv4 address",
	[SPF_FAULT_NO_IPV6] = "not an IPv6 address",
	[SPF_FAULT_TOO_MANY_TERMS] = "more than 1024 terms",
	[SPF_FAULT_MECHANISM] = "an unknown mechanism",
	[SPF_FAULT_SECOND_REDIRECT] = "a second \"redirect=\"",
	[SPF_FAULT_SECOND_EXPLANATION] = "a second \"exp=\"",
};

/* What stands behind the name. */
static void
add_detail(struct strbuf *text, const struct spf_problem *problem)
{
	if (problem->kind == SPF_PROBLEM_LOOKUP_FAULT || problem->kind == SPF_PROBLEM_RECORD_FAULT)
		strbuf_add(text, dns_status_word(problem->status));
	else if (problem->kind == SPF_PROBLEM_SYNTAX)
		strbuf_printf(text, "%u characters, %s", problem->at, faults[problem->fault]);
	else if (problem->kind == SPF_PROBLEM_SEVERAL_RECORDS)
		strbuf_printf(text, "%u SPF records; there must be one", problem->count);
}

const char *
spf_problem_text(const struct spf_problem *problem, char memory[SPF_PROBLEM_SIZE])
{
	struct strbuf text;

	strbuf_init(&text, memory, SPF_PROBLEM_SIZE);
	if (problem->kind == SPF_PROBLEM_LIBRARY) {
		strbuf_add(&text, spf_library_text(problem->code));
	} else if (problem->name == NULL || sentences[problem->kind].before == NULL) {
		strbuf_add(&text, sentences[problem->kind].nameless);
	} else {
		strbuf_add(&text, sentences[problem->kind].before);
		strbuf_add(&text, problem->name);
		strbuf_add(&text, sentences[problem->kind].behind);
		add_detail(&text, problem);
	}
	return memory;
}

static bool
is_said(const char *text)
{
	return text != NULL && text[0] != '\0';
}

static void
say_record(const struct facts *facts, const struct spf_facts *spf, enum result result, struct strbuf *said)
{
	strbuf_add(said, result == RESULT_NONE ? "" : "the record of ");
	telling_add(said, spf->domain);
	strbuf_add(said, result == RESULT_NONE      ? " has no SPF record"
			 : result == RESULT_NEUTRAL ? " does not say whether "
			 : result == RESULT_PASS    ? " allows "
						    : " does not allow ");
	if (result != RESULT_NONE)
		telling_add_client(said, facts);
	strbuf_add(said, result == RESULT_NEUTRAL ? " may send" : "");
}

static void
say(const struct facts *facts, enum spf_identity identity, enum result result, struct strbuf *said)
{
	const struct spf_facts *spf = &facts->spf[identity];
	const bool has_problem = spf->problem.kind != SPF_PROBLEM_NONE;
	char problem[SPF_PROBLEM_SIZE];

	if (!is_said(spf->domain))
		strbuf_add(said, "there is no domain to ask");
	else if (has_problem)
		telling_add(said, spf_problem_text(&spf->problem, problem));
	else
		say_record(facts, spf, result, said);
	if (!is_said(spf->mechanism))
		return;
	strbuf_add(said, has_problem ? ", at \"" : ", by \"");
	telling_add(said, spf->mechanism);
	strbuf_add(said, "\"");
}

static void
say_spf(const struct facts *facts, int64_t time_s, struct strbuf *said)
{
	(void)time_s;
	say(facts, SPF_MAILFROM, facts->results[METHOD_SPF], said);
}

static void
say_spf_helo(const struct facts *facts, int64_t time_s, struct strbuf *said)
{
	(void)time_s;
	say(facts, SPF_HELO, facts->results[METHOD_SPF_HELO], said);
}

static void
refuse_spf(const struct config *config, const struct facts *facts, struct strbuf *text)
{
	const bool is_helo = facts->results[METHOD_SPF] == RESULT_UNCHECKED
			     || facts->results[METHOD_SPF] == RESULT_PASS
			     || facts->results[METHOD_SPF] == RESULT_NONE;
	const struct spf_facts *spf = &facts->spf[is_helo ? SPF_HELO : SPF_MAILFROM];
	const enum result result = facts->results[is_helo ? METHOD_SPF_HELO : METHOD_SPF];
	const char *domain =
		spf->domain != NULL && spf->domain[0] != '\0' ? spf->domain : "the sender's domain";
	char address[IPADDR_TEXT_SIZE], problem[SPF_PROBLEM_SIZE];

	(void)ipaddr_format(&facts->client.address, address);
	if (result == RESULT_TEMPERROR || result == RESULT_PERMERROR) {
		strbuf_printf(text, "SPF of %s cannot be checked: ", domain);
		strbuf_add_escaped(text, span_of(spf_problem_text(&spf->problem, problem)), SHOWN_MAX);
		strbuf_add(text, ". The owner of the domain can correct its SPF record. ");
		return;
	}
	strbuf_printf(text, "The SPF record of %s does not allow %s to send its mail (spf=%s", domain,
		      address, result_word(result));
	if (spf->mechanism != NULL) {
		strbuf_add(text, " by ");
		strbuf_add_escaped(text, span_of(spf->mechanism), SHOWN_MAX);
	}
	strbuf_add(text, "). The owner of the domain can add the address to the record. ");
	if (config->shows_spf_explanation && spf->explanation != NULL) {
		strbuf_printf(text, "%s explains: ", domain);
		strbuf_add_escaped(text, span_of(spf->explanation), SHOWN_MAX);
		strbuf_add_char(text, ' ');
	}
}

/* The record that would let the client pass. */
static void
advise_record(const struct facts *facts, const struct spf_facts *spf, struct output *out)
{
	char memory[TEXT_MAX], domain[TELLING_SHOWN_SIZE], published[TELLING_SHOWN_SIZE],
		ip[IPADDR_TEXT_SIZE];
	struct strbuf better;

	if (!spf_record_is_one(span_of(telling_shown(spf->record, published))))
		return;
	(void)telling_shown(spf->domain, domain);
	(void)telling_client(facts, ip);
	strbuf_init(&better, memory, sizeof memory);
	spf_record_extend(&better, published, &facts->client.address);
	prose_bullet(out, "If %s sends mail for %s, its owner can publish this TXT record for %s:", ip,
		     domain, domain);
	prose_put(out, 6, "%s", memory);
	prose_put(
		out, 4,
		"If the mail was forwarded: SPF cannot pass for a forwarder that keeps the sender's address. The forwarder can rewrite it (SRS).");
}

static void
advise_spf(const struct facts *facts, int64_t time_s, struct output *out)
{
	const struct spf_facts *spf = &facts->spf[SPF_MAILFROM];
	const enum result result = facts->results[METHOD_SPF];
	char domain[TELLING_SHOWN_SIZE], shown[TELLING_SHOWN_SIZE], problem[SPF_PROBLEM_SIZE];

	(void)time_s;
	if (result == RESULT_PERMERROR)
		prose_bullet(out, "The owner of %s should correct its SPF record: %s.",
			     telling_shown(spf->domain, domain),
			     telling_shown(spf_problem_text(&spf->problem, problem), shown));
	if ((result == RESULT_FAIL || result == RESULT_SOFTFAIL) && facts->client.address.length > 0)
		advise_record(facts, spf, out);
}

static const char *
spf_detail(const struct facts *facts)
{
	const enum result result = facts->results[METHOD_SPF];

	return result == RESULT_TEMPERROR || result == RESULT_PERMERROR ? "7.24" : "7.23";
}

static void
report_identity(const struct facts *facts, struct authres *authres, enum method method,
		const struct spf_facts *spf)
{
	char problem[SPF_PROBLEM_SIZE];

	if (facts->results[method] == RESULT_UNCHECKED)
		return;
	authres_result(authres, method_words(method)->method, facts->results[method]);
	if (spf->domain[0] != '\0')
		authres_property(authres, method_words(method)->property, span_of(spf->domain));
	if (spf->problem.kind != SPF_PROBLEM_NONE)
		authres_comment(authres, spf_problem_text(&spf->problem, problem));
}

static void
report_spf_helo(const struct facts *facts, struct authres *authres)
{
	report_identity(facts, authres, METHOD_SPF_HELO, &facts->spf[SPF_HELO]);
}

static void
report_spf(const struct facts *facts, struct authres *authres)
{
	report_identity(facts, authres, METHOD_SPF, &facts->spf[SPF_MAILFROM]);
}

const struct telling tell_spf = {
	.title = "SPF",
	.rank = RANK_SPF,
	.report = report_spf,
	.say = say_spf,
	.refuse = refuse_spf,
	.detail = spf_detail,
	.advise = advise_spf,
};

/* A refusal tells of both together, and advice about the sender's own record is enough. */
const struct telling tell_spf_helo = {
	.title = "SPF of HELO",
	.rank = RANK_SPF,
	.report = report_spf_helo,
	.say = say_spf_helo,
	.refuse = refuse_spf,
	.detail = spf_detail,
};
