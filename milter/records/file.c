#include "heloscope/records/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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
	const struct audit_file *first = a, *second = b;

	if (first->changed != second->changed)
		return first->changed < second->changed ? -1 : 1;
	return strcmp(second->path, first->path); /* audit.jsonl behind audit.jsonl.1 */
}

/* Add `folder`/`name`, when it is a file. False when memory ran out. */
static bool
add_file(struct audit_files *files, const char *folder, const char *name)
{
	struct audit_file *items;
	struct stat status;
	char *path;

	if (asprintf(&path, "%s%s", folder, name) < 0)
		return false;
	if (stat(path, &status) != 0 || S_ISDIR(status.st_mode)) {
		free(path);
		return true;
	}
	items = reallocarray(files->items, files->count + 1, sizeof *items);
	if (items == NULL) {
		free(path);
		return false;
	}
	files->items = items;
	items[files->count++] = (struct audit_file){ path, status.st_mtime, (size_t)status.st_size,
						     S_ISREG(status.st_mode) && !is_compressed(path) };
	return true;
}

bool
audit_files_find(const char *path, struct audit_files *files, struct error *error)
{
	const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
	char *folder = strndup(path, (size_t)(name - path));
	const struct dirent *entry;
	bool has_memory = folder != NULL;
	DIR *directory;

	*files = (struct audit_files){ .count = 0 };
	error_set(error, "out of memory");
	directory = folder != NULL ? opendir(folder[0] != '\0' ? folder : ".") : NULL;
	if (directory != NULL) {
		while (has_memory && (entry = readdir(directory)) != NULL)
			if (strncmp(entry->d_name, name, strlen(name)) == 0)
				has_memory = add_file(files, folder, entry->d_name);
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
audit_files_clear(struct audit_files *files)
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

	if (count == 0) /* the end, or a file that was cut */
		(void)gzerror(cookie, &fault);
	return count < 0 || fault != Z_OK ? -1 : count;
}

static int
close_expanded(void *cookie)
{
	return gzclose(cookie) == Z_OK ? 0 : -1;
}

static FILE *
open_expanded(const char *path, struct error *error)
{
	gzFile expanded;
	FILE *file;

	errno = 0;
	expanded = gzopen(path, "rbe");
	if (expanded == NULL) {
		error_set(error, "%s: %s", path, errno != 0 ? strerror(errno) : "out of memory");
		return NULL;
	}
	(void)gzbuffer(expanded, BUFFER_SIZE);
	file = fopencookie(expanded, "r",
			   (cookie_io_functions_t){ .read = read_expanded, .close = close_expanded });
	if (file == NULL) {
		error_set(error, "out of memory");
		(void)gzclose(expanded);
	}
	return file;
}

FILE *
audit_file_open(const struct audit_file *file, struct error *error)
{
	FILE *opened;

	if (ends_with(file->path, ".gz"))
		return open_expanded(file->path, error);
	if (is_compressed(file->path)) {
		error_set(error, "%s: only plain files and those of gzip can be read", file->path);
		return NULL;
	}
	opened = fopen(file->path, "re");
	if (opened == NULL)
		error_set(error, "%s: %s", file->path, strerror(errno));
	return opened;
}
