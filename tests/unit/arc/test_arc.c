/* Chains of ARC: read, judged by their form, verified. The suite of tests that all implementations share is
 * in tests/conformance. */
#include "unit.h"

#include "../fake_dns.h"
#include "heloscope/arc/chain.h"
#include "heloscope/arc/results.h"
#include "heloscope/base/bounds.h"
#include "heloscope/base/domain.h"
#include "sealer.h"

#define NOW 1800000000
#define ARENA (8U << 20)

/* What becomes of a chain on its way; all zero: nothing. */
struct way {
	const char *body, *from;
	unsigned drop, twice; /* the field of so many, from above: 1 is the newest seal */
	bool is_upside_down;
	const struct fake_row *keys; /* at selectors, else there is the usual key */
	size_t key_count;
};

static const struct way *current;

static struct {
	char name[DOMAIN_SIZE];
	struct dns_answer *answer;
} made[DKIM_INSTANCES_MAX];
static size_t made_count;

/* The key of "NAME._domainkey..." is that of the row, else the RSA key of 1024 bits. */
static const struct dns_answer *
answer(void *context, const char *name)
{
	char record[1024];
	struct fake_row row = { name, DNS_TXT, DNS_NOERROR, record };

	(void)context;
	for (size_t i = 0; i < made_count; i++)
		if (strcmp(made[i].name, name) == 0)
			return made[i].answer;
	(void)snprintf(record, sizeof record, "v=DKIM1; p=%s", signer_public(SIGNER_RSA_1024, false));
	for (size_t i = 0; i < current->key_count; i++)
		if (strncmp(name, current->keys[i].name, strlen(current->keys[i].name)) == 0)
			row = current->keys[i];
	(void)snprintf(made[made_count].name, DOMAIN_SIZE, "%s", name);
	made[made_count].answer = fake_dns_answer(&row);
	return made[made_count++].answer;
}

static void
add(struct arc_chain *chain, struct dkim_header *header, const struct way *way, unsigned *place,
    const char *name, const char *value)
{
	enum arc_part part;
	unsigned times = ++*place == way->drop ? 0 : *place == way->twice ? 2 : 1;

	for (; times > 0; times--) {
		const struct dkim_field *field = dkim_header_add(header, span_of(name), span_of(value));

		if (arc_part_of(span_of(name), &part))
			(void)arc_chain_add(chain, part, field, NOW, header->arena);
	}
}

static void
add_all(struct arc_chain *chain, struct dkim_header *header, const struct way *way,
	const struct sealer_chain *sealed)
{
	unsigned place = 0;

	for (unsigned j = sealed->count; j > 0; j--) {
		const unsigned i = way->is_upside_down ? sealed->count - j : j - 1;

		add(chain, header, way, &place, "ARC-Seal", sealed->seals[i]);
		add(chain, header, way, &place, "ARC-Message-Signature", sealed->messages[i]);
		add(chain, header, way, &place, "ARC-Authentication-Results", sealed->results[i]);
	}
	add(chain, header, way, &place, "From", way->from != NULL ? way->from : SEALER_FROM);
}

static void
hash_body(struct dkim_bodies *bodies, const struct arc_chain *chain, const char *body, struct arena *arena)
{
	for (unsigned i = 0; i < chain->count; i++)
		if (chain->sets[i].signatures[ARC_MESSAGE_SIGNATURE] != NULL)
			dkim_bodies_want(bodies, &chain->sets[i].signatures[ARC_MESSAGE_SIGNATURE]->signature,
					 arena);
	dkim_bodies_begin(bodies);
	dkim_bodies_add(bodies, span_of(body));
	dkim_bodies_finish(bodies);
}

/* What a chain comes to behind its way. */
static struct arc_outcome
validate(const struct sealer_chain *sealed, const struct way *way)
{
	struct arc_chain chain = { .count = 0 };
	struct dkim_bodies bodies = { 0 };
	struct arc_outcome outcome = { 0 };
	struct dkim_header header;
	struct arena arena;

	current = way;
	arena_init(&arena, ARENA);
	dkim_header_init(&header, &arena, ARENA / 2);
	add_all(&chain, &header, way, sealed);
	hash_body(&bodies, &chain, way->body != NULL ? way->body : SEALER_BODY, &arena);
	outcome.reason = arc_chain_judge_form(&chain);
	outcome.instance = chain.instance;
	if (outcome.reason == ARC_NONE) {
		const struct arc_case of = {
			.chain = &chain, .header = &header, .bodies = &bodies, .answer = answer, .now = NOW
		};

		outcome = arc_chain_validate(&of, &arena);
	}
	dkim_bodies_clear(&bodies);
	arena_clear(&arena);
	while (made_count > 0)
		dns_answer_free(made[--made_count].answer);
	return outcome;
}

static void
seal(struct sealer_chain *chain, unsigned sets, const struct sealer_set *newest)
{
	static const struct sealer_set usual = { .key = SIGNER_RSA_1024 };

	*chain = (struct sealer_chain){ .count = 0 };
	while (chain->count + 1 < sets)
		sealer_add(chain, &usual);
	sealer_add(chain, newest != NULL ? newest : &usual);
}

/* RFC 8617, 4.2.1: up to 50 sets, in whatever order they stand; each seal covers all before it. */
static void
arc_chain_passes_with_up_to_fifty_sets(void **state)
{
	static const unsigned counts[] = { 1, 2, 3, 11, 50 };

	(void)state;
	for (size_t i = 0; i < ROWS(counts); i++)
		for (int order = 0; order < 2; order++) {
			struct sealer_chain chain;
			struct arc_outcome outcome;

			seal(&chain, counts[i], NULL);
			outcome = validate(&chain, &(struct way){ .is_upside_down = order == 1 });
			assert_int_equal(outcome.reason, ARC_NONE);
			assert_int_equal(arc_outcome_result(&outcome), RESULT_PASS);
			assert_true(outcome.has_oldest_pass);
			assert_int_equal(outcome.oldest_pass, 0);
			sealer_clear(&chain);
		}
}

static void
assert_comes_to(const struct sealer_chain *chain, const struct way *way, enum arc_reason reason,
		unsigned instance, enum dkim_reason why)
{
	const struct arc_outcome outcome = validate(chain, way);

	assert_int_equal(outcome.reason, reason);
	assert_int_equal(outcome.instance, instance);
	assert_int_equal(outcome.why, why);
	assert_int_equal(outcome.has_oldest_pass, reason == ARC_NONE);
}

static void
arc_chain_knows_when_there_is_none(void **state)
{
	const struct sealer_chain none = { .count = 0 };
	const struct arc_outcome outcome = validate(&none, &(struct way){ 0 });

	(void)state;
	assert_int_equal(outcome.reason, ARC_NO_CHAIN);
	assert_int_equal(arc_outcome_result(&outcome), RESULT_NONE);
}

/* The newest set, made in so many ways, over a first one that is good. */
static void
arc_chain_judges_a_set(void **state)
{
	static const struct {
		struct sealer_set set;
		enum arc_reason reason;
		unsigned instance;
		enum dkim_reason why;
	} rows[] = {
		{ { 0 }, ARC_NONE, 0, DKIM_NONE },
		{ { .tags = "fh=x; v=2; c=relaxed/relaxed; ", .seal_tags = "v=2; l=0; x=1; fh=y; " },
		  ARC_NONE,
		  0,
		  DKIM_NONE },
		{ { .names = "to" }, ARC_NONE, 0, DKIM_NONE },
		{ { .names = "" }, ARC_NONE, 0, DKIM_NONE },
		{ { .names = "from:arc-seal" }, ARC_SEAL_SIGNED, 2, DKIM_NONE },
		{ { .seal_tags = "h=from; " }, ARC_SEAL_NAMES, 2, DKIM_NONE },
		{ { .status = "PASS" }, ARC_NONE, 0, DKIM_NONE },
		{ { .status = "none" }, ARC_STATUS, 2, DKIM_NONE },
		{ { .status = "passed" }, ARC_STATUS, 2, DKIM_NONE },
		{ { .status = "" }, ARC_STATUS, 2, DKIM_NONE },
		{ { .status = "fail" }, ARC_FAILED, 2, DKIM_NONE },
		{ { .tags = "l=3; " }, ARC_MESSAGE, 2, DKIM_BODY_HASH },
		{ { .tags = "l=100; " }, ARC_MESSAGE, 2, DKIM_BODY_SHORT },
		{ { .tags = "x=1700000000; " }, ARC_MESSAGE, 2, DKIM_EXPIRED },
		{ { .tags = "t=1900000000; " }, ARC_MESSAGE, 2, DKIM_FUTURE },
		{ { .seal_tags = "t=1900000000; " }, ARC_SEAL, 2, DKIM_FUTURE },
		{ { .seal_tags = "t=x; " }, ARC_SEAL, 2, DKIM_TAG_VALUE },
		{ { .tags = "t=1; t=1; " }, ARC_INSTANCE, 0, DKIM_NONE },
		{ { .domain = "" }, ARC_MESSAGE, 2, DKIM_TAG_VALUE },
		{ { .body = "Another.\r\n" }, ARC_MESSAGE, 2, DKIM_BODY_HASH },
		{ { .tags = "l=0; ", .body = "" }, ARC_MESSAGE, 2, DKIM_UNSIGNED_OCTETS },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct sealer_set set = rows[i].set;
		struct sealer_chain chain;

		set.key = SIGNER_RSA_1024;
		seal(&chain, 2, &set);
		assert_comes_to(&chain, &(struct way){ 0 }, rows[i].reason, rows[i].instance, rows[i].why);
		sealer_clear(&chain);
	}
}

/* What is done to a chain of three sets behind the last seal; the fields are counted from above. */
static void
arc_chain_shows_what_was_changed(void **state)
{
	static const struct {
		struct way way;
		enum arc_reason reason;
		unsigned instance;
		enum dkim_reason why;
	} rows[] = {
		{ { .body = "Another.\r\n" }, ARC_MESSAGE, 3, DKIM_BODY_HASH },
		{ { .body = SEALER_BODY "Footer\r\n" }, ARC_MESSAGE, 3, DKIM_BODY_HASH },
		{ { .body = SEALER_BODY "\r\n\r\n" }, ARC_NONE, 0, DKIM_NONE },
		{ { .from = "Mallory@a.test" }, ARC_MESSAGE, 3, DKIM_SIGNATURE },
		{ { .drop = 1 }, ARC_MISSING, 3, DKIM_NONE },
		{ { .drop = 5 }, ARC_MISSING, 2, DKIM_NONE },
		{ { .drop = 9 }, ARC_MISSING, 1, DKIM_NONE },
		{ { .twice = 1 }, ARC_TWICE, 3, DKIM_NONE },
		{ { .twice = 6 }, ARC_TWICE, 2, DKIM_NONE },
	};
	struct sealer_chain chain;

	(void)state;
	seal(&chain, 3, NULL);
	for (size_t i = 0; i < ROWS(rows); i++)
		assert_comes_to(&chain, &rows[i].way, rows[i].reason, rows[i].instance, rows[i].why);
	chain.results[0][0] = 'I'; /* "I=1;": names of tags keep their case */
	assert_comes_to(&chain, &(struct way){ 0 }, ARC_INSTANCE, 0, DKIM_NONE);
	chain.results[0][0] = 'i';
	strcpy(strstr(chain.results[0], "dmarc=pass"), "dmarc=fail"); /* the newest seal covers it, too */
	assert_comes_to(&chain, &(struct way){ 0 }, ARC_SEAL, 3, DKIM_SIGNATURE);
	sealer_clear(&chain);
}

/* 5.2, 5: whoever seals may change the message before; the older signatures do not count, and are told. */
static void
arc_chain_finds_what_is_oldest(void **state)
{
	static const struct {
		const char *bodies[4];
		unsigned oldest;
	} rows[] = {
		{ { NULL, NULL, NULL, NULL }, 0 }, { { "A", NULL, NULL, NULL }, 2 },
		{ { NULL, "A", NULL, NULL }, 3 },  { { NULL, NULL, "A", NULL }, 4 },
		{ { "A", NULL, "A", NULL }, 4 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct sealer_chain chain = { .count = 0 };
		struct arc_outcome outcome;

		for (size_t j = 0; j < 4; j++)
			sealer_add(&chain,
				   &(struct sealer_set){ .body = rows[i].bodies[j], .key = SIGNER_RSA_1024 });
		outcome = validate(&chain, &(struct way){ 0 });
		assert_int_equal(outcome.reason, ARC_NONE);
		assert_int_equal(outcome.oldest_pass, rows[i].oldest);
		sealer_clear(&chain);
	}
}

/* What could not be looked up hides nothing that is wrong for certain, and is no failure. */
static void
arc_chain_tells_faults_from_failures(void **state)
{
	static char short_key[1024], ed25519_key[256];
	const struct fake_row fault = { "b.", DNS_TXT, DNS_SERVFAIL, NULL },
			      none = { "b.", DNS_TXT, DNS_NXDOMAIN, NULL },
			      weak = { "b.", DNS_TXT, DNS_NOERROR, short_key },
			      ed25519 = { "b.", DNS_TXT, DNS_NOERROR, ed25519_key };
	const struct {
		struct sealer_set older, newest;
		struct way way;
		enum result result;
		enum arc_reason reason;
		unsigned instance;
		enum dkim_reason why;
	} rows[] = {
		{ { .selector = "b" },
		  { 0 },
		  { .keys = &fault, .key_count = 1 },
		  RESULT_TEMPERROR,
		  ARC_SEAL,
		  1,
		  DKIM_KEY_LOOKUP },
		{ { 0 },
		  { .selector = "b" },
		  { .keys = &fault, .key_count = 1 },
		  RESULT_TEMPERROR,
		  ARC_MESSAGE,
		  2,
		  DKIM_KEY_LOOKUP },
		{ { .selector = "b" },
		  { 0 },
		  { .keys = &fault, .key_count = 1, .body = "x" },
		  RESULT_FAIL,
		  ARC_MESSAGE,
		  2,
		  DKIM_BODY_HASH },
		{ { .seal_tags = "t=x; " },
		  { .selector = "b" },
		  { .keys = &fault, .key_count = 1 },
		  RESULT_FAIL,
		  ARC_SEAL,
		  1,
		  DKIM_TAG_VALUE },
		{ { .selector = "b" },
		  { 0 },
		  { .keys = &none, .key_count = 1 },
		  RESULT_FAIL,
		  ARC_SEAL,
		  1,
		  DKIM_KEY_NONE },
		{ { .selector = "b", .key = SIGNER_RSA_512 },
		  { 0 },
		  { .keys = &weak, .key_count = 1 },
		  RESULT_FAIL,
		  ARC_SEAL,
		  1,
		  DKIM_KEY_SHORT },
		{ { .selector = "b", .key = SIGNER_ED25519 },
		  { 0 },
		  { .keys = &ed25519, .key_count = 1 },
		  RESULT_PASS,
		  ARC_NONE,
		  0,
		  DKIM_NONE },
	};

	(void)state;
	(void)snprintf(short_key, sizeof short_key, "p=%s", signer_public(SIGNER_RSA_512, false));
	(void)snprintf(ed25519_key, sizeof ed25519_key, "k=ed25519; p=%s",
		       signer_public(SIGNER_ED25519, false));
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct sealer_chain chain = { .count = 0 };
		struct sealer_set older = rows[i].older, newest = rows[i].newest;
		struct arc_outcome outcome;

		older.key = older.key == SIGNER_RSA_2048 ? SIGNER_RSA_1024 : older.key;
		newest.key = SIGNER_RSA_1024;
		sealer_add(&chain, &older);
		sealer_add(&chain, &newest);
		outcome = validate(&chain, &rows[i].way);
		assert_int_equal(arc_outcome_result(&outcome), rows[i].result);
		assert_int_equal(outcome.reason, rows[i].reason);
		assert_int_equal(outcome.instance, rows[i].instance);
		assert_int_equal(outcome.why, rows[i].why);
		sealer_clear(&chain);
	}
}

/*
 * BOUND_ARC_WORK. A key is found once among its records, so that a chain of one selector passes where each of
 * its signatures might try three. What is too much fails, or leaves open how old the message is; honest
 * chains of 50 sets pass.
 */
static void
arc_chain_is_verified_with_so_much_work(void **state)
{
	static char one[256], among[512];
	static const struct {
		unsigned sets;
		bool has_many_selectors;
		const char *record;
		enum dkim_reason why;
		bool has_oldest_pass;
	} rows[] = {
		{ 26, false, among, DKIM_NONE, true },
		{ 50, false, one, DKIM_NONE, false },
		{ 50, true, among, DKIM_WORK, false },
	};

	(void)state;
	(void)snprintf(one, sizeof one, "k=ed25519; p=%s", signer_public(SIGNER_ED25519, false));
	(void)snprintf(among, sizeof among,
		       "k=ed25519; p=++++++++++++++++++++++++++++++++++++++++++A=|"
		       "k=ed25519; p=++++++++++++++++++++++++++++++++++++++++++E=|%s",
		       one);
	for (size_t i = 0; i < ROWS(rows); i++) {
		const struct fake_row keys = { "b", DNS_TXT, DNS_NOERROR, rows[i].record };
		struct sealer_chain chain = { .count = 0 };
		struct arc_outcome outcome;
		char selector[16];

		while (chain.count < rows[i].sets) {
			(void)snprintf(selector, sizeof selector, "b%u",
				       rows[i].has_many_selectors ? chain.count : 0);
			sealer_add(&chain,
				   &(struct sealer_set){ .selector = selector, .key = SIGNER_ED25519 });
		}
		outcome = validate(&chain, &(struct way){ .keys = &keys, .key_count = 1 });
		assert_int_equal(outcome.why, rows[i].why);
		assert_int_equal(outcome.reason, rows[i].why == DKIM_NONE ? ARC_NONE : ARC_SEAL);
		assert_int_equal(arc_outcome_result(&outcome),
				 rows[i].why == DKIM_NONE ? RESULT_PASS : RESULT_FAIL);
		assert_int_equal(outcome.has_oldest_pass, rows[i].has_oldest_pass);
		assert_int_equal(outcome.oldest_pass, 0);
		sealer_clear(&chain);
	}
}

/* 4.2.1: a set more than 50 has no instance that counts. */
static void
arc_chain_fails_with_more_than_fifty_sets(void **state)
{
	struct sealer_chain chain;

	(void)state;
	seal(&chain, 51, NULL);
	assert_comes_to(&chain, &(struct way){ 0 }, ARC_INSTANCE, 0, DKIM_NONE);
	sealer_clear(&chain);
}

/* 4.1.1, and RFC 8601, 2.2. */
static void
arc_results_are_read_in_one_way(void **state)
{
	static const struct {
		const char *value;
		unsigned instance;
		bool vouches;
		const char *author; /* NULL: none */
	} rows[] = {
		{ " i=1; mx.test; dmarc=pass", 1, true, NULL },
		{ " i=1; mx.test; dmarc=pass header.from=a.test", 1, true, "a.test" },
		{ " i=1; mx.test; dmarc=pass (p=none; header.from=b.test) header . from = \"a.test\" ;x=y", 1,
		  true, "a.test" },
		{ " i=1; mx.test; dmarc=pass action=none policy.dmarc=none header.from=a.test; spf=pass", 1,
		  true, "a.test" },
		{ " i=1; mx.test; dmarc=pass reason=\"header.from=b.test\" header.from=a.test", 1, true,
		  "a.test" },
		{ " i=1; mx.test; dmarc=pass reason=header.from=b.test", 1, true, NULL },
		{ " i=1; mx.test; dmarc=pass header.d=a.test smtp.from=b.test", 1, true, NULL },
		{ " i=1; mx.test; dmarc=pass header.from=a.test header.from=b.test", 1, true, NULL },
		{ " i=1; mx.test; dmarc=pass; x=y header.from=a.test", 1, true, NULL },
		{ " i=1; mx.test; dmarc=pass header.from=", 1, false, NULL },
		{ " i=1; mx.test; dmarc=pass header.from=\"", 1, false, NULL },
		{ " i=1; mx.test; dmarc=pass !!header.", 1, false, NULL },
		{ " i = 50 ;mx.test 1;spf=fail; DMARC / 1 = Pass (p=none) header.from=a.test", 50, true,
		  "a.test" },
		{ "(c (d) \\) )\n i=(x)1(y);(z)mx.test;(a)dmarc(b)=(c)pass(d)", 1, true, NULL },
		{ " i=01; mx.test; dmarc=pass;", 1, true, NULL },
		{ " i=1; mx.microsoft.com 1; spf=pass; dmarc=pass action=none; arc=none", 1, true, NULL },
		{ " i=1; mx.test; none", 1, false, NULL },
		{ " i=1; mx.test; dmarc=fail", 1, false, NULL },
		{ " i=1; mx.test; dmarc=pass; dmarc=fail", 1, false, NULL },
		/* J6: exactly one, and all of it can be read */
		{ " i=1; mx.test; dmarc=pass header.from=m.test; dmarc=pass header.from=a.test", 1, false,
		  NULL },
		{ " i=1; mx.test; dmarc=pass header.from=m.test; spf=pass smtp.mailfrom=x;dmarc=pass header.from=a.test",
		  1, false, NULL },
		{ " i=1; mx.test; dmarc=pass \" header.from=a.test \"", 1, false, NULL },
		{ " i=1; mx.test; dmarc=pass x.header.from=a.test", 1, false, NULL },
		{ " i=1; mx.test; dmarc=pass x header.from=a.test", 1, false, NULL },
		{ " i=1; mx.test; dmarc=pass , header.from=a.test", 1, false, NULL },
		{ " i=1; mx.test; dmarc=pass header.from=\"a.test", 1, false, NULL },
		{ " i=1; mx.test; dmarc=pass x=a\"b header.from=a.test", 1, false, NULL },
		{ " i=1; mx.test; dmarc=pass reason=\"x; y\" policy.p=none header . from = a.test (c)", 1,
		  true, "a.test" },
		{ " i=1; mx.test; dmarc=passed", 1, false, NULL },
		{ " i=1; mx.test; dmarc=pass.", 1, false, NULL },
		{ " i=1; mx.test; dmarc pass", 1, false, NULL },
		{ " i=1; mx.test; xdmarc=pass", 1, false, NULL },
		{ " i=1; mx.test; spf=pass (dmarc=pass)", 1, false, NULL },
		{ " i=1; mx.test; spf=fail (; dmarc=pass)", 1, false, NULL },
		{ " i=1; mx.test; spf=fail smtp.mailfrom=\"x; dmarc=pass\"", 1, false, NULL },
		{ " i=1; mx.test; spf=fail smtp.mailfrom=\"x\\\"; dmarc=pass\"", 1, false, NULL },
		{ " i=1; mx.test; spf=fail (open; dmarc=pass", 1, false, NULL },
		{ " i=1; mx.test; spf=fail \"open; dmarc=pass", 1, false, NULL },
		{ " i=1; dmarc=pass", 1, false, NULL }, /* stands for the authserv-id */
		{ " i=1", 0, false, NULL },
		{ " i=1 mx.test; dmarc=pass", 0, false, NULL },
		{ " i=0; mx.test; dmarc=pass", 0, false, NULL },
		{ " i=51; mx.test; dmarc=pass", 0, false, NULL },
		{ " i=001; mx.test; dmarc=pass", 0, false, NULL },
		{ " I=1; mx.test; dmarc=pass", 0, false, NULL },
		{ " mx.test; i=1; dmarc=pass", 0, false, NULL },
		{ " i=1x; mx.test; dmarc=pass", 0, false, NULL },
		{ "", 0, false, NULL },
		{ "(", 0, false, NULL },
		{ " i=1;", 1, false, NULL },
		{ " i=1;\\", 1, false, NULL },
		{ " i=1; mx.test; \"\\", 1, false, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		const struct arc_results results = arc_results_read(span_of(rows[i].value));

		assert_int_equal(results.instance, rows[i].instance);
		assert_int_equal(results.vouches, rows[i].vouches);
		if (!span_equals(results.author, rows[i].author != NULL ? span_of(rows[i].author) : SPAN("")))
			fail_msg("%s: \"%.*s\"", rows[i].value, (int)results.author.length,
				 results.author.at);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arc_chain_knows_when_there_is_none),
		cmocka_unit_test(arc_chain_passes_with_up_to_fifty_sets),
		cmocka_unit_test(arc_chain_judges_a_set),
		cmocka_unit_test(arc_chain_shows_what_was_changed),
		cmocka_unit_test(arc_chain_finds_what_is_oldest),
		cmocka_unit_test(arc_chain_tells_faults_from_failures),
		cmocka_unit_test(arc_chain_is_verified_with_so_much_work),
		cmocka_unit_test(arc_chain_fails_with_more_than_fifty_sets),
		cmocka_unit_test(arc_results_are_read_in_one_way),
	};

	return cmocka_run_group_tests_name("arc", tests, signer_begin, signer_end);
}
