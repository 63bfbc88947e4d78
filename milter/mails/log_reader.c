#include "heloscope/mails/log_reader.h"

#include <stdlib.h>

#include "heloscope/base/bounds.h"
#include "heloscope/mails/exim_log.h"
#include "heloscope/mails/log_line.h"
#include "heloscope/mails/postfix_log.h"
#include "heloscope/mails/sendmail_log.h"
#include "heloscope/refusals/pieces.h"

#define JOURNAL_NAME 256

/* An entry that is exported by journalctl(1): a field a line, in any order, and an empty line. */
struct journal {
	bool is_used; /* it is such an export */
	char host[JOURNAL_NAME], program[JOURNAL_NAME], message[BOUND_LINE_READ];
	struct log_line line;
};

struct log_reader {
	struct log_state state;
	unsigned long lines; /* of this file so far */
	struct journal journal;
	char begun[BOUND_LINE_READ]; /* a line whose end has not come yet, */
	size_t begun_length;         /* as far as it fits */
	bool has_begun;
};

struct log_reader *
log_reader_new(time_t since, refusal_taker *take, void *context)
{
	struct log_reader *reader = calloc(1, sizeof *reader);

	if (reader == NULL)
		return NULL;
	reader->state.since = since;
	reader->state.take = take;
	reader->state.context = context;
	if (log_queue_init(&reader->state.queue))
		return reader;
	log_reader_free(reader);
	return NULL;
}

void
log_reader_free(struct log_reader *reader)
{
	if (reader == NULL)
		return;
	log_queue_clear(&reader->state.queue);
	free(reader);
}

/* Lines. */

/* A line of which nothing is known. */
static const struct log_line nothing = { .number = 0,
					 .before = { "", 0 },
					 .time = REFUSAL_NO_TIME,
					 .host = { "", 0 },
					 .program = { "", 0 },
					 .message = { "", 0 } };

static void
take_parts(struct log_state *state, const struct log_line *parts)
{
	const enum postfix_program program = postfix_log_program(parts->program);

	if (program != POSTFIX_NONE)
		postfix_log_take(state, parts, program);
	else if (sendmail_log_is_program(parts->program))
		sendmail_log_take(state, parts);
	else if (span_starts_with_nocase(parts->program, SPAN("exim")))
		(void)exim_log_take(state, parts, parts->message);
}

/* A delivery of Postfix that somebody quotes, without what syslog puts in front or with something else. */
static bool
is_quoted(struct span line, struct log_line *parts)
{
	const char *to = memmem(line.at, line.length, " to=<", 5);
	struct span before = { line.at, to != NULL ? (size_t)(to - line.at) : 0 };

	before = text_trim(before);
	while (before.length > 0 && memchr(before.at, ' ', before.length) != NULL)
		(void)span_until(&before, ' ');
	parts->before = (struct span){ line.at, (size_t)(before.at - line.at) };
	parts->message = span_from(line, parts->before.length);
	return to != NULL && postfix_log_is_delivery(parts->message);
}

static bool
begins_with_date(struct span line)
{
	return line.length > 20 && line.at[4] == '-' && line.at[7] == '-' && line.at[10] == ' ';
}

/* Keep a field of an entry, as far as it fits. */
static struct span
keep(struct span value, char *memory, size_t size)
{
	const size_t length = value.length < size ? value.length : size;

	memcpy(memory, value.at, length);
	return (struct span){ memory, length };
}

/* "__REALTIME_TIMESTAMP=1795000000123456", in microseconds. */
static time_t
seconds_of(struct span value)
{
	struct span seconds = { value.at, value.length > 6 ? value.length - 6 : 0 };
	unsigned high, low;

	if (seconds.length != 10 || !span_to_number((struct span){ seconds.at, 5 }, 0, 99999, &high)
	    || !span_to_number(span_from(seconds, 5), 0, 99999, &low))
		return REFUSAL_NO_TIME;
	return (time_t)high * 100000 + (time_t)low;
}

static void
take_journal_line(struct log_reader *reader, struct span line)
{
	struct journal *journal = &reader->journal;

	if (line.length == 0) {
		take_parts(&reader->state, &journal->line);
		journal->line = nothing;
	} else if (log_take(&line, SPAN("MESSAGE="))) {
		journal->line.message = keep(line, journal->message, sizeof journal->message);
		journal->line.number = reader->lines;
	} else if (log_take(&line, SPAN("SYSLOG_IDENTIFIER="))) {
		journal->line.program = keep(line, journal->program, sizeof journal->program);
	} else if (log_take(&line, SPAN("_HOSTNAME="))) {
		journal->line.host = keep(line, journal->host, sizeof journal->host);
	} else if (log_take(&line, SPAN("__REALTIME_TIMESTAMP="))) {
		journal->line.time = seconds_of(line);
	}
}

static void
take_line(struct log_reader *reader, struct span line)
{
	struct log_state *state = &reader->state;
	struct log_line parts = nothing;

	parts.number = ++reader->lines;
	if (line.length > 0 && line.at[line.length - 1] == '\r')
		line.length--;
	if (reader->lines == 1)
		reader->journal.is_used = span_starts_with_nocase(line, SPAN("__CURSOR="));
	if (reader->journal.is_used)
		take_journal_line(reader, line);
	else if (begins_with_date(line) && exim_log_take(state, &parts, line))
		return;
	else if (log_line_split(line, &parts))
		take_parts(state, &parts);
	else if (is_quoted(line, &parts))
		postfix_log_take(state, &parts, POSTFIX_CLIENT);
}

/* Octets. */

void
log_reader_begin(struct log_reader *reader, struct span file, time_t written)
{
	log_clock_init(&reader->state.clock, written);
	reader->state.file = file;
	reader->lines = 0;
	reader->journal.is_used = reader->has_begun = false;
	reader->begun_length = 0;
	reader->journal.line = nothing;
}

static void
add_to_begun(struct log_reader *reader, struct span octets)
{
	const size_t room = sizeof reader->begun - reader->begun_length;
	const size_t length = octets.length < room ? octets.length : room;

	memcpy(reader->begun + reader->begun_length, octets.at, length);
	reader->begun_length += length;
	reader->has_begun = true;
}

static void
take_begun(struct log_reader *reader)
{
	take_line(reader, (struct span){ reader->begun, reader->begun_length });
	reader->begun_length = 0;
	reader->has_begun = false;
}

void
log_reader_add(struct log_reader *reader, struct span octets)
{
	const char *end;

	while (octets.length > 0 && (end = memchr(octets.at, '\n', octets.length)) != NULL) {
		struct span line = { octets.at, (size_t)(end - octets.at) };

		octets = span_from(octets, line.length + 1);
		if (reader->has_begun) {
			add_to_begun(reader, line);
			take_begun(reader);
			continue;
		}
		if (line.length > BOUND_LINE_READ)
			line.length = BOUND_LINE_READ;
		take_line(reader, line);
	}
	if (octets.length > 0)
		add_to_begun(reader, octets);
}

void
log_reader_end(struct log_reader *reader)
{
	if (reader->has_begun)
		take_begun(reader);
	if (reader->journal.is_used)
		take_journal_line(reader, span_of(""));
}

/* Guessing. */

#define LINES_ENOUGH 20

/* What is counted of a beginning. */
struct signs {
	size_t lines, of_logs, of_messages;
	enum log_kind kind; /* whose lines came first */
};

static enum log_kind
kind_of_message(const struct log_line *parts)
{
	struct span id, rest = parts->message;

	switch (postfix_log_program(parts->program)) {
	case POSTFIX_CLIENT:
		return postfix_log_is_delivery(parts->message) ? LOG_POSTFIX : LOG_SYSLOG;
	case POSTFIX_QUEUE:
		return log_take_id(&rest, &id) && log_take(&rest, SPAN("from=<")) ? LOG_POSTFIX : LOG_SYSLOG;
	case POSTFIX_OTHER:
		return LOG_SYSLOG;
	case POSTFIX_NONE:
		break;
	}
	if (sendmail_log_is_program(parts->program) && sendmail_log_is_line(parts->message))
		return LOG_SENDMAIL;
	if (span_starts_with_nocase(parts->program, SPAN("exim")) && exim_log_is_line(parts->message))
		return LOG_EXIM;
	return LOG_SYSLOG;
}

static enum log_kind
kind_of_line(struct span line)
{
	struct log_clock clock;
	struct log_line parts = nothing;
	enum log_kind kind;

	log_clock_init(&clock, 0);
	if (exim_log_is_line(line))
		return LOG_EXIM;
	if (!log_line_split(line, &parts))
		return is_quoted(line, &parts)               ? LOG_POSTFIX
		       : log_clock_read(&clock, &line, NULL) ? LOG_SYSLOG
							     : LOG_NONE;
	kind = kind_of_message(&parts);
	return kind == LOG_SYSLOG && !log_clock_read(&clock, &line, NULL) ? LOG_NONE : kind;
}

static void
count_line(struct signs *signs, struct span line)
{
	const enum log_kind kind = kind_of_line(line);

	signs->lines++;
	if (kind == LOG_NONE)
		return;
	signs->of_logs++;
	if (kind == LOG_SYSLOG)
		return;
	signs->of_messages++;
	if (signs->kind == LOG_NONE)
		signs->kind = kind;
}

enum log_kind
log_guess(struct span beginning)
{
	struct signs signs = { .kind = LOG_NONE };
	struct span line = SPAN("");

	if (span_starts_with_nocase(beginning, SPAN("__CURSOR=")))
		return LOG_SYSLOG;
	while (text_next_line(&beginning, &line))
		count_line(&signs, line);
	if (signs.of_logs * 10 < signs.lines * 9)
		return LOG_NONE;
	if (signs.of_messages > 0)
		return signs.kind;
	return signs.of_logs >= LINES_ENOUGH ? LOG_SYSLOG : LOG_NONE;
}
