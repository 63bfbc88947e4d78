#include "heloscope/doctor/claim_tell.h"

#include <string.h>

#include "heloscope/base/document.h"
#include "heloscope/base/prose.h"

#define TEXT_MAX 2500 /* octets of a finding, and what stands before it */
#define INDENT 17     /* columns, as words/refusal.c has them */

const char *
claim_state_token(enum claim_state state)
{
	static const char *const tokens[CLAIM_STATES] = {
		[CLAIM_NOT_TESTED] = "not-tested",
		[CLAIM_CONFIRMED] = "confirmed",
		[CLAIM_NOT_CONFIRMED] = "not-confirmed",
		[CLAIM_NOT_TESTABLE] = "not-testable",
	};

	return tokens[state];
}

const char *
claim_state_words(enum claim_state state)
{
	static const char *const words[CLAIM_STATES] = {
		[CLAIM_NOT_TESTED] = "Not tested.",
		[CLAIM_CONFIRMED] = "The reason that was given is still true.",
		[CLAIM_NOT_CONFIRMED] = "The reason that was given is no longer true.",
		[CLAIM_NOT_TESTABLE] = "The reason that was given cannot be tested from here.",
	};

	return words[state];
}

/* The first line of `text`, which goes on behind it. */
static struct span
take_line(const char **text)
{
	const struct span line = { *text, strcspn(*text, "\n") };

	*text += line.length + ((*text)[line.length] == '\n');
	return line;
}

void
claim_tell(const struct claim *claim, const char *heading, const char *whose, struct output *out)
{
	const char *rest = claim->publish != NULL ? claim->publish : "";
	char memory[TEXT_MAX];
	struct strbuf text = STRBUF_OVER(memory);

	if (claim->finding[0] == '\0')
		return;
	strbuf_printf(&text, "%s%s%s %s", whose, whose[0] != '\0' ? ": " : "",
		      claim_state_words(claim->state), claim->finding);
	output_put(out, "  %-*s", INDENT - 2, heading);
	prose_wrap(out, memory, INDENT, INDENT);
	while (*rest != '\0') {
		output_put(out, "  Publish: ");
		output_span(out, take_line(&rest));
		output_put(out, "\n");
	}
}

/* A record of a zone file: name, type and the rest. */
static json_t *
record_json(struct span line)
{
	static const char *const members[] = { "name", "type" };
	json_t *object = json_object();

	for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
		size_t length = 0;

		while (length < line.length && line.at[length] != ' ')
			length++;
		document_put(object, members[i], document_text((struct span){ line.at, length }));
		line = span_from(line, length + 1);
	}
	document_put(object, "value", document_text(line));
	return object;
}

json_t *
claim_records_json(const char *publish)
{
	const char *rest = publish != NULL ? publish : "";
	json_t *records = json_array();

	while (*rest != '\0')
		document_append(records, record_json(take_line(&rest)));
	return records;
}

void
claim_set_json(const struct claim *claim, json_t *object)
{
	document_set_text(object, "claim", claim_state_token(claim->state));
	document_set_span(object, "finding", span_of(claim->finding));
	document_put(object, "records", claim_records_json(claim->publish));
}
