#include "heloscope/mails/mail_kind.h"

#include "heloscope/refusals/pieces.h"

#define LOOKED_AT 16384 /* octets */

/* Whether the line is a field of a header; `is_known`: one that messages have. */
static bool
is_field(struct span line, bool *is_known)
{
	static const char *const names[] = { "Received",
					     "Return-Path",
					     "From",
					     "To",
					     "Subject",
					     "Date",
					     "Message-ID",
					     "MIME-Version",
					     "Content-Type",
					     "Delivered-To",
					     "X-Original-To",
					     "Auto-Submitted",
					     "Reply-To",
					     "Sender",
					     "Cc",
					     "Envelope-To",
					     "Content-Transfer-Encoding",
					     "DKIM-Signature",
					     "Authentication-Results",
					     NULL };
	struct span name = line;

	name.length = 0;
	while (name.length < line.length && line.at[name.length] > ' ' && line.at[name.length] < 0x7f
	       && line.at[name.length] != ':')
		name.length++;
	if (name.length == 0 || name.length == line.length || line.at[name.length] != ':')
		return false;
	*is_known = false;
	for (size_t i = 0; names[i] != NULL && !*is_known; i++)
		*is_known = span_equals_nocase(name, span_of(names[i]));
	return true;
}

/* Whether a header stands at the beginning, with two fields that messages have. */
static bool
is_message(struct span text)
{
	struct span line;
	unsigned known = 0;
	bool is_known = false;

	while (known < 2 && text_next_line(&text, &line)) {
		if (line.length > 0 && (line.at[0] == ' ' || line.at[0] == '\t'))
			continue;
		if (!is_field(line, &is_known))
			return false;
		known += is_known ? 1 : 0;
	}
	return known >= 2;
}

static bool
is_mbox(struct span text)
{
	struct span line;

	return text_next_line(&text, &line) && line.length > 10 && memcmp(line.at, "From ", 5) == 0
	       && is_message(text);
}

enum mail_kind
mail_kind_of(struct span beginning)
{
	struct span text = beginning;

	if (text.length > LOOKED_AT)
		text.length = LOOKED_AT;
	(void)text_skip(&text, "\xef\xbb\xbf");
	text = text_trim(text);
	if (text.length == 0)
		return MAIL_KIND_NONE;
	if (text.at[0] == '<')
		return text_find(text, "<feedback", NULL, NULL) || text_find(text, ":feedback", NULL, NULL)
			       ? MAIL_KIND_AGGREGATE
			       : MAIL_KIND_NONE;
	if (text.at[0] == '{')
		return text_find(text, "\"policies\"", NULL, NULL)
				       || text_find(text, "\"organization-name\"", NULL, NULL)
			       ? MAIL_KIND_TLS_REPORT
			       : MAIL_KIND_NONE;
	if (is_mbox(text))
		return MAIL_KIND_MBOX;
	return is_message(text) ? MAIL_KIND_MESSAGE : MAIL_KIND_NONE;
}
