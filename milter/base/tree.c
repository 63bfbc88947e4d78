/*
 * One pass over a copy of the text, without recursion: texts are undone in place, where they end a NUL goes,
 * and nodes are laid down in the order in which values begin. An object or list that is open keeps the place
 * of the one around it where its size will stand, so that the way back needs no memory of its own.
 */
#include "heloscope/base/tree.h"

#include <endian.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/base/escape.h"

#define NONE UINT32_MAX  /* around the whole there is nothing */
#define SURE_DIGITS 18   /* of a number that 64 bits hold */
#define FEW 16           /* members that are compared each with each */
#define OCTETS_A_NODE 12 /* of what we write ourselves, about */
#define WORD 8           /* octets that are looked at together */
#define HIGHEST 0x10000  /* code points below it have one \u */
#define LEAD_SURROGATE 0xd800
#define TRAIL_SURROGATE 0xdc00
#define END_OF_SURROGATES 0xe000

struct scan {
	struct tree *tree;
	char *at;      /* what comes next; NULs stand behind the last octet */
	uint32_t open; /* the object or list in which we are, or NONE */
	size_t depth;
};

static void
skip_blanks(struct scan *scan)
{
	while (ascii_is_blank(*scan->at))
		scan->at++;
}

/* Whether the next octet is this one, which is taken then. */
static bool
takes(struct scan *scan, char octet)
{
	if (*scan->at != octet)
		return false;
	scan->at++;
	return true;
}

/* Texts. */

/* Four hexadecimal digits; negative when they are not there. */
static int32_t
take_digits(struct scan *scan)
{
	int32_t unit = 0;

	for (int i = 0; i < 4; i++) {
		const int digit = ascii_hex_value(*scan->at);

		if (digit < 0)
			return -1;
		unit = unit << 4 | digit;
		scan->at++;
	}
	return unit;
}

/* The code point behind "\u", of one unit or of a pair of surrogates. 0, which is none here: a fault. */
static uint32_t
take_point(struct scan *scan)
{
	const int32_t unit = take_digits(scan);
	int32_t trail;

	if (unit < 0 || (unit >= TRAIL_SURROGATE && unit < END_OF_SURROGATES))
		return 0;
	if (unit < LEAD_SURROGATE || unit >= END_OF_SURROGATES)
		return (uint32_t)unit;
	if (!takes(scan, '\\') || !takes(scan, 'u'))
		return 0;
	trail = take_digits(scan);
	if (trail < TRAIL_SURROGATE || trail >= END_OF_SURROGATES)
		return 0;
	return HIGHEST + ((uint32_t)(unit - LEAD_SURROGATE) << 10 | (uint32_t)(trail - TRAIL_SURROGATE));
}

/* Write a code point in UTF-8, which is never longer than "\u" and its digits; the end. */
static char *
put_point(uint32_t point, char *out)
{
	const int more = point < 0x80 ? 0 : point < 0x800 ? 1 : point < HIGHEST ? 2 : 3;
	static const unsigned char first[] = { 0, 0xc0, 0xe0, 0xf0 };

	*out++ = (char)(first[more] | point >> (6 * more));
	for (int i = more - 1; i >= 0; i--)
		*out++ = (char)(0x80 | (point >> (6 * i) & 0x3f));
	return out;
}

/* What stands behind a backslash. NULL: no escape. */
static char *
undo_escape(struct scan *scan, char *out)
{
	static const char letters[] = "\"\\/bfnrt", octets[] = "\"\\/\b\f\n\r\t";
	uint32_t point;

	if (takes(scan, 'u')) {
		point = take_point(scan);
		return point != 0 ? put_point(point, out) : NULL;
	}
	for (size_t i = 0; letters[i] != '\0'; i++) {
		if (takes(scan, letters[i])) {
			*out++ = octets[i];
			return out;
		}
	}
	return NULL;
}

/* A character beyond ASCII. NULL: no UTF-8, or an octet that may not stand in a text. */
static char *
copy_character(struct scan *scan, char *out)
{
	/* The NUL behind the last octet ends what is cut off. */
	const struct span rest = { scan->at, strnlen(scan->at, 4) };
	const size_t length = (unsigned char)*scan->at < 0x80 ? 0 : escape_utf8_length(rest);

	if (length == 0)
		return NULL;
	memmove(out, scan->at, length);
	scan->at += length;
	return out + length;
}

/* Whether an octet stands in a text as it is: ASCII but for quote, backslash and what is below the blank. */
static bool
is_plain(char octet)
{
	return (signed char)octet >= ' ' && octet != '"' && octet != '\\';
}

/* The rest of a text in which something is not as it stands; its end. NULL: a fault. */
static char *
take_rest(struct scan *scan)
{
	char *out = scan->at;

	while (out != NULL && *scan->at != '"') {
		if (is_plain(*scan->at))
			*out++ = *scan->at++;
		else
			out = takes(scan, '\\') ? undo_escape(scan, out) : copy_character(scan, out);
	}
	return out;
}

#define EACH(octet) (0x0101010101010101U * (octet))

/*
 * How many octets from here on are plain, at most WORD: all are looked at together. In what is subtracted
 * from each, the highest bit stands where it borrows, and perhaps in octets behind the first that does.
 */
static unsigned
count_plain(const char *at)
{
	uint64_t octets, quotes, backslashes, stops;

	memcpy(&octets, at, WORD);
	octets = le64toh(octets);
	quotes = octets ^ EACH('"');
	backslashes = octets ^ EACH('\\');
	stops = (octets | (octets - EACH(' ')) | ((quotes - EACH(1)) & ~quotes)
		 | ((backslashes - EACH(1)) & ~backslashes))
		& EACH(0x80U);
	return stops == 0 ? WORD : (unsigned)__builtin_ctzll(stops) / 8;
}

/* A text, behind its quote, `is_plain` when all stands in it as it is. NULL: a fault. */
static const char *
take_text(struct scan *scan, uint32_t *length, bool *is_plain)
{
	const char *text = scan->at;
	unsigned plain;
	char *end;

	do {
		plain = count_plain(scan->at);
		scan->at += plain;
	} while (plain == WORD);
	*is_plain = *scan->at == '"';
	end = *is_plain ? scan->at : take_rest(scan);
	if (end == NULL)
		return NULL;
	scan->at++;
	*end = '\0';
	*length = (uint32_t)(end - text);
	return text;
}

/* Numbers. */

/* As many digits as there are, at least one. */
static bool
skip_digits(struct scan *scan)
{
	const char *begin = scan->at;

	while (ascii_is_digit(*scan->at))
		scan->at++;
	return scan->at > begin;
}

/* Behind the digits of a number: what makes it a real one, if anything. */
static bool
skip_fraction(struct scan *scan, bool *is_real)
{
	if (takes(scan, '.')) {
		*is_real = true;
		if (!skip_digits(scan))
			return false;
	}
	if (!takes(scan, 'e') && !takes(scan, 'E'))
		return true;
	*is_real = true;
	(void)(takes(scan, '+') || takes(scan, '-'));
	return skip_digits(scan);
}

/* The whole number between `begin` and where we are. */
static bool
set_integer(const struct scan *scan, const char *begin, struct node *node)
{
	int64_t number = 0;

	node->kind = NODE_INTEGER;
	errno = 0;
	if (*begin == '-' || scan->at - begin > SURE_DIGITS) {
		node->value.number = strtoll(begin, NULL, 10);
		return errno == 0;
	}
	for (; begin < scan->at; begin++)
		number = 10 * number + (*begin - '0');
	node->value.number = number;
	return true;
}

/* No digit stands behind a zero that is the first. */
static bool
take_number(struct scan *scan, struct node *node)
{
	const char *begin = scan->at;
	bool is_real = false;

	(void)takes(scan, '-');
	if (!takes(scan, '0') && !skip_digits(scan))
		return false;
	if (!skip_fraction(scan, &is_real))
		return false;
	if (!is_real)
		return set_integer(scan, begin, node);
	node->kind = NODE_REAL;
	return !isinf(strtod(begin, NULL));
}

/* Values. */

static struct node *
node_at(const struct scan *scan, uint32_t place)
{
	return &scan->tree->nodes[place];
}

/* Another node; NULL when memory ran out. */
static struct node *
add_node(struct scan *scan)
{
	struct tree *tree = scan->tree;

	if (tree->count == tree->room) {
		struct node *nodes = reallocarray(tree->nodes, 2 * tree->room, sizeof *nodes);

		if (nodes == NULL)
			return NULL;
		tree->nodes = nodes;
		tree->room *= 2;
	}
	tree->nodes[tree->count] = (struct node){ .size = 1 };
	return &tree->nodes[tree->count++];
}

static bool
takes_word(struct scan *scan, const char *word)
{
	const size_t length = strlen(word);

	if (strncmp(scan->at, word, length) != 0)
		return false;
	scan->at += length;
	return true;
}

static bool
take_word(struct scan *scan, struct node *node)
{
	static const struct {
		const char *word;
		enum node_kind kind;
	} words[] = { { "false", NODE_FALSE }, { "true", NODE_TRUE }, { "null", NODE_NULL } };

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		node->kind = words[i].kind;
		if (takes_word(scan, words[i].word))
			return true;
	}
	return false;
}

static bool
open_node(struct scan *scan, struct node *node, enum node_kind kind)
{
	node->kind = kind;
	node->size = scan->open;
	scan->open = (uint32_t)(node - scan->tree->nodes);
	return ++scan->depth <= TREE_DEPTH_MAX;
}

/* A value, of an object or list only its beginning. */
static bool
take_value(struct scan *scan, struct node *node)
{
	bool is_plain;

	if (takes(scan, '"')) {
		node->kind = NODE_TEXT;
		node->value.text = take_text(scan, &node->length, &is_plain);
		node->is_plain = is_plain;
		return node->value.text != NULL;
	}
	if (takes(scan, '{'))
		return open_node(scan, node, NODE_OBJECT);
	if (takes(scan, '['))
		return open_node(scan, node, NODE_LIST);
	if (*scan->at == '-' || ascii_is_digit(*scan->at))
		return take_number(scan, node);
	return take_word(scan, node);
}

/* Members of an object. */

static int
compare_keys(const void *a, const void *b)
{
	const struct node *const *first = a, *const *second = b;

	if ((*first)->key_length != (*second)->key_length)
		return (*first)->key_length < (*second)->key_length ? -1 : 1;
	return memcmp((*first)->key, (*second)->key, (*first)->key_length);
}

/* Whether no two are the same, for many: however they were chosen, that takes no square of their number. */
static bool
are_many_unique(const struct node *object)
{
	const struct node **members = calloc(object->length, sizeof *members), *member = NULL;
	bool are_unique = members != NULL;

	for (size_t i = 0; i < object->length && are_unique; i++)
		members[i] = member = i == 0 ? object + 1 : member + member->size;
	if (are_unique)
		qsort(members, object->length, sizeof *members, compare_keys);
	for (size_t i = 1; i < object->length && are_unique; i++)
		are_unique = compare_keys(&members[i - 1], &members[i]) != 0;
	free(members);
	return are_unique;
}

/* The same of one more, when there are few: it is compared with those before it when one has its mark. */
static bool
is_unique(struct node *object, const struct node *member)
{
	const uint64_t mark = tree_mark(member->key, member->key_length);
	const bool may_be_there = (object->value.marks & mark) != 0;

	object->value.marks |= mark;
	if (!may_be_there || object->length > FEW)
		return true;
	for (const struct node *before = object + 1; before < member; before += before->size)
		if (tree_has_key(before, member->key, member->key_length))
			return false;
	return true;
}

/* The key of a member, and what stands between it and its value. */
static bool
take_key(struct scan *scan, struct node *object, struct node *member)
{
	bool is_plain;

	if (!takes(scan, '"') || (member->key = take_text(scan, &member->key_length, &is_plain)) == NULL
	    || !is_unique(object, member))
		return false;
	skip_blanks(scan);
	if (!takes(scan, ':'))
		return false;
	skip_blanks(scan);
	return true;
}

/* A value in the object or list that is open, with its key in an object. */
static bool
take_item(struct scan *scan)
{
	struct node *node = add_node(scan), *open = node_at(scan, scan->open);

	if (node == NULL)
		return false;
	open->length++;
	return (open->kind == NODE_LIST || take_key(scan, open, node)) && take_value(scan, node);
}

/* The end of the object or list that is open. */
static bool
close_node(struct scan *scan)
{
	struct node *node = node_at(scan, scan->open);

	if (!takes(scan, node->kind == NODE_OBJECT ? '}' : ']'))
		return false;
	scan->open = node->size;
	scan->depth--;
	node->size = (uint32_t)(scan->tree->count - (size_t)(node - scan->tree->nodes));
	return node->kind == NODE_LIST || node->length <= FEW || are_many_unique(node);
}

/* What comes next in the object or list that is open: its end, or a value. */
static bool
take_next(struct scan *scan)
{
	skip_blanks(scan);
	if (*scan->at == '}' || *scan->at == ']')
		return close_node(scan);
	if (node_at(scan, scan->open)->length > 0 && !takes(scan, ','))
		return false;
	skip_blanks(scan);
	return take_item(scan);
}

static bool
take_all(struct scan *scan)
{
	bool is_well;

	skip_blanks(scan);
	is_well = takes(scan, '{') && open_node(scan, add_node(scan), NODE_OBJECT);
	while (is_well && scan->open != NONE)
		is_well = take_next(scan);
	skip_blanks(scan);
	return is_well;
}

/* Room for a text of `length` octets, and for as many nodes as it usually has. */
static bool
make_room(struct tree *tree, size_t length)
{
	const size_t octets = length + WORD, nodes = length / OCTETS_A_NODE + FEW;

	tree->count = 0;
	if (tree->text_room >= octets && tree->room >= nodes)
		return true;
	tree_clear(tree);
	tree->text = malloc(octets);
	tree->nodes = reallocarray(NULL, nodes, sizeof *tree->nodes);
	tree->text_room = octets;
	tree->room = nodes;
	return tree->text != NULL && tree->nodes != NULL;
}

bool
tree_read(struct span json, struct tree *tree)
{
	struct scan scan = { .tree = tree, .open = NONE };

	if (json.length < NONE && make_room(tree, json.length)) {
		memcpy(tree->text, json.at, json.length);
		memset(tree->text + json.length, 0, WORD);
		scan.at = tree->text;
		if (take_all(&scan) && scan.at == tree->text + json.length)
			return true;
	}
	tree_clear(tree);
	return false;
}

void
tree_clear(struct tree *tree)
{
	free(tree->text);
	free(tree->nodes);
	*tree = (struct tree){ .count = 0 };
}

/* Looking. */

size_t
tree_count(const struct node *parent)
{
	return parent != NULL && parent->kind <= NODE_LIST ? parent->length : 0;
}

const struct node *
tree_first(const struct node *parent)
{
	return tree_count(parent) > 0 ? parent + 1 : NULL;
}

const struct node *
tree_next(const struct node *parent, const struct node *node)
{
	const struct node *next = node + node->size;

	return next < parent + parent->size ? next : NULL;
}

const struct node *
tree_find(const struct node *object, const char *key, size_t length)
{
	const struct node *end = object + object->size;

	for (const struct node *member = object + 1; member < end; member += member->size)
		if (tree_has_key(member, key, length))
			return member;
	return NULL;
}
