#include "heloscope/daemon/account.h"

#include <stdlib.h>
#include <string.h>

#include "heloscope/base/clock.h"
#include "heloscope/base/ident.h"
#include "heloscope/base/log.h"
#include "heloscope/checks/counts.h"
#include "heloscope/metrics/counts.h"
#include "heloscope/records/log.h"

#define VERDICTS_MEMORY (256U << 10) /* octets: what is told of BOUND_VERDICTS verdicts, and much more */

/* Whether so many octets may be written of this message. Of those who are trusted everything is. */
static bool
may_write(const struct runtime *runtime, const struct account *account, size_t octets)
{
	const struct client_facts *client = &account->facts->client;
	const struct ipaddr *address =
		client->address.length > 0 ? &client->address : &client->gateway.address;

	return client->is_trusted || client->is_authenticated || address->length == 0
	       || meter_take(runtime_meter(runtime), address, octets, clock_now_ms());
}

/* What the record tells of the verdicts, in `arena`; NULL when memory ran out. */
static const struct record_verdict *
tell_verdicts(const struct account *account, struct arena *arena)
{
	struct record_verdict *verdicts = arena_alloc(arena, account->verdict_count * sizeof *verdicts);

	for (size_t i = 0; i < account->verdict_count && verdicts != NULL; i++) {
		const struct told_verdict *told = &account->verdicts[i];
		char memory[RECORD_REPLY_SIZE] = "";
		struct strbuf text = STRBUF_OVER(memory);

		if (told->reply != NULL)
			smtp_reply_add_to(told->reply, &text);
		verdicts[i] = record_verdict_of(&told->verdict,
						told->reply != NULL ? arena_string(arena, memory) : NULL);
	}
	return arena->has_failed ? NULL : verdicts;
}

/* To the log of this host, to that of the site, or to both. Takes the line. */
static void
give_record(const struct runtime *runtime, char *line)
{
	if (runtime_share(runtime) != NULL)
		share_append(runtime_share(runtime), span_of(line));
	if (runtime_record_log(runtime) != NULL)
		record_log_write(runtime_record_log(runtime), line);
	else
		free(line);
}

/* The record, or a short one where the client's network has said too little for a whole one. */
static void
write_record(const struct runtime *runtime, const struct account *account,
	     const struct record_verdict *verdicts)
{
	static const enum record_length lengths[] = { RECORD_WHOLE, RECORD_SHORT };
	struct meter *meter = runtime_meter(runtime);
	const struct message_record record = {
		.ident = account->ident,
		.time_s = ident_time_s(account->ident),
		.host = runtime_config(runtime)->host,
		.queue_id = account->queue_id,
		.mode = runtime_config(runtime)->mode,
		.facts = account->facts,
		.verdicts = verdicts,
		.recipients = account->recipients,
		.recipient_count = account->recipient_count,
		.recipient_total = account->recipient_total,
		.waited_ms = account->waited_ms,
		.is_unfinished = account->is_unfinished,
		.unwritten = meter_unwritten(meter),
	};

	for (size_t i = 0; i < 2; i++) {
		char *line = verdicts != NULL ? record_make(&record, lengths[i]) : NULL;

		if (line == NULL) {
			log_error("id=%s has no record: out of memory", account->ident);
			return;
		}
		if (may_write(runtime, account, strlen(line) + 1)) {
			give_record(runtime, line);
			meter_told(meter, record.unwritten);
			return;
		}
		free(line);
	}
	meter_note_unwritten(meter, &account->facts->client.address);
}

/* Whether the rule stands among the notes of a verdict before that one. */
static bool
is_noted_before(const struct account *account, const struct rule *rule, size_t verdict)
{
	for (size_t i = 0; i < verdict; i++) {
		const struct verdict *before = &account->verdicts[i].verdict;

		for (size_t j = 0; j < before->audit_count; j++)
			if (before->audits[j] == rule)
				return true;
		if (!before->is_enforced && before->rule == rule)
			return true;
	}
	return false;
}

/* Count the rules that would have acted, once each. */
static void
count_rules(const struct runtime *runtime, const struct account *account)
{
	for (size_t i = 0; i < account->verdict_count; i++) {
		const struct verdict *verdict = &account->verdicts[i].verdict;

		for (size_t j = 0; j < verdict->audit_count; j++)
			if (!is_noted_before(account, verdict->audits[j], i))
				rule_counts_add(runtime_rules(runtime), verdict->audits[j]);
		if (!verdict->is_enforced && verdict->rule != NULL
		    && !is_noted_before(account, verdict->rule, i))
			rule_counts_add(runtime_rules(runtime), verdict->rule);
	}
}

/* Count each list that lists something of the message, once. */
static void
count_lists(const struct runtime *runtime, const struct facts *facts)
{
	const char *counted[LIST_SUBJECTS * 8];
	size_t count = 0;

	for (int subject = 0; subject < LIST_SUBJECTS; subject++)
		for (size_t i = 0; i < facts->lists[subject].count; i++) {
			const struct list_finding *finding = &facts->lists[subject].findings[i];
			size_t before = 0;

			if (finding->state != LIST_LISTED)
				continue;
			while (before < count && strcmp(counted[before], finding->zone) != 0)
				before++;
			if (before < count)
				continue;
			if (count < sizeof counted / sizeof counted[0])
				counted[count++] = finding->zone;
			list_health_count_listed(runtime_health(runtime), finding->zone);
		}
}

static void
count(const struct runtime *runtime, const struct account *account)
{
	const struct verdict *worst = &account->verdicts[0].verdict;

	for (size_t i = 1; i < account->verdict_count; i++)
		worst = policy_worse(worst, &account->verdicts[i].verdict);
	counter_add(&counts.messages[worst->action][runtime_config(runtime)->mode], 1);
	histogram_note(&counts.waits, account->waited_ms);
	check_counts_take(account->facts);
	count_rules(runtime, account);
	count_lists(runtime, account->facts);
}

void
account_tell(const struct runtime *runtime, const struct account *account)
{
	const struct client_facts *client = &account->facts->client;
	struct meter *meter = runtime_meter(runtime);
	char memory[COMPOSE_LOG_SIZE];
	struct strbuf line = STRBUF_OVER(memory);
	struct arena arena;
	const struct message_summary summary = {
		.ident = account->ident,
		.queue_id = account->queue_id,
		.verdicts = account->verdicts,
		.verdict_count = account->verdict_count,
		.waited_ms = account->waited_ms,
		.is_unfinished = account->is_unfinished,
		.recipients = account->recipients,
		.recipient_count = account->recipient_count,
		.recipient_total = account->recipient_total,
	};

	count(runtime, account);
	if (client->address.length > 0)
		meter_feed(meter, &client->address, account->said, clock_now_ms());
	compose_log_line(account->facts, &summary, &line);
	if (!may_write(runtime, account, line.length + 1)) {
		meter_note_unwritten(meter, &client->address);
		return;
	}
	log_info("%s", memory);
	if (runtime_record_log(runtime) == NULL && runtime_share(runtime) == NULL)
		return;
	arena_init(&arena, VERDICTS_MEMORY);
	write_record(runtime, account, tell_verdicts(account, &arena));
	arena_clear(&arena);
}
