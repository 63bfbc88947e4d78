#include "heloscope/refusals/normal.h"

#include "heloscope/refusals/codes.h"

/* What is read as something else: octets of UTF-8, and Exim's line ends. */
static const struct {
	const char *written;
	char read;
} spellings[] = {
	{ "\xe2\x80\x98", '\'' }, { "\xe2\x80\x99", '\'' }, { "\xe2\x80\x9c", '"' },
	{ "\xe2\x80\x9d", '"' },  { "\xc2\xa0", ' ' },      { "\\n", ' ' },
};

/* The character with which `text` begins. Returns how many octets it took. */
static size_t
read_one(struct span text, char *read)
{
	const char c = text.at[0];

	for (size_t i = 0;
	     (c == '\\' || c == '\xe2' || c == '\xc2') && i < sizeof spellings / sizeof spellings[0]; i++)
		if (span_starts_with_nocase(text, span_of(spellings[i].written))) {
			*read = spellings[i].read;
			return strlen(spellings[i].written);
		}
	*read = ((unsigned char)c < ' ' || c == 0x7f) ? ' ' : ascii_lower(c);
	return 1;
}

/* The code of a reply as text. */
struct digits {
	char text[4];
};

static struct digits
digits_of(unsigned reply)
{
	return (struct digits){ { (char)('0' + reply / 100 % 10), (char)('0' + reply / 10 % 10),
				  (char)('0' + reply % 10), '\0' } };
}

/* How many octets the code of the reply takes there, with its enhanced code; 0 when it is not there. */
static size_t
code_length(struct span text, const char *digits)
{
	size_t length = 4, blanks = 0, enhanced;
	struct enhanced_code code;

	if (text.length < 4 || memcmp(text.at, digits, 3) != 0 || (text.at[3] != '-' && text.at[3] != ' '))
		return 0;
	while (length + blanks < text.length && blanks < 2 && ascii_is_among(text.at[length + blanks], " #"))
		blanks++;
	enhanced = codes_read_enhanced(span_from(text, length + blanks), &code);
	return length + (enhanced > 0 ? blanks + enhanced : 0);
}

static void
add(struct strbuf *out, char c)
{
	if (c != ' ' || (out->length > 0 && out->text[out->length - 1] != ' '))
		strbuf_add_char(out, c);
}

void
normal_add(struct strbuf *out, struct span text, unsigned reply)
{
	const struct digits digits = digits_of(reply);
	char last = ' ', c;

	for (size_t i = 0; i < text.length;) {
		size_t taken = 0;

		if (reply != 0 && text.at[i] == digits.text[0] && ascii_is_among(last, " :;\"'[(>"))
			taken = code_length(span_from(text, i), digits.text);
		c = ' ';
		if (taken == 0)
			taken = read_one(span_from(text, i), &c);
		i += taken;
		add(out, c);
		last = c;
	}
	if (out->length > 0 && out->text[out->length - 1] == ' ')
		strbuf_shorten(out, out->length - 1);
}

/* Addresses. */

/* RFC 5321, 4.1.2 (Atom), and what RFC 6531 adds. */
static bool
is_of_local_part(char c)
{
	return ascii_is_alnum(c) || ascii_is_among(c, ".!#$%&'*+-/=?^_`{|}~") || (c & 0x80) != 0;
}

static bool
is_of_domain(char c)
{
	return ascii_is_alnum(c) || ascii_is_among(c, ".-_") || (c & 0x80) != 0;
}

/* Where the quoted local part begins whose closing quote stands before `end`; `end` when there is none. */
static size_t
quotes_begin(struct span text, size_t end)
{
	size_t begin = end - 1;

	while (begin > 0)
		if (text.at[--begin] == '"')
			return begin;
	return end;
}

/* Where the local part begins that ends before `end`. In a link those octets part its fields. */
static size_t
local_part_begin(struct span text, size_t end)
{
	size_t begin = end, field = end;

	if (end > 0 && text.at[end - 1] == '"')
		return quotes_begin(text, end);
	while (begin > 0 && is_of_local_part(text.at[begin - 1])) {
		begin--;
		if (field == end && ascii_is_among(text.at[begin], "/?&="))
			field = begin + 1;
	}
	return begin > 0 && text.at[begin - 1] == ':' && text.length > begin + 1 && text.at[begin] == '/'
			       && text.at[begin + 1] == '/'
		       ? field
		       : begin;
}

/* Where the domain, or the address in brackets, ends that begins at `begin`. */
static size_t
domain_end(struct span text, size_t begin)
{
	const char *bracket = NULL;
	size_t end = begin;

	if (begin < text.length && text.at[begin] == '[')
		bracket = memchr(text.at + begin, ']', text.length - begin);
	if (bracket != NULL)
		return (size_t)(bracket - text.at) + 1;
	while (end < text.length && is_of_domain(text.at[end]))
		end++;
	while (end > begin && text.at[end - 1] == '.') /* that of a sentence */
		end--;
	return end;
}

void
normal_blot_addresses(struct strbuf *text)
{
	const struct span whole = { text->text, text->length };
	const char *at = text->text;

	while ((at = memchr(at, '@', (size_t)(whole.at + whole.length - at))) != NULL) {
		const size_t middle = (size_t)(at - whole.at);
		const size_t begin = local_part_begin(whole, middle), end = domain_end(whole, middle + 1);

		memset(text->text + begin, NORMAL_BLOT, end - begin);
		at = whole.at + end;
	}
}

/* Words. */

/* Whether it is a word of a sentence, with what ends it. */
static bool
is_plain_word(struct span word)
{
	while (word.length > 0 && ascii_is_among(word.at[word.length - 1], ".,:;!?)\"'"))
		word.length--;
	for (size_t i = 0; i < word.length; i++)
		if (!ascii_is_alpha(word.at[i]) && !ascii_is_among(word.at[i], "'-(\""))
			return false;
	return true;
}

size_t
normal_words(struct span text)
{
	size_t octets = 0;

	while (text.length > 0) {
		struct span word = text;

		word.length = 0;
		while (word.length < text.length && text.at[word.length] != ' ')
			word.length++;
		octets += is_plain_word(word) ? word.length + 1 : 0;
		text = span_from(text, word.length + 1);
	}
	return octets;
}
