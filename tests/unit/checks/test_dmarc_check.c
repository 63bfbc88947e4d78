/* The check of DMARC: what it makes of From, SPF and signatures, and what rules make of that. */
#include "unit.h"

#include <pthread.h>
#include <unistd.h>

#include "scene.h"
#include "heloscope/checks/dkim.h"
#include "heloscope/checks/dmarc.h"
#include "heloscope/checks/inquiry.h"
#include "heloscope/checks/policy.h"
#include "../dkim/signer.h"

#define KEY_NAME "k._domainkey.late.reject.test"

/* Found elsewhere: each message of a test has its own. */
static struct facts given;

static bool
run_spf(struct inquiry *inquiry)
{
	struct facts *facts = inquiry_facts(inquiry);

	facts->results[METHOD_SPF] = given.results[METHOD_SPF];
	facts->results[METHOD_SPF_HELO] = given.results[METHOD_SPF_HELO];
	memcpy(facts->spf, given.spf, sizeof facts->spf);
	return true;
}

static void
feed_nothing(struct inquiry *inquiry, const struct piece *piece)
{
	(void)inquiry;
	(void)piece;
}

static bool
run_dkim(struct inquiry *inquiry)
{
	struct facts *facts = inquiry_facts(inquiry);

	facts->results[METHOD_DKIM] = given.results[METHOD_DKIM];
	facts->dkim = given.dkim;
	facts->withheld[METHOD_DKIM] = given.withheld[METHOD_DKIM];
	return true;
}

static const struct check other_spf = { .stage = STAGE_MAIL, .run = run_spf, .method = METHOD_SPF };
static const struct check other_dkim = {
	.stage = STAGE_BODY, .run = run_dkim, .method = METHOD_DKIM, .feed = feed_nothing
};

static const struct fake_row rows[] = {
	{ "_dmarc.reject.test", DNS_TXT, DNS_NOERROR, "v=DMARC1; p=reject; sp=quarantine; np=none" },
	{ "_dmarc.none.test", DNS_TXT, DNS_NOERROR, "v=DMARC1; p=none" },
	{ "_dmarc.testing.test", DNS_TXT, DNS_NOERROR, "v=DMARC1; p=reject; t=y" },
	{ "_dmarc.broken.test", DNS_TXT, DNS_NOERROR, "v=DMARC1; p=nonsense" },
	{ "_dmarc.ill.test", DNS_TXT, DNS_SERVFAIL, NULL },
	{ "_dmarc.absent.test", DNS_TXT, DNS_NXDOMAIN, NULL },
	{ "_dmarc.sub.reject.test", DNS_TXT, DNS_NXDOMAIN, NULL },
	{ "_dmarc.gone.reject.test", DNS_TXT, DNS_NXDOMAIN, NULL },
	{ "_dmarc.test", DNS_TXT, DNS_NXDOMAIN, NULL },
	{ "_dmarc.lame.reject.test", DNS_TXT, DNS_SERVFAIL, NULL },
	{ "_dmarc.lame.none.test", DNS_TXT, DNS_SERVFAIL, NULL },
	{ "_dmarc.odd.reject.test", DNS_TXT, DNS_NXDOMAIN, NULL },
	{ "odd.reject.test", DNS_A, DNS_SERVFAIL, NULL },
	{ "sub.reject.test", DNS_A, DNS_NODATA, NULL },
	{ "gone.reject.test", DNS_A, DNS_NXDOMAIN, NULL },
	{ "_dmarc.late.reject.test", DNS_TXT, DNS_NXDOMAIN, NULL },
	{ KEY_NAME, DNS_TXT, DNS_NXDOMAIN, NULL },
};

static const struct readings recipient = {
	.items = { { .form = MAILBOX_ADDRESS, .local = "u", .domain = "in.test", .text = "u@in.test" } },
	.count = 1
};

static void
begin(struct scene *scene, const char *rules, const char *sender)
{
	static const struct check *const table[] = { &other_spf, &other_dkim, &check_dmarc };
	char text[512];

	(void)snprintf(text, sizeof text, "mode enforce enable { dkim, dmarc } policy { %s }", rules);
	scene_begin(scene, rows, ROWS(rows), text, (struct check_table){ table, ROWS(table) });
	inquiry_mail(scene->inquiry, &(struct envelope_address){ sender, NULL }, NULL, NULL);
}

static void
say_message(struct scene *scene, const char *from, const char *second)
{
	if (from != NULL)
		inquiry_header_field(scene->inquiry, "From", from);
	if (second != NULL)
		inquiry_header_field(scene->inquiry, "from", second);
	inquiry_end_of_header(scene->inquiry);
	scene_say_body(scene, "Hi.\r\n", 5);
	scene_judge(scene);
}

static void
give(const char *spf_domain, enum result spf, struct dkim_finding *signature, enum result dkim)
{
	memset(&given, 0, sizeof given);
	given.results[METHOD_SPF] = spf;
	given.spf[SPF_MAILFROM].domain = spf_domain;
	given.spf[SPF_HELO].domain = "";
	given.results[METHOD_DKIM] = dkim;
	given.dkim.signatures = signature;
	given.dkim.count = signature != NULL ? 1 : 0;
}

/* What a bound keeps from being known of a signature, DMARC does not know either, and a rule defers for it.
 */
static void
check_dmarc_withholds_what_is_withheld_of_signatures(void **state)
{
	struct dkim_finding signature = { .domain = "reject.test", .result = RESULT_TEMPERROR };
	struct scene scene;

	(void)state;
	for (int is_withheld = 0; is_withheld < 2; is_withheld++) {
		struct verdict verdict;

		give("other.test", RESULT_PASS, &signature, RESULT_TEMPERROR);
		given.withheld[METHOD_DKIM] = is_withheld ? DNS_TOO_MANY_OF_CLIENT : DNS_NOERROR;
		begin(&scene, "reject when dmarc.policy = reject", "<b@other.test>");
		say_message(&scene, "a@reject.test", NULL);
		assert_int_equal(scene.facts->results[METHOD_DMARC], RESULT_TEMPERROR);
		verdict = policy_judge(scene.config, scene.facts, &recipient);
		assert_int_equal(verdict.action, is_withheld ? ACTION_DEFER : ACTION_ACCEPT);
		scene_leave(&scene);
	}
}

/*
 * A signature that takes too much work to verify is not known, where it would align, whoever has passed
 * without aligning: no policy applies, and a rule that might refuse defers, lest somebody make work to escape
 * it.
 */
static void
check_dmarc_withholds_what_takes_too_much_work(void **state)
{
	static const struct {
		const char *signer, *spf_domain;
		enum result result;
		enum dns_status withheld;
		enum action action;
	} cases[] = {
		{ "reject.test", "other.test", RESULT_TEMPERROR, DNS_TOO_MUCH_WORK, ACTION_DEFER },
		{ "sub.reject.test", "other.test", RESULT_TEMPERROR, DNS_TOO_MUCH_WORK, ACTION_DEFER },
		{ "other.test", "other.test", RESULT_FAIL, DNS_NOERROR, ACTION_REJECT },
		{ "reject.test", "reject.test", RESULT_PASS, DNS_NOERROR, ACTION_ACCEPT },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		struct dkim_finding signature = { .domain = cases[i].signer,
						  .result = RESULT_POLICY,
						  .evidence = { .reason = DKIM_WORK } };
		struct scene scene;
		struct verdict verdict;

		give(cases[i].spf_domain, RESULT_PASS, &signature, RESULT_POLICY);
		begin(&scene, "reject when dmarc.policy = reject", "<b@other.test>");
		say_message(&scene, "a@reject.test", NULL);
		assert_int_equal(scene.facts->results[METHOD_DMARC], cases[i].result);
		assert_int_equal(scene.facts->withheld[METHOD_DMARC], cases[i].withheld);
		verdict = policy_judge(scene.config, scene.facts, &recipient);
		assert_int_equal(verdict.action, cases[i].action);
		scene_leave(&scene);
	}
}

/*
 * J4: whoever forges an author chooses what it signs for, or sends from: a name below the author's that
 * nobody can look up keeps DMARC from a result, and must not keep a rule from refusing; nor does it refuse,
 * for it may be the author's own. Where the author's record is known, what it would come to without that name
 * decides.
 */
static void
J4_check_dmarc_defers_for_names_that_the_sender_chose(void **state)
{
#define FORGED "reject when dmarc = fail and dmarc.policy = reject"
	static const struct {
		const char *from, *signer;
		enum result dkim;
		enum dns_status fault;
		const char *spf_domain;
		enum result spf;
		const char *rules;
		enum result result;
		enum action action;
	} cases[] = {
		/* The key cannot be looked up. */
		{ "reject.test", "sub.reject.test", RESULT_TEMPERROR, DNS_SERVFAIL, "other.test", RESULT_PASS,
		  FORGED, RESULT_TEMPERROR, ACTION_DEFER },
		{ "reject.test", "reject.test", RESULT_TEMPERROR, DNS_BOGUS, "other.test", RESULT_PASS,
		  FORGED, RESULT_TEMPERROR, ACTION_DEFER },
		{ "reject.test", "reject.test", RESULT_TEMPERROR, DNS_TIMEOUT, "other.test", RESULT_PASS,
		  FORGED, RESULT_TEMPERROR, ACTION_DEFER },
		{ "reject.test", "lame.reject.test", RESULT_TEMPERROR, DNS_SERVFAIL, "other.test",
		  RESULT_PASS, FORGED, RESULT_TEMPERROR, ACTION_DEFER },
		/* Nor the record of one that passes. */
		{ "reject.test", "lame.reject.test", RESULT_PASS, DNS_NOERROR, "other.test", RESULT_PASS,
		  FORGED, RESULT_TEMPERROR, ACTION_DEFER },
		{ "reject.test", "other.test", RESULT_PASS, DNS_NOERROR, "lame.reject.test", RESULT_PASS,
		  FORGED, RESULT_TEMPERROR, ACTION_DEFER },
		{ "reject.test", "other.test", RESULT_PASS, DNS_NOERROR, "reject.test", RESULT_TEMPERROR,
		  FORGED, RESULT_TEMPERROR, ACTION_DEFER },
		/* Nor whether the author's domain exists, on which its policy rests. */
		{ "odd.reject.test", NULL, RESULT_NONE, DNS_NOERROR, "other.test", RESULT_PASS,
		  "reject when dmarc = fail", RESULT_TEMPERROR, ACTION_DEFER },
		/* Nor the record of the author, below one that asks for something. */
		{ "lame.reject.test", NULL, RESULT_NONE, DNS_NOERROR, "other.test", RESULT_PASS, FORGED,
		  RESULT_TEMPERROR, ACTION_DEFER },
		{ "lame.reject.test", NULL, RESULT_NONE, DNS_NOERROR, "other.test", RESULT_PASS,
		  "reject when dmarc = fail", RESULT_TEMPERROR, ACTION_DEFER },
		/* What cannot align is nothing. */
		{ "reject.test", "other.test", RESULT_TEMPERROR, DNS_SERVFAIL, "other.test", RESULT_TEMPERROR,
		  FORGED, RESULT_FAIL, ACTION_REJECT },
		/* Nobody chooses that no name server answers, or that the author's own record cannot be had.
		 */
		{ "reject.test", "reject.test", RESULT_TEMPERROR, DNS_NO_SERVER, "other.test", RESULT_PASS,
		  FORGED, RESULT_TEMPERROR, ACTION_ACCEPT },
		{ "ill.test", "ill.test", RESULT_TEMPERROR, DNS_SERVFAIL, "other.test", RESULT_PASS, FORGED,
		  RESULT_TEMPERROR, ACTION_ACCEPT },
		/* What the rule asks for it would not be without that name either. */
		{ "none.test", "lame.none.test", RESULT_TEMPERROR, DNS_SERVFAIL, "other.test", RESULT_PASS,
		  FORGED, RESULT_TEMPERROR, ACTION_ACCEPT },
		{ "reject.test", "reject.test", RESULT_TEMPERROR, DNS_SERVFAIL, "other.test", RESULT_PASS,
		  "reject when dmarc in { none, permerror } or dmarc.policy = none", RESULT_TEMPERROR,
		  ACTION_ACCEPT },
		{ "reject.test", "reject.test", RESULT_TEMPERROR, DNS_SERVFAIL, "other.test", RESULT_PASS,
		  "reject when dmarc = pass", RESULT_TEMPERROR, ACTION_ACCEPT },
		{ "reject.test", "reject.test", RESULT_TEMPERROR, DNS_SERVFAIL, "other.test", RESULT_PASS,
		  "reject when dmarc != pass", RESULT_TEMPERROR, ACTION_DEFER },
		{ "reject.test", "reject.test", RESULT_TEMPERROR, DNS_SERVFAIL, "other.test", RESULT_PASS,
		  "reject when not dmarc.policy in { none, reject }", RESULT_TEMPERROR, ACTION_ACCEPT },
		{ "reject.test", "reject.test", RESULT_TEMPERROR, DNS_SERVFAIL, "other.test", RESULT_PASS,
		  "quarantine when dmarc = fail", RESULT_TEMPERROR, ACTION_DEFER },
		{ "reject.test", "reject.test", RESULT_TEMPERROR, DNS_SERVFAIL, "other.test", RESULT_PASS,
		  "audit reject when dmarc = fail accept when dmarc = fail", RESULT_TEMPERROR,
		  ACTION_ACCEPT },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		struct dkim_finding signature = { .domain = cases[i].signer, .result = cases[i].dkim };
		struct scene scene;
		struct verdict verdict;
		char from[64];

		signature.evidence.reason = cases[i].dkim == RESULT_TEMPERROR ? DKIM_KEY_LOOKUP : DKIM_NONE;
		signature.evidence.key_status = cases[i].fault;
		(void)snprintf(from, sizeof from, "a@%s", cases[i].from);
		give(cases[i].spf_domain, cases[i].spf, cases[i].signer != NULL ? &signature : NULL,
		     cases[i].dkim);
		given.spf[SPF_MAILFROM].problem.status = DNS_SERVFAIL;
		begin(&scene, cases[i].rules, "<b@other.test>");
		say_message(&scene, from, NULL);
		verdict = policy_judge(scene.config, scene.facts, &recipient);
		if (scene.facts->results[METHOD_DMARC] != cases[i].result
		    || verdict.action != cases[i].action)
			fail_msg("%zu: %s, action %d", i, result_word(scene.facts->results[METHOD_DMARC]),
				 (int)verdict.action);
		assert_int_equal(verdict.withheld,
				 cases[i].action == ACTION_DEFER ? DNS_CHOSEN_NAME : DNS_NOERROR);
		scene_leave(&scene);
	}
#undef FORGED
}

/* Whatever stands above it: the author's is among those that are looked at. */
static void
check_dmarc_leaves_room_for_signatures_of_the_author(void **state)
{
	struct dkim_finding signatures[DMARC_IDENTIFIERS_MAX + 1];
	struct scene scene;

	(void)state;
	for (size_t i = 0; i <= DMARC_IDENTIFIERS_MAX; i++)
		signatures[i] = (struct dkim_finding){ .domain = "other.test", .result = RESULT_PASS };
	signatures[DMARC_IDENTIFIERS_MAX] = (struct dkim_finding){ .domain = "reject.test",
								   .result = RESULT_PASS,
								   .alignment = DKIM_SAME_DOMAIN };
	give("other.test", RESULT_PASS, signatures, RESULT_PASS);
	given.dkim.count = DMARC_IDENTIFIERS_MAX + 1;
	begin(&scene, "", "<b@other.test>");
	say_message(&scene, "a@reject.test", NULL);
	assert_int_equal(scene.facts->results[METHOD_DMARC], RESULT_PASS);
	scene_leave(&scene);
}

/* RFC 9989, 5.3 and 4.7. */
static void
check_dmarc_judges_by_spf_and_signatures(void **state)
{
	static const struct {
		const char *from, *spf_domain, *signer;
		enum result spf, dkim, result;
		enum dmarc_policy evaluated;
	} cases[] = {
		{ "a@reject.test", "reject.test", NULL, RESULT_PASS, RESULT_NONE, RESULT_PASS, DMARC_REJECT },
		{ "a@reject.test", "other.test", NULL, RESULT_PASS, RESULT_NONE, RESULT_FAIL, DMARC_REJECT },
		{ "a@reject.test", "reject.test", NULL, RESULT_SOFTFAIL, RESULT_NONE, RESULT_FAIL,
		  DMARC_REJECT },
		{ "a@reject.test", "x.example", "reject.test", RESULT_FAIL, RESULT_PASS, RESULT_PASS,
		  DMARC_REJECT },
		{ "a@reject.test", "x.example", "sub.reject.test", RESULT_FAIL, RESULT_PASS, RESULT_PASS,
		  DMARC_REJECT },
		{ "a@reject.test", "x.example", "reject.test", RESULT_FAIL, RESULT_FAIL, RESULT_FAIL,
		  DMARC_REJECT },
		{ "a@reject.test", "x.example", "reject.test", RESULT_FAIL, RESULT_POLICY, RESULT_FAIL,
		  DMARC_REJECT },
		{ "a@reject.test", "x.example", "reject.test", RESULT_FAIL, RESULT_TEMPERROR,
		  RESULT_TEMPERROR, DMARC_REJECT },
		{ "a@reject.test", "x.example", NULL, RESULT_FAIL, RESULT_TEMPERROR, RESULT_TEMPERROR,
		  DMARC_REJECT },
		{ "a@reject.test", "reject.test", NULL, RESULT_TEMPERROR, RESULT_NONE, RESULT_TEMPERROR,
		  DMARC_REJECT },
		{ "a@sub.reject.test", "", NULL, RESULT_NONE, RESULT_NONE, RESULT_FAIL, DMARC_QUARANTINE },
		{ "a@gone.reject.test", "", NULL, RESULT_NONE, RESULT_NONE, RESULT_FAIL, DMARC_NONE },
		{ "a@testing.test", "", NULL, RESULT_NONE, RESULT_NONE, RESULT_FAIL, DMARC_QUARANTINE },
		{ "a@none.test", "", NULL, RESULT_NONE, RESULT_NONE, RESULT_FAIL, DMARC_NONE },
		{ "a@broken.test", "", NULL, RESULT_NONE, RESULT_NONE, RESULT_PERMERROR, DMARC_ABSENT },
		{ "a@ill.test", "ill.test", NULL, RESULT_PASS, RESULT_NONE, RESULT_TEMPERROR, DMARC_ABSENT },
		{ "a@absent.test", "absent.test", NULL, RESULT_PASS, RESULT_NONE, RESULT_NONE, DMARC_ABSENT },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		struct dkim_finding signature = { .domain = cases[i].signer, .result = cases[i].dkim };
		struct scene scene;

		give(cases[i].spf_domain, cases[i].spf, cases[i].signer != NULL ? &signature : NULL,
		     cases[i].dkim);
		begin(&scene, "", "<a@x.example>");
		say_message(&scene, cases[i].from, NULL);
		if (scene.facts->results[METHOD_DMARC] != cases[i].result)
			fail_msg("%zu: %s", i, result_word(scene.facts->results[METHOD_DMARC]));
		assert_string_equal(scene.facts->author.domain, cases[i].from + 2);
		if (scene.facts->dmarc.record_domain != NULL || cases[i].result == RESULT_FAIL)
			assert_int_equal(scene.facts->dmarc.evaluated, cases[i].evaluated);
		scene_leave(&scene);
	}
}

/* Where no record says how to compare them, one that is the author's domain is not told as another. */
static void
check_dmarc_knows_the_same_domain_without_a_record(void **state)
{
	static const struct {
		const char *from, *spf_domain;
		enum result spf;
		enum dmarc_alignment alignment;
	} cases[] = {
		{ "a@ill.test", "ill.test", RESULT_TEMPERROR, DMARC_EQUAL },
		{ "a@ill.test", "other.test", RESULT_PASS, DMARC_UNTOLD },
		{ "a@absent.test", "absent.test", RESULT_PASS, DMARC_EQUAL },
		{ "a@absent.test", "other.test", RESULT_PASS, DMARC_UNTOLD },
		{ "a@broken.test", "broken.test", RESULT_PASS, DMARC_EQUAL },
		{ "a@reject.test", "reject.test", RESULT_TEMPERROR, DMARC_EQUAL },
		{ "a@reject.test", "other.test", RESULT_PASS, DMARC_UNALIGNED },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		struct scene scene;

		give(cases[i].spf_domain, cases[i].spf, NULL, RESULT_NONE);
		begin(&scene, "", "<a@x.example>");
		say_message(&scene, cases[i].from, NULL);
		assert_int_equal(scene.facts->dmarc.identifier_count, 1);
		if (scene.facts->dmarc.identifiers[0].alignment != cases[i].alignment)
			fail_msg("%zu: %d", i, (int)scene.facts->dmarc.identifiers[0].alignment);
		scene_leave(&scene);
	}
}

/* RFC 9989, 4.4.2; RFC 7208, 2.4: HELO counts for "<>" alone. */
static void
check_dmarc_takes_helo_only_for_the_null_sender(void **state)
{
	static const struct {
		const char *sender;
		enum result result;
	} cases[] = { { "<>", RESULT_PASS }, { "<a@x.example>", RESULT_FAIL } };

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		struct scene scene;

		give("", RESULT_NONE, NULL, RESULT_NONE);
		given.spf[SPF_HELO].domain = "reject.test";
		given.results[METHOD_SPF_HELO] = RESULT_PASS;
		begin(&scene, "", cases[i].sender);
		say_message(&scene, "a@reject.test", NULL);
		assert_int_equal(scene.facts->results[METHOD_DMARC], cases[i].result);
		scene_leave(&scene);
	}
}

/* RFC 9989, 11.5: never none, never pass, and nothing is asked. The rule that the manual proposes refuses
 * each. */
static void
check_dmarc_is_permerror_without_one_author(void **state)
{
	static const struct {
		const char *from, *second;
		enum author_finding finding;
		bool is_refused; /* by from = several */
	} cases[] = {
		{ NULL, NULL, AUTHOR_NO_FIELD, false },
		{ "", NULL, AUTHOR_NO_ADDRESS, false },
		{ "<", NULL, AUTHOR_SYNTAX, false },
		{ "a@x.example, b@y.example", NULL, AUTHOR_SEVERAL_DOMAINS, true },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		struct scene scene;
		struct verdict verdict;

		give("reject.test", RESULT_PASS, NULL, RESULT_NONE);
		begin(&scene, "reject when from = several", "<a@reject.test>");
		say_message(&scene, cases[i].from, cases[i].second);
		assert_int_equal(scene.facts->results[METHOD_DMARC], RESULT_PERMERROR);
		assert_int_equal(scene.facts->author.finding, cases[i].finding);
		assert_int_equal(scene.dns.asked, 0);
		verdict = policy_judge(scene.config, scene.facts, &recipient);
		assert_int_equal(verdict.action == ACTION_REJECT, cases[i].is_refused);
		scene_leave(&scene);
		begin(&scene, "reject when from != one", "<a@reject.test>");
		say_message(&scene, cases[i].from, cases[i].second);
		verdict = policy_judge(scene.config, scene.facts, &recipient);
		assert_int_equal(verdict.action, ACTION_REJECT);
		scene_leave(&scene);
	}
}

/* One signature or MAIL FROM of the author and a second From field: espoofer's classic. */
static void
check_dmarc_passes_no_second_author(void **state)
{
	struct scene scene;

	(void)state;
	give("reject.test", RESULT_PASS, NULL, RESULT_NONE);
	begin(&scene, "", "<a@reject.test>");
	say_message(&scene, "a@reject.test", "b@none.test");
	assert_int_equal(scene.facts->results[METHOD_DMARC], RESULT_PERMERROR);
	assert_int_equal(scene.facts->author.finding, AUTHOR_SEVERAL_FIELDS);
	assert_string_equal(scene.facts->author.domain, "");
	scene_leave(&scene);
}

/* The walk is asked for when From comes, before the header has ended. */
static void
check_dmarc_asks_as_soon_as_the_author_is_known(void **state)
{
	struct scene scene;

	(void)state;
	give("", RESULT_NONE, NULL, RESULT_NONE);
	begin(&scene, "", "<a@x.example>");
	assert_int_equal(scene.dns.asked, 0);
	inquiry_header_field(scene.inquiry, "From", "a@sub.reject.test");
	assert_int_equal(scene.dns.asked, 3);
	say_message(&scene, NULL, NULL);
	assert_int_equal(scene.facts->results[METHOD_DMARC], RESULT_FAIL);
	assert_int_equal(scene.dns.asked, 4); /* whether the name exists */
	assert_int_equal(scene.facts->dmarc.existence, DMARC_EXISTS);
	assert_string_equal(scene.facts->dmarc.record_domain, "reject.test");
	assert_string_equal(scene.facts->dmarc.organization, "reject.test");
	assert_int_equal(scene.facts->dmarc.lookup_count, 3);
	scene_leave(&scene);
}

/* With signatures that wait for their key, and nothing of SPF. */
static const struct check *const signed_table[] = { &other_spf, &check_dkim, &check_dmarc };

/* The value of a field that signs "From: a@reject.test" and an empty body. */
static void
sign(char *value, size_t size)
{
	char text[1024];
	struct strbuf out, signed_text;

	strbuf_init(&out, value, size);
	strbuf_add(&out, "v=1; a=rsa-sha256; c=relaxed/relaxed; d=late.reject.test; s=k; h=From; bh=");
	signer_add_hash(&out, "");
	strbuf_add(&out, "; b=");
	strbuf_init(&signed_text, text, sizeof text);
	strbuf_add(&signed_text, "from:a@reject.test\r\ndkim-signature:");
	strbuf_add(&signed_text, value);
	signer_add_signature(&out, SIGNER_RSA_2048, "SHA256", text);
	assert_false(out.is_cut || signed_text.is_cut);
}

/* Whether the author's domain exists is not asked behind a key, which a sender can hold up. */
static void
check_dmarc_asks_for_existence_before_keys_have_come(void **state)
{
	char value[1024];
	struct scene scene;

	(void)state;
	give("", RESULT_NONE, NULL, RESULT_NONE);
	sign(value, sizeof value);
	scene_begin(&scene, rows, ROWS(rows), "mode enforce enable { dkim, dmarc }",
		    (struct check_table){ signed_table, ROWS(signed_table) });
	inquiry_mail(scene.inquiry, &(struct envelope_address){ "<a@x.example>", NULL }, NULL, NULL);
	inquiry_header_field(scene.inquiry, "DKIM-Signature", value);
	inquiry_header_field(scene.inquiry, "From", "a@gone.reject.test");
	inquiry_end_of_header(scene.inquiry);
	(void)fake_dns_deliver_name(&scene.dns, "_dmarc.gone.reject.test");
	(void)fake_dns_deliver_name(&scene.dns, "_dmarc.reject.test");
	(void)fake_dns_deliver_name(&scene.dns, "_dmarc.test");
	assert_int_equal(fake_dns_deliver_name(&scene.dns, "gone.reject.test"), 1);
	scene_say_body(&scene, "\r\n", 2);
	assert_int_equal(fake_dns_deliver_name(&scene.dns, KEY_NAME), 1);
	scene_judge(&scene);
	assert_int_equal(scene.facts->dmarc.existence, DMARC_DOES_NOT_EXIST);
	scene_leave(&scene);
}

/* A resolver that has all answers but two: the key's comes in the middle of the wait, and one never. */

static struct {
	dns_callback *callback;
	void *context;
} parked[2];
static pthread_t answerer;

static struct dns_answer *
known(struct dns_resolver *resolver, const char *name, enum dns_type type)
{
	(void)resolver;
	if (strcmp(name, KEY_NAME) == 0 || strcmp(name, "_dmarc.late.reject.test") == 0)
		return NULL;
	return fake_dns_answer(fake_dns_find(rows, ROWS(rows), name, type));
}

static bool
park(struct dns_resolver *resolver, const char *name, enum dns_type type, dns_callback *callback,
     void *context)
{
	const size_t place = strcmp(name, KEY_NAME) == 0 ? 0 : 1;

	(void)resolver;
	(void)type;
	parked[place].callback = callback;
	parked[place].context = context;
	return true;
}

#define WAIT_MS 400

static void *
answer_in_the_middle(void *context)
{
	char record[1024];

	(void)snprintf(record, sizeof record, "v=DKIM1; p=%s", signer_public(SIGNER_RSA_2048, false));
	(void)usleep(WAIT_MS / 2 * 1000);
	parked[0].callback(parked[0].context,
			   fake_dns_answer(&(struct fake_row){ KEY_NAME, DNS_TXT, DNS_NOERROR, record }));
	return context;
}

static void
begin_answering(void)
{
	assert_int_equal(pthread_create(&answerer, NULL, answer_in_the_middle, NULL), 0);
}

/*
 * What was asked behind an answer that came late had not the time that others have. It is withheld, lest a
 * sender choose how late his key comes. A machine so busy that the key comes behind the wait finds the same.
 */
static void
check_dmarc_withholds_what_had_no_time(void **state)
{
	const struct client_facts client = { .address = ipaddr_from_ipv4(0xc6336436) };
	char value[1024];
	struct scene scene;

	(void)state;
	give("", RESULT_NONE, NULL, RESULT_NONE);
	sign(value, sizeof value);
	fake_dns_init(&scene.dns, rows, ROWS(rows));
	scene.dns.interface.known = known;
	scene.dns.interface.ask = park;
	scene_configure(&scene,
			"mode enforce enable { dkim, dmarc } policy { reject when dmarc.policy = reject }");
	scene_start(&scene,
		    (struct inquiry_needs){ .table = { signed_table, ROWS(signed_table) },
					    .before_wait = begin_answering },
		    &client);
	inquiry_mail(scene.inquiry, &(struct envelope_address){ "<a@x.example>", NULL }, NULL, NULL);
	inquiry_header_field(scene.inquiry, "DKIM-Signature", value);
	inquiry_header_field(scene.inquiry, "From", "a@reject.test");
	inquiry_end_of_header(scene.inquiry);
	inquiry_end_of_body(scene.inquiry);
	scene.facts = inquiry_wait(scene.inquiry, WAIT_MS);
	assert_int_equal(pthread_join(answerer, NULL), 0);
	assert_int_equal(scene.facts->results[METHOD_DMARC], RESULT_TEMPERROR);
	assert_int_equal(policy_judge(scene.config, scene.facts, &recipient).action, ACTION_DEFER);
	inquiry_end(scene.inquiry);
	if (parked[1].callback != NULL)
		parked[1].callback(parked[1].context, dns_answer_empty(DNS_NXDOMAIN, 300));
	scene_leave(&scene);
}

/* Rules: the policy is what is wanted for a message that fails. */
static void
rules_ask_for_policy_and_author(void **state)
{
	static const struct {
		const char *rule, *from;
		bool is_refused;
	} cases[] = {
		{ "reject when dmarc = fail and dmarc.policy = reject", "a@reject.test", true },
		{ "reject when dmarc = fail and dmarc.policy = reject", "a@none.test", false },
		{ "reject when dmarc.policy = reject", "a@testing.test", false },
		{ "reject when dmarc.policy in { quarantine, reject }", "a@testing.test", true },
		{ "reject when dmarc.policy in { quarantine, reject }", "a@ill.test", false },
		{ "reject when dmarc.policy != reject", "a@ill.test", false },
		{ "reject when dmarc.policy = none", "a@absent.test", false },
		{ "reject when from in { \"*.reject.test\" }", "a@sub.reject.test", true },
		{ "reject when from in { \"reject.test\" }", "a@sub.reject.test", false },
		{ "reject when from not in { \"reject.test\" }", "a@none.test", true },
		{ "reject when from = one", "a@none.test", true },
		{ "reject when from != one", "a@none.test", false },
		{ "reject when from in { none, malformed }", "<", true },
		{ "reject when dmarc = permerror", "<", true },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		struct scene scene;
		struct verdict verdict;

		give("", RESULT_NONE, NULL, RESULT_NONE);
		begin(&scene, cases[i].rule, "<a@x.example>");
		say_message(&scene, cases[i].from, NULL);
		verdict = policy_judge(scene.config, scene.facts, &recipient);
		if ((verdict.action == ACTION_REJECT) != cases[i].is_refused)
			fail_msg("%s, %s", cases[i].rule, cases[i].from);
		scene_leave(&scene);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(check_dmarc_withholds_what_is_withheld_of_signatures),
		cmocka_unit_test(J4_check_dmarc_defers_for_names_that_the_sender_chose),
		cmocka_unit_test(check_dmarc_withholds_what_takes_too_much_work),
		cmocka_unit_test(check_dmarc_leaves_room_for_signatures_of_the_author),
		cmocka_unit_test(check_dmarc_judges_by_spf_and_signatures),
		cmocka_unit_test(check_dmarc_knows_the_same_domain_without_a_record),
		cmocka_unit_test(check_dmarc_takes_helo_only_for_the_null_sender),
		cmocka_unit_test(check_dmarc_is_permerror_without_one_author),
		cmocka_unit_test(check_dmarc_passes_no_second_author),
		cmocka_unit_test(check_dmarc_asks_as_soon_as_the_author_is_known),
		cmocka_unit_test(check_dmarc_asks_for_existence_before_keys_have_come),
		cmocka_unit_test(check_dmarc_withholds_what_had_no_time),
		cmocka_unit_test(rules_ask_for_policy_and_author),
	};

	return cmocka_run_group_tests(tests, signer_begin, signer_end);
}
