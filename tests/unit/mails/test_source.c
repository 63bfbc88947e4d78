/* source: whatever a command was given comes out as plain octets. */
#include "../unit.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "heloscope/base/bounds.h"
#include "heloscope/mails/source.h"
#include "heloscope/mails/utf16.h"

#define TEXT_SIZE 300000 /* more than a block, and more than a beginning */

static char text[TEXT_SIZE];

static struct span
whole_text(void)
{
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)('a' + i % 23);
	return (struct span){ text, sizeof text };
}

/* Files. */

struct file {
	char path[64];
};

static struct file
make_file(void)
{
	struct file file = { "/tmp/heloscope-source-XXXXXX" };
	const int fd = mkstemp(file.path);

	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
	return file;
}

static void
add_member(struct archive *archive, const char *name, unsigned type, struct span octets, unsigned times)
{
	struct archive_entry *entry = archive_entry_new();

	archive_entry_set_pathname(entry, name);
	archive_entry_set_filetype(entry, type);
	archive_entry_set_perm(entry, 0644);
	assert_int_equal(archive_write_header(archive, entry), ARCHIVE_OK);
	for (unsigned i = 0; i < times; i++)
		assert_int_equal(archive_write_data(archive, octets.at, octets.length), octets.length);
	archive_entry_free(entry);
}

/* A file with octets, so many times; filter: NULL, or as libarchive calls it. */
static struct file
make_compressed(const char *filter, struct span octets, unsigned times)
{
	const struct file file = make_file();
	struct archive *archive = archive_write_new();

	assert_int_equal(archive_write_set_format_raw(archive), ARCHIVE_OK);
	if (filter != NULL)
		assert_int_equal(archive_write_add_filter_by_name(archive, filter), ARCHIVE_OK);
	assert_int_equal(archive_write_set_bytes_in_last_block(archive, 1), ARCHIVE_OK);
	assert_int_equal(archive_write_open_filename(archive, file.path), ARCHIVE_OK);
	add_member(archive, "text", AE_IFREG, octets, times);
	assert_int_equal(archive_write_free(archive), ARCHIVE_OK);
	return file;
}

static struct expansion expansion;

static struct source *
open_first(const char *path)
{
	struct error reason;
	struct source *source;

	expansion = expansion_of_run();
	source = source_open(path, &expansion, &reason);
	assert_non_null(source);
	assert_true(source_next(source));
	return source;
}

/* Read the member and compare it; returns how reading ended. */
static enum source_state
read_and_compare(struct source *source, struct span expected)
{
	struct span octets = { "", 0 };
	enum source_state state;
	size_t seen = 0;

	while ((state = source_read(source, &octets)) == SOURCE_OCTETS) {
		assert_true(octets.length > 0 && seen + octets.length <= expected.length);
		assert_memory_equal(octets.at, expected.at + seen, octets.length);
		seen += octets.length;
	}
	if (state == SOURCE_END)
		assert_int_equal(seen, expected.length);
	return state;
}

/* Tests. */

static struct stat
status_of(const char *path)
{
	struct stat status;

	assert_int_equal(stat(path, &status), 0);
	return status;
}

static void
source_expands_what_is_compressed(void **state)
{
	static const char *const filters[] = { NULL, "gzip", "bzip2", "zstd", "xz" };
	const struct span whole = whole_text();

	(void)state;
	for (size_t i = 0; i < ROWS(filters); i++) {
		const struct file file = make_compressed(filters[i], whole, 1);
		struct source *source = open_first(file.path);

		assert_int_equal(read_and_compare(source, whole), SOURCE_END);
		assert_int_equal(source_taken(source), status_of(file.path).st_size);
		assert_int_equal(source_changed(source), status_of(file.path).st_mtime);
		assert_null(source_fault(source));
		assert_false(source_next(source));
		source_free(source);
		assert_int_equal(unlink(file.path), 0);
	}
}

/* What begins as something compressed and goes on as nothing of the kind comes out as it stands: were it
 * taken for damaged, libarchive would call it empty, and nobody would hear of it. */
static void
source_takes_for_compressed_what_is(void **state)
{
	static const struct span texts[] = {
		{ "BZhost: 550 5.7.25 no PTR record", 32 },
		{ "BZh91AY&SX 550 no", 17 },
		{ "BZh01AY&SY 550 no", 17 },
		{ "BZh", 3 },
		{ "\x1f\x8b"
		  "garbage garbage",
		  17 },
		{ "\x1f\x8b\x08\xe0"
		  "flags of nobody",
		  19 },
		{ "\x1f", 1 },
		{ "\x28\xb5\x2f"
		  "zstd it is not",
		  17 },
		{ "\3757zXY it is not", 16 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(texts); i++) {
		const struct file file = make_compressed(NULL, texts[i], 1);
		struct source *source = open_first(file.path);

		print_message("    %.3s\n", texts[i].at);
		assert_int_equal(read_and_compare(source, texts[i]), SOURCE_END);
		source_free(source);
		assert_int_equal(unlink(file.path), 0);
	}
}

static void
source_shows_a_beginning_and_hands_it_out(void **state)
{
	const struct span whole = whole_text();

	(void)state;
	for (size_t size = 1; size <= TEXT_SIZE; size += TEXT_SIZE / 5) {
		const struct span part = { whole.at, size };
		const struct file file = make_compressed("gzip", part, 1);
		struct source *source = open_first(file.path);
		const struct span beginning = source_beginning(source);

		assert_int_equal(beginning.length, size < SOURCE_BEGINNING ? size : SOURCE_BEGINNING);
		assert_memory_equal(beginning.at, whole.at, beginning.length);
		assert_int_equal(source_beginning(source).length, beginning.length);
		assert_int_equal(read_and_compare(source, part), SOURCE_END);
		source_free(source);
		assert_int_equal(unlink(file.path), 0);
	}
}

static void
source_reads_each_file_of_a_zip_archive(void **state)
{
	const struct span whole = whole_text();
	const struct file file = make_file();
	struct archive *archive = archive_write_new();
	struct source *source;

	(void)state;
	assert_int_equal(archive_write_set_format_zip(archive), ARCHIVE_OK);
	assert_int_equal(archive_write_open_filename(archive, file.path), ARCHIVE_OK);
	add_member(archive, "d/", AE_IFDIR, SPAN(""), 0);
	add_member(archive, "d/first.xml", AE_IFREG, whole, 1);
	add_member(archive, "second.xml", AE_IFREG, SPAN("<x/>"), 1);
	assert_int_equal(archive_write_free(archive), ARCHIVE_OK);
	source = open_first(file.path);
	assert_true(span_equals(source_member(source), SPAN("d/first.xml")));
	assert_true(source_next(source)); /* without a look at the first */
	assert_true(span_equals(source_member(source), SPAN("second.xml")));
	assert_true(span_equals(source_beginning(source), SPAN("<x/>")));
	assert_int_equal(read_and_compare(source, SPAN("<x/>")), SOURCE_END);
	assert_false(source_next(source));
	assert_null(source_fault(source));
	source_free(source);
	assert_int_equal(unlink(file.path), 0);
}

/* What Windows saves: U+00E9, U+20AC, U+1F600, half of a pair, "x". */
static void
source_makes_utf8_of_marked_text(void **state)
{
	static const struct {
		struct span octets;
		const char *text;
	} rows[] = {
		{ { "\xff\xfe\xe9\0\xac\x20\x3d\xd8\0\xdex\0", 12 },
		  "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80x" },
		{ { "\xfe\xff\0\xe9\x20\xac\xd8\x3d\xde\0\0x", 12 },
		  "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80x" },
		{ { "\xff\xfe\0\xdex\0", 6 }, "?x" },
		{ { "\xff\xfe\x3d\xd8\x3d\xd8x\0", 8 }, "??x" },
		{ { "\xff\xfex\0y", 5 }, "x" },
		{ { "\xff\xfe", 2 }, "" },
		{ { "\xef\xbb\xbfx", 4 }, "x" },
		{ { "\xef\xbb\xbf", 3 }, "" },
		{ { "\xffx\xfe", 3 }, "\xffx\xfe" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct error reason;
		struct source *source = source_open_octets(rows[i].octets, &expansion, &reason);

		assert_non_null(source);
		assert_true(source_next(source));
		assert_int_equal(read_and_compare(source, span_of(rows[i].text)), SOURCE_END);
		source_free(source);
	}
}

/* However it is cut. */
static void
utf16_reads_pieces(void **state)
{
	static char octets[50000];
	const char four[] = "\x3d\xd8\0\xde";

	(void)state;
	for (size_t i = 0; i < sizeof octets; i++)
		octets[i] = four[i % 4];
	for (size_t size = 1; size < sizeof octets; size = size * 3 + 1) {
		struct utf16 *reader = utf16_new(SPAN("\xff\xfe"));
		size_t length = 0;

		for (size_t at = 0; at < sizeof octets; at += size) {
			struct span piece = { octets + at,
					      sizeof octets - at < size ? sizeof octets - at : size };

			while (piece.length > 0) {
				const struct span read = utf16_read(reader, &piece);

				for (size_t i = 0; i < read.length; i++)
					assert_true(read.at[i] == "\xf0\x9f\x98\x80"[length++ % 4]);
			}
		}
		assert_int_equal(length, sizeof octets);
		utf16_free(reader);
	}
}

static void
source_keeps_what_came_before_the_damage(void **state)
{
	const struct span whole = whole_text();
	const struct file file = make_compressed("gzip", whole, 1);
	struct span octets = { "", 0 };
	struct source *source;
	size_t seen = 0;

	(void)state;
	source = open_first(file.path);
	source_free(source);
	assert_int_equal(truncate(file.path, 700), 0);
	source = open_first(file.path);
	while (source_read(source, &octets) == SOURCE_OCTETS)
		seen += octets.length;
	assert_true(seen > 0 && seen < whole.length);
	assert_string_equal(source_fault(source), "it is damaged, or was cut");
	assert_false(source_next(source));
	source_free(source);
	assert_int_equal(unlink(file.path), 0);
}

/* BOUND_EXPANDED_RATIO times what it is comes of anything, and of a run BOUND_EXPANDED_FREELY octets more. */
static void
source_ends_bombs(void **state)
{
	static char zeros[1 << 20];
	const unsigned times = BOUND_EXPANDED_FREELY / sizeof zeros;
	struct file file = make_compressed("zstd", (struct span){ zeros, sizeof zeros }, times);
	struct source *source = open_first(file.path);
	struct span octets = { "", 0 };
	struct stat status;
	size_t seen = 0, most;

	(void)state;
	while (source_read(source, &octets) == SOURCE_OCTETS)
		seen += octets.length;
	assert_null(source_fault(source));
	assert_int_equal(seen, BOUND_EXPANDED_FREELY);
	source_free(source);
	assert_int_equal(unlink(file.path), 0);
	file = make_compressed("zstd", (struct span){ zeros, sizeof zeros }, times * 2);
	assert_int_equal(stat(file.path, &status), 0);
	most = BOUND_EXPANDED_FREELY + BOUND_EXPANDED_RATIO * (size_t)status.st_size;
	source = open_first(file.path);
	for (seen = 0; source_read(source, &octets) == SOURCE_OCTETS; seen += octets.length)
		;
	assert_string_equal(source_fault(source), "it expands to far more than it is, as only bombs do");
	assert_true(seen > BOUND_EXPANDED_FREELY - (2 << 20) && seen <= most);
	assert_in_range(expansion.left, 0, 2 << 20);
	assert_true(BOUND_EXPANDED_RATIO < 1000); /* what gzip makes of zeros at best */
	source_free(source);
	assert_int_equal(unlink(file.path), 0);
}

/* What is compressed in what is compressed stays so: it could expand to nothing for hours. */
static void
source_expands_once(void **state)
{
	static char packed[65536];
	struct file file = make_compressed("gzip", SPAN("550 no\n"), 1);
	struct source *source;
	struct error reason;
	FILE *opened = fopen(file.path, "r");
	size_t length;

	(void)state;
	assert_non_null(opened);
	length = fread(packed, 1, sizeof packed, opened);
	assert_int_equal(fclose(opened), 0);
	assert_int_equal(unlink(file.path), 0);
	file = make_compressed("bzip2", (struct span){ packed, length }, 1);
	source = open_first(file.path);
	assert_int_equal(read_and_compare(source, (struct span){ packed, length }), SOURCE_END);
	source_free(source);
	opened = fopen(file.path, "r");
	assert_non_null(opened);
	length = fread(packed, 1, sizeof packed, opened);
	assert_int_equal(fclose(opened), 0);
	source = source_open_octets((struct span){ packed, length }, &expansion, &reason);
	assert_non_null(source);
	assert_true(source_next(source));
	assert_memory_equal(source_beginning(source).at, "\x1f\x8b", 2);
	source_free(source);
	assert_int_equal(unlink(file.path), 0);
}

static void
source_reads_octets_in_memory(void **state)
{
	const struct span whole = whole_text();
	struct error reason;
	struct source *source = source_open_octets(whole, &expansion, &reason);

	(void)state;
	assert_non_null(source);
	assert_true(source_next(source));
	assert_int_equal(read_and_compare(source, whole), SOURCE_END);
	source_free(source);
	source = source_open_octets(SPAN(""), &expansion, &reason);
	assert_non_null(source);
	assert_false(source_next(source));
	assert_null(source_fault(source));
	source_free(source);
	source = source_open_octets((struct span){ "\xfd"
						   "7zXZ\0\0\1",
						   8 },
				    &expansion, &reason); /* not of an attachment */
	assert_non_null(source);
	assert_true(source_next(source));
	assert_int_equal(source_beginning(source).length, 8);
	source_free(source);
}

static void
source_reads_standard_input(void **state)
{
	const int input = dup(STDIN_FILENO);
	struct source *source;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "a line\n", 7), 7);
	assert_int_equal(close(ends[1]), 0);
	assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	assert_int_equal(close(ends[0]), 0);
	source = open_first("-");
	assert_int_equal(read_and_compare(source, SPAN("a line\n")), SOURCE_END);
	assert_int_equal(source_taken(source), 7);
	source_free(source);
	assert_true(input < 0 || dup2(input, STDIN_FILENO) == STDIN_FILENO);
	if (input >= 0)
		assert_int_equal(close(input), 0);
}

static void
source_opens_files_only(void **state)
{
	struct error reason;

	(void)state;
	assert_null(source_open("/tmp", &expansion, &reason));
	assert_string_equal(reason.text, "it is a directory; expected a file");
	assert_null(source_open("/nonexistent.example", &expansion, &reason));
	assert_string_equal(reason.text, "No such file or directory");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(source_expands_what_is_compressed),
		cmocka_unit_test(source_takes_for_compressed_what_is),
		cmocka_unit_test(source_shows_a_beginning_and_hands_it_out),
		cmocka_unit_test(source_reads_each_file_of_a_zip_archive),
		cmocka_unit_test(source_makes_utf8_of_marked_text),
		cmocka_unit_test(utf16_reads_pieces),
		cmocka_unit_test(source_keeps_what_came_before_the_damage),
		cmocka_unit_test(source_ends_bombs),
		cmocka_unit_test(source_expands_once),
		cmocka_unit_test(source_reads_octets_in_memory),
		cmocka_unit_test(source_reads_standard_input),
		cmocka_unit_test(source_opens_files_only),
	};

	return cmocka_run_group_tests_name("source", tests, NULL, NULL);
}
