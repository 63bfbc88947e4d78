#include "heloscope/reflect/answer.h"

#include <stdio.h>
#include <stdlib.h>

#include "heloscope/base/prose.h"
#include "heloscope/reflect/demands.h"
#include "heloscope/words/explain.h"

#define LINE_MAX 76     /* characters (RFC 2045, 6.7 (5)) */
#define QUOTED_LENGTH 3 /* "=3D" */

/* Whether the first octet stands for itself in that column: a blank not at the end of a line; "From " and "."
 * begin none, since somebody on the way might change them. */
static bool
is_plain(struct span text, size_t column)
{
	const char c = text.at[0];

	if (column == 0 && ascii_is_among(c, "F."))
		return false;
	if (c == ' ')
		return text.length > 1 && text.at[1] != '\n';
	return ascii_is_printable(c) && !ascii_is_among(c, "=\\");
}

void
reflect_put_quoted(struct span text, struct output *out)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t column = 0;

	for (; text.length > 0; text = span_from(text, 1)) {
		if (text.at[0] == '\n') {
			output_put(out, "\n");
			column = 0;
			continue;
		}
		if (column + QUOTED_LENGTH > LINE_MAX - 1) {
			output_put(out, "=\n");
			column = 0;
		}
		if (is_plain(text, column))
			output_put(out, "%c", text.at[0]);
		else
			output_put(out, "=%c%c", digits[(unsigned char)text.at[0] >> 4],
				   digits[text.at[0] & 0xf]);
		column += is_plain(text, column) ? 1 : QUOTED_LENGTH;
	}
}

static void
put_header(const struct answer_order *order, struct output *out)
{
	const char *id = order->letter->message_id;

	output_put(out, "From: <%s>\nTo: <%s>\n", order->own, order->to);
	output_put(out, "Subject: What our mail server found about your message\n");
	if (id[0] != '\0')
		output_put(out, "In-Reply-To: %s\nReferences: %s\n", id, id);
	output_put(out, "Auto-Submitted: auto-replied\n"
			"X-Auto-Response-Suppress: All\n"
			"MIME-Version: 1.0\n"
			"Content-Type: text/plain; charset=utf-8\n"
			"Content-Transfer-Encoding: quoted-printable\n\n");
}

static void
put_text(const struct answer_order *order, struct output *out)
{
	prose_put(
		out, 0,
		"You wrote to %s, a test address: a program answers with what the mail server %s found out about your message, whose reference is %s. It answers each address once an hour.",
		order->own, order->authserv_id, order->record->ident);
	output_put(out, "\n");
	explain_for_sender(order->record, out);
	reflect_put_demands(order->letter, order->record->facts, out);
}

bool
reflect_put_answer(const struct answer_order *order, struct output *out)
{
	char *text = NULL;
	size_t length = 0;
	struct output written = { .file = open_memstream(&text, &length), .is_utf8 = true };
	bool is_written;

	if (written.file == NULL)
		return false;
	put_text(order, &written);
	is_written = output_close(&written);
	if (is_written) {
		put_header(order, out);
		reflect_put_quoted((struct span){ text, length }, out);
	}
	free(text);
	return is_written;
}
