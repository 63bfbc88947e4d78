/* tree: read as Jansson reads it under JSON_REJECT_DUPLICATES, which is what records were read with before.
 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../same_value.h"
#include "heloscope/base/tree.h"

/* Whether it is read; of what is, the values are those that Jansson reads. */
static bool
is_read(struct span text)
{
	json_t *json = json_loadb(text.at, text.length, JSON_REJECT_DUPLICATES, NULL);
	/* Without room behind it, so that a sanitizer sees an octet too many. */
	char *alone = malloc(text.length + (text.length == 0 ? 1 : 0));
	struct tree tree = { .text = NULL };
	bool is_well;

	assert_non_null(alone);
	memcpy(alone, text.at, text.length);
	is_well = tree_read((struct span){ alone, text.length }, &tree);
	free(alone);
	if (is_well != json_is_object(json))
		fail_msg("only one of the two reads \"%.*s\"", (int)text.length, text.at);
	if (is_well && !is_same_value(tree.nodes, json))
		fail_msg("otherwise than Jansson: \"%.*s\"", (int)text.length, text.at);
	if (is_well)
		tree_clear(&tree);
	assert_null(tree.text);
	json_decref(json);
	return is_well;
}

static void
R8259_tree_read_takes_json_and_nothing_else(void **state)
{
	const struct {
		struct span text;
		bool is_well;
	} table[] = {
		{ SPAN("{}"), true },
		{ SPAN(" \t\r\n{ } \n"), true },
		{ SPAN(""), false },
		{ SPAN("[]"), false },
		{ SPAN("7"), false },
		{ SPAN("{}{}"), false },
		{ SPAN("{}\0"), false },
		{ SPAN("{} x"), false },
		{ SPAN("\v{}"), false },
		{ SPAN("\xef\xbb\xbf{}"), false },
		{ SPAN("{"), false },
		{ SPAN("{\"a\""), false },
		{ SPAN("{\"a\":"), false },
		{ SPAN("{\"a\":1"), false },
		{ SPAN("{\"a\":1,"), false },
		{ SPAN("{\"a\":1,}"), false },
		{ SPAN("{,\"a\":1}"), false },
		{ SPAN("{\"a\":1]"), false },
		{ SPAN("{\"a\":[1}"), false },
		{ SPAN("{\"a\":[1,]}"), false },
		{ SPAN("{\"a\":[,1]}"), false },
		{ SPAN("{\"a\":[1 2]}"), false },
		{ SPAN("{\"a\" 1}"), false },
		{ SPAN("{a:1}"), false },
		{ SPAN("{'a':1}"), false },
		{ SPAN("{\"a\":1/**/}"), false },
		{ SPAN("{ \"a\" : [ 1 , { \"b\" : [ ] } , \"c\" ] , \"\" : null }"), true },
		{ SPAN("{\"a\":true,\"b\":false,\"c\":null}"), true },
		{ SPAN("{\"a\":True}"), false },
		{ SPAN("{\"a\":truex}"), false },
		{ SPAN("{\"a\":tru}"), false },
		{ SPAN("{\"a\":[0,-0,10,-7,0.5,1e3,1E+3,1.25e-3]}"), true },
		{ SPAN("{\"a\":01}"), false },
		{ SPAN("{\"a\":-01}"), false },
		{ SPAN("{\"a\":-}"), false },
		{ SPAN("{\"a\":+1}"), false },
		{ SPAN("{\"a\":.5}"), false },
		{ SPAN("{\"a\":1.}"), false },
		{ SPAN("{\"a\":1e}"), false },
		{ SPAN("{\"a\":1e+}"), false },
		{ SPAN("{\"a\":0x10}"), false },
		{ SPAN("{\"a\":NaN}"), false },
		{ SPAN("{\"a\":9223372036854775807,\"b\":-9223372036854775808}"), true },
		{ SPAN("{\"a\":9223372036854775808}"), false },
		{ SPAN("{\"a\":-9223372036854775809}"), false },
		{ SPAN("{\"a\":1e308}"), true },
		{ SPAN("{\"a\":1e309}"), false },
		{ SPAN("{\"a\":-1e999}"), false },
		{ SPAN("{\"a\":1e-999}"), true },
		{ SPAN("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\u20ac\\u0001\"}"), true },
		{ SPAN("{\"a\":\"\\ud83d\\ude00\\uD83D\\uDE00\"}"), true },
		{ SPAN("{\"a\":\"\\u0000\"}"), false },
		{ SPAN("{\"\\u0000\":1}"), false },
		{ SPAN("{\"a\":\"\\ud83d\"}"), false },
		{ SPAN("{\"a\":\"\\ud83dx\"}"), false },
		{ SPAN("{\"a\":\"\\ud83d\\u0041\"}"), false },
		{ SPAN("{\"a\":\"\\ud83d\\ud83d\"}"), false },
		{ SPAN("{\"a\":\"\\ude00\"}"), false },
		{ SPAN("{\"a\":\"\\u12g4\"}"), false },
		{ SPAN("{\"a\":\"\\u12\"}"), false },
		{ SPAN("{\"a\":\"\\x41\"}"), false },
		{ SPAN("{\"a\":\"\\U0041\"}"), false },
		{ SPAN("{\"a\":\"\\"), false },
		{ SPAN("{\"a\":\"\\u"), false },
		{ SPAN("{\"a\":\"tab\tin\"}"), false },
		{ SPAN("{\"a\":\"\\n then \x1f\"}"), false },
		{ SPAN("{\"a\":\"\0\"}"), false },
		{ SPAN("{\"a\":\"\x7f\"}"), true },
		{ SPAN("{\"a\":\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\xef\xbf\xbf\"}"), true },
		{ SPAN("{\"\xc3\xa4\":1,\"\\u00e4\":1}"), false },
		{ SPAN("{\"a\":\"\xc3\"}"), false },
		{ SPAN("{\"a\":\"\xc3"), false },
		{ SPAN("{\"a\":\"\xc0\x80\"}"), false },
		{ SPAN("{\"a\":\"\xe0\x80\xaf\"}"), false },
		{ SPAN("{\"a\":\"\xed\xa0\x80\"}"), false },
		{ SPAN("{\"a\":\"\xf4\x90\x80\x80\"}"), false },
		{ SPAN("{\"a\":\"\x80\"}"), false },
		{ SPAN("{\"a\":1,\"b\":{\"a\":1},\"c\":[{\"a\":1},{\"a\":1}]}"), true },
		{ SPAN("{\"a\":1,\"b\":2,\"a\":1}"), false },
		{ SPAN("{\"a\":1,\"b\":{\"c\":1,\"c\":1}}"), false },
		{ SPAN("{\"a\":{\"x\":[1,2]},\"\\u0061\":1}"), false },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++)
		if (is_read(table[i].text) != table[i].is_well)
			fail_msg("row %zu: %s", i, table[i].text.at);
}

/* Whatever octets are changed in a record, it is read as before or by neither; the numbers are always the
 * same. */
static void
tree_read_agrees_with_jansson_on_what_is_broken(void **state)
{
	static const char whole[] =
		"{\"v\":1,\"id\":\"x\\u00e4\\ud83d\\ude00\",\"n\":[-1,0.5e3,{\"a\":true,\"b\":null}],\"\xc3\xa4\":{\"c\":\"\\\\\\\"\"},\"e\":[]}";
	static const char octets[] = "\"\\{}[]:,01-.eEu \t\n\x01\x7f\xc3\xa4\xf0\xed"
				     "tfnd8c";
	uint64_t random = 12345;
	size_t taken = 0;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		char line[sizeof whole];
		size_t length = sizeof whole - 1;

		memcpy(line, whole, sizeof whole);
		for (int changes = 1 + i % 3; changes > 0; changes--) {
			random = random * 6364136223846793005U + 1442695040888963407U;
			line[(random >> 33) % length] = octets[(random >> 20) % sizeof octets];
		}
		if (i % 7 == 0)
			length = (random >> 40) % length;
		taken += is_read((struct span){ line, length }) ? 1 : 0;
	}
	assert_true(taken > 1000 && taken < 90000);
}

/* Fill `text` with `count` times `what`. */
static size_t
repeat(char *text, const char *what, size_t count)
{
	for (size_t i = 0; i < count; i++)
		memcpy(text + i * strlen(what), what, strlen(what));
	return count * strlen(what);
}

/* P13: nesting has an end, the one that it had; what is nested less is read. */
static void
P13_tree_read_ends_where_nesting_is_deep(void **state)
{
	static char text[2 * TREE_DEPTH_MAX + 100];

	(void)state;
	for (size_t depth = TREE_DEPTH_MAX - 2; depth <= TREE_DEPTH_MAX + 1; depth++) {
		size_t length = repeat(text, "{\"a\":", 1);

		length += repeat(text + length, "[", depth - 1);
		length += repeat(text + length, "]", depth - 1);
		length += repeat(text + length, "}", 1);
		assert_int_equal(is_read((struct span){ text, length }), depth <= TREE_DEPTH_MAX);
	}
}

/* P13: of very many members in one object each is there once, and finding that out takes no square of their
 * number: ten thousand objects of a line's length would not be read before the tests are ended. */
static void
P13_tree_read_finds_a_second_among_very_many(void **state)
{
	static char text[200000];
	size_t length = 0;
	struct tree tree = { .count = 0 };

	(void)state;
	text[length++] = '{';
	for (int i = 0; i < 9000; i++)
		length += (size_t)snprintf(text + length, sizeof text - length, "\"%x\":0,", i * 7919);
	(void)snprintf(text + length, sizeof text - length, "\"z\":0}");
	assert_true(is_read(span_of(text)));
	for (int i = 0; i < 1000; i++) {
		assert_true(tree_read(span_of(text), &tree));
		assert_int_equal(tree_count(tree.nodes), 9001);
		tree_clear(&tree);
	}
	(void)snprintf(text + length, sizeof text - length, "\"%x\":0}", 4321 * 7919);
	assert_false(is_read(span_of(text)));
}

static void
tree_walks_members_and_items(void **state)
{
	const struct node *list, *item;
	struct tree tree = { .count = 0 };

	(void)state;
	assert_true(tree_read(SPAN("{\"a\":[{\"b\":[1,2]},\"c\",3],\"d\":{}}"), &tree));
	list = tree_member(tree.nodes, "a");
	assert_int_equal(tree_count(list), 3);
	item = tree_next(list, tree_first(list));
	assert_string_equal(item->value.text, "c");
	item = tree_next(list, item);
	assert_int_equal(item->value.number, 3);
	assert_null(tree_next(list, item));
	assert_null(tree_member(tree.nodes, "b"));
	assert_null(tree_member(list, "b"));
	assert_null(tree_member(NULL, "b"));
	assert_null(tree_first(tree_member(tree.nodes, "d")));
	assert_null(tree_first(item));
	assert_null(tree_first(NULL));
	assert_int_equal(tree_count(item), 0);
	tree_clear(&tree);
}

/* Octets are looked at eight at a time: where each stands makes no difference. */
static void
tree_tells_octets_apart_wherever_they_stand(void **state)
{
	(void)state;
	for (unsigned octet = 1; octet < 256; octet++) {
		for (size_t place = 0; place < 20; place++) {
			const bool is_plain = octet >= ' ' && octet < 0x80 && octet != '"' && octet != '\\';
			char text[] = "{\"k\":\"acdeghijklmopqsvwxyz\"}";
			struct tree tree = { .count = 0 };
			bool is_read;

			text[6 + place] = (char)octet;
			is_read = tree_read(span_of(text), &tree);
			assert_int_equal(is_read, is_plain);
			if (!is_read)
				continue;
			assert_int_equal(tree_member(tree.nodes, "k")->length, 20);
			assert_memory_equal(tree_member(tree.nodes, "k")->value.text, text + 6, 20);
			tree_clear(&tree);
		}
	}
}

/* More members than there are marks, so that many share one: each is found, twice the same is refused. */
static void
tree_finds_members_that_look_alike(void **state)
{
	char text[4096] = "{", key[16];
	struct tree tree = { .count = 0 };

	(void)state;
	for (int count = 1; count <= 200; count++) {
		const size_t length = strlen(text);
		char twice[4200];

		(void)snprintf(text + length, sizeof text - length, "%s\"k%d\":%d", count > 1 ? "," : "",
			       count, count);
		(void)snprintf(twice, sizeof twice, "%s,\"k%d\":0}", text, (count + 1) / 2);
		assert_false(tree_read(span_of(twice), &tree));
		(void)snprintf(twice, sizeof twice, "%s}", text);
		assert_true(tree_read(span_of(twice), &tree));
		for (int each = 1; each <= 200; each++) {
			const struct node *member;

			(void)snprintf(key, sizeof key, "k%d", each);
			member = tree_member(tree.nodes, key);
			assert_int_equal(member != NULL ? member->value.number : 0, each <= count ? each : 0);
		}
		tree_clear(&tree);
	}
}

/* Names of one length and mark that differ in one octet, wherever it is. */
static void
tree_tells_names_apart_by_each_octet(void **state)
{
	(void)state;
	for (int length = 1; length <= 20; length++) {
		char name[] = "abcdefghijklmnopqrst", text[64];
		struct tree tree = { .text = NULL };

		name[length] = '\0';
		(void)snprintf(text, sizeof text, "{\"%s\":1}", name);
		assert_true(tree_read(span_of(text), &tree));
		assert_non_null(tree_member(tree.nodes, name));
		for (int place = 0; place < length; place++) {
			name[place] ^= 1;
			assert_null(tree_member(tree.nodes, name));
			assert_false(tree_has_key(&tree.nodes[1], name, (size_t)length));
			name[place] ^= 1;
		}
		assert_false(tree_has_key(&tree.nodes[1], name, (size_t)length - 1));
		tree_clear(&tree);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tree_tells_octets_apart_wherever_they_stand),
		cmocka_unit_test(tree_finds_members_that_look_alike),
		cmocka_unit_test(tree_tells_names_apart_by_each_octet),
		cmocka_unit_test(R8259_tree_read_takes_json_and_nothing_else),
		cmocka_unit_test(tree_read_agrees_with_jansson_on_what_is_broken),
		cmocka_unit_test(P13_tree_read_ends_where_nesting_is_deep),
		cmocka_unit_test(P13_tree_read_finds_a_second_among_very_many),
		cmocka_unit_test(tree_walks_members_and_items),
	};

	return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
