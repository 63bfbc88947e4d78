#include "heloscope/refusals/place.h"

#include "heloscope/base/domain.h"

/* Octets that are looked at around a place: names and links are shorter, and texts may be hostile. */
#define AROUND_MAX 256
#define WORDS_MAX 4 /* in front of a place */

/* Around it. */

/* What holds the octet at `at` and consists of such octets as `is_of` allows; empty when that one is none. */
static struct span
run_around(struct span text, size_t at, bool (*is_of)(char c))
{
	size_t begin = at, end = at;

	while (begin > 0 && is_of(text.at[at]) && at - begin < AROUND_MAX && is_of(text.at[begin - 1]))
		begin--;
	while (end < text.length && end - at < AROUND_MAX && is_of(text.at[end]))
		end++;
	return (struct span){ text.at + begin, end - begin };
}

static bool
is_of_link(char c)
{
	return c > ' ' && c < 0x7f && !ascii_is_among(c, "<>()[]\"',;");
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

/* The link or the name of a host that holds the octet at `at`; empty when none does. */
static struct span
name_around(struct span text, size_t at)
{
	struct span run = run_around(text, at, is_of_link);

	if (is_link(run))
		return run;
	run = run_around(text, at, is_of_name);
	return is_host_name(run) ? run : (struct span){ text.at, 0 };
}

/* Whether what of the place lies in the name that holds the octet at `at`, if one does, looks like a part of
 * it. */
static bool
fits_name(struct span text, struct span place, size_t at)
{
	const struct span name = name_around(text, at);
	const char *begin = name.at > place.at ? name.at : place.at;
	const char *const name_end = name.at + name.length, *const place_end = place.at + place.length;
	const char *const end = name_end < place_end ? name_end : place_end;

	if (name.length == 0)
		return true;
	for (; begin < end; begin++)
		if (ascii_is_among(*begin, "./:=?&#%_"))
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
place_is_own(struct span text, struct span place)
{
	const size_t begin = (size_t)(place.at - text.at), end = begin + place.length;

	if (begin > 0 && ascii_is_alnum(place.at[0]) && ascii_is_alnum(text.at[begin - 1]))
		return false;
	if (place.length < PLACE_SHORT && ending_length(text, end) > PLACE_ENDING)
		return false;
	return fits_name(text, place, begin) && fits_name(text, place, end - 1);
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
