#include "heloscope/dns.h"

#include <stdlib.h>
#include <string.h>

#include "heloscope/strbuf.h"

#define HEADER_SIZE 12
#define WIRE_NAME_MAX 255
#define CNAME_MAX 16
#define TTL_MAX (7 * 86400)
#define TYPE_SOA 6
#define CLASS_IN 1
#define NAME_TEXT_SIZE 1024 /* 253 octets, each at most as \DDD, and dots */

static const char *const status_words[] = {
	[DNS_NOERROR] = "answered",
	[DNS_NODATA] = "no such record",
	[DNS_NXDOMAIN] = "NXDOMAIN",
	[DNS_SERVFAIL] = "SERVFAIL",
	[DNS_TIMEOUT] = "timeout",
	[DNS_BOGUS] = "DNSSEC bogus",
	[DNS_MALFORMED] = "malformed answer",
	[DNS_TOO_MANY] = "not asked: too many lookups",
	[DNS_NO_TIME] = "not asked: no time was left",
	[DNS_NO_MEMORY] = "not asked: out of memory",
};

static const struct {
	enum dns_type type;
	const char *word;
} type_words[] = {
	{ DNS_A, "A" },     { DNS_CNAME, "CNAME" }, { DNS_PTR, "PTR" },   { DNS_MX, "MX" },
	{ DNS_TXT, "TXT" }, { DNS_AAAA, "AAAA" },   { DNS_TLSA, "TLSA" },
};

const char *
dns_status_word(enum dns_status status)
{
	return status_words[status];
}

const char *
dns_type_word(enum dns_type type)
{
	for (size_t i = 0; i < sizeof type_words / sizeof type_words[0]; i++)
		if (type_words[i].type == type)
			return type_words[i].word;
	return "other";
}

bool
dns_status_is_void(enum dns_status status)
{
	return status == DNS_NODATA || status == DNS_NXDOMAIN;
}

bool
dns_status_is_fault(enum dns_status status)
{
	return status != DNS_NOERROR && !dns_status_is_void(status);
}

bool
dns_status_was_asked(enum dns_status status)
{
	return status < DNS_TOO_MANY;
}

enum dns_type
dns_address_type(const struct ipaddr *address)
{
	return address->length == 4 ? DNS_A : DNS_AAAA;
}

bool
dns_answer_holds(const struct dns_answer *answer, const struct ipaddr *address)
{
	for (size_t i = 0; i < answer->count; i++)
		if (ipaddr_equals(&answer->records[i].address, address))
			return true;
	return false;
}

struct dns_answer *
dns_answer_empty(enum dns_status status, uint32_t ttl_s)
{
	struct dns_answer *answer = calloc(1, sizeof *answer);

	if (answer != NULL) {
		answer->status = status;
		answer->ttl_s = ttl_s;
	}
	return answer;
}

struct dns_answer *
dns_answer_ref(struct dns_answer *answer)
{
	(void)atomic_fetch_add_explicit(&answer->others, 1, memory_order_relaxed);
	return answer;
}

void
dns_answer_free(struct dns_answer *answer)
{
	if (answer != NULL && atomic_fetch_sub(&answer->others, 1) == 0)
		free(answer);
}

/* A message and how far it has been read. */
struct reader {
	const unsigned char *packet;
	size_t length, at;
	bool is_broken;
};

struct record_head {
	uint16_t type, class;
	uint32_t ttl_s;
	size_t data, data_length; /* where the data lies in the packet */
};

static uint16_t
read_u16(struct reader *reader)
{
	const size_t at = reader->at;

	if (reader->length - at < 2) {
		reader->is_broken = true;
		return 0;
	}
	reader->at += 2;
	return (uint16_t)(reader->packet[at] << 8 | reader->packet[at + 1]);
}

/*
 * Read a name at reader->at into `wire` (labels with their lengths, uncompressed, WIRE_NAME_MAX
 * octets). Pointers must point back, so that there is an end.
 */
static void
read_name(struct reader *reader, unsigned char *wire)
{
	size_t at = reader->at, lowest = reader->at, used = 0;
	bool has_jumped = false;

	while (at < reader->length) {
		const unsigned char octet = reader->packet[at];

		if (octet >= 0xc0) {
			if (at + 1 >= reader->length)
				break;
			if (!has_jumped)
				reader->at = at + 2;
			has_jumped = true;
			at = (size_t)(octet & 0x3f) << 8 | reader->packet[at + 1];
			if (at >= lowest)
				break;
			lowest = at;
			continue;
		}
		if (octet > 63 || at + 1 + octet > reader->length || used + 1 + octet > WIRE_NAME_MAX)
			break;
		memcpy(wire + used, reader->packet + at, octet + 1U);
		used += octet + 1U;
		at += octet + 1U;
		if (octet == 0) {
			if (!has_jumped)
				reader->at = at;
			return;
		}
		if (used >= WIRE_NAME_MAX)
			break;
	}
	reader->is_broken = true;
	wire[0] = 0;
}

/* Names are compared as the DNS does: label by label, ASCII case ignored. */
static bool
wire_equals(const unsigned char *a, const unsigned char *b)
{
	for (;;) {
		const size_t length = a[0];

		if (!span_equals_nocase((struct span){ (const char *)a, length + 1 },
					(struct span){ (const char *)b, (size_t)b[0] + 1 }))
			return false;
		if (length == 0)
			return true;
		a += length + 1;
		b += length + 1;
	}
}

/* Read one octet of a name: itself, or as \DDD. Returns where the next begins. */
static const char *
read_octet(const char *text, unsigned char *octet)
{
	unsigned value;

	if (text[0] == '\\'
	    && span_to_number((struct span){ text + 1, strnlen(text + 1, 3) }, 0, 255, &value)) {
		*octet = (unsigned char)value;
		return text + 4;
	}
	*octet = (unsigned char)text[0];
	return text + 1;
}

/* `name`: labels with dots between them; octets that no host name has may be written as \DDD. */
static bool
wire_from_text(const char *name, unsigned char *wire)
{
	size_t used = 0;

	while (*name != '\0') {
		const size_t start = used++;

		while (*name != '\0' && *name != '.') {
			if (used - start > 63 || used + 1 >= WIRE_NAME_MAX)
				return false;
			name = read_octet(name, &wire[used++]);
		}
		if (used == start + 1)
			return false;
		wire[start] = (unsigned char)(used - start - 1);
		name += *name == '.' ? 1 : 0;
	}
	wire[used] = 0;
	return true;
}

/*
 * Write a wire name as text: lower case, dots between labels. An octet that has no place in a
 * name (a dot within a label, a control octet, 8-bit) is written \DDD as in zone files, and
 * makes the result no host name.
 */
static bool
wire_to_text(const unsigned char *wire, struct strbuf *text)
{
	bool is_plain = wire[0] != 0;

	for (; wire[0] != 0; wire += wire[0] + 1U) {
		if (text->length > 0)
			strbuf_add_char(text, '.');
		for (size_t i = 1; i <= wire[0]; i++) {
			const char c = (char)wire[i];

			if (ascii_is_alnum(c) || c == '-' || c == '_') {
				strbuf_add_char(text, ascii_lower(c));
			} else {
				strbuf_printf(text, "\\%03u", wire[i]);
				is_plain = false;
			}
		}
	}
	return is_plain && text->length < DOMAIN_SIZE;
}

static void
read_record_head(struct reader *reader, unsigned char *owner, struct record_head *head)
{
	uint32_t high;

	read_name(reader, owner);
	head->type = read_u16(reader);
	head->class = read_u16(reader);
	high = read_u16(reader);
	head->ttl_s = high << 16 | read_u16(reader);
	if (head->ttl_s > TTL_MAX) /* also those with the top bit set (RFC 2181, section 8) */
		head->ttl_s = head->ttl_s > INT32_MAX ? 0 : TTL_MAX;
	head->data_length = read_u16(reader);
	head->data = reader->at;
	if (reader->is_broken || head->data_length > reader->length - reader->at)
		reader->is_broken = true;
	else
		reader->at += head->data_length;
}

/* What an answer will hold; the records' texts lie behind the records in one block. */
struct builder {
	struct dns_answer *answer;
	char *text; /* where the next text goes */
	uint32_t ttl_s;
};

/* Read a name inside record data and keep its text; the name must end with the data. */
static bool
build_name(struct builder *builder, struct reader *reader, const struct record_head *head, size_t skip,
	   struct dns_record *record)
{
	struct reader inner = *reader;
	unsigned char wire[WIRE_NAME_MAX + 1];
	struct strbuf text;

	inner.at = head->data + skip;
	read_name(&inner, wire);
	if (inner.is_broken || head->data_length < skip || inner.at != head->data + head->data_length)
		return false;
	strbuf_init(&text, builder->text, NAME_TEXT_SIZE);
	record->is_host_name = wire_to_text(wire, &text);
	record->name = builder->text;
	builder->text += text.length + 1;
	return true;
}

static bool
build_text(struct builder *builder, const struct reader *reader, const struct record_head *head,
	   struct dns_record *record)
{
	const unsigned char *at = reader->packet + head->data, *end = at + head->data_length;

	record->text = (struct span){ builder->text, 0 };
	for (; at < end; at += at[0] + 1U) {
		if ((size_t)(end - at) < at[0] + 1U)
			return false;
		memcpy(builder->text, at + 1, at[0]);
		builder->text += at[0];
	}
	record->text.length = (size_t)(builder->text - record->text.at);
	return true;
}

/* Data without a form of its own. */
static bool
build_data(struct builder *builder, const struct reader *reader, const struct record_head *head,
	   struct dns_record *record)
{
	memcpy(builder->text, reader->packet + head->data, head->data_length);
	record->text = (struct span){ builder->text, head->data_length };
	builder->text += head->data_length;
	return head->data_length > 3;
}

static bool
build_record(struct builder *builder, struct reader *reader, const struct record_head *head)
{
	struct dns_record *record = &builder->answer->records[builder->answer->count];
	const unsigned char *data = reader->packet + head->data;
	bool is_whole;

	switch (head->type) {
	case DNS_A:
	case DNS_AAAA:
		is_whole = head->data_length == (head->type == DNS_A ? 4 : 16);
		if (is_whole)
			record->address = ipaddr_from_octets(data, head->data_length);
		break;
	case DNS_MX:
		is_whole = head->data_length > 2 && build_name(builder, reader, head, 2, record);
		if (is_whole)
			record->preference = (uint16_t)(data[0] << 8 | data[1]);
		break;
	case DNS_PTR:
		is_whole = build_name(builder, reader, head, 0, record);
		break;
	case DNS_TLSA:
		is_whole = build_data(builder, reader, head, record);
		break;
	default:
		is_whole = build_text(builder, reader, head, record);
		break;
	}
	builder->answer->count += is_whole ? 1 : 0;
	return is_whole;
}

/* Room for the records and texts of any message of `length` octets with `records` in it. */
static struct dns_answer *
allocate_answer(size_t records, size_t length, enum dns_type type)
{
	const size_t name_size = type == DNS_PTR || type == DNS_MX ? NAME_TEXT_SIZE : 0;
	const size_t text_size = type == DNS_TXT || type == DNS_TLSA ? length : 0;

	return calloc(1, sizeof(struct dns_answer) + records * (sizeof(struct dns_record) + name_size)
				 + text_size);
}

static void
smallest(uint32_t *ttl_s, uint32_t other_s)
{
	if (other_s < *ttl_s)
		*ttl_s = other_s;
}

/* Move `wire` along the CNAME records of the answer section. */
static bool
follow_cnames(struct reader reader, unsigned records, unsigned char *wire, uint32_t *ttl_s)
{
	const size_t start = reader.at;

	for (int links = 0; links <= CNAME_MAX; links++) {
		bool has_moved = false;

		reader.at = start;
		for (unsigned i = 0; i < records && !has_moved; i++) {
			unsigned char owner[WIRE_NAME_MAX + 1];
			struct record_head head;

			read_record_head(&reader, owner, &head);
			if (reader.is_broken)
				return false;
			if (head.type == DNS_CNAME && head.class == CLASS_IN && wire_equals(owner, wire)) {
				struct reader target = reader;

				target.at = head.data;
				read_name(&target, wire);
				if (target.is_broken)
					return false;
				smallest(ttl_s, head.ttl_s);
				has_moved = true;
			}
		}
		if (!has_moved)
			return true;
	}
	return false; /* a loop */
}

static bool
collect_records(struct reader *reader, unsigned records, const unsigned char *wire, enum dns_type type,
		struct builder *builder)
{
	for (unsigned i = 0; i < records; i++) {
		unsigned char owner[WIRE_NAME_MAX + 1];
		struct record_head head;

		read_record_head(reader, owner, &head);
		if (reader->is_broken)
			return false;
		if (head.type != type || head.class != CLASS_IN || !wire_equals(owner, wire)
		    || builder->answer->count == DNS_RECORDS_MAX)
			continue;
		smallest(&builder->ttl_s, head.ttl_s);
		if (!build_record(builder, reader, &head))
			return false;
	}
	return true;
}

/* How long "no such record" may be believed (RFC 2308, section 5): the SOA says. */
static uint32_t
negative_ttl(struct reader *reader, unsigned records)
{
	for (unsigned i = 0; i < records; i++) {
		unsigned char owner[WIRE_NAME_MAX + 1];
		struct record_head head;

		read_record_head(reader, owner, &head);
		if (reader->is_broken)
			return 0;
		if (head.type == TYPE_SOA && head.data_length >= 20) {
			const unsigned char *minimum = reader->packet + head.data + head.data_length - 4;
			uint32_t ttl_s = (uint32_t)minimum[0] << 24 | (uint32_t)minimum[1] << 16
					 | (uint32_t)minimum[2] << 8 | minimum[3];

			smallest(&ttl_s, head.ttl_s);
			return ttl_s;
		}
	}
	return 0;
}

/* Skip the question section. Returns false when it cannot be read. */
static bool
skip_questions(struct reader *reader, unsigned questions)
{
	unsigned char wire[WIRE_NAME_MAX + 1];

	for (unsigned i = 0; i < questions; i++) {
		read_name(reader, wire);
		(void)read_u16(reader);
		(void)read_u16(reader);
	}
	return !reader->is_broken;
}

static enum dns_status
read_answer(struct reader *reader, const char *name, enum dns_type type, struct builder *builder)
{
	const unsigned rcode = reader->packet[3] & 15U;
	unsigned char wire[WIRE_NAME_MAX + 1];
	unsigned questions, answers, authorities;

	if (rcode != 0 && rcode != 3)
		return DNS_SERVFAIL;
	reader->at = 4;
	questions = read_u16(reader);
	answers = read_u16(reader);
	authorities = read_u16(reader);
	reader->at = HEADER_SIZE;
	if (!wire_from_text(name, wire) || !skip_questions(reader, questions)
	    || !follow_cnames(*reader, answers, wire, &builder->ttl_s)
	    || !collect_records(reader, answers, wire, type, builder))
		return DNS_MALFORMED;
	if (builder->answer->count > 0)
		return DNS_NOERROR;
	builder->ttl_s = negative_ttl(reader, authorities);
	return rcode == 3 ? DNS_NXDOMAIN : DNS_NODATA;
}

struct dns_answer *
dns_answer_parse(const unsigned char *packet, size_t length, const char *name, enum dns_type type)
{
	struct reader reader = { .packet = packet, .length = length };
	struct builder builder = { .ttl_s = TTL_MAX };
	size_t records;

	if (length < HEADER_SIZE || length > 65535)
		return dns_answer_empty(DNS_MALFORMED, 0);
	/* No record is shorter than 11 octets, whatever the header claims. */
	records = (size_t)packet[6] << 8 | packet[7];
	if (records > length / 11)
		return dns_answer_empty(DNS_MALFORMED, 0);
	if (records > DNS_RECORDS_MAX)
		records = DNS_RECORDS_MAX;
	builder.answer = allocate_answer(records, length, type);
	if (builder.answer == NULL)
		return NULL;
	builder.text = (char *)&builder.answer->records[records];
	builder.answer->status = read_answer(&reader, name, type, &builder);
	if (builder.answer->status != DNS_NOERROR) {
		const struct dns_answer empty = { .status = builder.answer->status, .ttl_s = builder.ttl_s };

		free(builder.answer);
		return dns_answer_empty(empty.status, dns_status_is_void(empty.status) ? empty.ttl_s : 0);
	}
	builder.answer->ttl_s = builder.ttl_s;
	return builder.answer;
}
