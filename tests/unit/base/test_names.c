/* ipaddr, domain, mailbox. */
#include "unit.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "heloscope/base/domain.h"
#include "heloscope/base/ipaddr.h"
#include "heloscope/wire/readings.h"
#include "heloscope/base/strbuf.h"

static struct ipaddr
address(const char *text)
{
	struct ipaddr parsed;

	assert_true(ipaddr_parse(span_of(text), &parsed));
	return parsed;
}

/* M02, C22: every way in turns IPv4-mapped addresses into IPv4. */
static void
M02_ipaddr_makes_mapped_addresses_ipv4(void **state)
{
	struct sockaddr_in6 socket_address = { .sin6_family = AF_INET6, .sin6_port = htons(2525) };
	struct sockaddr_un unix_address = { .sun_family = AF_UNIX };
	const struct ipaddr mapped = address("::ffff:192.0.2.1");
	struct ipaddr from_socket = { .length = 0 };
	uint16_t port = 0;

	(void)state;
	assert_int_equal(mapped.length, 4);
	socket_address.sin6_addr.s6_addr[10] = socket_address.sin6_addr.s6_addr[11] = 0xff;
	memcpy(&socket_address.sin6_addr.s6_addr[12], "\xc0\x00\x02\x01", 4);
	assert_true(ipaddr_from_sockaddr((const struct sockaddr *)&socket_address, &from_socket, &port));
	assert_true(ipaddr_equals(&mapped, &from_socket));
	assert_int_equal(port, 2525);
	assert_false(ipaddr_from_sockaddr(NULL, &from_socket, NULL)); /* C19 */
	assert_false(ipaddr_from_sockaddr((const struct sockaddr *)&unix_address, &from_socket, NULL));
}

static void
ipaddr_parse_refuses_what_is_no_address(void **state)
{
	static const char *const bad[] = { "",         "1.2.3", "1.2.3.4.5",    "256.1.1.1",
					   "1.2.3.4 ", "::g",   "fe80::1%eth0", "127.1" };
	struct ipaddr parsed;

	(void)state;
	for (size_t i = 0; i < ROWS(bad); i++)
		assert_false(ipaddr_parse(span_of(bad[i]), &parsed));
	assert_false(ipaddr_parse(SPAN("1.2.3.4\0"), &parsed));
}

/* RFC 5782, sections 2.1 and 2.4. */
static void
ipaddr_common_is_another_key_for_each_reach_and_family(void **state)
{
	static const struct {
		const char *address, *neighbour, *stranger;
		enum ipaddr_reach reach;
		size_t octets;
	} rows[] = {
		{ "192.0.2.1", "192.0.2.1", "192.0.2.2", REACH_CLIENT, 4 },
		{ "192.0.2.1", "192.0.2.255", "192.0.3.1", REACH_NETWORK, 3 },
		{ "2001:db8:1:2::1", "2001:db8:1:2:ffff::", "2001:db8:1:3::1", REACH_CLIENT, 8 },
		{ "2001:db8:1:2::1", "2001:db8:1:3::1", "2001:db8:2:2::1", REACH_NETWORK, 6 },
		{ "192.0.2.1", "192.0.255.255", "192.1.2.1", REACH_PROVIDER, 2 },
		{ "2001:db8:1:2::1", "2001:db8:ffff:ffff::", "2001:db9:1:2::1", REACH_PROVIDER, 4 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		const struct ipaddr one = address(rows[i].address), neighbour = address(rows[i].neighbour),
				    stranger = address(rows[i].stranger);
		const struct span common = ipaddr_common(&one, rows[i].reach);

		assert_int_equal(common.length, rows[i].octets);
		assert_true(span_equals(common, ipaddr_common(&neighbour, rows[i].reach)));
		assert_false(span_equals(common, ipaddr_common(&stranger, rows[i].reach)));
	}
}

static void
R5782_2_ipaddr_list_name_turns_octets_and_nibbles(void **state)
{
	const struct ipaddr ipv4 = address("192.0.2.99"), ipv6 = address("2001:db8:1:2:3:4:567:89ab");
	char name[IPADDR_REVERSE_SIZE];

	(void)state;
	assert_true(ipaddr_list_name(&ipv4, "bad.example", name, sizeof name));
	assert_string_equal(name, "99.2.0.192.bad.example");
	assert_string_equal(ipaddr_reverse_name(&ipv4, name), "99.2.0.192.in-addr.arpa");
	assert_string_equal(ipaddr_reverse_name(&ipv6, name),
			    "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
	assert_false(ipaddr_list_name(&ipv6, "longer.example", name, sizeof name));
	assert_string_equal(name, "");
}

static void
network_contains_by_prefix(void **state)
{
	static const struct {
		const char *network, *address;
		bool expected;
	} table[] = {
		{ "192.0.2.0/24", "192.0.2.255", true },      { "192.0.2.0/24", "192.0.3.0", false },
		{ "192.0.2.128/25", "192.0.2.127", false },   { "0.0.0.0/0", "203.0.113.1", true },
		{ "0.0.0.0/0", "2001:db8::1", false },        { "2001:db8::/33", "2001:db8:8000::", false },
		{ "2001:db8::/33", "2001:db8:7fff::", true }, { "::1", "::1", true },
	};
	static const char *const bad[] = { "192.0.2.1/24", "192.0.2.0/33", "192.0.2.0/",
					   "192.0.2.0/-1", "x/8",          "2001:db8::1/64" };
	struct network network;
	const char *reason = NULL;

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		const struct ipaddr client = address(table[i].address);

		assert_true(network_parse(span_of(table[i].network), &network, &reason));
		assert_int_equal(network_contains(&network, &client), table[i].expected);
	}
	for (size_t i = 0; i < ROWS(bad); i++) {
		reason = NULL;
		assert_false(network_parse(span_of(bad[i]), &network, &reason));
		assert_non_null(reason);
	}
}

/* Addresses near each other, so that networks hold many of them and each other. */
static struct ipaddr
some_address(uint32_t *seed)
{
	unsigned char octets[16] = { 0 };
	const size_t length = (*seed & 1U) != 0 ? 4 : 16;

	for (size_t i = 0; i < length; i++) {
		*seed = *seed * 1664525U + 1013904223U;
		octets[i] = (unsigned char)((*seed >> 24) & (i % 2 == 0 ? 0x01 : 0xc1));
	}
	return ipaddr_from_octets(octets, length);
}

static struct network
some_network(uint32_t *seed)
{
	struct network network = { some_address(seed), 0 };

	network.prefix = (*seed >> 8) % (8U * network.address.length + 1);
	for (unsigned bit = network.prefix; bit < 8U * network.address.length; bit++)
		network.address.octets[bit / 8] &= (unsigned char)~(0x80U >> bit % 8);
	return network;
}

/* A sorted set says of every address what its networks one by one say. */
static void
network_set_contains_what_its_networks_do(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 300; round++) {
		struct network given[40], sorted[40];
		struct network_set set = { sorted, (size_t)round % 41 };

		for (size_t i = 0; i < set.count; i++)
			given[i] = sorted[i] = some_network(&seed);
		network_set_sort(&set);
		for (int i = 0; i < 200; i++) {
			const struct ipaddr client = some_address(&seed);
			bool expected = false;

			for (size_t j = 0; j < (size_t)round % 41; j++)
				expected = expected || network_contains(&given[j], &client);
			assert_int_equal(network_set_contains(&set, &client), expected);
		}
	}
}

#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* RFC 1035, 2.3.4; RFC 8616, 4. */
static void
R8616_domain_normalize_gives_the_form_that_the_dns_is_asked(void **state)
{
	static const struct {
		const char *text, *expected; /* NULL: refused */
	} table[] = {
		{ "Example.ORG.", "example.org" },
		{ "b\xc3\xbc"
		  "cher.example",
		  "xn--bcher-kva.example" },
		{ "B\xc3\x9c"
		  "CHER.example",
		  "xn--bcher-kva.example" },
		{ "_dmarc.a-b.example", "_dmarc.a-b.example" },
		{ L63 ".example", L63 ".example" },
		{ L63 "a.example", NULL },
		{ L63 "." L63 "." L63 "." L63, NULL },
		{ "", NULL },
		{ ".", NULL },
		{ "a..b", NULL },
		{ ".a", NULL },
		{ "a b", NULL },
		{ "a(b", NULL },
		{ "a\x01", NULL },
		{ "\xff\xfe.example", NULL },
		{ "a\xe2\x80\xae.example", NULL },
	};
	char name[DOMAIN_SIZE];

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		print_message("    %s\n", table[i].text);
		assert_int_equal(domain_normalize(span_of(table[i].text), name), table[i].expected != NULL);
		assert_string_equal(name, table[i].expected != NULL ? table[i].expected : "");
	}
}

static void
domain_matches_patterns_label_by_label(void **state)
{
	(void)state;
	assert_true(domain_matches(SPAN("a.example"), SPAN("A.Example")));
	assert_false(domain_matches(SPAN("xa.example"), SPAN("a.example")));
	assert_true(domain_matches(SPAN("x.a.example"), SPAN("*.a.example")));
	assert_false(domain_matches(SPAN("a.example"), SPAN("*.a.example")));
	assert_false(domain_matches(SPAN("xa.example"), SPAN("*.a.example")));
	assert_true(domain_matches(SPAN("anything"), SPAN("*")));
	assert_true(domain_is_within(SPAN("a.example"), SPAN("a.example")));
}

static void
domain_same_organization_follows_the_public_suffix_list(void **state)
{
	(void)state;
	assert_true(domain_same_organization("mail.example.co.uk", "www.example.co.uk"));
	assert_false(domain_same_organization("a.co.uk", "b.co.uk"));
	assert_true(domain_same_organization("a.yodel.example", "yodel.example"));
	assert_false(domain_same_organization("com", "com"));
	assert_string_equal(domain_organization("mx.mail.example.co.uk"), "example.co.uk");
	assert_string_equal(domain_organization("com"), "com");
}

/* B21: what the author of a record forgot. */
static void
B21_domain_without_zone_finds_the_name_that_was_meant(void **state)
{
	static const char owner[] = "9.100.51.198.in-addr.arpa";
	char meant[DOMAIN_SIZE];

	(void)state;
	assert_true(domain_without_zone("mx.a.example.100.51.198.in-addr.arpa", owner, meant));
	assert_string_equal(meant, "mx.a.example");
	assert_true(domain_without_zone("mx.a.example.9.100.51.198.in-addr.arpa", owner, meant));
	assert_string_equal(meant, "mx.a.example");
	assert_true(domain_without_zone("mx.a.example.in-addr.arpa", owner, meant));
	assert_string_equal(meant, "mx.a.example");
	assert_true(domain_without_zone("mx.b.example.a.example", "a.example", meant));
	assert_string_equal(meant, "mx.b.example");
	assert_false(domain_without_zone("mx.a.example", owner, meant));
	assert_false(domain_without_zone("mx.a.example", "a.example", meant)); /* "mx" is no name */
	assert_false(domain_without_zone("a.example", "a.example", meant));
	assert_false(domain_without_zone("mx.a.arpa", owner, meant));
	assert_false(domain_without_zone("", owner, meant));
}

/* E10, E11 and RFC 5321, 4.1.1.1 and 4.1.3. */
static void
E11_domain_helo_form_tells_names_literals_and_the_rest(void **state)
{
	static const struct {
		const char *text;
		enum helo_form form;
		const char *name;
		enum helo_fault fault;
	} table[] = {
		{ "", HELO_ABSENT, "", HELO_FAULT_NONE },
		{ "Mail.Example.", HELO_NAME, "mail.example", HELO_FAULT_NONE },
		{ "xn--bcher-kva.example", HELO_NAME, "xn--bcher-kva.example", HELO_FAULT_NONE },
		{ "[192.0.2.1]", HELO_LITERAL, "", HELO_FAULT_NONE },
		{ "[IPv6:2001:db8::1]", HELO_LITERAL, "", HELO_FAULT_NONE },
		{ "[ipv6:::1]", HELO_LITERAL, "", HELO_FAULT_NONE },
		{ "[IPv6:::ffff:192.0.2.1]", HELO_LITERAL, "", HELO_FAULT_NONE },
		{ "[2001:db8::1]", HELO_INVALID, "", HELO_FAULT_BAD_LITERAL },
		{ "[IPv6:fe80::1%eth0]", HELO_INVALID, "", HELO_FAULT_BAD_LITERAL },
		{ "[127.1]", HELO_INVALID, "", HELO_FAULT_BAD_LITERAL },
		{ "[192.0.2.1", HELO_INVALID, "", HELO_FAULT_BAD_LITERAL },
		{ "localhost", HELO_INVALID, "", HELO_FAULT_NOT_QUALIFIED },
		{ "192.0.2.1", HELO_INVALID, "", HELO_FAULT_BARE_ADDRESS },
		{ "a_b.example", HELO_INVALID, "", HELO_FAULT_UNDERSCORE },
		{ "-a.example", HELO_INVALID, "", HELO_FAULT_NO_HOST_NAME },
		{ "a-.example", HELO_INVALID, "", HELO_FAULT_NO_HOST_NAME },
		{ "h.test more words here", HELO_INVALID, "", HELO_FAULT_NO_HOST_NAME },
		{ "h\x01\x1b[31m;a=b(c", HELO_INVALID, "", HELO_FAULT_CONTROL_OCTETS },
		{ "b\xc3\xbc"
		  "cher.example",
		  HELO_INVALID, "", HELO_FAULT_NOT_ASCII },
		{ "a.example..", HELO_INVALID, "", HELO_FAULT_NO_HOST_NAME },
		{ L63 "a.example", HELO_INVALID, "", HELO_FAULT_NO_HOST_NAME },
		{ L63 "." L63 "." L63 "." L63, HELO_INVALID, "", HELO_FAULT_NO_HOST_NAME },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		char name[DOMAIN_SIZE] = "poison";
		struct ipaddr literal;
		enum helo_fault fault = HELO_FAULTS;

		print_message("    %s\n", table[i].text);
		assert_int_equal(domain_helo_form(span_of(table[i].text), name, &literal, &fault),
				 table[i].form);
		assert_string_equal(name, table[i].name);
		assert_int_equal(fault, table[i].fault);
	}
}

/* E02 to E08, E12, E13, P0: what MTAs hand over, exactly as typed: a domain is never lost to its spelling. */
static void
P0_E02_E13_mailbox_read_finds_the_domain_that_an_mta_finds(void **state)
{
	static const struct {
		const char *text;
		enum mailbox_form form;
		const char *local, *domain;
	} table[] = {
		{ "<>", MAILBOX_NULL, "", "" },
		{ "< >", MAILBOX_NULL, "", "" },
		{ "<(nobody)>", MAILBOX_NULL, "", "" },
		{ "<\"\">", MAILBOX_NULL, "", "" },
		{ "<joe@Yodel.Example>", MAILBOX_ADDRESS, "joe", "yodel.example" },
		{ "<joe@yodel.example.>", MAILBOX_ADDRESS, "joe", "yodel.example" },
		{ "<joe@yodel.example...>", MAILBOX_ADDRESS, "joe", "yodel.example" },
		{ "joe@yodel.example", MAILBOX_ADDRESS, "joe", "yodel.example" },
		{ "  <joe@yodel.example>  ", MAILBOX_ADDRESS, "joe", "yodel.example" },
		{ "<joe@yodel.example> SIZE=10 BODY=8BITMIME AUTH=<> unknown=1", MAILBOX_ADDRESS, "joe",
		  "yodel.example" },
		{ "joe@yodel.example SIZE=10", MAILBOX_ADDRESS, "joe", "yodel.example" },
		{ "postmaster SIZE=10", MAILBOX_LOCAL_ONLY, "postmaster", "" },
		{ "joe @ yodel.example", MAILBOX_ADDRESS, "joe", "yodel.example" },
		{ "<joe @\tyodel.example >", MAILBOX_ADDRESS, "joe", "yodel.example" },
		{ "Joe Doe <joe@yodel.example>", MAILBOX_ADDRESS, "joe", "yodel.example" },
		{ "<<joe@yodel.example>>", MAILBOX_ADDRESS, "joe", "yodel.example" },
		{ "<postmaster>", MAILBOX_LOCAL_ONLY, "postmaster", "" },
		{ "<joe@[192.0.2.1]>", MAILBOX_LITERAL, "joe", "[192.0.2.1]" },
		{ "<joe@[IPv6:2001:db8::1]>", MAILBOX_LITERAL, "joe", "[ipv6:2001:db8::1]" },
		{ "<joe@[yodel.example]>", MAILBOX_ADDRESS, "joe", "yodel.example" },
		{ "<joe@yodel.example", MAILBOX_ADDRESS, "joe", "yodel.example" },
		{ "joe@yodel.example>", MAILBOX_ADDRESS, "joe", "yodel.example" },
		{ "<joe@>", MAILBOX_LOCAL_ONLY, "joe", "" },
		{ "<@yodel.example>", MAILBOX_ADDRESS, "", "yodel.example" },
		{ "<jo\\e@yodel.example>", MAILBOX_ADDRESS, "joe", "yodel.example" },
		{ "<joe(x)@yodel.example>", MAILBOX_ADDRESS, "joe", "yodel.example" },
		{ "<joe(x(y)\\)@z)@(a)yodel.example(b)>", MAILBOX_ADDRESS, "joe", "yodel.example" },
		{ "<(any@legit.test>", MAILBOX_ADDRESS, "(any", "legit.test" },
		{ "<any@legit.test(a.attack.test>", MAILBOX_ADDRESS, "any", "legit.test" },
		{ "<any@legit.test'@any.attack.test>", MAILBOX_ADDRESS, "any@legit.test'",
		  "any.attack.test" },
		{ "<@legit.test,@any.test:'any@attack.test>", MAILBOX_ADDRESS, "'any", "attack.test" },
		{ "<list: joe@yodel.example;>", MAILBOX_ADDRESS, "joe", "yodel.example" },
		{ "<\"a b;spf=pass smtp.mailfrom=x\"@b.test>", MAILBOX_ADDRESS,
		  "a b;spf=pass smtp.mailfrom=x", "b.test" },
		{ "<\"a\\\"@evil\"@b.test>", MAILBOX_ADDRESS, "a\"@evil", "b.test" },
		{ "<\"a>b\"@b.test>", MAILBOX_ADDRESS, "a>b", "b.test" },
		{ "<\"a@b.test>", MAILBOX_ADDRESS, "\"a", "b.test" },
		{ "<\"a\"b@b.test>", MAILBOX_ADDRESS, "ab", "b.test" },
		{ "<joe%other.test@b.test>", MAILBOX_ADDRESS, "joe%other.test", "b.test" },
		{ "<one!two!joe@b.test>", MAILBOX_ADDRESS, "one!two!joe", "b.test" },
		{ "<joe\x1b[31m@b.test>", MAILBOX_ADDRESS, "joe\x1b[31m", "b.test" },
		{ "<j\xc3\xbcrgen@b\xc3\xbc"
		  "cher.example>",
		  MAILBOX_ADDRESS, "j\xc3\xbcrgen", "xn--bcher-kva.example" },
		{ "<a@x>b@y", MAILBOX_ADDRESS, "a", "x" },
		{ "<a<b@x>", MAILBOX_ADDRESS, "b", "x" },
		{ "<" L63 "aa@b.test>", MAILBOX_ADDRESS, L63 "aa", "b.test" },
		{ "<a@" L63 "." L63 "." L63 "." L63 ">", MAILBOX_MALFORMED, "a",
		  L63 "." L63 "." L63 "." L63 },
		{ "<\"good\"@good.test\"JOE@Yod\"el.test>", MAILBOX_ADDRESS, "good@good.testJOE",
		  "yodel.test" },
		{ "<good@good.t\"est,joe@b\"ad.test>", MAILBOX_ADDRESS, "good@good.test,joe", "bad.test" },
		{ "<joe@good.test\\@bad.test>", MAILBOX_ADDRESS, "joe@good.test", "bad.test" },
		{ "<joe@\\\\yodel.test>", MAILBOX_ADDRESS, "joe", "yodel.test" },
		{ "<joe@yodel.test\\\\>", MAILBOX_ADDRESS, "joe", "yodel.test" },
		{ "joe@yodel.test\\", MAILBOX_ADDRESS, "joe", "yodel.test" },
		{ "<joe@\"(x)\"yo\\\"del.te\\ st>", MAILBOX_ADDRESS, "joe", "yodel.test" },
		{ "<good\\@good.test;joe@bad.test>", MAILBOX_ADDRESS, "good@good.test;joe", "bad.test" },
		{ "<joe@\f\vbad.test>", MAILBOX_ADDRESS, "joe", "bad.test" },
		{ "<a@b..test>", MAILBOX_MALFORMED, "a", "b..test" },
		{ "<a@B\xff.test>", MAILBOX_MALFORMED, "a", "b\xff.test" },
		{ "", MAILBOX_MALFORMED, "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		struct arena arena;
		struct mailbox mailbox;

		arena_init(&arena, 1U << 16);
		mailbox = mailbox_read(span_of(table[i].text), &arena);
		print_message("    %s\n", table[i].text);
		assert_int_equal(mailbox.form, table[i].form);
		assert_string_equal(mailbox.local, table[i].local);
		assert_string_equal(mailbox.domain, table[i].domain);
		arena_clear(&arena);
	}
}

/* P0: the MTA's reading first; what was typed if it differs; guesses only where the MTA does not tell. */
static void
P0_mailbox_readings_tells_all_that_an_address_may_be(void **state)
{
	static const struct {
		const char *typed, *used, *texts;
	} table[] = {
		{ "<joe@b.test>", NULL, "joe@b.test" },
		{ "<joe@b.test>", "joe@b.test", "joe@b.test" },
		{ "<j\\oe@B.test>", "joe@b.test.", "joe@b.test" },
		{ "<joe@b.test>", "joe", "joe@b.test" },
		{ "<\"joe\"@b.test>", "joe", "joe@b.test" },
		{ "<joe@b.test>", "other@c.test", "other@c.test joe@b.test" },
		{ "<joe%b.test@c.test>", "joe@b.test", "joe@b.test joe%b.test@c.test" },
		{ "<joe%b.test@c.test>", "joe%b.test@c.test", "joe%b.test@c.test" },
		{ "<joe%b.test@c.test>", "joe", "joe%b.test@c.test joe@b.test" },
		{ "<joe%b.test%d.test@c.test>", NULL,
		  "joe%b.test%d.test@c.test joe@b.test joe%b.test@d.test" },
		{ "<b.test!joe@c.test>", NULL, "b.test!joe@c.test joe@b.test joe@c.test" },
		{ "<\"joe@b.test\">", NULL, "\"joe@b.test\" joe@b.test" },
		{ "<any@legit.test(a@attack.test>", NULL,
		  "any@legit.test \"any@legit.test(a\"@attack.test a@attack.test" },
		{ "<good@good.test\"@bad.test\">", NULL, "\"good@good.test\"@bad.test good@good.test" },
		{ "<joe@bad.test;good@good.test>", NULL,
		  "\"joe@bad.test;good\"@good.test joe@bad.test good@good.test" },
		{ "<@mx.test:joe%b.test>", NULL, "@mx.test:joe%b.test joe@b.test" },
		{ "<@mx.test:b.test!joe>", NULL, "@mx.test:b.test!joe joe@b.test" },
		{ "<@mx.test:joe>", NULL, "@mx.test:joe joe" },
		{ "<@[127.0.0.1]:joe@b.test>", NULL, "joe@b.test" },
		{ "<@d.test,@e.test:joe@b.test>", NULL, "joe@b.test" },
		{ "<!b.test!joe>", NULL, "!b.test!joe joe@b.test" },
		{ "<b.test!!joe>", NULL, "b.test!!joe joe@b.test" },
		{ "<joe%b.test%>", NULL, "joe%b.test% joe@b.test" },
		{ "<joe@b.test@@c.test>", NULL, "\"joe@b.test@\"@c.test joe@b.test \"joe@b.test\"@c.test" },
		{ "<joe@@>", NULL, "\"joe@\" joe" },
		{ "<<>joe@b.test>", NULL, " joe@b.test" },
		{ "<<>,joe@b.test>", NULL, " joe@b.test" },
		{ "<<>joe>", NULL, " joe" },
		{ "<<joe@b.test><>>", NULL, "joe@b.test " },
		{ "<joe(c.test@\\b.test>", NULL, "\"joe(c.test\"@b.test c.test@b.test joe" },
		{ "<joe@b.test,any@c.test>", NULL, "\"joe@b.test,any\"@c.test joe@b.test any@c.test" },
		{ "<any joe%b.test@c.test>", NULL,
		  "anyjoe%b.test@c.test anyjoe@b.test joe@b.test joe%b.test@c.test" },
		{ "<joe%b.test any@c.test>", NULL,
		  "joe%b.testany@c.test joe@b.testany joe@b.test any@c.test" },
		{ "<\"@c.test:joe%b.test\"@mx.test>", NULL,
		  "\"@c.test:joe%b.test\"@mx.test \"c.test:joe\"@b.test \"c.test:joe%b.test\"@mx.test joe@b.test joe%b.test@mx.test" },
		{ "<\"joe%\\\"b\\\".test\"@mx.test>", NULL,
		  "\"joe%\\\"b\\\".test\"@mx.test joe@b.test joe%b.test@mx.test" },
		{ "<a%b.test!c.test!joe%d.test>", NULL,
		  "a%b.test!c.test!joe%d.test a@b.test c.test!joe@b.test c.test@b.test joe@c.test a%b.test!c.test!joe@d.test joe@d.test" },
		{ "<@m\\x.test\\:joe@b.test>", NULL,
		  "\"@mx.test:joe\"@b.test \"mx.test:joe\"@b.test joe@b.test" },
		{ "<\\@mx.test\\:joe>", NULL, "\"@mx.test:joe\" @mx.test:joe \"mx.test:joe\" joe" },
		{ "<b.test!>", NULL, "b.test! @b.test b.test" },
		{ "<\\@\\ b.test>", NULL, "\"@ b.test\" @b.test \" b.test\"" },
		/* of everyday: in one way, or with the same domain */
		{ "Joe <joe@b.test>", NULL, "joe@b.test" },
		{ "<joe@b.test> SIZE=100 BODY=8BITMIME", NULL, "joe@b.test" },
		{ "<joe@[IPv6:2001:db8::1]>", NULL, "joe@[IPv6:2001:db8::1]" },
		{ "<joe+news@b.test>", NULL, "joe+news@b.test" },
		{ "<bounce-17-any=c.test@b.test>", NULL, "bounce-17-any=c.test@b.test" },
		{ "<SRS0=x=y=c.test=any@b.test>", NULL, "SRS0=x=y=c.test=any@b.test" },
		{ "<prvs=1=joe/x@b.test>", NULL, "prvs=1=joe/x@b.test" },
		{ "<\"a b\"@c.test>", NULL, "\"a b\"@c.test" },
		{ "<\"last, first\"@c.test>", NULL, "\"last, first\"@c.test first@c.test" },
		{ "<#@[]>", NULL, "#@[]" },
		{ "<postmaster>", NULL, "postmaster" },
		{ "<joe>", "joe@host.test", "joe@host.test" },
		{ "<>", "", "" },
		{ "<>", "MAILER-DAEMON", "" },
		{ "<>", NULL, "" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		const struct envelope_address address = { table[i].typed, table[i].used };
		char memory[1000] = "";
		struct arena arena;
		struct readings readings;
		struct strbuf texts;

		arena_init(&arena, 1U << 16);
		readings = mailbox_readings(&address, &arena);
		strbuf_init(&texts, memory, sizeof memory);
		for (size_t j = 0; j < readings.count; j++)
			strbuf_printf(&texts, "%s%s", j > 0 ? " " : "", readings.items[j].text);
		print_message("    %s\n", table[i].typed);
		assert_string_equal(memory, table[i].texts);
		arena_clear(&arena);
	}
}

/* Whether one of them stands for those that are not read, which the first never does. */
static bool
has_unread(const struct readings *readings)
{
	bool is_there = false;

	assert_int_not_equal(readings->items[0].form, MAILBOX_UNREAD);
	for (size_t i = 1; i < readings->count; i++)
		is_there = is_there || readings->items[i].form == MAILBOX_UNREAD;
	return is_there;
}

/* P0: a route without end is not followed to its end, and that is told. */
static void
P0_mailbox_readings_are_bounded(void **state)
{
	static const struct {
		const char *format;
		unsigned parts;
		bool has_more;
	} table[] = {
		{ "%%b%u.test", BOUND_READINGS - 1, false },
		{ "%%b%u.test", BOUND_READINGS, true },
		{ "%%b%u.test", 200, true },
		{ ",a@b%u.test", 200, true },
		{ "@%%\"!\"%.0u", 200, false },
		{ "%%b.test%.0u", 200, true },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		char memory[4000] = "joe";
		const struct envelope_address address = { memory, NULL };
		struct arena arena;
		struct readings readings;

		for (unsigned part = 0; part < table[i].parts; part++) {
			const size_t length = strlen(memory);

			(void)snprintf(memory + length, sizeof memory - length, table[i].format, part);
		}
		arena_init(&arena, 1U << 18);
		readings = mailbox_readings(&address, &arena);
		assert_int_equal(has_unread(&readings), table[i].has_more);
		assert_in_range(readings.count, 1, READINGS_MAX);
		assert_false(arena.has_failed);
		arena_clear(&arena);
	}
}

/* What is beyond doubt is not guessed at: and guesses, which "<" and ">" alone keep off here, find no more.
 */
static void
P0_readings_of_a_plain_address_are_those_that_guesses_find(void **state)
{
	static const char letters[] = "a7.-_+=@";
	uint32_t random = 1;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		char bare[16] = "", bracketed[20];
		struct envelope_address plain = { bracketed, NULL }, guessed = { bare, NULL };
		struct readings with, without;
		struct arena arena;
		size_t length = 1;

		for (random = random * 1103515245U + 12345U; length < 4 + (random >> 16) % 9; length++)
			bare[length - 1] = letters[((random = random * 1103515245U + 12345U) >> 16) % 8];
		if (strchr(bare, '@') == NULL || strchr(bare, '@') != strrchr(bare, '@'))
			continue;
		(void)snprintf(bracketed, sizeof bracketed, "<%s>", bare);
		arena_init(&arena, 1U << 20);
		with = mailbox_readings(&plain, &arena);
		without = mailbox_readings(&guessed, &arena);
		if (with.count != without.count)
			fail_msg("%s: %zu readings, and %zu without brackets", bracketed, with.count,
				 without.count);
		for (size_t j = 0; j < with.count; j++)
			assert_string_equal(with.items[j].text, without.items[j].text);
		arena_clear(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(P0_readings_of_a_plain_address_are_those_that_guesses_find),
		cmocka_unit_test(M02_ipaddr_makes_mapped_addresses_ipv4),
		cmocka_unit_test(ipaddr_parse_refuses_what_is_no_address),
		cmocka_unit_test(ipaddr_common_is_another_key_for_each_reach_and_family),
		cmocka_unit_test(R5782_2_ipaddr_list_name_turns_octets_and_nibbles),
		cmocka_unit_test(network_contains_by_prefix),
		cmocka_unit_test(network_set_contains_what_its_networks_do),
		cmocka_unit_test(R8616_domain_normalize_gives_the_form_that_the_dns_is_asked),
		cmocka_unit_test(domain_matches_patterns_label_by_label),
		cmocka_unit_test(domain_same_organization_follows_the_public_suffix_list),
		cmocka_unit_test(B21_domain_without_zone_finds_the_name_that_was_meant),
		cmocka_unit_test(E11_domain_helo_form_tells_names_literals_and_the_rest),
		cmocka_unit_test(P0_E02_E13_mailbox_read_finds_the_domain_that_an_mta_finds),
		cmocka_unit_test(P0_mailbox_readings_tells_all_that_an_address_may_be),
		cmocka_unit_test(P0_mailbox_readings_are_bounded),
	};

	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
