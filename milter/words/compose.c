#include "heloscope/words/compose.h"

#include <stdio.h>
#include <string.h>

#include "heloscope/base/log_pairs.h"
#include "heloscope/records/record.h"
#include "heloscope/words/gateway.h"
#include "heloscope/words/spf_problem.h"
#include "heloscope/words/table.h"

/* Octets that the values of a log line take there; with all names of pairs they stay below COMPOSE_LOG_SIZE.
 */
#define LOG_WORD_MAX 64
#define LOG_NAME_MAX 280
#define LOG_NAMES_MAX 740 /* all that a client says, with the names of its pairs */
#define LOG_NAME_MIN 24   /* what is shorter tells nothing */
#define LOG_RULES_MAX 300
#define LOG_ZONES_MAX 110
#define LOG_ZONES 16 /* lists of one kind that may be named */

/* Header fields. */

/* Whether a rule that decided names that list. */
static bool
names_list(const void *context, const char *property, struct span value)
{
	const struct message_summary *summary = context;

	if (strcmp(property, "dns.zone") != 0)
		return false;
	for (size_t i = 0; i < summary->verdict_count; i++) {
		const struct rule *rule = summary->verdicts[i].verdict.rule;

		if (rule != NULL && policy_names_list(rule->condition, value))
			return true;
	}
	return false;
}

static void
tell_results(const struct facts *facts, struct authres *authres)
{
	if (facts->client.is_authenticated)
		authres_result(authres, "auth", RESULT_PASS);
	for (int i = 0; i < METHODS; i++) {
		const enum method method = (enum method)i;
		const struct facts *worst = facts_worst(facts, method);

		if (facts_is_groundless(worst, method))
			gateway_report(worst, method, authres);
		else
			telling_of(method)->report(worst, authres);
	}
}

/* Whose word it is that the client is the one that is told. */
static void
tell_origin(const struct facts *facts, struct authres *authres)
{
	char memory[200];
	struct strbuf origin = STRBUF_OVER(memory);

	if (!facts_is_behind_gateway(facts))
		return;
	gateway_add_origin(facts, &origin);
	authres_remark(authres, memory);
}

void
compose_authres(const struct config *config, const struct facts *facts, const struct message_summary *summary,
		struct strbuf *value)
{
	struct authres authres;

	authres_begin(&authres, value, config->authserv_id);
	tell_origin(facts, &authres);
	authres_mark(&authres, names_list, summary);
	do
		tell_results(facts, &authres);
	while (authres_tells_again(&authres));
	authres_end(&authres);
}

static void
add_pair(struct strbuf *value, const char *name, struct span text)
{
	strbuf_printf(value, ";\n    %s=", name);
	authres_add_value(value, text);
}

static const char *
spf_phrase(enum result result)
{
	switch (result) {
	case RESULT_PASS:
		return "permits this client";
	case RESULT_FAIL:
		return "does not permit this client";
	case RESULT_SOFTFAIL:
		return "probably does not permit this client";
	case RESULT_NEUTRAL:
		return "says nothing of this client";
	case RESULT_NONE:
		return "has no SPF record";
	default:
		return "could not be checked";
	}
}

void
compose_received_spf(const struct config *config, const struct facts *message, struct strbuf *value)
{
	const struct facts *facts = facts_worst(message, METHOD_SPF);
	const bool is_helo = facts->sender.mailbox.form == MAILBOX_NULL;
	const struct spf_facts *spf = &facts->spf[is_helo ? SPF_HELO : SPF_MAILFROM];
	const enum result result = facts->results[is_helo ? METHOD_SPF_HELO : METHOD_SPF];
	char address[IPADDR_TEXT_SIZE], problem[SPF_PROBLEM_SIZE];

	if (result == RESULT_UNCHECKED || facts_lacks_client(facts))
		return;
	/* A domain is normalized: letters, digits, "-", "_" and "." can stand in a comment as they are. */
	strbuf_printf(value, "%s (%s: %s %s)\n    receiver=", result_word(result), config->authserv_id,
		      spf->domain[0] != '\0' ? spf->domain : "the sender", spf_phrase(result));
	authres_add_value(value, span_of(config->authserv_id));
	add_pair(value, "client-ip", span_of(ipaddr_format(&facts->client.address, address)));
	add_pair(value, "identity", is_helo ? SPAN("helo") : SPAN("mailfrom"));
	add_pair(value, "envelope-from", span_of(facts->sender.mailbox.text));
	if (facts->helo.given != NULL)
		add_pair(value, "helo", span_of(facts->helo.given));
	if (spf->mechanism != NULL)
		add_pair(value, "mechanism", span_of(spf->mechanism));
	if (spf->problem.kind != SPF_PROBLEM_NONE)
		add_pair(value, "problem", span_of(spf_problem_text(&spf->problem, problem)));
}

static void
add_rule(struct strbuf *value, const struct rule *rule)
{
	if (rule != NULL)
		add_pair(value, "rule", span_of(rule->place));
}

void
compose_would(const char *ident, const struct verdict *verdict, const struct smtp_reply *reply,
	      struct strbuf *value)
{
	char memory[SMTP_REPLY_TEXT_SIZE];
	struct strbuf text;

	strbuf_printf(value, "id=%s; would=%s", ident, action_word(verdict->action));
	add_rule(value, verdict->rule);
	if (reply == NULL)
		return;
	strbuf_init(&text, memory, sizeof memory);
	smtp_reply_add_to(reply, &text);
	strbuf_add(value, ";\n    reply=\"");
	/* Longer than authres_add_value() takes; printable ASCII by smtp_reply.h; folded between words. */
	for (size_t i = 0, column = 12; memory[i] != '\0'; i++, column++) {
		const size_t next = memory[i] == ' ' ? strcspn(memory + i + 1, " ") : 0;

		if (memory[i] == '"' || memory[i] == '\\')
			strbuf_add_char(value, '\\');
		/* Not among several blanks: no line may hold nothing else (RFC 5322, 3.2.2). */
		if (next > 0 && memory[i - 1] != ' ' && column + next > 76) {
			strbuf_add(value, "\n       ");
			column = 7;
		}
		strbuf_add_char(value, memory[i]);
	}
	strbuf_add_char(value, '"');
}

void
compose_note(const char *ident, const struct rule *rule, struct strbuf *value)
{
	if (rule->action == ACTION_TAG && !rule->is_audit) {
		strbuf_printf(value, "id=%s", ident);
		add_pair(value, "tag", span_of(rule->text));
	} else {
		strbuf_printf(value, "id=%s; audit=%s", ident, action_word(rule->action));
	}
	add_rule(value, rule);
}

/* The log. */

/* How an item joins the list of them in a value. */
static void
add_item(struct strbuf *value, const char *item)
{
	if (value->length > 0)
		strbuf_add_char(value, ',');
	strbuf_add(value, item);
}

/* "reject", "would-reject*2(FILE:LINE)", with commas between them. */
static void
add_verdicts(const struct message_summary *summary, struct strbuf *line)
{
	char memory[LOG_RULES_MAX * 2];
	struct strbuf value;

	strbuf_init(&value, memory, sizeof memory);
	for (size_t i = 0; i < summary->verdict_count; i++) {
		const struct verdict *verdict = &summary->verdicts[i].verdict;

		add_item(&value, verdict->is_enforced ? "" : "would-");
		strbuf_add(&value, verdict->is_apart             ? "apart"
				   : verdict_is_pending(verdict) ? "pending"
								 : action_word(verdict->action));
		if (summary->verdicts[i].recipients > 1)
			strbuf_printf(&value, "*%u", summary->verdicts[i].recipients);
		if (verdict->rule != NULL)
			strbuf_printf(&value, "(%s)", verdict->rule->place);
	}
	if (value.length > 0)
		log_pairs_add(line, "verdict", span_of(memory), LOG_RULES_MAX);
}

/* Why refusals were not done: the same for all of a message. */
static void
add_overruled(const struct message_summary *summary, struct strbuf *line)
{
	static const char *const words[] = {
		[OVERRULED_NOT] = NULL,
		[OVERRULED_BY_ACCEPTANCE] = "others-accept",
		[OVERRULED_BY_DEFERRAL] = "others-defer",
	};

	for (size_t i = 0; i < summary->verdict_count; i++) {
		const char *why = words[summary->verdicts[i].verdict.overruled];

		if (why != NULL) {
			log_pairs_add(line, "overruled", span_of(why), LOG_WORD_MAX);
			return;
		}
	}
}

/* Whether an earlier verdict, or this one before its note `until`, has a note of the same rule. */
static bool
is_noted(const struct message_summary *summary, size_t verdict, size_t until)
{
	const struct rule *rule = summary->verdicts[verdict].verdict.audits[until];

	for (size_t i = 0; i <= verdict; i++) {
		const size_t count = i < verdict ? summary->verdicts[i].verdict.audit_count : until;

		for (size_t j = 0; j < count; j++)
			if (summary->verdicts[i].verdict.audits[j] == rule)
				return true;
	}
	return false;
}

/* What rules that only tell say, and shares that left this client out: "reject(FILE:LINE)",
 * "reject-10%(FILE:LINE)". */
static void
add_audits(const struct message_summary *summary, struct strbuf *line)
{
	char memory[LOG_RULES_MAX * 2];
	struct strbuf value;

	strbuf_init(&value, memory, sizeof memory);
	for (size_t i = 0; i < summary->verdict_count; i++) {
		for (size_t j = 0; j < summary->verdicts[i].verdict.audit_count; j++) {
			const struct rule *rule = summary->verdicts[i].verdict.audits[j];

			if (is_noted(summary, i, j))
				continue;
			add_item(&value, action_word(rule->action));
			if (rule->percent < 100)
				strbuf_printf(&value, "-%u%%", rule->percent);
			strbuf_printf(&value, "(%s)", rule->place);
		}
	}
	if (value.length > 0)
		log_pairs_add(line, "audit", span_of(memory), LOG_RULES_MAX);
}

/* What a client says, as long as there is room before `end` of the line. Returns whether there was. */
static bool
add_name(struct strbuf *line, size_t end,
	 void (*add)(struct strbuf *line, const char *name, struct span value, size_t room), const char *name,
	 struct span value)
{
	const size_t around = strlen(name) + 2,
		     room = line->length + around < end ? end - line->length - around : 0;

	if (room >= LOG_NAME_MIN)
		add(line, name, value, room < LOG_NAME_MAX ? room : LOG_NAME_MAX);
	return room >= LOG_NAME_MIN;
}

static void
add_number(struct strbuf *line, const char *name, size_t number)
{
	char text[24];

	(void)snprintf(text, sizeof text, "%zu", number);
	log_pairs_add(line, name, span_of(text), LOG_WORD_MAX);
}

/* A recipient as it was typed, mostly in brackets. */
static bool
add_recipient(struct strbuf *line, size_t end, const char *typed)
{
	const struct span path = span_of(typed);

	if (path.length < 2 || path.at[0] != '<' || path.at[path.length - 1] != '>')
		return add_name(line, end, log_pairs_add, "to", path);
	return add_name(line, end, log_pairs_add_address, "to",
			(struct span){ path.at + 1, path.length - 2 });
}

static void
add_recipients(const struct message_summary *summary, size_t end, struct strbuf *line)
{
	size_t told = 0;

	while (told < summary->recipient_count && told < COMPOSE_RECIPIENTS_MAX
	       && add_recipient(line, end, summary->recipients[told].address.typed))
		told++;
	if (told < summary->recipient_total)
		add_number(line, "more-to", summary->recipient_total - told);
}

/* Who wrote to whom. */
static void
add_names(const struct facts *facts, const struct message_summary *summary, struct strbuf *line)
{
	const size_t end = line->length + LOG_NAMES_MAX;

	(void)add_name(line, end, log_pairs_add, "helo", span_of(facts->helo.given));
	if (facts->client.auth_name != NULL)
		(void)add_name(line, end, log_pairs_add, "user", span_of(facts->client.auth_name));
	(void)add_name(line, end, log_pairs_add_address, "from", span_of(facts->sender.mailbox.text));
	add_recipients(summary, end, line);
	for (const struct facts *other = facts->other; other != NULL; other = other->other)
		if (other->sender.mailbox.form != MAILBOX_UNREAD)
			(void)add_name(line, end, log_pairs_add_address, "or-from",
				       span_of(other->sender.mailbox.text));
}

/* Lists of one kind that list something, each once. */
struct zones {
	const char *names[LOG_ZONES];
	size_t count;
};

static void
note_zone(struct zones *zones, const char *zone)
{
	size_t i = 0;

	while (i < zones->count && strcmp(zones->names[i], zone) != 0)
		i++;
	if (i == zones->count && i < LOG_ZONES)
		zones->names[zones->count++] = zone;
}

static void
note_zones(struct zones *zones, const struct list_facts *lists, bool is_allow)
{
	for (size_t i = 0; i < lists->count; i++)
		if (lists->findings[i].state == LIST_LISTED && lists->findings[i].is_allow == is_allow)
			note_zone(zones, lists->findings[i].zone);
}

/* "zen.test,dbl.test,+2". */
static void
add_zones(const struct facts *facts, const char *name, bool is_allow, struct strbuf *line)
{
	char memory[LOG_ZONES_MAX];
	struct strbuf value = STRBUF_OVER(memory);
	struct zones zones = { .count = 0 };
	size_t told = 0;

	for (; facts != NULL; facts = facts->other)
		for (int subject = 0; subject < LIST_SUBJECTS; subject++)
			note_zones(&zones, &facts->lists[subject], is_allow);
	for (;
	     told < zones.count && value.length + strlen(zones.names[told]) + sizeof ",,+16" <= sizeof memory;
	     told++)
		add_item(&value, zones.names[told]);
	if (told < zones.count) {
		add_item(&value, "+");
		strbuf_printf(&value, "%zu", zones.count - told);
	}
	if (zones.count > 0)
		log_pairs_add(line, name, span_of(memory), LOG_ZONES_MAX);
}

/* How many checks and lists lack an answer, because a bound was reached; and which, where it decided. */
static void
add_withheld(const struct facts *facts, const struct message_summary *summary, struct strbuf *line)
{
	enum dns_status decisive = DNS_NOERROR;
	unsigned count = 0;

	for (size_t i = 0; decisive == DNS_NOERROR && i < summary->verdict_count; i++)
		decisive = summary->verdicts[i].verdict.withheld;
	if (decisive != DNS_NOERROR)
		log_pairs_add(line, "withheld", span_of(record_status_token(decisive)), LOG_WORD_MAX);

	for (; facts != NULL; facts = facts->other) {
		for (int method = 0; method < METHODS; method++)
			count += facts->withheld[method] != DNS_NOERROR
						 && facts->withheld[method] != DNS_CHOSEN_NAME
					 ? 1
					 : 0;
		for (int subject = 0; subject < LIST_SUBJECTS; subject++)
			for (size_t i = 0; i < facts->lists[subject].count; i++)
				count += list_finding_withheld(&facts->lists[subject].findings[i])
							 != DNS_NOERROR
						 ? 1
						 : 0;
	}
	if (count > 0)
		add_number(line, "not-asked", count);
}

/* The gateway that handed the message over, and why it is not known from whom. */
static void
add_gateway(const struct gateway_facts *gateway, struct strbuf *line)
{
	const char *fault = record_gateway_fault_token(gateway->fault);
	char address[IPADDR_TEXT_SIZE];

	if (gateway->address.length == 0)
		return;
	log_pairs_add(line, "gateway", span_of(ipaddr_format(&gateway->address, address)), LOG_WORD_MAX);
	if (fault != NULL)
		log_pairs_add(line, "gateway-fault", span_of(fault), LOG_WORD_MAX);
}

void
compose_log_line(const struct facts *facts, const struct message_summary *summary, struct strbuf *line)
{
	char address[IPADDR_TEXT_SIZE], waited[16];

	log_pairs_add(line, "id", span_of(summary->ident), LOG_WORD_MAX);
	log_pairs_add(line, "client",
		      span_of(facts->client.address.length > 0
				      ? ipaddr_format(&facts->client.address, address)
			      : facts_is_behind_gateway(facts) ? "unknown"
							       : "local"),
		      LOG_WORD_MAX);
	add_gateway(&facts->client.gateway, line);
	if (summary->queue_id != NULL)
		log_pairs_add(line, "queue", span_of(summary->queue_id), LOG_WORD_MAX);
	add_names(facts, summary, line);
	add_verdicts(summary, line);
	if (summary->is_unfinished)
		log_pairs_add(line, "unfinished", SPAN("yes"), LOG_WORD_MAX);
	add_overruled(summary, line);
	add_audits(summary, line);
	for (int method = 0; method < METHODS; method++)
		if (facts->results[method] != RESULT_UNCHECKED)
			log_pairs_add(line, method_words((enum method)method)->policy_word,
				      span_of(result_word(
					      facts_worst(facts, (enum method)method)->results[method])),
				      LOG_WORD_MAX);
	add_zones(facts, "listed-by", false, line);
	add_zones(facts, "allowed-by", true, line);
	add_withheld(facts, summary, line);
	(void)snprintf(waited, sizeof waited, "%ums", summary->waited_ms);
	log_pairs_add(line, "waited", span_of(waited), LOG_WORD_MAX);
}
