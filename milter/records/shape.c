#include "heloscope/records/shape.h"

#include <stdbool.h>
#include <stdint.h>

#include "heloscope/base/bounds.h"
#include "heloscope/records/cut.h"
#include "heloscope/records/record.h"
#include "heloscope/records/value.h"

#define TEXT_MAX 8016 /* 2000 octets, each as \xHH, and dots */
#define NUMBER_MAX 4294967295LL
#define DEPTH_MAX 32 /* of includes and redirects: ten terms that cost lookups, and some room */
#define STEPS_MAX SPF_STEPS_MAX
#define ITEMS_MAX 8192

enum kind { TEXT, TIME, NUMBER, FLAG, OBJECT, LIST, TEXTS };

/* What a member must be when it is there. */
struct shape {
	const char *key;
	enum kind kind;
	bool is_required;
	json_int_t min, max;        /* of a number; of the items of a list */
	const struct shape *inside; /* of an object, or of each item of a list; ended by one without key */
};

#define MAY(name, what)                                                                                      \
	{                                                                                                    \
		.key = (name), .kind = (what)                                                                \
	}
#define MUST(name, what)                                                                                     \
	{                                                                                                    \
		.key = (name), .kind = (what), .is_required = true                                           \
	}
#define RANGE(name, must, least, most)                                                                       \
	{                                                                                                    \
		.key = (name), .kind = NUMBER, .is_required = (must), .min = (least), .max = (most)          \
	}
#define ITEMS(name, must, most, item)                                                                        \
	{                                                                                                    \
		.key = (name), .kind = LIST, .is_required = (must), .max = (most), .inside = (item)          \
	}
#define END_OF_SHAPES                                                                                        \
	{                                                                                                    \
		.key = NULL                                                                                  \
	}

static const struct shape client[] = {
	MAY("ip", TEXT),      MAY("name", TEXT),          MAY("user", TEXT), RANGE("port", false, 0, 65535),
	MAY("trusted", FLAG), MAY("authenticated", FLAG), END_OF_SHAPES,
};

static const struct shape iprev_name[] = {
	MAY("name", TEXT), MAY("verified", FLAG), MAY("status", TEXT), MAY("addresses", TEXT), END_OF_SHAPES,
};

static const struct shape iprev[] = {
	MUST("result", TEXT),
	MAY("status", TEXT),
	RANGE("total", false, 0, NUMBER_MAX),
	ITEMS("names", false, IPREV_NAMES_MAX, iprev_name),
	END_OF_SHAPES,
};

static const struct shape helo[] = {
	MUST("result", TEXT),
	MAY("name", TEXT),
	MAY("literal", TEXT),
	MAY("reason", TEXT),
	MAY("resolves-to-client", FLAG),
	MAY("reverse-dns", TEXT),
	MAY("status", TEXT),
	END_OF_SHAPES,
};

static const struct shape lookup[] = {
	MAY("name", TEXT),   MAY("type", TEXT),
	MAY("status", TEXT), RANGE("ttl", false, 0, NUMBER_MAX),
	MAY("secure", FLAG), { .key = "answers", .kind = TEXTS, .max = ITEMS_MAX },
	END_OF_SHAPES,
};

static const struct shape step[] = {
	RANGE("depth", true, 0, DEPTH_MAX),
	MAY("domain", TEXT),
	MAY("record", TEXT),
	MAY("term", TEXT),
	MAY("match", TEXT),
	ITEMS("lookups", false, ITEMS_MAX, lookup),
	END_OF_SHAPES,
};

static const struct shape spf[] = {
	MUST("result", TEXT),
	MAY("domain", TEXT),
	MAY("record", TEXT),
	MAY("mechanism", TEXT),
	MAY("problem", TEXT),
	MAY("explanation", TEXT),
	RANGE("terms", false, 0, NUMBER_MAX),
	RANGE("voids", false, 0, NUMBER_MAX),
	ITEMS("trace", false, STEPS_MAX, step),
	END_OF_SHAPES,
};

static const struct shape sender[] = {
	MUST("result", TEXT), MAY("domain", TEXT), MAY("reason", TEXT), MAY("status", TEXT), END_OF_SHAPES,
};

static const struct shape hit[] = {
	MAY("zone", TEXT),     MAY("subject", TEXT),
	MAY("asked", TEXT),    MAY("operator", TEXT),
	MAY("group", TEXT),    RANGE("weight", false, 0, NUMBER_MAX),
	MAY("state", TEXT),    { .key = "answers", .kind = TEXTS, .max = ITEMS_MAX },
	MAY("meaning", TEXT),  MAY("text", TEXT),
	MAY("page", TEXT),     MAY("fault", TEXT),
	MAY("withheld", FLAG), END_OF_SHAPES,
};

static const struct shape lists[] = {
	MUST("result", TEXT),
	RANGE("score", false, 0, NUMBER_MAX),
	RANGE("operators", false, 0, NUMBER_MAX),
	ITEMS("hits", false, ITEMS_MAX, hit),
	ITEMS("not-listed", false, ITEMS_MAX, hit),
	END_OF_SHAPES,
};

static const struct shape banner[] = {
	MUST("result", TEXT),
	MAY("outcome", TEXT),
	MAY("looked-at", TIME),
	MAY("believed-until", TIME),
	RANGE("code", false, 0, 999),
	MAY("greeting", TEXT),
	MAY("ehlo", TEXT),
	MAY("greeting-name", TEXT),
	MAY("ehlo-name", TEXT),
	MAY("agreement", TEXT),
	END_OF_SHAPES,
};

static const struct shape tls[] = {
	MUST("result", TEXT), MAY("version", TEXT), MAY("cipher", TEXT), MAY("bits", TEXT),
	MAY("verify", TEXT),  MAY("subject", TEXT), END_OF_SHAPES,
};

static const struct shape peer_tls[] = {
	MUST("result", TEXT),
	MAY("outcome", TEXT),
	MAY("looked-at", TIME),
	MAY("believed-until", TIME),
	MAY("starttls", TEXT),
	MAY("problem", TEXT),
	MAY("version", TEXT),
	MAY("cipher", TEXT),
	RANGE("bits", false, 0, NUMBER_MAX),
	MAY("trusted", FLAG),
	MAY("named", FLAG),
	MAY("names", TEXT),
	MAY("issuer", TEXT),
	MAY("not-after", TIME),
	MAY("dane", TEXT),
	END_OF_SHAPES,
};

static const struct shape checks[] = {
	{ .key = "iprev", .kind = OBJECT, .inside = iprev },
	{ .key = "x-helo", .kind = OBJECT, .inside = helo },
	{ .key = "spf", .kind = OBJECT, .inside = spf },
	{ .key = "spf-helo", .kind = OBJECT, .inside = spf },
	{ .key = "x-sender", .kind = OBJECT, .inside = sender },
	{ .key = "x-dnsbl", .kind = OBJECT, .inside = lists },
	{ .key = "dnswl", .kind = OBJECT, .inside = lists },
	{ .key = "x-banner", .kind = OBJECT, .inside = banner },
	{ .key = "x-tls", .kind = OBJECT, .inside = tls },
	{ .key = "x-peer-tls", .kind = OBJECT, .inside = peer_tls },
	END_OF_SHAPES,
};

static const struct shape reading[] = {
	MAY("sender", TEXT),
	{ .key = "checks", .kind = OBJECT, .is_required = true, .inside = checks },
	END_OF_SHAPES,
};

static const struct shape note[] = {
	MAY("tag", TEXT), MAY("audit", TEXT), MAY("rule", TEXT), RANGE("share", false, 0, 100), END_OF_SHAPES,
};

static const struct shape verdict[] = {
	MAY("recipient", TEXT),
	MAY("rcpt-addr", TEXT),
	MUST("action", TEXT),
	MAY("enforced", FLAG),
	MAY("softened", FLAG),
	MAY("withheld", FLAG),
	MAY("overruled", TEXT),
	MAY("pending", TEXT),
	MAY("rule", TEXT),
	MAY("reply", TEXT),
	ITEMS("notes", false, RECORD_NOTES_MAX, note),
	END_OF_SHAPES,
};

static const struct shape whole[] = {
	RANGE("v", true, RECORD_VERSION, RECORD_VERSION),
	MUST("id", TEXT),
	MUST("time", TIME),
	MAY("queue-id", TEXT),
	MAY("mode", TEXT),
	{ .key = "client", .kind = OBJECT, .is_required = true, .inside = client },
	MAY("helo", TEXT),
	MAY("mail-from", TEXT),
	MAY("mail-addr", TEXT),
	MAY("sender", TEXT),
	{ .key = "checks", .kind = OBJECT, .is_required = true, .inside = checks },
	ITEMS("verdicts", true, ITEMS_MAX, verdict),
	ITEMS("other-readings", false, READINGS_MAX - 1, reading),
	{ .key = "cut", .kind = TEXTS, .max = CUTS },
	RANGE("recipients", false, 0, NUMBER_MAX),
	RANGE("waited-ms", false, 0, NUMBER_MAX),
	RANGE("unwritten", false, 0, NUMBER_MAX),
	END_OF_SHAPES,
};

static bool
is_text(const json_t *json)
{
	return json_is_string(json) && json_string_length(json) <= TEXT_MAX;
}

/* 2026-11-24T12:50:00Z */
static bool
is_time(const json_t *json)
{
	static const char form[] = "dddd-dd-ddTdd:dd:ddZ";
	const char *text = json_string_value(json);

	if (!json_is_string(json) || json_string_length(json) != sizeof form - 1)
		return false;
	for (size_t i = 0; form[i] != '\0'; i++)
		if (form[i] == 'd' ? !ascii_is_digit(text[i]) : text[i] != form[i])
			return false;
	return true;
}

static bool
is_number(const json_t *json, const struct shape *shape)
{
	return json_is_integer(json) && json_integer_value(json) >= shape->min
	       && json_integer_value(json) <= shape->max;
}

static bool has_shape(const json_t *json, const struct shape *shape);

static bool
fits_inside(const json_t *object, const struct shape *inside)
{
	if (!json_is_object(object))
		return false;
	for (; inside->key != NULL; inside++) {
		const json_t *member = json_object_get(object, inside->key);

		if (member == NULL ? inside->is_required : !has_shape(member, inside))
			return false;
	}
	return true;
}

static bool
is_list(const json_t *json, const struct shape *shape)
{
	if (!json_is_array(json) || json_array_size(json) > (size_t)shape->max)
		return false;
	for (size_t i = 0; i < json_array_size(json); i++) {
		const json_t *item = json_array_get(json, i);

		if (shape->kind == TEXTS ? !is_text(item) : !fits_inside(item, shape->inside))
			return false;
	}
	return true;
}

/* Recurs as deep as the tables do. */
static bool
has_shape(const json_t *json, const struct shape *shape)
{
	switch (shape->kind) {
	case TEXT:
		return is_text(json);
	case TIME:
		return is_time(json);
	case NUMBER:
		return is_number(json, shape);
	case FLAG:
		return json_is_boolean(json);
	case OBJECT:
		return fits_inside(json, shape->inside);
	default:
		return is_list(json, shape);
	}
}

/* Checks that are not known have a result at least, which reports count. */
static bool
have_results(json_t *all)
{
	for (void *at = json_object_iter(all); at != NULL; at = json_object_iter_next(all, at))
		if (!is_text(json_object_get(json_object_iter_value(at), "result")))
			return false;
	return true;
}

json_t *
record_parse(struct span line)
{
	json_t *record = NULL;

	if (line.length <= BOUND_LINE_READ)
		record = json_loadb(line.at, line.length, JSON_REJECT_DUPLICATES, NULL);
	if (record == NULL || (fits_inside(record, whole) && have_results(json_object_get(record, "checks"))))
		return record;
	json_decref(record);
	return NULL;
}
