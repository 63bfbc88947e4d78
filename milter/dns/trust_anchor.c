#include "heloscope/dns/trust_anchor.h"

#include <stdlib.h>

#include "heloscope/base/base64.h"
#include "heloscope/base/regular_file.h"
#include "heloscope/base/strbuf.h"

#define FILE_MAX 65536 /* octets; such files have two keys, of 400 each */
#define RECORD_SIZE 4096
#define KEY_SIZE 2048 /* octets */

/* The text without comments, a record at a time. */
struct reader {
	struct span rest;
	bool is_in_parentheses, is_of_root; /* is_of_root: the owner that was written last */
};

static struct span
next_word(struct span *rest)
{
	return span_word(rest, ASCII_BLANKS);
}

/* Read up to the end of a record, which parentheses carry over several lines. False at the end of the text.
 */
static bool
next_record(struct reader *reader, struct strbuf *record)
{
	bool is_comment = false;

	strbuf_shorten(record, 0);
	if (reader->rest.length == 0)
		return false;
	while (reader->rest.length > 0) {
		const char c = reader->rest.at[0];

		reader->rest = span_from(reader->rest, 1);
		is_comment = c != '\n' && (is_comment || c == ';');
		if (c == '\n' && !reader->is_in_parentheses)
			return true;
		if (!is_comment && (c == '(' || c == ')'))
			reader->is_in_parentheses = c == '(';
		else if (!is_comment)
			strbuf_add_char(record, c == '\n' || c == '\0' ? ' ' : c);
	}
	return true;
}

uint16_t
trust_anchor_key_tag(const unsigned char *data, size_t length)
{
	unsigned sum = 0;

	for (size_t i = 0; i < length; i++)
		sum += i % 2 == 0 ? (unsigned)data[i] << 8 : data[i];
	return (uint16_t)(sum + (sum >> 16 & 0xffff));
}

bool
trust_anchor_has(const struct trust_anchor *anchor, uint16_t tag)
{
	for (size_t i = 0; i < anchor->count; i++)
		if (anchor->keys[i] == tag)
			return true;
	return false;
}

static void
add_key(struct trust_anchor *anchor, unsigned tag)
{
	if (trust_anchor_has(anchor, (uint16_t)tag))
		return;
	if (anchor->count < TRUST_ANCHOR_KEYS_MAX)
		anchor->keys[anchor->count++] = (uint16_t)tag;
	anchor->lacks_root_key = anchor->lacks_root_key && tag != TRUST_ANCHOR_ROOT_KEY;
}

/* Flags, protocol, algorithm, key. */
static void
take_dnskey(struct trust_anchor *anchor, struct span data)
{
	unsigned char octets[4 + KEY_SIZE];
	unsigned flags, protocol, algorithm;
	size_t length;

	if (!span_to_number(next_word(&data), 0, 65535, &flags)
	    || !span_to_number(next_word(&data), 0, 255, &protocol)
	    || !span_to_number(next_word(&data), 0, 255, &algorithm)
	    || !base64_decode(data, octets + 4, KEY_SIZE, &length))
		return;
	octets[0] = (unsigned char)(flags >> 8);
	octets[1] = (unsigned char)flags;
	octets[2] = (unsigned char)protocol;
	octets[3] = (unsigned char)algorithm;
	add_key(anchor, trust_anchor_key_tag(octets, 4 + length));
}

static void
take_record(struct reader *reader, struct trust_anchor *anchor, struct span record)
{
	struct span word;
	unsigned number;

	if (record.length == 0)
		return;
	if (!ascii_is_blank(record.at[0]))
		reader->is_of_root = span_equals(next_word(&record), SPAN("."));
	do /* TTL and class stand before the type in either order */
		word = next_word(&record);
	while (span_equals_nocase(word, SPAN("IN")) || span_to_number(word, 0, 999999999, &number));
	if (!reader->is_of_root)
		return;
	if (span_equals_nocase(word, SPAN("DNSKEY")))
		take_dnskey(anchor, record);
	else if (span_equals_nocase(word, SPAN("DS"))
		 && span_to_number(next_word(&record), 0, 65535, &number))
		add_key(anchor, number);
}

struct trust_anchor
trust_anchor_parse(struct span text)
{
	struct reader reader = { .rest = text };
	struct trust_anchor anchor = { .lacks_root_key = true };
	char memory[RECORD_SIZE];
	struct strbuf record = STRBUF_OVER(memory);

	while (next_record(&reader, &record))
		take_record(&reader, &anchor, (struct span){ memory, record.length });
	anchor.lacks_root_key = anchor.lacks_root_key && anchor.count > 0;
	return anchor;
}

bool
trust_anchor_read(const char *path, struct trust_anchor *anchor)
{
	struct error reason;
	FILE *file = regular_file_open(path, LINKS_FOLLOWED, NULL, &reason);
	char *memory = file != NULL ? malloc(FILE_MAX) : NULL;
	struct file_lines lines;
	struct strbuf text;
	const bool is_read = memory != NULL;

	if (memory != NULL) {
		strbuf_init(&text, memory, FILE_MAX);
		file_lines_init(&lines, file);
		while (file_lines_next(&lines) == LINE_READ) {
			strbuf_add_span(&text, lines.line);
			strbuf_add_char(&text, '\n');
		}
		file_lines_clear(&lines);
		*anchor = trust_anchor_parse((struct span){ memory, text.length });
	}
	if (file != NULL)
		(void)fclose(file);
	free(memory);
	return is_read;
}
