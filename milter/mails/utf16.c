#include "heloscope/mails/utf16.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#define PIECE 16384 /* octets that are converted at a time */
#define UNIT 2
#define CHARACTER 4 /* two units */

struct utf16 {
	iconv_t conversion;
	char begun[CHARACTER]; /* of a character of which the rest is to come */
	size_t begun_length;
	char text[2 * PIECE]; /* a unit of two octets becomes three at most */
	size_t length;
};

static const char little[] = "\xff\xfe", big[] = "\xfe\xff";

static bool
is_marked(struct span text, const char *mark)
{
	return text.length >= UTF16_MARK && memcmp(text.at, mark, UTF16_MARK) == 0;
}

bool
utf16_is_marked(struct span beginning)
{
	return is_marked(beginning, little) || is_marked(beginning, big);
}

struct utf16 *
utf16_new(struct span beginning)
{
	struct utf16 *reader = calloc(1, sizeof *reader);

	if (reader == NULL)
		return NULL;
	reader->conversion = iconv_open("UTF-8", is_marked(beginning, big) ? "UTF-16BE" : "UTF-16LE");
	if (reader->conversion != (iconv_t)-1)
		return reader;
	free(reader);
	return NULL;
}

void
utf16_free(struct utf16 *reader)
{
	if (reader == NULL)
		return;
	(void)iconv_close(reader->conversion);
	free(reader);
}

/* Convert as much of `octets` as makes characters; the rest, less than one, is left. */
static void
convert(struct utf16 *reader, struct span *octets)
{
	char *from = (char *)(uintptr_t)octets->at, *to = reader->text + reader->length;
	size_t left = octets->length, room = sizeof reader->text - reader->length;

	while (left >= UNIT && iconv(reader->conversion, &from, &left, &to, &room) == (size_t)-1
	       && errno == EILSEQ && room > 0) {
		*to++ = '?';
		room--;
		from += UNIT;
		left -= UNIT;
	}
	*octets = span_from(*octets, octets->length - left);
	reader->length = sizeof reader->text - room;
}

/* Complete the character that has begun, if one has. */
static void
complete(struct utf16 *reader, struct span *octets)
{
	struct span begun;

	while (reader->begun_length > 0 && octets->length > 0) {
		reader->begun[reader->begun_length++] = octets->at[0];
		*octets = span_from(*octets, 1);
		begun = (struct span){ reader->begun, reader->begun_length };
		convert(reader, &begun);
		if (begun.length > 0)
			memmove(reader->begun, begun.at, begun.length);
		reader->begun_length = begun.length;
	}
}

struct span
utf16_read(struct utf16 *reader, struct span *octets)
{
	struct span piece;

	reader->length = 0;
	complete(reader, octets);
	piece = (struct span){ octets->at, octets->length < PIECE ? octets->length : PIECE };
	*octets = span_from(*octets, piece.length);
	convert(reader, &piece);
	if (piece.length > 0) {
		memcpy(reader->begun, piece.at, piece.length);
		reader->begun_length = piece.length;
	}
	return (struct span){ reader->text, reader->length };
}
