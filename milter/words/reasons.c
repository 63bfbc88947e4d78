#include "heloscope/words/reasons.h"

#include <string.h>

#include "heloscope/words/lists.h"
#include "heloscope/words/table.h"

struct reason_words {
	enum telling_rank (*rank)(const struct reason *reason, const struct facts *facts);
	void (*refuse)(const struct reason *reason, const struct config *config, const struct facts *facts,
		       struct strbuf *text);
};

/* Who sends. */

static enum telling_rank
rank_trusted(const struct reason *reason, const struct facts *facts)
{
	(void)facts;
	return reason->holds ? RANK_POLICY : RANK_EXCEPTION;
}

static void
refuse_trusted(const struct reason *reason, const struct config *config, const struct facts *facts,
	       struct strbuf *text)
{
	(void)config;
	strbuf_add(
		text,
		reason->holds
			? "The receiving site's policy refuses mail from its own networks, and "
			  "the connecting IP address "
			: "The receiving site's policy accepts this mail only from networks that it has approved, and the connecting IP address ");
	telling_add_client(text, facts);
	strbuf_add(text, reason->holds ? " is in one of them. " : " is in none of them. ");
}

static enum telling_rank
rank_authenticated(const struct reason *reason, const struct facts *facts)
{
	(void)reason;
	(void)facts;
	return RANK_POLICY;
}

static void
add_sender(const struct facts *facts, struct strbuf *text)
{
	if (facts->sender.mailbox.form == MAILBOX_NULL)
		strbuf_add(text, "the null sender address (<>, used for bounces)");
	else
		telling_add_value(text, facts->sender.mailbox.text);
}

static void
refuse_authenticated(const struct reason *reason, const struct config *config, const struct facts *facts,
		     struct strbuf *text)
{
	(void)config;
	(void)facts;
	strbuf_printf(
		text,
		"The receiving site's policy %s senders who have logged in to its server (SMTP AUTH, with user name and password). ",
		reason->holds ? "refuses this mail from" : "accepts this mail only from");
}

static void
advise_login(const struct facts *facts, struct strbuf *text)
{
	if (facts->sender.mailbox.form == MAILBOX_NULL)
		return;
	strbuf_add(text, "If the receiving site is the provider of your address ");
	add_sender(facts, text);
	strbuf_add(
		text,
		", set your mail program to send through its outgoing mail server, with your user name and password. ");
}

static enum telling_rank
rank_looks_forwarded(const struct reason *reason, const struct facts *facts)
{
	(void)facts;
	return reason->holds ? RANK_POLICY : RANK_EXCEPTION;
}

static void
refuse_looks_forwarded(const struct reason *reason, const struct config *config, const struct facts *facts,
		       struct strbuf *text)
{
	(void)config;
	(void)facts;
	strbuf_add(
		text,
		reason->holds
			? "This mail was forwarded with the sender address that it had, which breaks SPF, and the receiving site's policy refuses it. "
			: "The receiving site's policy accepts forwarded mail that fails SPF only when it has a good DKIM signature of the domain in From and comes from a server with matching names (reverse DNS and HELO). ");
}

/* Results of checks. */

/* Whether something is told that the sender's side can change. */
static bool
is_wrong(enum method method, enum result result)
{
	return result != RESULT_PASS && (method != METHOD_DNSBL || result == RESULT_FAIL);
}

/* What is not there, or says nothing, is nobody's fault: it is told behind what is wrong. */
static enum telling_rank
rank_result(const struct reason *reason, const struct facts *facts)
{
	const enum method method = reason->method;
	const enum result result = facts->results[method];

	if (method == METHOD_DNSWL)
		return result == RESULT_PASS ? RANK_POLICY : RANK_EXCEPTION;
	if (!is_wrong(method, result))
		return RANK_POLICY;
	return result == RESULT_NONE || result == RESULT_NEUTRAL ? RANK_LAST : telling_of(method)->rank;
}

static void
refuse_result(const struct reason *reason, const struct config *config, const struct facts *facts,
	      struct strbuf *text)
{
	telling_of(reason->method)->refuse(config, facts, text);
}

/* What lists say. */

static bool
is_about_allow_lists(const struct reason *reason)
{
	switch (reason->quantity) {
	case QUANTITY_DNSBL:
	case QUANTITY_DNSBL_OPERATORS:
		return false;
	case QUANTITY_DNSWL:
	case QUANTITIES:
		break;
	}
	return true;
}

static enum telling_rank
rank_quantity(const struct reason *reason, const struct facts *facts)
{
	(void)facts;
	if (!is_about_allow_lists(reason))
		return reason->is_by_listing ? RANK_LISTS : RANK_POLICY;
	return reason->is_by_listing ? RANK_POLICY : RANK_EXCEPTION;
}

static void
refuse_quantity(const struct reason *reason, const struct config *config, const struct facts *facts,
		struct strbuf *text)
{
	const bool is_allow = is_about_allow_lists(reason);

	(void)config;
	if (reason->is_by_listing)
		lists_refuse_listed(facts, is_allow, text);
	else
		lists_refuse_unlisted(facts, is_allow, text);
}

static enum telling_rank
rank_listed(const struct reason *reason, const struct facts *facts)
{
	enum list_subject subject;
	const struct list_finding *finding = facts_listing(facts, reason->zone, &subject);

	if (!reason->holds || finding == NULL)
		return RANK_EXCEPTION;
	return finding->is_allow ? RANK_POLICY : RANK_LISTS;
}

static void
refuse_listed(const struct reason *reason, const struct config *config, const struct facts *facts,
	      struct strbuf *text)
{
	enum list_subject subject;
	const struct list_finding *finding = facts_listing(facts, reason->zone, &subject);

	(void)config;
	if (reason->holds && finding != NULL) {
		lists_refuse_finding(finding, subject, text);
		return;
	}
	strbuf_add(
		text,
		"The receiving site's policy accepts this mail only when the sender is on an allowlist that it has chosen, and neither the connecting IP address ");
	telling_add_client(text, facts);
	strbuf_add(text, " nor a domain of this mail is on ");
	telling_add_value(text, reason->zone);
	strbuf_add(text, ". ");
}

/* Patterns and networks. */

static void
refuse_recipient(const struct facts *facts, bool holds, struct strbuf *text)
{
	(void)facts;
	(void)holds;
	strbuf_add(text, "The receiving site's policy for this recipient address refuses this mail. ");
}

static void
refuse_mail_from(const struct facts *facts, bool holds, struct strbuf *text)
{
	strbuf_add(
		text,
		holds ? "The receiving site's policy refuses mail from "
		      : "The receiving site's policy accepts this mail only if its sender address is approved, and ");
	if (holds && facts->sender.mailbox.form != MAILBOX_NULL)
		strbuf_add(text, "the sender address ");
	add_sender(facts, text);
	strbuf_add(text, holds ? ". " : " is not. ");
}

static void
refuse_helo_name(const struct facts *facts, bool holds, struct strbuf *text)
{
	telling_add_introduction(text, facts);
	strbuf_add(
		text,
		holds ? ", a name that the receiving site's policy refuses. "
		      : ", and the receiving site's policy accepts this mail only from servers whose HELO name it has approved. ");
}

static void
advise_helo_name(const struct facts *facts, struct strbuf *text)
{
	const char *own = telling_own_name(facts, NULL);

	if (own != NULL && facts->helo.form == HELO_NAME && strcmp(own, facts->helo.name) == 0)
		return;
	strbuf_add(
		text,
		"If this is your mail server and that is not its name, ask its administrator to set its HELO name to ");
	telling_add_value(text, own != NULL ? own : "its real host name");
	strbuf_add(text, ". ");
}

/* The name of the client that the test is about: the one that fits, else the first. */
static void
refuse_client_name(const struct reason *reason, const struct facts *facts, struct strbuf *text)
{
	const char *name = reason->name != NULL ? reason->name : facts->iprev.verified;

	strbuf_add(text, "The connecting IP address ");
	telling_add_client(text, facts);
	if (name != NULL) {
		strbuf_add(text, " has the reverse DNS (PTR) name ");
		telling_add_value(text, name);
	} else {
		strbuf_add(text, " has no valid reverse DNS (PTR) name");
	}
	strbuf_add(
		text,
		reason->holds
			? ", and the receiving site's policy refuses mail from hosts with names like this, usually because such names belong to home lines and not to mail servers. "
			: ", and the receiving site's policy accepts this mail only from hosts whose reverse DNS name it has approved. ");
}

/* With the name it gave in HELO, where that is another name of the address. */
static void
advise_client_name(const struct reason *reason, const struct facts *facts, struct strbuf *text)
{
	const struct helo_facts *helo = &facts->helo;
	const char *name = reason->name != NULL ? reason->name : facts->iprev.verified;
	const bool is_told = helo->form == HELO_NAME && helo->resolves_to_client
			     && (name == NULL || strcmp(helo->name, name) != 0);

	strbuf_add(
		text,
		"If this is a home or office connection, send through the mail server of your e-mail provider. If this is your mail server, " TELLING_PROVIDER
		"to set its PTR record to ");
	telling_add_value(text, is_told ? helo->name : "the real name of the server");
	strbuf_add(text, is_told ? " (its name in HELO/EHLO). " : ". ");
}

static void
refuse_dkim_domain(const struct facts *facts, bool holds, struct strbuf *text)
{
	(void)facts;
	strbuf_add(
		text,
		holds ? "Local policy refuses mail with a DKIM signature of a certain domain, which this mail has. "
		      : "Local policy accepts this mail only with a good DKIM signature of certain domains, which this mail lacks. ");
}

static void
refuse_from(const struct facts *facts, bool holds, struct strbuf *text)
{
	strbuf_add(text,
		   holds ? "Local policy refuses mail with this domain in From: "
			 : "Local policy accepts this mail only with certain domains in From, not with ");
	telling_add_value(text, facts->author.finding == AUTHOR_ONE ? facts->author.domain
								    : "none that is certain");
	strbuf_add(text, ". ");
}

static void
refuse_arc_sealer(const struct facts *facts, bool holds, struct strbuf *text)
{
	(void)facts;
	strbuf_add(
		text,
		holds ? "Local policy refuses mail that was forwarded and sealed (ARC) by certain domains, as this mail was. "
		      : "Local policy accepts this mail only when it was forwarded and sealed (ARC) by certain domains, and none of them has sealed it. ");
}

static void
advise_arc_sealer(struct strbuf *text)
{
	strbuf_add(
		text,
		"If you are the author, send it directly, not through a mailing list or forwarding address. ");
}

/* By subject: what is said when a text fits, and when it does not. */
static void
refuse_text(const struct reason *reason, const struct config *config, const struct facts *facts,
	    struct strbuf *text)
{
	(void)config;
	switch (reason->subject) {
	case SUBJECT_MAIL_FROM:
		refuse_mail_from(facts, reason->holds, text);
		break;
	case SUBJECT_HELO_NAME:
		refuse_helo_name(facts, reason->holds, text);
		break;
	case SUBJECT_CLIENT_NAME:
		refuse_client_name(reason, facts, text);
		break;
	case SUBJECT_DKIM_DOMAIN:
		refuse_dkim_domain(facts, reason->holds, text);
		break;
	case SUBJECT_FROM:
		refuse_from(facts, reason->holds, text);
		break;
	case SUBJECT_ARC_SEALER:
		refuse_arc_sealer(facts, reason->holds, text);
		break;
	case SUBJECT_DMARC_POLICY:
	case SUBJECT_RECIPIENT:
	case SUBJECTS:
		refuse_recipient(facts, reason->holds, text);
		break;
	}
}

static enum telling_rank
rank_text(const struct reason *reason, const struct facts *facts)
{
	(void)reason;
	(void)facts;
	return RANK_POLICY;
}

/* What the author's domain wants, and how many authors there are, is what DMARC found. */
static enum telling_rank
rank_word(const struct reason *reason, const struct facts *facts)
{
	(void)facts;
	return reason->subject == SUBJECT_ARC_SEALER ? RANK_POLICY : RANK_DMARC;
}

static void
refuse_word(const struct reason *reason, const struct config *config, const struct facts *facts,
	    struct strbuf *text)
{
	if (reason->subject == SUBJECT_ARC_SEALER)
		refuse_arc_sealer(facts, facts_arc_standing(facts) == ARC_TRUSTED, text);
	else
		tell_dmarc.refuse(config, facts, text);
}

static enum telling_rank
rank_client(const struct reason *reason, const struct facts *facts)
{
	(void)reason;
	(void)facts;
	return RANK_POLICY;
}

static void
refuse_client(const struct reason *reason, const struct config *config, const struct facts *facts,
	      struct strbuf *text)
{
	(void)config;
	strbuf_add(
		text,
		reason->holds
			? "The receiving site's policy refuses mail from the connecting IP address "
			: "The receiving site's policy accepts this mail only if the connecting IP address is approved, and ");
	telling_add_client(text, facts);
	strbuf_add(text, reason->holds ? " or its network. " : " is not. ");
}

/* The table. */

static const struct reason_words kinds[CONDITION_KINDS] = {
#define ROW(NAME, name) [CONDITION_##NAME] = { rank_##name, refuse_##name },
	CONDITION_TEST_ROWS(ROW)
#undef ROW
};

enum telling_rank
reason_rank(const struct reason *reason, const struct facts *facts)
{
	return kinds[reason->kind].rank(reason, facts);
}

void
reason_refuse(const struct reason *reason, const struct config *config, const struct facts *facts,
	      struct strbuf *text)
{
	kinds[reason->kind].refuse(reason, config, facts, text);
}

static void
advise_text(const struct reason *reason, const struct facts *facts, struct strbuf *text)
{
	if (reason->subject == SUBJECT_HELO_NAME)
		advise_helo_name(facts, text);
	else if (reason->subject == SUBJECT_CLIENT_NAME)
		advise_client_name(reason, facts, text);
	else if (reason->subject == SUBJECT_ARC_SEALER && !reason->holds)
		advise_arc_sealer(text);
}

bool
reason_advise(const struct reason *reason, const struct facts *facts, struct strbuf *text)
{
	const size_t before = text->length;

	if (reason->kind == CONDITION_TEXT)
		advise_text(reason, facts, text);
	else if (reason->kind == CONDITION_AUTHENTICATED && !reason->holds)
		advise_login(facts, text);
	else if (reason->kind == CONDITION_LOOKS_FORWARDED && reason->holds)
		strbuf_add(text,
			   "Ask whoever runs the forwarding server to rewrite the sender address (SRS). ");
	else if (reason->kind == CONDITION_WORD && reason->subject == SUBJECT_ARC_SEALER
		 && facts_arc_standing(facts) != ARC_TRUSTED)
		advise_arc_sealer(text);
	return text->length > before;
}
