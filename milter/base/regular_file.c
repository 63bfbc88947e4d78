#include "heloscope/base/regular_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

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

/* Whether the descriptor is of a file; else the reason. */
static bool
is_file(int fd, struct stat *status, struct error *reason)
{
	if (fstat(fd, status) != 0)
		error_set(reason, "%s", strerror(errno));
	else if (!S_ISREG(status->st_mode))
		error_set(reason, "it is %s; expected a file", kind_of(status->st_mode));
	else
		return true;
	return false;
}

FILE *
regular_file_open(const char *path, struct stat *status, struct error *reason)
{
	/* Without O_NONBLOCK the open itself would wait for somebody who writes to a FIFO. */
	const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	struct stat own;
	FILE *file = NULL;

	if (fd < 0) {
		error_set(reason, errno == ENXIO ? "it is a socket; expected a file" : "%s", strerror(errno));
		return NULL;
	}
	if (is_file(fd, status != NULL ? status : &own, reason)) {
		file = fdopen(fd, "r");
		if (file == NULL)
			error_set(reason, "%s", strerror(errno));
	}
	if (file == NULL)
		(void)close(fd);
	return file;
}
