#include "heloscope/compose.h"

#include <string.h>

#define SHOWN_MAX 80 /* octets of a client's words in a log line */

/* Header fields. */

void
compose_authres(const struct config *config, const struct facts *facts, struct check_table table,
		struct strbuf *value)
{
	struct authres authres;

	authres_begin(&authres, value, config->authserv_id);
	if (facts->client.is_authenticated)
		authres_result(&authres, "auth", RESULT_PASS);
	for (size_t i = 0; i < table.count; i++)
		if (table.checks[i]->report != NULL)
			table.checks[i]->report(facts, &authres);
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
compose_received_spf(const struct config *config, const struct facts *facts, struct strbuf *value)
{
	const bool is_helo = facts->sender.mailbox.form == MAILBOX_NULL;
	const struct spf_facts *spf = &facts->spf[is_helo ? SPF_HELO : SPF_MAILFROM];
	const enum result result = facts->results[is_helo ? METHOD_SPF_HELO : METHOD_SPF];
	char address[IPADDR_TEXT_SIZE];

	if (result == RESULT_UNCHECKED)
		return;
	/* A domain is normalized: letters, digits, "-", "_" and "." can stand in a comment as they are. */
	strbuf_printf(value, "%s (%s: %s %s)\n    receiver=", result_word(result), config->authserv_id,
		      spf->domain[0] != '\0' ? spf->domain : "the sender", spf_phrase(result));
	authres_add_value(value, span_of(config->authserv_id));
	add_pair(value, "client-ip", span_of(ipaddr_format(&facts->client.address, address)));
	add_pair(value, "identity", is_helo ? SPAN("helo") : SPAN("mailfrom"));
	add_pair(value, "envelope-from", span_of(facts->sender.address));
	if (facts->helo.given != NULL)
		add_pair(value, "helo", span_of(facts->helo.given));
	if (spf->mechanism != NULL)
		add_pair(value, "mechanism", span_of(spf->mechanism));
	if (spf->problem != NULL)
		add_pair(value, "problem", span_of(spf->problem));
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
	char memory[1024];
	struct strbuf text;

	strbuf_printf(value, "id=%s; would=%s", ident, action_word(verdict->action));
	add_rule(value, verdict->rule);
	if (reply->code == 0)
		return;
	strbuf_init(&text, memory, sizeof memory);
	smtp_reply_add_to(reply, &text);
	strbuf_add(value, ";\n    reply=\"");
	/* Longer than authres_add_value() takes; printable ASCII by smtp_reply.h; folded between words. */
	for (size_t i = 0, column = 12; memory[i] != '\0'; i++, column++) {
		if (memory[i] == '"' || memory[i] == '\\')
			strbuf_add_char(value, '\\');
		if (memory[i] == ' ' && column + strcspn(memory + i + 1, " ") > 76) {
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

static void
add_verdicts(const struct message_summary *summary, struct strbuf *line)
{
	for (size_t i = 0; i < summary->verdict_count; i++) {
		const struct verdict *verdict = &summary->verdicts[i];

		strbuf_printf(line, "%s%s%s", i == 0 ? " verdict=" : ",",
			      verdict->is_enforced ? "" : "would-", action_word(verdict->action));
		if (summary->counts[i] > 1)
			strbuf_printf(line, "*%u", summary->counts[i]);
		if (verdict->rule != NULL)
			strbuf_printf(line, "(%s)", verdict->rule->place);
	}
}

void
compose_log_line(const struct facts *facts, const struct message_summary *summary, struct strbuf *line)
{
	char address[IPADDR_TEXT_SIZE];

	strbuf_printf(line, "id=%s client=%s", summary->ident,
		      facts->client.address.length > 0 ? ipaddr_format(&facts->client.address, address)
						       : "local");
	if (summary->queue_id != NULL)
		strbuf_printf(line, " queue=%s", summary->queue_id);
	strbuf_add(line, " helo=");
	strbuf_add_escaped(line, span_of(facts->helo.given), SHOWN_MAX);
	strbuf_add(line, " from=<");
	strbuf_add_escaped(line, span_of(facts->sender.address), SHOWN_MAX);
	strbuf_add(line, ">");
	add_verdicts(summary, line);
	for (int method = 0; method < METHODS; method++)
		if (facts->results[method] != RESULT_UNCHECKED)
			strbuf_printf(line, " %s=%s", method_words((enum method)method)->policy_word,
				      result_word(facts->results[method]));
	strbuf_printf(line, " waited=%ums", summary->waited_ms);
}
