#include "heloscope/records/outline.h"

#include <string.h>

#include "heloscope/facts/facts.h"
#include "heloscope/records/codec.h"
#include "heloscope/records/shape.h"
#include "heloscope/records/table.h"
#include "heloscope/records/take.h"

static const char *
text_of(const struct node *object, const char *key)
{
	const char *text = take_as_written(tree_member(object, key));

	return text != NULL ? text : "";
}

/* What anybody may have written, when it is a token of ours. */
static const char *
action_of(const struct node *object, const char *key)
{
	const char *word = text_of(object, key);

	for (int action = 0; action < ACTIONS; action++)
		if (strcmp(action_word((enum action)action), word) == 0)
			return action_word((enum action)action);
	return OUTLINE_OTHER;
}

static const char *
result_of(const struct node *check)
{
	const enum result result = result_from_word(text_of(check, "result"));

	return result != RESULT_UNCHECKED ? result_word(result) : OUTLINE_OTHER;
}

static const char *
domain_of(const char *sender)
{
	const char *at = strrchr(sender, '@');

	return at != NULL ? at + 1 : "<>";
}

static const struct node *
check_of(const struct node *object, enum method method)
{
	return tree_member(tree_member(object, "checks"), codec_of(method)->key);
}

static bool
passes(const struct node *object, enum method method)
{
	return strcmp(text_of(check_of(object, method), "result"), result_word(RESULT_PASS)) == 0;
}

bool
outline_read(struct span line, struct outline *outline)
{
	const struct node *object;

	if (!record_parse(line, &outline->tree))
		return false;
	object = outline->tree.nodes;
	outline->ident = text_of(object, "id");
	outline->time = text_of(object, "time");
	outline->host = text_of(object, "host");
	outline->client = text_of(tree_member(object, "client"), "ip");
	outline->sender = text_of(object, "sender");
	outline->domain = domain_of(outline->sender);
	outline->passes = passes(object, METHOD_SPF) && passes(object, METHOD_IPREV);
	outline->looks_forwarded = take_flag(object, "looks-forwarded");
	outline->is_unfinished = take_flag(object, "unfinished");
	outline->unwritten = take_number(object, "unwritten");
	return true;
}

void
outline_release(struct outline *outline)
{
	tree_clear(&outline->tree);
}

/* The one behind `at` in what is told one after the other; the first when that is NULL. */
static bool
go_on(const struct node *parent, const struct node **at)
{
	*at = *at == NULL ? tree_first(parent) : tree_next(parent, *at);
	return *at != NULL;
}

bool
outline_check(const struct outline *outline, const struct node **at, const char **check, const char **result)
{
	if (!go_on(tree_member(outline->tree.nodes, "checks"), at))
		return false;
	*check = (*at)->key;
	*result = result_of(*at);
	return true;
}

bool
outline_listing(const struct outline *outline, const struct node **at, const char **zone)
{
	const struct node *hits = tree_member(check_of(outline->tree.nodes, METHOD_DNSBL), "hits");

	while (go_on(hits, at)) {
		if (strcmp(text_of(*at, "state"), "listed") != 0)
			continue;
		*zone = text_of(*at, "zone");
		return true;
	}
	return false;
}

/* What came of a verdict: its action, unless none was taken. */
static const char *
outcome_of(const struct node *verdict)
{
	if (take_flag(verdict, "apart"))
		return "apart";
	return tree_member(verdict, "pending") != NULL ? "pending" : action_of(verdict, "action");
}

static bool
is_one_of(const char *word, enum action action, enum action other)
{
	return strcmp(word, action_word(action)) == 0 || strcmp(word, action_word(other)) == 0;
}

bool
outline_verdict(const struct outline *outline, const struct node **at, struct outline_verdict *verdict)
{
	if (!go_on(tree_member(outline->tree.nodes, "verdicts"), at))
		return false;
	*verdict = (struct outline_verdict){
		.action = outcome_of(*at),
		.rule = text_of(*at, "rule"),
		.is_enforced = take_flag(*at, "enforced"),
		.notes = tree_member(*at, "notes"),
	};
	verdict->accepts = is_one_of(verdict->action, ACTION_ACCEPT, ACTION_QUARANTINE);
	verdict->refuses = is_one_of(verdict->action, ACTION_REJECT, ACTION_DEFER);
	return true;
}

bool
outline_note(const struct outline_verdict *verdict, const struct node **at, struct outline_note *note)
{
	while (go_on(verdict->notes, at)) {
		if (tree_member(*at, "audit") == NULL)
			continue;
		*note = (struct outline_note){
			.action = action_of(*at, "audit"),
			.rule = text_of(*at, "rule"),
			.has_share = tree_member(*at, "share") != NULL,
			.share = take_number(*at, "share"),
		};
		return true;
	}
	return false;
}
