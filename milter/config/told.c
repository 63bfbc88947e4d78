#include "heloscope/config/told.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/base/log.h"
#include "heloscope/base/output.h"
#include "heloscope/config/read.h"
#include "heloscope/config/sense.h"

struct config *
config_read_told(const char *path, char **text)
{
	size_t size = 0;
	struct output messages = { .file = open_memstream(text, &size) };
	struct config *config;

	if (messages.file == NULL) {
		*text = NULL;
		log_error("%s: out of memory", path);
		return NULL;
	}
	config = config_read(path, &messages);
	if (config != NULL)
		config_warn_of_nonsense(config, path, &messages);
	(void)fclose(messages.file);
	return config;
}

void
config_log_told(char *text, bool is_usable)
{
	char *rest = text, *line;

	while (rest != NULL && *rest != '\0') {
		line = strsep(&rest, "\n");
		log_line(is_usable ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR, "%s", line);
	}
	free(text);
}
