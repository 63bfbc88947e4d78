#include "heloscope/records/appender.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILE_MODE 0640

void
appender_init(struct appender *appender, const char *path)
{
	*appender = (struct appender){ .path = path, .fd = -1 };
}

static bool
ends_with_line(int fd, const struct stat *status)
{
	char last;

	return status->st_size == 0 || (pread(fd, &last, 1, status->st_size - 1) == 1 && last == '\n');
}

void
appender_close(struct appender *appender)
{
	if (appender->fd >= 0)
		(void)close(appender->fd);
	appender->fd = -1;
}

/* Whether the file at the path is still the one that is open. */
static bool
is_current(const struct appender *appender)
{
	struct stat open_file, named;

	return appender->fd >= 0 && fstat(appender->fd, &open_file) == 0 && stat(appender->path, &named) == 0
	       && open_file.st_ino == named.st_ino && open_file.st_dev == named.st_dev;
}

int
appender_open(struct appender *appender)
{
	/* Without O_NONBLOCK the open itself could wait for a FIFO; of a file it means nothing. */
	const int flags = O_RDWR | O_APPEND | O_CREAT | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
	struct stat status;

	if (is_current(appender))
		return 0;
	appender_close(appender);
	appender->fd = open(appender->path, flags, FILE_MODE);
	if (appender->fd < 0 || fstat(appender->fd, &status) != 0)
		return errno == ENXIO ? APPENDER_NO_FILE : errno; /* a socket */
	if (!S_ISREG(status.st_mode)) {
		appender_close(appender);
		return APPENDER_NO_FILE;
	}
	appender->is_torn = !ends_with_line(appender->fd, &status); /* a kill in the middle of a line */
	return 0;
}

const char *
appender_reason(int fault)
{
	return fault == APPENDER_NO_FILE ? "it is a FIFO, device or socket; expected a file"
					 : strerror(fault);
}

/* Forget the first `length` octets of what is to be written. */
static void
advance(struct iovec *parts, size_t count, size_t length)
{
	for (size_t i = 0; i < count; i++) {
		const size_t taken = length < parts[i].iov_len ? length : parts[i].iov_len;

		parts[i].iov_base = (char *)parts[i].iov_base + taken;
		parts[i].iov_len -= taken;
		length -= taken;
	}
}

int
appender_append(struct appender *appender, struct span line)
{
	static char line_end[] = "\n";
	struct iovec parts[] = {
		{ line_end, appender->is_torn ? 1 : 0 },
		{ (void *)(uintptr_t)line.at, line.length },
		{ line_end, 1 },
	};
	size_t left = parts[0].iov_len + line.length + 1;

	while (left > 0) {
		const ssize_t written = writev(appender->fd, parts, 3);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return written < 0 ? errno : ENOSPC;
		left -= (size_t)written;
		appender->is_torn = left > 0;
		advance(parts, 3, (size_t)written);
	}
	return 0;
}
