#include "heloscope/mails/findings.h"

#include "heloscope/base/bounds.h"
#include "heloscope/refusals/pieces.h"

void
findings_init(struct findings *findings, struct arena *arena)
{
	*findings = (struct findings){ .arena = arena };
}

enum worth
findings_worth(struct span text)
{
	text = text_trim(text);
	if (text.length == 0)
		return WORTH_NOTHING;
	return text_reply_code(text) != 0 ? WORTH_REPLY : WORTH_WORDS;
}

/* The next octet that is a letter, a digit or not ASCII; 0 behind the last. */
static char
next_letter(struct span *text)
{
	while (text->length > 0) {
		const char c = text->at[0];

		*text = span_from(*text, 1);
		if (ascii_is_alnum(c) || (unsigned char)c >= 0x80)
			return ascii_lower(c);
	}
	return '\0';
}

/* Whether `longer` says what `text` says, and goes on. */
static bool
goes_on(struct span longer, struct span text)
{
	char c;

	while ((c = next_letter(&text)) != '\0')
		if (next_letter(&longer) != c)
			return false;
	return next_letter(&longer) != '\0';
}

static bool
is_better(const struct refusal *refusal, enum worth worth, const struct finding *known)
{
	if (worth != known->worth)
		return worth > known->worth;
	return worth > WORTH_NOTHING && goes_on(refusal->text, known->refusal.text);
}

/* What the account lacks it takes from the other. */
static void
complete(struct refusal *refusal, const struct refusal *other)
{
	if (refusal->host.length == 0)
		refusal->host = other->host;
	if (refusal->address.length == 0)
		refusal->address = other->address;
	if (refusal->stage == REFUSAL_STAGE_NONE)
		refusal->stage = other->stage;
	if (refusal->enhanced.class == 0)
		refusal->enhanced = other->enhanced;
	if (refusal->queue_id.length == 0)
		refusal->queue_id = other->queue_id;
	if (refusal->time == REFUSAL_NO_TIME)
		refusal->time = other->time;
	if (refusal->status == REFUSAL_STATUS_NONE)
		refusal->status = other->status;
}

static void
merge(struct finding *known, const struct refusal *refusal, enum worth worth)
{
	struct refusal chosen = known->refusal;
	const struct span recipient = chosen.recipient.length > 0 ? chosen.recipient : refusal->recipient;

	if (is_better(refusal, worth, known)) {
		chosen = *refusal;
		complete(&chosen, &known->refusal);
		known->worth = worth;
	} else if (known->worth > WORTH_NOTHING && worth > WORTH_NOTHING) {
		complete(&chosen, refusal);
	}
	chosen.recipient = recipient;
	known->refusal = chosen;
}

static struct finding *
find(const struct findings *findings, struct span recipient)
{
	for (size_t i = 0; i < findings->count; i++)
		if (span_equals_nocase(findings->items[i].refusal.recipient, recipient))
			return &findings->items[i];
	return NULL;
}

static void
append(struct findings *findings, const struct refusal *refusal, enum worth worth)
{
	struct finding *items;

	if (findings->count >= BOUND_BOUNCE_RECIPIENTS)
		return;
	items = arena_grow(findings->arena, findings->items, findings->count, sizeof *items);
	if (items == NULL)
		return;
	findings->items = items;
	items[findings->count++] = (struct finding){ *refusal, worth };
}

/* Whether what is said of another is said of it: an alias of the recipient in the fields, or the name of one
 * of whom there were but words. */
static bool
is_only_one(const struct findings *findings)
{
	return findings->count == 1
	       && (findings->is_complete || findings->items[0].refusal.recipient.length == 0);
}

void
findings_add(struct findings *findings, const struct refusal *refusal, enum worth worth)
{
	struct finding *known = find(findings, refusal->recipient);

	if (known == NULL && is_only_one(findings))
		known = &findings->items[0];
	if (known != NULL)
		merge(known, refusal, worth);
	else if (refusal->recipient.length == 0 && findings->count > 0)
		for (size_t i = 0; i < findings->count; i++)
			merge(&findings->items[i], refusal, worth);
	else if (!findings->is_complete)
		append(findings, refusal, worth);
}

bool
findings_has_answer(const struct findings *findings, enum worth at_least)
{
	for (size_t i = 0; i < findings->count; i++)
		if (findings->items[i].worth >= at_least)
			return true;
	return false;
}
