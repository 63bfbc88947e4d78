#include "heloscope/daemon/verdicts.h"

#include <stdlib.h>
#include <string.h>

#include "heloscope/base/bounds.h"

#define RECORD_MEMORY (256U << 10) /* octets */

const struct smtp_reply verdicts_no_memory = {
	.code = 451,
	.xcode = "4.3.0",
	.lines = { "The mail filter is out of memory. Please try again later." },
	.count = 1,
};

void
verdicts_init(struct verdicts *verdicts, const struct runtime *runtime, const char *ident,
	      struct arena *arena)
{
	*verdicts = (struct verdicts){ .runtime = runtime, .ident = ident, .arena = arena };
	arena_init(&verdicts->record_arena, RECORD_MEMORY);
}

static bool
same_verdict(const struct verdict *a, const struct verdict *b)
{
	return a->action == b->action && a->facts == b->facts && a->rule == b->rule
	       && a->undecided.rule == b->undecided.rule && a->undecided.methods == b->undecided.methods
	       && a->is_softened == b->is_softened && a->withheld == b->withheld
	       && a->pending_until == b->pending_until && a->notes_until == b->notes_until
	       && a->overruled == b->overruled && a->is_apart == b->is_apart && a->tag_count == b->tag_count
	       && a->audit_count == b->audit_count && memcmp(a->tags, b->tags, sizeof a->tags) == 0
	       && memcmp(a->audits, b->audits, sizeof a->audits) == 0
	       && reasons_equal(&a->reasons, &b->reasons);
}

/* Have the reply of a verdict that refuses, or would, beside it. */
static void
keep_reply(const struct verdicts *verdicts, struct told_verdict *told)
{
	struct smtp_reply *reply;

	if (!action_refuses(told->verdict.action))
		return;
	reply = arena_alloc(verdicts->arena, sizeof *reply);
	if (reply != NULL)
		compose_reply(runtime_config(verdicts->runtime), &told->verdict, verdicts->ident, reply);
	told->reply = reply;
}

/* False when there is no room for it. */
static bool
add_verdict(struct verdicts *verdicts, const struct verdict *verdict)
{
	struct told_verdict *items;

	if (verdicts->count == BOUND_VERDICTS)
		return false;
	items = arena_grow(verdicts->arena, verdicts->items, verdicts->count, sizeof *items);
	if (items == NULL)
		return false;
	verdicts->items = items;
	items[verdicts->count] = (struct told_verdict){ .verdict = *verdict };
	keep_reply(verdicts, &items[verdicts->count++]);
	return true;
}

/* Returns where the verdict stands among those of the message; BOUND_VERDICTS when it does not: the last one
 * is counted for it. */
static size_t
count_verdict(struct verdicts *verdicts, const struct verdict *verdict)
{
	size_t i = 0;

	while (i < verdicts->count && !same_verdict(&verdicts->items[i].verdict, verdict))
		i++;
	if (i == verdicts->count && !add_verdict(verdicts, verdict))
		i = BOUND_VERDICTS;
	if (verdicts->count > 0)
		verdicts->items[i < BOUND_VERDICTS ? i : verdicts->count - 1].recipients++;
	return i;
}

/* For log and record; of very many recipients, and of very many verdicts, the first. */
static void
keep_recipient(struct verdicts *verdicts, const struct envelope_address *address, size_t verdict)
{
	const bool has_record = runtime_record_log(verdicts->runtime) != NULL;
	const size_t most = has_record ? BOUND_RECIPIENTS_RECORDED : COMPOSE_RECIPIENTS_MAX;
	struct record_recipient *recipients;

	verdicts->recipient_total++;
	if (verdicts->recipient_count >= most || verdict >= BOUND_VERDICTS)
		return;
	recipients = arena_grow(&verdicts->record_arena, verdicts->recipients, verdicts->recipient_count,
				sizeof *recipients);
	if (recipients == NULL)
		return;
	verdicts->recipients = recipients;
	recipients[verdicts->recipient_count++] =
		(struct record_recipient){ envelope_address_copy(address, &verdicts->record_arena), verdict };
}

/* What a recipient who is refused is told. */
static const struct smtp_reply *
reply_for(struct verdicts *verdicts, const struct verdict *verdict, size_t index)
{
	if (index < BOUND_VERDICTS && verdicts->items[index].reply != NULL)
		return verdicts->items[index].reply;
	if (verdicts->reply == NULL)
		verdicts->reply = malloc(sizeof *verdicts->reply);
	if (verdicts->reply == NULL)
		return &verdicts_no_memory;
	compose_reply(runtime_config(verdicts->runtime), verdict, verdicts->ident, verdicts->reply);
	return verdicts->reply;
}

const struct smtp_reply *
verdicts_settle(struct verdicts *verdicts, const struct envelope_address *recipient,
		const struct verdict *verdict)
{
	const size_t index = count_verdict(verdicts, verdict);

	keep_recipient(verdicts, recipient, index);
	if (verdict_refuses(verdict))
		return reply_for(verdicts, verdict, index);
	verdicts->taken++;
	if (verdict->is_enforced && verdict->action == ACTION_QUARANTINE)
		verdicts->is_quarantined = true;
	return NULL;
}

const char *
verdicts_quarantine_reason(const struct verdicts *verdicts)
{
	if (!verdicts->is_quarantined)
		return NULL;
	for (size_t i = 0; i < verdicts->count; i++) {
		const struct rule *rule = verdicts->items[i].verdict.rule;

		if (verdicts->items[i].verdict.action == ACTION_QUARANTINE)
			return rule->text != NULL ? rule->text : rule->place;
	}
	return "heloscope";
}

void
verdicts_clear(struct verdicts *verdicts)
{
	arena_clear(&verdicts->record_arena);
	free(verdicts->reply);
}
