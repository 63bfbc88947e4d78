#include "heloscope/records/find.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "heloscope/records/file.h"
#include "heloscope/base/bounds.h"
#include "heloscope/base/ident.h"
#include "heloscope/records/record.h"
#include "heloscope/base/span.h"

#define DISORDER_S 3600 /* how much later than it began a message may have ended, usually */
#define AHEAD_S                                                                                              \
	259200 /* how far the clock of a host may be ahead that its records are found in compressed files */
#define NEAR 65536     /* octets that are read rather than halved */
#define TIME_LENGTH 16 /* "20261124T125000Z" */

/*
 * What stands behind the opening quote of a member's text; NULL when there is none. `quoted`: its name, in
 * quotes. Other programs that rewrite a line put blanks around the colon. Quotes within texts are escaped, so
 * no text looks like a name.
 */
static const char *
text_of_member(const char *line, const char *quoted)
{
	for (const char *at = line; (at = strstr(at, quoted)) != NULL;) {
		at += strlen(quoted);
		at += strspn(at, " \t");
		if (at[0] != ':')
			continue;
		at += 1 + strspn(at + 1, " \t");
		if (at[0] == '"')
			return at + 1;
	}
	return NULL;
}

/* The reference in a line, IDENT_SIZE - 1 octets, or NULL when it is not a record. */
static const char *
id_of(const char *line)
{
	const char *id = line[strspn(line, " \t")] == '{' ? text_of_member(line, "\"id\"") : NULL;

	return id != NULL && strnlen(id, IDENT_SIZE) == IDENT_SIZE ? id : NULL;
}

/* The time that is `seconds` off the one that `id` begins with, also as text; what is missing of it is 0. */
static time_t
shift_time(const char *id, long seconds, char *shifted)
{
	char whole[] = "00000101T000000Z";
	struct tm parts = { 0 };
	time_t time;

	memcpy(whole, id, strnlen(id, TIME_LENGTH));
	(void)sscanf(whole, "%4d%2d%2dT%2d%2d%2d", &parts.tm_year, &parts.tm_mon, &parts.tm_mday,
		     &parts.tm_hour, &parts.tm_min, &parts.tm_sec);
	parts.tm_year -= 1900;
	parts.tm_mon -= 1;
	time = timegm(&parts) + seconds;
	(void)gmtime_r(&time, &parts);
	(void)strftime(shifted, TIME_LENGTH + 1, "%Y%m%dT%H%M%SZ", &parts);
	return time;
}

/* Whether the first record behind octet `at` is older than `time`; false when there is none. */
static bool
is_older(struct file_lines *lines, off_t at, const char *time)
{
	enum line_state state;

	file_lines_seek(lines, at);
	state = file_lines_next(lines); /* the line in which we landed */
	while (state <= LINE_TOO_LONG && (state = file_lines_next(lines)) <= LINE_TOO_LONG) {
		const char *id = state == LINE_READ ? id_of(lines->line.at) : NULL;

		if (id != NULL)
			return strncmp(id, time, TIME_LENGTH) < 0;
	}
	return false;
}

/* Go to a place not far in front of the first record of `time`. */
static void
seek_time(struct file_lines *lines, const char *time)
{
	off_t low = 0, high;

	file_lines_seek_end(lines);
	for (high = lines->at; high - low > NEAR;) {
		const off_t middle = low + (high - low) / 2;

		if (is_older(lines, middle, time))
			low = middle;
		else
			high = middle;
	}
	file_lines_seek(lines, low);
	if (low > 0)
		(void)file_lines_next(lines);
}

/* The search over one or several files. */
struct search {
	const char *id;              /* the reference or its beginning, or NULL: */
	const char *queue_id;        /* the last record with this one is looked for */
	time_t began;                /* `from` as a number */
	char from[TIME_LENGTH + 1];  /* records older than this are not it, */
	char until[TIME_LENGTH + 1]; /* nor are those behind the first newer than this */
	char *found;                 /* the line */
	char found_id[IDENT_SIZE];
	enum record_found status;
	bool is_thorough;  /* it is looked for everywhere, if need be */
	bool is_for_order; /* only where it stands when records are in order */
	bool has_left;     /* something unread for that */
	bool is_whole;     /* all was read that counts */
	struct error *error;
};

static void
take_match(struct search *search, const char *line, const char *id)
{
	char other[IDENT_SIZE] = "";

	memcpy(other, id, IDENT_SIZE - 1);
	if (search->found == NULL) {
		search->found = strdup(line);
		memcpy(search->found_id, other, sizeof other);
		search->status = RECORD_FOUND;
	} else if (strcmp(search->found_id, other) != 0) {
		error_set(search->error, "\"%s\" is the beginning of several references, such as %s and %s",
			  search->id, search->found_id, other);
		search->status = RECORD_AMBIGUOUS;
	}
}

/* Whether a line has a member "queue-id" of that value; quotes of other texts are escaped in it. */
static bool
has_queue_id(const char *line, const char *queue_id)
{
	const char *at = text_of_member(line, "\"queue-id\"");
	const size_t length = strlen(queue_id);

	return at != NULL && strncmp(at, queue_id, length) == 0 && at[length] == '"';
}

/* Take a line if it is looked for. */
static void
consider(struct search *search, const char *line, const char *id)
{
	if (search->id == NULL) {
		if (strncmp(id, search->from, TIME_LENGTH) < 0 || !has_queue_id(line, search->queue_id))
			return;
		free(search->found); /* a later one is more likely it */
		search->found = NULL;
		take_match(search, line, id);
	} else if (strncmp(id, search->id, strlen(search->id)) == 0) {
		take_match(search, line, id);
	}
}

/* Whether nothing behind a record of that reference counts. */
static bool
is_behind(const struct search *search, const char *id)
{
	return search->is_for_order && strncmp(id, search->until, TIME_LENGTH) > 0;
}

/* Read a file; one that cannot be sought in from its beginning. Returns whether all was read that counts. */
static bool
read_lines(struct search *search, const struct record_file *file, struct file_lines *lines)
{
	enum line_state state;
	bool is_whole = true;

	if (file->is_seekable && search->is_for_order) {
		seek_time(lines, search->from);
		search->has_left = search->has_left || lines->at > 0;
	}
	while (search->status != RECORD_AMBIGUOUS && (state = file_lines_next(lines)) <= LINE_TOO_LONG) {
		const char *id = id_of(lines->line.at);

		if (state == LINE_TOO_LONG) {
			error_set(search->error, "%s has a line of more than %d octets, which is passed over",
				  file->path, BOUND_LINE_READ);
			is_whole = false;
		} else if (id != NULL && is_behind(search, id)) {
			search->has_left = true;
			break;
		} else if (id != NULL) {
			consider(search, lines->line.at, id);
		}
	}
	if (lines->fault != 0)
		record_file_tell_fault(file, lines, search->error);
	return is_whole && lines->fault == 0;
}

/* Whether a file is compressed and was changed last so long before the message. */
static bool
was_left_before(const struct search *search, const struct record_file *file, int64_t by_s)
{
	return !file->is_seekable && file->changed < search->began - by_s;
}

/*
 * Whether a compressed file is not even opened now. One that was changed last before a message is of older
 * messages, but for those of a host whose clock was ahead: it is read when the record is nowhere else. Of a
 * queue id only late records are looked for.
 */
static bool
is_left_out(const struct search *search, const struct record_file *file)
{
	if (search->is_for_order && !search->is_thorough)
		return !file->is_seekable;
	return was_left_before(search, file, search->is_for_order || search->id == NULL ? 0 : AHEAD_S);
}

/* Returns whether all that it might hold could be read; what only a host whose clock was ahead may have there
 * does not count, lest an old archive that is damaged makes each search doubtful. */
static bool
search_file(struct search *search, const struct record_file *file)
{
	struct file_lines lines;
	FILE *opened;
	bool is_whole;

	if (is_left_out(search, file)) {
		search->has_left = search->has_left || search->id != NULL || file->changed >= search->began;
		return true;
	}
	opened = record_file_open(file, search->error);
	if (opened == NULL)
		return was_left_before(search, file, 0);
	file_lines_init(&lines, opened);
	is_whole = read_lines(search, file, &lines);
	file_lines_clear(&lines);
	(void)fclose(opened);
	return is_whole || was_left_before(search, file, 0);
}

static void
search_all(struct search *search, const struct record_files *files, bool is_for_order)
{
	search->is_for_order = is_for_order;
	for (size_t i = 0; i < files->count && search->status != RECORD_AMBIGUOUS; i++)
		search->is_whole = search_file(search, &files->items[i]) && search->is_whole;
}

/*
 * Search all files: first where it should stand, then, as it is said to be nowhere only when it is, all of
 * them. A message may take hours, and a clock may be set back: one such record leads astray who halves.
 * Where it is not found, what could not be read may hold it.
 */
static void
search_files(struct search *search, const char *path)
{
	struct record_files files;
	const bool has_files = record_files_find(path, &files, search->error);

	search->is_whole = has_files;
	search_all(search, &files, !regular_file_is_input(path)); /* which is read once */
	if (search->status == RECORD_ABSENT && search->is_thorough && search->has_left) {
		search->is_whole = has_files;
		search_all(search, &files, false);
	}
	record_files_clear(&files);
	if (search->status == RECORD_ABSENT && !search->is_whole)
		search->status = RECORD_UNREADABLE;
}

static bool
is_record(const char *line)
{
	struct record_reading reading;
	const bool is_one = record_read(span_of(line), &reading);

	if (is_one)
		record_release(&reading);
	return is_one;
}

static enum record_found
find(struct search *search, const char *path, char **line)
{
	search_files(search, path);
	if (search->status == RECORD_FOUND && search->found != NULL && is_record(search->found)) {
		*line = search->found;
		return RECORD_FOUND;
	}
	if (search->status == RECORD_FOUND) {
		error_set(search->error, "the record of %s is torn, or no record of this program",
			  search->found_id);
		search->status = RECORD_UNREADABLE;
	}
	free(search->found);
	return search->status;
}

static enum record_extent
extent_of(const struct search *search)
{
	if (!search->is_whole)
		return RECORD_EXTENT_FAULTY;
	return search->has_left && !search->is_thorough ? RECORD_EXTENT_PART : RECORD_EXTENT_WHOLE;
}

enum record_found
record_find(const char *path, const char *id, bool is_thorough, char **line, enum record_extent *extent,
	    struct error *error)
{
	struct search search = {
		.id = id, .is_thorough = is_thorough, .status = RECORD_ABSENT, .error = error
	};
	char last[] = "99991231T235959Z";
	enum record_found found;

	search.began = shift_time(id, -DISORDER_S, search.from);
	memcpy(last, id, strnlen(id, TIME_LENGTH));
	(void)shift_time(last, DISORDER_S, search.until);
	found = find(&search, path, line);
	if (extent != NULL)
		*extent = extent_of(&search);
	return found;
}

enum record_found
record_find_queue_id(const char *path, const char *queue_id, int64_t since_s, bool is_thorough, char **line,
		     struct error *error)
{
	struct search search = {
		.queue_id = queue_id, .is_thorough = is_thorough, .status = RECORD_ABSENT, .error = error
	};
	const time_t now = time(NULL);

	search.began = shift_time("19700101T000000Z", (long)since_s, search.from);
	(void)shift_time("19700101T000000Z", (long)now + DISORDER_S, search.until);
	return find(&search, path, line);
}
