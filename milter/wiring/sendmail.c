#include "heloscope/wiring/sendmail.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "heloscope/base/regular_file.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/wiring/postfix.h"

#define LINE_SIZE 8192

/* Pieces. */

/* The text before the first `sign` of `text`, which becomes the rest. */
static struct span
before(struct span *text, char sign)
{
	return span_trim(span_until(text, sign));
}

/* The next piece of `text` that says something for a key, of which Sendmail looks at the first letter alone.
 */
static bool
next_piece(struct span *text, char separator, char sign, const char *key, struct span *value)
{
	while (text->length > 0) {
		struct span piece = before(text, separator);
		const bool has_sign =
			piece.length > 0 && memchr(piece.at, (unsigned char)sign, piece.length) != NULL;
		const struct span name = before(&piece, sign);

		if (has_sign && name.length > 0 && ascii_lower(name.at[0]) == ascii_lower(key[0])) {
			*value = span_trim(piece);
			return true;
		}
	}
	return false;
}

bool
sendmail_piece(struct span text, char separator, char sign, const char *key, struct span *value)
{
	bool is_there = false;

	while (next_piece(&text, separator, sign, key, value))
		is_there = true;
	return is_there;
}

/* Of what adds up when it is there twice: all that `text` says for a key, with `separator` between. */
static struct span
all_pieces(struct arena *arena, struct span text, const char *key, const char *separator)
{
	struct span all = SPAN(""), value;

	while (next_piece(&text, ',', '=', key, &value))
		all = span_of(arena_printf(arena, "%.*s%s%.*s", (int)all.length, all.at,
					   all.length > 0 ? separator : "", (int)value.length, value.at));
	return all;
}

/* Take one part off the text, "1h"; without a number it is none of that unit. */
static bool
take_seconds(struct span *text, unsigned *seconds)
{
	const size_t digits = span_digits(*text), length = digits < text->length ? digits + 1 : digits;
	const char unit[] = { '0', text->at[0] };
	const struct span part =
		digits > 0 ? (struct span){ text->at, length } : (struct span){ unit, sizeof unit };

	*text = span_from(*text, length);
	return postfix_read_seconds(part, seconds);
}

bool
sendmail_read_seconds(struct span text, unsigned *seconds)
{
	unsigned sum = 0, part;

	if (text.length == 0)
		return false;
	while (text.length > 0) {
		if (!take_seconds(&text, &part) || part > UINT_MAX - sum)
			return false;
		sum += part;
	}
	*seconds = sum;
	return true;
}

struct span
sendmail_next(struct span *list)
{
	return span_word(list, " \t,;");
}

/* Lines. */

void
sendmail_init(struct sendmail *sendmail, struct arena *arena)
{
	*sendmail = (struct sendmail){ .arena = arena,
				       .version = SPAN(""),
				       .input_filters = SPAN(""),
				       .user = SPAN("root"),
				       .unsafe = S_IWGRP | S_IWOTH };
	for (size_t i = 0; i < SENDMAIL_STAGES; i++)
		sendmail->macros[i] = SPAN("");
}

static bool
take_filter(struct sendmail *sendmail, struct span text)
{
	struct sendmail_filter *grown = arena_grow(sendmail->arena, sendmail->filters, sendmail->filter_count,
						   sizeof *grown),
			       *filter;

	if (grown == NULL)
		return false;
	sendmail->filters = grown;
	filter = &grown[sendmail->filter_count++];
	*filter = (struct sendmail_filter){ .address = SPAN(""), .name = before(&text, ',') };
	(void)sendmail_piece(text, ',', '=', "S", &filter->address);
	filter->flags = all_pieces(sendmail->arena, text, "F", "");
	filter->timeouts = all_pieces(sendmail->arena, text, "T", ";");
	return true;
}

static bool
take_port(struct sendmail *sendmail, struct span text)
{
	struct sendmail_port *grown = arena_grow(sendmail->arena, sendmail->ports, sendmail->port_count,
						 sizeof *grown),
			     *port;

	if (grown == NULL)
		return false;
	sendmail->ports = grown;
	port = &grown[sendmail->port_count++];
	*port = (struct sendmail_port){ .whole = text,
					.name = SPAN(""),
					.port = SPAN("smtp"),
					.address = SPAN(""),
					.filters = SPAN("") };
	(void)sendmail_piece(text, ',', '=', "Name", &port->name);
	(void)sendmail_piece(text, ',', '=', "Port", &port->port);
	(void)sendmail_piece(text, ',', '=', "Addr", &port->address);
	port->has_filters = sendmail_piece(text, ',', '=', "InputMailFilters", &port->filters);
	return true;
}

/* "mail", "mail:mail". */
static struct span
user_of(struct span text)
{
	struct span rest = span_until(&text, ':');

	return span_trim(span_until(&rest, '.'));
}

/* "GroupWritableDirPathSafe,IncludeFileInUnsafeDirPath" */
static bool
bears_group(struct span text)
{
	struct span name = sendmail_next(&text);

	while (name.length > 0 && !span_equals_nocase(name, SPAN("GroupWritableDirPathSafe")))
		name = sendmail_next(&text);
	return name.length > 0;
}

static bool
take_option(struct sendmail *sendmail, struct span text)
{
	static const char *const stages[SENDMAIL_STAGES] = {
		"Milter.macros.connect", "Milter.macros.helo", "Milter.macros.envfrom",
		"Milter.macros.envrcpt", "Milter.macros.eom",
	};
	const struct span name = before(&text, '='), value = span_trim(text);

	if (span_equals_nocase(name, SPAN("DaemonPortOptions")))
		return take_port(sendmail, value);
	if (span_equals_nocase(name, SPAN("InputMailFilters")))
		sendmail->input_filters = value;
	if (span_equals_nocase(name, SPAN("RunAsUser")))
		sendmail->user = user_of(value);
	if (span_equals_nocase(name, SPAN("DontBlameSendmail")) && bears_group(value))
		sendmail->unsafe = S_IWOTH;
	for (size_t i = 0; i < SENDMAIL_STAGES; i++)
		if (span_equals_nocase(name, span_of(stages[i])))
			sendmail->macros[i] = value;
	return true;
}

bool
sendmail_take(struct sendmail *sendmail, struct span line)
{
	if (line.length < 2)
		return true;
	if (line.at[0] == 'X')
		return take_filter(sendmail, span_from(line, 1));
	if (line.at[0] == 'O' && line.at[1] == ' ')
		return take_option(sendmail, span_from(line, 2));
	if (line.at[0] == 'O' && line.at[1] == 'O') /* as Sendmail 5 had it, which is still read */
		return take_port(sendmail, span_trim(span_from(line, 2)));
	if (line.at[0] == 'D' && line.at[1] == 'Z')
		sendmail->version = span_trim(span_from(line, 2));
	return true;
}

/* Files. */

/* What a line that is whole comes to. */
static bool
take_whole(struct sendmail *sendmail, struct strbuf *whole, struct error *error)
{
	const char *kept = arena_string(sendmail->arena, whole->text);

	error_set(error, "out of memory");
	if (whole->is_cut || memchr("XOD", whole->text[0], 3) == NULL) {
		strbuf_shorten(whole, 0);
		return true;
	}
	strbuf_shorten(whole, 0);
	return sendmail_take(sendmail, span_of(kept)) && !sendmail->arena->has_failed;
}

static bool
take_lines(struct sendmail *sendmail, struct file_lines *lines, struct error *error)
{
	char memory[LINE_SIZE];
	struct strbuf whole = STRBUF_OVER(memory);
	enum line_state state;

	while ((state = file_lines_next(lines)) == LINE_READ || state == LINE_TOO_LONG) {
		const struct span line = lines->line;
		const bool goes_on = line.length > 0 && ascii_is_blank(line.at[0]);

		if (goes_on)
			strbuf_add_char(&whole, ' ');
		else if (!take_whole(sendmail, &whole, error))
			return false;
		strbuf_add_span(&whole, goes_on ? span_trim(line) : line);
	}
	if (state == LINES_END)
		return take_whole(sendmail, &whole, error);
	error_set(error, "%s", file_lines_reason(lines));
	return false;
}

bool
sendmail_load(struct sendmail *sendmail, const char *path, struct error *error)
{
	FILE *file = regular_file_open(path, LINKS_FOLLOWED, NULL, error);
	struct file_lines lines;
	bool is_read;

	if (file == NULL)
		return false;
	file_lines_init(&lines, file);
	is_read = take_lines(sendmail, &lines, error);
	file_lines_clear(&lines);
	(void)fclose(file);
	return is_read;
}
