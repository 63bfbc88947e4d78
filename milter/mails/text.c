#include "heloscope/mails/text.h"

#include "heloscope/mails/reply.h"
#include "heloscope/refusals/pieces.h"
#include "heloscope/refusals/codes.h"

static void
begin(struct text_reader *reader)
{
	strbuf_init(&reader->text, reader->memory, sizeof reader->memory);
	reader->has_code = reader->is_transcript = false;
	reader->open_code[0] = '\0';
}

void
text_reader_init(struct text_reader *reader, struct span file, refusal_taker *take, void *context)
{
	reader->file = file;
	reader->take = take;
	reader->context = context;
	reader->line_number = 1;
	strbuf_init(&reader->line, reader->line_memory, sizeof reader->line_memory);
	begin(reader);
}

/* Hand over what was read, if anything, and begin anew. */
static void
end(struct text_reader *reader)
{
	struct refusal refusal = refusal_of_text((struct span){ reader->text.text, reader->text.length });

	refusal.file = reader->file;
	refusal.line = reader->first_line;
	if (refusal.text.length > 0)
		reader->take(reader->context, &refusal);
	begin(reader);
}

static bool
is_of_transcript(struct span line)
{
	return span_starts_with_nocase(line, SPAN("<<<")) || span_starts_with_nocase(line, SPAN(">>>"));
}

/* Whether a line begins with the code and the hyphen of a reply that goes on. */
static bool
is_open(struct span line)
{
	return line.length > 3 && (line.at[0] == '4' || line.at[0] == '5') && ascii_is_digit(line.at[1])
	       && ascii_is_digit(line.at[2]) && line.at[3] == '-';
}

/* Whether a line, which is not empty, belongs to what was read before. */
static bool
goes_on(const struct text_reader *reader, struct span line)
{
	if (reply_is_logged(line))
		return false;
	if (!reader->has_code || reader->is_transcript || ascii_is_blank(line.at[0])
	    || is_of_transcript(line))
		return true;
	if (reader->open_code[0] != '\0' && span_starts_with_nocase(line, span_of(reader->open_code)))
		return true;
	return codes_find(line).reply == 0;
}

static void
add_line(struct text_reader *reader, struct span line)
{
	if (reader->text.length == 0)
		reader->first_line = reader->line_number;
	else
		strbuf_add_char(&reader->text, '\n');
	strbuf_add_span(&reader->text, line);
	reader->has_code = reader->has_code || codes_find(line).reply != 0;
	reader->is_transcript = reader->is_transcript || is_of_transcript(line);
	reader->open_code[0] = '\0';
	if (is_open(line)) {
		memcpy(reader->open_code, line.at, 3);
		reader->open_code[3] = '\0';
	}
}

/* As the log of qmail has it, with "_" for a blank and "/" for a line end: "failure:
 * A_does_not_like_recipient./Remote_host_said:_550_no/Giving_up_on_A./". */
static void
spell_out(struct strbuf *line)
{
	const struct span text = { line->text, line->length };
	struct span before;

	if (memchr(text.at, '_', text.length) == NULL || !text_find(text, "Remote_host_said:_", NULL, NULL))
		return;
	if (text_find(text, "/Giving_up_on_", &before, NULL))
		line->text[before.length] = '\n';
	for (size_t i = 0; i < line->length; i++)
		if (line->text[i] == '_')
			line->text[i] = ' ';
}

/* The line has ended. */
static void
take_line(struct text_reader *reader)
{
	struct span line;
	bool is_empty;

	spell_out(&reader->line);
	line = (struct span){ reader->line.text, reader->line.length };
	is_empty = text_trim(line).length == 0;
	if (is_empty || (reader->text.length > 0 && !goes_on(reader, line)))
		end(reader);
	if (!is_empty)
		add_line(reader, line);
	strbuf_shorten(&reader->line, 0);
	reader->line_number++;
}

void
text_reader_add(struct text_reader *reader, struct span octets)
{
	while (octets.length > 0) {
		const char *newline = memchr(octets.at, '\n', octets.length);
		const size_t length = newline != NULL ? (size_t)(newline - octets.at) : octets.length;

		strbuf_add_span(&reader->line, (struct span){ octets.at, length });
		if (newline != NULL)
			take_line(reader);
		octets = span_from(octets, length + (newline != NULL ? 1 : 0));
	}
}

void
text_reader_finish(struct text_reader *reader)
{
	if (reader->line.length > 0)
		take_line(reader);
	end(reader);
}

/* Where a reply code stands first, or a word of a server's own; all when none does. */
static struct span
before_codes(struct span text)
{
	struct span rest = text, line;

	while (text_next_line(&rest, &line))
		if (codes_find(line).reply != 0)
			return (struct span){ text.at, (size_t)(line.at - text.at) };
	return text;
}

bool
text_is_notice(struct span text)
{
	static const char *const beginnings[] = {
		"this is the mail system at",
		"could not be delivered",
		"could not deliver",
		"delivery to the following",
		"delivery has failed",
		"undeliver",
		"the original message was received",
		"qmail-send program",
		"mail delivery",
		"wasn't delivered",
		"was not delivered",
		"message not delivered",
		"delivery status notification",
	};
	const struct span head = before_codes(text);

	if (text_find(text, "final-recipient:", NULL, NULL))
		return true;
	for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++)
		if (text_find(head, beginnings[i], NULL, NULL))
			return true;
	return false;
}
