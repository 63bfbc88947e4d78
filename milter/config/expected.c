#include "heloscope/config/expected.h"

#include <string.h>

#include "heloscope/base/escape.h"
#include "heloscope/base/nearest.h"

/* Put `name` in front of what stands at `at`. */
static void
insert(struct expected *expected, int at, const char *name, bool is_word)
{
	if (expected->count == EXPECTED_MAX)
		return;
	for (int i = expected->count++; i > at; i--) {
		expected->names[i] = expected->names[i - 1];
		expected->are_words[i] = expected->are_words[i - 1];
	}
	expected->names[at] = name;
	expected->are_words[at] = is_word;
}

void
config_expect_value(struct expected *expected, const char *kind)
{
	insert(expected, expected->count, kind, false);
	expected->first_word = expected->count;
}

void
config_expect_word(struct expected *expected, const char *word)
{
	int at = expected->first_word;

	while (at < expected->count && strcmp(expected->names[at], word) < 0)
		at++;
	if (at == expected->count || strcmp(expected->names[at], word) != 0)
		insert(expected, at, word, true);
}

void
config_expect_sign(struct expected *expected, const char *sign)
{
	insert(expected, expected->count, sign, true);
}

static const char *
article(const char *kind)
{
	if (strncmp(kind, "end ", 4) == 0)
		return "the";
	return ascii_is_among(kind[0], "aeiou") ? "an" : "a";
}

bool
config_add_nearest(struct strbuf *message, const char *word, const char *const *known, size_t count)
{
	const char *nearest = nearest_word(word, known, count);

	if (nearest != NULL)
		strbuf_printf(message, "; did you mean \"%s\"?", nearest);
	return nearest != NULL;
}

bool
config_add_hint(struct strbuf *message, const char *word, const char *const *known, size_t count)
{
	const bool is_hinted = config_add_nearest(message, word, known, count);

	if (is_hinted && count > CONFIG_LIST_MAX)
		return false;
	strbuf_add(message, is_hinted ? " Expected " : "; expected ");
	return true;
}

void
config_add_expected(struct strbuf *message, const struct expected *expected, const char *found)
{
	if (expected->count == 0
	    || !config_add_hint(message, found, expected->names, (size_t)expected->count))
		return;
	for (int i = 0; i < expected->count; i++) {
		const char *name = expected->names[i];

		strbuf_add(message, i == 0 ? "" : i + 1 == expected->count ? " or " : ", ");
		if (name[0] == '\'')
			strbuf_printf(message, "\"%c\"", name[1]); /* as the grammar names a sign: '{' */
		else if (expected->are_words[i])
			strbuf_printf(message, "\"%s\"", name);
		else if (i < expected->first_word)
			strbuf_printf(message, "%s %s", article(name), name);
		else
			strbuf_add(message, name);
	}
}
