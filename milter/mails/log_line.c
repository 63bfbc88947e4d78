#include "heloscope/mails/log_line.h"

#include "heloscope/refusals/pieces.h"

#define BEFORE_MAX 512 /* octets in which the program is named: time, host, what containers put in front */

/* Taking apart. */

/* Where the last word before `end` begins. */
static size_t
word_before(struct span text, size_t end)
{
	while (end > 0 && text.at[end - 1] != ' ' && text.at[end - 1] != '\t')
		end--;
	return end;
}

/* Whether "[123" stands before `end`; then where it begins. */
static bool
find_process(struct span text, size_t end, size_t *begin)
{
	size_t at = end;

	while (at > 0 && ascii_is_digit(text.at[at - 1]))
		at--;
	*begin = at - 1;
	return at < end && at > 1 && text.at[at - 1] == '[';
}

static void
set_parts(struct span line, size_t process, size_t message, struct log_line *parts)
{
	const size_t program = word_before(line, process);
	size_t host_end = program, host;

	while (host_end > 0 && line.at[host_end - 1] == ' ')
		host_end--;
	host = word_before(line, host_end);
	parts->before = (struct span){ line.at, program };
	parts->time = REFUSAL_NO_TIME;
	parts->host = (struct span){ line.at + host, host_end - host };
	parts->program = (struct span){ line.at + program, process - program };
	parts->message = span_from(line, message);
}

bool
log_line_split(struct span line, struct log_line *parts)
{
	const size_t length = line.length < BEFORE_MAX ? line.length : BEFORE_MAX;
	size_t at = 0, process;
	const char *found;

	while (at < length && (found = memchr(line.at + at, ']', length - at)) != NULL) {
		at = (size_t)(found - line.at);
		if (line.length > at + 2 && line.at[at + 1] == ':' && line.at[at + 2] == ' '
		    && find_process(line, at, &process)) {
			set_parts(line, process, at + 3, parts);
			return true;
		}
		at++;
	}
	return false;
}

/* Handing over. */

static time_t
time_of(struct log_clock *clock, const struct log_line *line)
{
	struct span before = line->before;
	time_t seconds = REFUSAL_NO_TIME;

	if (line->time != REFUSAL_NO_TIME)
		return line->time;
	if (log_clock_read(clock, &before, &seconds))
		return seconds;
	/* "<22>", "mail-1  | " */
	while (before.length > 0 && !ascii_is_among(before.at[0], ">|"))
		before = span_from(before, 1);
	before = text_trim(span_from(before, 1));
	return log_clock_read(clock, &before, &seconds) ? seconds : REFUSAL_NO_TIME;
}

void
log_state_hand_over(struct log_state *state, const struct log_line *line, struct refusal *refusal)
{
	struct span sender;

	refusal->time = time_of(&state->clock, line);
	if (state->since != 0 && refusal->time != REFUSAL_NO_TIME && refusal->time < state->since)
		return;
	if (refusal->sender.length == 0
	    && log_queue_find(&state->queue, LOG_NOTE_SENDER, line->host, refusal->queue_id, &sender))
		refusal->sender = sender;
	if (refusal->text.length > BOUND_REFUSAL_TEXT)
		refusal->text.length = BOUND_REFUSAL_TEXT;
	refusal->file = state->file;
	refusal->line = line->number;
	state->take(state->context, refusal);
}

/* Pieces. */

bool
log_take(struct span *text, struct span words)
{
	if (text->length < words.length || memcmp(text->at, words.at, words.length) != 0)
		return false;
	*text = span_from(*text, words.length);
	return true;
}

void
log_skip_blanks(struct span *text)
{
	while (text->length > 0 && text->at[0] == ' ')
		*text = span_from(*text, 1);
}

bool
log_cut(struct span text, struct span words, struct span *before, struct span *behind)
{
	const char *found = memmem(text.at, text.length, words.at, words.length);

	if (found == NULL)
		return false;
	*before = (struct span){ text.at, (size_t)(found - text.at) };
	*behind = span_from(text, before->length + words.length);
	return true;
}

/* Where a quoted part that begins at `at` ends; the end of the text where it does not. */
static size_t
behind_quotes(struct span text, size_t at)
{
	for (at++; at < text.length && text.at[at] != '"'; at++)
		if (text.at[at] == '\\')
			at++;
	return at;
}

bool
log_take_address(struct span *text, struct span *address)
{
	size_t at = 0;

	while (at < text->length && text->at[at] != '>')
		at = text->at[at] == '"' ? behind_quotes(*text, at) + 1 : at + 1;
	if (at >= text->length)
		return false;
	*address = at > 0 ? (struct span){ text->at, at } : SPAN("<>");
	*text = span_from(*text, at + 1);
	return true;
}

bool
log_take_id(struct span *text, struct span *id)
{
	size_t length = 0;

	while (length < text->length && ascii_is_alnum(text->at[length]))
		length++;
	if (length == 0 || text->length < length + 2 || text->at[length] != ':'
	    || text->at[length + 1] != ' ')
		return false;
	*id = (struct span){ text->at, length };
	*text = span_from(*text, length + 2);
	return true;
}

void
log_read_relay(struct span relay, struct refusal *refusal)
{
	struct span name = relay, rest;

	while (name.length > 0 && relay.at[relay.length - name.length] != '[')
		name = span_from(name, 1);
	rest = name;
	name = (struct span){ relay.at, relay.length - rest.length };
	if (!text_take_ip(&rest, &refusal->address))
		return;
	name = text_trim(name);
	if (name.length > 0 && name.at[name.length - 1] == '.')
		name.length--;
	refusal->host = name;
}

struct enhanced_code
log_read_dsn(struct span text)
{
	const struct enhanced_code none = { .class = 0 };
	struct span class = span_until(&text, '.'), subject = span_until(&text, '.');
	struct enhanced_code code;

	if (!span_to_number(class, 2, 5, &code.class) || !span_to_number(subject, 0, 999, &code.subject)
	    || !span_to_number(text, 0, 999, &code.detail))
		return none;
	return code;
}

bool
log_is_away(const struct refusal *refusal, struct span relay)
{
	static const struct span ours[] = { LOG_WORD("localhost"),   LOG_WORD("127.0.0.1"),
					    LOG_WORD("[127.0.0.1]"), LOG_WORD("::1"),
					    LOG_WORD("[::1]"),       LOG_WORD("localhost.localdomain") };
	const struct span port = SPAN(":25");

	if (refusal->address.length == 0)
		return false;
	if (!ipaddr_is_loopback(&refusal->address) || span_ends_with_nocase(relay, port))
		return true;
	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
		if (span_equals_nocase(refusal->host, ours[i]))
			return false;
	return refusal->host.length > 0;
}
