#include "heloscope/records/outline.h"

#include <string.h>

#include "heloscope/facts/facts.h"
#include "heloscope/records/codec.h"
#include "heloscope/records/shape.h"
#include "heloscope/records/table.h"
#include "heloscope/records/take.h"

static const char *
text_of(const json_t *object, const char *key)
{
	const char *text = take_as_written(take_member(object, key));

	return text != NULL ? text : "";
}

static const char *
domain_of(const char *sender)
{
	const char *at = strrchr(sender, '@');

	return at != NULL ? at + 1 : "<>";
}

static const json_t *
check_of(const json_t *object, enum method method)
{
	return take_member(take_member(object, "checks"), codec_of(method)->key);
}

static bool
passes(const json_t *object, enum method method)
{
	return strcmp(text_of(check_of(object, method), "result"), result_word(RESULT_PASS)) == 0;
}

bool
outline_read(struct span line, struct outline *outline)
{
	json_t *object = record_parse(line);

	if (object == NULL)
		return false;
	*outline = (struct outline){
		.ident = text_of(object, "id"),
		.time = text_of(object, "time"),
		.client = text_of(take_member(object, "client"), "ip"),
		.sender = text_of(object, "sender"),
		.domain = domain_of(text_of(object, "sender")),
		.passes = passes(object, METHOD_SPF) && passes(object, METHOD_IPREV),
		.unwritten = take_number(object, "unwritten"),
		.json = object,
	};
	return true;
}

void
outline_release(struct outline *outline)
{
	json_decref(outline->json);
}

bool
outline_check(const struct outline *outline, void **at, const char **check, const char **result)
{
	json_t *checks = json_object_get(outline->json, "checks");

	*at = *at == NULL ? json_object_iter(checks) : json_object_iter_next(checks, *at);
	if (*at == NULL)
		return false;
	*check = json_object_iter_key(*at);
	*result = text_of(json_object_iter_value(*at), "result");
	return true;
}

bool
outline_listing(const struct outline *outline, size_t *at, const char **zone)
{
	const json_t *hits = take_member(check_of(outline->json, METHOD_DNSBL), "hits"), *hit;

	while ((hit = json_array_get(hits, (*at)++)) != NULL) {
		if (strcmp(text_of(hit, "state"), "listed") != 0)
			continue;
		*zone = text_of(hit, "zone");
		return true;
	}
	return false;
}

bool
outline_verdict(const struct outline *outline, size_t *at, struct outline_verdict *verdict)
{
	const json_t *object = json_array_get(take_member(outline->json, "verdicts"), (*at)++);

	if (object == NULL)
		return false;
	*verdict = (struct outline_verdict){
		.action = text_of(object, "action"),
		.rule = text_of(object, "rule"),
		.is_enforced = take_flag(object, "enforced"),
		.notes = take_member(object, "notes"),
	};
	verdict->refuses = strcmp(verdict->action, action_word(ACTION_REJECT)) == 0
			   || strcmp(verdict->action, action_word(ACTION_DEFER)) == 0;
	return true;
}

bool
outline_note(const struct outline_verdict *verdict, size_t *at, struct outline_note *note)
{
	const json_t *object;

	while ((object = json_array_get(verdict->notes, (*at)++)) != NULL) {
		if (take_member(object, "audit") == NULL)
			continue;
		*note = (struct outline_note){
			.action = text_of(object, "audit"),
			.rule = text_of(object, "rule"),
			.has_share = take_member(object, "share") != NULL,
			.share = take_number(object, "share"),
		};
		return true;
	}
	return false;
}
