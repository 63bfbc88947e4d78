#include "heloscope/mails/html.h"

#include "heloscope/refusals/pieces.h"

struct writer {
	char *out;
	size_t length;
};

static void
put(struct writer *writer, char c)
{
	const char last = writer->length > 0 ? writer->out[writer->length - 1] : '\n';

	if (c == ' ' && ascii_is_blank(last))
		return;
	writer->out[writer->length++] = c;
}

/* What the tag is called: "td" of "<td class=...>" and "</TD>". */
static struct span
name_of(struct span tag)
{
	struct span name = tag;

	(void)text_skip(&name, "/");
	for (size_t i = 0; i < name.length; i++)
		if (!ascii_is_alnum(name.at[i])) {
			name.length = i;
			break;
		}
	return name;
}

static bool
is_among(struct span name, const char *const *names)
{
	for (; *names != NULL; names++)
		if (span_equals_nocase(name, span_of(*names)))
			return true;
	return false;
}

/* Go behind the end of what is not text: "</style>". */
static void
pass_hidden(struct span name, struct span *rest)
{
	struct span end;

	while (rest->length > 0) {
		(void)span_until(rest, '<');
		end = *rest;
		if (end.length > 0 && end.at[0] == '/' && span_equals_nocase(name_of(end), name)) {
			(void)span_until(rest, '>');
			return;
		}
	}
}

/* `rest` stands behind "<". */
static void
take_tag(struct span *rest, struct writer *writer)
{
	static const char *const hidden[] = { "script", "style", "head", "title", NULL };
	static const char *const blocks[] = { "p",  "div", "table", "h1",         "h2",
					      "h3", "pre", "ul",    "blockquote", NULL };
	static const char *const lines[] = { "br", "tr", "li", "hr", NULL };
	const struct span tag = span_until(rest, '>'), name = name_of(tag);
	const bool is_end = tag.length > 0 && tag.at[0] == '/';

	if (!is_end && is_among(name, hidden))
		pass_hidden(name, rest);
	else if (is_among(name, lines))
		put(writer, '\n');
	else if (span_equals_nocase(name, SPAN("td")))
		put(writer, ' ');
	else if (is_among(name, blocks) && tag.length >= 1) {
		put(writer, '\n');
		if (tag.length >= 2) /* "<p>" has three octets: there is room for as many */
			put(writer, '\n');
	}
}

/* A character of ASCII by its number; 0: another. */
static char
character_of(struct span entity)
{
	unsigned number;

	if (entity.length < 2 || entity.at[0] != '#')
		return '\0';
	if (!span_to_number(span_from(entity, 1), 1, 127, &number))
		return '\0';
	return (char)number;
}

/* `rest` stands behind "&". */
static void
take_entity(struct span *rest, struct writer *writer)
{
	static const struct {
		struct span name;
		char c;
	} entities[] = {
		{ { "lt", 2 }, '<' },     { { "gt", 2 }, '>' },    { { "amp", 3 }, '&' },
		{ { "quot", 4 }, '"' },   { { "apos", 4 }, '\'' }, { { "nbsp", 4 }, ' ' },
		{ { "rsquo", 5 }, '\'' },
	};
	struct span name = { rest->at, 0 };
	char c;

	while (name.length < rest->length && name.length < 8 && rest->at[name.length] != ';')
		name.length++;
	c = character_of(name);
	for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++)
		if (span_equals_nocase(name, entities[i].name))
			c = entities[i].c;
	if (c == '\0' || name.length == rest->length) {
		put(writer, '&');
		return;
	}
	put(writer, c);
	*rest = span_from(*rest, name.length + 1);
}

size_t
html_read(struct span html, char *out)
{
	struct writer writer = { out, 0 };

	while (html.length > 0) {
		const char c = html.at[0];

		html = span_from(html, 1);
		if (c == '<')
			take_tag(&html, &writer);
		else if (c == '&')
			take_entity(&html, &writer);
		else
			put(&writer, ascii_is_blank(c) ? ' ' : c);
	}
	return writer.length;
}
