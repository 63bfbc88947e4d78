#include "heloscope/mails/message.h"

#include <gmime/gmime.h>

#include "heloscope/base/bounds.h"
#include "heloscope/mails/bounce.h"
#include "heloscope/mails/html.h"
#include "heloscope/mails/status_report.h"
#include "heloscope/refusals/pieces.h"

#define ARENA_OCTETS (8 * BOUND_PART_OCTETS)
#define EMBEDDED_MAX 16 /* messages in a message that are looked at */

enum part_kind { PART_STATUS, PART_HEADER, PART_TEXT, PART_HTML, PART_MEDIA, PART_OTHER };

/* A message that was taken to pieces. */
struct pieces {
	struct arena *arena;
	struct bounce bounce;
	struct span *texts; /* in their order */
	size_t text_count, part_count;
	GMimeMessage *embedded[EMBEDDED_MAX]; /* theirs is the message */
	size_t embedded_count;
	bool has_status;
	const struct report_taker *reports; /* or NULL */
	size_t report_count;
};

static enum part_kind
kind_of(GMimeObject *part)
{
	static const struct {
		const char *type, *subtype;
		enum part_kind kind;
	} kinds[] = {
		{ "message", "delivery-status", PART_STATUS },
		{ "message", "global-delivery-status", PART_STATUS },
		{ "text", "rfc822-headers", PART_HEADER },
		{ "message", "rfc822-headers", PART_HEADER },
		{ "message", "global-headers", PART_HEADER },
		{ "text", "html", PART_HTML },
		{ "text", "*", PART_TEXT },
		{ "image", "*", PART_MEDIA },
		{ "audio", "*", PART_MEDIA },
		{ "video", "*", PART_MEDIA },
	};
	GMimeContentType *type = g_mime_object_get_content_type(part);

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (g_mime_content_type_is_type(type, kinds[i].type, kinds[i].subtype))
			return kinds[i].kind;
	return PART_OTHER;
}

/* A part as it was before it was sent, for g_object_unref(); NULL: it has no content. */
static GMimeStream *
decode(GMimePart *part, struct span *octets)
{
	GMimeDataWrapper *content = g_mime_part_get_content(part);
	GMimeStream *stream;
	GByteArray *array;

	if (content == NULL)
		return NULL;
	stream = g_mime_stream_mem_new();
	(void)g_mime_data_wrapper_write_to_stream(content, stream);
	array = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
	*octets = array != NULL && array->len > 0 ? (struct span){ (const char *)array->data, array->len }
						  : SPAN("");
	return stream;
}

/* A copy of the beginning of it. */
static struct span
decoded(GMimePart *part, struct arena *arena)
{
	struct span text = SPAN("");
	GMimeStream *stream = decode(part, &text);

	if (stream == NULL)
		return text;
	if (text.length > BOUND_PART_OCTETS)
		text.length = BOUND_PART_OCTETS;
	text.at = arena_copy(arena, text);
	g_object_unref(stream);
	return arena->has_failed ? SPAN("") : text;
}

/* Read the reports in a part. False when it holds none. */
static bool
take_report(struct pieces *pieces, GMimePart *part)
{
	struct span octets = SPAN("");
	GMimeStream *stream = pieces->reports != NULL ? decode(part, &octets) : NULL;
	size_t count = 0;

	if (stream != NULL) {
		count = attachment_read(octets, pieces->reports);
		g_object_unref(stream);
	}
	pieces->report_count += count;
	return count > 0;
}

/* The same of a text, in UTF-8. */
static struct span
decoded_text(GMimePart *part, struct arena *arena)
{
	char *utf8 = GMIME_IS_TEXT_PART(part) ? g_mime_text_part_get_text(GMIME_TEXT_PART(part)) : NULL;
	struct span text = span_of(utf8);

	if (utf8 == NULL)
		return decoded(part, arena);
	if (text.length > BOUND_PART_OCTETS)
		text.length = BOUND_PART_OCTETS;
	text.at = arena_copy(arena, text);
	g_free(utf8);
	return arena->has_failed ? SPAN("") : text;
}

static void
add_text(struct pieces *pieces, struct span text)
{
	struct span *texts = arena_grow(pieces->arena, pieces->texts, pieces->text_count, sizeof *texts);

	if (texts == NULL || text.length == 0)
		return;
	pieces->texts = texts;
	texts[pieces->text_count++] = text;
}

static struct span
text_of_html(struct span html, struct arena *arena)
{
	char *out = arena_alloc(arena, html.length + 1);

	if (out == NULL)
		return SPAN("");
	return (struct span){ out, html_read(html, out) };
}

static void
take_part(struct pieces *pieces, GMimePart *part)
{
	switch (kind_of(GMIME_OBJECT(part))) {
	case PART_STATUS:
		bounce_read_status(&pieces->bounce, decoded(part, pieces->arena));
		pieces->has_status = true;
		break;
	case PART_HEADER:
		bounce_read_returned(&pieces->bounce, decoded(part, pieces->arena));
		break;
	case PART_TEXT:
		if (!take_report(pieces, part))
			add_text(pieces, decoded_text(part, pieces->arena));
		break;
	case PART_HTML:
		add_text(pieces, text_of_html(decoded_text(part, pieces->arena), pieces->arena));
		break;
	case PART_OTHER:
		(void)take_report(pieces, part);
		break;
	case PART_MEDIA:
		break;
	}
}

static void
take_embedded(struct pieces *pieces, GMimeMessagePart *part)
{
	GMimeMessage *message = g_mime_message_part_get_message(part);

	if (message != NULL && pieces->embedded_count < EMBEDDED_MAX)
		pieces->embedded[pieces->embedded_count++] = message;
}

/* Take an object and all in it to pieces, but not the messages in it. */
static void
take_object(struct pieces *pieces, GMimeObject *object, size_t depth)
{
	if (object == NULL || depth >= BOUND_MAIL_DEPTH || pieces->part_count++ >= BOUND_MAIL_PARTS)
		return;
	if (GMIME_IS_MULTIPART(object)) {
		const int count = g_mime_multipart_get_count(GMIME_MULTIPART(object));

		for (int i = 0; i < count && pieces->part_count < BOUND_MAIL_PARTS; i++)
			take_object(pieces, g_mime_multipart_get_part(GMIME_MULTIPART(object), i), depth + 1);
	} else if (GMIME_IS_MESSAGE_PART(object)) {
		take_embedded(pieces, GMIME_MESSAGE_PART(object));
	} else if (GMIME_IS_PART(object)) {
		take_part(pieces, GMIME_PART(object));
	}
}

/* A field of its header, decoded and copied; empty: none. */
static struct span
field_of(GMimeMessage *message, const char *name, struct arena *arena)
{
	const struct span value = span_of(g_mime_object_get_header(GMIME_OBJECT(message), name));
	const char *copy = arena_copy(arena, value);

	return (struct span){ copy, arena->has_failed ? 0 : value.length };
}

static bool
field_has(GMimeMessage *message, const char *field, const char *const *words)
{
	const struct span value = span_of(g_mime_object_get_header(GMIME_OBJECT(message), field));

	for (; *words != NULL; words++)
		if (text_find(value, *words, NULL, NULL))
			return true;
	return false;
}

/* Names of programs that send bounces, as they stand in From. */
static const char *const bouncers[] = {
	"mailer-daemon", "postmaster", "mail delivery", "mdaemon", "mail-daemon", "microsoftexchange", NULL
};

/* Whether a program has sent it on account of mail that it could not deliver. */
static bool
looks_like_bounce(GMimeMessage *message)
{
	static const char *const subjects[] = {
		"undeliver",   "delivery",      "returned mail", "failure notice", "could not send",
		"mail failed", "not delivered", "unzustellbar",  "command failed", NULL
	};
	static const char *const null_path[] = { "<>", NULL };
	static const char *const passed_on[] = { "fwd:", "fw:", "re:", "aw:", "wg:", NULL };

	return g_mime_object_get_header(GMIME_OBJECT(message), "X-Failed-Recipients") != NULL
	       || field_has(message, "Return-Path", null_path) || field_has(message, "From", bouncers)
	       || (field_has(message, "Subject", subjects) && !field_has(message, "Subject", passed_on));
}

/* What the header tells of who sent the message that came back, to whom, and when it came. */
static void
take_header(struct pieces *pieces, GMimeMessage *message)
{
	static const char *const delays[] = { "delayed", "still being", "warning", "delay)", NULL };
	struct bounce *bounce = &pieces->bounce;

	bounce->recipient = bounce_address(field_of(message, "X-Failed-Recipients", pieces->arena));
	bounce->time = status_report_time(field_of(message, "Date", pieces->arena));
	bounce->status = field_has(message, "Subject", delays) ? REFUSAL_DEFERRED : REFUSAL_REFUSED;
}

/* To whom the bounce went that the text quotes; false: it quotes none. */
static bool
find_quoted(struct span text, struct span *sender)
{
	struct span line, behind;
	bool is_quoting = false;

	while (text_next_line(&text, &line)) {
		while (line.length > 0 && (line.at[0] == '>' || ascii_is_blank(line.at[0])))
			line = span_from(line, 1);
		behind = line;
		if (text_skip(&behind, "From:")) {
			for (size_t i = 0; bouncers[i] != NULL && !is_quoting; i++)
				is_quoting = text_find(behind, bouncers[i], NULL, NULL);
		} else if (is_quoting && sender->length == 0 && text_skip(&behind, "To:")) {
			*sender = bounce_address(behind);
		}
	}
	return is_quoting;
}

/* Whether the text of the message quotes a bounce; then its sender is whom that was sent to. */
static bool
quotes_bounce(struct pieces *pieces)
{
	for (size_t i = 0; i < pieces->text_count; i++)
		if (find_quoted(pieces->texts[i], &pieces->bounce.sender))
			return true;
	return false;
}

/* The sender stands in the message that is returned; where that is missing, the bounce was sent to him. */
static void
find_sender(struct pieces *pieces, GMimeMessage *message)
{
	struct bounce *bounce = &pieces->bounce;
	static const char *const fields[] = { "Return-Path", "From" };

	for (size_t i = 0; i < 2 && bounce->sender.length == 0 && pieces->embedded_count > 0; i++)
		bounce->sender = bounce_address(field_of(pieces->embedded[0], fields[i], pieces->arena));
	if (bounce->sender.length == 0)
		bounce->sender = bounce_address(field_of(message, "To", pieces->arena));
}

/* A reply that stands nowhere but in the subject. */
static void
read_subject(struct pieces *pieces, GMimeMessage *message)
{
	const struct span subject = field_of(message, "Subject", pieces->arena);

	if (!findings_has_answer(&pieces->bounce.findings, WORTH_STATUS))
		bounce_read_text(&pieces->bounce, subject);
}

static void
read_texts(struct pieces *pieces)
{
	for (size_t i = 0; i < pieces->text_count; i++)
		bounce_read_text(&pieces->bounce, pieces->texts[i]);
}

static size_t read_parsed(GMimeMessage *message, const struct message_taker *taker, size_t depth);

/* Read the messages that stand in one that is itself no bounce. */
static size_t
read_embedded(const struct pieces *pieces, const struct message_taker *taker, size_t depth)
{
	size_t count = 0;

	for (size_t i = 0; i < pieces->embedded_count && depth < BOUND_MAIL_DEPTH; i++)
		count += read_parsed(pieces->embedded[i], taker, depth + 1);
	return count;
}

/* What a message says that is itself a bounce. */
static size_t
read_bounce(struct pieces *pieces, GMimeMessage *message, const struct message_taker *taker)
{
	read_texts(pieces);
	read_subject(pieces, message);
	find_sender(pieces, message);
	return bounce_tell(&pieces->bounce, WORTH_STATUS, taker->refusal, taker->context);
}

/* What is said of replies in a message of a person. */
static size_t
read_quoted(struct pieces *pieces, const struct message_taker *taker)
{
	if (!quotes_bounce(pieces) && !taker->is_alone)
		return 0;
	read_texts(pieces);
	return bounce_tell(&pieces->bounce, WORTH_REPLY, taker->refusal, taker->context);
}

/* What the message says; when it is no bounce or says nothing, what those in it say. */
static size_t
read_pieces(struct pieces *pieces, GMimeMessage *message, const struct message_taker *taker, size_t depth)
{
	const bool is_bounce = pieces->has_status || looks_like_bounce(message);
	size_t count = 0;

	if (pieces->report_count > 0)
		return 0;
	take_header(pieces, message);
	if (is_bounce)
		count = read_bounce(pieces, message, taker);
	if (count == 0)
		count = read_embedded(pieces, taker, depth);
	if (count == 0 && !is_bounce)
		count = read_quoted(pieces, taker);
	return count;
}

static size_t
read_parsed(GMimeMessage *message, const struct message_taker *taker, size_t depth)
{
	struct arena arena;
	struct pieces *pieces;
	size_t count = 0;

	arena_init(&arena, ARENA_OCTETS);
	pieces = arena_alloc(&arena, sizeof *pieces);
	if (pieces != NULL) {
		pieces->arena = &arena;
		pieces->reports = taker->reports;
		bounce_init(&pieces->bounce, &arena);
		pieces->bounce.file = taker->file;
		pieces->bounce.line = taker->line;
		take_object(pieces, g_mime_message_get_mime_part(message), 0);
		count = read_pieces(pieces, message, taker, depth);
	}
	arena_clear(&arena);
	return count;
}

size_t
message_read(struct span octets, const struct message_taker *taker)
{
	GMimeStream *stream;
	GMimeParser *parser;
	GMimeMessage *message;
	size_t count = 0;

	g_mime_init();
	stream = g_mime_stream_mem_new_with_buffer(octets.at, octets.length);
	parser = g_mime_parser_new_with_stream(stream);
	message = g_mime_parser_construct_message(parser, NULL);
	if (message != NULL) {
		count = read_parsed(message, taker, 0);
		g_object_unref(message);
	}
	g_object_unref(parser);
	g_object_unref(stream);
	return count;
}

size_t
message_read_text(struct span text, const struct message_taker *taker)
{
	struct arena arena;
	struct bounce bounce;
	size_t count;

	g_mime_init();
	arena_init(&arena, ARENA_OCTETS);
	bounce_init(&bounce, &arena);
	bounce.file = taker->file;
	bounce.line = taker->line;
	if (text.length > BOUND_PART_OCTETS)
		text.length = BOUND_PART_OCTETS;
	bounce_read_text(&bounce, text);
	bounce.is_nameless_wanted = bounce.findings.is_complete;
	count = bounce_tell(&bounce, WORTH_STATUS, taker->refusal, taker->context);
	arena_clear(&arena);
	return count;
}
