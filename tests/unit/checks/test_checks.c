/* The inquiry, and every check on a world made of a table. */
#include "unit.h"

#include <malloc.h>
#include <stdlib.h>

#include "config_text.h"
#include "scene.h"
#include "heloscope/checks/inquiry.h"
#include "heloscope/base/bounds.h"
#include "heloscope/checks/table.h"
#include "heloscope/checks/policy.h"
#include "heloscope/checks/under_way.h"

static const struct fake_row rows[] = {
	/* a good host */
	{ "54.100.51.198.in-addr.arpa", DNS_PTR, DNS_NOERROR, "out.yodel.example|liar.example" },
	{ "out.yodel.example", DNS_A, DNS_NOERROR, "198.51.100.54" },
	{ "liar.example", DNS_A, DNS_NOERROR, "192.0.2.1" },
	{ "out.yodel.example", DNS_TXT, DNS_NOERROR, "v=spf1 a -all" },
	{ "yodel.example", DNS_TXT, DNS_NOERROR, "v=spf1 ip4:198.51.100.54 -all" },
	{ "yodel.example", DNS_MX, DNS_NOERROR, "10 mx.yodel.example" },
	{ "mx.yodel.example", DNS_A, DNS_NOERROR, "192.0.2.25" },
	{ "mx.yodel.example", DNS_AAAA, DNS_NODATA, NULL },
	{ "www.yodel.example", DNS_A, DNS_NOERROR, "192.0.2.80" },
	{ "www.yodel.example", DNS_TXT, DNS_NODATA, NULL },
	{ "elsewhere.test", DNS_A, DNS_NOERROR, "198.51.100.54" },
	{ "elsewhere.test", DNS_TXT, DNS_NODATA, NULL },
	{ "wrong.test", DNS_A, DNS_NXDOMAIN, NULL },
	{ "wrong.test", DNS_TXT, DNS_NXDOMAIN, NULL },
	{ "down.test", DNS_A, DNS_SERVFAIL, NULL },
	{ "down.test", DNS_TXT, DNS_SERVFAIL, NULL },
	/* others */
	{ "7.100.51.198.in-addr.arpa", DNS_PTR, DNS_NXDOMAIN, NULL },
	{ "8.100.51.198.in-addr.arpa", DNS_PTR, DNS_TIMEOUT, NULL },
	{ "9.100.51.198.in-addr.arpa", DNS_PTR, DNS_NOERROR, "liar.example" },
	{ "10.100.51.198.in-addr.arpa", DNS_PTR, DNS_NOERROR, "liar.example|slow.example" },
	{ "slow.example", DNS_A, DNS_SERVFAIL, NULL },
	{ "11.100.51.198.in-addr.arpa", DNS_PTR, DNS_NOERROR, "evil\\059.example" },
	{ "4.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", DNS_PTR, DNS_NOERROR,
	  "six.example" },
	{ "six.example", DNS_AAAA, DNS_NOERROR, "2001:db8::54" },
	{ "six.example", DNS_TXT, DNS_NODATA, NULL },
	/* sender domains */
	{ "nullmx.test", DNS_MX, DNS_NOERROR, "0 " },
	{ "nullmx.test", DNS_TXT, DNS_NODATA, NULL },
	{ "gone.test", DNS_MX, DNS_NXDOMAIN, NULL },
	{ "gone.test", DNS_TXT, DNS_NXDOMAIN, NULL },
	{ "aonly.test", DNS_MX, DNS_NODATA, NULL },
	{ "aonly.test", DNS_A, DNS_NODATA, NULL },
	{ "aonly.test", DNS_AAAA, DNS_NOERROR, "2001:db8::1" },
	{ "aonly.test", DNS_TXT, DNS_NODATA, NULL },
	{ "deaf.test", DNS_MX, DNS_NODATA, NULL },
	{ "deaf.test", DNS_A, DNS_NODATA, NULL },
	{ "deaf.test", DNS_AAAA, DNS_NODATA, NULL },
	{ "deaf.test", DNS_TXT, DNS_NODATA, NULL },
	{ "downmx.test", DNS_MX, DNS_SERVFAIL, NULL },
	{ "downmx.test", DNS_TXT, DNS_SERVFAIL, NULL },
	/* lists */
	{ "54.100.51.198.bl.test", DNS_A, DNS_NXDOMAIN, NULL },
	{ "7.100.51.198.bl.test", DNS_A, DNS_NOERROR, "127.0.0.2|127.0.0.9" },
	{ "7.100.51.198.bl.test", DNS_TXT, DNS_NOERROR, "reason" },
	{ "8.100.51.198.bl.test", DNS_A, DNS_NOERROR, "127.255.255.254" },
	{ "9.100.51.198.bl.test", DNS_A, DNS_NOERROR, "192.0.2.80" },
	{ "10.100.51.198.bl.test", DNS_A, DNS_TIMEOUT, NULL },
	{ "11.100.51.198.bl.test", DNS_A, DNS_NOERROR, "127.0.0.99" },
	{ "12.100.51.198.bl.test", DNS_A, DNS_NOERROR, "127.0.0.2|127.255.255.255" },
	{ "12.100.51.198.in-addr.arpa", DNS_PTR, DNS_NXDOMAIN, NULL },
	{ "4.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.bl.test", DNS_A, DNS_NOERROR,
	  "127.0.0.2" },
	{ "4.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.bl.test", DNS_TXT, DNS_NODATA,
	  NULL },
	{ "yodel.example.dbl.test", DNS_A, DNS_NXDOMAIN, NULL },
	{ "out.yodel.example.dbl.test", DNS_A, DNS_NOERROR, "127.0.1.2" },
	{ "out.yodel.example.dbl.test", DNS_TXT, DNS_NOERROR, "http://x/s3krit/out" },
};

#define LISTS "dnsbl \"bl.test\" weight 4 answers { 127.0.0.2-11 \"bad\" } test-entries none\n"

/* What is known of the server at every client's address. */
static struct peer known_peer;
static bool is_peer_known, is_peer_left_out;
static bool comes_in_between; /* it is known from the second time on that somebody asks */
static char wanted_name[DOMAIN_SIZE];

static bool
peer_known(struct peer_source *source, const struct ipaddr *address, struct peer *peer)
{
	const bool was_known = is_peer_known;

	(void)source;
	(void)address;
	is_peer_known = is_peer_known || comes_in_between;
	*peer = known_peer;
	return was_known;
}

static bool
peer_want(struct peer_source *source, const struct ipaddr *address, const char *name)
{
	(void)source;
	(void)address;
	(void)snprintf(wanted_name, sizeof wanted_name, "%s", name);
	return !is_peer_left_out;
}

static struct peer_source fake_peers = { .known = peer_known, .want = peer_want };

/* Have all lists answer a round rightly, so that they are trusted. */
static void
trust_lists(struct list_health *health, const struct list_set *lists)
{
	for (size_t i = 0; i < lists->count * LIST_PARTS; i++) {
		const enum list_part part = (enum list_part)(i % LIST_PARTS);
		const struct list_round round = list_health_begin_round(health, i / LIST_PARTS, part, 1);

		for (size_t j = 0; j < round.size; j++) {
			struct list_proof proof = { .question = list_round_question(
							    &lists->items[i / LIST_PARTS], part, j) };

			proof.reading.says = proof.question.is_listed ? LIST_SAYS_YES : LIST_SAYS_NO;
			list_health_answer(health, i / LIST_PARTS, round.number, &proof, 1);
		}
	}
}

/* Begin the inquiry; its lists are well from the start. */
static void
begin(struct scene *scene, const char *config, const struct client_facts *client)
{
	scene_configure(scene, config);
	trust_lists(scene->health, &scene->config->lists);
	scene_start(scene, (struct inquiry_needs){ .table = checks_table(), .peers = &fake_peers }, client);
}

static void
connect_to(struct scene *scene, const char *config, const char *client)
{
	struct client_facts known = { .port = 25 };

	fake_dns_init(&scene->dns, rows, ROWS(rows));
	assert_true(ipaddr_parse(span_of(client), &known.address));
	begin(scene, config, &known);
}

static void
play(struct scene *scene, const char *config, const char *client, const char *helo, const char *sender)
{
	connect_to(scene, config, client);
	if (helo != NULL)
		inquiry_helo(scene->inquiry, helo);
	inquiry_mail(scene->inquiry, &(struct envelope_address){ sender, NULL }, NULL, NULL);
	scene_judge(scene);
}

/* A row of each of ten includes, with a record of nine thousand octets. */
static const struct fake_row *
large_rows(size_t *count)
{
	static char text[9100] = "v=spf1 x=", names[10][16];
	static struct fake_row large[15] = {
		{ "1.0.0.10.in-addr.arpa", DNS_PTR, DNS_NXDOMAIN, NULL },
		{ "large.test", DNS_MX, DNS_NOERROR, "10 mx.large.test" },
		{ "mx.large.test", DNS_A, DNS_NOERROR, "192.0.2.25" },
		{ "mx.large.test", DNS_AAAA, DNS_NODATA, NULL },
		{ "large.test", DNS_TXT, DNS_NOERROR,
		  "v=spf1 include:i0.test include:i1.test include:i2.test include:i3.test include:i4.test include:i5.test include:i6.test include:i7.test include:i8.test include:i9.test -all" },
	};

	*count = 5;
	memset(text + 9, 'a', 9000);
	for (size_t i = 0; i < 10; i++) {
		(void)snprintf(names[i], sizeof names[i], "i%zu.test", i);
		large[(*count)++] = (struct fake_row){ names[i], DNS_TXT, DNS_NOERROR, text };
	}
	return large;
}

/* P6: answers that a message may not hold are told as such; nothing is deferred or refused for it. */
static void
P6_inquiry_holds_no_more_than_it_may(void **state)
{
	const struct client_facts client = { .port = 25, .address = ipaddr_from_ipv4(0x0a000001) };
	struct scene scene;
	const struct fake_row *large;
	size_t count;

	(void)state;
	large = large_rows(&count);
	fake_dns_init(&scene.dns, large, count);
	begin(&scene, "", &client);
	for (int message = 0; message < 3; message++) { /* each has all of it */
		inquiry_mail(scene.inquiry, &(struct envelope_address){ "<a@large.test>", NULL }, NULL, NULL);
		scene_judge(&scene);
		assert_int_equal(scene.facts->results[METHOD_SPF], RESULT_TEMPERROR);
		assert_int_equal(scene.facts->spf[SPF_MAILFROM].problem.status, DNS_TOO_LARGE);
		assert_int_equal(scene.facts->results[METHOD_SENDER], RESULT_PASS);
		inquiry_forget_mail(scene.inquiry);
		assert_null(scene.facts->sender.domain);
	}
	scene_leave(&scene);
}

/* `count` records, the number of each in the place of "%u" in `form`, with bars between them. */
static const char *
flood_records(char *memory, size_t size, unsigned count, const char *form)
{
	const char *number = strstr(form, "%u");
	struct strbuf text;

	strbuf_init(&text, memory, size);
	for (unsigned i = 0; i < count; i++)
		strbuf_printf(&text, "%s%.*s%u%s", i > 0 ? "|" : "", (int)(number - form), form, i,
			      number + 2);
	return memory;
}

#define LABEL "llllllllllllllllllllllllllllllllllllllllllllllllllllllllllll"

/* Name servers that answer everything with as much as they can. */
static const struct fake_row *
flood_rows(size_t *count)
{
	static char hosts[8000], addresses[8000], six[20000], exchangers[8000], listings[8000], record[9000];
	static struct fake_row flood[16];
	const struct fake_row made[] = {
		{ "*.arpa", DNS_PTR, DNS_NOERROR, hosts },
		{ "*.bl.test", DNS_A, DNS_NOERROR, listings },
		{ "*.bl.test", DNS_TXT, DNS_NOERROR, record },
		{ "*.flood.test", DNS_A, DNS_NOERROR, addresses },
		{ "*.flood.test", DNS_AAAA, DNS_NOERROR, six },
		{ "*.flood.test", DNS_MX, DNS_NOERROR, exchangers },
		{ "*.flood.test", DNS_TXT, DNS_NOERROR, record },
	};

	(void)flood_records(hosts, sizeof hosts, 30, "n%u." LABEL "." LABEL "." LABEL ".flood.test");
	(void)flood_records(exchangers, sizeof exchangers, 30,
			    "10 m%u." LABEL "." LABEL "." LABEL ".flood.test");
	(void)flood_records(addresses, sizeof addresses, 250, "192.0.2.%u");
	(void)flood_records(six, sizeof six, 500, "2001:db8::%u");
	(void)flood_records(listings, sizeof listings, 250, "127.0.0.%u");
	memset(record, 'x', sizeof record - 1);
	memcpy(record,
	       "v=spf1 mx:%{i}.a.flood.test include:%{l}.b.flood.test a:%{h}.flood.test exp=c.flood.test x=",
	       89);
	*count = ROWS(made);
	memcpy(flood, made, sizeof made);
	return flood;
}

static size_t
heap_octets(void)
{
	return mallinfo2().uordblks;
}

/* Not with the memory of a sanitizer. */
static bool
heap_is_counted(void)
{
	const size_t before = heap_octets();
	void *volatile memory = malloc(4096);
	const bool has_grown = heap_octets() > before;

	free(memory);
	return has_grown;
}

/* A session of three messages, from its first to its last octet. Returns how many octets it held at most. */
static size_t
flood_session(struct scene *scene, const struct inquiry_needs *needs, const struct client_facts *client)
{
	static const struct envelope_address sender = {
		"<a%b.flood.test@c.flood.test!d.flood.test!e@f.flood.test>", NULL
	};
	const size_t before = heap_octets();
	size_t held, most = 0;

	scene->inquiry = inquiry_new(needs, client);
	(void)fake_dns_deliver(&scene->dns);
	inquiry_helo(scene->inquiry, "h.flood.test");
	(void)fake_dns_deliver(&scene->dns);
	for (int message = 0; message < 3; message++) {
		inquiry_mail(scene->inquiry, &sender, NULL, NULL);
		scene_judge(scene);
		held = heap_octets() - before;
		most = held > most ? held : most;
	}
	inquiry_close(scene->inquiry);
	(void)fake_dns_deliver(&scene->dns);
	return most;
}

/* P6: whatever name servers answer, all checks of all readings together hold less than 256 kB, and give it
 * back. */
static void
P6_session_stays_below_256_kB_whatever_is_answered(void **state)
{
	enum { REST = 16384 }; /* of 256 kB, beside answers and the work of SPF */
	const struct client_facts client = { .port = 25, .address = ipaddr_from_ipv4(0x0a000001) };
	struct scene scene;
	struct inquiry_needs needs = { .table = checks_table(), .resolver = &scene.dns.interface };
	size_t count, before, held;
	const struct fake_row *rows_of_flood = flood_rows(&count);

	(void)state;
	if (!heap_is_counted())
		skip();
	fake_dns_init(&scene.dns, rows_of_flood, count);
	needs.config = scene.config = config_from_text(
		"dnsbl \"a.bl.test\" dnsbl \"b.bl.test\" dnswl \"c.bl.test\" domain-dnsbl \"d.bl.test\" domain-dnsbl \"e.bl.test\" spf explanation yes",
		NULL);
	needs.health = scene.health = list_health_new(scene.config, NULL, NULL);
	trust_lists(scene.health, &scene.config->lists);
	flood_session(&scene, &needs, &client); /* what is made once, such as the buffers of a locale */
	before = heap_octets();
	held = flood_session(&scene, &needs, &client);
	assert_in_range(held, 65536, BOUND_SESSION_OCTETS + BOUND_SPF_WORK_OCTETS + REST);
	assert_in_range(heap_octets(), before, before + 1024); /* what the lists' health has counted */
	list_health_unref(scene.health);
	config_unref(scene.config);
}

#define FLOOD (BOUND_QUESTIONS_A_STAGE + 44)

static enum dns_status flood_statuses[FLOOD];
static size_t flood_allowance; /* octets; 0: what a check may hold that asks for no more */

/* A check that asks for more names than any may. */
static bool
run_flood(struct inquiry *inquiry)
{
	bool is_done = true;

	if (flood_allowance > 0)
		inquiry_allow(inquiry, (uint32_t)flood_allowance);
	for (size_t i = 0; i < FLOOD; i++) {
		const struct dns_answer *answer;
		char name[32];

		(void)snprintf(name, sizeof name, "n%zu.test", i);
		answer = inquiry_ask(inquiry, STAGE_CONNECT, name, DNS_A);
		is_done = is_done && answer != NULL;
		flood_statuses[i] = answer != NULL ? answer->status : DNS_NOERROR;
	}
	return is_done;
}

/* The scene for that check alone, with one answer for all; what an inquiry of it needs. */
static struct inquiry_needs
begin_flood(struct scene *scene, const struct fake_row *row)
{
	static const struct check flood = { .stage = STAGE_CONNECT, .run = run_flood, .method = METHOD_SPF };
	static const struct check *const table[] = { &flood };

	flood_allowance = UINT32_MAX;
	fake_dns_init(&scene->dns, row, 1);
	scene->config = config_from_text("", NULL);
	scene->health = list_health_new(scene->config, NULL, NULL);
	return (struct inquiry_needs){ .table = { table, 1 },
				       .resolver = &scene->dns.interface,
				       .config = scene->config,
				       .health = scene->health };
}

static const struct fake_row no_such_names = { "*.test", DNS_A, DNS_NXDOMAIN, NULL };

/* BOUND_QUESTIONS_A_STAGE: of a flood of questions the first are asked. */
static void
inquiry_asks_a_bounded_number_of_questions(void **state)
{
	const struct client_facts client = { .port = 25, .address = ipaddr_from_ipv4(0x0a000001) };
	struct scene scene;
	const struct inquiry_needs needs = begin_flood(&scene, &no_such_names);

	(void)state;
	scene.inquiry = inquiry_new(&needs, &client);
	(void)fake_dns_deliver(&scene.dns);
	assert_int_equal(scene.dns.asked, BOUND_QUESTIONS_A_STAGE);
	for (size_t i = 0; i < FLOOD; i++)
		assert_int_equal(flood_statuses[i],
				 i < BOUND_QUESTIONS_A_STAGE ? DNS_NXDOMAIN : DNS_TOO_MANY_OF_MESSAGE);
	scene_leave(&scene);
}

/* P6: and each by itself has an end, further away for those that need it. */
static void
P6_check_holds_no_more_than_it_may(void **state)
{
	static const struct {
		size_t allowance, bound;
	} cases[] = { { 0, BOUND_ANSWER_OCTETS }, { BOUND_ANSWER_OCTETS_MUCH, BOUND_ANSWER_OCTETS_MUCH } };
	static char addresses[1000];
	const struct fake_row row = { "*.test", DNS_A, DNS_NOERROR,
				      flood_records(addresses, sizeof addresses, 20, "192.0.2.%u") };
	const struct client_facts client = { .port = 25, .address = ipaddr_from_ipv4(0x0a000001) };
	struct dns_answer *answer = fake_dns_answer(&row);
	const size_t octets = answer->octets;
	size_t before = 0;

	(void)state;
	dns_answer_free(answer);
	for (size_t i = 0; i < ROWS(cases); i++) {
		struct scene scene;
		const struct inquiry_needs needs = begin_flood(&scene, &row);
		size_t kept = 0;

		flood_allowance = cases[i].allowance;
		scene.inquiry = inquiry_new(&needs, &client);
		(void)fake_dns_deliver(&scene.dns);
		for (size_t j = 0; j < FLOOD; j++)
			kept += flood_statuses[j] == DNS_NOERROR ? 1 : 0;
		assert_in_range(kept * octets, before + 1,
				cases[i].bound); /* of which questions have a part, too */
		before = kept * octets;
		scene_leave(&scene);
	}
}

/* P6: what all checks hold together has one end, whatever each may hold. */
static void
P6_inquiry_keeps_to_one_bound(void **state)
{
	static char addresses[8000];
	const struct fake_row row = { "*.test", DNS_A, DNS_NOERROR,
				      flood_records(addresses, sizeof addresses, 250, "192.0.2.%u") };
	const struct client_facts client = { .port = 25, .address = ipaddr_from_ipv4(0x0a000001) };
	struct dns_answer *answer = fake_dns_answer(&row);
	const size_t octets = answer->octets;
	struct scene scene;
	const struct inquiry_needs needs = begin_flood(&scene, &row);
	size_t kept = 0;

	(void)state;
	dns_answer_free(answer);
	scene.inquiry = inquiry_new(&needs, &client);
	(void)fake_dns_deliver(&scene.dns);
	for (size_t i = 0; i < FLOOD; i++)
		kept += flood_statuses[i] == DNS_NOERROR ? 1 : 0;
	assert_in_range(kept * octets, BOUND_SESSION_OCTETS / 2, BOUND_SESSION_OCTETS);
	scene_leave(&scene);
}

/* R8601.6: no "none"; a missing name is permerror, a mismatch fail, SERVFAIL temperror. */
static void
R8601_6_check_iprev_follows_names_back(void **state)
{
	static const struct {
		const char *client;
		enum result expected;
		const char *verified;
	} table[] = {
		{ "198.51.100.54", RESULT_PASS, "out.yodel.example" },
		{ "::ffff:198.51.100.54", RESULT_PASS, "out.yodel.example" },
		{ "2001:db8::54", RESULT_PASS, "six.example" },
		{ "198.51.100.7", RESULT_PERMERROR, NULL },
		{ "198.51.100.8", RESULT_TEMPERROR, NULL },
		{ "198.51.100.9", RESULT_FAIL, NULL },
		{ "198.51.100.10", RESULT_TEMPERROR, NULL }, /* one name lies, the other is not known */
		{ "198.51.100.11", RESULT_FAIL, NULL },      /* C25 */
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		struct scene scene;

		print_message("    %s\n", table[i].client);
		play(&scene, "", table[i].client, NULL, "<>");
		assert_int_equal(scene.facts->results[METHOD_IPREV], table[i].expected);
		if (table[i].verified == NULL)
			assert_null(scene.facts->iprev.verified);
		else
			assert_string_equal(scene.facts->iprev.verified, table[i].verified);
		scene_leave(&scene);
	}
}

/* F09, R8601.8: at most ten names are followed, the same ones whatever their order. */
static void
F09_check_iprev_bounds_its_work(void **state)
{
	static char names[4000];
	struct fake_row many[] = { { "1.100.51.198.in-addr.arpa", DNS_PTR, DNS_NOERROR, names } };
	struct scene scene;
	const struct client_facts client = { .address = ipaddr_from_ipv4(0xc6336401) };

	(void)state;
	names[0] = '\0';
	for (int i = 39; i >= 0; i--)
		(void)snprintf(names + strlen(names), 64, "%sn%02d.example", names[0] ? "|" : "", i);
	fake_dns_init(&scene.dns, many, ROWS(many));
	begin(&scene, "", &client);
	assert_int_equal(fake_dns_deliver_name(&scene.dns, "1.100.51.198.in-addr.arpa"), 1);
	assert_int_equal(scene.dns.asked, 1 + IPREV_NAMES_MAX);
	inquiry_mail(scene.inquiry, &(struct envelope_address){ "<>", NULL }, NULL, NULL);
	scene.facts = inquiry_wait(scene.inquiry, 0);
	assert_int_equal(scene.facts->results[METHOD_IPREV], RESULT_TEMPERROR);
	assert_int_equal(scene.facts->iprev.total, 40);
	assert_string_equal(scene.facts->iprev.names[0].name, "n00.example");
	inquiry_close(scene.inquiry);
	/* Late answers find nobody: F03. */
	scene.dns.rows = (const struct fake_row[]){
		{ "n00.example", DNS_A, DNS_NXDOMAIN, NULL }, { "n01.example", DNS_A, DNS_NXDOMAIN, NULL },
		{ "n02.example", DNS_A, DNS_NXDOMAIN, NULL }, { "n03.example", DNS_A, DNS_NXDOMAIN, NULL },
		{ "n04.example", DNS_A, DNS_NXDOMAIN, NULL }, { "n05.example", DNS_A, DNS_NXDOMAIN, NULL },
		{ "n06.example", DNS_A, DNS_NXDOMAIN, NULL }, { "n07.example", DNS_A, DNS_NXDOMAIN, NULL },
		{ "n08.example", DNS_A, DNS_NXDOMAIN, NULL }, { "n09.example", DNS_A, DNS_NXDOMAIN, NULL },
	};
	scene.dns.row_count = 10;
	assert_int_equal(fake_dns_deliver(&scene.dns), 10);
	list_health_unref(scene.health);
	config_unref(scene.config);
}

static void
check_helo_compares_with_client_and_reverse_dns(void **state)
{
	static const struct {
		const char *client, *helo;
		enum result expected;
		enum helo_agreement agreement;
	} table[] = {
		{ "198.51.100.54", "out.yodel.example", RESULT_PASS, HELO_EQUAL },
		{ "198.51.100.54", "Out.Yodel.Example.", RESULT_PASS, HELO_EQUAL },
		{ "198.51.100.54", "elsewhere.test", RESULT_PASS, HELO_UNRELATED },
		{ "198.51.100.54", "www.yodel.example", RESULT_FAIL, HELO_SAME_ORGANIZATION },
		{ "198.51.100.54", "wrong.test", RESULT_FAIL, HELO_UNRELATED },
		{ "198.51.100.54", "down.test", RESULT_TEMPERROR, HELO_UNRELATED },
		{ "198.51.100.8", "wrong.test", RESULT_TEMPERROR, HELO_UNRELATED },
		{ "198.51.100.54", "[198.51.100.54]", RESULT_PASS, HELO_UNRELATED },
		{ "198.51.100.54", "[198.51.100.55]", RESULT_FAIL, HELO_UNRELATED },
		{ "198.51.100.54", "localhost", RESULT_PERMERROR, HELO_UNRELATED },
		{ "198.51.100.54", "198.51.100.54", RESULT_PERMERROR, HELO_UNRELATED },
		{ "198.51.100.54", NULL, RESULT_NONE, HELO_UNRELATED },
		{ "2001:db8::54", "[IPv6:2001:db8::54]", RESULT_PASS, HELO_UNRELATED },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		struct scene scene;

		print_message("    %s\n", table[i].helo != NULL ? table[i].helo : "no HELO");
		play(&scene, "", table[i].client, table[i].helo, "<>");
		assert_int_equal(scene.facts->results[METHOD_HELO], table[i].expected);
		assert_int_equal(scene.facts->helo.agreement, table[i].agreement);
		scene_leave(&scene);
	}
}

static void
check_sender_asks_whether_a_bounce_arrives(void **state)
{
	static const struct {
		const char *sender;
		enum result expected;
	} table[] = {
		{ "<joe@yodel.example>", RESULT_PASS },    { "<joe@aonly.test>", RESULT_PASS },
		{ "<joe@nullmx.test>", RESULT_FAIL },      { "<root@localhost>", RESULT_FAIL },
		{ "<joe@gone.test>", RESULT_FAIL },        { "<joe@deaf.test>", RESULT_FAIL },
		{ "<joe@downmx.test>", RESULT_TEMPERROR }, { "<>", RESULT_NONE },
		{ "<postmaster>", RESULT_NONE },           { "<joe@[198.51.100.54]>", RESULT_NONE },
		{ "<joe@b..test>", RESULT_PERMERROR },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		struct scene scene;

		print_message("    %s\n", table[i].sender);
		play(&scene, "", "198.51.100.54", NULL, table[i].sender);
		assert_int_equal(scene.facts->results[METHOD_SENDER], table[i].expected);
		assert_int_not_equal(scene.facts->sender.finding, SENDER_UNCHECKED);
		scene_leave(&scene);
	}
}

/* What the sender's domain is found to be where the DNS has only `rows`. Returns how many questions it took.
 */
static size_t
find_sender(const struct fake_row *world, size_t count, const char *config, enum sender_finding expected)
{
	struct scene scene;
	size_t asked;

	connect_to(&scene, config, "198.51.100.54");
	scene.dns.rows = world;
	scene.dns.row_count = count;
	inquiry_mail(scene.inquiry, &(struct envelope_address){ "<joe@d.test>", NULL }, NULL, NULL);
	scene_judge(&scene);
	assert_string_equal(sender_words(scene.facts->sender.finding)->word, sender_words(expected)->word);
	assert_int_equal(scene.facts->results[METHOD_SENDER], sender_words(expected)->result);
	/* What a refusal has to name: the host of the MX record, the address that nobody reaches. */
	assert_int_equal(scene.facts->sender.host != NULL,
			 expected >= SENDER_MX_NO_HOST && expected <= SENDER_MX_PRIVATE);
	assert_int_equal(scene.facts->sender.address.length > 0,
			 expected == SENDER_MX_PRIVATE || expected == SENDER_ADDRESS_PRIVATE);
	asked = scene.dns.asked;
	scene_leave(&scene);
	return asked;
}

#define ONLY_SENDER "disable { iprev, helo, spf, spf-helo }"

/* B16, stalwart#1377, Haraka#2809: where no bounce can go, whatever the records look like. */
static void
B16_check_sender_wants_a_host_that_others_can_reach(void **state)
{
	static const struct {
		const char *mx, *host_a, *host_aaaa, *own_a;
		enum dns_status host_status;
		enum sender_finding expected;
	} table[] = {
		{ "10 h.test", "192.0.2.1", NULL, NULL, DNS_NODATA, SENDER_MX },
		{ "10 h.test", NULL, "2001:db8::1", NULL, DNS_NODATA, SENDER_MX },
		{ "10 h.test", "127.0.0.1", "2001:db8::1", NULL, DNS_NODATA, SENDER_MX },
		{ "10 h.test", "10.0.0.1|192.0.2.1", NULL, NULL, DNS_NODATA, SENDER_MX },
		{ "10 h.test", "192.0.2.1", NULL, NULL, DNS_SERVFAIL, SENDER_MX },
		{ "10 h.test", "0.0.0.0", NULL, NULL, DNS_NODATA, SENDER_MX_PRIVATE },
		{ "10 h.test", "127.0.0.1", "::1", NULL, DNS_NODATA, SENDER_MX_PRIVATE },
		{ "10 h.test", "10.1.2.3|192.168.1.1", "fe80::1", NULL, DNS_NODATA, SENDER_MX_PRIVATE },
		{ "10 h.test", "224.0.0.1|255.255.255.255", "::|ff02::1", NULL, DNS_NODATA,
		  SENDER_MX_PRIVATE },
		{ "10 h.test", NULL, "::ffff:127.0.0.1", NULL, DNS_NODATA, SENDER_MX_PRIVATE },
		{ "10 h.test", NULL, "64:ff9b::7f00:1|2002:a00:1::1", NULL, DNS_NODATA, SENDER_MX_PRIVATE },
		{ "10 h.test", NULL, "64:ff9b::808:808", NULL, DNS_NODATA, SENDER_MX },
		{ "10 h.test", NULL, NULL, NULL, DNS_NODATA, SENDER_MX_NO_ADDRESS },
		{ "10 h.test", NULL, NULL, NULL, DNS_NXDOMAIN, SENDER_MX_NO_ADDRESS },
		{ "10 h.test", NULL, NULL, NULL, DNS_SERVFAIL, SENDER_UNKNOWN },
		{ "10 h.test", "127.0.0.1", NULL, NULL, DNS_TIMEOUT, SENDER_UNKNOWN },
		{ "10 localhost", NULL, NULL, NULL, DNS_NODATA, SENDER_MX_NO_HOST },
		{ "10 mx.localhost", NULL, NULL, NULL, DNS_NODATA, SENDER_MX_NO_HOST },
		{ "10 192.0.2.1", NULL, NULL, NULL, DNS_NODATA, SENDER_MX_NO_HOST },
		{ "10 localhost|20 h.test", "192.0.2.1", NULL, NULL, DNS_NODATA, SENDER_MX },
		{ "10 localhost|20 h.test", NULL, NULL, NULL, DNS_SERVFAIL, SENDER_UNKNOWN },
		{ "1 localhost|2 a.localhost|3 b.localhost|4 c.localhost|5 h.test", "192.0.2.1", NULL, NULL,
		  DNS_NODATA, SENDER_MX },
		{ "1 localhost|2 a.localhost|3 b.localhost|4 c.localhost|5 h.test", "10.0.0.1", NULL, NULL,
		  DNS_NODATA, SENDER_MX_PRIVATE },
		{ NULL, NULL, NULL, "127.0.0.1", DNS_NODATA, SENDER_ADDRESS_PRIVATE },
		{ NULL, NULL, NULL, "0.0.0.0", DNS_NODATA, SENDER_ADDRESS_PRIVATE },
		{ NULL, NULL, NULL, NULL, DNS_NODATA, SENDER_NO_MX },
		{ NULL, NULL, NULL, "192.0.2.1", DNS_NODATA, SENDER_ADDRESS },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		const enum dns_status status = table[i].host_status;
		const struct fake_row world[] = {
			{ "d.test", DNS_MX, table[i].mx != NULL ? DNS_NOERROR : DNS_NODATA, table[i].mx },
			{ "d.test", DNS_A, table[i].own_a != NULL ? DNS_NOERROR : DNS_NODATA,
			  table[i].own_a },
			{ "d.test", DNS_AAAA, DNS_NODATA, NULL },
			{ "h.test", DNS_A, table[i].host_a != NULL ? DNS_NOERROR : status, table[i].host_a },
			{ "h.test", DNS_AAAA, table[i].host_aaaa != NULL ? DNS_NOERROR : status,
			  table[i].host_aaaa },
		};

		print_message("    %s, %s, %s\n", table[i].mx != NULL ? table[i].mx : "no MX",
			      table[i].mx != NULL ? table[i].host_a : table[i].own_a, table[i].host_aaaa);
		(void)find_sender(world, ROWS(world), ONLY_SENDER, table[i].expected);
	}
}

/* B16: a private network that is ours is near; what is this host everywhere, is not. */
static void
B16_check_sender_counts_private_addresses_of_trusted_networks(void **state)
{
	static const struct {
		const char *address;
		enum sender_finding expected;
	} table[] = {
		{ "10.1.2.3", SENDER_ADDRESS },
		{ "10.2.0.1", SENDER_ADDRESS_PRIVATE },
		{ "127.0.0.1", SENDER_ADDRESS_PRIVATE },
		{ "169.254.0.1", SENDER_ADDRESS_PRIVATE },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		const struct fake_row world[] = {
			{ "d.test", DNS_MX, DNS_NODATA, NULL },
			{ "d.test", DNS_A, DNS_NOERROR, table[i].address },
			{ "d.test", DNS_AAAA, DNS_NODATA, NULL },
		};

		print_message("    %s\n", table[i].address);
		(void)find_sender(world, ROWS(world),
				  ONLY_SENDER
				  " trust { networks { 10.1.0.0/16, 127.0.0.0/8, 169.254.0.0/16 } }",
				  table[i].expected);
	}
}

/* B16: of many hosts the best count, all at once. */
static void
B16_check_sender_looks_at_so_many_hosts(void **state)
{
	static const char mx[] = "1 a.test|2 b.test|3 c.test|4 d4.test|5 e.test|6 localhost";
	static const struct fake_row bad[] = {
		{ "d.test", DNS_MX, DNS_NOERROR, mx },        { "a.test", DNS_A, DNS_NOERROR, "127.0.0.1" },
		{ "b.test", DNS_A, DNS_NODATA, NULL },        { "c.test", DNS_A, DNS_NOERROR, "10.0.0.1" },
		{ "d4.test", DNS_A, DNS_NOERROR, "0.0.0.0" }, { "a.test", DNS_AAAA, DNS_NODATA, NULL },
		{ "b.test", DNS_AAAA, DNS_NODATA, NULL },     { "c.test", DNS_AAAA, DNS_NODATA, NULL },
		{ "d4.test", DNS_AAAA, DNS_NODATA, NULL },
	};
	struct fake_row good[ROWS(bad)];

	(void)state;
	memcpy(good, bad, sizeof good);
	good[4].records = "192.0.2.1";
	assert_int_equal(find_sender(bad, ROWS(bad), ONLY_SENDER, SENDER_MX_PRIVATE),
			 1 + 2 * BOUND_SENDER_HOSTS);
	assert_int_equal(find_sender(good, ROWS(good), ONLY_SENDER, SENDER_MX), 1 + 2 * BOUND_SENDER_HOSTS);
}

/* C03, E04: two identities, two results; nothing is asked for what is not a domain. */
static void
C03_check_spf_keeps_identities_apart(void **state)
{
	static const struct {
		const char *helo, *sender;
		enum result mailfrom, helo_result;
	} table[] = {
		{ "out.yodel.example", "<joe@yodel.example>", RESULT_PASS, RESULT_PASS },
		{ "out.yodel.example", "<joe@gone.test>", RESULT_NONE, RESULT_PASS },
		{ "out.yodel.example", "<>", RESULT_UNCHECKED, RESULT_PASS },
		{ "[198.51.100.54]", "<>", RESULT_UNCHECKED, RESULT_NONE },
		{ "localhost", "<>", RESULT_UNCHECKED, RESULT_NONE },
		{ NULL, "<>", RESULT_UNCHECKED, RESULT_NONE },
		{ NULL, "<joe@b..test>", RESULT_NONE, RESULT_NONE },
		{ NULL, "<joe@downmx.test>", RESULT_TEMPERROR, RESULT_NONE },
	};

	(void)state;
	for (int engine = 0; engine < 2; engine++) {
		for (size_t i = 0; i < ROWS(table); i++) {
			struct scene scene;

			play(&scene, engine == 0 ? "" : "spf engine " OTHER_SPF_WORD, "198.51.100.54",
			     table[i].helo, table[i].sender);
			assert_int_equal(scene.facts->results[METHOD_SPF], table[i].mailfrom);
			assert_int_equal(scene.facts->results[METHOD_SPF_HELO], table[i].helo_result);
			scene_leave(&scene);
		}
	}
}

/* F20 to F25: only what the entry counts is a listing; errors and strangers are faults. */
static void
F20_F25_check_lists_believes_only_what_counts(void **state)
{
	static const struct {
		const char *client;
		enum result expected;
		enum list_state state;
		size_t answers;
	} table[] = {
		{ "198.51.100.54", RESULT_NONE, LIST_NOT_LISTED, 0 },
		{ "198.51.100.7", RESULT_FAIL, LIST_LISTED, 2 },
		{ "198.51.100.8", RESULT_TEMPERROR, LIST_FAULT, 1 },
		{ "198.51.100.9", RESULT_TEMPERROR, LIST_FAULT, 1 },
		{ "198.51.100.10", RESULT_TEMPERROR, LIST_FAULT, 0 },
		{ "198.51.100.11", RESULT_NONE, LIST_NOT_LISTED, 0 },
		{ "198.51.100.12", RESULT_TEMPERROR, LIST_FAULT, 1 },
		{ "2001:db8::54", RESULT_FAIL, LIST_LISTED, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		struct scene scene;
		const struct list_finding *finding;

		print_message("    %s\n", table[i].client);
		play(&scene, LISTS, table[i].client, NULL, "<>");
		assert_int_equal(scene.facts->results[METHOD_DNSBL], table[i].expected);
		assert_int_equal(scene.facts->results[METHOD_DNSWL], RESULT_UNCHECKED);
		assert_int_equal(scene.facts->lists[LIST_CLIENT].count, 1);
		finding = &scene.facts->lists[LIST_CLIENT].findings[0];
		assert_int_equal(finding->state, table[i].state);
		assert_int_equal(finding->count, table[i].answers);
		if (finding->state == LIST_LISTED)
			assert_string_equal(finding->meaning, "bad");
		scene_leave(&scene);
	}
}

/* F26: the key shows nowhere, not even in the list's own text. Private addresses are not asked. */
static void
F26_check_lists_masks_keys_and_asks_for_each_subject(void **state)
{
	struct scene scene;
	const struct list_facts *lists;

	(void)state;
	play(&scene, "domain-dnsbl \"dbl.test\" weight 2 on { sender, ptr } test-entries none",
	     "198.51.100.54", "out.yodel.example", "<joe@yodel.example>");
	lists = scene.facts->lists;
	assert_int_equal(lists[LIST_CLIENT].count + lists[LIST_HELO].count, 0);
	assert_int_equal(lists[LIST_SENDER].findings[0].state, LIST_NOT_LISTED);
	assert_int_equal(lists[LIST_PTR].findings[0].state, LIST_LISTED);
	assert_string_equal(lists[LIST_PTR].findings[0].asked, "out.yodel.example");
	assert_int_equal(facts_tally(scene.facts, false).score, 2);
	scene_leave(&scene);
	play(&scene, "dnsbl \"bl.test\" test-entries none", "198.51.100.7", NULL, "<>");
	scene_leave(&scene);
}

/* P8: a name of 253 octets below a listed domain is asked for, and never told as "not listed" when it is not.
 */
static void
P8_check_lists_asks_for_names_of_any_length(void **state)
{
	struct fake_row asked[] = { { "", DNS_A, DNS_NOERROR, "127.0.0.2" },
				    { "", DNS_TXT, DNS_NODATA, NULL } };
	char sender[300] = "<a@", long_name[DOMAIN_SIZE] = "", name[DOMAIN_SIZE + 10];
	const struct list_finding *finding;
	struct client_facts client = { .port = 25 };
	struct scene scene;

	(void)state;
	while (strlen(long_name) + 62 < 253 - strlen("listed.example"))
		strcat(long_name, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.");
	while (strlen(long_name) < 253 - strlen("listed.example") - 2)
		strcat(long_name, "b");
	strcat(long_name,
	       ".c.listed.example" + (strlen(long_name) + strlen(".c.listed.example") > 253 ? 2 : 0));
	strcat(strcat(sender, long_name), ">");
	(void)snprintf(name, sizeof name, "%s.dbl.test", strchr(long_name, '.') + 1);
	asked[0].name = asked[1].name = name;
	fake_dns_init(&scene.dns, asked, ROWS(asked));
	begin(&scene,
	      "disable { iprev, spf, spf-helo, helo, sender } domain-dnsbl \"dbl.test\" on { sender }",
	      &client);
	inquiry_mail(scene.inquiry, &(struct envelope_address){ sender, NULL }, NULL, NULL);
	scene_judge(&scene);
	assert_int_equal(scene.facts->lists[LIST_SENDER].count, 1);
	finding = &scene.facts->lists[LIST_SENDER].findings[0];
	assert_int_equal(finding->state, LIST_LISTED);
	assert_string_equal(finding->asked, strchr(long_name, '.') + 1);
	scene_leave(&scene);
}

static void
facts_tally_counts_a_list_and_an_operator_once(void **state)
{
	struct list_finding client[] = {
		{ .zone = "a.test", .group = "a.test", .operator= "A", .weight = 4, .state = LIST_LISTED },
		{ .zone = "b.test", .group = "b.test", .operator= "A", .weight = 2, .state = LIST_LISTED },
		{ .zone = "c.test", .group = "c.test", .operator= "C", .weight = 3, .state = LIST_FAULT },
		{ .zone = "w.test",
		  .group = "w.test",
		  .operator= "W",
		  .weight = 9,
		  .state = LIST_LISTED,
		  .is_allow = true },
	};
	struct list_finding sender[] = {
		{ .zone = "a.test", .group = "a.test", .operator= "A", .weight = 4, .state = LIST_LISTED },
	};
	struct facts facts = { .client = { .port = 0 } };
	struct list_tally tally;

	(void)state;
	facts.lists[LIST_CLIENT] = (struct list_facts){ client, ROWS(client) };
	facts.lists[LIST_SENDER] = (struct list_facts){ sender, ROWS(sender) };
	tally = facts_tally(&facts, false);
	assert_int_equal(tally.score, 6);
	assert_int_equal(tally.operators, 1);
	assert_int_equal(tally.unknown_score, 3);
	assert_int_equal(tally.unknown_operators, 1);
	assert_int_equal(tally.lists, 4);
	assert_int_equal(facts_tally(&facts, true).score, 9);
}

/* What is known at connect is asked at connect, and so on; the same question is asked once. */
static void
inquiry_asks_as_early_as_it_can_and_once(void **state)
{
	struct scene scene;
	size_t before;

	(void)state;
	connect_to(&scene, LISTS, "198.51.100.54");
	assert_int_equal(scene.dns.asked, 2); /* PTR and list */
	inquiry_helo(scene.inquiry, "out.yodel.example");
	assert_int_equal(scene.dns.asked, 4); /* address and SPF of the name */
	inquiry_mail(scene.inquiry, &(struct envelope_address){ "<joe@yodel.example>", NULL }, NULL, NULL);
	assert_int_equal(scene.dns.asked, 6); /* SPF and MX */
	scene_judge(&scene);
	before = scene.dns.asked;
	/* A second message asks only for its sender: M14. */
	inquiry_mail(scene.inquiry, &(struct envelope_address){ "<joe@yodel.example>", NULL }, NULL, NULL);
	scene_judge(&scene);
	assert_int_equal(scene.dns.asked, before + 4); /* and the addresses of the MX */
	assert_int_equal(scene.facts->results[METHOD_IPREV], RESULT_PASS);
	/* HELO again: the latest counts, M09. */
	inquiry_helo(scene.inquiry, "wrong.test");
	inquiry_mail(scene.inquiry, &(struct envelope_address){ "<>", NULL }, NULL, NULL);
	scene_judge(&scene);
	assert_int_equal(scene.facts->results[METHOD_HELO], RESULT_FAIL);
	/* HELO taken back: M10. */
	inquiry_helo(scene.inquiry, NULL);
	inquiry_mail(scene.inquiry, &(struct envelope_address){ "<>", NULL }, NULL, NULL);
	scene_judge(&scene);
	assert_int_equal(scene.facts->results[METHOD_HELO], RESULT_NONE);
	assert_null(scene.facts->helo.given);
	scene_leave(&scene);
}

/* F02, F03: the deadline makes temperrors, late answers are dropped, the next message asks anew. */
static void
F03_inquiry_ends_at_its_deadline_and_recovers(void **state)
{
	struct scene scene;

	(void)state;
	connect_to(&scene, LISTS, "198.51.100.54");
	inquiry_helo(scene.inquiry, "out.yodel.example");
	inquiry_mail(scene.inquiry, &(struct envelope_address){ "<joe@yodel.example>", NULL }, NULL, NULL);
	scene.facts = inquiry_wait(scene.inquiry, 10);
	assert_non_null(scene.facts);
	assert_int_equal(scene.facts->results[METHOD_IPREV], RESULT_TEMPERROR);
	assert_int_equal(scene.facts->results[METHOD_HELO], RESULT_TEMPERROR);
	assert_int_equal(scene.facts->results[METHOD_SPF], RESULT_TEMPERROR);
	assert_int_equal(scene.facts->results[METHOD_SENDER], RESULT_TEMPERROR);
	assert_int_equal(scene.facts->results[METHOD_DNSBL], RESULT_TEMPERROR);
	(void)fake_dns_deliver(&scene.dns); /* too late for this message */
	assert_int_equal(scene.facts->results[METHOD_IPREV], RESULT_TEMPERROR);
	inquiry_mail(scene.inquiry, &(struct envelope_address){ "<joe@yodel.example>", NULL }, NULL, NULL);
	scene_judge(&scene);
	assert_int_equal(scene.facts->results[METHOD_IPREV], RESULT_PASS);
	assert_int_equal(scene.facts->results[METHOD_HELO], RESULT_PASS);
	assert_int_equal(scene.facts->results[METHOD_SPF], RESULT_PASS);
	/* F30: gone while questions are in flight. */
	inquiry_mail(scene.inquiry, &(struct envelope_address){ "<joe@gone.test>", NULL }, NULL, NULL);
	scene_leave(&scene);
}

/*
 * P1: a deadline ends with its message. Whatever the client says next, nothing is cut short by it, and what
 * nobody was asked is not told as a timeout.
 */
static void
P1_inquiry_deadline_ends_with_its_message(void **state)
{
	struct scene scene;

	(void)state;
	connect_to(&scene, LISTS "domain-dnsbl \"dbl.test\" test-entries none", "198.51.100.54");
	inquiry_helo(scene.inquiry, "out.yodel.example");
	inquiry_mail(scene.inquiry, &(struct envelope_address){ "<joe@yodel.example>", NULL }, NULL, NULL);
	scene_wait(&scene);
	for (int times = 0; times < 10; times++) {
		inquiry_helo(scene.inquiry, "out.yodel.example");
		assert_false(inquiry_is_complete(scene.inquiry));
	}
	assert_int_equal(scene.facts->helo.fault, HELO_FAULT_NONE);
	assert_int_equal(scene.facts->lists[LIST_HELO].count, 0); /* awaited, not given up */
	(void)fake_dns_deliver(&scene.dns);
	assert_int_equal(scene.facts->lists[LIST_HELO].count, 1);
	assert_int_equal(scene.facts->lists[LIST_HELO].findings[0].state, LIST_LISTED);
	scene_leave(&scene);
}

/* P1: what is asked for only when the deadline has passed was not asked, and says so. */
static void
P1_inquiry_tells_what_was_not_asked_from_what_was_not_answered(void **state)
{
	struct scene scene;

	(void)state;
	connect_to(&scene, LISTS "domain-dnsbl \"dbl.test\" test-entries none", "198.51.100.54");
	(void)fake_dns_deliver_name(&scene.dns, "54.100.51.198.in-addr.arpa");
	inquiry_mail(scene.inquiry, &(struct envelope_address){ "<>", NULL }, NULL, NULL);
	scene_wait(&scene);
	assert_int_equal(scene.facts->iprev.names[0].status, DNS_TIMEOUT);
	assert_int_equal(scene.facts->lists[LIST_CLIENT].findings[0].fault, LIST_FAULT_LOOKUP);
	assert_int_equal(scene.facts->lists[LIST_CLIENT].findings[0].status, DNS_TIMEOUT);
	for (int status = DNS_SENDER_UNREAD; status < DNS_STATUSES; status++)
		assert_false(dns_status_was_asked((enum dns_status)status));
	assert_true(dns_status_is_fault(DNS_NO_TIME) && dns_status_is_fault(DNS_NO_MEMORY));
	scene_leave(&scene);
}

/* x-banner by the better of greeting and EHLO reply; the peer's name goes to the look-back. */
static void
check_banner_compares_with_reverse_dns_and_helo(void **state)
{
	static const struct {
		const char *client, *helo, *greeting, *ehlo;
		enum result expected;
	} cases[] = {
		{ "198.51.100.54", "out.yodel.example", "out.yodel.example ESMTP", "out.yodel.example",
		  RESULT_PASS },
		{ "198.51.100.54", NULL, "OUT.Yodel.Example. hello", "x", RESULT_PASS },
		{ "198.51.100.54", NULL, "*******", "out.yodel.example at your service", RESULT_PASS },
		{ "198.51.100.54", NULL, "mx.yodel.example", "mx.yodel.example", RESULT_NEUTRAL },
		{ "198.51.100.54", NULL, "mx.other.example", "mx.other.example", RESULT_FAIL },
		{ "198.51.100.54", "mx.other.example", "mx.other.example", "", RESULT_PASS },
		{ "198.51.100.54", NULL, "localhost", "localhost", RESULT_FAIL },
		{ "198.51.100.54", NULL, "", "", RESULT_FAIL },
		{ "198.51.100.54", NULL, "[198.51.100.54]", "", RESULT_FAIL },
		{ "198.51.100.7", NULL, "mx.other.example", "", RESULT_NEUTRAL },
		{ "198.51.100.7", NULL, "", "", RESULT_FAIL },
	};

	(void)state;
	is_peer_known = true;
	is_peer_left_out = false;
	for (size_t i = 0; i < ROWS(cases); i++) {
		struct scene scene;

		known_peer = (struct peer){ .outcome = PEER_ANSWERS, .code = 220 };
		(void)snprintf(known_peer.greeting, sizeof known_peer.greeting, "%s", cases[i].greeting);
		(void)snprintf(known_peer.ehlo, sizeof known_peer.ehlo, "%s", cases[i].ehlo);
		play(&scene, "look-back yes disable { helo, spf, spf-helo, sender }", cases[i].client,
		     cases[i].helo, "<>");
		if (scene.facts->results[METHOD_BANNER] != cases[i].expected)
			fail_msg("%s greeting \"%s\": %s", cases[i].client, cases[i].greeting,
				 result_word(scene.facts->results[METHOD_BANNER]));
		assert_string_equal(wanted_name,
				    strcmp(cases[i].client, "198.51.100.54") == 0 ? "out.yodel.example" : "");
		scene_leave(&scene);
	}
}

/* What nobody answered, or is not known yet, is never held against anybody. */
static void
F48_check_banner_and_tls_of_servers_that_do_not_answer(void **state)
{
	static const struct {
		enum peer_outcome outcome;
		bool is_known, is_left_out;
		enum result banner, tls;
	} cases[] = {
		{ PEER_REFUSED, true, false, RESULT_NONE, RESULT_NONE },
		{ PEER_UNREACHABLE, true, false, RESULT_NONE, RESULT_NONE },
		{ PEER_CONNECT_TIMEOUT, true, false, RESULT_NONE, RESULT_NONE },
		{ PEER_READ_TIMEOUT, true, false, RESULT_NONE, RESULT_NONE },
		{ PEER_CLOSED, true, false, RESULT_NONE, RESULT_NONE },
		{ PEER_TOO_MUCH, true, false, RESULT_NONE, RESULT_NONE },
		{ PEER_NOT_SMTP, true, false, RESULT_FAIL, RESULT_NONE },
		{ PEER_BUSY, true, false, RESULT_TEMPERROR, RESULT_TEMPERROR },
		{ PEER_ANSWERS, false, false, RESULT_TEMPERROR, RESULT_TEMPERROR },
		{ PEER_ANSWERS, true, true, RESULT_NONE, RESULT_NONE },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		struct scene scene;

		known_peer = (struct peer){ .outcome = cases[i].outcome };
		is_peer_known = cases[i].is_known;
		is_peer_left_out = cases[i].is_left_out;
		play(&scene, "look-back yes disable { spf, spf-helo, sender }", "198.51.100.54", NULL, "<>");
		assert_int_equal(scene.facts->results[METHOD_BANNER], cases[i].banner);
		assert_int_equal(scene.facts->results[METHOD_PEER_TLS], cases[i].tls);
		scene_leave(&scene);
	}
}

static void
check_tls_grades_what_the_server_offers(void **state)
{
	static const struct {
		struct peer peer;
		enum result expected;
	} cases[] = {
		{ { .starttls = STARTTLS_NOT_OFFERED }, RESULT_FAIL },
		{ { .starttls = STARTTLS_REFUSED }, RESULT_FAIL },
		{ { .starttls = STARTTLS_BROKEN }, RESULT_FAIL },
		{ { .starttls = STARTTLS_UNKNOWN }, RESULT_TEMPERROR },
		{ { .starttls = STARTTLS_WORKS, .tls_version = "TLSv1.3" }, RESULT_NEUTRAL },
		{ { .starttls = STARTTLS_WORKS, .tls_version = "TLSv1.3", .is_trusted = true },
		  RESULT_NEUTRAL },
		{ { .starttls = STARTTLS_WORKS,
		    .tls_version = "TLSv1.2",
		    .is_trusted = true,
		    .is_named = true },
		  RESULT_PASS },
		{ { .starttls = STARTTLS_WORKS,
		    .tls_version = "TLSv1",
		    .is_trusted = true,
		    .is_named = true },
		  RESULT_NEUTRAL },
		{ { .starttls = STARTTLS_WORKS, .tls_version = "TLSv1.3", .dane = DANE_MATCH }, RESULT_PASS },
		{ { .starttls = STARTTLS_WORKS,
		    .tls_version = "TLSv1.3",
		    .is_trusted = true,
		    .is_named = true,
		    .dane = DANE_MISMATCH },
		  RESULT_FAIL },
	};

	(void)state;
	is_peer_known = true;
	is_peer_left_out = false;
	for (size_t i = 0; i < ROWS(cases); i++) {
		struct scene scene;

		known_peer = cases[i].peer;
		play(&scene, "look-back yes disable { banner, spf, spf-helo, sender }", "198.51.100.54", NULL,
		     "<>");
		assert_int_equal(scene.facts->results[METHOD_PEER_TLS], cases[i].expected);
		assert_int_equal(scene.facts->results[METHOD_BANNER], RESULT_UNCHECKED);
		scene_leave(&scene);
	}
}

/* The number of questions to lists, or to others, that are taken for an address when nothing is ever
 * answered; and why no more. */
static size_t
take_questions(struct ipaddr client, bool is_of_list, size_t most, enum dns_status *why)
{
	size_t taken = 0;

	*why = DNS_NOERROR;
	while (taken < most && (*why = under_way_begin(&client, is_of_list)) == DNS_NOERROR)
		taken++;
	return taken;
}

static size_t
questions_taken(struct ipaddr client, size_t most)
{
	enum dns_status why;

	return take_questions(client, false, most, &why);
}

static void
give_back(struct ipaddr client, size_t count)
{
	while (count-- > 0)
		under_way_end(&client, false);
}

#define MANY (2 * BOUND_UNDER_WAY_OF_OTHERS)

/* What one who is alone may have of one half: at each reach no more than twice what it leaves. */
static size_t
share_of_one(void)
{
	size_t own = 0, left = BOUND_UNDER_WAY_OF_OTHERS / 2;

	while (own < BOUND_UNDER_WAY_SHARE
			     * (BOUND_UNDER_WAY_SHARE * (BOUND_UNDER_WAY_SHARE * left - own) - own)) {
		own++;
		left--;
	}
	return own;
}

/* Whether a flooder, a neighbour, one of the same provider and another share what there is, and are told
 * whose bound they meet. */
static bool
are_sharing(uint32_t flooder)
{
	const struct ipaddr all[] = { ipaddr_from_ipv4(flooder), ipaddr_from_ipv4(flooder + 1),
				      ipaddr_from_ipv4(flooder + 0x100),
				      ipaddr_from_ipv4(flooder + 0x10000) };
	static const enum dns_status expected[] = { DNS_TOO_MANY_OF_CLIENT, DNS_TOO_MANY_OF_NETWORK,
						    DNS_TOO_MANY_OF_PROVIDER, DNS_TOO_MANY_OF_ALL };
	size_t taken[ROWS(all)], sum = 0;
	bool are_told = true;

	for (size_t i = 0; i < ROWS(all); i++) {
		enum dns_status why;

		taken[i] = take_questions(all[i], false, MANY, &why);
		are_told = are_told && why == expected[i];
		sum += taken[i];
	}
	assert_int_equal(taken[0], share_of_one());
	for (size_t i = 0; i < ROWS(all); i++) {
		are_told = are_told && taken[i] >= BOUND_UNDER_WAY_FEW;
		give_back(all[i], taken[i]);
	}
	return are_told && sum < BOUND_UNDER_WAY_OF_OTHERS / 2;
}

/* Who has questions without end under way leaves some to his neighbours, and to others. Two addresses may
 * share a count, by a hash that differs from run to run, so nothing is said of a single try. Questions to
 * lists are counted apart. */
static void
questions_under_way_are_shared(void **state)
{
	const struct ipaddr flooder = ipaddr_from_ipv4(0xc6336401), nobody = { .length = 0 };
	const size_t share = questions_taken(flooder, MANY);
	unsigned tries = 0;
	enum dns_status why;
	size_t of_lists = take_questions(flooder, true, MANY, &why);

	(void)state;
	assert_int_equal(share, share_of_one());
	assert_in_range(of_lists, BOUND_UNDER_WAY_OF_LISTS / 4, BOUND_UNDER_WAY_OF_LISTS / 2);
	assert_int_equal(why, DNS_TOO_MANY_OF_CLIENT);
	while (of_lists-- > 0)
		under_way_end(&flooder, true);
	give_back(flooder, share);
	while (tries < 8 && !are_sharing(0xc6336401 + (tries << 20)))
		tries++;
	assert_true(tries < 8);
	assert_int_equal(questions_taken(nobody, MANY), MANY);
}

/* What an adversary holds, and how he goes on. */
struct adversary {
	uint32_t providers;
	bool is_of_ipv6; /* with a /32 for each provider, and all networks in it; else a /16, with a few */
	bool is_orderly; /* one provider after the other takes all it gets; else by chance */
	unsigned chance;
	struct ipaddr held[MANY];
	size_t count;
};

/* An address of one provider of his, in one of his networks there, and of one client there. */
static struct ipaddr
hostile_address(const struct adversary *adversary, uint32_t provider, unsigned network, unsigned client)
{
	struct ipaddr address = { .length = 16, .octets = { 0x20, 0x01, 0x0d, 0xb8 } };

	if (!adversary->is_of_ipv6)
		return ipaddr_from_ipv4(0x0a000001 + (provider << 16) + ((network & 3) << 8) + (client & 1));
	address.octets[3] = (unsigned char)(address.octets[3] + provider);
	address.octets[4] = (unsigned char)network;
	address.octets[5] = (unsigned char)(network >> 8);
	address.octets[7] = (unsigned char)client;
	return address;
}

static struct ipaddr
next_address(const struct adversary *adversary, unsigned step)
{
	const unsigned chance = adversary->chance;

	if (adversary->is_orderly)
		return hostile_address(adversary, step / 1000 % adversary->providers,
				       adversary->is_of_ipv6 ? step / 100 : 0, 0);
	return hostile_address(adversary, (chance >> 8) % adversary->providers, chance >> 16, chance >> 20);
}

static void
adversary_goes_on(struct adversary *adversary, unsigned step)
{
	struct ipaddr client;
	size_t at;

	adversary->chance = adversary->chance * 1103515245U + 12345U;
	at = adversary->count > 0 ? (adversary->chance >> 4) % adversary->count : 0;
	client = next_address(adversary, step);
	if (adversary->count > 0 && !adversary->is_orderly && (adversary->chance >> 24) % 16 == 0) {
		under_way_end(&adversary->held[at], false);
		adversary->held[at] = adversary->held[--adversary->count];
	} else if (under_way_begin(&client, false) == DNS_NOERROR) {
		assert_true(adversary->count < BOUND_UNDER_WAY_OF_OTHERS);
		adversary->held[adversary->count++] = client;
	}
}

/* How many of eight clients elsewhere, one after the other, get the few that they need; one or the other may
 * share a count with somebody. */
static unsigned
served_of_eight(void)
{
	unsigned served = 0;

	for (uint32_t i = 0; i < 8; i++) {
		const struct ipaddr client = ipaddr_from_ipv4(0xc0000201 + (i << 16));
		const size_t taken = questions_taken(client, BOUND_UNDER_WAY_FEW);

		served += taken == BOUND_UNDER_WAY_FEW ? 1 : 0;
		give_back(client, taken);
	}
	return served;
}

/* However an adversary of fewer providers than half of all has room for takes and gives back: who has few
 * gets them. A whole /32 is one provider, whatever its networks are. */
static void
P2_an_adversary_leaves_questions_to_others(void **state)
{
	static const struct {
		uint32_t providers;
		bool is_of_ipv6;
	} hosts[] = { { 1, false },  { 2, false },
		      { 3, false },  { 8, false },
		      { 20, false }, { BOUND_UNDER_WAY_OF_OTHERS / 2 / BOUND_UNDER_WAY_FEW - 1, false },
		      { 1, true },   { 8, true } };
	static struct adversary adversary;

	(void)state;
	for (size_t i = 0; i < 2 * ROWS(hosts); i++) {
		adversary = (struct adversary){ .providers = hosts[i / 2].providers,
						.is_of_ipv6 = hosts[i / 2].is_of_ipv6,
						.is_orderly = i % 2 != 0,
						.chance = 1 };
		for (unsigned step = 0; step < 60000; step++) {
			adversary_goes_on(&adversary, step);
			assert_true(step % 500 != 0 || served_of_eight() > 4);
		}
		print_message("    %u providers%s hold %zu\n", adversary.providers,
			      adversary.is_of_ipv6 ? " of IPv6" : "", adversary.count);
		while (adversary.count > 0)
			under_way_end(&adversary.held[--adversary.count], false);
	}
}

/* However much else is asked, lists are asked, and the other way round. */
static void
questions_under_way_leave_room_for_lists(void **state)
{
	enum { PROVIDERS = 200 };
	const struct ipaddr late = ipaddr_from_ipv4(0xcb007101); /* 203.0.113.1 */
	size_t taken[PROVIDERS];
	enum dns_status why;

	(void)state;
	for (int is_of_list = 0; is_of_list < 2; is_of_list++) {
		size_t lately;

		for (uint32_t i = 0; i < PROVIDERS; i++)
			taken[i] = take_questions(ipaddr_from_ipv4(0x0a000001 + (i << 16)), is_of_list != 0,
						  MANY, &why);
		lately = take_questions(late, is_of_list == 0, MANY, &why);
		assert_in_range(lately, BOUND_UNDER_WAY_OF_LISTS / 4, BOUND_UNDER_WAY_OF_OTHERS);
		while (lately-- > 0)
			under_way_end(&late, is_of_list == 0);
		for (uint32_t i = 0; i < PROVIDERS; i++) {
			const struct ipaddr client = ipaddr_from_ipv4(0x0a000001 + (i << 16));

			while (taken[i]-- > 0)
				under_way_end(&client, is_of_list != 0);
		}
	}
}

/* What a session has asked is under way until its answer comes, also when the session is gone. */
static void
questions_of_sessions_are_under_way_until_answered(void **state)
{
	enum { SESSIONS = 2 };
	const struct client_facts client = { .port = 25, .address = ipaddr_from_ipv4(0x0a000002) };
	struct scene scene;
	const struct inquiry_needs needs = begin_flood(&scene, &no_such_names);
	struct inquiry *inquiries[SESSIONS];
	size_t taken;

	(void)state;
	for (size_t i = 0; i < SESSIONS; i++)
		inquiries[i] = inquiry_new(&needs, &client);
	assert_int_equal(scene.dns.asked, SESSIONS * BOUND_QUESTIONS_A_STAGE);
	for (size_t i = 0; i < SESSIONS; i++)
		inquiry_close(inquiries[i]);
	taken = questions_taken(client.address, MANY);
	assert_int_equal(taken + SESSIONS * BOUND_QUESTIONS_A_STAGE, share_of_one());
	(void)fake_dns_deliver(&scene.dns);
	give_back(client.address, taken);
	assert_int_equal(questions_taken(client.address, MANY), share_of_one());
	give_back(client.address, share_of_one());
	scene.inquiry = inquiry_new(&needs, &client);
	(void)fake_dns_deliver(&scene.dns);
	scene_leave(&scene);
}

/*
 * What was not asked because this client has too much under way must not be to its advantage: a rule that
 * could refuse, but for that, defers. A list of the client's name is not asked when that name is not known.
 */
static void
P2_a_client_cannot_withhold_what_would_refuse_it(void **state)
{
	static const struct {
		const char *rule;
		bool is_withheld;
	} table[] = {
		{ "spf = fail", true },
		{ "spf-helo = fail", true },
		{ "iprev = fail", true },
		{ "helo = fail", true },
		{ "sender = fail", true },
		{ "not spf = pass", true },
		{ "client-name = \"*.pool.test\"", true },
		{ "listed in { \"dbl.test\" }", true },
		{ "dnsbl", true },
		{ "mail-from = \"*@other.example\"", false },
		{ "spf = fail and mail-from = \"*@other.example\"", false },
		{ "client in { 192.0.2.0/24 }", false },
	};
	const struct readings recipient = {
		.items = { { MAILBOX_ADDRESS, "a", "b.test", "a@b.test", false } },
		.count = 1,
	};
	const struct ipaddr client = ipaddr_from_ipv4(0xc6336436); /* 198.51.100.54 */

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		enum dns_status why, why_no_list;
		const size_t taken = take_questions(client, false, MANY, &why);
		size_t of_lists = take_questions(client, true, MANY, &why_no_list);
		struct verdict verdict;
		struct scene scene;
		char config[400];

		(void)snprintf(config, sizeof config,
			       "mode enforce domain-dnsbl \"dbl.test\" on { ptr } test-entries none\n"
			       "policy { reject when %s }",
			       table[i].rule);
		play(&scene, config, "198.51.100.54", "yodel.example", "<user@yodel.example>");
		verdict = policy_judge(scene.config, scene.facts, &recipient);
		print_message("    %s\n", table[i].rule);
		assert_int_equal(verdict.withheld,
				 table[i].is_withheld ? DNS_TOO_MANY_OF_CLIENT : DNS_NOERROR);
		assert_int_equal(verdict.action, table[i].is_withheld ? ACTION_DEFER : ACTION_ACCEPT);
		assert_int_equal(scene.dns.asked, 0);
		give_back(client, taken);
		while (of_lists-- > 0)
			under_way_end(&client, true);
		scene_leave(&scene);
	}
}

/* P0: of the readings that are not judged nothing is known: SPF, the sender's domain and lists of it are
 * withheld, whoever the client is; what does not rest on the sender is known as ever. */
static void
P0_checks_know_nothing_of_a_sender_that_is_not_read(void **state)
{
	static const struct fake_row nothing[] = {
		{ "*.test", DNS_A, DNS_NXDOMAIN, NULL },
		{ "*.test", DNS_MX, DNS_NXDOMAIN, NULL },
		{ "*.test", DNS_TXT, DNS_NXDOMAIN, NULL },
		{ "*.in-addr.arpa", DNS_PTR, DNS_NXDOMAIN, NULL },
	};
	const struct client_facts client = { .port = 25, .address = ipaddr_from_ipv4(0xc6336436) };
	struct scene scene;
	const struct facts *facts;

	(void)state;
	fake_dns_init(&scene.dns, nothing, ROWS(nothing));
	begin(&scene, "domain-dnsbl \"dbl.test\" on { sender } test-entries none", &client);
	inquiry_mail(scene.inquiry,
		     &(struct envelope_address){
			     "<a%b.test%c.test%d.test%e.test%f.test%g.test%h.test%i.test@j.test>", NULL },
		     NULL, NULL);
	scene_judge(&scene);
	for (facts = scene.facts; facts->other != NULL; facts = facts->other)
		assert_int_not_equal(facts->sender.mailbox.form, MAILBOX_UNREAD);
	assert_int_equal(facts->sender.mailbox.form, MAILBOX_UNREAD);
	assert_int_equal(facts->results[METHOD_IPREV], scene.facts->results[METHOD_IPREV]);
	assert_int_equal(facts->results[METHOD_SPF], RESULT_TEMPERROR);
	assert_int_equal(facts->results[METHOD_SENDER], RESULT_TEMPERROR);
	assert_int_equal(facts->results[METHOD_DNSBL], RESULT_TEMPERROR);
	assert_int_equal(facts->withheld[METHOD_SPF], DNS_SENDER_UNREAD);
	assert_int_equal(facts->withheld[METHOD_SENDER], DNS_SENDER_UNREAD);
	assert_int_equal(facts->withheld[METHOD_IPREV], DNS_NOERROR);
	assert_int_equal(list_finding_withheld(&facts->lists[LIST_SENDER].findings[0]), DNS_SENDER_UNREAD);
	scene_leave(&scene);
}

/* P0: what is learned of the client's server between two readings is told of none of them: a record has it
 * once, and a reply must not say more than it. */
static void
P0_checks_know_the_same_of_the_server_for_all_readings(void **state)
{
	struct scene scene;
	size_t count = 0;

	(void)state;
	known_peer = (struct peer){ .outcome = PEER_ANSWERS, .code = 220, .greeting = "mail.other.example" };
	is_peer_known = false;
	comes_in_between = true;
	play(&scene, "look-back yes disable { helo, spf, spf-helo, sender }", "198.51.100.54",
	     "yodel.example", "<ceo%yodel.example@gone.test>");
	for (const struct facts *facts = scene.facts; facts != NULL; facts = facts->other, count++) {
		assert_int_equal(facts->results[METHOD_BANNER], RESULT_TEMPERROR);
		assert_int_equal(facts->results[METHOD_PEER_TLS], RESULT_TEMPERROR);
		assert_null(facts->peer.peer);
	}
	assert_true(count > 1);
	comes_in_between = false;
	scene_leave(&scene);
}

/*
 * P0: what a client holds up with a slow name of its own, its reverse DNS or one reading of its sender, makes
 * nothing unknown of what else the sender may be: that was not looked up, and a rule defers for it.
 */
static void
P0_checks_withhold_readings_for_which_no_time_was_left(void **state)
{
	struct scene scene;

	(void)state;
	for (int has_answers = 0; has_answers < 2; has_answers++) {
		const struct facts *facts;

		connect_to(&scene, LISTS, "198.51.100.54");
		inquiry_mail(scene.inquiry,
			     &(struct envelope_address){ "<ceo%yodel.example@gone.test>", NULL }, NULL, NULL);
		if (has_answers) /* of all but names of the second reading */
			(void)fake_dns_deliver_name(&scene.dns, "54.100.51.198.in-addr.arpa");
		scene.facts = inquiry_wait(scene.inquiry, 0);
		assert_non_null(scene.facts);
		assert_int_equal(scene.facts->withheld[METHOD_SPF], DNS_NOERROR);
		facts = scene.facts->other;
		assert_non_null(facts);
		for (; facts != NULL; facts = facts->other) {
			assert_int_equal(facts->results[METHOD_SPF], RESULT_TEMPERROR);
			assert_int_equal(facts->withheld[METHOD_SPF], DNS_SENDER_UNREAD);
		}
		scene_leave(&scene);
	}
}

/* Each method has its check; what a check needs stands before it; and there is room for more. */
static void
checks_table_has_each_method_behind_what_it_needs(void **state)
{
	const struct check_table table = checks_table();
	unsigned methods = 0;

	(void)state;
	assert_true(table.count < INQUIRY_CHECKS_MAX);
	for (size_t i = 0; i < table.count; i++) {
		const struct check *check = table.checks[i];

		for (size_t j = 0; check->needs != NULL && check->needs[j] != NULL; j++) {
			size_t at = 0;

			while (at < i && table.checks[at] != check->needs[j])
				at++;
			assert_true(at < i);
			assert_true(check->needs[j]->stage <= check->stage);
		}
		assert_true(check->stage <= method_words(check->method)->stage);
		if (check->stage == method_words(check->method)->stage)
			methods |= 1U << check->method;
	}
	assert_int_equal(methods, (1U << METHODS) - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(P6_inquiry_holds_no_more_than_it_may),
		cmocka_unit_test(P6_session_stays_below_256_kB_whatever_is_answered),
		cmocka_unit_test(P6_check_holds_no_more_than_it_may),
		cmocka_unit_test(P6_inquiry_keeps_to_one_bound),
		cmocka_unit_test(inquiry_asks_a_bounded_number_of_questions),
		cmocka_unit_test(questions_under_way_are_shared),
		cmocka_unit_test(P2_an_adversary_leaves_questions_to_others),
		cmocka_unit_test(questions_under_way_leave_room_for_lists),
		cmocka_unit_test(questions_of_sessions_are_under_way_until_answered),
		cmocka_unit_test(P2_a_client_cannot_withhold_what_would_refuse_it),
		cmocka_unit_test(P0_checks_know_nothing_of_a_sender_that_is_not_read),
		cmocka_unit_test(P0_checks_know_the_same_of_the_server_for_all_readings),
		cmocka_unit_test(P0_checks_withhold_readings_for_which_no_time_was_left),
		cmocka_unit_test(R8601_6_check_iprev_follows_names_back),
		cmocka_unit_test(F09_check_iprev_bounds_its_work),
		cmocka_unit_test(check_helo_compares_with_client_and_reverse_dns),
		cmocka_unit_test(check_sender_asks_whether_a_bounce_arrives),
		cmocka_unit_test(B16_check_sender_wants_a_host_that_others_can_reach),
		cmocka_unit_test(B16_check_sender_counts_private_addresses_of_trusted_networks),
		cmocka_unit_test(B16_check_sender_looks_at_so_many_hosts),
		cmocka_unit_test(C03_check_spf_keeps_identities_apart),
		cmocka_unit_test(F20_F25_check_lists_believes_only_what_counts),
		cmocka_unit_test(F26_check_lists_masks_keys_and_asks_for_each_subject),
		cmocka_unit_test(P8_check_lists_asks_for_names_of_any_length),
		cmocka_unit_test(facts_tally_counts_a_list_and_an_operator_once),
		cmocka_unit_test(inquiry_asks_as_early_as_it_can_and_once),
		cmocka_unit_test(F03_inquiry_ends_at_its_deadline_and_recovers),
		cmocka_unit_test(P1_inquiry_deadline_ends_with_its_message),
		cmocka_unit_test(P1_inquiry_tells_what_was_not_asked_from_what_was_not_answered),
		cmocka_unit_test(checks_table_has_each_method_behind_what_it_needs),
		cmocka_unit_test(check_banner_compares_with_reverse_dns_and_helo),
		cmocka_unit_test(F48_check_banner_and_tls_of_servers_that_do_not_answer),
		cmocka_unit_test(check_tls_grades_what_the_server_offers),
	};

	return cmocka_run_group_tests_name("checks", tests, NULL, NULL);
}
