/* The edges: escape, output, document, log. */
#include "unit.h"

#include <stdarg.h>
#include <stdlib.h>

#include "heloscope/base/document.h"
#include "heloscope/base/escape.h"
#include "heloscope/daemon/edge.h"
#include "heloscope/base/output.h"
#include "heloscope/base/strbuf.h"

/* What strangers try on a terminal and on readers of lines, and its form for UTF-8 and for ASCII. */
static const struct {
	const char *text, *utf8, *ascii;
} hostile[] = {
	{ "plain <b>&'\" \\x", "plain <b>&'\" \\x", "plain <b>&'\" \\x" },
	{ "\x1b[2J\x1b]0;t\x07", "\\x1b[2J\\x1b]0;t\\x07", "\\x1b[2J\\x1b]0;t\\x07" },
	{ "a\r\nb\tc\x7f", "a\\x0d\\x0ab\\x09c\\x7f", "a\\x0d\\x0ab\\x09c\\x7f" },
	{ "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f", "gr\\xc3\\xbc\\xc3\\x9f" },
	{ "\xe6\x97\xa5\xf0\x9f\x99\x82", "\xe6\x97\xa5\xf0\x9f\x99\x82",
	  "\\xe6\\x97\\xa5\\xf0\\x9f\\x99\\x82" },
	{ "\xc2\x9b"
	  "2J\x9b",
	  "\\xc2\\x9b2J\\x9b", "\\xc2\\x9b2J\\x9b" }, /* C1: CSI */
	{ "\xe2\x80\xae\xe2\x81\xa6", "\\xe2\\x80\\xae\\xe2\\x81\\xa6", "\\xe2\\x80\\xae\\xe2\\x81\\xa6" },
	{ "\xe2\x80\x8b\xef\xbb\xbf", "\\xe2\\x80\\x8b\\xef\\xbb\\xbf", "\\xe2\\x80\\x8b\\xef\\xbb\\xbf" },
	{ "\xe2\x80\xa8\xe2\x80\xa9", "\\xe2\\x80\\xa8\\xe2\\x80\\xa9", "\\xe2\\x80\\xa8\\xe2\\x80\\xa9" },
	{ "\xc0\xaf", "\\xc0\\xaf", "\\xc0\\xaf" },                             /* overlong */
	{ "\xed\xa0\x80", "\\xed\\xa0\\x80", "\\xed\\xa0\\x80" },               /* a surrogate */
	{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", "\\xf4\\x90\\x80\\x80" }, /* too large */
	{ "\xe2\x82", "\\xe2\\x82", "\\xe2\\x82" },                             /* cut */
	{ "\xf3\xa0\x80\x81", "\\xf3\\xa0\\x80\\x81", "\\xf3\\xa0\\x80\\x81" }, /* a tag */
};

static void
P11_output_escapes_every_string(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(hostile); i++) {
		for (int is_utf8 = 0; is_utf8 < 2; is_utf8++) {
			char text[200] = "", expected[200];
			const char *escaped = is_utf8 ? hostile[i].utf8 : hostile[i].ascii;
			struct output out = { .file = fmemopen(text, sizeof text, "w"),
					      .is_utf8 = is_utf8 != 0 };

			assert_non_null(out.file);
			output_put(&out, "%s|\n%.500s|%c", hostile[i].text, hostile[i].text, '\x1b');
			(void)fclose(out.file);
			(void)snprintf(expected, sizeof expected, "%s|\n%s|\\x1b", escaped, escaped);
			assert_string_equal(text, expected);
		}
	}
}

/* The format is HTML; what a string holds is text in it, and nothing else, in elements and in attributes. */
static void
P11_output_escapes_every_string_in_markup(void **state)
{
	char text[200] = "";
	struct output out = { .file = fmemopen(text, sizeof text, "w"), .is_utf8 = true, .is_markup = true };

	(void)state;
	output_put(&out, "<a b=\"%s\">%d</a>%c", "</script>\"'&amp;\x1b\xe2\x80\xae gr\xc3\xbc\xc3\x9f", 7,
		   '<');
	output_lines(&out, SPAN("\n<b>\n"));
	output_span(&out, SPAN("&"));
	(void)fclose(out.file);
	assert_string_equal(
		text,
		"<a b=\"&#60;/script&#62;&#34;&#39;&#38;amp;\\x1b\\xe2\\x80\\xae gr\xc3\xbc\xc3\x9f\">7</a>&#60;"
		"\n&#60;b&#62;\n&#38;");
}

static void
output_puts_numbers_and_columns_as_printf_does(void **state)
{
	char text[300] = "", expected[300];
	struct output out = { .file = fmemopen(text, sizeof text, "w") };

	(void)state;
	output_put(&out, "%3zu|%-13s|%9lld|%04o|%*s|%u%%|%d|%lu|%-5u|%.2s|%x|%8s", (size_t)7, "ab", -5LL,
		   0640U, 4, "x", 10U, -3, 9UL, 4U, "xyz", 255U, "\x01");
	(void)fclose(out.file);
	(void)snprintf(expected, sizeof expected, "%3zu|%-13s|%9lld|%04o|%*s|%u%%|%d|%lu|%-5u|%.2s|%x|%8s",
		       (size_t)7, "ab", -5LL, 0640U, 4, "x", 10U, -3, 9UL, 4U, "xyz", 255U, "\\x01");
	assert_string_equal(text, expected);
}

/* P11: an octet that is not UTF-8 does not lose the object, as value or as key; what is UTF-8 stays. */
static void
P11_document_keeps_text_that_is_not_utf8(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(hostile); i++) {
		json_t *object = json_object(), *back;
		char *line;

		document_begin();
		document_set_text(object, hostile[i].text, hostile[i].text);
		document_set_text(object, "n", "after");
		assert_false(document_has_failed());
		line = document_line(object);
		assert_non_null(line);
		for (const char *at = line; *at != '\0'; at++)
			assert_true(*at >= ' ' && *at <= '~');
		back = json_loads(line, 0, NULL);
		assert_true(json_equal(back, object));
		assert_int_equal(json_object_size(back), 2);
		assert_non_null(document_member(back, hostile[i].text));
		json_decref(back);
		json_decref(object);
		free(line);
	}
}

static void
P11_nothing_in_a_document_ends_a_script_element(void **state)
{
	char text[200] = "";
	struct output out = { .file = fmemopen(text, sizeof text, "w") };
	json_t *object = json_object();

	(void)state;
	document_set_text(object, "</script><!--", "</script>\xe2\x80\xa8\xff");
	document_put_script(&out, object);
	(void)fclose(out.file);
	assert_string_equal(text, "{\"\\u003c/script>\\u003c!--\":\"\\u003c/script>\\u2028\\\\xff\"}\n");
	json_decref(object);
}

/* A stretch at a time is written as each character by itself, for every octet and its neighbours. */
static void
P11_stretches_are_escaped_as_their_characters(void **state)
{
	(void)state;
	for (unsigned keep = ESCAPE_ALL; keep <= (ESCAPE_KEEP_BACKSLASH | ESCAPE_KEEP_UTF8); keep++) {
		for (unsigned octet = 0; octet < 256; octet++) {
			const char text[] = { 'a', (char)octet, 'b', '\xc3', (char)octet, '\\', (char)octet };
			char whole[100], single[100];
			struct strbuf stretches = STRBUF_OVER(whole), characters = STRBUF_OVER(single);

			strbuf_add_shown(&stretches, (struct span){ text, sizeof text }, keep);
			for (struct span rest = { text, sizeof text }; rest.length > 0;) {
				char shown[ESCAPE_SIZE];

				rest = span_from(rest, escape_next(rest, keep, shown));
				strbuf_add(&characters, shown);
			}
			assert_string_equal(whole, single);
		}
	}
}

/* S2: every backslash, at the end, too, is read back as what was escaped. */
static void
S2_escape_undo_is_the_way_back(void **state)
{
	static const char *const texts[] = { "\\",    "a\\",     "\\x",    "\\x4",
					     "\\x41", "\\\\x41", "\xff\\", "\x1b\\xg0" };

	(void)state;
	for (size_t i = 0; i < ROWS(texts); i++) {
		char escaped[100], back[100] = "";
		struct strbuf buffer;
		size_t length = 0;

		strbuf_init(&buffer, escaped, sizeof escaped);
		strbuf_add_escaped(&buffer, span_of(texts[i]), 50);
		for (struct span rest = span_of(escaped); rest.length > 0;)
			rest = span_from(rest, escape_undo(rest, &back[length++]));
		assert_string_equal(back, texts[i]);
	}
	for (size_t i = 0; i < ROWS(texts); i++) { /* not written by us: nothing is read behind the end */
		char *copy = malloc(strlen(texts[i])), octet;
		struct span rest = { memcpy(copy, texts[i], strlen(texts[i])), strlen(texts[i]) };

		while (rest.length > 0) {
			const size_t taken = escape_undo(rest, &octet);

			assert_true(taken <= rest.length);
			rest = span_from(rest, taken);
		}
		free(copy);
	}
}

/* What libmilter was given last: the linker puts these in the place of its functions. */
static char given[1000];

int __wrap_smfi_setmlreply(SMFICTX *context, const char *code, const char *xcode, ...);
int __wrap_smfi_insheader(SMFICTX *context, int index, char *name, char *value);
int __wrap_smfi_quarantine(SMFICTX *context, char *reason);

int
__wrap_smfi_setmlreply(SMFICTX *context, const char *code, const char *xcode, ...)
{
	va_list lines;
	const char *line;

	(void)context;
	(void)snprintf(given, sizeof given, "%s %s", code, xcode);
	va_start(lines, xcode);
	while ((line = va_arg(lines, const char *)) != NULL)
		(void)snprintf(given + strlen(given), sizeof given - strlen(given), "|%s", line);
	va_end(lines);
	return MI_SUCCESS;
}

int
__wrap_smfi_insheader(SMFICTX *context, int index, char *name, char *value)
{
	(void)context;
	(void)index;
	(void)snprintf(given, sizeof given, "%s:%s", name, value);
	return MI_SUCCESS;
}

int
__wrap_smfi_quarantine(SMFICTX *context, char *reason)
{
	(void)context;
	(void)snprintf(given, sizeof given, "%s", reason);
	return MI_SUCCESS;
}

/* Whatever a caller puts together. RFC 5321, 4.2; RFC 5322, 2.2.3. */
static void
P11_milter_edge_lets_out_printable_text_alone(void **state)
{
	static const struct {
		const char *value, *expected;
	} fields[] = {
		{ "a;\n    b=c;\n\td", "X: a;\n    b=c;\n\td" },
		{ "a\nEvil: b", "X: a?Evil: b" },
		{ "a\r\n b", "X: a?\n b" },
		{ "a\n \n b\n ", "X: a? \n b? " },
		{ "a\n\n b\n", "X: a?\n b?" },
		{ "\x1b[m\x7f\xff\xc3\xbc%n", "X: ?[m????%n" },
	};
	const struct smtp_reply reply = {
		.code = 550, .xcode = "5.7.1", .lines = { "50%n\r\n250 ok", "\x1b\xc3\xbc" }, .count = 2
	};

	(void)state;
	for (size_t i = 0; i < ROWS(fields); i++) {
		assert_true(milter_edge_add_field(NULL, "X", fields[i].value, true));
		assert_string_equal(given, fields[i].expected);
	}
	assert_true(milter_edge_add_field(NULL, "X\n", "a", false));
	assert_string_equal(given, "X?:a");
	assert_true(milter_edge_reply(NULL, &reply));
	assert_string_equal(given, "550 5.7.1|50%%n??250 ok|???");
	assert_true(milter_edge_quarantine(NULL, "a\n\x1b\xff%"));
	assert_string_equal(given, "a???%");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(P11_output_escapes_every_string),
		cmocka_unit_test(P11_output_escapes_every_string_in_markup),
		cmocka_unit_test(P11_stretches_are_escaped_as_their_characters),
		cmocka_unit_test(output_puts_numbers_and_columns_as_printf_does),
		cmocka_unit_test(P11_document_keeps_text_that_is_not_utf8),
		cmocka_unit_test(P11_nothing_in_a_document_ends_a_script_element),
		cmocka_unit_test(P11_milter_edge_lets_out_printable_text_alone),
		cmocka_unit_test(S2_escape_undo_is_the_way_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
