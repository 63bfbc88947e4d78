/* compose_reply: what the sender is told. See compose.h. */
#include "heloscope/words/compose.h"

#include <stdio.h>
#include <string.h>

#include "heloscope/words/telling.h"
#include "heloscope/words/table.h"

#define BODY_MAX 600 /* octets in front of the reference that are worth trying to fit */
#define BODY_STEP 24
#define LISTS (1U << METHOD_DNSBL)

/* `spf != pass` is true of "none", too, which is nobody's fault. */
static bool
speaks_against(enum result result)
{
	return result_is_bad(result) || result == RESULT_TEMPERROR;
}

/* The methods, as bits, whose results made a condition true and speak against the mail: not those under
 * "not". */
static unsigned
causes(const struct condition *condition, const struct facts *facts)
{
	static const struct mailbox nobody = {
		.form = MAILBOX_MALFORMED, .local = "", .domain = "", .text = ""
	};

	unsigned found = 0;

	if (condition == NULL || condition->kind == CONDITION_NOT)
		return 0;
	for (size_t i = 0; i < condition->operand_count; i++)
		found |= causes(condition->operands[i], facts);
	if (condition->kind == CONDITION_AND || condition->kind == CONDITION_OR)
		return found;
	if (policy_truth(condition, facts, &nobody) != TRUTH_TRUE)
		return 0;
	if (condition->kind == CONDITION_RESULT)
		return speaks_against(facts->results[condition->method]) ? 1U << condition->method : 0;
	if (condition->kind == CONDITION_LISTED)
		return LISTS;
	return condition->kind == CONDITION_QUANTITY && condition->quantity != QUANTITY_DNSWL
			       && facts_tally(facts, false).score > 0
		       ? LISTS
		       : 0;
}

/* Whether a telling is for one of the methods in `found`, and not for an earlier one that says the same. */
static bool
is_to_be_told(unsigned found, int method)
{
	const struct telling *telling = telling_of((enum method)method);

	if ((found & 1U << method) == 0 || telling->refuse == NULL)
		return false;
	for (int other = 0; other < method; other++)
		if ((found & 1U << other) != 0 && telling_of((enum method)other)->refuse == telling->refuse)
			return false;
	return true;
}

/* What is told, in its order; returns how much. */
static size_t
order_tellings(unsigned found, const struct telling **tellings)
{
	size_t count = 0;

	for (int rank = RANKS - 1; rank >= 0; rank--)
		for (int method = 0; method < METHODS; method++)
			if (is_to_be_told(found, method)
			    && (int)telling_of((enum method)method)->rank == rank)
				tellings[count++] = telling_of((enum method)method);
	return count;
}

static void
tell_findings(const struct config *config, const struct facts *facts, unsigned found, struct strbuf *text)
{
	const struct telling *tellings[METHODS];
	const size_t count = order_tellings(found, tellings);

	for (size_t i = 0; i < count; i++)
		tellings[i]->refuse(config, facts, text);
	if (count == 0)
		strbuf_add(text, "This mail is refused by a rule of the receiving site. ");
}

/* Subject and detail of the enhanced code (RFC 7372, section 3; RFC 3463): that of what is told first. */
static const char *
detail_code(const struct facts *facts, unsigned found)
{
	const unsigned spf = 1U << METHOD_SPF | 1U << METHOD_SPF_HELO, iprev = 1U << METHOD_IPREV;
	const struct telling *tellings[METHODS];

	if ((found & spf) != 0 && (found & iprev) != 0)
		return "7.26";
	return order_tellings(found, tellings) > 0 && tellings[0]->detail != NULL ? tellings[0]->detail(facts)
										  : "7.1";
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
		strbuf_printf(&text, "%.*s%s Reference %s%s%s", (int)shown, findings,
			      shown < length ? "..." : "", ident, config->contact != NULL ? " " : "",
			      config->contact != NULL ? config->contact : "");
		shown = shown > BODY_STEP ? shown - BODY_STEP : 0;
	} while (!smtp_reply_set(reply, codes->code, codes->xcode, memory) && shown > 0);
}

void
compose_reply(const struct config *config, const struct verdict *verdict, const char *ident,
	      struct smtp_reply *reply)
{
	const struct facts *facts = verdict->facts;
	const unsigned found = verdict->rule != NULL ? causes(verdict->rule->condition, facts) : 0;
	char memory[BODY_MAX];
	struct strbuf findings;
	struct smtp_reply codes;

	strbuf_init(&findings, memory, sizeof memory);
	if (verdict->is_withheld)
		strbuf_add(
			&findings,
			"For this client too many names were looked up in too short a time. Try again later. ");
	else if (verdict->rule != NULL && verdict->rule->text != NULL)
		strbuf_add(&findings, verdict->rule->text);
	else
		tell_findings(config, facts, found, &findings);
	while (findings.length > 0 && memory[findings.length - 1] == ' ')
		memory[--findings.length] = '\0';
	set_codes(facts, verdict, found, &codes);
	fit_reply(config, memory, ident, &codes, reply);
}
