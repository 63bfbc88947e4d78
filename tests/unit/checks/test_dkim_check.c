/* The check of signatures: a message that comes field by field, and what rules make of it. */
#include "unit.h"

#include "config_text.h"
#include "scene.h"
#include "heloscope/base/bounds.h"
#include "heloscope/checks/dkim.h"
#include "heloscope/checks/inquiry.h"
#include "heloscope/checks/policy.h"

/* The message of RFC 8463, A.3. */
#define ED25519_TAGS                                                                                         \
	" v=1; a=ed25519-sha256; c=relaxed/relaxed;\n"                                                       \
	" d=football.example.com; i=@football.example.com;\n"                                                \
	" q=dns/txt; s=brisbane; t=1528637909; h=from : to :\n"                                              \
	" subject : date : message-id : from : subject : date;\n"                                            \
	" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\n"
#define ED25519                                                                                              \
	ED25519_TAGS " b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\n"                         \
		     " Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw=="
#define RSA                                                                                                  \
	" v=1; a=rsa-sha256; c=relaxed/relaxed;\n"                                                           \
	" d=football.example.com; i=@football.example.com;\n"                                                \
	" q=dns/txt; s=test; t=1528637909; h=from : to : subject :\n"                                        \
	" date : message-id : from : subject : date;\n"                                                      \
	" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\n"                                                \
	" b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\n"                                      \
	" DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\n"                                      \
	" dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8="
#define DECOY                                                                                                \
	" v=1; a=rsa-sha256; c=relaxed/relaxed; d=decoy.test; s=k; h=from; bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=; b=AAAA"
#define DECOY_TAGS " v=1; a=rsa-sha256; d=decoy.test; s=gone; h=from; c=relaxed/relaxed; "
#define ORGANIZATION                                                                                         \
	" v=1; a=rsa-sha256; d=example.com; s=k; h=from; bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=; b=AAAA"
#define BODY "Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n"

static char large[4001]; /* octets of a key record */

static const struct fake_row rows[] = {
	{ "brisbane._domainkey.football.example.com", DNS_TXT, DNS_NOERROR,
	  "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=" },
	{ "test._domainkey.football.example.com", DNS_TXT, DNS_NOERROR,
	  "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bd"
	  "OKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9Pz"
	  "oxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB" },
	{ "k._domainkey.decoy.test", DNS_TXT, DNS_SERVFAIL, NULL },
	{ "gone._domainkey.decoy.test", DNS_TXT, DNS_NXDOMAIN, NULL },
	{ "k._domainkey.example.com", DNS_TXT, DNS_NXDOMAIN, NULL },
	{ "*._domainkey.large.test", DNS_TXT, DNS_NOERROR, large },
};

static bool
run_nothing(struct inquiry *inquiry)
{
	(void)inquiry;
	return true;
}

/* Behind it: answers come when another check was the last that ran. */
static const struct check other = { .stage = STAGE_CONNECT, .run = run_nothing, .method = METHOD_HELO };

static void
begin_where(struct scene *scene, const struct fake_row *published, size_t count, const char *rules)
{
	static const struct check *const table[] = { &check_dkim, &other };
	char text[512];

	(void)snprintf(text, sizeof text, "mode enforce enable { dkim } policy { %s }", rules);
	scene_begin(scene, published, count, text, (struct check_table){ table, ROWS(table) });
	inquiry_mail(scene->inquiry, &(struct envelope_address){ "<joe@football.example.com>", NULL }, NULL,
		     NULL);
}

static void
begin(struct scene *scene, const char *rules)
{
	begin_where(scene, rows, ROWS(rows), rules);
}

static void
sign(struct scene *scene, const char *value)
{
	inquiry_header_field(scene->inquiry, "DKIM-Signature", value);
}

static void
say_header(struct scene *scene)
{
	inquiry_header_field(scene->inquiry, "From", " Joe SixPack <joe@football.example.com>");
	inquiry_header_field(scene->inquiry, "To", " Suzie Q <suzie@shopping.example.net>");
	inquiry_header_field(scene->inquiry, "Subject", " Is dinner ready?");
	inquiry_header_field(scene->inquiry, "Date", " Fri, 11 Jul 2003 21:00:37 -0700 (PDT)");
	inquiry_header_field(scene->inquiry, "Message-ID",
			     " <20030712040037.46341.5F8J@football.example.com>");
	inquiry_end_of_header(scene->inquiry);
}

/* The key is asked for with the field; the body comes in pieces of any size, before or behind the answers. */
static void
check_dkim_verifies_a_message_that_comes_in_pieces(void **state)
{
	static const size_t sizes[] = { 1, 2, 3, 5, 16, 4096 };

	(void)state;
	for (size_t i = 0; i < ROWS(sizes); i++) {
		struct scene scene;
		const struct dkim_facts *dkim;

		begin(&scene, "");
		sign(&scene, ED25519);
		assert_int_equal(scene.dns.asked, 1);
		sign(&scene, RSA);
		assert_int_equal(scene.dns.asked, 2);
		say_header(&scene);
		if (i % 2 == 0)
			(void)fake_dns_deliver(&scene.dns);
		scene_say_body(&scene, BODY, sizes[i]);
		scene_judge(&scene);
		dkim = &scene.facts->dkim;
		assert_int_equal(scene.facts->results[METHOD_DKIM], RESULT_PASS);
		assert_int_equal(dkim->count, 2);
		assert_int_equal(dkim->left_out, 0);
		assert_int_equal(scene.dns.asked, 2);
		assert_string_equal(dkim->signatures[0].domain, "football.example.com");
		assert_string_equal(dkim->signatures[0].selector, "brisbane");
		assert_string_equal(dkim->signatures[0].algorithm, "ed25519-sha256");
		assert_string_equal(dkim->signatures[0].mark, "/gCrinpc");
		assert_string_equal(dkim->signatures[0].field_names,
				    "from:to:subject:date:message-id:from:subject:date");
		assert_int_equal(dkim->signatures[0].alignment, DKIM_SAME_DOMAIN);
		assert_int_equal(dkim->signatures[1].evidence.key_bits, 1024);
		assert_int_equal(scene.facts->author.finding, AUTHOR_ONE);
		assert_string_equal(scene.facts->author.domain, "football.example.com");
		scene_leave(&scene);
	}
}

/* A bad signature above a good one does not hide it (RFC 6376, 6.1); each has its result. */
static void
check_dkim_tries_each_signature(void **state)
{
	static const struct {
		const char *above, *body;
		enum result above_result, result;
	} cases[] = {
		{ "", BODY, RESULT_NEUTRAL, RESULT_PASS },
		{ " ;;;", BODY, RESULT_NEUTRAL, RESULT_PASS },
		{ " v=1; v=1", BODY, RESULT_NEUTRAL, RESULT_PASS },
		{ " a=rsa-sha256; d=a.test; s=b", BODY, RESULT_NEUTRAL, RESULT_PASS },
		{ DECOY, BODY, RESULT_TEMPERROR, RESULT_PASS },
		{ ED25519_TAGS " b=AAAA", BODY, RESULT_FAIL, RESULT_PASS },
		{ "", "Another.\r\n", RESULT_NEUTRAL, RESULT_FAIL },
		/* Whatever the key is, that body was not signed. */
		{ DECOY, "Another.\r\n", RESULT_FAIL, RESULT_FAIL },
		{ " v=1; a=rsa-sha1; d=a.test; s=b; h=from; bh=; b=AAAA", "Another.\r\n", RESULT_PERMERROR,
		  RESULT_FAIL },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		struct scene scene;

		begin(&scene, "");
		sign(&scene, cases[i].above);
		sign(&scene, RSA);
		say_header(&scene);
		scene_say_body(&scene, cases[i].body, 7);
		scene_judge(&scene);
		assert_int_equal(scene.facts->dkim.count, 2);
		assert_int_equal(scene.facts->dkim.signatures[0].result, cases[i].above_result);
		assert_int_equal(scene.facts->results[METHOD_DKIM], cases[i].result);
		scene_leave(&scene);
	}
}

/* BOUND_SIGNATURES: the rest costs nothing, and the author's own is found among very many. */
static void
check_dkim_looks_at_so_many_signatures(void **state)
{
	(void)state;
	for (int place = 0; place < 100; place += 11) {
		struct scene scene;

		begin(&scene, "");
		for (int i = 0; i < 100; i++)
			sign(&scene, i == place ? RSA : DECOY);
		say_header(&scene);
		scene_say_body(&scene, BODY, 100);
		scene_judge(&scene);
		assert_int_equal(scene.facts->dkim.count, BOUND_SIGNATURES);
		assert_int_equal(scene.facts->dkim.left_out, 100 - BOUND_SIGNATURES);
		assert_int_equal(scene.facts->results[METHOD_DKIM], RESULT_PASS);
		assert_int_equal(scene.dns.asked, 2);
		scene_leave(&scene);
	}
}

/*
 * BOUND_DKIM_WORK: an Ed25519 key counts 4. The key of good signatures is found once among its records; where
 * none of them verifies, each signature tries them all, and what is beyond the bound does not count.
 */
static void
check_dkim_does_so_much_work(void **state)
{
	static const struct fake_row three[] = {
		{ "brisbane._domainkey.football.example.com", DNS_TXT, DNS_NOERROR,
		  "v=DKIM1; k=ed25519; p=++++++++++++++++++++++++++++++++++++++++++A=|"
		  "v=DKIM1; k=ed25519; p=++++++++++++++++++++++++++++++++++++++++++E=|"
		  "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=" },
	};

	(void)state;
	for (int is_good = 0; is_good < 2; is_good++) {
		struct scene scene;

		begin_where(&scene, three, ROWS(three), "");
		for (int i = 0; i < BOUND_SIGNATURES; i++)
			sign(&scene, is_good == 1 ? ED25519 : ED25519_TAGS " b=AAAA");
		say_header(&scene);
		scene_say_body(&scene, BODY, 100);
		scene_judge(&scene);
		assert_int_equal(scene.facts->dkim.count, BOUND_SIGNATURES);
		for (size_t i = 0; i < BOUND_SIGNATURES; i++)
			assert_int_equal(scene.facts->dkim.signatures[i].evidence.reason,
					 is_good == 1                    ? DKIM_NONE
					 : i < BOUND_DKIM_WORK / (3 * 4) ? DKIM_SIGNATURE
									 : DKIM_WORK);
		scene_leave(&scene);
	}
}

/* Strangers above it cannot use up the work that the author's own takes: what is beyond the bound is theirs.
 */
static void
check_dkim_verifies_signatures_of_the_author_first(void **state)
{
	static const struct fake_row keys[] = {
		{ "k._domainkey.decoy.test", DNS_TXT, DNS_NOERROR,
		  "v=DKIM1; k=ed25519; p=++++++++++++++++++++++++++++++++++++++++++A=|"
		  "v=DKIM1; k=ed25519; p=++++++++++++++++++++++++++++++++++++++++++E=|"
		  "v=DKIM1; k=ed25519; p=++++++++++++++++++++++++++++++++++++++++++I=" },
		{ "brisbane._domainkey.football.example.com", DNS_TXT, DNS_NOERROR,
		  "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=" },
	};
	char memory[2560];
	struct strbuf costly = STRBUF_OVER(memory); /* 12 by its keys, 14 by its names */
	struct scene scene;
	size_t beyond = 0;

	(void)state;
	strbuf_add(&costly, " v=1; a=ed25519-sha256; d=decoy.test; s=k; b=AAAA; "
			    "bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=; h=from");
	for (int i = 0; i < 900; i++)
		strbuf_add(&costly, ":x");
	begin_where(&scene, keys, ROWS(keys), "");
	for (int i = 0; i < 40; i++)
		sign(&scene, memory);
	sign(&scene, ED25519);
	say_header(&scene);
	scene_say_body(&scene, BODY, 100);
	scene_judge(&scene);
	assert_int_equal(scene.facts->dkim.count, BOUND_SIGNATURES);
	for (size_t i = 0; i < BOUND_SIGNATURES; i++) {
		const struct dkim_finding *signature = &scene.facts->dkim.signatures[i];

		if (signature->alignment == DKIM_SAME_DOMAIN)
			assert_int_equal(signature->result, RESULT_PASS);
		beyond += signature->evidence.reason == DKIM_WORK ? 1 : 0;
	}
	assert_in_range(beyond, 1, BOUND_SIGNATURES - 2);
	assert_int_equal(scene.facts->results[METHOD_DKIM], RESULT_PASS);
	scene_leave(&scene);
}

/* Behind the first ones those of the author's organization come before others. */
static void
check_dkim_prefers_the_organization_of_the_author(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, "");
	for (int i = 0; i < 20; i++)
		sign(&scene, DECOY);
	sign(&scene, ORGANIZATION);
	say_header(&scene);
	scene_say_body(&scene, BODY, 100);
	scene_judge(&scene);
	assert_int_equal(scene.facts->dkim.count, BOUND_SIGNATURES);
	assert_string_equal(scene.facts->dkim.signatures[BOUND_SIGNATURES / 2].domain, "example.com");
	assert_int_equal(scene.facts->dkim.signatures[BOUND_SIGNATURES / 2].alignment,
			 DKIM_SAME_ORGANIZATION);
	scene_leave(&scene);
}

/* Each l= is hashed as far as it goes, in whatever order; of b= so much is told as tells one from the others.
 */
static void
check_dkim_keeps_lengths_and_marks_apart(void **state)
{
	static const char *const marks[] = { "AAAAAAAAB", "AAAAAAAAC", "BBBBBBBB" };
	struct scene scene;

	(void)state;
	begin(&scene, "");
	sign(&scene, DECOY_TAGS "l=26; b=AAAAAAAABA; bh=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
	sign(&scene, DECOY_TAGS "l=3; b=AAAAAAAACA; bh=F/RETzky+KHFVMfN6pIgjb7LA7AXOitqecwjEKBcX60=");
	sign(&scene, DECOY_TAGS "l=0; b=BBBBBBBB; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
	say_header(&scene);
	scene_say_body(&scene, BODY, 2);
	scene_judge(&scene);
	assert_int_equal(scene.facts->dkim.count, 3);
	for (size_t i = 0; i < 3; i++) {
		const struct dkim_finding *signature = &scene.facts->dkim.signatures[i];

		assert_string_equal(signature->mark, marks[i]);
		assert_true(signature->evidence.has_body_hash);
		assert_int_equal(signature->evidence.body_verifies, i > 0);
	}
	scene_leave(&scene);
}

/* BOUND_HEADER_KEPT: what does not fit costs the signature its result, never the mail. */
static void
check_dkim_keeps_a_bounded_header(void **state)
{
	static char value[1001];

	(void)state;
	memset(value, 'x', sizeof value - 1);
	for (int kind = 0; kind < 3; kind++) {
		struct scene scene;

		begin(&scene, "");
		if (kind != 1)
			sign(&scene, RSA);
		for (int i = 0; kind > 0 && i < 2 * BOUND_HEADER_KEPT / 1000; i++)
			inquiry_header_field(scene.inquiry, "X-Long", value);
		if (kind == 1)
			sign(&scene, RSA);
		say_header(&scene);
		scene_say_body(&scene, BODY, 100);
		scene_judge(&scene);
		assert_int_equal(scene.facts->results[METHOD_DKIM], kind == 0 ? RESULT_PASS : RESULT_POLICY);
		assert_int_equal(scene.facts->dkim.left_out, kind == 1 ? 1 : 0);
		assert_int_equal(scene.facts->author.finding, AUTHOR_ONE);
		scene_leave(&scene);
	}
	for (int i = 0; i < 2; i++) { /* as many tiny fields, or names, as anybody may send */
		struct scene scene;

		begin(&scene, "");
		sign(&scene, RSA);
		for (int j = 0; j < 100000; j++) {
			char name[16];

			(void)snprintf(name, sizeof name, "X%d", i == 0 ? j : 0);
			inquiry_header_field(scene.inquiry, name, "");
		}
		say_header(&scene);
		scene_say_body(&scene, BODY, 100);
		scene_judge(&scene);
		assert_int_equal(scene.facts->results[METHOD_DKIM], RESULT_POLICY);
		scene_leave(&scene);
	}
}

/* Without a signature the body says nothing, and is not waited for. */
static void
check_dkim_is_done_early_without_signatures(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, "");
	scene.facts = inquiry_wait(scene.inquiry, 0);
	assert_int_equal(scene.facts->awaited[STAGE_BODY], 1U << METHOD_DKIM);
	say_header(&scene);
	assert_int_equal(facts_awaited(scene.facts), 0);
	assert_int_equal(scene.facts->results[METHOD_DKIM], RESULT_NONE);
	scene_say_body(&scene, BODY, 100);
	scene_judge(&scene);
	assert_int_equal(scene.dns.asked, 0);
	scene_leave(&scene);
}

/* Keys that fill the room are no fault of the one that finds none: it is withheld, not too large. */
static void
check_dkim_withholds_a_key_for_which_others_left_no_room(void **state)
{
	struct scene scene;

	(void)state;
	memset(large, 'x', sizeof large - 1);
	begin(&scene, "");
	for (int i = 0; i < 4; i++) {
		char value[200];

		(void)snprintf(
			value, sizeof value,
			" v=1; a=rsa-sha256; c=relaxed/relaxed; d=large.test; s=k%d; h=from; b=AAAA; bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=",
			i);
		sign(&scene, value);
	}
	say_header(&scene);
	scene_say_body(&scene, BODY, 100);
	scene_judge(&scene); /* what was asked last comes first */
	assert_int_equal(scene.facts->dkim.count, 4);
	assert_int_equal(scene.facts->dkim.signatures[0].result, RESULT_TEMPERROR);
	assert_int_equal(scene.facts->dkim.signatures[0].evidence.key_status, DNS_NO_ROOM);
	assert_int_equal(scene.facts->withheld[METHOD_DKIM], DNS_NO_ROOM);
	scene_leave(&scene);
}

/* A key that does not come in time is a temperror. */
static void
check_dkim_does_not_wait_for_ever(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, "");
	sign(&scene, RSA);
	say_header(&scene);
	scene_say_body(&scene, BODY, 100);
	scene.facts = inquiry_wait(scene.inquiry, 0);
	assert_non_null(scene.facts);
	assert_int_equal(scene.facts->results[METHOD_DKIM], RESULT_TEMPERROR);
	assert_int_equal(scene.facts->dkim.signatures[0].evidence.key_status, DNS_TIMEOUT);
	scene_leave(&scene);
}

/* The next message begins with nothing of the last, wherever that was given up. */
static void
check_dkim_begins_each_message_anew(void **state)
{
	(void)state;
	for (int until = 0; until < 4; until++) {
		struct scene scene;

		begin(&scene, "");
		sign(&scene, DECOY);
		if (until > 0)
			say_header(&scene);
		if (until > 1)
			inquiry_body(scene.inquiry, SPAN("x"));
		if (until > 2)
			inquiry_end_of_body(scene.inquiry);
		inquiry_end(scene.inquiry);
		inquiry_forget_mail(scene.inquiry);
		inquiry_mail(scene.inquiry, &(struct envelope_address){ "<a%b.test@c.test>", NULL }, NULL,
			     NULL);
		sign(&scene, RSA);
		say_header(&scene);
		scene_say_body(&scene, BODY, 9);
		scene_judge(&scene);
		for (const struct facts *facts = scene.facts; facts != NULL; facts = facts->other) {
			assert_int_equal(facts->results[METHOD_DKIM], RESULT_PASS);
			assert_int_equal(facts->dkim.count, 1);
		}
		scene_leave(&scene);
	}
}

/* Rules wait for the body; a lookup that failed leaves them unknown. */
static void
policy_judges_by_signatures(void **state)
{
	static const struct {
		const char *rules, *signature, *body;
		enum action end;
	} cases[] = {
		{ "reject when dkim = fail", RSA, BODY, ACTION_ACCEPT },
		{ "reject when dkim = fail", RSA, "x\r\n", ACTION_REJECT },
		{ "reject when dkim != pass", NULL, BODY, ACTION_REJECT },
		{ "reject when dkim = fail", DECOY, BODY, ACTION_ACCEPT },
		{ "reject when dkim != pass", DECOY, BODY, ACTION_ACCEPT },
		{ "reject when dkim in { policy, fail }", RSA, BODY, ACTION_ACCEPT },
		{ "reject when dkim = policy", RSA, BODY, ACTION_ACCEPT },
		{ "reject when dkim.domain in { \"football.example.com\" }", RSA, BODY, ACTION_REJECT },
		{ "reject when dkim.domain in { \"*.example.com\" }", RSA, BODY, ACTION_REJECT },
		{ "reject when dkim.domain in { \"example.com\" }", RSA, BODY, ACTION_ACCEPT },
		{ "reject when not dkim.domain in { \"football.example.com\" }", RSA, BODY, ACTION_ACCEPT },
		{ "reject when not dkim.domain in { \"football.example.com\" }", RSA, "x\r\n",
		  ACTION_REJECT },
		{ "reject when not dkim.domain in { \"football.example.com\" }", NULL, BODY, ACTION_REJECT },
		/* J4: a key that cannot be looked up hides its own domain alone, and whoever chose that gains
		   nothing. */
		{ "reject when not dkim.domain in { \"football.example.com\" }", DECOY, BODY, ACTION_REJECT },
		{ "reject when not dkim.domain in { \"decoy.test\" }", DECOY, BODY, ACTION_DEFER },
		{ "reject when not dkim.domain in { \"decoy.test\" }", DECOY, "x\r\n", ACTION_REJECT },
		{ "reject when dkim.domain in { \"decoy.test\" }", DECOY, BODY, ACTION_ACCEPT },
	};
	const struct readings recipient = { .items = { { .form = MAILBOX_ADDRESS,
							 .local = "u",
							 .domain = "in.test",
							 .text = "u@in.test" } },
					    .count = 1 };

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		struct scene scene;
		struct verdict verdict;

		begin(&scene, cases[i].rules);
		scene.facts = inquiry_wait(scene.inquiry, 0);
		verdict = policy_judge(scene.config, scene.facts, &recipient);
		assert_int_equal(verdict.pending_until, STAGE_BODY);
		if (cases[i].signature != NULL)
			sign(&scene, cases[i].signature);
		say_header(&scene);
		scene_say_body(&scene, cases[i].body, 100);
		scene_judge(&scene);
		verdict = policy_judge(scene.config, scene.facts, &recipient);
		if (verdict_is_pending(&verdict) || verdict.action != cases[i].end)
			fail_msg("%zu, %s: action %d", i, cases[i].rules, (int)verdict.action);
		scene_leave(&scene);
	}
}

/* It is made only where it is asked for, and then the MTA is asked for the body. */
static void
check_dkim_is_off_unless_enabled(void **state)
{
	static const struct check *const table[] = { &check_dkim };
	static const struct {
		const char *config;
		enum stage last;
	} cases[] = { { "", STAGE_MAIL },
		      { "enable { dkim }", STAGE_BODY },
		      { "enable { dkim } disable { dkim }", STAGE_MAIL } };

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		struct inquiry_needs needs = { .table = { table, 1 },
					       .config = config_from_text(cases[i].config, NULL) };

		assert_int_equal(inquiry_last_stage(&needs), cases[i].last);
		config_unref(needs.config);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(check_dkim_verifies_a_message_that_comes_in_pieces),
		cmocka_unit_test(check_dkim_tries_each_signature),
		cmocka_unit_test(check_dkim_looks_at_so_many_signatures),
		cmocka_unit_test(check_dkim_does_so_much_work),
		cmocka_unit_test(check_dkim_verifies_signatures_of_the_author_first),
		cmocka_unit_test(check_dkim_prefers_the_organization_of_the_author),
		cmocka_unit_test(check_dkim_keeps_lengths_and_marks_apart),
		cmocka_unit_test(check_dkim_keeps_a_bounded_header),
		cmocka_unit_test(check_dkim_is_done_early_without_signatures),
		cmocka_unit_test(check_dkim_withholds_a_key_for_which_others_left_no_room),
		cmocka_unit_test(check_dkim_does_not_wait_for_ever),
		cmocka_unit_test(check_dkim_begins_each_message_anew),
		cmocka_unit_test(policy_judges_by_signatures),
		cmocka_unit_test(check_dkim_is_off_unless_enabled),
	};

	return cmocka_run_group_tests_name("check_dkim", tests, NULL, NULL);
}
