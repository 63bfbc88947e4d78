#include "heloscope/refusals/codes.h"

/* Finding them. */

static bool
is_digit_at(struct span text, size_t at)
{
	return at < text.length && ascii_is_digit(text.at[at]);
}

/* One part of an enhanced code, one to three digits. */
static size_t
read_part(struct span text, unsigned *part)
{
	size_t length = 0;

	while (length < 3 && is_digit_at(text, length))
		length++;
	return length > 0 && !is_digit_at(text, length)
			       && span_to_number((struct span){ text.at, length }, 0, 999, part)
		       ? length
		       : 0;
}

size_t
codes_read_enhanced(struct span text, struct enhanced_code *code)
{
	struct enhanced_code found = { 0 };
	unsigned *const parts[] = { &found.class, &found.subject, &found.detail };
	size_t length = 0;

	for (size_t i = 0; i < 3; i++) {
		const size_t part = read_part(span_from(text, length), parts[i]);

		if (part == 0 || (i == 0 && part > 1))
			return 0;
		length += part;
		if (i < 2 && (length >= text.length || text.at[length++] != '.'))
			return 0;
	}
	if (text.length > length + 1 && text.at[length] == '.' && is_digit_at(text, length + 1))
		return 0; /* an address */
	if (found.class != 2 && found.class != 4 && found.class != 5)
		return 0;
	*code = found;
	return length;
}

/* Whether three digits stand there by themselves, as a code of a refusal does. */
static bool
is_reply_code(struct span text)
{
	return text.length >= 3 && (text.at[0] == '4' || text.at[0] == '5') && is_digit_at(text, 1)
	       && is_digit_at(text, 2) && (text.length == 3 || ascii_is_among(text.at[3], " -:,\t\r\n\"'#"));
}

/* What lies between a reply code and its enhanced code. */
static size_t
gap_length(struct span text)
{
	size_t length = 0;

	while (length < text.length && length < 4 && ascii_is_among(text.at[length], " -:#(=\t"))
		length++;
	return length;
}

/* The enhanced code behind the reply code with which `text` begins. */
static struct enhanced_code
enhanced_behind(struct span text)
{
	struct enhanced_code code = { 0 };
	const struct span rest = span_from(text, 3);

	if (codes_read_enhanced(span_from(rest, gap_length(rest)), &code) == 0)
		code.class = 0;
	return code;
}

/* Whether what stands before `at` begins a line, or introduces a reply: "said: ", "; ", "<<< ", "status=". */
static bool
is_introduced(struct span text, size_t at)
{
	const size_t end = at;

	while (at > 0 && (text.at[at - 1] == ' ' || text.at[at - 1] == '\t'))
		at--;
	if (at == 0 || ascii_is_among(text.at[at - 1], "\n\r;<>(\"'["))
		return true;
	return at < end ? text.at[at - 1] == ':' : text.at[at - 1] == '=';
}

static bool
is_word_start(struct span text, size_t at)
{
	return at == 0 || ascii_is_among(text.at[at - 1], " \t\r\n:;<>(\"'[=");
}

/* An enhanced code that stands alone. */
static struct enhanced_code
lone_enhanced(struct span text)
{
	struct enhanced_code code = { 0 };

	for (size_t i = 0; i + 4 < text.length; i++)
		if (is_digit_at(text, i)
		    && (is_word_start(text, i) || text.at[i - 1] == '#' || text.at[i - 1] == '-')
		    && codes_read_enhanced(span_from(text, i), &code) > 0 && code.class != 2)
			return code;
	return (struct enhanced_code){ 0 };
}

struct codes
codes_find(struct span text)
{
	for (size_t i = 0; i + 2 < text.length; i++) {
		const struct span rest = span_from(text, i);
		struct codes codes;

		if (!is_word_start(text, i) || !is_reply_code(rest))
			continue;
		codes = (struct codes){ (unsigned)(rest.at[0] - '0') * 100 + (unsigned)(rest.at[1] - '0') * 10
						+ (unsigned)(rest.at[2] - '0'),
					enhanced_behind(rest) };
		if (codes.enhanced.class == 0 && !is_introduced(text, i))
			continue;
		if (codes.enhanced.class == 0)
			codes.enhanced = lone_enhanced(rest);
		return codes;
	}
	return (struct codes){ 0, lone_enhanced(text) };
}

unsigned
codes_class(const struct codes *codes)
{
	return codes->reply != 0 ? codes->reply / 100 : codes->enhanced.class;
}

/* Comparing them. */

static enum code_fit
enhanced_fit(struct enhanced_code code, const struct code_pattern *pattern)
{
	const unsigned parts[] = { code.class, code.subject, code.detail };

	if (!pattern->has_enhanced)
		return CODE_NOT_ASKED;
	if (code.class == 0)
		return CODE_NOT_KNOWN;
	for (size_t i = 0; i < 3; i++)
		if (pattern->parts[i] != CODE_ANY && pattern->parts[i] != parts[i])
			return CODE_DIFFERS;
	return CODE_FITS;
}

static enum code_fit
reply_fit(unsigned reply, const struct code_pattern *pattern)
{
	if (pattern->reply_min == 0)
		return CODE_NOT_ASKED;
	if (reply == 0)
		return CODE_NOT_KNOWN;
	return reply >= pattern->reply_min && reply <= pattern->reply_max ? CODE_FITS : CODE_DIFFERS;
}

enum code_fit
codes_fit(const struct codes *codes, const struct code_pattern *pattern)
{
	const enum code_fit reply = reply_fit(codes->reply, pattern);
	const enum code_fit enhanced = enhanced_fit(codes->enhanced, pattern);

	if (reply == CODE_DIFFERS || enhanced == CODE_DIFFERS)
		return CODE_DIFFERS;
	if (reply == CODE_NOT_KNOWN || enhanced == CODE_NOT_KNOWN)
		return CODE_NOT_KNOWN;
	return reply == CODE_FITS || enhanced == CODE_FITS ? CODE_FITS : CODE_NOT_ASKED;
}

/* What they mean. */

struct row {
	unsigned number; /* subject, or reply code */
	int detail;      /* -1: a reply code */
	struct code_meaning meaning;
};

static const struct code_meaning *
find_row(unsigned number, int detail)
{
#define MEANING_ROW(NAME, number, detail, category, party)                                                   \
	{ number, detail, { CODE_##NAME, CATEGORY_##category, PARTY_##party } },
	static const struct row rows[CODE_WORDS] = { CODE_ROWS(MEANING_ROW) };

	for (size_t i = 0; i < CODE_WORDS; i++)
		if (rows[i].number == number && rows[i].detail == detail)
			return &rows[i].meaning;
	return NULL;
}

struct code_meaning
codes_meaning(const struct codes *codes)
{
	const struct code_meaning *found = NULL;

	if (codes->enhanced.class != 0)
		found = find_row(codes->enhanced.subject, (int)codes->enhanced.detail);
	if (found == NULL || (found->category == CATEGORY_UNKNOWN && found->party == PARTY_UNKNOWN))
		found = codes->reply != 0 && find_row(codes->reply, -1) != NULL ? find_row(codes->reply, -1)
										: found;
	return found != NULL ? *found : (struct code_meaning){ CODE_WORDS, CATEGORY_UNKNOWN, PARTY_UNKNOWN };
}
