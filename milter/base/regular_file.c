#include "heloscope/base/regular_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "heloscope/base/bounds.h"

static const char *
kind_of(mode_t mode)
{
	static const struct {
		mode_t type;
		const char *kind;
	} kinds[] = { { S_IFDIR, "a directory" },
		      { S_IFIFO, "a FIFO" },
		      { S_IFCHR, "a device" },
		      { S_IFBLK, "a device" },
		      { S_IFSOCK, "a socket" } };

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if ((mode & S_IFMT) == kinds[i].type)
			return kinds[i].kind;
	return "not a file";
}

/* Whether the descriptor is of a file; else the reason, and errno. */
static bool
is_file(int fd, struct stat *status, struct error *reason)
{
	if (fstat(fd, status) != 0) {
		error_set(reason, "%s", strerror(errno));
		return false;
	}
	if (S_ISREG(status->st_mode))
		return true;
	error_set(reason, "it is %s; expected a file", kind_of(status->st_mode));
	errno = EINVAL;
	return false;
}

/* Why open(2) failed. */
static const char *
words_of(int fault, enum regular_file_links links)
{
	if (fault == ENXIO)
		return "it is a socket; expected a file";
	if (fault == ELOOP && links == LINKS_REFUSED)
		return "it is a symbolic link, which is not followed here; expected a file";
	return strerror(fault);
}

static void
close_keeping_errno(int fd)
{
	const int fault = errno;

	(void)close(fd);
	errno = fault;
}

int
regular_file_open_fd(const char *path, enum regular_file_links links, struct stat *status,
		     struct error *reason)
{
	/* Without O_NONBLOCK the open itself would wait for somebody who writes to a FIFO. */
	const int flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
	const int fd = open(path, links == LINKS_REFUSED ? flags | O_NOFOLLOW : flags);
	struct stat own;

	if (fd < 0) {
		const int fault = errno;

		error_set(reason, "%s", words_of(fault, links));
		errno = fault;
		return -1;
	}
	if (is_file(fd, status != NULL ? status : &own, reason))
		return fd;
	close_keeping_errno(fd);
	return -1;
}

FILE *
regular_file_open(const char *path, enum regular_file_links links, struct stat *status, struct error *reason)
{
	const int fd = regular_file_open_fd(path, links, status, reason);
	FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;

	if (fd >= 0 && file == NULL) {
		error_set(reason, "%s", strerror(errno));
		close_keeping_errno(fd);
	}
	return file;
}

bool
regular_file_is_input(const char *path)
{
	return strcmp(path, "-") == 0;
}

int
regular_file_open_input(const char *path, enum regular_file_links links, struct error *reason)
{
	int fd;

	if (!regular_file_is_input(path))
		return regular_file_open_fd(path, links, NULL, reason);
	fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		error_set(reason, "%s", strerror(errno));
	return fd;
}

/* Lines. */

#define AHEAD                                                                                                \
	(2 * BOUND_LINE_READ) /* octets: so many are read at a time that finding ends is what takes time */
#define KEPT (BOUND_LINE_READ + 1) /* octets of a line that is too long, the last for a NUL */

void
file_lines_init(struct file_lines *lines, FILE *file)
{
	*lines = (struct file_lines){ .file = file, .memory = malloc(AHEAD + 1) };
	if (lines->memory == NULL)
		lines->fault = ENOMEM;
}

void
file_lines_clear(struct file_lines *lines)
{
	free(lines->memory);
	lines->memory = NULL;
}

/* Whatever fails first stays. */
static void
note_fault(struct file_lines *lines, int fault)
{
	if (lines->fault == 0)
		lines->fault = fault != 0 ? fault : EIO;
}

/* Go where `whence` says, and forget what was read ahead. */
static void
seek(struct file_lines *lines, off_t at, int whence)
{
	lines->begin = lines->end = 0;
	if (fseeko(lines->file, at, whence) != 0 || (lines->at = ftello(lines->file)) < 0)
		note_fault(lines, errno);
}

void
file_lines_seek(struct file_lines *lines, off_t at)
{
	seek(lines, at, SEEK_SET);
}

void
file_lines_seek_end(struct file_lines *lines)
{
	seek(lines, 0, SEEK_END);
}

/* Read more behind what is there. False at the end, and where reading fails, which is a fault only now. */
static bool
read_ahead(struct file_lines *lines)
{
	size_t count = 0;

	if (lines->failure == 0) {
		errno = 0;
		count = fread(lines->memory + lines->end, 1, AHEAD - lines->end, lines->file);
		if (ferror(lines->file) != 0)
			lines->failure = errno != 0 ? errno : EIO;
	}
	lines->end += count;
	if (count == 0 && lines->failure != 0)
		note_fault(lines, lines->failure);
	return count > 0;
}

/* Whether the end of the line stands from `from` on in what was read; then `length` is that before it. */
static bool
find_end(const struct file_lines *lines, size_t from, size_t *length)
{
	const char *end = memchr(lines->memory + from, '\n', lines->end - from);

	if (end != NULL)
		*length = (size_t)(end - lines->memory) - lines->begin;
	return end != NULL;
}

/* Read until the line has its end, or is longer than one may be, or nothing comes; `length` is what there is.
 */
static bool
reach_end(struct file_lines *lines, size_t *length)
{
	for (;;) {
		size_t seen = *length;

		if (find_end(lines, lines->begin + seen, length))
			return true;
		*length = seen = lines->end - lines->begin;
		if (seen > BOUND_LINE_READ)
			return false;
		memmove(lines->memory, lines->memory + lines->begin, seen);
		lines->begin = 0;
		lines->end = seen;
		if (!read_ahead(lines))
			return false;
	}
}

/* The next `length` octets were taken, and the end of the line behind them. */
static void
pass(struct file_lines *lines, size_t length, bool has_end)
{
	lines->has_end = has_end;
	lines->begin += length + (has_end ? 1 : 0);
	lines->at += (off_t)length + (has_end ? 1 : 0);
}

/* Read to the end of a line of which `length` octets, too many, stand without an end; its beginning is kept.
 */
static void
pass_rest(struct file_lines *lines, size_t length)
{
	bool has_end = false;

	memmove(lines->memory, lines->line.at, BOUND_LINE_READ);
	lines->line.at = lines->memory;
	while (!has_end) {
		pass(lines, length, false);
		lines->begin = lines->end = KEPT;
		if (!read_ahead(lines))
			return;
		has_end = find_end(lines, lines->begin, &length);
		if (!has_end)
			length = lines->end - lines->begin;
	}
	pass(lines, length, true);
}

enum line_state
file_lines_next(struct file_lines *lines)
{
	size_t length = 0;
	bool has_end;

	if (lines->fault != 0)
		return LINES_FAULT;
	has_end = reach_end(lines, &length);
	if (lines->fault == 0 && length == 0 && !has_end)
		return LINES_END;
	lines->line = (struct span){ lines->memory + lines->begin,
				     length < BOUND_LINE_READ ? length : BOUND_LINE_READ };
	if (has_end || length <= BOUND_LINE_READ)
		pass(lines, length, has_end);
	else
		pass_rest(lines, length);
	lines->memory[(size_t)(lines->line.at - lines->memory) + lines->line.length] = '\0';
	if (lines->fault != 0)
		return LINES_FAULT;
	return length > BOUND_LINE_READ ? LINE_TOO_LONG : LINE_READ;
}

const char *
file_lines_reason(const struct file_lines *lines)
{
	return lines->fault == EBADMSG ? "it is damaged, or was cut" : strerror(lines->fault);
}
