#include "heloscope/dkim/tags.h"

#include <string.h>

static struct span
trim(struct span text)
{
	while (text.length > 0 && ascii_is_blank(text.at[0]))
		text = span_from(text, 1);
	while (text.length > 0 && ascii_is_blank(text.at[text.length - 1]))
		text.length--;
	return text;
}

/* ALPHA *(ALPHA / DIGIT / "_"). */
static bool
is_name(struct span text)
{
	for (size_t i = 0; i < text.length; i++)
		if (!ascii_is_alnum(text.at[i]) && text.at[i] != '_')
			return false;
	return text.length > 0 && ascii_is_alpha(text.at[0]);
}

/* Printable octets with folding between them; those beyond ASCII are UTF-8 (RFC 8616). */
static bool
is_value(struct span text)
{
	for (size_t i = 0; i < text.length; i++) {
		const unsigned char c = (unsigned char)text.at[i];

		if ((c < ' ' && !ascii_is_blank(text.at[i])) || c == 0x7f)
			return false;
	}
	return true;
}

/* Whether a name is among those that came before, and note it. */
static bool
is_new(struct span *seen, size_t count, struct span name)
{
	for (size_t i = 0; i < count; i++)
		if (span_equals(seen[i], name))
			return false;
	seen[count] = name;
	return true;
}

static void
keep(struct span name, struct span place, const char *const *names, struct dkim_tag *tags, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (span_equals(name, span_of(names[i])))
			tags[i] = (struct dkim_tag){ true, trim(place), place };
}

/* Take the next "name=value" off `rest`; false when it is none. */
static bool
take_tag(struct span *rest, struct span *name, struct span *place)
{
	const struct span all = span_until(rest, ';');
	const char *equals = memchr(all.at, '=', all.length);

	if (equals == NULL)
		return false;
	*name = trim((struct span){ all.at, (size_t)(equals - all.at) });
	*place = span_from(all, (size_t)(equals - all.at) + 1);
	return is_name(*name) && is_value(*place);
}

enum dkim_tags_form
dkim_tags_read(struct span text, const char *const *names, struct dkim_tag *tags, size_t count)
{
	struct span seen[DKIM_TAGS_MAX], name, place;
	size_t tag_count = 0;

	memset(tags, 0, count * sizeof *tags);
	while (trim(text).length > 0) { /* behind a last ";" stands nothing */
		if (tag_count == DKIM_TAGS_MAX || !take_tag(&text, &name, &place))
			return DKIM_TAGS_MALFORMED;
		if (!is_new(seen, tag_count, name))
			return DKIM_TAGS_TWICE;
		tag_count++;
		keep(name, place, names, tags, count);
	}
	return tag_count > 0 ? DKIM_TAGS_GOOD : DKIM_TAGS_MALFORMED;
}

bool
dkim_next_item(struct span *rest, struct span *item)
{
	const char *colon;

	if (rest->at == NULL)
		return false;
	colon = memchr(rest->at, ':', rest->length);
	*item = trim((struct span){ rest->at, colon != NULL ? (size_t)(colon - rest->at) : rest->length });
	*rest = colon != NULL ? span_from(*rest, (size_t)(colon - rest->at) + 1) : (struct span){ NULL, 0 };
	return true;
}

bool
dkim_list_has(struct span list, struct span word)
{
	struct span item;

	while (dkim_next_item(&list, &item))
		if (span_equals_nocase(item, word))
			return true;
	return false;
}
