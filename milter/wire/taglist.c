#include "heloscope/wire/taglist.h"

#include <string.h>

bool
taglist_next(struct span *rest, struct tag *tag)
{
	const char *equals;

	if (span_trim(*rest).length == 0)
		return false;
	tag->text = span_until(rest, ';');
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
