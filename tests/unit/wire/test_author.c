/* Whose a message is by its From fields: one domain, or a reason why there is none. */
#include "unit.h"

#include "heloscope/wire/author.h"

/* `fields`: values with "|" between them. */
static struct author
read_author(const char *fields, struct arena *arena)
{
	struct author author = AUTHOR_BEGIN;

	while (fields != NULL) {
		const char *end = strchr(fields, '|');

		author_add(&author,
			   (struct span){ fields, end != NULL ? (size_t)(end - fields) : strlen(fields) },
			   arena);
		fields = end != NULL ? end + 1 : NULL;
	}
	return author;
}

static void
author_is_one_domain_or_none(void **state)
{
	static const struct {
		const char *fields;
		enum author_form form;
		const char *domain;
	} cases[] = {
		{ NULL, AUTHOR_NONE, "" },
		{ "joe@a.test", AUTHOR_ONE, "a.test" },
		{ " Joe <joe@A.Test>", AUTHOR_ONE, "a.test" },
		{ " \"Joe, of <eve@b.test>\"\n <joe@a.test>", AUTHOR_ONE, "a.test" },
		{ " Joe (eve@b.test (a \\) nest)) <joe@a.test> (x)", AUTHOR_ONE, "a.test" },
		{ "\"joe@b.test\"@a.test", AUTHOR_ONE, "a.test" },
		{ "joe@m\xc3\xbcll.test", AUTHOR_ONE, "xn--mll-hoa.test" },
		{ "<@b.test,@c.test:joe@a.test>", AUTHOR_ONE, "a.test" },
		{ "Group: joe@a.test;", AUTHOR_ONE, "a.test" },
		{ "joe@a.test, ann@a.test", AUTHOR_ONE, "a.test" },
		{ "joe@a.test <joe@a.test>", AUTHOR_ONE, "a.test" },
		{ ", joe@a.test,", AUTHOR_ONE, "a.test" },
		{ "joe@a.test|joe@a.test", AUTHOR_SEVERAL, "" },
		{ "joe@a.test|", AUTHOR_SEVERAL, "" },
		{ "joe@a.test, eve@b.test", AUTHOR_SEVERAL, "" },
		{ "joe@a.test <eve@b.test>", AUTHOR_SEVERAL, "" },
		{ "Group: joe@a.test, eve@b.test;", AUTHOR_SEVERAL, "" },
		{ "", AUTHOR_MALFORMED, "" },
		{ "joe", AUTHOR_MALFORMED, "" },
		{ "Nobody:;", AUTHOR_MALFORMED, "" },
		{ "<>", AUTHOR_MALFORMED, "" },
		{ "joe@[192.0.2.1]", AUTHOR_MALFORMED, "" },
		{ "joe@192.0.2.1", AUTHOR_MALFORMED, "" },
		{ "joe@a..test", AUTHOR_MALFORMED, "" },
		{ "joe@a.test \"", AUTHOR_MALFORMED, "" },
		{ "joe@a.test (", AUTHOR_MALFORMED, "" },
		{ "<joe@a.test", AUTHOR_MALFORMED, "" },
		{ "<joe@a.test> <joe@a.test>", AUTHOR_MALFORMED, "" },
		{ "<joe@a.test> x", AUTHOR_MALFORMED, "" },
		{ "joe@b.test@a.test", AUTHOR_MALFORMED, "" },
		{ "joe@a.test, eve", AUTHOR_MALFORMED, "" },
		{ "joe\\@a.test", AUTHOR_MALFORMED, "" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		struct arena arena;
		struct author author;

		arena_init(&arena, 1U << 16);
		author = read_author(cases[i].fields, &arena);
		if (author.form != cases[i].form || strcmp(author_domain(&author), cases[i].domain) != 0)
			fail_msg("%s: form %d, \"%s\"", cases[i].fields, (int)author.form,
				 author_domain(&author));
		arena_clear(&arena);
	}
}

/* However many addresses there are, a few domains are kept. */
static void
author_keeps_a_few_domains(void **state)
{
	struct author author = AUTHOR_BEGIN;
	struct arena arena;
	static char text[200000];
	size_t length = 0;

	(void)state;
	for (int i = 0; i < 10000; i++)
		length += (size_t)snprintf(text + length, sizeof text - length, "a@d%d.test,", i);
	arena_init(&arena, 1U << 12);
	author_add(&author, (struct span){ text, length }, &arena);
	assert_int_equal(author.form, AUTHOR_SEVERAL);
	assert_int_equal(author.domain_count, AUTHOR_DOMAINS_MAX);
	assert_false(arena.has_failed);
	arena_clear(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(author_is_one_domain_or_none),
		cmocka_unit_test(author_keeps_a_few_domains),
	};

	return cmocka_run_group_tests_name("author", tests, NULL, NULL);
}
