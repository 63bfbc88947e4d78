#include "heloscope/wiring/second_writer.h"

#include <string.h>
#include <unistd.h>

#include "heloscope/base/domain.h"
#include "heloscope/base/regular_file.h"

#define VALUE_SIZE 300

/* What counts of such a file; empty where it says nothing. */
struct writer {
	char id[VALUE_SIZE], mode[VALUE_SIZE];
};

/* A value as it stands in the field: in quotes it is the same there (RFC 8601, section 2.2). */
static struct span
bare(struct span value)
{
	value = span_trim(value);
	if (value.length > 1 && value.at[0] == '"' && value.at[value.length - 1] == '"')
		return (struct span){ value.at + 1, value.length - 2 };
	return value;
}

/* What stands behind "#" is a comment wherever that stands, and what stands behind a CR counts as little. */
static void
take_line(struct span whole, struct writer *writer)
{
	const struct {
		struct span word;
		char *value;
	} settings[] = { { SPAN("AuthservID"), writer->id }, { SPAN("Mode"), writer->mode } };
	struct span text = span_until(&whole, '\r'), line = span_until(&text, '#');
	const struct span word = span_word(&line, ASCII_BLANKS);

	for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
		struct strbuf value;

		if (!span_equals_nocase(word, settings[i].word))
			continue;
		strbuf_init(&value, settings[i].value, VALUE_SIZE);
		strbuf_add_span(&value, bare(line));
	}
}

static bool
read_writer(const char *path, struct writer *writer)
{
	FILE *file = regular_file_open(path, LINKS_FOLLOWED, NULL, NULL);
	struct file_lines lines;
	enum line_state state;

	*writer = (struct writer){ .id = "" };
	if (file == NULL)
		return false;
	file_lines_init(&lines, file);
	while ((state = file_lines_next(&lines)) == LINE_READ)
		take_line(lines.line, writer);
	file_lines_clear(&lines);
	(void)fclose(file);
	return state == LINES_END;
}

/* One that only signs writes no such field. */
static bool
verifies(const struct writer *writer)
{
	return writer->mode[0] == '\0' || memchr(writer->mode, 'v', strlen(writer->mode)) != NULL;
}

/* "opendkim" of "/etc/opendkim.conf". */
static struct span
name_of(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;

	return (struct span){ name, strcspn(name, ".") };
}

void
wiring_judge_second_writer(struct wiring *wiring, const char *path, const char *mta_name)
{
	const char *ours = wiring->config->authserv_id, *id;
	const struct span name = name_of(path);
	char host[DOMAIN_SIZE] = "";
	struct writer writer;

	if (!read_writer(path, &writer) || !verifies(&writer))
		return;
	id = writer.id[0] != '\0' ? writer.id : mta_name;
	if (strcmp(writer.id, "HOSTNAME") == 0 && gethostname(host, sizeof host - 1) == 0)
		id = host;
	if (span_equals_nocase(span_of(id), span_of(ours)))
		wiring_cure(
			&wiring->findings,
			wiring_find(&wiring->findings, FINDING_SECOND_WRITER, path,
				    writer.id[0] != '\0' ? span_of(writer.id) : SPAN("the name of the MTA")),
			CURE_OTHER_FILTER, "AuthservID %.*s.%s", (int)name.length, name.at, ours);
}
