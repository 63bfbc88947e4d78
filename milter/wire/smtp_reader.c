#include "heloscope/wire/smtp_reader.h"

/* The code of a line "250", "250 text" or "250-text"; 0 when it is none. */
static unsigned
line_code(const struct smtp_reader *reader)
{
	const char *line = reader->line;
	unsigned code;

	if (reader->length < 3 || !span_to_number((struct span){ line, 3 }, 200, 599, &code))
		return 0;
	return reader->length == 3 || line[3] == ' ' || line[3] == '-' ? code : 0;
}

static enum smtp_progress
end_line(struct smtp_reader *reader)
{
	unsigned code;

	if (reader->length > 0 && reader->line[reader->length - 1] == '\r')
		reader->length--;
	code = line_code(reader);
	/* All lines of a reply have the same code (RFC 5321, 4.2.1). */
	if (code == 0 || (reader->lines > 0 && code != reader->code))
		return SMTP_NO_SMTP;
	reader->code = code;
	if (++reader->lines > SMTP_LINES_MAX)
		return SMTP_TOO_MUCH;
	return reader->length > 3 && reader->line[3] == '-' ? SMTP_LINE : SMTP_DONE;
}

enum smtp_progress
smtp_reader_take(struct smtp_reader *reader, char octet)
{
	if (++reader->octets > SMTP_OCTETS_MAX)
		return SMTP_TOO_MUCH;
	if (reader->has_line) {
		reader->has_line = false;
		reader->length = 0;
	}
	if (octet == '\n') {
		reader->has_line = true;
		return end_line(reader);
	}
	if (reader->length == SMTP_LINE_MAX)
		return SMTP_TOO_MUCH;
	reader->line[reader->length++] = octet;
	/* A server that speaks no SMTP need not be read to the end of its line. */
	if (reader->length <= 3 && !ascii_is_digit(octet))
		return SMTP_NO_SMTP;
	return SMTP_MORE;
}

struct span
smtp_reader_text(const struct smtp_reader *reader)
{
	return span_from((struct span){ reader->line, reader->length }, 4);
}

void
smtp_reader_next(struct smtp_reader *reader)
{
	reader->length = reader->lines = 0;
	reader->has_line = false;
	reader->code = 0;
}
