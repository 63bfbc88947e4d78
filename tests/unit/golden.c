#include "unit.h"

#include <stdbool.h>
#include <stdlib.h>

#include "golden.h"

static void
write_path(const char *name, char *path, size_t size)
{
	const char *folder = getenv("srcdir");

	(void)snprintf(path, size, "%s/tests/golden/%s.txt", folder != NULL ? folder : "..", name);
}

static void
compare_with(FILE *file, const char *name, const char *text)
{
	static char kept[GOLDEN_SIZE];
	size_t at = 0;

	kept[fread(kept, 1, sizeof kept - 1, file)] = '\0';
	while (kept[at] == text[at] && text[at] != '\0')
		at++;
	if (kept[at] != text[at])
		fail_msg("not as in tests/golden/%s.txt:\n%.400s", name, text + (at > 200 ? at - 200 : 0));
}

void
golden_compare(const char *name, const char *text)
{
	const char *update = getenv("UPDATE_GOLDEN");
	const bool is_update = update != NULL && strcmp(update, "yes") == 0;
	char path[4096];
	FILE *file;

	write_path(name, path, sizeof path);
	file = fopen(path, is_update ? "w" : "r");
	assert_non_null(file);
	if (is_update)
		(void)fputs(text, file);
	else
		compare_with(file, name, text);
	(void)fclose(file);
}
