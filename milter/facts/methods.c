#include "heloscope/facts/methods.h"

#include <string.h>

static const struct method_words words[METHODS] = {
#define ROW(NAME, name, ...) [METHOD_##NAME] = { __VA_ARGS__ },
	METHOD_ROWS(ROW)
#undef ROW
};

const struct method_words *
method_words(enum method method)
{
	return &words[method];
}

enum method
method_from_word(const char *word)
{
	int method = 0;

	while (method < METHODS && strcmp(words[method].policy_word, word) != 0)
		method++;
	return (enum method)method;
}
