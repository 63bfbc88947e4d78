/* stored: messages from files, read as an MTA reads them. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "heloscope/base/strbuf.h"
#include "heloscope/wire/stored.h"

#define TEXT(literal)                                                                                        \
	{                                                                                                    \
		(literal), sizeof(literal) - 1                                                               \
	} /* with NUL inside */

/* What is told: "{NAME|VALUE}" for a field, "/" for the end of the header, and the body. */
struct told {
	char memory[4000];
	struct strbuf text;
	enum stored_fault fault;
	bool is_mbox, has_more, lacks_separator, has_cut;
};

static void
take_field(void *context, const char *name, const char *value)
{
	strbuf_printf(&((struct told *)context)->text, "{%s|%s}", name, value);
}

static void
take_end_of_header(void *context)
{
	strbuf_add(&((struct told *)context)->text, "/");
}

static void
take_body(void *context, struct span octets)
{
	strbuf_add_span(&((struct told *)context)->text, octets);
}

/* Read it in pieces of `size` octets. */
static void
read_in_pieces(struct span message, size_t size, struct told *told)
{
	const struct stored_handler handler = { take_field, take_end_of_header, take_body, told };
	struct stored *stored = malloc(sizeof *stored);

	assert_non_null(stored);
	strbuf_init(&told->text, told->memory, sizeof told->memory);
	stored_init(stored, &handler);
	while (message.length > 0) {
		const struct span piece = { message.at, size < message.length ? size : message.length };

		stored_add(stored, piece);
		message = span_from(message, piece.length);
	}
	told->fault = stored_finish(stored);
	told->is_mbox = stored->is_mbox;
	told->has_more = stored->has_more;
	told->lacks_separator = stored->lacks_separator;
	told->has_cut = stored->has_cut;
	free(stored);
}

/* RFC 5322, 2.1 and 2.2; Postfix: smtp_get(), is_header(), mime_state_update(). */
static void
stored_tells_a_message_as_an_mta_does_wherever_it_is_cut(void **state)
{
	static const struct {
		struct span message;
		const char *expected;
		bool is_mbox, has_more, lacks_separator, has_cut;
	} table[] = {
		{ TEXT("A: b\n\nc\n"), "{A| b}/c\r\n", 0, 0, 0, 0 },
		{ TEXT("A: b\r\n\r\nc\r\n"), "{A| b}/c\r\n", 0, 0, 0, 0 },
		{ TEXT("A:b\n\nc"), "{A|b}/c\r\n", 0, 0, 0, 0 },
		{ TEXT("A :\tb\n"), "{A |\tb}/", 0, 0, 0, 0 },
		{ TEXT("A: b\nC: d\n  e\r\n\tf\n \ng: h\n\n"), "{A| b}{C| d\n  e\n\tf\n }{g| h}/", 0, 0, 0,
		  0 },
		{ TEXT("A: b"), "{A| b}/", 0, 0, 0, 0 },
		/* A CR that ends no line is a blank before anything is made of the line. */
		{ TEXT("From\r: a\r\n\r\nb\r\n"), "{From | a}/b\r\n", 0, 0, 0, 0 },
		{ TEXT("A: b\r\n\rc\r\nD: e\r\n\r\n"), "{A| b\n c}{D| e}/", 0, 0, 0, 0 },
		{ TEXT("A: b\r\n\r\r\n\rc\r\n"), "{A| b}/ c\r\n", 0, 0, 0, 0 },
		{ TEXT("A: b\n\n\n\n"), "{A| b}/\r\n\r\n", 0, 0, 0, 0 },
		/* A CR is of the end only right before LF; cleanup_replace_stray_cr_lf. */
		{ TEXT("A: b\rc\r\r\n\r\r\nd\re\r\r\nf\r"), "{A| b c}/d e\r\nf\r\n", 0, 0, 0, 0 },
		{ TEXT("A: b\rC: d\n\n"), "{A| b C: d}/", 0, 0, 0, 0 },
		/* What is no field ends the header. */
		{ TEXT("A: b\nno field\nC: d\n"), "{A| b}/no field\r\nC: d\r\n", 0, 0, 1, 0 },
		{ TEXT("A: b\n: d\n"), "{A| b}/: d\r\n", 0, 0, 1, 0 },
		{ TEXT("A: b\n\xc3\xa9: d\n"), "{A| b}/\xc3\xa9: d\r\n", 0, 0, 1, 0 },
		/* NUL: the rest of its line is lost in the header, and stays in the body. */
		{ TEXT("A: b\0c\n d\0e\nF: g\n\nh"), "{A| b\n d}{F| g}/h\r\n", 0, 0, 0, 1 },
		/* mbox. */
		{ TEXT("From a@b Thu\nA: b\n\nc\n\n"), "{A| b}/c\r\n\r\n", 1, 0, 0, 0 },
		{ TEXT("From a@b Thu\nA: b\n\n>From c\n>>From d\n>e\n>Fro\nFrom f\n\nFrom g\nB: h\n"),
		  "{A| b}/From c\r\n>From d\r\n>e\r\n>Fro\r\nFrom f\r\n\r\n", 1, 1, 0, 0 },
		{ TEXT("From a@b Thu\r\nA: b\r\n\r\n\r\nFr"), "{A| b}/\r\nFr\r\n", 1, 0, 0, 0 },
		/* No mbox. */
		{ TEXT("A: b\n\n>From c\n\nFrom d\n"), "{A| b}/>From c\r\n\r\nFrom d\r\n", 0, 0, 0, 0 },
		{ TEXT("From: a@b\n\n"), "{From| a@b}/", 0, 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		for (size_t size = 1; size <= table[i].message.length; size++) {
			struct told told = { .fault = STORED_EMPTY };

			read_in_pieces(table[i].message, size, &told);
			if (strcmp(told.memory, table[i].expected) != 0)
				fail_msg("row %zu, pieces of %zu: \"%s\"", i, size, told.memory);
			assert_int_equal(told.fault, STORED_GOOD);
			assert_int_equal(told.is_mbox, table[i].is_mbox);
			assert_int_equal(told.has_more, table[i].has_more);
			assert_int_equal(told.lacks_separator, table[i].lacks_separator);
			assert_int_equal(told.has_cut, table[i].has_cut);
		}
	}
}

static void
stored_says_what_is_no_message(void **state)
{
	static const struct {
		struct span text;
		enum stored_fault fault;
	} table[] = {
		{ TEXT(""), STORED_EMPTY },
		{ TEXT("From a@b Thu\n"), STORED_EMPTY },
		{ TEXT("From a@b"), STORED_EMPTY },
		{ TEXT("\nA: b\n"), STORED_NO_HEADER },
		{ TEXT(" A: b\n"), STORED_NO_HEADER },
		{ TEXT("hello\n"), STORED_NO_HEADER },
		{ TEXT("\0\1\2"), STORED_NO_HEADER },
		{ TEXT("From a@b Thu\nFrom a@b Thu\n"), STORED_NO_HEADER },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct told told = { .fault = STORED_GOOD };

		read_in_pieces(table[i].text, 1, &told);
		assert_int_equal(told.fault, table[i].fault);
		assert_string_equal(told.memory, "");
	}
}

/* What is counted of a message that is longer than anything. */
struct counted {
	size_t fields, field_octets, ends, body_octets;
};

static void
count_field(void *context, const char *name, const char *value)
{
	struct counted *counted = context;

	counted->fields++;
	counted->field_octets += strlen(name) + 1 + strlen(value);
}

static void
count_end(void *context)
{
	((struct counted *)context)->ends++;
}

static void
count_body(void *context, struct span octets)
{
	assert_true(octets.length > 0 && octets.length <= STORED_BODY_PIECE);
	((struct counted *)context)->body_octets += octets.length;
}

static void
count_lines(const char *head, size_t lines, size_t length, struct counted *counted, bool *has_cut)
{
	const struct stored_handler handler = { count_field, count_end, count_body, counted };
	struct stored *stored = malloc(sizeof *stored);
	char *line = malloc(length + 1);

	assert_true(stored != NULL && line != NULL);
	memset(line, 'x', length);
	line[length] = '\n';
	*counted = (struct counted){ 0 };
	stored_init(stored, &handler);
	stored_add(stored, span_of(head));
	for (size_t i = 0; i < lines; i++)
		stored_add(stored, (struct span){ line, length + 1 });
	assert_int_equal(stored_finish(stored), STORED_GOOD);
	*has_cut = stored->has_cut;
	free(line);
	free(stored);
}

static void
stored_passes_over_what_is_not_wanted(void **state)
{
	struct counted counted = { 0 };
	const struct stored_handler handler = { .field = count_field, .context = &counted };
	struct stored *stored = malloc(sizeof *stored);

	(void)state;
	assert_non_null(stored);
	stored_init(stored, &handler);
	stored_add(stored, SPAN("a: b\nc: d\n\nbody\n"));
	assert_int_equal(stored_finish(stored), STORED_GOOD);
	assert_int_equal(counted.fields, 2);
	free(stored);
}

/* A field keeps its beginning; a line that is none is the body, all of it. */
static void
stored_holds_no_more_than_one_field(void **state)
{
	struct counted counted = { 0 };
	bool has_cut;

	(void)state;
	count_lines("A: ", 1, 3 * STORED_FIELD_MAX, &counted, &has_cut);
	assert_int_equal(counted.field_octets, STORED_FIELD_MAX);
	assert_int_equal(counted.fields + counted.ends, 2);
	assert_true(has_cut);
	count_lines("A: b\n", 1, 3 * STORED_FIELD_MAX, &counted, &has_cut);
	assert_int_equal(counted.fields, 1);
	assert_int_equal(counted.body_octets, 3 * STORED_FIELD_MAX + 2);
	assert_false(has_cut);
	count_lines("A: b\n\n", 3, STORED_FIELD_MAX, &counted, &has_cut);
	assert_int_equal(counted.body_octets, 3 * (STORED_FIELD_MAX + 2));
	count_lines("A: b\n ", 1, STORED_FIELD_MAX, &counted, &has_cut);
	assert_int_equal(counted.field_octets, STORED_FIELD_MAX);
	assert_true(has_cut);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stored_tells_a_message_as_an_mta_does_wherever_it_is_cut),
		cmocka_unit_test(stored_says_what_is_no_message),
		cmocka_unit_test(stored_passes_over_what_is_not_wanted),
		cmocka_unit_test(stored_holds_no_more_than_one_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
