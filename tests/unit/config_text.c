#include "unit.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config_text.h"
#include "heloscope/config/read.h"

/* Paths in messages begin with the file's name. */
static void
leave_out(char *messages, const char *folder)
{
	const size_t length = strlen(folder) + 1;

	for (char *at = messages; (at = strstr(at, folder)) != NULL;)
		memmove(at, at + length, strlen(at + length) + 1);
}

struct config *
config_from_text(const char *text, char *messages)
{
	char folder[] = "/tmp/heloscope-test.XXXXXX", path[64], own[4096] = "";
	struct config *config;
	struct output out = { .file = NULL };
	FILE *file;

	if (mkdtemp(folder) == NULL)
		fail_msg("no folder for a configuration");
	(void)snprintf(path, sizeof path, "%s/test.conf", folder);
	file = fopen(path, "w");
	assert_non_null(file);
	(void)fputs(text, file);
	(void)fclose(file);
	out.file = fmemopen(messages != NULL ? messages : own, 4096, "w");
	config = config_read(path, &out);
	(void)fclose(out.file);
	(void)unlink(path);
	(void)rmdir(folder);
	if (messages != NULL)
		leave_out(messages, folder);
	if (messages == NULL && config == NULL)
		fail_msg("%s", own);
	return config;
}
