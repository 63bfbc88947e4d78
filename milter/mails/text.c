#include "heloscope/mails/text.h"

#include "heloscope/base/strbuf.h"
#include "heloscope/refusals/codes.h"

/* What was read of one refusal so far. */
struct block {
	char memory[BOUND_REFUSAL_TEXT + 1];
	struct strbuf text;
	unsigned long first_line;
	bool has_code, is_transcript;
	char open_code[4]; /* of a reply that goes on: "550"; or "" */
};

static void
begin(struct block *block)
{
	strbuf_init(&block->text, block->memory, sizeof block->memory);
	block->has_code = block->is_transcript = false;
	block->open_code[0] = '\0';
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
goes_on(const struct block *block, struct span line)
{
	if (!block->has_code || block->is_transcript || ascii_is_blank(line.at[0]) || is_of_transcript(line))
		return true;
	if (block->open_code[0] != '\0' && span_starts_with_nocase(line, span_of(block->open_code)))
		return true;
	return codes_find(line).reply == 0;
}

static void
add(struct block *block, struct span line, unsigned long number)
{
	if (block->text.length == 0)
		block->first_line = number;
	else
		strbuf_add_char(&block->text, '\n');
	strbuf_add_span(&block->text, line);
	block->has_code = block->has_code || codes_find(line).reply != 0;
	block->is_transcript = block->is_transcript || is_of_transcript(line);
	block->open_code[0] = '\0';
	if (is_open(line)) {
		memcpy(block->open_code, line.at, 3);
		block->open_code[3] = '\0';
	}
}

/* Hand over what was read, if anything, and begin anew. */
static void
end(struct block *block, struct span name, refusal_taker *take, void *context)
{
	struct refusal refusal = refusal_of_text((struct span){ block->text.text, block->text.length });

	refusal.file = name;
	refusal.line = block->first_line;
	if (refusal.text.length > 0)
		take(context, &refusal);
	begin(block);
}

bool
text_read(struct file_lines *lines, struct span name, refusal_taker *take, void *context)
{
	struct block block;
	enum line_state state;

	begin(&block);
	for (unsigned long number = 1;
	     (state = file_lines_next(lines)) == LINE_READ || state == LINE_TOO_LONG; number++) {
		const bool is_empty = span_trim(lines->line).length == 0;

		if (is_empty || (block.text.length > 0 && !goes_on(&block, lines->line)))
			end(&block, name, take, context);
		if (!is_empty)
			add(&block, lines->line, number);
	}
	end(&block, name, take, context);
	return state == LINES_END;
}
