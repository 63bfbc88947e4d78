#include "heloscope/wire/smtp_reply.h"

#include <stdio.h>
#include <string.h>

#include "heloscope/base/escape.h"

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

/* Lines are as narrow as the text allows: of these widths, in octets, the first at which all of it fits. */
static const size_t widths[] = { 190, 260, 330, SMTP_REPLY_LINE_SIZE - 1 };

/* Whether a sentence ends in front of the blank at `at`; "..." stands for what is left out. */
static bool
ends_sentence(const char *text, size_t at)
{
	while (at > 0 && ascii_is_among(text[at - 1], "\")"))
		at--;
	if (at > 1 && text[at - 1] == '.' && text[at - 2] == '.')
		return false;
	return at > 0 && ascii_is_among(text[at - 1], ".?!");
}

/* How much of `text`, longer than `width`, are whole sentences that fit; 0 when the first does not. */
static size_t
sentences_length(const char *text, size_t width)
{
	for (size_t end = width; end > 0; end--)
		if (text[end] == ' ' && ends_sentence(text, end))
			return end;
	return 0;
}

/* Where an item, "(2) ", begins within so many octets, the blank before it; 0: nowhere. */
static size_t
item_length(const char *text, size_t width)
{
	for (size_t end = 1; end <= width && text[end - 1] != '\0'; end++)
		if (text[end] == ' ' && text[end + 1] == '(' && ascii_is_digit(text[end + 2])
		    && text[end + 3] == ')' && ends_sentence(text, end))
			return end;
	return 0;
}

/* How much goes into one line: all, or as many words as fit, at least one octet. */
static size_t
words_length(const char *text, size_t width)
{
	for (size_t end = width; end > width / 2; end--)
		if (text[end] == ' ')
			return end;
	return width;
}

/* Where lines end, as far as there is room: the best first. */
enum breaks { BREAKS_ITEMS, BREAKS_SENTENCES, BREAKS_WORDS, BREAKS };

static size_t
line_length(const char *text, size_t width, enum breaks breaks)
{
	const size_t length = strlen(text), item = breaks == BREAKS_ITEMS ? item_length(text, width) : 0,
		     whole = item > 0         ? item
			     : length > width ? sentences_length(text, width)
					      : length;

	return whole == 0 && breaks == BREAKS_WORDS ? words_length(text, width) : whole;
}

static void
set_line(char *line, const char *text, size_t length)
{
	memcpy(line, text, length);
	line[length] = '\0';
	for (size_t at = 0; (at += escape_run_length((struct span){ line + at, length - at }, "")) < length;)
		line[at] = '?';
}

/* Fill the lines; returns what is left. */
static const char *
fill(struct smtp_reply *reply, const char *text, size_t width, enum breaks breaks)
{
	size_t length = 1;

	reply->count = 0;
	do {
		text += strspn(text, " ");
		length = line_length(text, width, breaks);
		if (length == 0 && *text != '\0')
			return text;
		set_line(reply->lines[reply->count++], text, length);
		text += length;
	} while (*text != '\0' && reply->count < SMTP_REPLY_LINES);
	return text;
}

bool
smtp_reply_set(struct smtp_reply *reply, unsigned code, const char *xcode, const char *text)
{
	const size_t count = sizeof widths / sizeof widths[0];
	const char *left = text;

	*reply = (struct smtp_reply){ .code = code };
	(void)snprintf(reply->xcode, sizeof reply->xcode, "%s", xcode);
	for (size_t i = 0; i < BREAKS * count && (i == 0 || *left != '\0'); i++)
		left = fill(reply, text, widths[i % count], (enum breaks)(i / count));
	if (*left != '\0') {
		char *last = reply->lines[SMTP_REPLY_LINES - 1];
		const size_t length = strlen(last), cut = SMTP_REPLY_LINE_SIZE - 4;

		memcpy(last + (length < cut ? length : cut), "...", 4);
	}
	return *left == '\0';
}

bool
smtp_reply_fits(const char *text)
{
	struct smtp_reply scratch;

	return *fill(&scratch, text, SMTP_REPLY_LINE_SIZE - 1, BREAKS_SENTENCES) == '\0';
}

size_t
smtp_reply_last_sentence(const char *text, size_t length)
{
	while (length > 0 && text[length - 1] == ' ')
		length--;
	length -= length > 0 ? 1 : 0; /* the end of that sentence */
	while (length > 0 && !(text[length] == ' ' && ends_sentence(text, length)))
		length--;
	return length;
}

size_t
smtp_reply_first_sentence(const char *text)
{
	size_t length = 0;

	while (text[length] != '\0' && !(text[length] == ' ' && ends_sentence(text, length)))
		length++;
	return length;
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
