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

static void
take_line(struct span line, struct writer *writer)
{
	const struct span text = span_trim(line);
	size_t length = 0;
	struct span word;
	struct strbuf id, mode;

	while (length < text.length && !ascii_is_blank(text.at[length]))
		length++;
	word = (struct span){ text.at, length };
	if (span_equals_nocase(word, SPAN("AuthservID"))) {
		strbuf_init(&id, writer->id, sizeof writer->id);
		strbuf_add_span(&id, span_trim(span_from(text, length)));
	} else if (span_equals_nocase(word, SPAN("Mode"))) {
		strbuf_init(&mode, writer->mode, sizeof writer->mode);
		strbuf_add_span(&mode, span_trim(span_from(text, length)));
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
