#include "heloscope/records/shape.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "heloscope/base/bounds.h"
#include "heloscope/records/cut.h"
#include "heloscope/records/record.h"
#include "heloscope/records/value.h"

#define TEXT_MAX 8016 /* 2000 octets, each as \xHH, and dots */
#define NUMBER_MAX 4294967295LL
#define DEPTH_MAX 32 /* of includes and redirects: ten terms that cost lookups, and some room */
#define STEPS_MAX SPF_STEPS_MAX
#define ITEMS_MAX 8192

/* Of what lists said. Each is compared with those before it, by operator and group; in a line of
 * BOUND_LINE_READ octets no more have room when they tell a zone, a subject and what was asked. */
#define LISTINGS_MAX 2048

enum kind { TEXT, TIME, NUMBER, FLAG, OBJECT, LIST, TEXTS };

/* What a member must be when it is there. */
struct shape {
	const char *key;
	size_t length; /* of the key */
	enum kind kind;
	bool is_required;
	int64_t min, max;           /* of a number; of the items of a list */
	const struct shape *inside; /* of an object, or of each item of a list; ended by one without key */
};

#define MAY(name, what)                                                                                      \
	{                                                                                                    \
		.key = (name), .length = sizeof(name) - 1, .kind = (what)                                    \
	}
#define MUST(name, what)                                                                                     \
	{                                                                                                    \
		.key = (name), .length = sizeof(name) - 1, .kind = (what), .is_required = true               \
	}
#define RANGE(name, must, least, most)                                                                       \
	{                                                                                                    \
		.key = (name), .length = sizeof(name) - 1, .kind = NUMBER, .is_required = (must),            \
		.min = (least), .max = (most)                                                                \
	}
#define ITEMS(name, must, most, item)                                                                        \
	{                                                                                                    \
		.key = (name), .length = sizeof(name) - 1, .kind = LIST, .is_required = (must),              \
		.max = (most), .inside = (item)                                                              \
	}
#define PART(name, must, members)                                                                            \
	{                                                                                                    \
		.key = (name), .length = sizeof(name) - 1, .kind = OBJECT, .is_required = (must),            \
		.inside = (members)                                                                          \
	}
#define WORDS(name, most)                                                                                    \
	{                                                                                                    \
		.key = (name), .length = sizeof(name) - 1, .kind = TEXTS, .max = (most)                      \
	}
#define END_OF_SHAPES                                                                                        \
	{                                                                                                    \
		.key = NULL                                                                                  \
	}

static const struct shape gateway[] = {
	MUST("ip", TEXT),   MAY("believed", TEXT), RANGE("hops", false, 0, NUMBER_MAX),
	MAY("fault", TEXT), MAY("inner", TEXT),    END_OF_SHAPES,
};

static const struct shape client[] = {
	MAY("ip", TEXT),
	MAY("name", TEXT),
	MAY("user", TEXT),
	RANGE("port", false, 0, 65535),
	MAY("trusted", FLAG),
	MAY("authenticated", FLAG),
	PART("gateway", false, gateway),
	END_OF_SHAPES,
};

static const struct shape iprev_name[] = {
	MAY("name", TEXT), MAY("verified", FLAG), MAY("status", TEXT), MAY("addresses", TEXT), END_OF_SHAPES,
};

static const struct shape iprev[] = {
	MUST("result", TEXT),
	MAY("withheld", TEXT),
	MAY("status", TEXT),
	RANGE("total", false, 0, NUMBER_MAX),
	ITEMS("names", false, IPREV_NAMES_MAX, iprev_name),
	END_OF_SHAPES,
};

static const struct shape helo[] = {
	MUST("result", TEXT),     MAY("withheld", TEXT), MAY("name", TEXT),
	MAY("literal", TEXT),     MAY("reason", TEXT),   MAY("resolves-to-client", FLAG),
	MAY("reverse-dns", TEXT), MAY("status", TEXT),   END_OF_SHAPES,
};

static const struct shape lookup[] = {
	MAY("name", TEXT),   MAY("type", TEXT),
	MAY("status", TEXT), RANGE("ttl", false, 0, NUMBER_MAX),
	MAY("secure", FLAG), WORDS("answers", ITEMS_MAX),
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

static const struct shape problem[] = {
	MUST("kind", TEXT),
	MAY("name", TEXT),
	MAY("status", TEXT),
	MAY("fault", TEXT),
	MAY("holder", TEXT),
	MAY("term", TEXT),
	RANGE("at", false, 0, NUMBER_MAX),
	RANGE("count", false, 0, NUMBER_MAX),
	RANGE("code", false, 0, UINT8_MAX),
	END_OF_SHAPES,
};

static const struct shape spf[] = {
	MUST("result", TEXT),
	MAY("withheld", TEXT),
	MAY("domain", TEXT),
	MAY("record", TEXT),
	MAY("mechanism", TEXT),
	PART("problem", false, problem),
	MAY("explanation", TEXT),
	RANGE("terms", false, 0, NUMBER_MAX),
	RANGE("voids", false, 0, NUMBER_MAX),
	ITEMS("trace", false, STEPS_MAX, step),
	END_OF_SHAPES,
};

static const struct shape dkim_key[] = {
	MAY("status", TEXT),  RANGE("records", false, 0, NUMBER_MAX),
	MAY("record", TEXT),  MAY("secure", FLAG),
	MAY("type", TEXT),    RANGE("bits", false, 0, NUMBER_MAX),
	MAY("testing", FLAG), END_OF_SHAPES,
};

static const struct shape signature[] = {
	MUST("result", TEXT),
	MAY("domain", TEXT),
	MAY("selector", TEXT),
	MAY("algorithm", TEXT),
	MAY("b", TEXT),
	MAY("reason", TEXT),
	MAY("meant", TEXT),
	MAY("aligned", FLAG),
	MAY("same-domain", FLAG),
	MAY("canonicalization", TEXT),
	MAY("identity", TEXT),
	MAY("fields", TEXT),
	RANGE("field-count", false, 0, NUMBER_MAX),
	MAY("signed", TIME),
	MAY("expires", TIME),
	RANGE("length", false, 0, NUMBER_MAX),
	MAY("body-hash", TEXT),
	MAY("body-hash-computed", TEXT),
	RANGE("body-octets", false, 0, NUMBER_MAX),
	RANGE("unsigned-octets", false, 0, NUMBER_MAX),
	MAY("header-verifies", FLAG),
	MAY("body-verifies", FLAG),
	MAY("missing", TEXT),
	MAY("uncovered", TEXT),
	MAY("filled", TEXT),
	PART("key", false, dkim_key),
	END_OF_SHAPES,
};

static const struct shape dkim[] = {
	MUST("result", TEXT),
	MAY("withheld", TEXT),
	MAY("author", TEXT),
	MAY("from", TEXT),
	ITEMS("signatures", false, BOUND_SIGNATURES, signature),
	RANGE("left-out", false, 0, NUMBER_MAX),
	MAY("list-id", FLAG),
	END_OF_SHAPES,
};

static const struct shape identifier[] = {
	MAY("method", TEXT), MAY("domain", TEXT), MAY("passed", FLAG), MAY("alignment", TEXT), END_OF_SHAPES,
};

static const struct shape looked_up[] = {
	MAY("domain", TEXT), MAY("status", TEXT), RANGE("records", false, 0, NUMBER_MAX),
	MAY("record", TEXT), MAY("second", TEXT), END_OF_SHAPES,
};

static const struct shape dmarc[] = {
	MUST("result", TEXT),
	MAY("withheld", TEXT),
	MAY("author", TEXT),
	MAY("from", TEXT),
	MAY("domain", TEXT),
	MAY("record", TEXT),
	MAY("organizational-domain", TEXT),
	MAY("exists", FLAG),
	MAY("published", TEXT),
	MAY("policy", TEXT),
	MAY("fault", TEXT),
	MAY("status", TEXT),
	ITEMS("identifiers", false, DMARC_IDENTIFIERS_MAX, identifier),
	ITEMS("lookups", false, DMARC_QUERIES_MAX, looked_up),
	END_OF_SHAPES,
};

static const struct shape sealer[] = {
	MAY("domain", TEXT),     MAY("selector", TEXT), MAY("dmarc-pass", FLAG),
	MAY("signs-from", FLAG), MAY("trusted", FLAG),  END_OF_SHAPES,
};

static const struct shape arc[] = {
	MUST("result", TEXT),
	MAY("withheld", TEXT),
	MAY("reason", TEXT),
	RANGE("instance", false, 0, DKIM_INSTANCES_MAX),
	MAY("why", TEXT),
	MAY("domain", TEXT),
	MAY("selector", TEXT),
	RANGE("body-octets", false, 0, NUMBER_MAX),
	RANGE("unsigned-octets", false, 0, NUMBER_MAX),
	PART("key", false, dkim_key),
	RANGE("instances", false, 0, DKIM_INSTANCES_MAX),
	RANGE("oldest-pass", false, 0, DKIM_INSTANCES_MAX),
	ITEMS("sealers", false, DKIM_INSTANCES_MAX, sealer),
	END_OF_SHAPES,
};

static const struct shape sender[] = {
	MUST("result", TEXT), MAY("withheld", TEXT), MAY("domain", TEXT),  MAY("reason", TEXT),
	MAY("status", TEXT),  MAY("host", TEXT),     MAY("address", TEXT), END_OF_SHAPES,
};

static const struct shape hit[] = {
	MAY("zone", TEXT),    MAY("subject", TEXT),
	MAY("asked", TEXT),   MAY("operator", TEXT),
	MAY("group", TEXT),   RANGE("weight", false, 0, NUMBER_MAX),
	MAY("state", TEXT),   WORDS("answers", ITEMS_MAX),
	MAY("meaning", TEXT), MAY("text", TEXT),
	MAY("page", TEXT),    MAY("fault", TEXT),
	MAY("status", TEXT),  END_OF_SHAPES,
};

static const struct shape lists[] = {
	MUST("result", TEXT),
	RANGE("score", false, 0, NUMBER_MAX),
	RANGE("operators", false, 0, NUMBER_MAX),
	ITEMS("hits", false, LISTINGS_MAX, hit),
	ITEMS("not-listed", false, LISTINGS_MAX, hit),
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
	MUST("result", TEXT),   MAY("outcome", TEXT),
	MAY("looked-at", TIME), MAY("believed-until", TIME),
	MAY("starttls", TEXT),  MAY("problem", TEXT),
	MAY("quoted", TEXT),    MAY("version", TEXT),
	MAY("cipher", TEXT),    RANGE("bits", false, 0, NUMBER_MAX),
	MAY("trusted", FLAG),   MAY("named", FLAG),
	MAY("names", TEXT),     MAY("issuer", TEXT),
	MAY("not-after", TIME), MAY("dane", TEXT),
	END_OF_SHAPES,
};

static const struct shape checks[] = {
	PART("iprev", false, iprev),
	PART("x-helo", false, helo),
	PART("spf", false, spf),
	PART("spf-helo", false, spf),
	PART("dkim", false, dkim),
	PART("dmarc", false, dmarc),
	PART("arc", false, arc),
	PART("x-sender", false, sender),
	PART("x-dnsbl", false, lists),
	PART("dnswl", false, lists),
	PART("x-banner", false, banner),
	PART("x-tls", false, tls),
	PART("x-peer-tls", false, peer_tls),
	END_OF_SHAPES,
};

static const struct shape reading[] = {
	MAY("sender", TEXT),
	MAY("unread", FLAG),
	PART("checks", true, checks),
	END_OF_SHAPES,
};

static const struct shape note[] = {
	MAY("tag", TEXT), MAY("audit", TEXT), MUST("rule", TEXT), RANGE("share", false, 0, 100),
	END_OF_SHAPES,
};

static const struct shape reason[] = {
	MUST("test", TEXT), MAY("check", TEXT), MAY("quantity", TEXT), MAY("subject", TEXT),
	MAY("zone", TEXT),  MAY("holds", FLAG), MAY("enough", FLAG),   MAY("by-listing", FLAG),
	MAY("name", TEXT),  END_OF_SHAPES,
};

static const struct shape verdict[] = {
	MAY("recipient", TEXT),
	MAY("rcpt-addr", TEXT),
	MUST("action", TEXT),
	MAY("enforced", FLAG),
	MAY("softened", FLAG),
	MAY("withheld", TEXT),
	MAY("overruled", TEXT),
	MAY("apart", FLAG),
	MAY("pending", TEXT),
	MAY("notes-pending", TEXT),
	MAY("rule", TEXT),
	RANGE("reading", false, 1, READINGS_MAX - 1),
	ITEMS("reasons", false, REASONS_MAX, reason),
	MAY("joined", TEXT),
	MAY("text", TEXT),
	MAY("reply", TEXT),
	ITEMS("notes", false, RECORD_NOTES_MAX, note),
	END_OF_SHAPES,
};

static const struct shape whole[] = {
	RANGE("v", true, RECORD_VERSION, RECORD_VERSION),
	MUST("id", TEXT),
	MUST("time", TIME),
	MAY("host", TEXT),
	MAY("queue-id", TEXT),
	MAY("mode", TEXT),
	PART("client", true, client),
	MAY("helo", TEXT),
	MAY("mail-from", TEXT),
	MAY("mail-addr", TEXT),
	MAY("sender", TEXT),
	PART("checks", true, checks),
	MAY("looks-forwarded", FLAG),
	ITEMS("verdicts", true, ITEMS_MAX, verdict),
	ITEMS("other-readings", false, READINGS_MAX - 1, reading),
	WORDS("cut", CUTS),
	RANGE("recipients", false, 0, NUMBER_MAX),
	RANGE("waited-ms", false, 0, NUMBER_MAX),
	MAY("unfinished", FLAG),
	RANGE("unwritten", false, 0, NUMBER_MAX),
	END_OF_SHAPES,
};

static bool
is_text(const struct node *node)
{
	return node->kind == NODE_TEXT && node->length <= TEXT_MAX;
}

/* 2026-11-24T12:50:00Z */
static bool
is_time(const struct node *node)
{
	static const char form[] = "dddd-dd-ddTdd:dd:ddZ";

	if (node->kind != NODE_TEXT || node->length != sizeof form - 1)
		return false;
	for (size_t i = 0; form[i] != '\0'; i++)
		if (form[i] == 'd' ? !ascii_is_digit(node->value.text[i]) : node->value.text[i] != form[i])
			return false;
	return true;
}

static bool
is_number(const struct node *node, const struct shape *shape)
{
	return node->kind == NODE_INTEGER && node->value.number >= shape->min
	       && node->value.number <= shape->max;
}

static bool
is_flag(const struct node *node)
{
	return node->kind == NODE_TRUE || node->kind == NODE_FALSE;
}

static bool has_shape(const struct node *node, const struct shape *shape);

/* The shape of that name from `shape` on, or the end of the table. */
static const struct shape *
find_shape(const struct shape *shape, const struct node *member)
{
	while (shape->key != NULL && !tree_has_key(member, shape->key, shape->length))
		shape++;
	return shape;
}

/* The same in all of `inside`. Members mostly stand in the order of the table: `next` is the likely one. */
static const struct shape *
shape_of(const struct node *member, const struct shape *inside, const struct shape *next)
{
	const struct shape *shape = find_shape(next, member);

	return shape->key != NULL ? shape : find_shape(inside, member);
}

static size_t
count_required(const struct shape *inside)
{
	size_t count = 0;

	for (; inside->key != NULL; inside++)
		count += inside->is_required ? 1 : 0;
	return count;
}

static bool
fits_inside(const struct node *object, const struct shape *inside)
{
	const struct shape *next = inside;
	const struct node *member;
	size_t required = 0;

	if (object->kind != NODE_OBJECT)
		return false;
	for (member = tree_first(object); member != NULL; member = tree_next(object, member)) {
		const struct shape *shape = shape_of(member, inside, next);

		if (shape->key == NULL)
			continue;
		if (!has_shape(member, shape))
			return false;
		required += shape->is_required ? 1 : 0;
		next = shape + 1;
	}
	return required == count_required(inside);
}

static bool
is_list(const struct node *list, const struct shape *shape)
{
	const struct node *item;

	if (list->kind != NODE_LIST || tree_count(list) > (size_t)shape->max)
		return false;
	for (item = tree_first(list); item != NULL; item = tree_next(list, item))
		if (shape->kind == TEXTS ? !is_text(item) : !fits_inside(item, shape->inside))
			return false;
	return true;
}

/* Recurs as deep as the tables do. */
static bool
has_shape(const struct node *node, const struct shape *shape)
{
	switch (shape->kind) {
	case TEXT:
		return is_text(node);
	case TIME:
		return is_time(node);
	case NUMBER:
		return is_number(node, shape);
	case FLAG:
		return is_flag(node);
	case OBJECT:
		return fits_inside(node, shape->inside);
	default:
		return is_list(node, shape);
	}
}

/* Checks that are not known have a result at least, which reports count. */
static bool
have_results(const struct node *all)
{
	const struct node *check;

	for (check = tree_first(all); check != NULL; check = tree_next(all, check)) {
		const struct node *result = tree_member(check, "result");

		if (result == NULL || !is_text(result))
			return false;
	}
	return true;
}

bool
record_parse(struct span line, struct tree *tree)
{
	if (line.length > BOUND_LINE_READ || !tree_read(line, tree))
		return false;
	if (fits_inside(tree->nodes, whole) && have_results(tree_member(tree->nodes, "checks")))
		return true;
	tree_clear(tree);
	return false;
}
