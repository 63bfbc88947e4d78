#include "heloscope/refusals/place.h"

#include <string.h>

#include "heloscope/base/domain.h"

#define WORDS_MAX 4 /* in front of a place */

/* Names. */

static bool
is_of_link(char c)
{
	return ascii_is_alnum(c) || (c > ' ' && c < 0x7f && !ascii_is_among(c, "<>()[]\"',;"));
}

static bool
is_of_name(char c)
{
	return ascii_is_alnum(c) || ascii_is_among(c, ".-_");
}

/* Whether it has a dot and ends in letters; without what ends a sentence. */
static bool
is_host_name(struct span name)
{
	size_t letters = 0;

	while (name.length > 0 && name.at[name.length - 1] == '.')
		name.length--;
	while (letters < name.length && ascii_is_alpha(name.at[name.length - 1 - letters]))
		letters++;
	return letters > 1 && letters < name.length && name.at[name.length - 1 - letters] == '.'
	       && domain_is_host_name(name);
}

/* "https://HOST/...", "//HOST/..." that is left of one at the end of a line, "HOST/...". */
static bool
is_link(struct span run)
{
	const char *slash = memchr(run.at, '/', run.length);

	if (slash == NULL)
		return false;
	if (memmem(run.at, run.length, "//", 2) != NULL)
		return true;
	return is_host_name((struct span){ run.at, (size_t)(slash - run.at) });
}

/* The octets of such a kind with which `text` begins. */
static struct span
run_of(struct span text, bool (*is_of)(char c))
{
	size_t length = 0;

	while (length < text.length && is_of(text.at[length]))
		length++;
	return (struct span){ text.at, length };
}

static void
mark(struct place_text *whole, struct span name)
{
	memset(whole->is_in_name + (name.at - whole->text.at), true, name.length);
}

/* The names of hosts in what is no link. */
static void
mark_hosts(struct place_text *whole, struct span run)
{
	while (run.length > 0) {
		const struct span name = run_of(run, is_of_name);

		if (is_host_name(name))
			mark(whole, name);
		run = span_from(run, name.length > 0 ? name.length : 1);
	}
}

void
place_text_init(struct place_text *whole, struct span text)
{
	struct span rest = text;

	whole->text = text;
	memset(whole->is_in_name, false, text.length);
	while (rest.length > 0) {
		const struct span run = run_of(rest, is_of_link);

		if (is_link(run))
			mark(whole, run);
		else if (memchr(run.at, '.', run.length) != NULL)
			mark_hosts(whole, run);
		rest = span_from(rest, run.length > 0 ? run.length : 1);
	}
}

struct span
place_name_at(struct span text, struct span *rest)
{
	struct span name = run_of(text, is_of_name);

	if (rest != NULL)
		*rest = span_from(text, name.length);
	while (name.length > 0 && name.at[name.length - 1] == '.')
		name.length--;
	return name;
}

/* The host of a link, or of a name alone; empty: it has none, as in "http:///x". */
static struct span
host_of(struct span name)
{
	const char *slashes = memmem(name.at, name.length, "//", 2);

	return place_name_at(slashes != NULL ? span_from(name, (size_t)(slashes - name.at) + 2) : name, NULL);
}

struct span
place_next_host(const struct place_text *whole, size_t *at)
{
	struct span host = SPAN("");

	while (host.length == 0 && *at < whole->text.length) {
		size_t begin;

		while (*at < whole->text.length && !whole->is_in_name[*at])
			++*at;
		begin = *at;
		while (*at < whole->text.length && whole->is_in_name[*at])
			++*at;
		host = host_of((struct span){ whole->text.at + begin, *at - begin });
	}
	return host;
}

/* Places. */

/* Whether what of the place lies in the name that has its octet `at`, if one has, looks like a part of it.
 * `step`: 1 at the begin of the place, -1 at its end. */
static bool
fits_name(const struct place_text *whole, struct span place, size_t at, int step)
{
	const bool *is_in_name = whole->is_in_name + (place.at - whole->text.at);

	if (!is_in_name[at])
		return true;
	for (; at < place.length && is_in_name[at]; at += (size_t)step)
		if (ascii_is_among(place.at[at], "./:=?&#%_"))
			return true;
	return false;
}

/* How many octets go on with what ends before `end`: letters with a letter, digits with a digit. */
static size_t
ending_length(struct span text, size_t end)
{
	const char last = text.at[end - 1];
	bool (*const goes_on)(char c) = ascii_is_digit(last) ? ascii_is_digit : ascii_is_alpha;
	size_t length = 0;

	if (!ascii_is_alnum(last))
		return 0;
	while (end + length < text.length && length <= PLACE_ENDING && goes_on(text.at[end + length]))
		length++;
	return length;
}

bool
place_is_own(const struct place_text *whole, struct span place)
{
	const struct span text = whole->text;
	const size_t begin = (size_t)(place.at - text.at), end = begin + place.length;

	if (begin > 0 && ascii_is_alnum(place.at[0]) && ascii_is_alnum(text.at[begin - 1]))
		return false;
	if (place.length < PLACE_SHORT && ending_length(text, end) > PLACE_ENDING)
		return false;
	return fits_name(whole, place, 0, 1) && fits_name(whole, place, place.length - 1, -1);
}

/* Denial. */

static bool
is_word_of(struct span word, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (span_equals(word, span_of(words[i])))
			return true;
	return false;
}

/* Take the last word off `text`; empty when a sentence, or a part of it, ends there. */
static struct span
take_last_word(struct span *text)
{
	struct span word;
	size_t length = 0;

	if (text->length > 0 && text->at[text->length - 1] == ' ')
		text->length--;
	while (length < text->length
	       && (ascii_is_alpha(text->at[text->length - 1 - length])
		   || ascii_is_among(text->at[text->length - 1 - length], "'-")))
		length++;
	word = (struct span){ text->at + text->length - length, length };
	text->length -= length;
	return word;
}

bool
place_is_denied(struct span text, struct span place)
{
	static const char *const denials[] = { "not",    "no",      "never", "isn't",  "aren't",
					       "wasn't", "neither", "nor",   "cannot", "without",
					       "nicht",  "kein",    "keine", "keiner" };
	/* Between these and what they deny. */
	static const char *const fillers[] = { "a",     "an",        "the",  "any",    "on", "in", "at",
					       "by",    "our",       "your", "this",   "is", "be", "been",
					       "being", "currently", "yet",  "listed", "as" };
	struct span before = { text.at, (size_t)(place.at - text.at) };

	for (size_t i = 0; i < WORDS_MAX; i++) {
		const struct span word = take_last_word(&before);

		if (is_word_of(word, denials, sizeof denials / sizeof denials[0]))
			return true;
		if (!is_word_of(word, fillers, sizeof fillers / sizeof fillers[0]))
			return false;
	}
	return false;
}
