#include "heloscope/records/search.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "heloscope/records/record.h"

struct search {
	enum record_wanted wanted;
	const char *text;
	struct ipaddr address;
	size_t most;
	struct record_reading reading;
	struct record_matches *matches;
	bool has_memory;
};

static bool
is_recipient(const struct message_record *record, const char *text)
{
	for (size_t i = 0; i < record->recipient_count; i++) {
		const char *typed = record->recipients[i].address.typed;
		const size_t length = strlen(text), skipped = typed[0] == '<' ? 1 : 0;

		if (strncasecmp(typed + skipped, text, length) == 0
		    && strcmp(typed + skipped + length, skipped > 0 ? ">" : "") == 0)
			return true;
	}
	return false;
}

static bool
is_sender(const struct facts *facts, const char *text)
{
	for (; facts != NULL; facts = facts->other)
		if (facts->sender.mailbox.text != NULL && strcasecmp(facts->sender.mailbox.text, text) == 0)
			return true;
	return false;
}

static bool
is_name(const char *name, const char *text)
{
	return name != NULL && strcasecmp(name, text) == 0;
}

static bool
is_wanted(const struct search *search, const struct message_record *record)
{
	const struct facts *facts = record->facts;

	switch (search->wanted) {
	case RECORD_OF_QUEUE_ID:
		return record->queue_id != NULL && strcmp(record->queue_id, search->text) == 0;
	case RECORD_OF_MAILBOX:
		return is_sender(facts, search->text) || is_recipient(record, search->text);
	case RECORD_OF_CLIENT:
		return ipaddr_equals(&facts->client.address, &search->address);
	case RECORD_OF_HOST:
		return is_name(facts->iprev.verified, search->text)
		       || is_name(facts->helo.given, search->text);
	default:
		return true;
	}
}

/* Keep a line behind the others, the oldest of which goes when there are enough. */
static bool
keep(struct search *search, struct span line)
{
	struct record_matches *matches = search->matches;
	char *copy = strndup(line.at, line.length);

	if (copy == NULL)
		return false;
	matches->total++;
	if (matches->count == search->most) {
		free(matches->lines[0]);
		matches->count--;
		memmove(matches->lines, matches->lines + 1, matches->count * sizeof *matches->lines);
	}
	matches->lines[matches->count++] = copy;
	return true;
}

static bool
take(void *part, struct span line)
{
	struct search *search = part;

	if (!record_read_next(line, &search->reading))
		return false;
	if (is_wanted(search, &search->reading.record))
		search->has_memory = keep(search, line) && search->has_memory;
	return true;
}

static void
note_fault(struct record_log_reading *reading, const char *text)
{
	reading->has_fault = true;
	error_set(&reading->fault, "%s", text);
}

void
record_search(const char *path, enum record_wanted wanted, const char *text, size_t most,
	      struct record_matches *matches, struct record_log_reading *reading)
{
	struct search search = {
		.wanted = wanted, .text = text, .most = most, .matches = matches, .has_memory = true
	};
	const struct record_log_reader reader = { .take = take, .context = &search };
	struct record_files files = { .count = 0 };

	*matches = (struct record_matches){ .count = 0 };
	*reading = (struct record_log_reading){ .has_fault = true };
	if (wanted == RECORD_OF_CLIENT && !ipaddr_parse(span_of(text), &search.address))
		note_fault(reading, "no address");
	else if (record_files_find(path, &files, &reading->fault))
		record_log_read(&files, &reader, reading);
	if (!search.has_memory)
		note_fault(reading, "out of memory");
	record_release(&search.reading);
	record_files_clear(&files);
}

void
record_matches_clear(struct record_matches *matches)
{
	for (size_t i = 0; i < matches->count; i++)
		free(matches->lines[i]);
}
