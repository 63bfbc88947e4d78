/*
 * The configuration language: any text, no file. What is read without complaint and shown reads
 * back without complaint, and is shown the same again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "heloscope/config/catalogue.h"
#include "heloscope/config/file.h"
#include "heloscope/config/settings.h"
#include "heloscope/config/show.h"
#include "heloscope/config/text.h"

/* A configuration, or NULL when there was a complaint. */
static struct config *
read_text(struct span text)
{
	struct config *config = config_new();
	char *messages = NULL;
	size_t length = 0;
	struct output out = { .file = open_memstream(&messages, &length) };
	struct config_reading reading = { .config = config, .messages = &out, .include = config_include };
	struct config_reader reader = {
		.reading = &reading, .config = config, .path = "/nonexistent/fuzz.conf", .shown = "fuzz.conf"
	};

	PROMISE(config != NULL && out.file != NULL);
	config_preset(config);
	PROMISE(config_parse_text(&reader, text));
	(void)fflush(out.file);
	PROMISE((reading.errors > 0) == (length > 0));
	config_resolve_lists(config, &out);
	(void)fclose(out.file);
	free(messages);
	if (reading.errors == 0 && config->authserv_id != NULL)
		return config;
	config_unref(config);
	return NULL;
}

/* Show and let go. */
static char *
show(struct config *config)
{
	char *text = NULL;
	size_t length = 0;
	struct output out = { .file = open_memstream(&text, &length) };

	PROMISE(out.file != NULL);
	config_show(config, &out);
	(void)fclose(out.file);
	config_unref(config);
	return text;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config *config = read_text((struct span){ (const char *)data, size });
	char *first, *second, *third;

	if (config == NULL)
		return 0;
	first = show(config);
	if (strstr(first, "***") != NULL) {
		free(first);
		return 0;
	}
	config = read_text(span_of(first));
	PROMISE(config != NULL);
	second = show(config);
	config = read_text(span_of(second));
	PROMISE(config != NULL);
	third = show(config);
	PROMISE(strcmp(second, third) == 0);
	free(first);
	free(second);
	free(third);
	return 0;
}
