#include "heloscope/cli/message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "heloscope/base/output.h"
#include "heloscope/base/regular_file.h"

#define PIECE_OCTETS 65535 /* that an MTA hands a filter at a time */

/* Read it to its end, or to what makes an end of it. Returns 0, or errno. */
static int
read_all(int fd, struct stored *stored)
{
	char piece[PIECE_OCTETS];
	ssize_t count;

	while (stored->phase != STORED_OVER && (count = read(fd, piece, sizeof piece)) != 0) {
		if (count < 0 && errno != EINTR)
			return errno;
		if (count > 0)
			stored_add(stored, (struct span){ piece, (size_t)count });
	}
	return 0;
}

static const char *
name_of(const char *path)
{
	return strcmp(path, "-") == 0 ? "standard input" : path;
}

/* What is read otherwise than somebody may expect. */
static void
tell_oddities(const struct stored *stored, const char *command, const char *path)
{
	struct output *out = output_errors();

	if (stored->has_more)
		output_put(out,
			   "heloscope %s: %s: it is an mbox with several messages; the first one is read\n",
			   command, path);
	if (stored->lacks_separator)
		output_put(
			out,
			"heloscope %s: %s: no empty line ends the header; the body begins at the first line that is no field\n",
			command, path);
	if (stored->has_cut)
		output_put(
			out,
			"heloscope %s: %s: a field of the header is longer than %d octets or contains NUL; the rest of it is left out, as an MTA does\n",
			command, path, STORED_FIELD_MAX);
}

static bool
finish(struct stored *stored, int fault, const char *command, const char *path, struct error *error)
{
	static const char *const faults[] = {
		[STORED_EMPTY] = "it is empty; expected a message",
		[STORED_NO_HEADER] =
			"it does not begin with a field like \"From: ...\"; expected a message with its header",
	};
	const enum stored_fault ended = fault == 0 ? stored_finish(stored) : STORED_GOOD;

	if (fault != 0)
		error_set(error, "%s: %s", path, strerror(fault));
	else if (ended != STORED_GOOD)
		error_set(error, "%s: %s", path, faults[ended]);
	else if (command != NULL)
		tell_oddities(stored, command, path);
	return fault == 0 && ended == STORED_GOOD;
}

bool
cli_message_read(const char *command, const char *path, const struct stored_handler *handler,
		 struct error *error)
{
	struct error reason;
	const int fd = regular_file_open_input(path, LINKS_FOLLOWED, &reason);
	struct stored *stored = calloc(1, sizeof *stored);
	bool is_read = false;

	if (fd < 0)
		error_set(error, "%s: %s", name_of(path), reason.text);
	else if (stored == NULL)
		error_set(error, "out of memory");
	if (fd >= 0 && stored != NULL) {
		stored_init(stored, handler);
		is_read = finish(stored, read_all(fd, stored), command, name_of(path), error);
	}
	free(stored);
	if (fd >= 0)
		(void)close(fd);
	return is_read;
}
