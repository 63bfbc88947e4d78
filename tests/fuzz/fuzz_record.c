/*
 * A line of a log of records, whatever wrote it: what the reader takes, all that tell of it can tell, in
 * bounded text that holds nothing which is not printable.
 */
#include <jansson.h>
#include <stdio.h>

#include "../same_value.h"
#include "fuzz.h"
#include "heloscope/base/document.h"
#include "heloscope/words/explain.h"
#include "heloscope/base/bounds.h"
#include "heloscope/records/record.h"
#include "heloscope/records/shape.h"
#include "heloscope/review/report.h"

#define TOLD_MAX (1U << 20) /* octets that may be told of a line of 4096 */

static void
check_text(const char *text, size_t length)
{
	PROMISE(length < TOLD_MAX);
	for (size_t i = 0; i < length; i++)
		PROMISE(text[i] == '\n' || (text[i] >= ' ' && text[i] <= '~'));
}

static void
tell(const struct message_record *record, struct span line)
{
	char *text = NULL;
	size_t length = 0;
	struct output out = { .file = open_memstream(&text, &length) };

	PROMISE(out.file != NULL);
	explain_story(record, NULL, &out);
	explain_for_sender(record, &out);
	PROMISE(record_print(line, &out));
	PROMISE(output_close(&out));
	check_text(text, length);
	free(text);
}

static void
count(struct span line_of_record)
{
	struct report report;
	json_t *json;
	char *line;

	report_init(&report, "");
	PROMISE(report_take(&report, line_of_record) && report.messages == 1);
	json = report_json(&report, NULL);
	line = document_line(json);
	PROMISE(line != NULL);
	check_text(line, strlen(line));
	free(line);
	json_decref(json);
	report_clear(&report);
}

/* A line is read as Jansson reads it, or not at all as it does not; but Jansson passes over a NUL between
 * values. */
static void
check_tree(struct span line)
{
	json_t *json = json_loadb(line.at, line.length, JSON_REJECT_DUPLICATES, NULL);
	struct tree tree = { .count = 0 };
	const bool is_read = tree_read(line, &tree);

	PROMISE(is_read == json_is_object(json) || (!is_read && memchr(line.at, '\0', line.length) != NULL));
	if (is_read) {
		PROMISE(is_same_value(tree.nodes, json));
		tree_clear(&tree);
	}
	json_decref(json);
}

/* What is read is read among others, too, and tells policy the same. */
static void
read_among_others(struct span line, const struct facts *facts)
{
	static struct record_reading reading;

	PROMISE(record_read_next(line, &reading));
	PROMISE(memcmp(reading.record.facts->results, facts->results, sizeof facts->results) == 0);
	PROMISE(ipaddr_equals(&reading.record.facts->client.address, &facts->client.address));
	PROMISE(strcmp(reading.record.facts->sender.mailbox.text, facts->sender.mailbox.text) == 0);
	PROMISE(!record_read_next(SPAN("{"), &reading));
}

/* What is taken is written, and read and written again it is the same. */
static void
write_again(struct span line)
{
	struct record_reading first, second;
	char *once, *twice;

	if (!record_read(line, &first))
		return;
	tell(&first.record, line);
	read_among_others(line, first.record.facts);
	once = record_make(&first.record, RECORD_WHOLE);
	PROMISE(once != NULL && strlen(once) <= BOUND_RECORD);
	PROMISE(record_read(span_of(once), &second));
	twice = record_make(&second.record, RECORD_WHOLE);
	PROMISE(twice != NULL && strcmp(once, twice) == 0);
	free(once);
	free(twice);
	record_release(&first);
	record_release(&second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span line = { (const char *)data, size };
	struct tree tree = { .count = 0 };

	check_tree(line);
	if (!record_parse(line, &tree))
		return 0;
	tree_clear(&tree);
	count(line);
	write_again(line);
	return 0;
}
