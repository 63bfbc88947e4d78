/* compose_reply: what the sender is told. See compose.h. */
#include "heloscope/compose.h"

#include <stdio.h>
#include <string.h>

#define BODY_MAX 600 /* octets in front of the reference that are worth trying to fit */
#define BODY_STEP 24
#define LISTS_TOLD_MAX 2
#define TEXT_MAX 120 /* octets of a list's or a domain's own words */

/* What made a rule true, as bits. */
enum cause { CAUSE_IPREV = 1, CAUSE_SPF = 2, CAUSE_HELO = 4, CAUSE_SENDER = 8, CAUSE_LISTS = 16 };

static unsigned
cause_of_method(enum method method)
{
	static const unsigned causes[METHODS] = {
		[METHOD_IPREV] = CAUSE_IPREV,
		[METHOD_HELO] = CAUSE_HELO,
		[METHOD_SPF] = CAUSE_SPF,
		[METHOD_SPF_HELO] = CAUSE_SPF,
		[METHOD_SENDER] = CAUSE_SENDER,
		[METHOD_DNSBL] = CAUSE_LISTS,
		[METHOD_DNSWL] = 0,
	};

	return causes[method];
}

/* `spf != pass` is true of "none", too, which is nobody's fault. */
static bool
speaks_against(enum result result)
{
	return result_is_bad(result) || result == RESULT_TEMPERROR;
}

/* The tests of a condition that were true and speak against the mail: not those under "not". */
static unsigned
causes(const struct condition *condition, const struct facts *facts)
{
	static const struct mailbox nobody = { .form = MAILBOX_MALFORMED };

	if (condition == NULL || condition->kind == CONDITION_NOT)
		return 0;
	if (condition->kind == CONDITION_AND || condition->kind == CONDITION_OR)
		return causes(condition->left, facts) | causes(condition->right, facts);
	if (policy_truth(condition, facts, &nobody) != TRUTH_TRUE)
		return 0;
	if (condition->kind == CONDITION_RESULT)
		return speaks_against(facts->results[condition->method]) ? cause_of_method(condition->method)
									 : 0;
	if (condition->kind == CONDITION_LISTED)
		return CAUSE_LISTS;
	return condition->kind == CONDITION_QUANTITY && condition->quantity != QUANTITY_DNSWL
			       && facts_tally(facts, false).score > 0
		       ? CAUSE_LISTS
		       : 0;
}

static void
tell_iprev(const struct facts *facts, struct strbuf *text)
{
	const struct iprev_facts *iprev = &facts->iprev;
	char address[IPADDR_TEXT_SIZE];

	(void)ipaddr_format(&facts->client.address, address);
	if (facts->results[METHOD_IPREV] == RESULT_TEMPERROR) {
		strbuf_printf(text, "The reverse DNS name of %s could not be looked up. ", address);
	} else if (iprev->count == 0) {
		strbuf_printf(
			text,
			"%s has no reverse DNS name. The operator of the address can add a PTR record. ",
			address);
	} else {
		strbuf_printf(text, "%s has no reverse DNS name that resolves back to it (PTR ", address);
		strbuf_add_escaped(text, span_of(iprev->names[0].name), TEXT_MAX);
		strbuf_printf(text, " -> %s). The operator of the address can correct its PTR record. ",
			      iprev->names[0].addresses[0] != '\0' ? iprev->names[0].addresses
								   : "no address");
	}
}

static void
tell_spf(const struct config *config, const struct facts *facts, struct strbuf *text)
{
	const bool is_helo = facts->results[METHOD_SPF] == RESULT_UNCHECKED
			     || facts->results[METHOD_SPF] == RESULT_PASS
			     || facts->results[METHOD_SPF] == RESULT_NONE;
	const struct spf_facts *spf = &facts->spf[is_helo ? SPF_HELO : SPF_MAILFROM];
	const enum result result = facts->results[is_helo ? METHOD_SPF_HELO : METHOD_SPF];
	const char *domain =
		spf->domain != NULL && spf->domain[0] != '\0' ? spf->domain : "the sender's domain";
	char address[IPADDR_TEXT_SIZE];

	(void)ipaddr_format(&facts->client.address, address);
	if (result == RESULT_TEMPERROR || result == RESULT_PERMERROR) {
		strbuf_printf(text, "SPF of %s cannot be checked: ", domain);
		strbuf_add_escaped(text, span_of(spf->problem), TEXT_MAX);
		strbuf_add(text, ". The owner of the domain can correct its SPF record. ");
		return;
	}
	strbuf_printf(text, "The SPF record of %s does not allow %s to send its mail (spf=%s", domain,
		      address, result_word(result));
	if (spf->mechanism != NULL) {
		strbuf_add(text, " by ");
		strbuf_add_escaped(text, span_of(spf->mechanism), TEXT_MAX);
	}
	strbuf_add(text, "). The owner of the domain can add the address to the record. ");
	if (config->shows_spf_explanation && spf->explanation != NULL) {
		strbuf_printf(text, "%s explains: ", domain);
		strbuf_add_escaped(text, span_of(spf->explanation), TEXT_MAX);
		strbuf_add_char(text, ' ');
	}
}

static void
tell_helo(const struct facts *facts, struct strbuf *text)
{
	char address[IPADDR_TEXT_SIZE];

	if (facts->helo.given == NULL) {
		strbuf_add(text, "No HELO or EHLO was given. ");
		return;
	}
	strbuf_add(text, "The HELO name ");
	strbuf_add_escaped(text, span_of(facts->helo.given), TEXT_MAX);
	if (facts->helo.form == HELO_INVALID)
		strbuf_printf(text, " is %s. ", facts->helo.reason);
	else
		strbuf_printf(text, " does not lead to %s and is not its reverse DNS name. ",
			      ipaddr_format(&facts->client.address, address));
	strbuf_add(text, "The administrator of the server can set its HELO name to its reverse DNS name. ");
}

static void
tell_sender(const struct facts *facts, struct strbuf *text)
{
	strbuf_add(text, "The sender ");
	strbuf_add_escaped(text, span_of(facts->sender.address), TEXT_MAX);
	strbuf_printf(text, " cannot receive a bounce: %s. The owner of the domain can add an MX record. ",
		      facts->sender.reason != NULL ? facts->sender.reason : "its domain is unknown");
}

static void
tell_finding(const struct list_finding *finding, struct strbuf *text)
{
	char answer[IPADDR_TEXT_SIZE];
	const struct ipaddr address = ipaddr_from_ipv4(finding->answers[0]);

	strbuf_printf(text, "%s is listed by %s (%s", finding->asked, finding->zone,
		      ipaddr_format(&address, answer));
	if (finding->meaning != NULL)
		strbuf_printf(text, ", %s", finding->meaning);
	if (finding->page != NULL)
		strbuf_printf(text, "; see %s", finding->page);
	strbuf_add(text, ")");
	if (finding->text != NULL) {
		strbuf_add(text, ": ");
		strbuf_add_escaped(text, span_of(finding->text), TEXT_MAX);
	}
	strbuf_add(text, ". ");
}

static void
tell_lists(const struct facts *facts, struct strbuf *text)
{
	size_t told = 0;

	for (int subject = 0; subject < LIST_SUBJECTS; subject++) {
		const struct list_facts *lists = &facts->lists[subject];

		for (size_t i = 0; i < lists->count; i++) {
			const struct list_finding *finding = &lists->findings[i];

			if (!finding->is_allow && finding->state == LIST_LISTED && told++ < LISTS_TOLD_MAX)
				tell_finding(finding, text);
		}
	}
}

static void
tell_findings(const struct config *config, const struct facts *facts, unsigned found, struct strbuf *text)
{
	if (found & CAUSE_LISTS)
		tell_lists(facts, text);
	if (found & CAUSE_SPF)
		tell_spf(config, facts, text);
	if (found & CAUSE_IPREV)
		tell_iprev(facts, text);
	if (found & CAUSE_HELO)
		tell_helo(facts, text);
	if (found & CAUSE_SENDER)
		tell_sender(facts, text);
	if (found == 0)
		strbuf_add(text, "This mail is refused by a rule of the receiving site. ");
}

/* Subject and detail of the enhanced code (RFC 7372, section 3; RFC 3463). */
static const char *
detail_code(const struct facts *facts, unsigned found)
{
	const enum result spf = facts->results[METHOD_SPF];

	if ((found & (CAUSE_IPREV | CAUSE_SPF)) == (CAUSE_IPREV | CAUSE_SPF))
		return "7.26";
	if (found & CAUSE_LISTS)
		return "7.1";
	if (found & CAUSE_IPREV)
		return "7.25";
	if (found & CAUSE_SPF)
		return spf == RESULT_TEMPERROR || spf == RESULT_PERMERROR ? "7.24" : "7.23";
	return found == CAUSE_SENDER ? "1.8" : "7.1";
}

static void
set_codes(const struct facts *facts, const struct verdict *verdict, unsigned found, struct smtp_reply *reply)
{
	const unsigned class = verdict->action == ACTION_DEFER ? 4 : 5;
	const bool has_own = verdict->rule != NULL && verdict->rule->code != 0 && !verdict->is_softened;

	reply->code = has_own ? verdict->rule->code : class == 4 ? 451 : 550;
	if (has_own && verdict->rule->xcode != NULL)
		(void)snprintf(reply->xcode, sizeof reply->xcode, "%s", verdict->rule->xcode);
	else
		(void)snprintf(reply->xcode, sizeof reply->xcode, "%u.%s", class,
			       has_own ? "7.1" : detail_code(facts, found));
}

/* Findings, then the reference; of the findings as much as three lines leave room for. */
static void
fit_reply(const struct config *config, const char *findings, const char *ident,
	  const struct smtp_reply *codes, struct smtp_reply *reply)
{
	const size_t length = strlen(findings);
	size_t shown = length;
	char memory[BODY_MAX + 200];
	struct strbuf text;

	do {
		strbuf_init(&text, memory, sizeof memory);
		strbuf_printf(&text, "%.*s%s Reference %s%s%.60s", (int)shown, findings,
			      shown < length ? "..." : "", ident, config->contact != NULL ? " " : "",
			      config->contact != NULL ? config->contact : "");
		shown = shown > BODY_STEP ? shown - BODY_STEP : 0;
	} while (!smtp_reply_set(reply, codes->code, codes->xcode, memory) && shown > 0);
}

void
compose_reply(const struct config *config, const struct facts *facts, const struct verdict *verdict,
	      const char *ident, struct smtp_reply *reply)
{
	const unsigned found = verdict->rule != NULL ? causes(verdict->rule->condition, facts) : 0;
	char memory[BODY_MAX];
	struct strbuf findings;
	struct smtp_reply codes;

	strbuf_init(&findings, memory, sizeof memory);
	if (verdict->rule != NULL && verdict->rule->text != NULL)
		strbuf_add(&findings, verdict->rule->text);
	else
		tell_findings(config, facts, found, &findings);
	while (findings.length > 0 && memory[findings.length - 1] == ' ')
		memory[--findings.length] = '\0';
	set_codes(facts, verdict, found, &codes);
	fit_reply(config, memory, ident, &codes, reply);
}
