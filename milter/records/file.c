#include "heloscope/records/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define BUFFER_SIZE 131072 /* octets that zlib expands at a time */

static bool
ends_with(const char *path, const char *ending)
{
	const size_t length = strlen(path), wanted = strlen(ending);

	return length > wanted && strcmp(path + length - wanted, ending) == 0;
}

static bool
is_compressed(const char *path)
{
	static const char *const endings[] = { ".gz", ".xz", ".bz2", ".zst" };

	for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
		if (ends_with(path, endings[i]))
			return true;
	return false;
}

/* Finding. */

static int
compare_age(const void *a, const void *b)
{
	const struct record_file *first = a, *second = b;

	if (first->changed != second->changed)
		return first->changed < second->changed ? -1 : 1;
	return strcmp(second->path, first->path); /* records.jsonl behind records.jsonl.1 */
}

/* Add a file, unless `path`, which is taken, is NULL. False when memory ran out. */
static bool
add_file(struct record_files *files, char *path, const struct stat *status)
{
	struct record_file *items;

	if (path == NULL)
		return false;
	items = reallocarray(files->items, files->count + 1, sizeof *items);
	if (items == NULL) {
		free(path);
		return false;
	}
	files->items = items;
	items[files->count++] = (struct record_file){ path, status->st_mtime, (size_t)status->st_size,
						      S_ISREG(status->st_mode) && !is_compressed(path) };
	return true;
}

/* Add `folder`/`name`, unless it is a directory: what else is not a file is told when it is opened. */
static bool
add_entry(struct record_files *files, const char *folder, const char *name)
{
	struct stat status;
	char *path;

	if (asprintf(&path, "%s%s", folder, name) < 0)
		return false;
	if (lstat(path, &status) == 0 && !S_ISDIR(status.st_mode))
		return add_file(files, path, &status);
	free(path);
	return true;
}

bool
record_files_find(const char *path, struct record_files *files, struct error *error)
{
	const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
	char *folder = strndup(path, (size_t)(name - path));
	const struct dirent *entry;
	bool has_memory = folder != NULL;
	DIR *directory;

	*files = (struct record_files){ .count = 0 };
	error_set(error, "out of memory");
	if (regular_file_is_input(path)) {
		free(folder);
		return add_file(files, strdup(path), &(struct stat){ .st_mtime = time(NULL) });
	}
	directory = folder != NULL ? opendir(folder[0] != '\0' ? folder : ".") : NULL;
	if (directory != NULL) {
		while (has_memory && (entry = readdir(directory)) != NULL)
			if (strncmp(entry->d_name, name, strlen(name)) == 0)
				has_memory = add_entry(files, folder, entry->d_name);
		(void)closedir(directory);
		error_set(error, "%s: no such file", path);
	} else if (folder != NULL) {
		error_set(error, "%s: %s", path, strerror(errno));
	}
	free(folder);
	if (!has_memory)
		error_set(error, "out of memory");
	if (files->count > 0)
		qsort(files->items, files->count, sizeof *files->items, compare_age);
	return has_memory && files->count > 0;
}

void
record_files_clear(struct record_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		free(files->items[i].path);
	free(files->items);
}

/* Reading. */

static ssize_t
read_expanded(void *cookie, char *octets, size_t size)
{
	const int count = gzread(cookie, octets, size < BUFFER_SIZE ? (unsigned)size : BUFFER_SIZE);
	int fault = Z_OK;

	if (count <= 0) /* the end, or a file that was cut, or a fault */
		(void)gzerror(cookie, &fault);
	if (count >= 0 && fault == Z_OK)
		return count;
	if (fault != Z_ERRNO)
		errno = fault == Z_MEM_ERROR ? ENOMEM : EBADMSG;
	return -1;
}

static int
close_expanded(void *cookie)
{
	return gzclose(cookie) == Z_OK ? 0 : -1;
}

/* Expand what is read from `fd`, which is taken. NULL when memory ran out. */
static FILE *
expand(int fd)
{
	gzFile expanded = gzdopen(fd, "rb");
	FILE *file;

	if (expanded == NULL) {
		(void)close(fd);
		return NULL;
	}
	(void)gzbuffer(expanded, BUFFER_SIZE);
	file = fopencookie(expanded, "r",
			   (cookie_io_functions_t){ .read = read_expanded, .close = close_expanded });
	if (file == NULL)
		(void)gzclose(expanded);
	return file;
}

FILE *
record_file_open(const struct record_file *file, struct error *error)
{
	const bool is_expanded = ends_with(file->path, ".gz");
	struct error reason;
	FILE *opened;
	int fd;

	if (is_compressed(file->path) && !is_expanded) {
		error_set(error, "%s: only plain files and those of gzip can be read", file->path);
		return NULL;
	}
	fd = regular_file_open_input(file->path, LINKS_REFUSED, &reason);
	if (fd < 0) {
		error_set(error, "%s: %s", file->path, reason.text);
		return NULL;
	}
	opened = is_expanded ? expand(fd) : fdopen(fd, "r");
	if (opened == NULL) {
		if (!is_expanded)
			(void)close(fd);
		error_set(error, "out of memory");
	}
	return opened;
}

void
record_file_tell_fault(const struct record_file *file, const struct file_lines *lines, struct error *error)
{
	error_set(error, "%s cannot be read to its end: %s", file->path, file_lines_reason(lines));
}
