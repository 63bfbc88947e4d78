/* The check of ARC chains: a message that comes field by field, whom the configuration trusts, and what rules
 * make of it. */
#include "unit.h"

#include "../arc/sealer.h"
#include "config_text.h"
#include "scene.h"
#include "heloscope/base/bounds.h"
#include "heloscope/checks/arc.h"
#include "heloscope/checks/dkim.h"
#include "heloscope/checks/inquiry.h"
#include "heloscope/checks/policy.h"

#define LIST "\"list.test\", \"*.relay.test\", \"relay.test\""

static char key[1024], large[4001]; /* octets of a key record */

static const struct fake_row rows[] = {
	{ "k._domainkey.fault.test", DNS_TXT, DNS_SERVFAIL, NULL },
	{ "k._domainkey.gone.test", DNS_TXT, DNS_NXDOMAIN, NULL },
	{ "*._domainkey.large.test", DNS_TXT, DNS_NOERROR, large },
	{ "*._domainkey.many.test", DNS_TXT, DNS_NXDOMAIN, NULL },
	{ "*._domainkey.s.test", DNS_TXT, DNS_NOERROR, key },
	{ "*._domainkey.list.test", DNS_TXT, DNS_NOERROR, key },
	{ "*._domainkey.relay.test", DNS_TXT, DNS_NOERROR, key },
	{ "*._domainkey.mallory.test", DNS_TXT, DNS_NOERROR, key },
};

static int
begin_keys(void **state)
{
	(void)signer_begin(state);
	(void)snprintf(key, sizeof key, "v=DKIM1; p=%s", signer_public(SIGNER_RSA_1024, false));
	(void)snprintf(large, sizeof large, "%s; n=%0*d", key, (int)(sizeof large - strlen(key) - 5), 0);
	return 0;
}

static void
begin(struct scene *scene, const char *sealers, const char *rules)
{
	static const struct check *const table[] = { &check_arc };
	char text[1024];

	(void)snprintf(text, sizeof text,
		       "mode enforce enable { arc } trust { arc-sealers { %s } } policy { %s }", sealers,
		       rules);
	scene_begin(scene, rows, ROWS(rows), text, (struct check_table){ table, ROWS(table) });
	inquiry_mail(scene->inquiry, &(struct envelope_address){ "<joe@a.test>", NULL }, NULL, NULL);
}

static void
say_header(struct scene *scene, const struct sealer_chain *chain)
{
	for (unsigned i = chain->count; i > 0; i--) {
		inquiry_header_field(scene->inquiry, "ARC-Seal", chain->seals[i - 1]);
		inquiry_header_field(scene->inquiry, "ARC-Message-Signature", chain->messages[i - 1]);
		inquiry_header_field(scene->inquiry, "ARC-Authentication-Results", chain->results[i - 1]);
	}
	inquiry_header_field(scene->inquiry, "From", SEALER_FROM);
	inquiry_end_of_header(scene->inquiry);
}

static void
add_set(struct sealer_chain *chain, const struct sealer_set *set)
{
	struct sealer_set whole = *set;

	whole.key = SIGNER_RSA_1024;
	sealer_add(chain, &whole);
}

/* Keys are asked for with the fields, each once; the body comes in pieces of any size. */
static void
check_arc_validates_a_message_that_comes_in_pieces(void **state)
{
	static const size_t sizes[] = { 1, 2, 5, 4096 };
	struct sealer_chain chain = { .count = 0 };

	(void)state;
	add_set(&chain, &(struct sealer_set){ .domain = "list.test", .body = "Before.\r\n" });
	add_set(&chain, &(struct sealer_set){ .domain = "relay.test" });
	for (size_t i = 0; i < ROWS(sizes); i++) {
		struct scene scene;
		const struct arc_facts *arc;

		begin(&scene, "\"list.test\"", "");
		inquiry_header_field(scene.inquiry, "ARC-Seal", chain.seals[1]);
		assert_int_equal(scene.dns.asked, 1);
		inquiry_header_field(scene.inquiry, "arc-message-signature ", chain.messages[1]);
		inquiry_header_field(scene.inquiry, "ARC-Authentication-Results", chain.results[1]);
		inquiry_header_field(scene.inquiry, "From", SEALER_FROM);
		inquiry_header_field(scene.inquiry, "ARC-Authentication-Results", chain.results[0]);
		inquiry_header_field(scene.inquiry, "ARC-Message-Signature", chain.messages[0]);
		inquiry_header_field(scene.inquiry, "ARC-Seal", chain.seals[0]);
		assert_int_equal(scene.dns.asked, 2);
		inquiry_end_of_header(scene.inquiry);
		if (i % 2 == 0)
			(void)fake_dns_deliver(&scene.dns);
		scene_say_body(&scene, SEALER_BODY, sizes[i]);
		scene_judge(&scene);
		arc = &scene.facts->arc;
		assert_int_equal(arc->outcome.reason, ARC_NONE);
		assert_int_equal(scene.facts->results[METHOD_ARC], RESULT_PASS);
		assert_int_equal(arc->outcome.oldest_pass, 2);
		assert_int_equal(arc->count, 2);
		assert_string_equal(arc->sealers[0].domain, "list.test");
		assert_string_equal(arc->sealers[1].domain, "relay.test");
		assert_string_equal(arc->sealers[1].selector, "k");
		assert_true(arc->sealers[0].is_trusted && !arc->sealers[1].is_trusted);
		assert_true(arc->sealers[0].vouches && arc->sealers[0].covers_from);
		assert_int_equal(scene.dns.asked, 2);
		scene_leave(&scene);
	}
	sealer_clear(&chain);
}

/* What is wrong with its form, or that there is no chain, is known at the end of the header. */
static void
check_arc_is_done_early_without_a_good_chain(void **state)
{
	(void)state;
	for (int kind = 0; kind < 2; kind++) {
		struct sealer_chain chain = { .count = 0 };
		struct scene scene;

		if (kind == 1)
			add_set(&chain, &(struct sealer_set){ .status = "fail" });
		begin(&scene, "\"none.test\"", "");
		scene.facts = inquiry_wait(scene.inquiry, 0);
		assert_int_equal(scene.facts->awaited[STAGE_BODY], 1U << METHOD_ARC);
		say_header(&scene, &chain);
		assert_int_equal(facts_awaited(scene.facts), 0);
		assert_int_equal(scene.facts->results[METHOD_ARC], kind == 0 ? RESULT_NONE : RESULT_FAIL);
		assert_int_equal(scene.facts->arc.outcome.reason, kind == 0 ? ARC_NO_CHAIN : ARC_FAILED);
		scene_leave(&scene);
		sealer_clear(&chain);
	}
}

/* BOUND_ARC_KEYS, whatever the fields are: of the form, of other chains, of none. */
static void
check_arc_asks_for_so_many_keys(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < 2; kind++) {
		struct sealer_chain chain = { .count = 0 };
		struct scene scene;
		char selector[16];

		for (unsigned i = 0; i < 40; i++) {
			(void)snprintf(selector, sizeof selector, "k%u", i);
			add_set(&chain, &(struct sealer_set){ .domain = "many.test", .selector = selector });
		}
		for (unsigned i = 0; kind == 0 && i < 40; i++) /* another key for each seal */
			memcpy(strstr(chain.seals[i], "s=k") + 2, "x", 1);
		begin(&scene, "\"none.test\"", "");
		say_header(&scene, &chain);
		assert_int_equal(scene.dns.asked, kind == 0 ? BOUND_ARC_KEYS : 40);
		scene_say_body(&scene, SEALER_BODY, 100);
		scene_judge(&scene);
		assert_int_equal(scene.facts->results[METHOD_ARC], RESULT_FAIL);
		assert_int_equal(scene.facts->arc.outcome.reason, kind == 0 ? ARC_KEYS : ARC_MESSAGE);
		scene_leave(&scene);
		sealer_clear(&chain);
	}
}

/* Keys for which there is no room are withheld, where they could change anything. */
static void
check_arc_withholds_what_might_pass(void **state)
{
	struct sealer_chain chain = { .count = 0 };
	char selector[16];

	(void)state;
	for (unsigned i = 0; i < 12; i++) {
		(void)snprintf(selector, sizeof selector, "k%u", i);
		add_set(&chain, &(struct sealer_set){ .domain = "large.test", .selector = selector });
	}
	add_set(&chain, &(struct sealer_set){ .domain = "s.test" });
	for (int is_changed = 0; is_changed < 2; is_changed++) {
		struct scene scene;

		begin(&scene, "\"none.test\"", "");
		say_header(&scene, &chain);
		assert_int_equal(fake_dns_deliver_name(&scene.dns, "k._domainkey.s.test"), 1);
		scene_say_body(&scene, is_changed == 1 ? "Changed.\r\n" : SEALER_BODY, 100);
		scene_judge(&scene);
		assert_int_equal(scene.facts->results[METHOD_ARC],
				 is_changed == 1 ? RESULT_FAIL : RESULT_TEMPERROR);
		assert_int_equal(scene.facts->withheld[METHOD_ARC],
				 is_changed == 1 ? DNS_NOERROR : DNS_NO_ROOM);
		scene_leave(&scene);
	}
	sealer_clear(&chain);
}

/* A header that is too long, or fields of ARC without end, cost the chain its result, never the mail. */
static void
check_arc_keeps_a_bounded_header(void **state)
{
	static char value[1001];
	struct sealer_chain chain = { .count = 0 };

	(void)state;
	memset(value, 'x', sizeof value - 1);
	add_set(&chain, &(struct sealer_set){ .domain = "s.test" });
	for (int kind = 0; kind < 4; kind++) {
		static const char *const names[] = { "X-Long", "X-Long", "ARC-Seal",
						     "ARC-Authentication-Results" };
		struct scene scene;

		begin(&scene, "\"none.test\"", "");
		if (kind == 1)
			inquiry_header_field(scene.inquiry, "ARC-Seal", chain.seals[0]);
		for (int i = 0; i < 2 * BOUND_HEADER_KEPT / 1000; i++)
			inquiry_header_field(scene.inquiry, names[kind], value);
		say_header(&scene, &chain);
		scene_say_body(&scene, SEALER_BODY, 100);
		scene_judge(&scene);
		assert_int_equal(scene.facts->results[METHOD_ARC], RESULT_FAIL);
		assert_int_equal(scene.facts->arc.outcome.reason, kind < 2 ? ARC_HEADER_LONG : ARC_INSTANCE);
		scene_leave(&scene);
	}
	sealer_clear(&chain);
}

/* J7: fields without end of which no chain can be made take no memory from which a fault would come. */
static void
J7_check_arc_reads_no_more_fields_than_a_chain_has(void **state)
{
	static const struct readings recipient = {
		.items = { { .form = MAILBOX_ADDRESS, .domain = "in.test" } }, .count = 1
	};
	static const char *const names[] = { "ARC-Seal", "ARC-Message-Signature",
					     "ARC-Authentication-Results" };
	static char large_seal[801];
	const char *const values[] = { "", "i=1", large_seal };

	(void)state;
	(void)snprintf(large_seal, sizeof large_seal, "i=1; d=%0*d.test; s=k", 780, 0);
	for (size_t i = 0; i < ROWS(names) * ROWS(values); i++) {
		struct sealer_chain none = { .count = 0 };
		struct scene scene;

		begin(&scene, LIST, "accept when arc.sealer = trusted reject when not trusted");
		for (int field = 0; field < 3000; field++)
			inquiry_header_field(scene.inquiry, names[i % ROWS(names)], values[i / ROWS(names)]);
		say_header(&scene, &none);
		scene_judge(&scene);
		assert_int_equal(scene.facts->results[METHOD_ARC], RESULT_FAIL);
		assert_int_equal(policy_judge(scene.config, scene.facts, &recipient).action, ACTION_REJECT);
		scene_leave(&scene);
	}
}

/* A chain as it was sealed, a domain for each set; how much of it counts. */
struct trust_row {
	struct sealer_set sets[3];
	const char *sealers, *rules, *body;
	enum action end;
};

static void
assert_ends(const struct trust_row *row)
{
	const struct readings recipient = { .items = { { .form = MAILBOX_ADDRESS,
							 .local = "u",
							 .domain = "in.test",
							 .text = "u@in.test" } },
					    .count = 1 };
	struct sealer_chain chain = { .count = 0 };
	struct scene scene;
	struct verdict verdict;

	for (size_t i = 0; i < ROWS(row->sets) && row->sets[i].domain != NULL; i++)
		add_set(&chain, &row->sets[i]);
	begin(&scene, row->sealers, row->rules);
	scene.facts = inquiry_wait(scene.inquiry, 0);
	assert_int_equal(policy_judge(scene.config, scene.facts, &recipient).pending_until, STAGE_BODY);
	say_header(&scene, &chain);
	scene_say_body(&scene, row->body != NULL ? row->body : SEALER_BODY, 100);
	scene_judge(&scene);
	verdict = policy_judge(scene.config, scene.facts, &recipient);
	assert_int_equal(verdict.action, row->end);
	scene_leave(&scene);
	sealer_clear(&chain);
}

#define NO_DMARC "mx.test; spf=pass"

/* Anybody can seal: a chain counts when all are trusted from one that vouches to the newest, and From is
 * signed all the way. */
static void
policy_believes_trusted_sealers_alone(void **state)
{
#define RULES                                                                                                \
	"accept when arc.sealer = trusted defer when arc.sealer = untrusted reject when arc.sealer = none"
	static const struct trust_row cases[] = {
		{ { { .domain = "list.test" } }, LIST, RULES, NULL, ACTION_ACCEPT },
		{ { { .domain = "mallory.test" } }, LIST, RULES, NULL, ACTION_DEFER },
		{ { { .domain = "list.test" } }, LIST, RULES, "Changed.\r\n", ACTION_REJECT },
		{ { { .domain = NULL } }, LIST, RULES, NULL, ACTION_REJECT },
		{ { { .domain = "fault.test" } },
		  LIST,
		  RULES,
		  NULL,
		  ACTION_DEFER }, /* none of them is true, and anybody can choose such a name */
		{ { { .domain = "list.test", .results = NO_DMARC } }, LIST, RULES, NULL, ACTION_DEFER },
		{ { { .domain = "list.test", .results = "mx.test; dmarc=fail" } },
		  LIST,
		  RULES,
		  NULL,
		  ACTION_DEFER },
		{ { { .domain = "list.test", .names = "subject" } }, LIST, RULES, NULL, ACTION_DEFER },
		/* Who vouches for another author does not vouch for this one. */
		{ { { .domain = "list.test", .results = "mx.test; dmarc=pass header.from=mallory.test" } },
		  LIST,
		  RULES,
		  NULL,
		  ACTION_DEFER },
		{ { { .domain = "list.test", .results = "mx.test; dmarc=pass" } },
		  LIST,
		  RULES,
		  NULL,
		  ACTION_DEFER },
		{ { { .domain = "list.test", .results = "mx.test; dmarc=pass header.from=mallory.test" },
		    { .domain = "relay.test", .results = "mx.test; dmarc=fail header.from=a.test" } },
		  LIST,
		  RULES,
		  NULL,
		  ACTION_DEFER },
		/* Strangers gain nothing by a key that cannot be looked up. */
		{ { { .domain = "fault.test" } },
		  "\"list.test\"",
		  "defer when arc.sealer = trusted reject when arc.sealer in { none, untrusted }",
		  NULL,
		  ACTION_REJECT },
		{ { { .domain = "fault.test" } },
		  "\"fault.test\"",
		  "quarantine when arc.sealer = trusted reject when arc.sealer in { none, untrusted }",
		  NULL,
		  ACTION_DEFER },
		{ { { .domain = "fault.test" } },
		  "\"fault.test\"",
		  "quarantine when arc.sealer = trusted",
		  NULL,
		  ACTION_ACCEPT },
		{ { { .domain = "list.test" }, { .domain = "relay.test" } },
		  LIST,
		  RULES,
		  NULL,
		  ACTION_ACCEPT },
		{ { { .domain = "list.test" }, { .domain = "relay.test", .results = NO_DMARC } },
		  LIST,
		  RULES,
		  NULL,
		  ACTION_ACCEPT },
		{ { { .domain = "list.test" },
		    { .domain = "relay.test", .results = NO_DMARC, .names = "to" } },
		  LIST,
		  RULES,
		  NULL,
		  ACTION_DEFER },
		{ { { .domain = "mallory.test" }, { .domain = "list.test" } },
		  LIST,
		  RULES,
		  NULL,
		  ACTION_ACCEPT },
		{ { { .domain = "mallory.test" }, { .domain = "list.test", .results = NO_DMARC } },
		  LIST,
		  RULES,
		  NULL,
		  ACTION_DEFER },
		{ { { .domain = "list.test" }, { .domain = "mallory.test" } },
		  LIST,
		  RULES,
		  NULL,
		  ACTION_DEFER },
		{ { { .domain = "list.test" },
		    { .domain = "mallory.test" },
		    { .domain = "relay.test", .results = NO_DMARC } },
		  LIST,
		  RULES,
		  NULL,
		  ACTION_DEFER },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++)
		assert_ends(&cases[i]);
#undef RULES
}

static void
policy_judges_by_chains(void **state)
{
	static const struct trust_row cases[] = {
		{ { { .domain = "mallory.test" } }, LIST, "reject when arc = pass", NULL, ACTION_REJECT },
		{ { { .domain = "mallory.test" } }, LIST, "reject when arc != pass", NULL, ACTION_ACCEPT },
		{ { { .domain = "gone.test" } }, LIST, "reject when arc = fail", NULL, ACTION_REJECT },
		{ { { .domain = "fault.test" } }, LIST, "reject when arc = fail", NULL, ACTION_ACCEPT },
		{ { { .domain = "fault.test" } }, LIST, "reject when arc = temperror", NULL, ACTION_REJECT },
		{ { { .domain = NULL } }, LIST, "reject when arc = none", NULL, ACTION_REJECT },
		{ { { .domain = "list.test" } },
		  LIST,
		  "reject when arc.sealer in { \"list.test\" }",
		  NULL,
		  ACTION_REJECT },
		{ { { .domain = "list.test" } },
		  LIST,
		  "reject when arc.sealer in { \"relay.test\" }",
		  NULL,
		  ACTION_ACCEPT },
		{ { { .domain = "mallory.test" } },
		  LIST,
		  "reject when arc.sealer in { \"mallory.test\" }",
		  NULL,
		  ACTION_ACCEPT },
		{ { { .domain = "mallory.test" }, { .domain = "list.test" } },
		  LIST,
		  "reject when arc.sealer in { \"mallory.test\" }",
		  NULL,
		  ACTION_ACCEPT },
		{ { { .domain = "list.test" }, { .domain = "relay.test", .results = NO_DMARC } },
		  LIST,
		  "reject when arc.sealer in { \"list.test\" }",
		  NULL,
		  ACTION_REJECT },
		{ { { .domain = "list.test" } },
		  LIST,
		  "reject when arc.sealer in { \"list.test\" }",
		  "Changed.\r\n",
		  ACTION_ACCEPT },
		{ { { .domain = "list.test" } },
		  LIST,
		  "reject when not arc.sealer in { \"list.test\" }",
		  "Changed.\r\n",
		  ACTION_REJECT },
		/* J7: a chain of strangers hides no trusted sealer, nor does one of a sealer that does not
		   fit. */
		{ { { .domain = "fault.test" } },
		  LIST,
		  "reject when not arc.sealer in { \"list.test\" }",
		  NULL,
		  ACTION_REJECT },
		{ { { .domain = "fault.test" } },
		  LIST,
		  "accept when arc.sealer in { \"list.test\" } reject when arc != pass or arc = temperror",
		  NULL,
		  ACTION_REJECT },
		{ { { .domain = "fault.test" } },
		  "\"fault.test\"",
		  "reject when not arc.sealer in { \"list.test\" }",
		  NULL,
		  ACTION_REJECT },
		{ { { .domain = "fault.test" } },
		  "\"fault.test\"",
		  "reject when not arc.sealer in { \"fault.test\" }",
		  NULL,
		  ACTION_DEFER },
		{ { { .domain = "fault.test" } },
		  LIST,
		  "reject when arc.sealer in { none, untrusted }",
		  NULL,
		  ACTION_REJECT }, /* one of the two, whatever the key is */
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++)
		assert_ends(&cases[i]);
}

/* Keys that do not come are a temperror; the next message begins with nothing of the last. */
static void
check_arc_begins_each_message_anew(void **state)
{
	struct sealer_chain chain = { .count = 0 };

	(void)state;
	add_set(&chain, &(struct sealer_set){ .domain = "list.test" });
	for (int until = 0; until < 3; until++) {
		struct scene scene;

		begin(&scene, "\"none.test\"", "");
		inquiry_header_field(scene.inquiry, "ARC-Seal", chain.seals[0]);
		if (until > 0)
			inquiry_end_of_header(scene.inquiry);
		if (until > 1)
			inquiry_body(scene.inquiry, SPAN("x"));
		inquiry_end(scene.inquiry);
		inquiry_forget_mail(scene.inquiry);
		inquiry_mail(scene.inquiry, &(struct envelope_address){ "<a%b.test@c.test>", NULL }, NULL,
			     NULL);
		say_header(&scene, &chain);
		scene_say_body(&scene, SEALER_BODY, 9);
		scene.facts = inquiry_wait(scene.inquiry, 0);
		assert_int_equal(scene.facts->results[METHOD_ARC], RESULT_TEMPERROR);
		assert_int_equal(scene.facts->arc.outcome.evidence.key_status, DNS_TIMEOUT);
		inquiry_end(scene.inquiry);
		inquiry_forget_mail(scene.inquiry);
		inquiry_mail(scene.inquiry, &(struct envelope_address){ "<a%b.test@c.test>", NULL }, NULL,
			     NULL);
		say_header(&scene, &chain);
		scene_say_body(&scene, SEALER_BODY, 9);
		scene_judge(&scene);
		for (const struct facts *facts = scene.facts; facts != NULL; facts = facts->other) {
			assert_int_equal(facts->results[METHOD_ARC], RESULT_PASS);
			assert_int_equal(facts->arc.count, 1);
		}
		scene_leave(&scene);
	}
	sealer_clear(&chain);
}

/* What a check that needs nothing of its own finds kept for all at the end of a message. */
static struct {
	size_t copies, hashes; /* of the header, and of the body's relaxed form */
} shared;

static void
look_at_kept(struct inquiry *inquiry, const struct piece *piece)
{
	const struct kept *kept = inquiry_kept(inquiry);

	if (piece->kind != PIECE_END_OF_BODY)
		return;
	shared.copies = 0;
	for (size_t i = 0; i < DKIM_HEADS; i++)
		for (const struct dkim_field_name *name = kept->header.heads[i]; name != NULL;
		     name = name->next)
			for (const struct dkim_field *field = name->lowest; field != NULL;
			     field = field->above)
				shared.copies += span_equals(field->name, SPAN("From")) ? 1 : 0;
	shared.hashes = kept->bodies.forms[DKIM_RELAXED].mark_count;
}

static bool
is_done(struct inquiry *inquiry)
{
	(void)inquiry;
	return true;
}

/* A message with a signature and a chain is copied once, and its body is hashed once. */
static void
checks_share_what_is_kept_of_a_message(void **state)
{
	static const struct check looker = {
		.stage = STAGE_BODY, .run = is_done, .method = METHOD_ARC, .feed = look_at_kept
	};
	static const struct check *const table[] = { &check_dkim, &check_arc, &looker };
	struct sealer_chain chain = { .count = 0 };
	struct scene scene;

	(void)state;
	add_set(&chain, &(struct sealer_set){ .domain = "list.test" });
	add_set(&chain, &(struct sealer_set){ .domain = "relay.test" });
	scene_begin(&scene, rows, ROWS(rows), "enable { dkim, arc }",
		    (struct check_table){ table, ROWS(table) });
	inquiry_mail(scene.inquiry, &(struct envelope_address){ "<joe@a.test>", NULL }, NULL, NULL);
	inquiry_header_field(scene.inquiry, "DKIM-Signature",
			     "v=1; a=rsa-sha256; c=relaxed/relaxed; d=s.test; s=k; h=From; "
			     "bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA");
	say_header(&scene, &chain);
	scene_say_body(&scene, SEALER_BODY, 3);
	scene_judge(&scene);
	assert_int_equal(scene.facts->results[METHOD_ARC], RESULT_PASS);
	assert_int_equal(scene.facts->dkim.signatures[0].evidence.reason, DKIM_BODY_HASH);
	assert_int_equal(shared.copies, 1);
	assert_int_equal(shared.hashes, 1);
	scene_leave(&scene);
	sealer_clear(&chain);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(check_arc_validates_a_message_that_comes_in_pieces),
		cmocka_unit_test(check_arc_is_done_early_without_a_good_chain),
		cmocka_unit_test(check_arc_asks_for_so_many_keys),
		cmocka_unit_test(check_arc_withholds_what_might_pass),
		cmocka_unit_test(J7_check_arc_reads_no_more_fields_than_a_chain_has),
		cmocka_unit_test(check_arc_keeps_a_bounded_header),
		cmocka_unit_test(policy_believes_trusted_sealers_alone),
		cmocka_unit_test(policy_judges_by_chains),
		cmocka_unit_test(check_arc_begins_each_message_anew),
		cmocka_unit_test(checks_share_what_is_kept_of_a_message),
	};

	return cmocka_run_group_tests_name("arc check", tests, begin_keys, signer_end);
}
