#include "heloscope/config/file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "heloscope/config/open.h"
#include "heloscope/config/text.h"

/* Of all files together: a catalogue of a hundred lists has 40 kB. */
#define FILES_MAX 128
#define OCTETS_MAX (4U << 20)
#define INCLUDE_DEPTH_MAX 8

/* Whether the file is one of those that are being read: itself, its includer, and so on. */
static bool
is_being_read(const struct config_reader *reader, const struct stat *status)
{
	for (; reader != NULL; reader = reader->includer)
		if (reader->device == status->st_dev && reader->inode == status->st_ino)
			return true;
	return false;
}

static unsigned
depth_of(const struct config_reader *reader)
{
	unsigned depth = 0;

	while ((reader = reader->includer) != NULL)
		depth++;
	return depth;
}

/* Read what is left of `file` into `arena`. False with the reason. */
static bool
read_rest(struct config_reading *reading, FILE *file, struct arena *arena, struct span *text,
	  struct error *reason)
{
	const size_t room = OCTETS_MAX - reading->octets;
	char *memory = arena_alloc(arena, room + 1);
	int fault;

	if (memory == NULL) {
		error_set(reason, "out of memory");
		return false;
	}
	errno = EIO; /* what fails says so itself */
	*text = (struct span){ memory, fread(memory, 1, room + 1, file) };
	fault = errno;
	if (ferror(file)) {
		error_set(reason, "%s", strerror(fault));
		return false;
	}
	reading->octets += text->length;
	if (text->length > room)
		error_set(reason, "all files together have more than %u octets", OCTETS_MAX);
	return text->length <= room;
}

/* Whether a bound has been passed and told: more files change nothing. */
static bool
is_over(const struct config_reading *reading)
{
	return reading->files > FILES_MAX || reading->octets > OCTETS_MAX;
}

/* The file of `reader`, opened; NULL with the reason. */
static FILE *
open_for(struct config_reader *reader, struct error *reason)
{
	struct stat status;
	FILE *file = NULL;

	if (reader->reading->files++ == FILES_MAX)
		error_set(reason, "it is one file more than the %d of which a configuration may consist",
			  FILES_MAX);
	else if (depth_of(reader) > INCLUDE_DEPTH_MAX)
		error_set(reason, "files are included more than %d deep", INCLUDE_DEPTH_MAX);
	else
		file = config_open_file(reader->path, &status, reason);
	if (file != NULL && is_being_read(reader->includer, &status)) {
		error_set(reason, "it is included within itself");
		(void)fclose(file);
		return NULL;
	}
	if (file == NULL)
		return NULL;
	reader->device = status.st_dev;
	reader->inode = status.st_ino;
	return file;
}

/* False with the reason. */
static bool
read_file(struct config_reader *reader, struct error *reason)
{
	FILE *file = open_for(reader, reason);
	struct arena memory;
	struct span text;
	bool is_well;

	if (file == NULL)
		return false;
	arena_init(&memory, OCTETS_MAX * 2);
	is_well = read_rest(reader->reading, file, &memory, &text, reason);
	(void)fclose(file);
	if (is_well && !config_parse_text(reader, text)) {
		error_set(reason, "out of memory");
		is_well = false;
	}
	arena_clear(&memory);
	return is_well;
}

static struct config_reader
reader_of(struct config_reading *reading, const char *path, const char *shown,
	  const struct config_reader *includer)
{
	return (struct config_reader){
		.reading = reading,
		.config = reading->config,
		.path = path,
		.shown = arena_string(&reading->config->arena, shown),
		.includer = includer,
		.section = reading->refusals != NULL ? SECTION_REFUSALS : SECTION_TOP,
	};
}

void
config_read_file(struct config_reading *reading, const char *path)
{
	const char *slash = strrchr(path, '/');
	struct config_reader reader = reader_of(reading, path, slash != NULL ? slash + 1 : path, NULL);
	struct error reason;

	if (read_file(&reader, &reason))
		return;
	output_put(reading->messages, "%s: cannot be read: %s\n", path, reason.text);
	reading->errors++;
}

void
config_include(struct config_reader *reader, struct word path)
{
	const char *slash = strrchr(reader->path, '/');
	const char *full = path.text;
	struct config_reader inner;
	struct error reason;

	if (path.text[0] != '/' && slash != NULL)
		full = arena_printf(&reader->config->arena, "%.*s/%s", (int)(slash - reader->path),
				    reader->path, path.text);
	inner = reader_of(reader->reading, full, path.text, reader);
	if (is_over(reader->reading) || read_file(&inner, &reason))
		return;
	config_complain(reader, path.place, "\"%s\" cannot be included: %s%s", full, reason.text,
			path.text[0] != '/' && access(full, F_OK) != 0
				? "; a path without a leading slash begins in the directory of this file"
				: "");
}
