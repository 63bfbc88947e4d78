#include "heloscope/mails/aggregate.h"

#include <expat.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/base/bounds.h"
#include "heloscope/wire/authres.h"

#define DEPTH_MAX 32
#define PIECE 65536 /* octets that expat is handed at a time */

/* Octets of one tag or comment: expat reads one that has no end from its beginning with each piece. */
#define TAG_MAX PIECE

/* Elements that matter, by their names without a namespace. */
enum element {
	OTHER,
	FEEDBACK,
	REPORT_METADATA,
	ORG_NAME,
	REPORT_ID,
	DATE_RANGE,
	BEGIN,
	END,
	POLICY_PUBLISHED,
	DOMAIN,
	P,
	SP,
	ADKIM,
	ASPF,
	RECORD,
	ROW,
	SOURCE_IP,
	COUNT,
	POLICY_EVALUATED,
	DISPOSITION,
	DKIM,
	SPF,
	REASON,
	TYPE,
	IDENTIFIERS,
	HEADER_FROM,
	ENVELOPE_FROM,
	ENVELOPE_TO,
	AUTH_RESULTS,
	SELECTOR,
	RESULT,
	ELEMENTS
};

static const char *const names[ELEMENTS] = {
	[OTHER] = "",
	[FEEDBACK] = "feedback",
	[REPORT_METADATA] = "report_metadata",
	[ORG_NAME] = "org_name",
	[REPORT_ID] = "report_id",
	[DATE_RANGE] = "date_range",
	[BEGIN] = "begin",
	[END] = "end",
	[POLICY_PUBLISHED] = "policy_published",
	[DOMAIN] = "domain",
	[P] = "p",
	[SP] = "sp",
	[ADKIM] = "adkim",
	[ASPF] = "aspf",
	[RECORD] = "record",
	[ROW] = "row",
	[SOURCE_IP] = "source_ip",
	[COUNT] = "count",
	[POLICY_EVALUATED] = "policy_evaluated",
	[DISPOSITION] = "disposition",
	[DKIM] = "dkim",
	[SPF] = "spf",
	[REASON] = "reason",
	[TYPE] = "type",
	[IDENTIFIERS] = "identifiers",
	[HEADER_FROM] = "header_from",
	[ENVELOPE_FROM] = "envelope_from",
	[ENVELOPE_TO] = "envelope_to",
	[AUTH_RESULTS] = "auth_results",
	[SELECTOR] = "selector",
	[RESULT] = "result",
};

struct aggregate {
	XML_Parser parser;
	aggregate_taker *taker;
	void *context;
	struct aggregate_report report;
	struct aggregate_row row;
	bool has_count;                 /* of the row */
	struct aggregate_result result; /* the one that is read */
	enum element stack[DEPTH_MAX];
	size_t depth;
	char text[AGGREGATE_TEXT_SIZE]; /* of the element that is read */
	size_t length;
	size_t unread;  /* records whose count cannot be read */
	size_t silence; /* octets without anything that expat tells */
	bool is_report; /* the first element is <feedback> */
	const char *fault;
};

/* Texts. */

/* Copy a text without blanks around it; of what is too long the beginning. */
static void
copy(char *out, size_t size, struct span text, bool is_word)
{
	size_t length = 0;

	while (text.length > 0 && ascii_is_blank(text.at[0]))
		text = span_from(text, 1);
	while (text.length > 0 && ascii_is_blank(text.at[text.length - 1]))
		text.length--;
	for (; length < text.length && length + 1 < size; length++)
		out[length] = is_word ? ascii_lower(text.at[length]) : text.at[length];
	out[length] = '\0';
}

/* The same where nothing stands yet: what is said twice counts once. */
static void
copy_first(char *out, size_t size, struct span text, bool is_word)
{
	if (out[0] == '\0')
		copy(out, size, text, is_word);
}

/* Digits alone, and no more than any report has reason to; else false, and 0. */
static bool
read_number(struct span text, uint64_t *number)
{
	char digits[AGGREGATE_WORD_SIZE] = "";
	size_t count;

	*number = 0;
	copy(digits, sizeof digits, text, false);
	count = span_digits(span_of(digits));
	if (count == 0 || count > 15 || digits[count] != '\0')
		return false;
	for (size_t i = 0; i < count; i++)
		*number = *number * 10 + (uint64_t)(digits[i] - '0');
	return true;
}

/* 0 when it is none, as when nothing is said. */
static int64_t
time_of(struct span text)
{
	uint64_t seconds;

	return read_number(text, &seconds) ? (int64_t)seconds : 0;
}

static bool
is_pass(struct span text)
{
	char word[AGGREGATE_WORD_SIZE] = "";

	copy(word, sizeof word, text, true);
	return strcmp(word, "pass") == 0;
}

/* What the elements say. */

static enum element
element_of(const char *name)
{
	const char *colon = strrchr(name, ':');

	if (colon != NULL)
		name = colon + 1;
	for (int i = OTHER + 1; i < ELEMENTS; i++)
		if (strcmp(name, names[i]) == 0)
			return (enum element)i;
	return OTHER;
}

/* The element around the one that is read, or around that; OTHER: none. */
static enum element
around(const struct aggregate *aggregate, size_t levels)
{
	return aggregate->depth > levels && aggregate->depth <= DEPTH_MAX
		       ? aggregate->stack[aggregate->depth - 1 - levels]
		       : OTHER;
}

static void
take_metadata(struct aggregate_report *report, enum element element, struct span text)
{
	if (element == ORG_NAME)
		copy_first(report->organization, sizeof report->organization, text, false);
	else if (element == REPORT_ID)
		copy_first(report->id, sizeof report->id, text, false);
	else if (element == BEGIN)
		report->begin = time_of(text);
	else if (element == END)
		report->end = time_of(text);
}

static void
take_policy(struct aggregate_report *report, enum element element, struct span text)
{
	if (element == DOMAIN)
		copy_first(report->domain, sizeof report->domain, text, true);
	else if (element == P)
		copy_first(report->policy, sizeof report->policy, text, true);
	else if (element == SP)
		copy_first(report->subdomains, sizeof report->subdomains, text, true);
	else if (element == ADKIM)
		copy_first(report->dkim_mode, sizeof report->dkim_mode, text, true);
	else if (element == ASPF)
		copy_first(report->spf_mode, sizeof report->spf_mode, text, true);
}

static void
take_source(struct aggregate_row *row, struct span text)
{
	char address[IPADDR_TEXT_SIZE] = "";

	copy(address, sizeof address, text, true);
	if (!ipaddr_parse(span_of(address), &row->source))
		row->source.length = 0;
}

static void
take_evaluated(struct aggregate_row *row, enum element element, struct span text)
{
	if (element == DISPOSITION)
		copy_first(row->disposition, sizeof row->disposition, text, true);
	else if (element == DKIM)
		row->is_dkim_aligned = is_pass(text);
	else if (element == SPF)
		row->is_spf_aligned = is_pass(text);
}

static void
take_identifier(struct aggregate_row *row, enum element element, struct span text)
{
	if (element == HEADER_FROM)
		copy_first(row->header_from, sizeof row->header_from, text, true);
	else if (element == ENVELOPE_FROM)
		copy_first(row->envelope_from, sizeof row->envelope_from, text, true);
	else if (element == ENVELOPE_TO)
		copy_first(row->envelope_to, sizeof row->envelope_to, text, true);
}

/* One of RFC 8601: programs read it, and nobody else's words stand for it. */
static void
take_word(struct aggregate_result *result, struct span text)
{
	char word[AGGREGATE_WORD_SIZE] = "";
	const char *known = word;

	copy(word, sizeof word, text, true);
	if (strcmp(word, "hardfail") == 0)
		known = "fail";
	else if (word[0] != '\0' && result_from_word(word) == RESULT_UNCHECKED)
		known = "unknown";
	copy_first(result->result, sizeof result->result, span_of(known), true);
}

static void
take_result(struct aggregate_result *result, enum element element, struct span text)
{
	if (element == DOMAIN)
		copy_first(result->domain, sizeof result->domain, text, true);
	else if (element == SELECTOR)
		copy_first(result->selector, sizeof result->selector, text, true);
	else if (element == RESULT)
		take_word(result, text);
}

/* A whole <dkim> or <spf> of <auth_results>; one that says nothing is none. */
static void
end_result(struct aggregate *aggregate, enum element element)
{
	struct aggregate_row *row = &aggregate->row;

	if (aggregate->result.domain[0] == '\0' && aggregate->result.result[0] == '\0')
		return;
	if (element == SPF && !row->has_spf) {
		row->spf = aggregate->result;
		row->has_spf = true;
	} else if (element == DKIM && row->dkim_count < AGGREGATE_DKIM_MAX) {
		row->dkim[row->dkim_count++] = aggregate->result;
	}
}

static void
end_record(struct aggregate *aggregate)
{
	const struct aggregate_row *row = &aggregate->row;

	if (row->source.length == 0) /* as some write of all mail that they did not get */
		return;
	if (!aggregate->has_count) {
		aggregate->unread++;
	} else if (row->count > 0) {
		aggregate->taker(aggregate->context, &aggregate->report, row);
		aggregate->report.rows++;
	}
}

/* The element that is read ends, with its text. */
static void
end_element(struct aggregate *aggregate, enum element element, struct span text)
{
	const enum element parent = around(aggregate, 1);

	if (element == RECORD)
		end_record(aggregate);
	else if (parent == REPORT_METADATA || parent == DATE_RANGE)
		take_metadata(&aggregate->report, element, text);
	else if (parent == POLICY_PUBLISHED)
		take_policy(&aggregate->report, element, text);
	else if (parent == ROW && element == SOURCE_IP)
		take_source(&aggregate->row, text);
	else if (parent == ROW && element == COUNT)
		aggregate->has_count = read_number(text, &aggregate->row.count);
	else if (parent == POLICY_EVALUATED)
		take_evaluated(&aggregate->row, element, text);
	else if (parent == REASON && element == TYPE)
		copy_first(aggregate->row.override_type, sizeof aggregate->row.override_type, text, true);
	else if (parent == IDENTIFIERS)
		take_identifier(&aggregate->row, element, text);
	else if (parent == AUTH_RESULTS)
		end_result(aggregate, element);
	else if (around(aggregate, 2) == AUTH_RESULTS)
		take_result(&aggregate->result, element, text);
}

/* What expat tells. */

static void
stop(struct aggregate *aggregate, const char *fault)
{
	if (aggregate->fault == NULL)
		aggregate->fault = fault;
	(void)XML_StopParser(aggregate->parser, XML_FALSE);
}

static void XMLCALL
on_start(void *context, const XML_Char *name, const XML_Char **attributes)
{
	struct aggregate *aggregate = context;
	const enum element element = element_of(name);

	(void)attributes;
	aggregate->silence = aggregate->length = 0;
	if (aggregate->depth == DEPTH_MAX) {
		stop(aggregate, "its elements are nested too deeply");
		return;
	}
	aggregate->is_report = aggregate->is_report || element == FEEDBACK;
	aggregate->stack[aggregate->depth++] = element;
	if (element == RECORD) {
		aggregate->row = (struct aggregate_row){ .count = 0 };
		aggregate->has_count = false;
	} else if (around(aggregate, 1) == AUTH_RESULTS)
		aggregate->result = (struct aggregate_result){ .domain = "" };
}

static void XMLCALL
on_end(void *context, const XML_Char *name)
{
	struct aggregate *aggregate = context;

	(void)name;
	aggregate->silence = 0;
	end_element(aggregate, around(aggregate, 0), (struct span){ aggregate->text, aggregate->length });
	aggregate->length = 0;
	aggregate->depth--;
}

static void XMLCALL
on_text(void *context, const XML_Char *text, int length)
{
	struct aggregate *aggregate = context;
	const size_t room = sizeof aggregate->text - aggregate->length;
	const size_t taken = (size_t)length < room ? (size_t)length : room;

	aggregate->silence = 0;
	memcpy(aggregate->text + aggregate->length, text, taken);
	aggregate->length += taken;
}

static void XMLCALL
on_other(void *context, const XML_Char *text, int length)
{
	(void)text;
	(void)length;
	((struct aggregate *)context)->silence = 0;
}

/* RFC 7489 and 9990 know no document types; entities of one's own are what bombs are made of. */
static void XMLCALL
on_doctype(void *context, const XML_Char *name, const XML_Char *system, const XML_Char *public,
	   int has_subset)
{
	(void)name;
	(void)system;
	(void)public;
	(void)has_subset;
	stop(context, "it has a document type of its own");
}

/* Any other encoding of one octet a character is read as if it were Latin-1: what matters is ASCII. */
static int XMLCALL
on_encoding(void *context, const XML_Char *name, XML_Encoding *encoding)
{
	(void)context;
	(void)name;
	for (int i = 0; i < 256; i++)
		encoding->map[i] = i;
	encoding->data = NULL;
	encoding->convert = NULL;
	encoding->release = NULL;
	return XML_STATUS_OK;
}

/* To read one. */

struct aggregate *
aggregate_new(aggregate_taker *taker, void *context)
{
	struct aggregate *aggregate = calloc(1, sizeof *aggregate);

	if (aggregate == NULL)
		return NULL;
	aggregate->parser = XML_ParserCreate(NULL);
	if (aggregate->parser == NULL) {
		free(aggregate);
		return NULL;
	}
	aggregate->taker = taker;
	aggregate->context = context;
	XML_SetUserData(aggregate->parser, aggregate);
	XML_SetElementHandler(aggregate->parser, on_start, on_end);
	XML_SetCharacterDataHandler(aggregate->parser, on_text);
	XML_SetDefaultHandler(aggregate->parser, on_other);
	XML_SetStartDoctypeDeclHandler(aggregate->parser, on_doctype);
	XML_SetUnknownEncodingHandler(aggregate->parser, on_encoding, NULL);
	return aggregate;
}

void
aggregate_free(struct aggregate *aggregate)
{
	if (aggregate == NULL)
		return;
	XML_ParserFree(aggregate->parser);
	free(aggregate);
}

static void
parse(struct aggregate *aggregate, struct span octets, bool is_last)
{
	if (aggregate->fault != NULL)
		return;
	if (XML_Parse(aggregate->parser, octets.at, (int)octets.length, is_last) != XML_STATUS_OK
	    && aggregate->fault == NULL)
		aggregate->fault = XML_ErrorString(XML_GetErrorCode(aggregate->parser));
	aggregate->silence += octets.length;
	if (aggregate->silence > TAG_MAX && aggregate->fault == NULL)
		stop(aggregate, "it has a tag without end");
}

bool
aggregate_add(struct aggregate *aggregate, struct span octets)
{
	while (octets.length > 0 && aggregate->fault == NULL) {
		const struct span piece = { octets.at, octets.length < PIECE ? octets.length : PIECE };

		parse(aggregate, piece, false);
		octets = span_from(octets, piece.length);
	}
	return aggregate->fault == NULL;
}

bool
aggregate_finish(struct aggregate *aggregate, struct error *reason)
{
	parse(aggregate, SPAN(""), true);
	if (aggregate->fault == NULL && !aggregate->is_report)
		aggregate->fault = "it is no DMARC report";
	if (aggregate->fault != NULL)
		error_set(reason, "the DMARC report cannot be read to its end: %s", aggregate->fault);
	else if (aggregate->unread > 0)
		error_set(
			reason,
			"%zu of the records of the DMARC report have no number of messages that can be read; they do not count",
			aggregate->unread);
	return aggregate->fault == NULL && aggregate->unread == 0;
}
