/* dns: reading answers in wire form. The resolver itself is tested against nsd: integration/test_resolver.py.
 */
#include "unit.h"

#include <stdlib.h>

#include "heloscope/dns/deafness.h"
#include "heloscope/dns/dns.h"

/* A message under construction. */
struct packet {
	unsigned char octets[70000];
	size_t length;
};

static void
add(struct packet *packet, const void *octets, size_t length)
{
	memcpy(packet->octets + packet->length, octets, length);
	packet->length += length;
}

static void
add_u16(struct packet *packet, unsigned value)
{
	add(packet, (unsigned char[]){ (unsigned char)(value >> 8), (unsigned char)value }, 2);
}

/* "4www7example0" style would be unreadable: dots between labels, no escapes. */
static void
add_name(struct packet *packet, const char *name)
{
	while (*name != '\0') {
		const size_t length = strcspn(name, ".");

		add(packet, (unsigned char[]){ (unsigned char)length }, 1);
		add(packet, name, length);
		name += length + (name[length] == '.' ? 1 : 0);
	}
	add(packet, "", 1);
}

static void
begin(struct packet *packet, const char *name, enum dns_type type, unsigned rcode, unsigned answers,
      unsigned authorities)
{
	packet->length = 0;
	add_u16(packet, 1);
	add_u16(packet, 0x8180 | rcode);
	add_u16(packet, 1);
	add_u16(packet, answers);
	add_u16(packet, authorities);
	add_u16(packet, 0);
	add_name(packet, name);
	add_u16(packet, type);
	add_u16(packet, 1);
}

static void
add_record(struct packet *packet, const char *owner, unsigned type, unsigned ttl_s, const void *data,
	   size_t length)
{
	add_name(packet, owner);
	add_u16(packet, type);
	add_u16(packet, 1);
	add_u16(packet, ttl_s >> 16);
	add_u16(packet, ttl_s & 0xffff);
	add_u16(packet, (unsigned)length);
	add(packet, data, length);
}

/* From a block of exactly that size, so that a sanitizer sees one octet too far. */
static struct dns_answer *
parse(const struct packet *packet, const char *name, enum dns_type type)
{
	unsigned char *exact = malloc(packet->length);
	struct dns_answer *answer;

	memcpy(exact, packet->octets, packet->length);
	answer = dns_answer_parse(exact, packet->length, name, type);
	free(exact);
	assert_non_null(answer);
	return answer;
}

static struct packet packet;

static void
dns_answer_parse_reads_each_type(void **state)
{
	struct dns_answer *answer;

	(void)state;
	begin(&packet, "a.example", DNS_A, 0, 2, 0);
	add_record(&packet, "A.Example", DNS_A, 300, "\xc0\x00\x02\x01", 4);
	add_record(&packet, "a.example", DNS_A, 60, "\xc0\x00\x02\x02", 4);
	answer = parse(&packet, "a.example", DNS_A);
	assert_int_equal(answer->status, DNS_NOERROR);
	assert_int_equal(answer->count, 2);
	assert_int_equal(answer->ttl_s, 60);
	assert_int_equal(answer->records[1].address.octets[3], 2);
	dns_answer_free(answer);

	begin(&packet, "a.example", DNS_MX, 0, 1, 0);
	add_record(&packet, "a.example", DNS_MX, 300, "\0\x0a\4Mail\1a\7example", 18);
	answer = parse(&packet, "a.example", DNS_MX);
	assert_int_equal(answer->count, 1);
	assert_string_equal(answer->records[0].name, "mail.a.example");
	assert_int_equal(answer->records[0].preference, 10);
	dns_answer_free(answer);

	begin(&packet, "a.example", DNS_TXT, 0, 1, 0);
	add_record(&packet, "a.example", DNS_TXT, 300, "\3abc\0\2d\0", 8);
	answer = parse(&packet, "a.example", DNS_TXT);
	assert_int_equal(answer->records[0].text.length, 5); /* joined without blanks (R7208.6) */
	assert_memory_equal(answer->records[0].text.at, "abcd\0", 5);
	dns_answer_free(answer);
}

static void
dns_answer_parse_tells_nodata_nxdomain_and_servfail_apart(void **state)
{
	static const unsigned char soa[] = "\0\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\x3c";
	static const struct {
		unsigned rcode;
		enum dns_status expected;
	} table[] = { { 0, DNS_NODATA },   { 3, DNS_NXDOMAIN }, { 2, DNS_SERVFAIL },
		      { 5, DNS_SERVFAIL }, { 1, DNS_SERVFAIL }, { 6, DNS_SERVFAIL } }; /* F05, F06 */

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		struct dns_answer *answer;

		begin(&packet, "a.example", DNS_A, table[i].rcode, 0, 1);
		add_record(&packet, "example", 6, 300, soa, 22);
		answer = parse(&packet, "a.example", DNS_A);
		assert_int_equal(answer->status, table[i].expected);
		assert_int_equal(answer->ttl_s, dns_status_is_void(table[i].expected) ? 60 : 0);
		dns_answer_free(answer);
	}
}

/* F10: chains are followed in the answer, loops are not. */
static void
F10_dns_answer_parse_follows_cnames_to_their_end(void **state)
{
	struct dns_answer *answer;

	(void)state;
	begin(&packet, "a.example", DNS_A, 0, 3, 0);
	add_record(&packet, "b.example", DNS_A, 300, "\xc0\x00\x02\x01", 4);
	add_record(&packet, "other.example", DNS_A, 300, "\xc0\x00\x02\x02", 4); /* not asked for */
	add_record(&packet, "a.example", DNS_CNAME, 30, "\1b\7example", 11);
	answer = parse(&packet, "a.example", DNS_A);
	assert_int_equal(answer->count, 1);
	assert_int_equal(answer->ttl_s, 30);
	dns_answer_free(answer);

	begin(&packet, "a.example", DNS_A, 0, 2, 0);
	add_record(&packet, "a.example", DNS_CNAME, 30, "\1b\7example", 11);
	add_record(&packet, "b.example", DNS_CNAME, 30, "\1a\7example", 11);
	answer = parse(&packet, "a.example", DNS_A);
	assert_int_equal(answer->status, DNS_MALFORMED);
	dns_answer_free(answer);
}

/* C25, F11: octets that have no place in a host name never come out raw, and make it none. */
static void
C25_dns_answer_parse_escapes_hostile_names(void **state)
{
	static const struct {
		const char *data;
		size_t length;
		const char *expected;
		bool is_host_name;
	} table[] = {
		{ "\4mail\7example", 14, "mail.example", true },
		{ "\4a_b1\7example", 14, "a_b1.example", true },
		{ "\3a.b\7example", 13, "a\\046b.example", false },
		{ "\3a\0b\7example", 13, "a\\000b.example", false },
		{ "\4\r\n\x1b;\7example", 14, "\\013\\010\\027\\059.example", false },
		{ "\4<%n>\7example", 14, "\\060\\037n\\062.example", false },
		{ "\2\xc3\xbc\7example", 12, "\\195\\188.example", false },
		{ "\0", 1, "", false },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		struct dns_answer *answer;

		begin(&packet, "1.2.0.192.in-addr.arpa", DNS_PTR, 0, 1, 0);
		add_record(&packet, "1.2.0.192.in-addr.arpa", DNS_PTR, 300, table[i].data, table[i].length);
		answer = parse(&packet, "1.2.0.192.in-addr.arpa", DNS_PTR);
		assert_int_equal(answer->count, 1);
		assert_string_equal(answer->records[0].name, table[i].expected);
		assert_int_equal(answer->records[0].is_host_name, table[i].is_host_name);
		dns_answer_free(answer);
	}
}

/* F08, C24: every way to be broken is told as such. */
static void
F08_dns_answer_parse_refuses_what_is_out_of_bounds(void **state)
{
	static const struct {
		enum dns_type type;
		const char *data;
		size_t length;
	} table[] = {
		{ DNS_A, "\1\2\3", 3 },
		{ DNS_A, "\1\2\3\4\5", 5 },
		{ DNS_AAAA, "\1\2\3\4", 4 },
		{ DNS_MX, "\0\1", 2 },
		{ DNS_MX, "\0\1\5ab", 5 },
		{ DNS_PTR, "", 0 },
		{ DNS_PTR,
		  "\x40"
		  "a",
		  2 },
		{ DNS_PTR, "\xc0\xff", 2 },
		{ DNS_PTR, "\1a\0x", 4 },
		{ DNS_TXT, "\5abc", 4 },
		{ DNS_PTR, "\xff\xff", 2 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		struct dns_answer *answer;

		print_message("    row %zu\n", i);
		begin(&packet, "a.example", table[i].type, 0, 1, 0);
		add_record(&packet, "a.example", table[i].type, 300, table[i].data, table[i].length);
		answer = parse(&packet, "a.example", table[i].type);
		assert_int_equal(answer->status, DNS_MALFORMED);
		assert_int_equal(answer->count, 0);
		dns_answer_free(answer);
	}
}

/* F08: cut at every octet, no reading past the end (a sanitizer would tell). */
static void
F08_dns_answer_parse_survives_any_cut(void **state)
{
	size_t whole;

	(void)state;
	begin(&packet, "a.example", DNS_MX, 0, 2, 0);
	add_record(&packet, "a.example", DNS_MX, 300, "\0\x0a\4mail\xc0\x0c", 9);
	add_record(&packet, "a.example", DNS_MX, 300, "\0\x0a\4mail\xc0\x0c", 9);
	whole = packet.length;
	for (packet.length = 0; packet.length <= whole; packet.length++) {
		struct dns_answer *answer = parse(&packet, "a.example", DNS_MX);

		assert_int_equal(answer->status, packet.length == whole ? DNS_NOERROR : DNS_MALFORMED);
		dns_answer_free(answer);
	}
}

/* F17: a TTL of 2^31 is 0. F13, F25: more records than are read, of which a part would be a wrong answer. */
static void
dns_answer_parse_reads_a_bounded_number(void **state)
{
	struct dns_answer *answer;

	(void)state;
	for (unsigned count = DNS_RECORDS_MAX; count <= DNS_RECORDS_MAX + 1; count++) {
		begin(&packet, "a.example", DNS_A, 0, count, 0);
		for (unsigned i = 0; i < count; i++)
			add_record(&packet, "a.example", DNS_A, 0x80000000U,
				   (unsigned char[]){ 127, 0, (unsigned char)(i >> 8), (unsigned char)i }, 4);
		answer = parse(&packet, "a.example", DNS_A);
		assert_int_equal(answer->status, count == DNS_RECORDS_MAX ? DNS_NOERROR : DNS_TOO_LARGE);
		assert_int_equal(answer->count, count == DNS_RECORDS_MAX ? count : 0);
		assert_int_equal(answer->ttl_s, 0);
		dns_answer_free(answer);
	}
}

/* P6: what nobody follows is not held, and a block is no larger than what it holds. */
static void
P6_dns_answer_parse_keeps_what_is_used(void **state)
{
	struct dns_answer *answer;

	(void)state;
	begin(&packet, "a.example", DNS_PTR, 0, 1000, 0);
	for (unsigned i = 0; i < 1000; i++) {
		const unsigned char name[] = {
			2, (unsigned char)('a' + i / 26 % 26), (unsigned char)('a' + i % 26),
			1, (unsigned char)('a' + i / 676),     0
		};

		add_record(&packet, "a.example", DNS_PTR, 300, name, sizeof name);
	}
	answer = parse(&packet, "a.example", DNS_PTR);
	assert_int_equal(answer->count, DNS_NAMES_MAX);
	assert_int_equal(answer->left_out, 1000 - DNS_NAMES_MAX);
	assert_string_equal(answer->records[0].name, "aa.a");
	assert_int_equal(answer->octets, sizeof *answer + DNS_NAMES_MAX * (sizeof answer->records[0] + 5));
	dns_answer_free(answer);
}

/* P15: "there is no such record" behind an alias is true no longer than the alias (RFC 2308, 5). */
static void
P15_dns_answer_parse_takes_the_smallest_ttl_of_a_chain(void **state)
{
	static const unsigned char soa[] = "\0\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\x3c";
	static const struct {
		unsigned alias_s, soa_s, rcode;
		bool has_record;
		uint32_t expected_s;
	} table[] = {
		{ 20, 300, 0, false, 20 },  { 20, 300, 3, false, 20 }, { 300, 300, 0, false, 60 },
		{ 300, 30, 3, false, 30 },  { 0, 300, 0, false, 0 },   { 20, 0, 0, true, 20 },
		{ 3000, 0, 0, true, 1000 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		struct dns_answer *answer;

		begin(&packet, "a.example", DNS_A, table[i].rcode, table[i].has_record ? 3 : 2, 1);
		add_record(&packet, "a.example", DNS_CNAME, 5000, "\1b\7example", 11);
		add_record(&packet, "b.example", DNS_CNAME, table[i].alias_s, "\1c\7example", 11);
		if (table[i].has_record)
			add_record(&packet, "c.example", DNS_A, 1000, "\xc0\0\2\1", 4);
		add_record(&packet, "example", 6, table[i].soa_s, soa, 22);
		answer = parse(&packet, "a.example", DNS_A);
		assert_int_equal(answer->ttl_s, table[i].expected_s);
		dns_answer_free(answer);
	}
}

/* A record to be, its data by type. */
struct piece {
	const char *data;
	size_t length;
};

/* Add the pieces in the `turn`-th of their orders, the first of them twice. */
static void
add_in_turn(const struct piece *pieces, size_t count, size_t turn, enum dns_type type)
{
	size_t left[8];

	for (size_t i = 0; i < count; i++)
		left[i] = i;
	add_record(&packet, "a.example", type, 300, pieces[0].data, pieces[0].length);
	for (size_t rest = count; rest > 0; turn /= rest, rest--) {
		const size_t at = turn % rest, chosen = left[at];

		left[at] = left[rest - 1];
		add_record(&packet, "a.example", type, 300, pieces[chosen].data, pieces[chosen].length);
	}
}

/* B01: the same answer, octet for octet, whatever the order of the records, and each of them once. */
static void
B01_dns_answer_parse_puts_each_rrset_in_order(void **state)
{
	static const struct {
		enum dns_type type;
		struct piece pieces[4];
	} table[] = {
		{ DNS_A, { { "\1\2\3\4", 4 }, { "\1\2\3\3", 4 }, { "\0\2\3\4", 4 }, { "\xff\2\3\4", 4 } } },
		{ DNS_AAAA,
		  { { "\1\2\3\4\0\0\0\0\0\0\0\0\0\0\0\0", 16 },
		    { "\0\0\0\0\0\0\0\0\0\0\xff\xff\1\2\3\4", 16 },
		    { "\1\2\3\4\0\0\0\0\0\0\0\0\0\0\0\1", 16 },
		    { "\0\2\3\4\0\0\0\0\0\0\0\0\0\0\0\1", 16 } } },
		{ DNS_MX, { { "\0\1\1b\0", 5 }, { "\0\1\1a\0", 5 }, { "\0\0\1c\0", 5 }, { "\1\0\0", 3 } } },
		{ DNS_PTR, { { "\1b\0", 3 }, { "\1a\0", 3 }, { "\1.\0", 3 }, { "\2ab\0", 4 } } },
		{ DNS_TXT, { { "\2ab", 3 }, { "\1a", 2 }, { "\3ab\0", 4 }, { "\0", 1 } } },
		{ DNS_TLSA, { { "\3\1\1b", 4 }, { "\3\1\1a", 4 }, { "\3\0\1a", 4 }, { "\2\1\1ab", 5 } } },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		struct dns_answer *first = NULL;

		for (size_t turn = 0; turn < 24; turn++) {
			struct dns_answer *answer;

			begin(&packet, "a.example", table[i].type, 0, 5, 0);
			add_in_turn(table[i].pieces, 4, turn, table[i].type);
			answer = parse(&packet, "a.example", table[i].type);
			assert_int_equal(answer->count, 4);
			if (first == NULL)
				first = answer;
			for (size_t j = 0; j < 4; j++) {
				const struct dns_record *a = &first->records[j], *b = &answer->records[j];

				assert_int_equal(ipaddr_compare(&a->address, &b->address), 0);
				assert_int_equal(a->preference, b->preference);
				assert_int_equal(a->text.length, b->text.length);
				assert_string_equal(a->name != NULL ? a->name : "",
						    b->name != NULL ? b->name : "");
				if (a->text.length > 0)
					assert_memory_equal(a->text.at, b->text.at, a->text.length);
			}
			if (answer != first)
				dns_answer_free(answer);
		}
		dns_answer_free(first);
	}
}

/* B01: which of two aliases of one name is meant nobody knows, and their order does not tell. */
static void
B01_dns_answer_parse_follows_no_alias_of_two(void **state)
{
	static const char *const aliases[] = { "\1b\7example", "\1c\7example" };

	(void)state;
	for (size_t other = 0; other < 2; other++) {
		struct dns_answer *answer;

		begin(&packet, "a.example", DNS_A, 0, 3, 0);
		add_record(&packet, "a.example", DNS_CNAME, 30, aliases[0], 11);
		add_record(&packet, "a.example", DNS_CNAME, 30, aliases[other], 11);
		add_record(&packet, "b.example", DNS_A, 300, "\xc0\0\2\1", 4);
		answer = parse(&packet, "a.example", DNS_A);
		assert_int_equal(answer->status, other == 0 ? DNS_NOERROR : DNS_MALFORMED);
		dns_answer_free(answer);
	}
}

/* S2: of an escape that its name ends in the middle of, nothing behind the name is read. */
static void
S2_dns_reads_no_escape_beyond_the_end_of_a_name(void **state)
{
	static const char *const ends[] = { "a\\", "a\\5", "a\\05" };
	static const unsigned char nothing[12] = { 0 }; /* an answer without records */

	(void)state;
	for (size_t i = 0; i < ROWS(ends); i++) {
		char name[100] = "";
		struct dns_answer *answer;

		memset(name, 'b', 80); /* a label that is too long, were it read */
		memcpy(name, ends[i], strlen(ends[i]) + 1);
		answer = dns_answer_parse(nothing, sizeof nothing, name, DNS_A);
		assert_non_null(answer);
		assert_int_equal(answer->status, DNS_NODATA);
		dns_answer_free(answer);
	}
}

/* N09: one line when no name server answers, and one when they do; a stranger's silent names are no reason.
 */
static void
N09_deafness_is_told_once_and_for_sure(void **state)
{
	struct deafness deafness = { 0 };
	uint64_t now_ms = 100000;

	(void)state;
	/* names that fail, while our own question is answered */
	for (int i = 0; i < 100; i++) {
		deafness_fail(&deafness);
		if (deafness_look(&deafness, 5000, now_ms += 1000) == DEAFNESS_ASK)
			assert_int_equal(deafness_hear(&deafness), DEAFNESS_NOTHING);
		assert_false(deafness.is_deaf);
	}
	/* nothing is answered: told once, however long it takes and however much is asked */
	assert_int_equal(deafness_look(&deafness, 1999, now_ms), DEAFNESS_NOTHING);
	assert_int_equal(deafness_look(&deafness, 2000, now_ms), DEAFNESS_ASK);
	assert_int_equal(deafness_look(&deafness, 2000, now_ms + 3999), DEAFNESS_NOTHING);
	assert_int_equal(deafness_look(&deafness, 2000, now_ms += 4000), DEAFNESS_BEGINS);
	for (int i = 0; i < 100; i++) {
		deafness_fail(&deafness);
		if (deafness_look(&deafness, 5000, now_ms += 1000) == DEAFNESS_ASK)
			assert_int_equal(deafness_fail_own(&deafness, now_ms), DEAFNESS_NOTHING);
		assert_true(deafness.is_deaf);
	}
	assert_int_equal(deafness_hear(&deafness), DEAFNESS_ENDS);
	assert_int_equal(deafness_hear(&deafness), DEAFNESS_NOTHING);
	/* a server that comes and goes: told once a minute, and no end without a beginning */
	for (int i = 0; i < 30; i++) {
		assert_int_equal(deafness_look(&deafness, 2000, now_ms += 1000), DEAFNESS_ASK);
		assert_int_equal(deafness_fail_own(&deafness, now_ms),
				 i == 0 ? DEAFNESS_BEGINS : DEAFNESS_NOTHING);
		assert_int_equal(deafness_hear(&deafness), i == 0 ? DEAFNESS_ENDS : DEAFNESS_NOTHING);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dns_answer_parse_reads_each_type),
		cmocka_unit_test(dns_answer_parse_tells_nodata_nxdomain_and_servfail_apart),
		cmocka_unit_test(F10_dns_answer_parse_follows_cnames_to_their_end),
		cmocka_unit_test(C25_dns_answer_parse_escapes_hostile_names),
		cmocka_unit_test(F08_dns_answer_parse_refuses_what_is_out_of_bounds),
		cmocka_unit_test(F08_dns_answer_parse_survives_any_cut),
		cmocka_unit_test(dns_answer_parse_reads_a_bounded_number),
		cmocka_unit_test(N09_deafness_is_told_once_and_for_sure),
		cmocka_unit_test(P6_dns_answer_parse_keeps_what_is_used),
		cmocka_unit_test(P15_dns_answer_parse_takes_the_smallest_ttl_of_a_chain),
		cmocka_unit_test(B01_dns_answer_parse_puts_each_rrset_in_order),
		cmocka_unit_test(B01_dns_answer_parse_follows_no_alias_of_two),
		cmocka_unit_test(S2_dns_reads_no_escape_beyond_the_end_of_a_name),
	};

	return cmocka_run_group_tests_name("dns", tests, NULL, NULL);
}
