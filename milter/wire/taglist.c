#include "heloscope/wire/taglist.h"

#include <string.h>

bool
taglist_next(struct span *rest, struct tag *tag)
{
	const char *end, *equals;

	if (span_trim(*rest).length == 0)
		return false;
	end = memchr(rest->at, ';', rest->length);
	tag->text = (struct span){ rest->at, end != NULL ? (size_t)(end - rest->at) : rest->length };
	*rest = span_from(*rest, tag->text.length + 1);
	equals = memchr(tag->text.at, '=', tag->text.length);
	tag->has_equals = equals != NULL;
	tag->name = tag->value = SPAN("");
	if (equals != NULL) {
		const size_t length = (size_t)(equals - tag->text.at);

		tag->name = span_trim((struct span){ tag->text.at, length });
		tag->value = span_trim(span_from(tag->text, length + 1));
	}
	tag->text = span_trim(tag->text);
	return true;
}

struct span
taglist_value(struct span list, struct span name)
{
	struct tag tag;

	while (taglist_next(&list, &tag))
		if (tag.has_equals && span_equals(tag.name, name))
			return tag.value;
	return SPAN("");
}
