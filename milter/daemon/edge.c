#include "heloscope/daemon/edge.h"

#include <stdlib.h>
#include <string.h>

#include "heloscope/base/escape.h"

#define NAME_SIZE 64
#define REASON_SIZE 256

static char
printable(char c)
{
	return ascii_is_printable(c) ? c : '?';
}

/* Add `text` as one line; with "%" doubled where libmilter reads it as a format. */
static void
add_line(struct strbuf *out, const char *text, bool is_format)
{
	for (; *text != '\0'; text++) {
		if (is_format && *text == '%')
			strbuf_add_char(out, '%');
		strbuf_add_char(out, printable(*text));
	}
}

bool
milter_edge_reply(SMFICTX *context, const struct smtp_reply *reply)
{
	char code[8], xcode[SMTP_REPLY_XCODE_SIZE], lines[SMTP_REPLY_LINES][SMTP_REPLY_LINE_SIZE * 2];
	struct strbuf out;

	strbuf_init(&out, code, sizeof code);
	strbuf_printf(&out, "%u", reply->code);
	strbuf_init(&out, xcode, sizeof xcode);
	add_line(&out, reply->xcode, false);
	for (size_t i = 0; i < reply->count; i++) {
		strbuf_init(&out, lines[i], sizeof lines[i]);
		add_line(&out, reply->lines[i], true);
	}
	return smfi_setmlreply(context, code, xcode, lines[0], reply->count > 1 ? lines[1] : NULL,
			       reply->count > 2 ? lines[2] : NULL, NULL)
	       == MI_SUCCESS;
}

/* Whether the line end at `at` folds: a blank follows, and a line that holds more than blanks. */
static bool
folds(const char *at)
{
	const size_t blanks = strspn(at + 1, " \t");

	return blanks > 0 && at[1 + blanks] != '\0' && at[1 + blanks] != '\n';
}

static void
add_folded(struct strbuf *out, const char *text)
{
	struct span rest = span_of(text);

	while (rest.length > 0) {
		const size_t plain = escape_plain_length(rest, ESCAPE_KEEP_BACKSLASH);

		strbuf_add_span(out, (struct span){ rest.at, plain });
		rest = span_from(rest, plain);
		if (rest.length == 0)
			return;
		strbuf_add_char(out,
				*rest.at == '\t' || (*rest.at == '\n' && folds(rest.at)) ? *rest.at : '?');
		rest = span_from(rest, 1);
	}
}

bool
milter_edge_add_field(SMFICTX *context, const char *name, const char *value, bool has_leading_blank)
{
	const size_t size = strlen(value) + 2;
	char own_name[NAME_SIZE], *own_value = malloc(size);
	struct strbuf out;
	int result;

	if (own_value == NULL)
		return false;
	strbuf_init(&out, own_name, sizeof own_name);
	add_line(&out, name, false);
	strbuf_init(&out, own_value, size);
	if (has_leading_blank)
		strbuf_add_char(&out, ' ');
	add_folded(&out, value);
	result = smfi_insheader(context, 0, own_name, own_value);
	free(own_value);
	return result == MI_SUCCESS;
}

bool
milter_edge_remove_field(SMFICTX *context, const char *name, unsigned index)
{
	char *own_name = strdup(name);
	const bool is_done =
		own_name != NULL && smfi_chgheader(context, own_name, (int)index, NULL) == MI_SUCCESS;

	free(own_name);
	return is_done;
}

bool
milter_edge_quarantine(SMFICTX *context, const char *reason)
{
	char own[REASON_SIZE];
	struct strbuf out;

	strbuf_init(&out, own, sizeof own);
	add_line(&out, reason, false);
	return smfi_quarantine(context, own) == MI_SUCCESS;
}
