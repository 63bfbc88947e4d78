#include "heloscope/cli/why_page_parts.h"

#include <string.h>

#include "heloscope/base/document.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/cli/compared.h"

#define TEXT_MAX 3000 /* octets of what the DNS says */

void
why_page_put_point(struct output *out, const char *title, struct span text)
{
	if (text.length == 0)
		return;
	output_put(out, "<dt>%s</dt><dd>", title);
	output_lines(out, text);
	output_put(out, "</dd>\n");
}

void
why_page_put_reason(struct output *out, const json_t *reason, const char *title, const char *settled)
{
	if (settled[0] != '\0') {
		why_page_put_point(out, "What to do", span_of(settled));
		why_page_put_point(out, CLI_PAST_REASON, document_span_of(reason, "meaning"));
		return;
	}
	why_page_put_point(out, title, document_span_of(reason, "meaning"));
	why_page_put_point(out, "What to do", document_span_of(reason, "remedy"));
}

void
why_page_put_records(struct output *out, const json_t *records)
{
	const json_t *record;

	for (size_t i = 0; (record = json_array_get(records, i)) != NULL; i++)
		output_put(out, "<dt>Publish</dt><dd><pre class=\"record\">%s %s %s</pre></dd>\n",
			   document_text_of(record, "name"), document_text_of(record, "type"),
			   document_text_of(record, "value"));
}

void
why_page_put_claim(struct output *out, const json_t *row)
{
	const char *whose = document_text_of(row, "whose");
	char memory[TEXT_MAX];
	struct strbuf text = STRBUF_OVER(memory);

	cli_add_claim(row, &text);
	if (text.length == 0)
		return;
	output_put(out, "<dt>In the DNS</dt><dd>%s%s%s</dd>\n", whose, whose[0] != '\0' ? ": " : "", memory);
	why_page_put_records(out, document_member(row, "records"));
}
