#include "heloscope/mails/status_report.h"

#include <gmime/gmime.h>

#include "heloscope/mails/said.h"
#include "heloscope/refusals/pieces.h"

enum field {
	FIELD_NONE, /* no field at all */
	FIELD_OTHER,
	FIELD_REPORTING_MTA,
	FIELD_ARRIVAL_DATE,
	FIELD_QUEUE_ID,
	FIELD_ORIGINAL_RECIPIENT,
	FIELD_FINAL_RECIPIENT,
	FIELD_ACTION,
	FIELD_STATUS,
	FIELD_REMOTE_MTA,
	FIELD_DIAGNOSTIC,
	FIELD_LAST_ATTEMPT,
	FIELDS
};

/* The fields of one block. */
struct block {
	struct span values[FIELDS]; /* unfolded; at == NULL: not there */
};

static enum field
field_of(struct span name)
{
	static const struct {
		const char *name;
		enum field field;
	} names[] = {
		{ "Reporting-MTA", FIELD_REPORTING_MTA },
		{ "Arrival-Date", FIELD_ARRIVAL_DATE },
		{ "X-Postfix-Queue-ID", FIELD_QUEUE_ID },
		{ "Original-Recipient", FIELD_ORIGINAL_RECIPIENT },
		{ "Final-Recipient", FIELD_FINAL_RECIPIENT },
		{ "Action", FIELD_ACTION },
		{ "Status", FIELD_STATUS },
		{ "Remote-MTA", FIELD_REMOTE_MTA },
		{ "Diagnostic-Code", FIELD_DIAGNOSTIC },
		{ "Last-Attempt-Date", FIELD_LAST_ATTEMPT },
		{ "Original-Envelope-Id", FIELD_OTHER },
		{ "DSN-Gateway", FIELD_OTHER },
		{ "Received-From-MTA", FIELD_OTHER },
		{ "Final-Log-ID", FIELD_OTHER },
		{ "Will-Retry-Until", FIELD_OTHER },
		{ "Localized-Diagnostic", FIELD_OTHER },
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (span_equals_nocase(name, span_of(names[i].name)))
			return names[i].field;
	return span_starts_with_nocase(name, SPAN("X-")) ? FIELD_OTHER : FIELD_NONE;
}

/* Which field the line begins, and its value. A line that was not folded properly begins none. */
static enum field
begin_field(struct span line, struct span *value)
{
	const char *colon = line.length > 0 ? memchr(line.at, ':', line.length) : NULL;

	if (colon == NULL)
		return FIELD_NONE;
	*value = span_from(line, (size_t)(colon - line.at) + 1);
	return field_of(span_trim((struct span){ line.at, (size_t)(colon - line.at) }));
}

bool
status_report_has_field(struct span line)
{
	struct span value;

	return begin_field(line, &value) > FIELD_OTHER;
}

/* A soft break of quoted-printable that nobody undid; in a link "=" is meant. */
static bool
ends_softly(const char *text, size_t length)
{
	if (length == 0 || text[length - 1] != '=')
		return false;
	for (size_t i = length - 1; i > 0 && !ascii_is_blank(text[i - 1]); i--)
		if (ascii_is_among(text[i - 1], "?&/"))
			return false;
	return true;
}

/* Append a line to a value that stands at `out`, of which `length` octets are written. */
static size_t
append_line(char *out, size_t length, struct span line)
{
	if (ends_softly(out, length))
		length--;
	else if (length > 0)
		out[length++] = '\n';
	if (line.length > 0)
		memcpy(out + length, line.at, line.length);
	return length + line.length;
}

/* Whether a line goes on with a field: it is folded, or the rest of a diagnostic that somebody wrapped. */
static bool
goes_on(enum field field, struct span line)
{
	struct span value;

	if (field == FIELD_NONE || line.length == 0)
		return false;
	if (line.at[0] == ' ' || line.at[0] == '\t')
		return true;
	return field == FIELD_DIAGNOSTIC && begin_field(line, &value) == FIELD_NONE;
}

/* The value that begins with `value` and goes on in the lines of `rest`, which are taken. */
static struct span
unfold(enum field field, struct span value, struct span *rest, struct arena *arena)
{
	struct span ahead = *rest, line;
	size_t length = 0, room = value.length;
	char *out;

	while (text_next_line(&ahead, &line) && goes_on(field, line))
		room += line.length + 1;
	if (room == value.length)
		return text_trim(value);
	out = arena_alloc(arena, room + 1);
	if (out == NULL)
		return text_trim(value);
	length = append_line(out, 0, value);
	for (ahead = *rest; text_next_line(&ahead, &line) && goes_on(field, line); *rest = ahead)
		length = append_line(out, length, ends_softly(out, length) ? line : text_trim(line));
	return text_trim((struct span){ out, length });
}

/* Read the fields up to an empty line. False when nothing is left. */
static bool
next_block(struct span *rest, struct block *block, struct arena *arena)
{
	struct span line, value;
	bool has_field = false;

	*block = (struct block){ .values = { { NULL, 0 } } };
	while (text_next_line(rest, &line)) {
		const enum field field = begin_field(line, &value);

		if (text_trim(line).length == 0 && has_field)
			return true;
		if (field == FIELD_NONE)
			continue;
		value = unfold(field, value, rest, arena);
		if (block->values[field].at == NULL)
			block->values[field] = value;
		has_field = true;
	}
	return has_field;
}

/* Take "dns;", "smtp ;" and so on off a value. */
static struct span
without_type(struct span value)
{
	struct span rest = value, type;

	if (memchr(value.at, ';', value.length) == NULL)
		return text_trim(value);
	type = text_trim(span_until(&rest, ';'));
	for (size_t i = 0; i < type.length; i++)
		if (!ascii_is_alnum(type.at[i]) && !ascii_is_among(type.at[i], "-_."))
			return text_trim(value);
	return type.length <= 40 ? text_trim(rest) : text_trim(value);
}

static struct span
recipient_of(const struct block *block)
{
	static const enum field fields[] = { FIELD_FINAL_RECIPIENT, FIELD_ORIGINAL_RECIPIENT };
	struct span address = SPAN("");

	for (size_t i = 0; i < 2 && address.length == 0; i++)
		if (block->values[fields[i]].at != NULL)
			address = text_address(without_type(block->values[fields[i]]));
	return address;
}

/* "dns; mx.example (192.0.2.1, the server for the domain)", "[192.0.2.1]" and so on. */
static void
read_remote(struct span value, struct refusal *refusal)
{
	struct span rest = without_type(value), host = rest, inside;

	host.length = 0;
	while (host.length < rest.length && !ascii_is_blank(rest.at[host.length])
	       && !ascii_is_among(rest.at[host.length], "[](),;|"))
		host.length++;
	rest = span_from(rest, host.length);
	if (host.length > 0 && ipaddr_parse(host, &refusal->address))
		return;
	refusal->host = host;
	if (text_take_ip(&rest, &refusal->address) || !text_skip(&rest, "("))
		return;
	inside = span_until(&rest, ')');
	if (!text_take_ip(&inside, &refusal->address)
	    && !ipaddr_parse(text_trim(span_until(&inside, ',')), &refusal->address))
		refusal->address.length = 0;
}

/* A number of a code, which is taken. */
static bool
take_number(struct span *text, unsigned *number)
{
	const size_t digits = span_digits(*text);

	if (!span_to_number((struct span){ text->at, digits }, 0, 999, number))
		return false;
	*text = span_from(*text, digits);
	return true;
}

static struct enhanced_code
status_of(struct span value)
{
	struct enhanced_code code = { 0, 0, 0 };
	const struct enhanced_code none = code;

	value = text_trim(value);
	if (!take_number(&value, &code.class) || !text_skip(&value, ".")
	    || !take_number(&value, &code.subject) || !text_skip(&value, ".")
	    || !take_number(&value, &code.detail))
		return none;
	return code.class == 2 || code.class == 4 || code.class == 5 ? code : none;
}

/* What became of it, from the action; where that is missing, from the code. */
static enum refusal_status
outcome_of(struct span action, const struct refusal *refusal)
{
	static const struct {
		struct span word;
		enum refusal_status status;
	} words[] = {
		{ { "failed", 6 }, REFUSAL_REFUSED },      { { "delayed", 7 }, REFUSAL_DEFERRED },
		{ { "delivered", 9 }, REFUSAL_DELIVERED }, { { "relayed", 7 }, REFUSAL_DELIVERED },
		{ { "expanded", 8 }, REFUSAL_DELIVERED },
	};
	const bool was_tried = refusal->enhanced.class == 4;
	enum refusal_status status = REFUSAL_STATUS_NONE;

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (span_starts_with_nocase(action, words[i].word))
			status = words[i].status;
	return status == REFUSAL_REFUSED && was_tried ? REFUSAL_EXPIRED : status;
}

static void
read_diagnostic(struct span value, struct refusal *refusal)
{
	const struct said said = said_read(without_type(value));

	refusal->text = said.text;
	refusal->stage = said.stage;
	if (refusal->host.length == 0)
		refusal->host = said.host;
	if (refusal->address.length == 0)
		refusal->address = said.address;
}

time_t
status_report_time(struct span date)
{
	char text[80];
	GDateTime *parsed;
	time_t time = REFUSAL_NO_TIME;

	date = text_trim(date);
	if (date.length == 0 || date.length >= sizeof text || memchr(date.at, '\0', date.length) != NULL)
		return time;
	memcpy(text, date.at, date.length);
	text[date.length] = '\0';
	parsed = g_mime_utils_header_decode_date(text);
	if (parsed == NULL)
		return time;
	time = (time_t)g_date_time_to_unix(parsed);
	g_date_time_unref(parsed);
	return time > 0 ? time : REFUSAL_NO_TIME;
}

static struct span
value_of(const struct block *block, enum field field)
{
	return block->values[field].at != NULL ? block->values[field] : SPAN("");
}

/* The block of a recipient; `common`: what stands above them all. */
static void
take_recipient(const struct block *block, const struct block *common, struct findings *findings)
{
	const struct span last = value_of(block, FIELD_LAST_ATTEMPT);
	struct refusal refusal = refusal_of_text(SPAN(""));
	enum worth worth;

	refusal.recipient = recipient_of(block);
	refusal.enhanced = status_of(value_of(block, FIELD_STATUS));
	refusal.queue_id = without_type(value_of(common, FIELD_QUEUE_ID));
	refusal.time = status_report_time(last.length > 0 ? last : value_of(common, FIELD_ARRIVAL_DATE));
	read_remote(value_of(block, FIELD_REMOTE_MTA), &refusal);
	read_diagnostic(value_of(block, FIELD_DIAGNOSTIC), &refusal);
	refusal.status = outcome_of(value_of(block, FIELD_ACTION), &refusal);
	worth = findings_worth(refusal.text);
	if (worth == WORTH_NOTHING && (refusal.enhanced.class != 0 || refusal.status != REFUSAL_STATUS_NONE))
		worth = WORTH_STATUS;
	findings_add(findings, &refusal, worth);
}

/* Whether it tells of a recipient, in whatever completeness. */
static bool
is_of_recipient(const struct block *block)
{
	return value_of(block, FIELD_FINAL_RECIPIENT).length > 0
	       || value_of(block, FIELD_DIAGNOSTIC).length > 0
	       || (value_of(block, FIELD_ORIGINAL_RECIPIENT).length > 0
		   && value_of(block, FIELD_STATUS).length > 0);
}

size_t
status_report_read(struct span text, struct findings *findings)
{
	struct block common = { .values = { { NULL, 0 } } }, block;
	size_t recipients = 0;

	while (next_block(&text, &block, findings->arena)) {
		if (value_of(&block, FIELD_REPORTING_MTA).length > 0
		    || value_of(&block, FIELD_QUEUE_ID).length > 0)
			common = block;
		if (!is_of_recipient(&block))
			continue;
		take_recipient(&block, &common, findings);
		recipients++;
	}
	return recipients;
}
