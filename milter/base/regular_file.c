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
	return "no file";
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

/* Lines. */

void
file_lines_init(struct file_lines *lines, FILE *file)
{
	*lines = (struct file_lines){ .file = file, .memory = malloc(BOUND_LINE_READ + 1) };
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
note_fault(struct file_lines *lines)
{
	if (lines->fault == 0)
		lines->fault = errno != 0 ? errno : EIO;
}

void
file_lines_seek(struct file_lines *lines, off_t at)
{
	lines->at = at;
	if (fseeko(lines->file, at, SEEK_SET) != 0)
		note_fault(lines);
}

void
file_lines_seek_end(struct file_lines *lines)
{
	if (fseeko(lines->file, 0, SEEK_END) != 0 || (lines->at = ftello(lines->file)) < 0)
		note_fault(lines);
}

enum line_state
file_lines_next(struct file_lines *lines)
{
	size_t length = 0;
	int octet = EOF;

	if (lines->fault != 0)
		return LINES_FAULT;
	errno = 0;
	while ((octet = getc_unlocked(lines->file)) != EOF && octet != '\n') {
		if (length < BOUND_LINE_READ)
			lines->memory[length] = (char)octet;
		length++;
	}
	if (octet == EOF && ferror(lines->file) != 0) {
		note_fault(lines);
		return LINES_FAULT;
	}
	if (octet == EOF && length == 0)
		return LINES_END;
	lines->has_end = octet == '\n';
	lines->at += (off_t)length + (lines->has_end ? 1 : 0);
	lines->line = (struct span){ lines->memory, length < BOUND_LINE_READ ? length : BOUND_LINE_READ };
	lines->memory[lines->line.length] = '\0';
	return length > BOUND_LINE_READ ? LINE_TOO_LONG : LINE_READ;
}

const char *
file_lines_reason(const struct file_lines *lines)
{
	return lines->fault == EBADMSG ? "it is damaged, or was cut" : strerror(lines->fault);
}
