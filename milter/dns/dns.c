#include "heloscope/dns/dns.h"

#include <stdlib.h>
#include <string.h>

#include "heloscope/base/strbuf.h"

#define HEADER_SIZE 12
#define WIRE_NAME_MAX 255
#define CNAME_MAX 16
#define TTL_MAX (7 * 86400)
#define TYPE_SOA 6
#define CLASS_IN 1

static const struct {
	enum dns_type type;
	const char *word;
} type_words[] = {
	{ DNS_A, "A" },       { DNS_CNAME, "CNAME" }, { DNS_PTR, "PTR" },
	{ DNS_MX, "MX" },     { DNS_TXT, "TXT" },     { DNS_AAAA, "AAAA" },
	{ DNS_TLSA, "TLSA" }, { DNS_RRSIG, "RRSIG" }, { DNS_DNSKEY, "DNSKEY" },
};

const char *
dns_type_word(enum dns_type type)
{
	for (size_t i = 0; i < sizeof type_words / sizeof type_words[0]; i++)
		if (type_words[i].type == type)
			return type_words[i].word;
	return "other";
}

void
dns_record_add_to(const struct dns_record *record, enum dns_type type, struct strbuf *text)
{
	char address[IPADDR_TEXT_SIZE];

	if (type == DNS_A || type == DNS_AAAA)
		strbuf_add(text, ipaddr_format(&record->address, address));
	else if (type == DNS_TXT)
		strbuf_add_span(text, record->text);
	else if (type == DNS_MX)
		strbuf_printf(text, "%u %s", record->preference, record->name);
	else
		strbuf_add(text, record->name);
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
	return status < DNS_SENDER_UNREAD;
}

bool
dns_status_is_withheld(enum dns_status status)
{
	return status >= DNS_SENDER_UNREAD && status < DNS_NO_TIME;
}

enum dns_status
dns_status_of_chosen(enum dns_status fault)
{
	if (dns_status_is_withheld(fault))
		return fault;
	return fault == DNS_NO_SERVER || fault == DNS_NO_TIME || fault == DNS_NO_MEMORY ? DNS_NOERROR
											: DNS_CHOSEN_NAME;
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
		answer->octets = sizeof *answer;
	}
	return answer;
}

struct dns_answer *
dns_answer_ref(struct dns_answer *answer)
{
	refcount_take(&answer->holders);
	return answer;
}

void
dns_answer_free(struct dns_answer *answer)
{
	if (answer != NULL && refcount_drop(&answer->holders))
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

/* Read one octet of a name: itself, or as \DDD, of which no digit is missing. Returns where the next begins.
 */
static const char *
read_octet(const char *text, unsigned char *octet)
{
	unsigned value;

	if (text[0] == '\\' && strnlen(text + 1, 3) == 3
	    && span_to_number((struct span){ text + 1, 3 }, 0, 255, &value)) {
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

/* All that an answer may hold, before it is put in order and copied to where it fits. */
struct builder {
	struct dns_record *records;
	size_t count;
	char *text; /* where the next text goes, behind the records */
	uint32_t ttl_s;
};

/*
 * Read a name inside record data and keep its text; the name must end with the data. What is not a host name
 * is for people only, and cut.
 */
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
	strbuf_init(&text, builder->text, DOMAIN_SIZE);
	record->is_host_name = wire_to_text(wire, &text) && !text.is_cut;
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
	*builder->text++ = '\0';
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
	*builder->text++ = '\0';
	return head->data_length > 3;
}

static bool
build_record(struct builder *builder, struct reader *reader, const struct record_head *head)
{
	struct dns_record *record = &builder->records[builder->count];
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
	case DNS_CNAME:
	case DNS_PTR:
		is_whole = build_name(builder, reader, head, 0, record);
		break;
	case DNS_TLSA:
	case DNS_RRSIG:
	case DNS_DNSKEY:
		is_whole = build_data(builder, reader, head, record);
		break;
	default:
		is_whole = build_text(builder, reader, head, record);
		break;
	}
	builder->count += is_whole ? 1 : 0;
	return is_whole;
}

/* The order of answers. */

static int
compare_spans(struct span a, struct span b)
{
	const size_t shorter = a.length < b.length ? a.length : b.length;
	const int order = shorter > 0 ? memcmp(a.at, b.at, shorter) : 0;

	return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

static int
compare_addresses(const void *a, const void *b)
{
	return ipaddr_compare(&((const struct dns_record *)a)->address,
			      &((const struct dns_record *)b)->address);
}

static int
compare_texts(const void *a, const void *b)
{
	return compare_spans(((const struct dns_record *)a)->text, ((const struct dns_record *)b)->text);
}

static int
compare_names(const void *a, const void *b)
{
	const struct dns_record *first = a, *second = b;

	return first->preference != second->preference ? first->preference - second->preference
						       : strcmp(first->name, second->name);
}

typedef int compare(const void *a, const void *b);

static bool
holds_names(enum dns_type type)
{
	return type == DNS_CNAME || type == DNS_PTR || type == DNS_MX;
}

static compare *
order_of(enum dns_type type)
{
	return type == DNS_A || type == DNS_AAAA ? compare_addresses
	       : holds_names(type)               ? compare_names
						 : compare_texts;
}

size_t
dns_records_order(struct dns_record *records, size_t count, enum dns_type type)
{
	compare *const order = order_of(type);
	size_t kept = 0;

	qsort(records, count, sizeof *records, order);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || order(&records[kept - 1], &records[i]) != 0)
			records[kept++] = records[i];
	return kept;
}

/* Octets of a record's text with its NUL. */
static size_t
text_size(const struct dns_record *record, enum dns_type type)
{
	return holds_names(type)         ? strlen(record->name) + 1
	       : record->text.at != NULL ? record->text.length + 1
					 : 0;
}

static void
copy_record(struct dns_record *to, const struct dns_record *from, enum dns_type type, char *text)
{
	*to = *from;
	if (holds_names(type)) {
		to->name = strcpy(text, from->name);
	} else if (from->text.at != NULL) {
		memcpy(text, from->text.at, from->text.length + 1);
		to->text.at = text;
	}
}

/* An answer that holds the first of the records in order, and no octet more than they need. */
static struct dns_answer *
pack_answer(const struct builder *builder, enum dns_type type)
{
	const size_t names = builder->count < DNS_NAMES_MAX ? builder->count : DNS_NAMES_MAX;
	const size_t count = holds_names(type) ? names : builder->count;
	size_t octets = sizeof(struct dns_answer) + count * sizeof(struct dns_record);
	struct dns_answer *answer;
	char *text;

	if (count > DNS_RECORDS_MAX)
		return dns_answer_empty(DNS_TOO_LARGE, 0);
	for (size_t i = 0; i < count; i++)
		octets += text_size(&builder->records[i], type);
	answer = malloc(octets);
	if (answer == NULL)
		return NULL;
	*answer = (struct dns_answer){ .octets = (uint32_t)octets,
				       .ttl_s = builder->ttl_s,
				       .count = count,
				       .left_out = builder->count - count };
	text = (char *)&answer->records[count];
	for (size_t i = 0; i < count; i++) {
		copy_record(&answer->records[i], &builder->records[i], type, text);
		text += text_size(&builder->records[i], type);
	}
	return answer;
}

/* Room for all the records and texts of any message of `length` octets with `records` in it. */
static bool
make_room(struct builder *builder, size_t records, size_t length, enum dns_type type)
{
	const size_t texts = holds_names(type) ? records * DOMAIN_SIZE : length + records;

	builder->records = calloc(1, records * sizeof *builder->records + texts);
	builder->text = (char *)(builder->records + records);
	return builder->records != NULL;
}

static void
smallest(uint32_t *ttl_s, uint32_t other_s)
{
	if (other_s < *ttl_s)
		*ttl_s = other_s;
}

/*
 * Move `wire` to where a CNAME record of that name points. False when the section cannot be read, or has two
 * that differ: which of them is followed must not be left to their order (RFC 2181, 10.1).
 */
static bool
follow_cname(struct reader reader, unsigned records, unsigned char *wire, uint32_t *ttl_s, bool *has_moved)
{
	unsigned char found[WIRE_NAME_MAX + 1], other[WIRE_NAME_MAX + 1], owner[WIRE_NAME_MAX + 1];

	*has_moved = false;
	for (unsigned i = 0; i < records; i++) {
		struct record_head head;
		struct reader target;

		read_record_head(&reader, owner, &head);
		if (reader.is_broken)
			return false;
		if (head.type != DNS_CNAME || head.class != CLASS_IN || !wire_equals(owner, wire))
			continue;
		target = reader;
		target.at = head.data;
		read_name(&target, *has_moved ? other : found);
		if (target.is_broken || (*has_moved && !wire_equals(found, other)))
			return false;
		smallest(ttl_s, head.ttl_s);
		*has_moved = true;
	}
	if (*has_moved)
		memcpy(wire, found, sizeof found);
	return true;
}

/* Move `wire` along the CNAME records of the answer section. */
static bool
follow_cnames(struct reader reader, unsigned records, unsigned char *wire, uint32_t *ttl_s)
{
	for (int links = 0; links <= CNAME_MAX; links++) {
		bool has_moved;

		if (!follow_cname(reader, records, wire, ttl_s, &has_moved))
			return false;
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
		if (head.type != type || head.class != CLASS_IN || !wire_equals(owner, wire))
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
	    || (type != DNS_CNAME && !follow_cnames(*reader, answers, wire, &builder->ttl_s))
	    || !collect_records(reader, answers, wire, type, builder))
		return DNS_MALFORMED;
	if (builder->count > 0)
		return DNS_NOERROR;
	smallest(&builder->ttl_s, negative_ttl(reader, authorities)); /* nor longer than an alias to it */
	return rcode == 3 ? DNS_NXDOMAIN : DNS_NODATA;
}

struct dns_answer *
dns_answer_parse(const unsigned char *packet, size_t length, const char *name, enum dns_type type)
{
	struct reader reader = { .packet = packet, .length = length };
	struct builder builder = { .ttl_s = TTL_MAX };
	struct dns_answer *answer;
	enum dns_status status;
	size_t records;

	if (length < HEADER_SIZE || length > 65535)
		return dns_answer_empty(DNS_MALFORMED, 0);
	/* No record is shorter than 11 octets, whatever the header claims. */
	records = (size_t)packet[6] << 8 | packet[7];
	if (records > length / 11)
		return dns_answer_empty(DNS_MALFORMED, 0);
	if (!make_room(&builder, records, length, type))
		return NULL;
	status = read_answer(&reader, name, type, &builder);
	if (status == DNS_NOERROR) {
		builder.count = dns_records_order(builder.records, builder.count, type);
		answer = pack_answer(&builder, type);
	} else {
		answer = dns_answer_empty(status, dns_status_is_void(status) ? builder.ttl_s : 0);
	}
	free(builder.records);
	return answer;
}
