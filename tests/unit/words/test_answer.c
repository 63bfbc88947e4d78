/* answer: the first sentences of explain and check, for each way in which a message can end: golden texts. */
#include "unit.h"

#include "golden.h"
#include "heloscope/words/answer.h"

#define PLACE "heloscope.conf:31"

/* Mail that is refused for SPF where `spf` is fail, and lacks reverse DNS where `iprev` is temperror. */
static struct facts
facts_of(enum result spf, enum result iprev)
{
	static struct list_finding silent[] = {
		{ .zone = "wl.test", .is_allow = true, .state = LIST_FAULT, .fault = LIST_FAULT_LISTS_ALL },
		{ .zone = "wl.test", .is_allow = true, .state = LIST_FAULT, .fault = LIST_FAULT_LISTS_ALL },
		{ .zone = "dead.test", .is_allow = true, .state = LIST_FAULT, .fault = LIST_FAULT_LISTS_ALL },
		{ .zone = "bl.test", .state = LIST_NOT_LISTED },
	};
	struct facts facts = { .client = { .address = ipaddr_from_ipv4(0xc0000214), .port = 25 } };

	facts.helo = (struct helo_facts){ .given = "mail.out.example",
					  .form = HELO_NAME,
					  .name = "mail.out.example" };
	facts.sender.given = "<joe@out.example>";
	facts.sender.mailbox = (struct mailbox){
		.form = MAILBOX_ADDRESS, .local = "joe", .domain = "out.example", .text = "joe@out.example"
	};
	facts.sender.domain = "out.example";
	facts.spf[SPF_MAILFROM] = (struct spf_facts){ .domain = "out.example", .mechanism = "-all" };
	facts.results[METHOD_SPF] = spf;
	facts.results[METHOD_IPREV] = iprev;
	facts.lists[LIST_CLIENT] = (struct list_facts){ silent, ROWS(silent) };
	facts.iprev.status = iprev == RESULT_TEMPERROR ? DNS_TIMEOUT : DNS_NOERROR;
	return facts;
}

/* Why SPF is told. */
static struct reasons
by_spf(void)
{
	return (struct reasons){ .items = { { .kind = CONDITION_RESULT,
					      .holds = true,
					      .is_enough = true,
					      .method = METHOD_SPF,
					      .quantity = QUANTITIES,
					      .subject = SUBJECTS } },
				 .count = 1 };
}

/* Mail that was sent on: by a forwarder; by a list that seals; by one that does not. What else may fail is
 * the business of whoever did. */
static void
forward(struct facts *facts)
{
	facts->author.finding = AUTHOR_ONE;
	facts->author.domain = "author.example";
	facts->results[METHOD_HELO] = facts->results[METHOD_DMARC] = RESULT_PASS;
}

static void
forward_badly(struct facts *facts)
{
	forward(facts);
	facts->results[METHOD_BANNER] = RESULT_FAIL;
}

static void
seal(struct facts *facts)
{
	static struct arc_sealer sealers[] = { { "list.example", "s", true, true, true } };

	facts->arc = (struct arc_facts){ .sealers = sealers, .count = 1 };
	facts->results[METHOD_ARC] = RESULT_PASS;
	facts->results[METHOD_DKIM] = facts->results[METHOD_DMARC] = RESULT_FAIL;
	facts->author.domain = "author.example";
	facts->dmarc.record_domain = "author.example";
}

static void
change(struct facts *facts)
{
	static struct dkim_finding signature = {
		.result = RESULT_FAIL,
		.domain = "author.example",
		.selector = "s",
		.alignment = DKIM_SAME_DOMAIN,
		.evidence = { .reason = DKIM_BODY_HASH, .has_hashes = true, .header_verifies = true }
	};

	facts->dkim = (struct dkim_facts){ .signatures = &signature, .count = 1, .has_list_id = true };
	facts->results[METHOD_DKIM] = facts->results[METHOD_DMARC] = RESULT_FAIL;
	facts->author.domain = "author.example";
	facts->dmarc.record_domain = "author.example";
}

static void
change_without_list(struct facts *facts)
{
	change(facts);
	facts->dkim.has_list_id = false;
}

struct ending {
	const char *title;
	enum result spf, iprev;
	bool is_trusted;
	struct record_verdict verdict;
	size_t recipients; /* with that verdict, */
	size_t others;     /* and accepted */
};

#define DONE(action_) .action = (action_), .is_enforced = true, .rule = PLACE

static const struct ending endings[] = {
	{ "accepted, all well", RESULT_PASS, RESULT_PASS, false, { DONE(ACTION_ACCEPT) }, 1, 0 },
	{ "accepted by no rule",
	  RESULT_PASS,
	  RESULT_PASS,
	  false,
	  { .action = ACTION_ACCEPT, .is_enforced = true },
	  1,
	  0 },
	{ "accepted, a check failed", RESULT_FAIL, RESULT_PASS, false, { DONE(ACTION_ACCEPT) }, 1, 0 },
	{ "accepted, a check could not be completed",
	  RESULT_PASS,
	  RESULT_TEMPERROR,
	  false,
	  { DONE(ACTION_ACCEPT) },
	  1,
	  0 },
	{ "accepted, a rule is undecided",
	  RESULT_PASS,
	  RESULT_TEMPERROR,
	  false,
	  { DONE(ACTION_ACCEPT), .undecided = "heloscope.conf:17", .undecided_action = ACTION_REJECT,
	    .undecided_methods = 1U << METHOD_IPREV },
	  1,
	  0 },
	{ "accepted, a rule on lists is undecided, a check failed",
	  RESULT_FAIL,
	  RESULT_PASS,
	  false,
	  { .action = ACTION_ACCEPT,
	    .is_enforced = true,
	    .undecided = "heloscope.conf:17",
	    .undecided_action = ACTION_QUARANTINE,
	    .undecided_methods = 1U << METHOD_IPREV | 1U << METHOD_DNSBL | 1U << METHOD_DNSWL },
	  1,
	  0 },
	{ "accepted, trusted", RESULT_UNCHECKED, RESULT_UNCHECKED, true, { DONE(ACTION_ACCEPT) }, 1, 0 },
	{ "rejected", RESULT_FAIL, RESULT_PASS, false, { DONE(ACTION_REJECT) }, 1, 0 },
	{ "rejected for some", RESULT_FAIL, RESULT_PASS, false, { DONE(ACTION_REJECT) }, 2, 1 },
	{ "rejected with words of its own",
	  RESULT_FAIL,
	  RESULT_PASS,
	  false,
	  { DONE(ACTION_REJECT), .text = "No mail from there." },
	  1,
	  0 },
	{ "deferred", RESULT_FAIL, RESULT_PASS, false, { DONE(ACTION_DEFER) }, 1, 0 },
	{ "softened",
	  RESULT_FAIL,
	  RESULT_TEMPERROR,
	  false,
	  { DONE(ACTION_DEFER), .is_softened = true },
	  1,
	  0 },
	{ "withheld",
	  RESULT_TEMPERROR,
	  RESULT_PASS,
	  false,
	  { DONE(ACTION_DEFER), .withheld = DNS_TOO_MANY_OF_CLIENT },
	  1,
	  0 },
	{ "quarantined", RESULT_FAIL, RESULT_PASS, false, { DONE(ACTION_QUARANTINE) }, 1, 0 },
	{ "quarantined for some, which holds it for all",
	  RESULT_FAIL,
	  RESULT_PASS,
	  false,
	  { DONE(ACTION_QUARANTINE) },
	  1,
	  1 },
	{ "audit, would be quarantined",
	  RESULT_FAIL,
	  RESULT_PASS,
	  false,
	  { .action = ACTION_QUARANTINE, .rule = PLACE },
	  1,
	  1 },
	{ "audit, would be rejected",
	  RESULT_FAIL,
	  RESULT_PASS,
	  false,
	  { .action = ACTION_REJECT, .rule = PLACE },
	  1,
	  0 },
	{ "audit, would be deferred for some",
	  RESULT_FAIL,
	  RESULT_PASS,
	  false,
	  { .action = ACTION_DEFER, .rule = PLACE },
	  1,
	  2 },
	{ "overruled by acceptance",
	  RESULT_FAIL,
	  RESULT_PASS,
	  false,
	  { .action = ACTION_REJECT, .rule = PLACE, .overruled = OVERRULED_BY_ACCEPTANCE },
	  1,
	  1 },
	{ "overruled by deferral",
	  RESULT_FAIL,
	  RESULT_PASS,
	  false,
	  { .action = ACTION_REJECT, .rule = PLACE, .overruled = OVERRULED_BY_DEFERRAL },
	  1,
	  0 },
	{ "pending",
	  RESULT_PASS,
	  RESULT_PASS,
	  false,
	  { .action = ACTION_ACCEPT, .rule = PLACE, .pending_until = STAGE_BODY },
	  1,
	  0 },
	{ "no recipient", RESULT_PASS, RESULT_PASS, false, { DONE(ACTION_ACCEPT) }, 0, 0 },
};

/* The client gave up, or the MTA refused, redirected or discarded it itself. */
static const struct ending unfinished[] = {
	{ "unfinished, accepted", RESULT_PASS, RESULT_PASS, false, { DONE(ACTION_ACCEPT) }, 1, 0 },
	{ "unfinished, a check failed", RESULT_FAIL, RESULT_PASS, false, { DONE(ACTION_ACCEPT) }, 1, 0 },
	{ "unfinished, rejected", RESULT_FAIL, RESULT_PASS, false, { DONE(ACTION_REJECT) }, 1, 0 },
	{ "unfinished, quarantined for some",
	  RESULT_FAIL,
	  RESULT_PASS,
	  false,
	  { DONE(ACTION_QUARANTINE) },
	  1,
	  1 },
	{ "unfinished, would be rejected",
	  RESULT_FAIL,
	  RESULT_PASS,
	  false,
	  { .action = ACTION_REJECT, .rule = PLACE },
	  1,
	  0 },
};

static const struct {
	struct ending ending;
	void (*alter)(struct facts *facts);
} relayed[] = {
	{ { "accepted, forwarded", RESULT_FAIL, RESULT_PASS, false, { DONE(ACTION_ACCEPT) }, 1, 0 },
	  forward },
	{ { "accepted, forwarded by a server of which another check fails",
	    RESULT_FAIL,
	    RESULT_PASS,
	    false,
	    { DONE(ACTION_ACCEPT) },
	    1,
	    0 },
	  forward_badly },
	{ { "accepted, sealed by who is trusted",
	    RESULT_PASS,
	    RESULT_PASS,
	    false,
	    { DONE(ACTION_ACCEPT) },
	    1,
	    0 },
	  seal },
	{ { "accepted, changed by a list", RESULT_PASS, RESULT_PASS, false, { DONE(ACTION_ACCEPT) }, 1, 0 },
	  change },
	{ { "accepted, changed by nobody knows whom",
	    RESULT_PASS,
	    RESULT_PASS,
	    false,
	    { DONE(ACTION_ACCEPT) },
	    1,
	    0 },
	  change_without_list },
	{ { "quarantined, forwarded", RESULT_FAIL, RESULT_PASS, false, { DONE(ACTION_QUARANTINE) }, 1, 0 },
	  forward },
};

static void
add_answer(const char *title, void (*tell)(const struct message_record *record, struct strbuf *text),
	   const struct message_record *record, struct strbuf *all)
{
	char memory[ANSWER_SIZE];
	struct strbuf text = STRBUF_OVER(memory);

	tell(record, &text);
	assert_false(text.is_cut);
	strbuf_printf(all, "%s: %s\n\n", title, memory);
}

static void
add_ending(const struct ending *ending, void (*alter)(struct facts *facts), bool is_unfinished,
	   struct strbuf *all)
{
	struct facts facts = facts_of(ending->spf, ending->iprev);
	struct record_verdict verdicts[] = { ending->verdict,
					     { .action = ACTION_ACCEPT, .is_enforced = true } };
	struct record_recipient recipients[4];
	struct message_record record = { .ident = "20261124T125000Z-0123456789ab",
					 .time_s = 1764000000,
					 .facts = &facts,
					 .verdicts = verdicts,
					 .recipients = recipients,
					 .recipient_count = ending->recipients + ending->others,
					 .recipient_total = ending->recipients + ending->others,
					 .is_unfinished = is_unfinished };

	facts.client.is_trusted = ending->is_trusted;
	if (alter != NULL)
		alter(&facts);
	verdicts[0].facts = verdicts[1].facts = &facts;
	if (action_is_against(ending->verdict.action))
		verdicts[0].reasons = by_spf();
	for (size_t i = 0; i < record.recipient_count; i++)
		recipients[i] =
			(struct record_recipient){ { "<u@in.test>", NULL }, i < ending->recipients ? 0 : 1 };
	strbuf_printf(all, "== %s\n\n", ending->title);
	add_answer("explain", answer_tell, &record, all);
	if (ending->verdict.overruled == OVERRULED_NOT
	    && !is_unfinished) /* check knows one recipient at a time */
		add_answer("check", answer_tell_trial, &record, all);
	add_answer("for the sender", answer_tell_sender, &record, all);
}

static void
answer_tells_each_ending(void **state)
{
	static char memory[GOLDEN_SIZE];
	struct strbuf all = STRBUF_OVER(memory);

	(void)state;
	for (size_t i = 0; i < ROWS(endings); i++)
		add_ending(&endings[i], NULL, false, &all);
	for (size_t i = 0; i < ROWS(unfinished); i++)
		add_ending(&unfinished[i], NULL, true, &all);
	for (size_t i = 0; i < ROWS(relayed); i++)
		add_ending(&relayed[i].ending, relayed[i].alter, false, &all);
	assert_false(all.is_cut);
	golden_compare("answers", memory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answer_tells_each_ending),
	};

	return cmocka_run_group_tests_name("answer", tests, NULL, NULL);
}
