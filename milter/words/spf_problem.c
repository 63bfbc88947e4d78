#include "heloscope/words/spf_problem.h"

#include "heloscope/words/telling.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/spf/spf.h"
#include "heloscope/words/libspf2.h"

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
	[SPF_PROBLEM_INCLUDE_OF_NO_NAME] = { .nameless = "an include of what is not a domain name" },
	[SPF_PROBLEM_REDIRECT_WITHOUT_RECORD] = { "the domain ",
						  ", to which the record redirects, has no SPF record", "" },
	[SPF_PROBLEM_REDIRECT_TO_NO_NAME] = { .nameless = "a redirect to what is not a domain name" },
	[SPF_PROBLEM_NEXT_WITHOUT_RECORD] = { .nameless =
						      "an include of, or redirect to, a domain without SPF record" },
	[SPF_PROBLEM_ENDLESS] = { "the record of ", " refers back to itself",
				  "includes or redirects that never end" },
	[SPF_PROBLEM_SYNTAX] = { "the SPF record of ", " has, after ", "" },
	[SPF_PROBLEM_TERM_TOO_LONG] = { "the SPF record of ", " has a term of more than 1024 characters",
					"" },
	[SPF_PROBLEM_SEVERAL_RECORDS] = { "", " has ", "" },
	[SPF_PROBLEM_RECORD_TOO_LONG] = { .nameless = "a record too long for libspf2" },
	[SPF_PROBLEM_NO_MEMORY] = { .nameless = "out of memory" },
	[SPF_PROBLEM_NO_READING] = { .nameless = "the sender address can be read in too many ways" },
	[SPF_PROBLEM_LIBRARY] = { .nameless = "" },
	[SPF_PROBLEM_NONE] = { .nameless = "" },
};
_Static_assert(SPF_TERMS_MAX == 10 && SPF_VOIDS_MAX == 2 && SPF_NAMES_MAX == 10
		       && SPF_TERM_OCTETS_MAX == 1024,
	       "numbers in those sentences");

static const char *const faults[SPF_FAULTS] = {
	[SPF_FAULT_NONE] = "a term that is not valid",
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
	else if (problem->kind == SPF_PROBLEM_ENDLESS && problem->term != NULL)
		strbuf_printf(text, ", for that of %s contains \"%s\"", problem->holder, problem->term);
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

const char *
spf_fault_text(enum spf_fault_kind fault)
{
	return faults[fault];
}
