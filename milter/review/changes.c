#include "heloscope/review/changes.h"

#include <string.h>

#include "heloscope/base/document.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/facts/forwarding.h"
#include "heloscope/records/cut.h"
#include "heloscope/review/counts.h"
#include "heloscope/review/replay.h"

#define REVIEW_USUAL 8000           /* octets */
#define REVIEW_MEMORY (4U << 20)    /* octets for a message */
#define REFUSALS_MEMORY (64U << 20) /* octets for the refusals of a part */
#define SENDER_SIZE 8192

/* Whose a message is. Text is escaped. */
struct sides {
	const char *ident, *host, *sender;
	const char *domain; /* "<>" for the null sender, and where there is none */
};

static const struct count_column change_columns[] = {
	{ .key = "from" },
	{ .key = "to" },
	{ .key = "rule" },
	{ .key = NULL },
};
static const struct count_column host_columns[] = { { .key = "client" }, { .key = NULL } };
static const struct count_column domain_columns[] = { { .key = "domain" }, { .key = NULL } };

const char *const change_mistake_tokens[MISTAKES] = {
	[MISTAKE_NONE] = "none",
	[MISTAKE_ALLOW_LIST] = "allow-list",
	[MISTAKE_PASSES] = "passes",
	[MISTAKE_FORWARDED] = "forwarded",
	[MISTAKE_VOUCHED] = "dmarc-pass",
	[MISTAKE_SEALED] = "trusted-seal",
	[MISTAKE_KNOWN_HOST] = "known-host",
	[MISTAKE_KNOWN_DOMAIN] = "known-domain",
};

/* A message that was taken and would be refused, for one recipient. */
struct new_refusal {
	struct new_refusal *next;
	const struct sides *sides;
	const char *rule;
	enum action action;
	enum mistake why;               /* it is likely one, whatever came before; or NONE */
	int64_t time_s;                 /* of the message, */
	int64_t host_seen, domain_seen; /* and of the first in this part that was taken; 0: none was */
};

/* A message under review. */
struct review {
	struct changes *changes;
	const struct message_record *record;
	struct replay replay;
	char host[IPADDR_TEXT_SIZE];
	struct sides sides;
	const struct sides *kept; /* once there is a refusal */
};

bool
changes_init(struct changes *changes, const struct config *config, struct examiner *examiner, int64_t since_s)
{
	*changes = (struct changes){ .config = config,
				     .examiner = examiner,
				     .since_s = since_s,
				     .changes = json_object(),
				     .hosts = json_object(),
				     .domains = json_object(),
				     .mistakes = json_array() };
	arena_init(&changes->memory, REFUSALS_MEMORY);
	arena_init_for(&changes->review, REVIEW_USUAL, REVIEW_MEMORY);
	return seen_init(&changes->seen);
}

void
changes_clear(struct changes *changes)
{
	json_decref(changes->changes);
	json_decref(changes->hosts);
	json_decref(changes->domains);
	json_decref(changes->mistakes);
	seen_clear(&changes->seen);
	arena_clear(&changes->memory);
	arena_clear(&changes->review);
	record_release(&changes->reading);
}

/* A message. */

static void
name_sides(struct review *review)
{
	const struct facts *facts = review->record->facts;
	char memory[SENDER_SIZE];
	struct strbuf sender;
	const char *at;

	if (facts->client.address.length > 0)
		(void)ipaddr_format(&facts->client.address, review->host);
	strbuf_init(&sender, memory, sizeof memory);
	strbuf_add_escaped(&sender, span_of(facts->sender.mailbox.text), SENDER_SIZE);
	review->sides.ident = review->record->ident;
	review->sides.host = review->host;
	review->sides.sender = arena_string(&review->changes->review, memory);
	at = strrchr(review->sides.sender, '@');
	review->sides.domain = at != NULL ? at + 1 : "<>";
}

/* Why refusing this message would likely be a mistake, whatever came before; or NULL. */
static enum mistake
mistake_in(const struct facts *facts)
{
	const enum result *results = facts->results;

	if (results[METHOD_DNSWL] == RESULT_PASS)
		return MISTAKE_ALLOW_LIST;
	if (results[METHOD_SPF] == RESULT_PASS && results[METHOD_IPREV] == RESULT_PASS)
		return MISTAKE_PASSES;
	if (facts_forwarding(facts) == FORWARDING_LIKELY)
		return MISTAKE_FORWARDED;
	if (results[METHOD_DMARC] == RESULT_PASS)
		return MISTAKE_VOUCHED;
	return facts_arc_standing(facts) == ARC_TRUSTED ? MISTAKE_SEALED : MISTAKE_NONE;
}

/* The sides of a message, to be kept beyond it; once for all its recipients. */
static const struct sides *
keep_sides(struct review *review)
{
	struct arena *memory = &review->changes->memory;
	struct sides *kept;

	if (review->kept != NULL || (kept = arena_alloc(memory, sizeof *kept)) == NULL)
		return review->kept;
	kept->ident = arena_string(memory, review->sides.ident);
	kept->host = arena_string(memory, review->sides.host);
	kept->sender = arena_string(memory, review->sides.sender);
	kept->domain = arena_string(memory, review->sides.domain);
	review->kept = kept;
	return kept;
}

static void
note_refusal(struct review *review, const struct verdict *verdict)
{
	struct changes *changes = review->changes;
	const struct sides *sides = keep_sides(review);
	struct new_refusal *refusal = arena_alloc(&changes->memory, sizeof *refusal);

	document_count(changes->hosts, review->sides.host, 1);
	document_count(changes->domains, review->sides.domain, 1);
	if (sides == NULL || refusal == NULL)
		return;
	*refusal = (struct new_refusal){
		.sides = sides,
		.rule = verdict->rule != NULL ? verdict->rule->place : "",
		.action = verdict->action,
		.why = mistake_in(review->record->facts),
		.time_s = review->record->time_s,
		.host_seen = seen_since(&changes->seen, sides->host),
		.domain_seen = seen_since(&changes->seen, sides->domain),
	};
	*(changes->last != NULL ? &changes->last->next : &changes->refusals) = refusal;
	changes->last = refusal;
}

static void
note_seen(const struct review *review)
{
	const char *names[] = { review->sides.host, review->sides.domain };

	for (size_t i = 0; i < 2; i++)
		if (names[i][0] != '\0' && names[i][0] != '<')
			seen_note(&review->changes->seen, names[i], review->record->time_s);
}

/* Whether the old verdict rests on the same line, and on the same kind of doubt. */
static bool
is_by_rule(const struct record_verdict *old, const struct verdict *verdict)
{
	return strcmp(old->rule != NULL ? old->rule : "", verdict->rule != NULL ? verdict->rule->place : "")
		       == 0
	       && old->is_softened == verdict->is_softened;
}

/* Ask the DNS now, once for a message. Returns whether that may have told what was unknown. */
static bool
look_now(struct review *review)
{
	struct changes *changes = review->changes;
	const struct facts *known = &review->replay.facts, *facts;

	if (changes->examiner == NULL || known->client.address.length == 0)
		return false;
	facts = examiner_look(changes->examiner,
			      &(struct examiner_mail){
				      .client = known->client,
				      .helo = known->helo.given,
				      .sender = { known->sender.given != NULL ? known->sender.given : "",
						  known->sender.used },
			      });
	if (facts == NULL)
		return false;
	replay_complete(&review->replay, facts);
	changes->asked++;
	return true;
}

static bool
judge(struct review *review, const struct readings *recipient, struct verdict *verdict)
{
	if (replay_judge(&review->replay, recipient, verdict))
		return true;
	return !review->replay.is_complete && look_now(review)
	       && replay_judge(&review->replay, recipient, verdict);
}

/* Whether the record had no room for the whole of an address, so that nobody knows which rules are its. */
static bool
is_cut(const struct review *review, const struct record_recipient *recipient)
{
	const char *texts[] = { recipient->address.typed, recipient->address.used };

	for (size_t i = 0; i < 2 && (review->record->cuts & 1U << CUT_RECIPIENTS) != 0; i++)
		if (texts[i] != NULL && span_ends_with_nocase(span_of(texts[i]), SPAN("...")))
			return true;
	return false;
}

static void
compare(struct review *review, const struct record_recipient *recipient)
{
	const struct record_verdict *old = &review->record->verdicts[recipient->verdict];
	const struct readings readings = mailbox_readings(&recipient->address, &review->changes->review);
	struct changes *changes = review->changes;
	struct verdict verdict;

	changes->recipients++;
	if (is_cut(review, recipient) || !judge(review, &readings, &verdict)) {
		changes->unknown++;
		return;
	}
	if (!action_refuses(old->action) && !review->record->is_unfinished)
		note_seen(review);
	if (old->action == verdict.action) {
		changes->moved += is_by_rule(old, &verdict) ? 0 : 1;
		return;
	}
	changes->changed++;
	counts_add(changes->changes, change_columns,
		   (const char *[]){ action_word(old->action), action_word(verdict.action),
				     verdict.rule != NULL ? verdict.rule->place : "" });
	if (!action_refuses(old->action) && action_refuses(verdict.action))
		note_refusal(review, &verdict);
}

/* Of a recipient that was put apart the record of its own transaction tells. */
static void
compare_all(struct review *review)
{
	const struct message_record *record = review->record;

	for (size_t i = 0; i < record->recipient_count; i++)
		if (!record->verdicts[record->recipients[i].verdict].is_apart)
			compare(review, &record->recipients[i]);
}

/* False when memory ran out. */
static bool
take(struct review *review)
{
	const struct message_record *record = review->record;

	if (!replay_begin(record, review->changes->config, &review->changes->review, &review->replay))
		return false;
	name_sides(review);
	if (record->time_s < review->changes->since_s) {
		note_seen(review);
		return true;
	}
	review->changes->messages++;
	compare_all(review);
	return true;
}

bool
changes_take(struct changes *part, struct span line)
{
	struct review review = { .changes = part, .record = &part->reading.record };

	if (!record_read_next(line, &part->reading))
		return false;
	arena_empty(&part->review);
	return take(&review) && !part->memory.has_failed && !part->seen.memory.has_failed;
}

/* Putting together. */

static bool
is_known(int64_t before, int64_t in_part, int64_t now)
{
	const int64_t seen = before != 0 ? before : in_part;

	return seen != 0 && now - seen >= CHANGES_KNOWN_AFTER_S;
}

/* Why a refusal would likely be a mistake; `before` has counted all that came before its part. */
static enum mistake
why_mistake(const struct changes *before, const struct new_refusal *refusal)
{
	const struct sides *sides = refusal->sides;

	if (refusal->why != MISTAKE_NONE)
		return refusal->why;
	if (is_known(seen_since(&before->seen, sides->host), refusal->host_seen, refusal->time_s))
		return MISTAKE_KNOWN_HOST;
	if (is_known(seen_since(&before->seen, sides->domain), refusal->domain_seen, refusal->time_s))
		return MISTAKE_KNOWN_DOMAIN;
	return MISTAKE_NONE;
}

static void
tell_mistake(struct changes *changes, const struct new_refusal *refusal, enum mistake why)
{
	json_t *mistake;

	if (why == MISTAKE_NONE || changes->mistake_count++ >= CHANGES_MISTAKES_MAX)
		return;
	mistake = json_object();
	document_set_text(mistake, "id", refusal->sides->ident);
	document_set_text(mistake, "client", refusal->sides->host);
	document_set_text(mistake, "sender", refusal->sides->sender);
	document_set_text(mistake, "why", change_mistake_tokens[why]);
	document_set_text(mistake, "rule", refusal->rule);
	document_set_text(mistake, "action", action_word(refusal->action));
	document_append(changes->mistakes, mistake);
}

void
changes_add(struct changes *whole, const struct changes *part)
{
	for (const struct new_refusal *refusal = part->refusals; refusal != NULL; refusal = refusal->next)
		tell_mistake(whole, refusal, why_mistake(whole, refusal));
	seen_add(&whole->seen, &part->seen);
	whole->messages += part->messages;
	whole->recipients += part->recipients;
	whole->changed += part->changed;
	whole->unknown += part->unknown;
	whole->asked += part->asked;
	whole->moved += part->moved;
	document_count_all(whole->changes, part->changes);
	document_count_all(whole->hosts, part->hosts);
	document_count_all(whole->domains, part->domains);
}

/* The JSON form. */

json_t *
changes_json(const struct changes *changes)
{
	const struct {
		const char *name;
		size_t number;
	} numbers[] = {
		{ "messages", changes->messages },
		{ "recipients", changes->recipients },
		{ "changed", changes->changed },
		{ "moved", changes->moved },
		{ "unknown", changes->unknown },
		{ "asked-now", changes->asked },
		{ "likely-mistakes", changes->mistake_count },
	};
	json_t *object = json_object();

	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		document_set_number(object, numbers[i].name, (json_int_t)numbers[i].number);
	document_put(object, "changes",
		     counts_with_rules(counts_rows(changes->changes, change_columns), changes->config, "to"));
	document_put(object, "hosts", counts_rows(changes->hosts, host_columns));
	document_put(object, "domains", counts_rows(changes->domains, domain_columns));
	document_put(object, "mistakes",
		     json_incref(counts_with_rules(changes->mistakes, changes->config, "action")));
	return object;
}
