#include "heloscope/wire/meant.h"

static bool
have_room(struct meant *meant, size_t length, struct arena *arena)
{
	*meant = (struct meant){ .octets = arena_alloc(arena, length + 1),
				 .is_plain = arena_alloc(arena, length + 1) };
	return meant->octets != NULL && meant->is_plain != NULL;
}

static void
add_octet(struct meant *meant, char octet, bool is_plain)
{
	meant->octets[meant->length] = octet;
	meant->is_plain[meant->length++] = is_plain;
}

bool
meant_take_apart(struct meant *meant, struct span text, bool *is_whole, struct arena *arena)
{
	size_t depth = 0;
	bool is_quoted = false;

	if (!have_room(meant, text.length, arena))
		return false;
	for (size_t i = 0; i < text.length; i++) {
		const char c = text.at[i];
		const bool is_escape = c == '\\' && i + 1 < text.length;

		i += is_escape ? 1 : 0;
		if (depth > 0 && !is_escape)
			depth = c == '(' ? depth + 1 : c == ')' ? depth - 1 : depth;
		else if (depth > 0)
			continue;
		else if (is_escape)
			add_octet(meant, text.at[i], false);
		else if (c == '\\') /* the last octet, which escapes nothing */
			continue;
		else if (c == '"')
			is_quoted = !is_quoted;
		else if (c == '(' && !is_quoted)
			depth = 1;
		else
			add_octet(meant, c, !is_quoted);
	}
	*is_whole = depth == 0 && !is_quoted;
	return true;
}

bool
meant_take_as_plain(struct meant *meant, struct span text, struct arena *arena)
{
	if (!have_room(meant, text.length, arena))
		return false;
	for (size_t i = 0; i < text.length; i++)
		add_octet(meant, text.at[i], true);
	return true;
}

size_t
meant_find_first(const struct meant *meant, struct stretch in, char octet)
{
	size_t i = in.begin;

	while (i < in.end && !(meant->is_plain[i] && meant->octets[i] == octet))
		i++;
	return i;
}

size_t
meant_find_last(const struct meant *meant, struct stretch in, char octet)
{
	for (size_t i = in.end; i-- > in.begin;)
		if (meant->is_plain[i] && meant->octets[i] == octet)
			return i;
	return in.end;
}

bool
meant_is_blank(char octet)
{
	return octet == ' ' || (octet >= '\t' && octet <= '\r');
}

bool
meant_is_blank_at(const struct meant *meant, size_t at)
{
	return meant->is_plain[at] && meant_is_blank(meant->octets[at]);
}

char *
meant_copy(const struct meant *meant, struct stretch stretch, struct arena *arena)
{
	char *copy = arena_alloc(arena, stretch.end - stretch.begin + 1);
	size_t length = 0;

	for (size_t i = stretch.begin; copy != NULL && i < stretch.end; i++)
		if (!meant_is_blank_at(meant, i))
			copy[length++] = meant->octets[i];
	return copy;
}
