/* The base modules: error, span, strbuf, arena, ident, log, regular_file. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "heloscope/base/arena.h"
#include "heloscope/base/bounds.h"
#include "heloscope/base/error.h"
#include "heloscope/base/escape.h"
#include "heloscope/base/seldom.h"
#include "heloscope/base/hash.h"
#include "heloscope/base/heap.h"
#include "heloscope/base/table.h"
#include "heloscope/base/ident.h"
#include "heloscope/base/log.h"
#include "heloscope/base/new_file.h"
#include "heloscope/base/regular_file.h"
#include "heloscope/base/symlink.h"
#include "heloscope/base/span.h"
#include "heloscope/base/strbuf.h"

static void
error_set_cuts_and_takes_null(void **state)
{
	struct error error;
	char text[1000];

	(void)state;
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	error_set(NULL, "%s", text);
	error_set(&error, "%s", text);
	assert_int_equal(strlen(error.text), sizeof error.text - 1);
}

static void
span_to_number_takes_digits_within_bounds_only(void **state)
{
	static const char *const bad[] = { "", "-1", "+1", " 1", "1x", "101", "18446744073709551617", "0x1" };
	unsigned number = 7;

	(void)state;
	for (size_t i = 0; i < ROWS(bad); i++)
		assert_false(span_to_number(span_of(bad[i]), 0, 100, &number));
	assert_int_equal(number, 7);
	assert_true(span_to_number(SPAN("100"), 0, 100, &number));
	assert_int_equal(number, 100);
}

static void
span_compares_with_and_without_case(void **state)
{
	(void)state;
	assert_true(span_equals(SPAN("a\0b"), SPAN("a\0b")));
	assert_false(span_equals(SPAN("a"), SPAN("A")));
	assert_true(span_equals_nocase(SPAN("AbC"), SPAN("aBc")));
	assert_false(span_equals_nocase(SPAN("ab"), SPAN("abc")));
	assert_false(span_equals_nocase(SPAN("\xc4"), SPAN("\xe4"))); /* no locale */
	assert_true(span_ends_with_nocase(SPAN("mx.EXAMPLE"), SPAN(".example")));
	assert_false(span_ends_with_nocase(SPAN("x"), SPAN("xx")));
	assert_true(span_contains_nocase(SPAN("mx.EXAMPLE."), SPAN(".example")));
	assert_true(span_contains_nocase(SPAN("x"), SPAN("X")));
	assert_true(span_contains_nocase(SPAN(""), SPAN("")));
	assert_false(span_contains_nocase(SPAN("mx.exampl"), SPAN(".example")));
	assert_false(span_contains_nocase(SPAN(""), SPAN("x")));
	assert_int_equal(span_from(SPAN("abc"), 5).length, 0);
	assert_int_equal(span_of(NULL).length, 0);
}

static void
span_until_and_span_word_take_what_they_return(void **state)
{
	struct span text = SPAN("a=b="), list = SPAN(", one,two ;"), nothing = { "", 0 };

	(void)state;
	assert_true(span_equals(span_until(&text, '='), SPAN("a")));
	assert_true(span_equals(text, SPAN("b=")));
	assert_true(span_equals(span_until(&text, ';'), SPAN("b=")));
	assert_int_equal(text.length, 0);
	assert_int_equal(span_until(&nothing, ';').length, 0);
	assert_true(span_equals(span_word(&list, " ,"), SPAN("one")));
	assert_true(span_equals(list, SPAN(",two ;")));
	assert_true(span_equals(span_word(&list, " ,;"), SPAN("two")));
	assert_true(span_equals(list, SPAN(" ;")));
	assert_int_equal(span_word(&list, " ,;").length, 0);
	assert_int_equal(list.length, 0);
	assert_int_equal(span_digits(SPAN("12a3")), 2);
	assert_int_equal(span_digits(nothing), 0);
}

static void
strbuf_cuts_and_stays_terminated(void **state)
{
	char memory[8];
	struct strbuf buffer;

	(void)state;
	strbuf_init(&buffer, memory, sizeof memory);
	strbuf_add(&buffer, "abcd");
	assert_false(buffer.is_cut);
	strbuf_printf(&buffer, "%s", "efghij");
	assert_true(buffer.is_cut);
	assert_string_equal(memory, "abcdefg");
	strbuf_add_char(&buffer, 'x');
	strbuf_printf(&buffer, "%d", 5);
	assert_string_equal(memory, "abcdefg");
	strbuf_init(&buffer, memory, 1);
	strbuf_add(&buffer, "a");
	assert_string_equal(memory, "");
}

/* E09: bytes below 0x20, 0x7f and above leave as \xHH. */
static void
strbuf_quotes_words_for_a_shell(void **state)
{
	static const struct {
		const char *word, *expected;
	} cases[] = {
		{ "/var/spool/postfix/a-b_c.d", "/var/spool/postfix/a-b_c.d" },
		{ "/a b", "'/a b'" },
		{ "/a;reboot", "'/a;reboot'" },
		{ "/$(reboot)`x`\\", "'/$(reboot)`x`\\'" },
		{ "/it's", "'/it'\\''s'" },
		{ "/\303\251", "'/\303\251'" },
		{ "", "''" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		char memory[64];
		struct strbuf buffer = STRBUF_OVER(memory);

		strbuf_add_shell_word(&buffer, cases[i].word);
		assert_string_equal(memory, cases[i].expected);
	}
}

static void
E09_strbuf_escapes_what_is_not_printable(void **state)
{
	char memory[64];
	struct strbuf buffer;

	(void)state;
	strbuf_init(&buffer, memory, sizeof memory);
	strbuf_add_escaped(&buffer, SPAN("a\x1b[31m\r\n\\\x7f\xff"), 100);
	assert_string_equal(memory, "a\\x1b[31m\\x0d\\x0a\\\\\\x7f\\xff");
	strbuf_init(&buffer, memory, sizeof memory);
	strbuf_add_escaped(&buffer, SPAN("abcdef"), 3);
	assert_string_equal(memory, "abc...");
}

static void
arena_keeps_to_its_limit_and_remembers(void **state)
{
	struct arena arena;
	const char *text;

	(void)state;
	arena_init(&arena, 4096);
	text = arena_string(&arena, "hello");
	assert_string_equal(text, "hello");
	assert_non_null(arena_alloc(&arena, 3000));
	assert_false(arena.has_failed);
	assert_null(arena_alloc(&arena, 2000));
	assert_true(arena.has_failed);
	assert_null(arena_alloc(&arena, SIZE_MAX));
	assert_string_equal(arena_copy(&arena, (struct span){ "x", 1 }), "x"); /* small ones still fit */
	arena_clear(&arena);
	assert_false(arena.has_failed);
	assert_non_null(arena_alloc(&arena, 4000));
	arena_clear(&arena);
}

/* Of records to publish a part is worse than none. */
static void
arena_prints_all_or_nothing(void **state)
{
	struct arena arena;
	const char *text;

	(void)state;
	arena_init(&arena, 8192);
	text = arena_printf(&arena, "%s%3000d%s", "a", 1, "z");
	assert_int_equal(strlen(text), 3002);
	assert_true(text[0] == 'a' && text[3000] == '1' && text[3001] == 'z');
	assert_string_equal(arena_printf(&arena, "%8000d", 1), "");
	assert_true(arena.has_failed);
	arena_clear(&arena);
}

static void
arena_empty_starts_anew_in_what_was_usual(void **state)
{
	static const size_t sizes[] = { 100, 3000, 60000, 20 };
	struct arena arena;
	uint32_t total = 0;

	(void)state;
	arena_init_for(&arena, 1008, 100000);
	arena.total = &total;
	for (size_t i = 0; i < 100; i++) {
		const size_t size = sizes[i % ROWS(sizes)];
		char *memory = arena_alloc(&arena, size);

		assert_non_null(memory);
		for (size_t at = 0; at < size; at++)
			assert_int_equal(memory[at], 0);
		memset(memory, 'x', size);
		assert_true(total >= size && total < size + 8);
		assert_null(arena_alloc(&arena, 100001));
		arena_empty(&arena);
		assert_int_equal(total, 0);
		assert_false(arena.has_failed);
	}
	arena_clear(&arena);
}

/* In its owner's memory first, and never beyond; what finds no room there is allocated, and freed. */
static void
arena_over_memory_of_its_owner(void **state)
{
	ARENA_ALIGNED char memory[258];
	struct arena arena;
	char *inside, *outside;

	(void)state;
	memset(memory, 'x', sizeof memory);
	arena_init_over(&arena, memory, 256, 4096);
	inside = arena_alloc(&arena, 100);
	outside = arena_alloc(&arena, 200);
	assert_true(inside > memory && inside + 100 <= memory + 256);
	assert_true(outside != NULL && (outside + 200 <= memory || outside >= memory + sizeof memory));
	assert_true(inside[0] == 0 && inside[99] == 0);
	assert_null(arena_alloc(&arena, 4000)); /* the limit counts both */
	assert_int_equal(memory[256], 'x');
	arena_empty(&arena);
	inside = arena_alloc(&arena, 100); /* from now on as any other */
	assert_true(inside != NULL && (inside + 100 <= memory || inside >= memory + sizeof memory));
	arena_clear(&arena);
}

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define COUNTS_MEMORY false /* theirs is another malloc(3) */
#else
#define COUNTS_MEMORY true
#endif

/* Octets that the system gave for `count` arenas, of which each gives out such pieces, over and over, up to
 * `most`. */
static size_t
taken_for(struct arena *arenas, size_t count, const size_t *sizes, size_t size_count, size_t most)
{
	const size_t before = mallinfo2().uordblks;

	for (size_t i = 0; i < count; i++) {
		arena_init(&arenas[i], 1U << 20);
		for (size_t at = 0; arenas[i].used < most; at++)
			assert_non_null(arena_alloc(&arenas[i], sizes[at % size_count]));
	}
	return mallinfo2().uordblks - before;
}

/* There are thousands of them at a time: of what they take, little lies idle. */
static void
arenas_take_little_more_than_they_give_out(void **state)
{
	static const struct {
		size_t sizes[2], most;
	} table[] = {
		{ { 100, 100 }, 1200 }, { { 104, 96 }, 5000 }, { { 40, 1504 }, 12000 }, { { 400, 24 }, 50000 }
	};
	static struct arena arenas[500];

	(void)state;
	for (size_t row = 0; row < ROWS(table) && COUNTS_MEMORY; row++) {
		const size_t taken = taken_for(arenas, ROWS(arenas), table[row].sizes, 2, table[row].most);
		size_t used = 0;

		for (size_t i = 0; i < ROWS(arenas); i++) {
			used += arenas[i].used;
			arena_clear(&arenas[i]);
		}
		assert_in_range(taken, used, used + used / 4);
	}
}

static unsigned trims;

/* In place of the C library's. */
int
malloc_trim(size_t pad)
{
	(void)pad;
	trims++;
	return 0;
}

static void
heap_is_trimmed_when_it_has_grown(void **state)
{
	struct heap heap = { 0 };

	(void)state;
	heap_trim_if_grown(&heap); /* growth counts from here */
	assert_int_equal(trims, 0);
	for (unsigned round = 1; round <= 3; round++) {
		char *memory = mmap(NULL, 2 * HEAP_GROWN_OCTETS, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		assert_true(memory != MAP_FAILED);
		memset(memory, 'x', 2 * HEAP_GROWN_OCTETS);
		heap_trim_if_grown(&heap);
		assert_int_equal(trims, round);
		heap_trim_if_grown(&heap); /* it has not grown since */
		assert_int_equal(trims, round);
		assert_int_equal(munmap(memory, 2 * HEAP_GROWN_OCTETS), 0);
		heap_trim_if_grown(&heap); /* it is smaller: growth counts from here */
		assert_int_equal(trims, round);
	}
	heap_trim(&heap);
	assert_int_equal(trims, 4);
}

static void
arena_grow_keeps_what_was_there(void **state)
{
	struct arena arena;
	unsigned *items = NULL;

	(void)state;
	arena_init(&arena, 1U << 20);
	for (unsigned i = 0; i < 1000; i++) {
		items = arena_grow(&arena, items, i, sizeof *items);
		assert_non_null(items);
		items[i] = i;
	}
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(items[i], i);
	arena_clear(&arena);
}

static void
ident_makes_sortable_and_different_ids(void **state)
{
	char a[IDENT_SIZE], b[IDENT_SIZE];

	(void)state;
	ident_make(a);
	ident_make(b);
	assert_int_equal(strlen(a), IDENT_SIZE - 1);
	assert_int_equal(a[8], 'T');
	assert_int_equal(a[15], 'Z');
	assert_int_equal(a[16], '-');
	assert_string_not_equal(a, b);
	assert_true(strncmp(a, b, 16) <= 0);
}

static void
log_writes_one_escaped_line_of_enough_importance(void **state)
{
	char text[256] = "", path[] = "/tmp/heloscope-log.XXXXXX";
	const int file = mkstemp(path), before = dup(STDERR_FILENO);
	ssize_t length;

	(void)state;
	assert_true(file >= 0 && before >= 0);
	(void)unsetenv("JOURNAL_STREAM");
	(void)dup2(file, STDERR_FILENO);
	log_open(LOG_TARGET_STDERR, LOG_LEVEL_WARNING);
	log_info("too little");
	log_warning("a %s", "b\nc");
	(void)dup2(before, STDERR_FILENO);
	(void)close(before);
	(void)lseek(file, 0, SEEK_SET);
	length = read(file, text, sizeof text - 1);
	(void)close(file);
	(void)unlink(path);
	assert_true(length > 0);
	assert_string_equal(text, "heloscope-milter: a b\\x0ac\n");
}

/* 15 octets under a key of zeros: what Python 3.11 gives as hash() of them with PYTHONHASHSEED=0. */
static void
D1_hash_is_another_under_another_key(void **state)
{
	static const char octets[] = "\0\1\2\3\4\5\6\7\10\11\12\13\14\15\16";
	const struct hash_key zeros = { 0, 0 }, other = { 1, 2 };
	const struct span text = { octets, 15 }, shorter = { octets, 14 };

	(void)state;
	assert_true(hash_under(&zeros, text) == 0xf30eb725bb91c9eaU);
	assert_true(hash_under(&other, text) != 0xf30eb725bb91c9eaU);
	assert_true(hash_under(&zeros, shorter) != hash_under(&zeros, text));
	assert_true(hash_of(text) == hash_of(text));
	assert_true(hash_of(text) != 0xf30eb725bb91c9eaU);
}

/* Members of one hash are told apart by who asks; nothing is lost while the table grows and shrinks. */
static void
table_keeps_everything_while_it_grows(void **state)
{
	enum { MEMBERS = 1000, HASHES = 300 };
	struct table_link links[MEMBERS];
	struct table table;

	(void)state;
	assert_true(table_init(&table));
	for (size_t i = 0; i < MEMBERS; i++)
		table_add(&table, &links[i], i % HASHES);
	assert_int_equal(table.count, MEMBERS);
	for (size_t i = 0; i < MEMBERS; i += 2)
		table_remove(&table, &links[i]);
	assert_int_equal(table.count, MEMBERS / 2);
	for (size_t hash = 0; hash < HASHES; hash++) {
		size_t found = 0;

		for (struct table_link *link = table_first(&table, hash); link != NULL;
		     link = table_next(link), found++) {
			assert_int_equal((link - links) % HASHES, hash);
			assert_int_equal((link - links) % 2, 1);
		}
		assert_int_equal(found, hash % 2 == 0 ? 0 : hash < MEMBERS % HASHES ? 4 : 3);
	}
	assert_null(table_first(&table, HASHES));
	table_clear(&table);
}

/* A file of these octets, for fclose(3). */
static FILE *
file_of(const char *octets, size_t length)
{
	FILE *file = tmpfile();

	assert_non_null(file);
	assert_int_equal(fwrite(octets, 1, length, file), length);
	rewind(file);
	return file;
}

static void
file_lines_reads_lines_whatever_they_hold(void **state)
{
	static const char octets[] = "one\n\ntw\0o\r\nthree";
	FILE *file = file_of(octets, sizeof octets - 1);
	struct file_lines lines;

	(void)state;
	file_lines_init(&lines, file);
	assert_int_equal(file_lines_next(&lines), LINE_READ);
	assert_true(span_equals(lines.line, SPAN("one")));
	assert_string_equal(lines.line.at, "one");
	assert_int_equal(lines.at, 4);
	assert_int_equal(file_lines_next(&lines), LINE_READ);
	assert_int_equal(lines.line.length, 0);
	assert_int_equal(file_lines_next(&lines), LINE_READ);
	assert_true(span_equals(lines.line, SPAN("tw\0o\r")));
	assert_true(lines.has_end);
	assert_int_equal(file_lines_next(&lines), LINE_READ);
	assert_true(span_equals(lines.line, SPAN("three")));
	assert_false(lines.has_end);
	assert_int_equal(lines.at, sizeof octets - 1);
	assert_int_equal(file_lines_next(&lines), LINES_END);
	file_lines_seek(&lines, 2);
	assert_int_equal(file_lines_next(&lines), LINE_READ);
	assert_true(span_equals(lines.line, SPAN("e")));
	file_lines_seek_end(&lines);
	assert_int_equal(lines.at, sizeof octets - 1);
	file_lines_clear(&lines);
	(void)fclose(file);
}

/* What is longer than BOUND_LINE_READ is passed over, and the next one is read as ever. */
static void
file_lines_holds_no_more_than_its_bound(void **state)
{
	static char octets[BOUND_LINE_READ * 5 + 8];
	char *at = octets;
	struct file_lines lines;
	FILE *file;

	(void)state;
	memset(octets, 'x', sizeof octets);
	at[BOUND_LINE_READ] = '\n'; /* as long as may be, */
	at += BOUND_LINE_READ + 1;
	at[BOUND_LINE_READ * 3] = '\n'; /* three times as long, */
	at += BOUND_LINE_READ * 3 + 1;
	memcpy(at, "y\n", 2);
	at += 2;
	file = file_of(octets, (size_t)(at - octets) + BOUND_LINE_READ + 1); /* and one more than may be */
	file_lines_init(&lines, file);
	assert_int_equal(file_lines_next(&lines), LINE_READ);
	assert_int_equal(lines.line.length, BOUND_LINE_READ);
	assert_int_equal(file_lines_next(&lines), LINE_TOO_LONG);
	assert_int_equal(lines.line.length, BOUND_LINE_READ);
	assert_int_equal(lines.at, BOUND_LINE_READ * 4 + 2);
	assert_int_equal(file_lines_next(&lines), LINE_READ);
	assert_true(span_equals(lines.line, SPAN("y")));
	assert_int_equal(file_lines_next(&lines), LINE_TOO_LONG);
	assert_int_equal(file_lines_next(&lines), LINES_END);
	file_lines_clear(&lines);
	(void)fclose(file);
}

/* The same of lines of any length, wherever in what is read ahead they begin and end; read again from any of
 * them. */
static void
file_lines_reads_lines_of_any_length(void **state)
{
	static size_t lengths[400];
	FILE *file = tmpfile();
	struct file_lines lines;
	uint32_t random = 7;
	off_t at = 0;

	(void)state;
	assert_non_null(file);
	for (size_t i = 0; i < ROWS(lengths); i++) {
		static const unsigned most[] = { 3, 3000, BOUND_LINE_READ + 3, 5 * BOUND_LINE_READ };

		random = random * 1664525 + 1013904223;
		lengths[i] = i % 16 == 0 ? BOUND_LINE_READ - 1 + i / 16 % 3 : (random >> 8) % most[i / 3 % 4];
		for (size_t j = 0; j < lengths[i]; j++)
			(void)fputc('a' + (int)((i + j) % 26), file);
		(void)fputc('\n', file);
	}
	rewind(file);
	file_lines_init(&lines, file);
	for (size_t i = 0; i < ROWS(lengths); i++) {
		const bool is_long = lengths[i] > BOUND_LINE_READ;

		if (i % 5 == 0)
			file_lines_seek(&lines, at);
		assert_int_equal(file_lines_next(&lines), is_long ? LINE_TOO_LONG : LINE_READ);
		assert_int_equal(lines.line.length, is_long ? BOUND_LINE_READ : lengths[i]);
		for (size_t j = 0; j < lines.line.length; j += 997)
			assert_int_equal(lines.line.at[j], 'a' + (i + j) % 26);
		assert_int_equal(lines.line.at[lines.line.length], '\0');
		at += (off_t)lengths[i] + 1;
		assert_int_equal(lines.at, at);
		assert_true(lines.has_end);
	}
	assert_int_equal(file_lines_next(&lines), LINES_END);
	file_lines_clear(&lines);
	(void)fclose(file);
}

/* The first octet of /proc/self/mem cannot be read: EIO. */
static void
file_lines_tells_why_reading_fails(void **state)
{
	struct file_lines lines;
	struct error reason;
	FILE *file = regular_file_open("/proc/self/mem", LINKS_REFUSED, NULL, &reason);

	(void)state;
	assert_non_null(file);
	file_lines_init(&lines, file);
	assert_int_equal(file_lines_next(&lines), LINES_FAULT);
	assert_string_equal(file_lines_reason(&lines), "Input/output error");
	assert_int_equal(file_lines_next(&lines), LINES_FAULT);
	file_lines_clear(&lines);
	(void)fclose(file);
}

/* P4: who reads where another user may write follows no link; who reads an administrator's file does. */
static void
P4_regular_file_follows_links_only_where_told(void **state)
{
	char folder[] = "test-base-XXXXXX";
	char path[40];
	struct error reason;
	FILE *file;

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof path, "%s/link", folder);
	assert_null(regular_file_open(path, LINKS_REFUSED, NULL, &reason));
	assert_int_equal(errno, ENOENT);
	assert_int_equal(symlink("/proc/self/status", path), 0);
	file = regular_file_open(path, LINKS_FOLLOWED, NULL, &reason);
	assert_non_null(file);
	(void)fclose(file);
	assert_null(regular_file_open(path, LINKS_REFUSED, NULL, &reason));
	assert_int_equal(errno, ELOOP);
	assert_non_null(strstr(reason.text, "it is a symbolic link"));
	(void)unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_null(regular_file_open(path, LINKS_REFUSED, NULL, &reason));
	assert_int_equal(errno, EINVAL);
	assert_string_equal(reason.text, "it is a FIFO; expected a file");
	(void)unlink(path);
	(void)rmdir(folder);
}

/* P4: what stands for a link can be anything, and of any length. */
static void
P4_symlink_tells_what_is_one(void **state)
{
	char folder[] = "test-base-XXXXXX", path[40], target[400], told[1000];
	struct strbuf text = STRBUF_OVER(told);

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof path, "%s/link", folder);
	assert_false(symlink_tell(path, &text));
	assert_false(symlink_tell(folder, &text));
	assert_string_equal(told, "");
	assert_int_equal(symlink("/etc/\033[2J", path), 0);
	assert_true(symlink_tell(path, &text));
	assert_string_equal(told, "a symbolic link to /etc/\\x1b[2J");
	(void)unlink(path);
	memset(target, 'x', sizeof target - 1);
	target[sizeof target - 1] = '\0';
	assert_int_equal(symlink(target, path), 0);
	strbuf_init(&text, told, sizeof told);
	assert_true(symlink_tell(path, &text));
	assert_int_equal(text.length, strlen("a symbolic link to ") + 200 + strlen("..."));
	(void)unlink(path);
	(void)rmdir(folder);
}

static bool
write_text(FILE *file, const void *text)
{
	return fputs(text, file) >= 0;
}

/* As a disk that is full in the middle of the second part. */
static bool
write_half(FILE *file, const void *text)
{
	(void)fputs(text, file);
	errno = ENOSPC;
	return false;
}

static void
assert_holds(const char *path, const char *expected)
{
	char memory[100] = "";
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	memory[fread(memory, 1, sizeof memory - 1, file)] = '\0';
	(void)fclose(file);
	assert_string_equal(memory, expected);
}

/* A file is replaced whole or not at all, and never through a link. */
static void
new_file_replaces_whole_files_and_follows_no_links(void **state)
{
	char folder[] = "/tmp/heloscope-new.XXXXXX", path[60], half[60], link[60], left[60];

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof path, "%s/a", folder);
	(void)snprintf(half, sizeof half, "%s/a.new", folder);
	(void)snprintf(link, sizeof link, "%s/l", folder);
	(void)snprintf(left, sizeof left, "%s/l.new", folder);
	assert_int_equal(new_file_write(path, 0600, write_text, "first"), 0);
	assert_int_equal(new_file_write(path, 0600, write_text, "second"), 0);
	assert_holds(path, "second");
	assert_int_equal(new_file_write(path, 0600, write_half, "third"), ENOSPC);
	assert_holds(path, "second");
	assert_int_equal(access(half, F_OK), -1);
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(new_file_write(link, 0600, write_text, "fourth"), ELOOP);
	assert_int_equal(symlink(path, half), 0); /* where the new file is to be made */
	assert_int_equal(new_file_write(path, 0600, write_text, "fifth"), 0);
	assert_holds(path, "fifth");
	assert_int_equal(new_file_write("/dev/full", 0600, write_text, "sixth"), ENOSPC);
	assert_int_equal(new_file_write(folder, 0600, write_text, "seventh"), EISDIR);
	assert_int_equal(access(left, F_OK), -1);
	assert_int_equal(unlink(path) | unlink(link) | rmdir(folder), 0);
}

/* It looks at eight octets at a time: each octet at each place is seen, whatever stands beside it. */
static void
escape_run_length_is_that_of_a_loop_over_octets(void **state)
{
	static const char *const sets[] = { "", "\\", "<>&\"'\\", "()\\%" };
	static const char beside[] = { 'x', ' ', '~', '\x01', '\x7f', '\x80', '\xff', '\\' };

	(void)state;
	for (size_t set = 0; set < ROWS(sets); set++)
		for (size_t place = 0; place < 19; place++)
			for (int octet = 0; octet < 256; octet++)
				for (size_t i = 0; i < sizeof beside; i++) {
					char text[19];
					size_t expected = 0;

					memset(text, 'a', sizeof text);
					text[place] = (char)octet;
					if (place + 1 < sizeof text)
						text[place + 1] = beside[i];
					while (expected < sizeof text && ascii_is_printable(text[expected])
					       && !ascii_is_among(text[expected], sets[set]))
						expected++;
					assert_int_equal(escape_run_length((struct span){ text, sizeof text },
									   sets[set]),
							 expected);
				}
}

static void
seldom_is_due_once_a_minute_and_for_what_is_new(void **state)
{
	struct seldom seldom = { .has_told = false };

	(void)state;
	assert_true(seldom_is_due(&seldom, false));
	assert_false(seldom_is_due(&seldom, false));
	assert_true(seldom_is_due(&seldom, true));
	assert_false(seldom_is_due(&seldom, false));
	seldom.told_ms -= 60000;
	assert_true(seldom_is_due(&seldom, false));
	assert_false(seldom_is_due(&seldom, false));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seldom_is_due_once_a_minute_and_for_what_is_new),
		cmocka_unit_test(escape_run_length_is_that_of_a_loop_over_octets),
		cmocka_unit_test(file_lines_reads_lines_whatever_they_hold),
		cmocka_unit_test(file_lines_holds_no_more_than_its_bound),
		cmocka_unit_test(file_lines_reads_lines_of_any_length),
		cmocka_unit_test(file_lines_tells_why_reading_fails),
		cmocka_unit_test(P4_regular_file_follows_links_only_where_told),
		cmocka_unit_test(P4_symlink_tells_what_is_one),
		cmocka_unit_test(error_set_cuts_and_takes_null),
		cmocka_unit_test(span_to_number_takes_digits_within_bounds_only),
		cmocka_unit_test(span_compares_with_and_without_case),
		cmocka_unit_test(span_until_and_span_word_take_what_they_return),
		cmocka_unit_test(strbuf_cuts_and_stays_terminated),
		cmocka_unit_test(strbuf_quotes_words_for_a_shell),
		cmocka_unit_test(E09_strbuf_escapes_what_is_not_printable),
		cmocka_unit_test(arena_keeps_to_its_limit_and_remembers),
		cmocka_unit_test(arena_prints_all_or_nothing),
		cmocka_unit_test(arena_empty_starts_anew_in_what_was_usual),
		cmocka_unit_test(arena_over_memory_of_its_owner),
		cmocka_unit_test(arenas_take_little_more_than_they_give_out),
		cmocka_unit_test(heap_is_trimmed_when_it_has_grown),
		cmocka_unit_test(arena_grow_keeps_what_was_there),
		cmocka_unit_test(ident_makes_sortable_and_different_ids),
		cmocka_unit_test(new_file_replaces_whole_files_and_follows_no_links),
		cmocka_unit_test(D1_hash_is_another_under_another_key),
		cmocka_unit_test(table_keeps_everything_while_it_grows),
		cmocka_unit_test(log_writes_one_escaped_line_of_enough_importance),
	};

	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
