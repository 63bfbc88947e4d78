/* Any octets as a configuration: read, or refused with at least one message, each with its place. */
#include <stdio.h>

#include "fuzz.h"
#include "heloscope/config_build.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config *config;
	char *messages = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&messages, &length);
	struct text_set said = { 0 };
	unsigned errors = 0;
	struct config_reader reader = { .messages = out,
					.path = "/nonexistent/fuzz.conf",
					.shown = "fuzz.conf",
					.errors = &errors,
					.said = &said };

	config = config_new();
	PROMISE(config != NULL && out != NULL);
	reader.config = config;
	PROMISE(config_parse_text(&reader, (struct span){ (const char *)data, size }));
	config_resolve_lists(config);
	(void)fclose(out);
	PROMISE((errors > 0) == (length > 0));
	config_unref(config);
	free(messages);
	return 0;
}
