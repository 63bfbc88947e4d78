/* DMARC in words: see telling.h. */
#include "heloscope/words/telling.h"

#include <stdio.h>

#include "heloscope/base/prose.h"

#define LINE_SIZE 2400
#define QUOTED_MAX 200 /* octets of two records in a sentence */

/* What the From fields tell, for a comment or behind "the author: ". */
static const char *const authors[AUTHOR_FINDINGS] = {
	[AUTHOR_UNCHECKED] = "From was not checked",
	[AUTHOR_ONE] = "one domain in From",
	[AUTHOR_NO_FIELD] = "no From field",
	[AUTHOR_NO_ADDRESS] = "no address in From",
	[AUTHOR_NO_DOMAIN] = "an address without a domain in From",
	[AUTHOR_SEVERAL_FIELDS] = "several From fields",
	[AUTHOR_SEVERAL_DOMAINS] = "several domains in From",
	[AUTHOR_SECOND_READING] = "From can be read as two domains",
	[AUTHOR_FIELD_NAME] = "the name of the From field is malformed",
	[AUTHOR_CONTROL_OCTETS] = "control characters in From",
	[AUTHOR_UNCLOSED] = "From breaks off",
	[AUTHOR_BAD_DOMAIN] = "the domain in From is not valid",
	[AUTHOR_SYNTAX] = "From is not a list of addresses",
	[AUTHOR_TOO_LONG] = "From is too long",
	[AUTHOR_TOO_MANY] = "too many addresses in From",
};

static bool
has_author(const struct facts *facts)
{
	return facts->author.finding == AUTHOR_ONE;
}

static bool
has_record(const struct facts *facts)
{
	return facts->dmarc.record_domain != NULL;
}

static void
add_tag(struct strbuf *said, const char *name, enum dmarc_policy policy)
{
	if (policy == DMARC_INVALID)
		strbuf_printf(said, " %s=?", name);
	else if (policy != DMARC_ABSENT)
		strbuf_printf(said, " %s=%s", name, dmarc_policy_word(policy));
}

/* "p=reject sp=none t=y at example.org". */
static void
add_record(const struct dmarc_facts *dmarc, struct strbuf *said)
{
	const struct dmarc_record *record = &dmarc->record;

	strbuf_add(said, record->policy == DMARC_ABSENT ? "no p=" : "p=");
	if (record->policy != DMARC_ABSENT)
		strbuf_add(said, record->policy == DMARC_INVALID ? "?" : dmarc_policy_word(record->policy));
	add_tag(said, "sp", record->subdomain_policy);
	add_tag(said, "np", record->absent_policy);
	strbuf_add(said, record->is_testing ? " t=y at " : " at ");
	telling_add(said, dmarc->record_domain);
}

/* "SPF for a.example, same domain". Where no record applies, no other alignment matters. */
static void
add_identifier(const struct dmarc_facts *dmarc, const struct dmarc_identifier *identifier,
	       struct strbuf *said)
{
	static const char *const words[DMARC_ALIGNMENTS] = {
		[DMARC_UNALIGNED] = "not aligned",
		[DMARC_RELAXED] = "same organization",
		[DMARC_EQUAL] = "same domain",
		[DMARC_UNTOLD] = "alignment not known",
	};

	telling_add(said, identifier->is_spf ? "SPF for " : "DKIM for ");
	telling_add(said, identifier->domain);
	strbuf_add(said, identifier->has_passed ? "" : ": not known");
	if (dmarc->record_domain != NULL || identifier->alignment != DMARC_UNTOLD)
		strbuf_printf(said, ", %s", words[identifier->alignment]);
}

/* The identifier that is told: one that makes it pass; else the first. NULL without any. */
static const struct dmarc_identifier *
main_identifier(const struct dmarc_facts *dmarc)
{
	for (size_t i = 0; i < dmarc->identifier_count; i++)
		if (dmarc->identifiers[i].has_passed
		    && (dmarc->identifiers[i].alignment == DMARC_EQUAL
			|| dmarc->identifiers[i].alignment == DMARC_RELAXED))
			return &dmarc->identifiers[i];
	return dmarc->identifier_count > 0 ? &dmarc->identifiers[0] : NULL;
}

static void
add_fault(const struct dmarc_facts *dmarc, struct strbuf *said)
{
	if (dmarc->fault_name == NULL) {
		strbuf_add(said, "SPF or DKIM could not be found out");
		return;
	}
	telling_add(said, dmarc->fault_name);
	strbuf_printf(said, " could not be looked up: %s", dns_status_word(dmarc->fault));
}

/* All in a phrase, but the author's domain. */
static void
add_phrase(const struct facts *facts, struct strbuf *said)
{
	const struct dmarc_identifier *identifier = main_identifier(&facts->dmarc);

	if (!has_author(facts)) {
		strbuf_add(said, authors[facts->author.finding]);
	} else if (facts->results[METHOD_DMARC] == RESULT_TEMPERROR) {
		add_fault(&facts->dmarc, said);
	} else if (!has_record(facts)) {
		strbuf_add(said, "no policy published");
	} else {
		add_record(&facts->dmarc, said);
		strbuf_add(said, "; ");
		if (facts->results[METHOD_DMARC] == RESULT_PERMERROR)
			strbuf_add(said, "no valid policy");
		else if (identifier == NULL)
			strbuf_add(said, "neither SPF nor DKIM passes");
		else
			add_identifier(&facts->dmarc, identifier, said);
	}
}

static void
report_dmarc(const struct facts *facts, struct authres *authres)
{
	char memory[LINE_SIZE];
	struct strbuf comment = STRBUF_OVER(memory);

	if (facts->results[METHOD_DMARC] == RESULT_UNCHECKED)
		return;
	authres_result(authres, method_words(METHOD_DMARC)->method, facts->results[METHOD_DMARC]);
	if (has_author(facts))
		authres_property(authres, method_words(METHOD_DMARC)->property,
				 span_of(facts->author.domain));
	if (facts->results[METHOD_DMARC] == RESULT_FAIL)
		authres_property(authres, "policy.dmarc", span_of(dmarc_policy_word(facts->dmarc.evaluated)));
	add_phrase(facts, &comment);
	authres_comment(authres, memory);
}

static void
say_dmarc(const struct facts *facts, int64_t time_s, struct strbuf *said)
{
	(void)time_s;
	if (has_author(facts)) {
		telling_add(said, facts->author.domain);
		strbuf_add(said, ": ");
	}
	add_phrase(facts, said);
}

/* In a story. */

static void
add_looked_up(const struct dmarc_looked_up *lookup, struct strbuf *text)
{
	if (lookup->records > 1)
		strbuf_printf(text, "%zu policy records, which count as none; there must be one",
			      lookup->records);
	else if (lookup->record != NULL)
		telling_add_record(text, lookup->record);
	else
		strbuf_add(text, lookup->records == 1                  ? "a policy record"
				 : dns_status_is_fault(lookup->status) ? dns_status_word(lookup->status)
								       : "no policy record");
}

/* Records of which there may be only one. */
static void
put_several(const struct dmarc_looked_up *lookup, struct output *out)
{
	const char *records[] = { lookup->record, lookup->second };

	for (size_t i = 0; lookup->records > 1 && i < 2 && records[i] != NULL; i++) {
		char memory[LINE_SIZE];
		struct strbuf record = STRBUF_OVER(memory);

		telling_add_record(&record, records[i]);
		prose_put(out, 32, "%zu: %s", i + 1, memory);
	}
}

static void
put_lookups(const struct dmarc_facts *dmarc, struct output *out)
{
	char shown[TELLING_SHOWN_SIZE];

	for (size_t i = 0; i < dmarc->lookup_count; i++) {
		const struct dmarc_looked_up *lookup = &dmarc->lookups[i];
		char memory[LINE_SIZE];
		struct strbuf record = STRBUF_OVER(memory);

		add_looked_up(lookup, &record);
		prose_put(out, 30, "_dmarc.%s: %s", telling_shown(lookup->domain, shown), memory);
		put_several(lookup, out);
	}
}

static void
put_policy(const struct facts *facts, struct output *out)
{
	static const char *const existences[] = {
		[DMARC_UNASKED] = "",
		[DMARC_EXISTS] = ", for the author's domain exists (sp)",
		[DMARC_DOES_NOT_EXIST] = ", for the author's domain does not exist (np)",
	};
	const struct dmarc_facts *dmarc = &facts->dmarc;
	char shown[TELLING_SHOWN_SIZE], memory[LINE_SIZE];
	struct strbuf record = STRBUF_OVER(memory);

	telling_add_record(&record, dmarc->record.text.at);
	prose_put(out, 28, "the policy record of %s applies: %s", telling_shown(dmarc->record_domain, shown),
		  memory);
	if (dmarc->organization != NULL)
		prose_put(out, 28, "the author's organization is %s",
			  telling_shown(dmarc->organization, shown));
	if (dmarc->policy <= DMARC_REJECT)
		prose_put(out, 28, "its policy for %s: %s%s%s%s",
			  facts->results[METHOD_DMARC] == RESULT_FAIL ? "this message"
								      : "mail that fails DMARC",
			  dmarc_policy_word(dmarc->policy), existences[dmarc->existence],
			  dmarc->evaluated != dmarc->policy ? "; one step weaker while it says t=y" : "",
			  facts->results[METHOD_DMARC] == RESULT_PASS ? " (this message passes)" : "");
}

static void
put_more(const struct facts *facts, enum telling_reader reader, struct output *out)
{
	const struct dmarc_facts *dmarc = &facts->dmarc;
	char memory[LINE_SIZE];

	(void)reader;
	put_lookups(dmarc, out);
	if (has_record(facts))
		put_policy(facts, out);
	for (size_t i = 0; i < dmarc->identifier_count; i++) {
		struct strbuf said = STRBUF_OVER(memory);

		add_identifier(dmarc, &dmarc->identifiers[i], &said);
		prose_put(out, 28, "%s", memory);
	}
}

/* In a refusal. */

static const char one_from[] =
	"Send it with exactly one From field that has one address, like name@example.com; if a program wrote it, ask whoever maintains that program. ";

/* What is wrong with a message without one author's domain. */
static const char *const author_faults[AUTHOR_FINDINGS] = {
	[AUTHOR_NO_FIELD] = "This mail has no From field, so that nobody can tell who wrote it.",
	[AUTHOR_NO_ADDRESS] = "The From field of this mail has no address.",
	[AUTHOR_NO_DOMAIN] = "The From field of this mail has an address without a domain.",
	[AUTHOR_SEVERAL_FIELDS] = "This mail has several From fields, so that nobody can tell who wrote it.",
	[AUTHOR_SEVERAL_DOMAINS] =
		"The From field of this mail has addresses of several domains, so that none can vouch for it.",
	[AUTHOR_SECOND_READING] =
		"The From field of this mail has a second address in a comment, a route or a name without quotes, and mail programs differ in which they show.",
	[AUTHOR_FIELD_NAME] =
		"The From field of this mail has blanks or other characters between its name and the colon.",
	[AUTHOR_CONTROL_OCTETS] = "The From field of this mail has control characters.",
	[AUTHOR_UNCLOSED] = "The From field of this mail breaks off within quotes, a comment or brackets.",
	[AUTHOR_BAD_DOMAIN] = "The domain in the From field of this mail is not valid.",
	[AUTHOR_SYNTAX] = "The From field of this mail is not a valid list of addresses.",
	[AUTHOR_TOO_LONG] = "The From field of this mail is too long.",
	[AUTHOR_TOO_MANY] = "The From field of this mail has too many addresses.",
};

/* $D: the author's domain; $R: where the record stands; $P: the policy; $N and $S: a lookup that failed. */
static const char *const refusals[] = {
	[RESULT_NONE] =
		"The domain $D of the From address publishes no DMARC policy, and the receiving site requires one. Ask whoever manages the DNS of $D to publish a TXT record at _dmarc.$D, for example \"v=DMARC1; p=none; rua=mailto:dmarc@$D\". ",
	[RESULT_PASS] = "The domain $D of the From address vouches for this mail (DMARC). ",
	[RESULT_PERMERROR] =
		"The DMARC record at _dmarc.$R has no valid policy. Ask whoever manages the DNS of $R to correct it, for example to \"v=DMARC1; p=none; rua=mailto:dmarc@$R\". ",
	[RESULT_TEMPERROR] =
		"Whether the domain $D of the From address vouches for this mail (DMARC) could not be found out, for a DNS lookup failed. Ask whoever manages the DNS of $D to check its name servers, and send the mail again. ",
	[RESULT_FAIL] =
		"For this mail, neither SPF nor DKIM passes for $D, the domain of its From address (DMARC). The policy of $D for such mail is \"$P\" (in the TXT record at _dmarc.$R). ",
};

/* $A: the author's domain; $D: where the records stand; $C: how many. */
static const char several_found[] =
	"There are $C DMARC records (TXT records at _dmarc.$D that begin with v=DMARC1) where the policy of $A, the domain of the From address, should be. Only one is allowed, so none counts. ";
static const char several_remedy[] =
	"Ask whoever manages the DNS of $D to delete all but one: the one that says what $D wants to be done with forged mail (p=none: accept it, p=quarantine: treat it as suspicious, p=reject: refuse it). ";

/* What they are, if both are short enough. */
static void
quote_several(const struct dmarc_looked_up *lookup, struct strbuf *text)
{
	char memory[QUOTED_MAX];
	struct strbuf quoted = STRBUF_OVER(memory);

	if (lookup->records != 2 || lookup->record == NULL || lookup->second == NULL)
		return;
	strbuf_add(&quoted, "They are \"");
	strbuf_add_escaped(&quoted, span_of(lookup->record), QUOTED_MAX);
	strbuf_add(&quoted, "\" and \"");
	strbuf_add_escaped(&quoted, span_of(lookup->second), QUOTED_MAX);
	strbuf_add(&quoted, "\". ");
	strbuf_add(text, quoted.is_cut ? "" : memory);
}

/* Where there are several records, which count as none (RFC 9989, 4.10); NULL: nowhere. */
static const struct dmarc_looked_up *
several_of(const struct dmarc_facts *dmarc)
{
	for (size_t i = 0; i < dmarc->lookup_count; i++)
		if (dmarc->lookups[i].records > 1)
			return &dmarc->lookups[i];
	return NULL;
}

static void
refuse_several(const struct dmarc_looked_up *lookup, const char *author, struct strbuf *text)
{
	char count[24];
	const struct telling_values values = {
		{ ['A' - 'A'] = author, ['D' - 'A'] = lookup->domain, ['C' - 'A'] = count }
	};

	(void)snprintf(count, sizeof count, "%zu", lookup->records);
	telling_fill(text, several_found, &values);
	quote_several(lookup, text);
	telling_fill(text, several_remedy, &values);
}

/* What SPF or DKIM passed for, which does not count. */
static void
add_unaligned(const struct dmarc_facts *dmarc, struct strbuf *text)
{
	for (size_t i = 0; i < dmarc->identifier_count && i < 2; i++) {
		const struct dmarc_identifier *identifier = &dmarc->identifiers[i];

		telling_fill(text,
			     identifier->is_spf ? "SPF passed for $D, which does not count here. "
						: "DKIM passed for $D, which does not count here. ",
			     &(struct telling_values){ { ['D' - 'A'] = identifier->domain } });
	}
}

static const char remedy[] =
	"If you do not send mail for $D, put an address of your own into From. If you do, ask the administrator of your mail server to sign it with DKIM for that domain (d=$D). Another way is a return address (MAIL FROM) of that domain, used on a server that the SPF record of $D allows. ";

/* A record may have lost all but the result ($X). */
static const char unknown[] =
	"The check of the domain in From (DMARC) has the result \"$X\" for this mail. If you manage mail for that domain, sign it with DKIM. ";

static void
refuse_dmarc(const struct config *config, const struct facts *facts, struct strbuf *text)
{
	const struct dmarc_facts *dmarc = &facts->dmarc;
	const enum result result = facts->results[METHOD_DMARC];
	const struct telling_values values = { {
		['D' - 'A'] = facts->author.domain,
		['R' - 'A'] = dmarc->record_domain,
		['P' - 'A'] = dmarc->evaluated <= DMARC_REJECT ? dmarc_policy_word(dmarc->evaluated) : "none",
	} };

	(void)config;
	if (facts->author.finding == AUTHOR_UNCHECKED
	    || (dmarc->record_domain == NULL && (result == RESULT_FAIL || result == RESULT_PERMERROR)
		&& has_author(facts))) {
		telling_fill(text, unknown,
			     &(struct telling_values){ { ['X' - 'A'] = result_word(result) } });
		return;
	}
	if (!has_author(facts) && author_faults[facts->author.finding] != NULL) {
		strbuf_printf(text, "%s %s", author_faults[facts->author.finding], one_from);
		return;
	}
	if (result == RESULT_NONE && several_of(dmarc) != NULL) {
		refuse_several(several_of(dmarc), facts->author.domain, text);
		return;
	}
	if ((size_t)result < sizeof refusals / sizeof refusals[0] && refusals[result] != NULL)
		telling_fill(text, refusals[result], &values);
	if (result == RESULT_PASS)
		telling_add_policy(text);
	if (result != RESULT_FAIL)
		return;
	add_unaligned(dmarc, text);
	telling_fill(text, remedy, &values);
}

/* RFC 7372, 3.3: SPF and DKIM both fail. */
static const char *
dmarc_detail(const struct facts *facts)
{
	return facts->results[METHOD_DMARC] == RESULT_FAIL && facts->dmarc.identifier_count == 0 ? "7.26"
												 : "7.1";
}

static void
advise_dmarc(const struct facts *facts, int64_t time_s, struct output *out)
{
	char domain[TELLING_SHOWN_SIZE];

	(void)time_s;
	if (!has_author(facts) && facts->author.finding != AUTHOR_UNCHECKED)
		prose_bullet(out, "%s Send it with exactly one From field that has one address.",
			     author_faults[facts->author.finding]);
	else if (facts->results[METHOD_DMARC] == RESULT_FAIL)
		prose_bullet(
			out,
			"%s, the domain in From, does not vouch for this message: sign it with DKIM (d=%s), or use a sender address (MAIL FROM) in %s that passes SPF. Mailing lists and forwarding can break both.",
			telling_shown(facts->author.domain, domain), domain, domain);
	else if (facts->results[METHOD_DMARC] == RESULT_PERMERROR)
		prose_bullet(
			out,
			"The DMARC record of %s has no valid policy: it needs p=none, p=quarantine or p=reject.",
			telling_shown(facts->dmarc.record_domain, domain));
}

const struct telling tell_dmarc = {
	.title = "DMARC",
	.rank = RANK_DMARC,
	.report = report_dmarc,
	.say = say_dmarc,
	.put_more = put_more,
	.refuse = refuse_dmarc,
	.detail = dmarc_detail,
	.advise = advise_dmarc,
};
