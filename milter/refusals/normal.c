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
