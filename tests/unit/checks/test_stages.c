/* The inquiry and the policy beyond MAIL: checks that are fed the header and the body. */
#include "unit.h"

#include <pthread.h>
#include <semaphore.h>

#include "config_text.h"
#include "scene.h"
#include "heloscope/base/bounds.h"
#include "heloscope/checks/iprev.h"
#include "heloscope/checks/policy.h"
#include "staged_checks.h"

/* The sum of the octets of "The body.\r\n". */
static const struct fake_row rows[] = {
	{ "right.test", DNS_TXT, DNS_NOERROR, "820" },
	{ "wrong.test", DNS_TXT, DNS_NOERROR, "1" },
	{ "54.100.51.198.in-addr.arpa", DNS_PTR, DNS_NXDOMAIN, NULL },
	{ "down.test", DNS_TXT, DNS_SERVFAIL, NULL },
};

#define BODY "The body.\r\n"

static void
begin(struct scene *scene, const char *config)
{
	scene_begin(scene, rows, ROWS(rows), config, staged_checks());
}

static void
say_mail(struct scene *scene, const char *sender)
{
	inquiry_mail(scene->inquiry, &(struct envelope_address){ sender, NULL }, NULL, NULL);
}

static void
say_header(struct scene *scene, const char *seal)
{
	inquiry_header_field(scene->inquiry, "From", " a@b.test");
	if (seal != NULL)
		inquiry_header_field(scene->inquiry, "X-Seal", seal);
	inquiry_end_of_header(scene->inquiry);
}

/* With a fault of SPF, which no scene checks. */
static struct verdict
judge(const struct scene *scene)
{
	static struct facts facts;
	const struct readings recipient = { .items = { { .form = MAILBOX_ADDRESS,
							 .local = "u",
							 .domain = "in.test",
							 .text = "u@in.test" } },
					    .count = 1 };

	facts = *scene->facts;
	facts.results[METHOD_SPF] = RESULT_TEMPERROR;
	return policy_judge(scene->config, &facts, &recipient);
}

static void
feed_nothing(struct inquiry *inquiry, const struct piece *piece)
{
	(void)inquiry;
	(void)piece;
}

/* In pieces of any size; the question is asked with the field, long before the body has come. */
static void
inquiry_feeds_header_and_body_in_pieces(void **state)
{
	static const struct {
		const char *seal;
		enum result expected;
	} cases[] = { { " right.test", RESULT_PASS },
		      { "wrong.test", RESULT_FAIL },
		      { "down.test", RESULT_TEMPERROR },
		      { NULL, RESULT_NONE } };
	static const size_t sizes[] = { 1, 2, 3, 7, 64 };

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		for (size_t j = 0; j < ROWS(sizes); j++) {
			struct scene scene;

			begin(&scene, "");
			say_mail(&scene, "<joe@yodel.example>");
			scene_wait(&scene);
			assert_int_equal(scene.facts->results[METHOD_SENDER], RESULT_UNCHECKED);
			say_header(&scene, cases[i].seal);
			assert_int_equal(scene.dns.asked, cases[i].seal != NULL ? 1 : 0);
			if (j % 2 == 0)
				(void)fake_dns_deliver(&scene.dns); /* before the body, or behind it */
			scene_say_body(&scene, BODY, sizes[j]);
			(void)fake_dns_deliver(&scene.dns);
			assert_true(inquiry_is_complete(scene.inquiry));
			scene_wait(&scene);
			assert_int_equal(scene.facts->results[METHOD_SENDER], cases[i].expected);
			assert_int_equal(scene.facts->results[METHOD_HELO], RESULT_PASS);
			assert_int_equal(scene.dns.asked, cases[i].seal != NULL ? 1 : 0);
			scene_leave(&scene);
		}
	}
}

/* The resolver's thread, which brings the last answer, does not run what may take long. */
static void
inquiry_leaves_the_body_to_who_waits(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, "");
	say_mail(&scene, "<joe@yodel.example>");
	scene_wait(&scene);
	say_header(&scene, "right.test");
	scene_say_body(&scene, BODY, 7);
	assert_int_equal(fake_dns_deliver(&scene.dns), 1);
	assert_int_equal(scene.facts->results[METHOD_SENDER], RESULT_UNCHECKED);
	scene_wait(&scene);
	assert_int_equal(scene.facts->results[METHOD_SENDER], RESULT_PASS);
	scene_leave(&scene);
}

/* Whoever gives up at the end of a message leaves nothing behind: AddressSanitizer's build tells. */
static void
inquiry_lets_go_of_what_comes_behind_the_end(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, "");
	say_mail(&scene, "<joe@yodel.example>");
	say_header(&scene, "right.test");
	scene_say_body(&scene, BODY, 7);
	inquiry_close(scene.inquiry);
	assert_int_equal(fake_dns_deliver(&scene.dns), 1);
	scene.inquiry = NULL;
	scene_leave(&scene);
}

/* A check that is in the middle of its run, as long as the test wants. */

static sem_t is_in_run, may_go_on;

static bool
run_slowly(struct inquiry *inquiry)
{
	const struct dns_answer *first, *second;

	if (inquiry_stage(inquiry) < STAGE_HEADER)
		return false;
	first = inquiry_ask(inquiry, STAGE_HEADER, "right.test", DNS_TXT);
	second = inquiry_ask(inquiry, STAGE_HEADER, "wrong.test", DNS_TXT);
	if (first != NULL && second == NULL) {
		(void)sem_post(&is_in_run);
		(void)sem_wait(&may_go_on);
	}
	inquiry_facts(inquiry)->results[METHOD_SENDER] = RESULT_PASS;
	return first != NULL && second != NULL;
}

static const struct check x_slow = {
	.stage = STAGE_BODY, .run = run_slowly, .method = METHOD_SENDER, .feed = feed_nothing
};

static void *
wait_for_it(void *inquiry)
{
	return (void *)inquiry_wait(inquiry, 30000);
}

/* The thread that brings an answer does not wait for checks that run; and the answer is not lost. */
static void
inquiry_takes_answers_while_checks_run(void **state)
{
	static const struct check *const table[] = { &x_slow };
	struct scene scene;
	pthread_t waiter;
	void *facts;

	(void)state;
	(void)sem_init(&is_in_run, 0, 0);
	(void)sem_init(&may_go_on, 0, 0);
	scene_begin(&scene, rows, ROWS(rows), "", (struct check_table){ table, 1 });
	say_mail(&scene, "<joe@yodel.example>");
	say_header(&scene, NULL);
	scene_say_body(&scene, BODY, 7);
	assert_int_equal(pthread_create(&waiter, NULL, wait_for_it, scene.inquiry), 0);
	assert_int_equal(fake_dns_deliver_name(&scene.dns, "right.test"), 1);
	(void)sem_wait(&is_in_run);
	assert_int_equal(fake_dns_deliver_name(&scene.dns, "wrong.test"),
			 1); /* ends, though the check does not */
	(void)sem_post(&may_go_on);
	assert_int_equal(pthread_join(waiter, &facts), 0);
	assert_non_null(facts);
	assert_true(inquiry_is_complete(scene.inquiry));
	assert_int_equal(((const struct facts *)facts)->results[METHOD_SENDER], RESULT_PASS);
	scene_leave(&scene);
	(void)sem_destroy(&is_in_run);
	(void)sem_destroy(&may_go_on);
}

/* What is awaited is told in the facts, stage by stage; a check that can be done early is. */
static void
inquiry_tells_what_is_awaited(void **state)
{
	struct scene scene;

	(void)state;
	for (int has_seal = 0; has_seal < 2; has_seal++) {
		begin(&scene, "");
		say_mail(&scene, "<joe@yodel.example>");
		scene_wait(&scene);
		assert_int_equal(scene.facts->awaited[STAGE_HEADER], 1U << METHOD_HELO);
		assert_int_equal(scene.facts->awaited[STAGE_BODY], 1U << METHOD_SENDER);
		say_header(&scene, has_seal ? "right.test" : NULL);
		assert_int_equal(scene.facts->awaited[STAGE_HEADER], 0);
		assert_int_equal(scene.facts->awaited[STAGE_BODY], has_seal ? 1U << METHOD_SENDER : 0);
		scene_say_body(&scene, BODY, 3);
		assert_int_equal(facts_awaited(scene.facts), 0);
		scene_leave(&scene);
	}
	begin(&scene, "disable { helo, sender }");
	say_mail(&scene, "<joe@yodel.example>");
	scene_wait(&scene);
	assert_int_equal(facts_awaited(scene.facts), 0);
	say_header(&scene, "right.test");
	scene_say_body(&scene, BODY, 3);
	scene_wait(&scene);
	assert_int_equal(scene.facts->results[METHOD_SENDER], RESULT_UNCHECKED);
	assert_int_equal(scene.dns.asked, 0);
	scene_leave(&scene);
}

/* By each reading of the sender, of which the later ones begin when the first has what MAIL gives. */
static void
inquiry_checks_the_body_for_all_readings(void **state)
{
	struct scene scene;
	size_t count = 0;

	(void)state;
	begin(&scene, "");
	inquiry_mail(scene.inquiry, &(struct envelope_address){ "<a%b.test@c.test>", NULL }, NULL, NULL);
	scene_wait(&scene);
	say_header(&scene, "wrong.test");
	scene_say_body(&scene, BODY, 2);
	(void)fake_dns_deliver(&scene.dns);
	scene_wait(&scene);
	for (const struct facts *facts = scene.facts; facts != NULL; facts = facts->other, count++) {
		assert_int_equal(facts->results[METHOD_SENDER], RESULT_FAIL);
		assert_int_equal(facts->results[METHOD_HELO], RESULT_PASS);
		assert_int_equal(facts_awaited(facts), 0);
	}
	assert_true(count > 1);
	scene_leave(&scene);
}

/* The deadline of RCPT is not that of the end; an answer that is too late is a temperror, and is dropped. */
static void
inquiry_has_a_deadline_at_the_end(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, "");
	say_mail(&scene, "<joe@yodel.example>");
	scene_wait(&scene);
	say_header(&scene, "wrong.test");
	scene_say_body(&scene, BODY, 64);
	assert_false(inquiry_is_complete(scene.inquiry));
	scene_wait(&scene);
	assert_int_equal(scene.facts->results[METHOD_SENDER], RESULT_TEMPERROR);
	inquiry_end(scene.inquiry);
	(void)fake_dns_deliver(&scene.dns);
	assert_int_equal(scene.facts->results[METHOD_SENDER], RESULT_TEMPERROR);
	inquiry_forget_mail(scene.inquiry);
	say_mail(&scene, "<joe@yodel.example>");
	say_header(&scene, "wrong.test");
	(void)fake_dns_deliver(&scene.dns);
	scene_say_body(&scene, BODY, 64);
	scene_wait(&scene);
	assert_int_equal(scene.facts->results[METHOD_SENDER], RESULT_FAIL);
	scene_leave(&scene);
}

/* What MAIL had no time for does not take the time of what the body asks for; its result stays. */
static void
inquiry_deadline_of_rcpt_does_not_end_the_body(void **state)
{
	const struct check *const table[] = { &check_iprev, staged_checks().checks[0],
					      staged_checks().checks[1] };
	struct scene scene;

	(void)state;
	scene_begin(&scene, rows, ROWS(rows), "", (struct check_table){ table, ROWS(table) });
	say_mail(&scene, "<joe@yodel.example>");
	scene_wait(&scene);
	assert_int_equal(scene.facts->results[METHOD_IPREV], RESULT_TEMPERROR);
	say_header(&scene, "wrong.test");
	(void)fake_dns_deliver(&scene.dns);
	scene_say_body(&scene, BODY, 64);
	scene_wait(&scene);
	assert_int_equal(scene.facts->results[METHOD_SENDER], RESULT_FAIL);
	assert_int_equal(scene.facts->results[METHOD_IPREV], RESULT_TEMPERROR);
	say_mail(&scene, "<joe@yodel.example>"); /* asks anew what was cut short */
	(void)fake_dns_deliver(&scene.dns);
	scene_wait(&scene);
	assert_int_equal(scene.facts->results[METHOD_IPREV], RESULT_PERMERROR);
	scene_leave(&scene);
}

/* The body may come while answers for MAIL are awaited, as in mode audit; both are there in the end. */
static void
inquiry_takes_the_body_while_mail_waits(void **state)
{
	const struct check *const table[] = { &check_iprev, staged_checks().checks[0],
					      staged_checks().checks[1] };
	struct scene scene;
	size_t count = 0;

	(void)state;
	scene_begin(&scene, rows, ROWS(rows), "", (struct check_table){ table, ROWS(table) });
	say_mail(&scene, "<a%b.test@c.test>");
	say_header(&scene, "right.test");
	assert_int_equal(fake_dns_deliver_name(&scene.dns, "right.test"), 1);
	scene_say_body(&scene, BODY, 3);
	assert_false(inquiry_is_complete(scene.inquiry));
	(void)fake_dns_deliver(&scene.dns);
	assert_true(inquiry_is_complete(scene.inquiry));
	scene_wait(&scene);
	for (const struct facts *facts = scene.facts; facts != NULL; facts = facts->other, count++) {
		assert_int_equal(facts->results[METHOD_IPREV], RESULT_PERMERROR);
		assert_int_equal(facts->results[METHOD_SENDER], RESULT_PASS);
		assert_int_equal(facts_awaited(facts), 0);
	}
	assert_true(count > 1);
	scene_leave(&scene);
}

/* Once it is over, its facts can be read without a lock: answers change nothing. */
static void
inquiry_end_leaves_facts_as_they_are(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, "");
	say_mail(&scene, "<joe@yodel.example>");
	scene_wait(&scene);
	say_header(&scene, "wrong.test");
	inquiry_body(scene.inquiry, SPAN("x"));
	inquiry_end(scene.inquiry);
	inquiry_end_of_body(scene.inquiry);
	(void)fake_dns_deliver(&scene.dns);
	assert_int_equal(scene.facts->results[METHOD_SENDER], RESULT_UNCHECKED);
	assert_int_equal(scene.facts->awaited[STAGE_BODY], 1U << METHOD_SENDER);
	scene_leave(&scene);
}

/* Nothing of a message is in the next one, wherever the first was given up. */
static void
inquiry_begins_each_message_anew(void **state)
{
	(void)state;
	for (int until = 0; until < 5; until++) {
		struct scene scene;

		begin(&scene, "");
		inquiry_header_field(scene.inquiry, "From", "before MAIL");
		say_mail(&scene, "<joe@yodel.example>");
		if (until > 0)
			inquiry_header_field(scene.inquiry, "X-Seal", "wrong.test");
		if (until > 1)
			inquiry_end_of_header(scene.inquiry);
		if (until > 2)
			inquiry_body(scene.inquiry, SPAN("x"));
		if (until > 3)
			inquiry_end_of_body(scene.inquiry);
		inquiry_end(scene.inquiry);
		inquiry_forget_mail(scene.inquiry);
		inquiry_body(scene.inquiry, SPAN("between"));
		say_mail(&scene, "<joe@yodel.example>");
		scene_wait(&scene);
		assert_int_equal(scene.facts->results[METHOD_SENDER], RESULT_UNCHECKED);
		say_header(&scene, "right.test");
		inquiry_header_field(scene.inquiry, "From", "behind the header");
		(void)fake_dns_deliver(&scene.dns);
		scene_say_body(&scene, BODY, 4);
		inquiry_body(scene.inquiry, SPAN("behind the body"));
		scene_wait(&scene);
		assert_int_equal(scene.facts->results[METHOD_SENDER], RESULT_PASS);
		assert_int_equal(scene.facts->results[METHOD_HELO], RESULT_PASS);
		scene_leave(&scene);
	}
}

/* BOUND_FED_OCTETS: what is too much costs the check its result, and no mail. */
static void
inquiry_feeds_a_bounded_memory(void **state)
{
	static char value[1025];
	struct scene scene;

	(void)state;
	memset(value, 'x', sizeof value - 1);
	for (size_t count = BOUND_FED_OCTETS / 2048; count <= 100 * BOUND_FED_OCTETS / 1024; count *= 200) {
		begin(&scene, "");
		say_mail(&scene, "<joe@yodel.example>");
		for (size_t i = 0; i < count; i++)
			inquiry_header_field(scene.inquiry, "X-Keep", value);
		say_header(&scene, "right.test");
		scene_say_body(&scene, BODY, 64);
		(void)fake_dns_deliver(&scene.dns);
		scene_wait(&scene);
		assert_int_equal(scene.facts->results[METHOD_SENDER],
				 count * 1024 < BOUND_FED_OCTETS ? RESULT_PASS : RESULT_TEMPERROR);
		scene_leave(&scene);
	}
}

/* Answers come on another thread while the message does; for the thread sanitizer. */
static void *
answer_always(void *context)
{
	struct scene *scene = context;

	(void)fake_dns_deliver(&scene->dns);
	return NULL;
}

static void
inquiry_is_fed_while_answers_come(void **state)
{
	(void)state;
	for (int times = 0; times < 50; times++) {
		struct scene scene;
		pthread_t thread;

		begin(&scene, "");
		say_mail(&scene, "<joe@yodel.example>");
		inquiry_header_field(scene.inquiry, "X-Seal", "right.test");
		assert_int_equal(pthread_create(&thread, NULL, answer_always, &scene), 0);
		say_header(&scene, NULL);
		scene_say_body(&scene, BODY, 1);
		scene.facts = inquiry_wait(scene.inquiry, 60000);
		assert_int_equal(scene.facts->results[METHOD_SENDER], RESULT_PASS);
		assert_int_equal(pthread_join(thread, NULL), 0);
		scene_leave(&scene);
	}
}

/* What is wanted of a message follows from the table and the configuration. */
static void
inquiry_needs_no_more_of_a_message_than_is_wanted(void **state)
{
	static const struct {
		const char *config;
		enum stage expected;
	} cases[] = { { "", STAGE_BODY },
		      { "disable { sender }", STAGE_HEADER },
		      { "disable { helo }", STAGE_BODY },
		      { "disable { sender, helo }", STAGE_MAIL } };

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		struct inquiry_needs needs = { .table = staged_checks(),
					       .config = config_from_text(cases[i].config, NULL) };

		assert_int_equal(inquiry_last_stage(&needs), cases[i].expected);
		config_unref(needs.config);
	}
}

/* The first rule that rests on what is to come makes the verdict pending, unless it is false in any case. */
static void
policy_judges_pending_until_the_method_is_known(void **state)
{
	static const struct {
		const char *rules;
		enum stage at_rcpt;           /* STAGE_CONNECT: decided */
		enum action rcpt_action, end; /* with sender = fail, helo = pass */
	} cases[] = {
		{ "reject when sender = fail", STAGE_BODY, ACTION_ACCEPT, ACTION_REJECT },
		{ "reject when helo = fail", STAGE_HEADER, ACTION_ACCEPT, ACTION_ACCEPT },
		{ "reject when helo = fail or sender = fail", STAGE_BODY, ACTION_ACCEPT, ACTION_REJECT },
		{ "reject when not sender = pass", STAGE_BODY, ACTION_ACCEPT, ACTION_REJECT },
		{ "reject when sender != pass", STAGE_BODY, ACTION_ACCEPT, ACTION_REJECT },
		/* false, or true, whatever comes */
		{ "reject when sender = fail and mail-from = \"x@y.test\"", STAGE_CONNECT, ACTION_ACCEPT,
		  ACTION_ACCEPT },
		{ "reject when sender = fail or mail-from = \"*@yodel.example\"", STAGE_CONNECT,
		  ACTION_REJECT, ACTION_REJECT },
		/* what comes first decides */
		{ "accept when mail-from = \"*@yodel.example\" reject when sender = fail", STAGE_CONNECT,
		  ACTION_ACCEPT, ACTION_ACCEPT },
		{ "accept when sender = pass reject when mail-from = \"*@yodel.example\"", STAGE_BODY,
		  ACTION_ACCEPT, ACTION_REJECT },
		{ "accept when sender = fail reject when mail-from = \"*@yodel.example\"", STAGE_BODY,
		  ACTION_ACCEPT, ACTION_ACCEPT },
		/* what is only noted changes no decision; only a refusal that is done does not wait for it */
		{ "tag \"t\" when sender = fail reject when mail-from = \"*@yodel.example\"", STAGE_CONNECT,
		  ACTION_REJECT, ACTION_REJECT },
		{ "audit reject when sender = fail quarantine \"q\" when mail-from = \"*@yodel.example\"",
		  STAGE_CONNECT, ACTION_QUARANTINE, ACTION_QUARANTINE },
		{ "tag \"t\" when sender = fail", STAGE_CONNECT, ACTION_ACCEPT, ACTION_ACCEPT },
		{ "tag \"t\" when sender = fail reject when helo = fail", STAGE_HEADER, ACTION_ACCEPT,
		  ACTION_ACCEPT },
		/* a fault stays unknown, and an exception that is unknown softens */
		{ "reject when spf = fail", STAGE_CONNECT, ACTION_ACCEPT, ACTION_ACCEPT },
		{ "reject when spf = fail and sender = fail", STAGE_BODY, ACTION_ACCEPT, ACTION_ACCEPT },
		{ "accept when spf = pass reject when sender = fail", STAGE_BODY, ACTION_ACCEPT,
		  ACTION_DEFER },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		struct scene scene;
		char config[512];
		struct verdict verdict;

		(void)snprintf(config, sizeof config, "mode enforce policy { %s }", cases[i].rules);
		begin(&scene, config);
		say_mail(&scene, "<joe@yodel.example>");
		scene_wait(&scene);
		verdict = judge(&scene);
		if (verdict.pending_until != cases[i].at_rcpt || verdict.action != cases[i].rcpt_action)
			fail_msg("%s: until %d, action %d", cases[i].rules, (int)verdict.pending_until,
				 (int)verdict.action);
		say_header(&scene, "wrong.test");
		(void)fake_dns_deliver(&scene.dns);
		scene_say_body(&scene, BODY, 5);
		scene_wait(&scene);
		verdict = judge(&scene);
		if (verdict_waits(&verdict) || verdict.action != cases[i].end)
			fail_msg("%s: at the end action %d", cases[i].rules, (int)verdict.action);
		scene_leave(&scene);
	}
}

/* A recipient waits for what rules may still note, but for a refusal that is done. */
static void
policy_knows_whether_more_can_be_noted(void **state)
{
	static const struct {
		const char *config;
		enum stage expected;
	} cases[] = {
		{ "mode enforce policy { tag \"t\" when sender = fail }", STAGE_BODY },
		{ "mode enforce policy { audit reject when helo = fail }", STAGE_HEADER },
		{ "mode enforce policy { tag \"t\" when sender = fail audit reject when helo = fail }",
		  STAGE_BODY },
		{ "mode enforce policy { tag \"t\" when sender = fail quarantine when client in { 0.0.0.0/0 } }",
		  STAGE_BODY },
		{ "mode audit policy { tag \"t\" when sender = fail reject when client in { 0.0.0.0/0 } }",
		  STAGE_BODY },
		{ "mode enforce policy { tag \"t\" when sender = fail reject when client in { 0.0.0.0/0 } }",
		  STAGE_CONNECT },
		{ "mode enforce policy { accept when client in { 0.0.0.0/0 } tag \"t\" when sender = fail }",
		  STAGE_CONNECT },
		{ "mode enforce policy { tag \"t\" when client in { 0.0.0.0/0 } }", STAGE_CONNECT },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		struct scene scene;
		struct verdict verdict;

		begin(&scene, cases[i].config);
		say_mail(&scene, "<joe@yodel.example>");
		scene_wait(&scene);
		verdict = judge(&scene);
		if (verdict.notes_until != cases[i].expected || verdict_is_pending(&verdict))
			fail_msg("%s: notes until %d", cases[i].config, (int)verdict.notes_until);
		assert_int_equal(verdict_waits(&verdict), cases[i].expected != STAGE_CONNECT);
		scene_leave(&scene);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inquiry_feeds_header_and_body_in_pieces),
		cmocka_unit_test(inquiry_leaves_the_body_to_who_waits),
		cmocka_unit_test(inquiry_lets_go_of_what_comes_behind_the_end),
		cmocka_unit_test(inquiry_takes_answers_while_checks_run),
		cmocka_unit_test(inquiry_tells_what_is_awaited),
		cmocka_unit_test(inquiry_checks_the_body_for_all_readings),
		cmocka_unit_test(inquiry_has_a_deadline_at_the_end),
		cmocka_unit_test(inquiry_deadline_of_rcpt_does_not_end_the_body),
		cmocka_unit_test(inquiry_takes_the_body_while_mail_waits),
		cmocka_unit_test(inquiry_end_leaves_facts_as_they_are),
		cmocka_unit_test(inquiry_begins_each_message_anew),
		cmocka_unit_test(inquiry_feeds_a_bounded_memory),
		cmocka_unit_test(inquiry_is_fed_while_answers_come),
		cmocka_unit_test(inquiry_needs_no_more_of_a_message_than_is_wanted),
		cmocka_unit_test(policy_judges_pending_until_the_method_is_known),
		cmocka_unit_test(policy_knows_whether_more_can_be_noted),
	};

	return cmocka_run_group_tests_name("stages", tests, NULL, NULL);
}
