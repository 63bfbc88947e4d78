/*
 * config_secrets: keys of lists stay out of whatever is shown.
 *
 * A key may stand where it is expected (key, key-file, in front of a zone) and where it is not: in a zone of
 * the resolver, in a rule, on a line that is in error. So messages are searched, whatever they are about.
 */
#include "heloscope/config/secrets.h"

#include <string.h>

#include "heloscope/base/strbuf.h"

#define MASK "***"

static bool
is_of_a_label(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '_';
}

void
config_add_secret(struct config *config, struct span secret)
{
	struct text_set *secrets = &config->secrets;
	const char **items;

	if (secret.length == 0)
		return;
	items = arena_grow(&config->arena, secrets->items, secrets->count, sizeof *items);
	if (items == NULL)
		return;
	secrets->items = items;
	items[secrets->count++] = arena_copy(&config->arena, secret);
}

/* Octets of a known key with which `text` begins, or 0. */
static size_t
known_secret(const struct config *config, struct span text)
{
	size_t longest = 0;

	for (size_t i = 0; i < config->secrets.count; i++) {
		const struct span secret = span_of(config->secrets.items[i]);

		if (secret.length > longest && span_starts_with_nocase(text, secret)
		    && (secret.length == text.length || !is_of_a_label(text.at[secret.length])))
			longest = secret.length;
	}
	return longest;
}

/* Octets in front of a zone that the catalogue knows with a key: of "KEY.zen.dq.example" for
 * "*.zen.dq.example". */
static size_t
key_of_zone(const struct config *config, struct span text)
{
	size_t end = 0;

	while (end < text.length && (is_of_a_label(text.at[end]) || text.at[end] == '.'))
		end++;
	for (size_t i = 0; i < config->catalogue.count; i++) {
		const struct span known = span_of(config->catalogue.items[i].zone);
		const struct span zone = { text.at, end > 0 && text.at[end - 1] == '.' ? end - 1 : end };

		if (span_starts_with_nocase(known, SPAN("*.")) && zone.length >= known.length
		    && span_ends_with_nocase(zone, span_from(known, 1)))
			return zone.length - known.length + 1;
	}
	return 0;
}

/* Octets of a word that is as long as keys are, and no part of a path. */
static size_t
long_word(struct span text, char before)
{
	size_t length = 0;

	while (length < text.length && ascii_is_alnum(text.at[length]))
		length++;
	return length >= KEY_LENGTH_MIN && before != '/' ? length : 0;
}

/* Octets of a secret that begins with `text`, or 0. */
static size_t
secret_at(const struct config *config, struct span text, char before)
{
	const size_t known = known_secret(config, text), in_front = key_of_zone(config, text);
	const size_t found = known > in_front ? known : in_front;

	return found > 0 ? found : long_word(text, before);
}

const char *
config_mask(const struct config *config, const char *text, char *memory, size_t size)
{
	struct span rest = span_of(text);
	struct strbuf masked;
	char before = ' ';

	strbuf_init(&masked, memory, size);
	while (rest.length > 0) {
		const size_t length = is_of_a_label(before) ? 0 : secret_at(config, rest, before);

		if (length > 0)
			strbuf_add(&masked, MASK);
		else
			strbuf_add_char(&masked, rest.at[0]);
		before = rest.at[length > 0 ? length - 1 : 0];
		rest = span_from(rest, length > 0 ? length : 1);
	}
	return memory;
}
