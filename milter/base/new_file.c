#include "heloscope/base/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Open with `flags`, write all of it, and close. Returns 0 or errno. */
static int
fill(const char *path, int flags, mode_t mode, new_file_writer *put, const void *context)
{
	const int fd = open(path, flags | O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, mode);
	FILE *file;
	int fault;

	if (fd < 0)
		return errno;
	file = fdopen(fd, "w");
	if (file == NULL) {
		fault = errno;
		(void)close(fd);
		return fault;
	}
	errno = ENOMEM; /* what else `put` may lack says so itself */
	fault = put(file, context) && fflush(file) == 0 ? 0 : errno;
	if (fault == 0 && (flags & O_CREAT) != 0 && fsync(fd) != 0)
		fault = errno;
	if (fclose(file) != 0 && fault == 0)
		fault = errno;
	return fault;
}

static int
replace(const char *path, mode_t mode, new_file_writer *put, const void *context)
{
	char *new_path;
	int fault;

	if (asprintf(&new_path, "%s.new", path) < 0)
		return ENOMEM;
	(void)unlink(new_path); /* of a run that was cut short */
	fault = fill(new_path, O_CREAT | O_EXCL, mode, put, context);
	if (fault == 0 && rename(new_path, path) != 0)
		fault = errno;
	if (fault != 0 && fault != EEXIST)
		(void)unlink(new_path); /* half a file, on a disk that may be full */
	free(new_path);
	return fault;
}

int
new_file_write(const char *path, mode_t mode, new_file_writer *put, const void *context)
{
	struct stat status;

	if (lstat(path, &status) != 0)
		return errno == ENOENT ? replace(path, mode, put, context) : errno;
	if (S_ISLNK(status.st_mode))
		return ELOOP;
	if (S_ISDIR(status.st_mode))
		return EISDIR;
	return S_ISREG(status.st_mode) ? replace(path, mode, put, context)
				       : fill(path, 0, mode, put, context);
}
