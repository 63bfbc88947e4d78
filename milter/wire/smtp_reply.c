#include "heloscope/wire/smtp_reply.h"

#include <stdio.h>
#include <string.h>

bool
smtp_reply_codes_are_valid(unsigned code, const char *xcode)
{
	unsigned class, subject, detail;
	int length = 0;

	if (code < 400 || code > 599 || strlen(xcode) >= SMTP_REPLY_XCODE_SIZE)
		return false;
	if (sscanf(xcode, "%1u.%3u.%3u%n", &class, &subject, &detail, &length) != 3 || xcode[length] != '\0')
		return false;
	for (const char *at = xcode; *at != '\0'; at++)
		if (!ascii_is_digit(*at) && *at != '.')
			return false;
	return class == code / 100;
}

/* How much of `text` goes into one line: all, or as many words as fit, at least one octet. */
static size_t
line_length(const char *text)
{
	const size_t length = strlen(text), room = SMTP_REPLY_LINE_SIZE - 1;

	if (length <= room)
		return length;
	for (size_t end = room; end > room / 2; end--)
		if (text[end] == ' ')
			return end;
	return room;
}

static void
set_line(char *line, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		line[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	line[length] = '\0';
}

bool
smtp_reply_set(struct smtp_reply *reply, unsigned code, const char *xcode, const char *text)
{
	*reply = (struct smtp_reply){ .code = code };
	(void)snprintf(reply->xcode, sizeof reply->xcode, "%s", xcode);
	do {
		size_t length;

		text += strspn(text, " ");
		length = line_length(text);
		set_line(reply->lines[reply->count], text, length);
		reply->count++;
		text += length;
	} while (*text != '\0' && reply->count < SMTP_REPLY_LINES);
	if (*text != '\0') {
		char *last = reply->lines[SMTP_REPLY_LINES - 1];
		const size_t length = strlen(last), cut = SMTP_REPLY_LINE_SIZE - 4;

		memcpy(last + (length < cut ? length : cut), "...", 4);
	}
	return *text == '\0';
}

void
smtp_reply_add_to(const struct smtp_reply *reply, struct strbuf *out)
{
	strbuf_printf(out, "%u %s", reply->code, reply->xcode);
	for (size_t i = 0; i < reply->count; i++) {
		strbuf_add_char(out, ' ');
		strbuf_add(out, reply->lines[i]);
	}
}
