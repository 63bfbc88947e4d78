/* policy and compose: what follows from facts, and how it is said. */
#include "unit.h"

#include "../log_line.h"
#include "config_text.h"
#include "heloscope/config/contact.h"
#include "heloscope/checks/table.h"
#include "heloscope/words/compose.h"
#include "heloscope/base/document.h"
#include "heloscope/checks/policy.h"
#include "heloscope/facts/forwarding.h"
#include "heloscope/words/telling.h"
#include "heloscope/words/table.h"

#define LONG_WORD "abcdefghijklmnopqrstuvwxyz0123456789-abcdefghijklmnopqrstuvwxyz0123456789-abcdefghijklmn"

static struct list_finding listed[] = {
	{ .zone = "bl.test",
	  .group = "bl.test",
	  .operator= "A",
	  .asked = "198.51.100.7",
	  .weight = 4,
	  .state = LIST_LISTED,
	  .answers = { 0x7f000002 },
	  .count = 1,
	  .meaning = "a source of spam",
	  .text = "see us\r\n250 ok",
	  .page = "https://bl.test/198.51.100.7" },
	{ .zone = "down.test",
	  .group = "down.test",
	  .operator= "B",
	  .asked = "198.51.100.7",
	  .weight = 3,
	  .state = LIST_FAULT,
	  .fault = LIST_FAULT_LOOKUP,
	  .status = DNS_TIMEOUT },
};

static struct facts
facts_of(const char *helo)
{
	struct facts facts = { .client = { .address = ipaddr_from_ipv4(0xc6336407) } };

	facts.helo.given = helo;
	facts.helo.name = "";
	facts.sender.given = "<joe@yodel.example>";
	facts.sender.mailbox = (struct mailbox){ .form = MAILBOX_ADDRESS,
						 .local = "joe",
						 .domain = "yodel.example",
						 .text = "joe@yodel.example" };
	facts.sender.domain = "yodel.example";
	facts.sender.finding = SENDER_MX;
	facts.spf[SPF_MAILFROM] = (struct spf_facts){ .domain = "yodel.example", .mechanism = "-all" };
	facts.spf[SPF_HELO].domain = "";
	return facts;
}

static struct verdict
judge_for(const struct config *config, const struct facts *facts, const char *typed, const char *used)
{
	struct arena arena;
	struct readings readings;
	struct verdict verdict;

	arena_init(&arena, 1U << 16);
	readings = mailbox_readings(&(struct envelope_address){ typed, used }, &arena);
	verdict = policy_judge(config, facts, &readings);
	arena_clear(&arena);
	return verdict;
}

static struct verdict
judge(const char *rules, const struct facts *facts, const char *recipient, struct config **config)
{
	char text[1024];

	(void)snprintf(text, sizeof text,
		       "authserv-id \"mx.test\" mode enforce dnsbl \"bl.test\" dnsbl \"down.test\" %s",
		       rules);
	*config = config_from_text(text, NULL);
	return judge_for(*config, facts, recipient, NULL);
}

static enum action
action_of(const char *rules, const struct facts *facts)
{
	struct config *config;
	const struct verdict verdict = judge(rules, facts, "<user@in.test>", &config);

	config_unref(config);
	return verdict.action;
}

static void
policy_judge_takes_the_first_rule_that_is_true(void **state)
{
	static const struct {
		const char *rules;
		enum action expected;
	} table[] = {
		{ "", ACTION_ACCEPT },
		{ "policy { reject when spf = fail }", ACTION_REJECT },
		{ "policy { reject when spf != pass }", ACTION_REJECT },
		{ "policy { reject when spf in { none, pass } }", ACTION_ACCEPT },
		{ "policy { reject when spf not in { none, pass } }", ACTION_REJECT },
		{ "policy { accept when spf = fail reject when spf = fail }", ACTION_ACCEPT },
		{ "policy { defer 450 when spf = fail }", ACTION_DEFER },
		{ "policy { quarantine \"x\" when spf = fail }", ACTION_QUARANTINE },
		{ "policy { tag \"x\" when spf = fail otherwise defer }", ACTION_DEFER },
		{ "policy { audit reject when spf = fail }", ACTION_ACCEPT },
		{ "policy { reject when dnsbl >= 4 }", ACTION_REJECT },
		{ "policy { reject when dnsbl }", ACTION_REJECT },
		{ "policy { reject when dnsbl > 7 }", ACTION_ACCEPT },
		{ "policy { reject when dnsbl.operators = 1 }",
		  ACTION_ACCEPT }, /* the list that is down may make it 2 */
		{ "policy { reject when dnsbl < 4 }", ACTION_ACCEPT },
		{ "policy { reject when listed in { \"bl.test\" } }", ACTION_REJECT },
		{ "policy { reject when listed in { \"down.test\" } }", ACTION_ACCEPT },
		{ "policy { reject when client in { 198.51.100.0/24 } }", ACTION_REJECT },
		{ "policy { reject when client not in { 198.51.100.0/24 } }", ACTION_ACCEPT },
		{ "policy { reject when mail-from = \"*@yodel.example\" }", ACTION_REJECT },
		{ "policy { reject when mail-from in { \"\", \"x@y.test\" } }", ACTION_ACCEPT },
		{ "policy { reject when helo-name in { \"*.test\" } }", ACTION_REJECT },
		{ "policy { reject when recipient in { \"*@*.in.test\" } }", ACTION_ACCEPT },
		{ "policy { reject when recipient in { \"USER@in.test\" } }", ACTION_REJECT },
		{ "policy { reject when trusted or authenticated }", ACTION_ACCEPT },
		{ "policy { reject when not trusted }", ACTION_REJECT },
		{ "policy { reject when spf = fail and (helo = fail or trusted) }", ACTION_ACCEPT },
		{ "policy for \"in.test\" { reject when spf = fail }", ACTION_REJECT },
		{ "policy for \"*.in.test\" { reject when spf = fail }", ACTION_ACCEPT },
		{ "policy { reject when spf = fail } policy for \"in.test\" { defer when trusted }",
		  ACTION_ACCEPT },
		{ "policy { reject when spf = fail } policy for \"in.test\" { otherwise default }",
		  ACTION_REJECT },
		{ "policy { reject 100% when spf = fail }", ACTION_REJECT },
	};
	struct facts facts = facts_of("helo.test");

	(void)state;
	facts.results[METHOD_SPF] = RESULT_FAIL;
	facts.results[METHOD_HELO] = RESULT_PASS;
	facts.lists[LIST_CLIENT] = (struct list_facts){ listed, ROWS(listed) };
	for (size_t i = 0; i < ROWS(table); i++) {
		print_message("    %s\n", table[i].rules);
		assert_int_equal(action_of(table[i].rules, &facts), table[i].expected);
	}
}

/* What is accepted only because something failed carries the first rule that might have been against it. */
static void
policy_judge_tells_which_rule_is_undecided_of_what_it_accepts(void **state)
{
	static const struct {
		const char *rules;
		enum action action;
		const char *undecided;
		unsigned methods;
	} table[] = {
		{ "policy {\n reject when dnsbl > 4 }", ACTION_ACCEPT, "2", 1U << METHOD_DNSBL },
		{ "policy {\n reject when dnsbl >= 4 and not iprev = fail }", ACTION_ACCEPT, "2",
		  1U << METHOD_IPREV },
		{ "policy {\n quarantine when dnsbl > 4 and spf = fail\n reject when iprev = fail }",
		  ACTION_ACCEPT, "2", 1U << METHOD_DNSBL | 1U << METHOD_SPF },
		{ "policy {\n reject when spf = fail\n accept when dnsbl\n reject when iprev = fail }",
		  ACTION_ACCEPT, "2", 1U << METHOD_SPF },
		{ "policy {\n audit reject when spf = fail\n tag \"x\" when spf = fail\n defer when iprev = fail }",
		  ACTION_ACCEPT, "4", 1U << METHOD_IPREV },
		{ "policy {\n reject 1% when spf = fail }", ACTION_ACCEPT, NULL, 0 },
		{ "policy {\n accept when dnsbl\n reject when spf = fail }", ACTION_ACCEPT, NULL, 0 },
		{ "policy {\n accept when spf = pass }", ACTION_ACCEPT, NULL, 0 },
		{ "policy {\n reject when helo = fail }", ACTION_ACCEPT, NULL, 0 },
		{ "policy {\n reject when spf = fail\n reject when dnsbl }", ACTION_REJECT, NULL, 0 },
		{ "policy {\n reject when spf = fail\n quarantine when dnsbl }", ACTION_QUARANTINE, NULL, 0 },
	};
	struct facts facts = facts_of("helo.test");

	(void)state;
	facts.lists[LIST_CLIENT] = (struct list_facts){ listed, ROWS(listed) };
	facts.results[METHOD_IPREV] = facts.results[METHOD_SPF] = RESULT_TEMPERROR;
	facts.results[METHOD_DNSBL] = RESULT_FAIL;
	facts.results[METHOD_HELO] = RESULT_PASS;
	for (size_t i = 0; i < ROWS(table); i++) {
		struct config *config;
		const struct verdict verdict = judge(table[i].rules, &facts, "<user@in.test>", &config);
		const struct rule *rule = verdict.undecided.rule;

		print_message("    %s\n", table[i].rules);
		assert_int_equal(verdict.action, table[i].action);
		assert_int_equal(rule != NULL, table[i].undecided != NULL);
		if (rule != NULL)
			assert_string_equal(strrchr(rule->place, ':') + 1, table[i].undecided);
		assert_int_equal(verdict.undecided.methods, table[i].methods);
		config_unref(config);
	}
}

/* A check that is not made, as for a trusted client, is no fault that goes away: nobody waits for it. */
static void
policy_judge_does_not_wait_for_a_check_that_is_not_made(void **state)
{
	static const struct {
		const char *rules;
		enum action action;
		const char *undecided;
	} table[] = {
		{ "policy { accept when iprev = pass reject when helo = fail }", ACTION_REJECT, NULL },
		{ "policy { accept when not iprev = fail reject when helo = fail }", ACTION_REJECT, NULL },
		{ "policy { accept when iprev != fail reject when helo = fail }", ACTION_REJECT, NULL },
		{ "policy { accept when iprev = temperror reject when helo = fail }", ACTION_REJECT, NULL },
		{ "policy { accept when client-name = \"a.test\" reject when helo = fail }", ACTION_REJECT,
		  NULL },
		{ "enable { dkim } policy { accept when looks-forwarded reject when helo = fail }",
		  ACTION_REJECT, NULL },
		{ "policy { accept when iprev = pass and spf = pass reject when helo = fail }", ACTION_REJECT,
		  NULL },
		{ "policy { accept when iprev = pass or spf = pass reject when helo = fail }", ACTION_DEFER,
		  NULL },
		{ "policy { accept when spf = pass reject when helo = fail }", ACTION_DEFER, NULL },
		{ "policy { reject when iprev != pass }", ACTION_ACCEPT, NULL },
		{ "policy { reject when not (iprev = pass or helo = pass) }", ACTION_ACCEPT, NULL },
		{ "policy {\n reject when iprev = fail or spf = fail }", ACTION_ACCEPT, "2" },
	};
	struct facts facts = facts_of("helo.test");

	(void)state;
	facts.results[METHOD_HELO] = RESULT_FAIL;
	facts.results[METHOD_SPF] = RESULT_TEMPERROR;
	for (size_t i = 0; i < ROWS(table); i++) {
		struct config *config;
		const struct verdict verdict = judge(table[i].rules, &facts, "<user@in.test>", &config);
		const struct undecided undecided = verdict.undecided;

		print_message("    %s\n", table[i].rules);
		assert_int_equal(verdict.action, table[i].action);
		assert_int_equal(undecided.rule != NULL, table[i].undecided != NULL);
		assert_int_equal(undecided.methods, table[i].undecided != NULL ? 1U << METHOD_SPF : 0);
		config_unref(config);
	}
}

/* Nor does what looks forwarded without DMARC, which it can do without: what failed there goes away. */
static void
policy_judge_waits_for_what_looks_forwarded_without_dmarc(void **state)
{
	static const struct {
		enum result dkim, dmarc;
		enum action action;
	} table[] = {
		{ RESULT_PASS, RESULT_UNCHECKED, ACTION_DEFER },
		{ RESULT_PASS, RESULT_NONE, ACTION_DEFER },
		{ RESULT_UNCHECKED, RESULT_UNCHECKED, ACTION_REJECT },
	};
	struct dkim_finding signature = { .result = RESULT_PASS, .domain = "author.test", .selector = "s" };
	struct facts facts = facts_of("helo.test");

	(void)state;
	facts.results[METHOD_HELO] = RESULT_PASS;
	facts.results[METHOD_IPREV] = RESULT_TEMPERROR;
	facts.results[METHOD_SPF] = RESULT_FAIL;
	facts.author.finding = AUTHOR_ONE;
	facts.author.domain = "author.test";
	facts.dkim.signatures = &signature;
	facts.dkim.count = 1;
	for (size_t i = 0; i < ROWS(table); i++) {
		struct config *config;

		facts.results[METHOD_DKIM] = table[i].dkim;
		facts.results[METHOD_DMARC] = table[i].dmarc;
		assert_int_equal(
			judge("enable { dkim } policy { accept when looks-forwarded reject when spf = fail }",
			      &facts, "<user@in.test>", &config)
				.action,
			table[i].action);
		config_unref(config);
	}
}

/* N02: exceptions stand in front of every policy, and soften what comes behind them. */
static void
N02_policy_judge_asks_exceptions_before_any_policy(void **state)
{
	static const struct {
		const char *rules, *recipient;
		enum result spf;
		enum action action;
		size_t tags;
	} cases[] = {
		{ "exceptions { accept when recipient = \"postmaster@*\" } policy { reject when spf = fail }",
		  "<postmaster@in.test>", RESULT_FAIL, ACTION_ACCEPT, 0 },
		{ "exceptions { accept when recipient = \"postmaster@*\" } policy { reject when spf = fail }",
		  "<user@in.test>", RESULT_FAIL, ACTION_REJECT, 0 },
		{ "exceptions { accept when recipient = \"postmaster@*\" } policy for \"in.test\" { reject when spf = fail }",
		  "<postmaster@in.test>", RESULT_FAIL, ACTION_ACCEPT, 0 },
		{ "exceptions { accept when recipient = \"postmaster@*\" } policy for \"in.test\" { otherwise reject }",
		  "<postmaster@in.test>", RESULT_FAIL, ACTION_ACCEPT, 0 },
		{ "exceptions { accept when spf = pass tag \"x\" when spf = fail } policy for \"in.test\" { reject when helo = fail otherwise default } policy { reject when spf = fail }",
		  "<user@in.test>", RESULT_FAIL, ACTION_REJECT, 1 },
		/* It might have been an exception. */
		{ "exceptions { accept when spf = pass } policy for \"in.test\" { reject when iprev = fail }",
		  "<user@in.test>", RESULT_TEMPERROR, ACTION_DEFER, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		struct facts facts = facts_of(NULL);
		struct config *config;
		struct verdict verdict;

		facts.results[METHOD_SPF] = cases[i].spf;
		facts.results[METHOD_IPREV] = RESULT_FAIL;
		verdict = judge(cases[i].rules, &facts, cases[i].recipient, &config);
		if (verdict.action != cases[i].action || verdict.tag_count != cases[i].tags)
			fail_msg("%s: %s", cases[i].rules, action_word(verdict.action));
		config_unref(config);
	}
}

static void
policy_judge_knows_recipients_by_their_parts(void **state)
{
	static const struct {
		const char *recipient, *pattern;
		bool expected;
	} table[] = {
		{ "<postmaster>", "postmaster@*", true },
		{ "<Postmaster@In.Test>", "postmaster@*", true },
		{ "<postmaster>", "postmaster", true },
		{ "<postmaster@in.test>", "postmaster", false },
		{ "<postmaster@in.test>", "postmaster@*.test", true },
		{ "<a@b.in.test>", "*@*.in.test", true },
		{ "<a@in.test> NOTIFY=NEVER", "a@in.test", true },
		{ "<a@in.test", "*@*", true },
		{ "<a@XN--BCHER-kva.test>", "*@b\303\274cher.test", true },
		{ "<a@in.test>", "a@in.test.", true },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		struct facts facts = facts_of(NULL);
		struct config *config;
		char rules[200];
		struct verdict verdict;

		print_message("    %s %s\n", table[i].recipient, table[i].pattern);
		(void)snprintf(rules, sizeof rules, "policy { reject when recipient = \"%s\" }",
			       table[i].pattern);
		verdict = judge(rules, &facts, table[i].recipient, &config);
		assert_int_equal(verdict.action == ACTION_REJECT, table[i].expected);
		config_unref(config);
	}
}

/* Properties: a fault alone never refuses, audit never refuses, whatever the rules. */
static void
policy_judge_never_refuses_for_a_fault_alone(void **state)
{
	static const char *const conditions[] = {
		"spf != pass",
		"not spf = pass",
		"spf in { fail, softfail, none, permerror }",
		"iprev = fail",
		"not (iprev = pass)",
		"dnsbl >= 1",
		"dnsbl < 1",
		"not dnswl",
		"dnswl < 3",
		"not dnsbl",
		"helo != pass",
		"sender not in { pass, none }",
		"listed in { \"down.test\" }",
		"client-name not in { \"*.good.test\" }",
		"dnsbl.operators != 1",
	};
	static struct list_finding down[] = {
		{ .zone = "down.test",
		  .group = "down.test",
		  .operator= "B",
		  .weight = 3,
		  .state = LIST_FAULT },
		{ .zone = "wdown.test",
		  .group = "wdown.test",
		  .operator= "W",
		  .weight = 3,
		  .state = LIST_FAULT,
		  .is_allow = true },
	};
	struct facts facts = facts_of("h.test");

	(void)state;
	for (int method = 0; method < METHODS; method++)
		facts.results[method] = RESULT_TEMPERROR;
	facts.lists[LIST_CLIENT] = (struct list_facts){ down, ROWS(down) };
	for (size_t i = 0; i < ROWS(conditions); i++) {
		for (size_t j = 0; j < ROWS(conditions); j++) {
			char rules[400];

			(void)snprintf(rules, sizeof rules,
				       "policy { reject when (%s) and (%s) defer when (%s) or (%s) }",
				       conditions[i], conditions[j], conditions[i], conditions[j]);
			if (action_of(rules, &facts) != ACTION_ACCEPT)
				fail_msg("%s", rules);
		}
	}
	assert_int_equal(action_of("policy { defer when iprev = temperror }", &facts), ACTION_DEFER);
	/* An allow list that did not answer makes a refusal a deferral. */
	facts.results[METHOD_SPF] = RESULT_FAIL;
	assert_int_equal(action_of("policy { accept when dnswl reject when spf = fail }", &facts),
			 ACTION_DEFER);
}

/*
 * What was not asked for a client that had too much asked is not known. A rule that could refuse then defers,
 * when it acts on this client and the list alone keeps it from being true; nothing is noted of any other.
 */
static void
policy_judge_notes_no_rule_that_is_not_true(void **state)
{
	static const struct {
		const char *rules;
		enum action action;
		bool is_withheld;
		size_t audits;
	} table[] = {
		{ "policy { reject when listed in { \"down.test\" } }", ACTION_DEFER, true, 0 },
		{ "policy { reject when dnsbl > 4 }", ACTION_DEFER, true, 0 },
		{ "policy { quarantine when not (dnsbl <= 4 or trusted) }", ACTION_DEFER, true, 0 },
		{ "policy { reject when dnsbl > 4 and client-name = \"a.test\" }", ACTION_ACCEPT, false, 0 },
		{ "policy { reject when dnsbl > 4 and spf = fail }", ACTION_ACCEPT, false, 0 },
		{ "policy { reject when iprev = fail and not listed in { \"bl.test\" } }", ACTION_ACCEPT,
		  false, 0 },
		{ "policy { reject when dnswl = pass }", ACTION_ACCEPT, false, 0 },
		{ "policy { reject 1% when listed in { \"down.test\" } }", ACTION_ACCEPT, false, 0 },
		{ "policy { defer 1% when dnsbl > 4 }", ACTION_ACCEPT, false, 0 },
		{ "policy { audit reject when dnsbl > 4 }", ACTION_ACCEPT, false, 0 },
		{ "policy { tag \"x\" when dnsbl > 4 }", ACTION_ACCEPT, false, 0 },
		{ "policy { reject 1% when dnsbl > 4 reject when dnsbl > 4 }", ACTION_DEFER, true, 0 },
		{ "policy { reject 1% when dnsbl >= 4 reject when dnsbl >= 4 }", ACTION_REJECT, false, 1 },
		{ "policy { accept when dnsbl > 4 reject when dnsbl >= 4 }", ACTION_DEFER, false, 0 },
		{ "policy { audit accept when dnsbl > 4 reject when dnsbl >= 4 }", ACTION_REJECT, false, 0 },
	};
	struct list_finding findings[] = { listed[0], listed[1] };
	struct facts facts = facts_of("helo.test");

	(void)state;
	findings[1].status = DNS_TOO_MANY_OF_CLIENT;
	facts.lists[LIST_CLIENT] = (struct list_facts){ findings, ROWS(findings) };
	facts.results[METHOD_IPREV] = RESULT_TEMPERROR;
	facts.results[METHOD_SPF] = RESULT_TEMPERROR;
	facts.results[METHOD_DNSBL] = RESULT_FAIL;
	assert_false(policy_share_includes(&facts.client.address, 1));
	for (size_t i = 0; i < ROWS(table); i++) {
		struct config *config;
		const struct verdict verdict = judge(table[i].rules, &facts, "<user@in.test>", &config);

		print_message("    %s\n", table[i].rules);
		assert_int_equal(verdict.action, table[i].action);
		assert_int_equal(verdict.withheld,
				 table[i].is_withheld ? DNS_TOO_MANY_OF_CLIENT : DNS_NOERROR);
		assert_int_equal(verdict.audit_count, table[i].audits);
		assert_int_equal(verdict.tag_count, 0);
		config_unref(config);
	}
}

static void
policy_judge_enforces_nothing_in_audit_mode(void **state)
{
	static const char *const verbs[] = { "reject", "defer", "quarantine" };
	struct facts facts = facts_of(NULL);

	(void)state;
	for (size_t i = 0; i < ROWS(verbs); i++) {
		char text[200];
		struct config *config;
		struct verdict verdict;

		(void)snprintf(text, sizeof text, "mode audit policy { %s when not trusted }", verbs[i]);
		config = config_from_text(text, NULL);
		verdict = judge_for(config, &facts, "<a@b.test>", NULL);
		assert_int_not_equal(verdict.action, ACTION_ACCEPT);
		assert_false(verdict.is_enforced);
		config_unref(config);
	}
}

static void
policy_share_includes_its_share_of_networks_always_the_same(void **state)
{
	unsigned hits = 0;

	(void)state;
	for (uint32_t network = 0; network < 20000; network++) {
		const struct ipaddr a = ipaddr_from_ipv4(0xc0000000U + (network << 8) + 1);
		const struct ipaddr b = ipaddr_from_ipv4(0xc0000000U + (network << 8) + 200);

		assert_int_equal(policy_share_includes(&a, 10), policy_share_includes(&b, 10));
		assert_true(policy_share_includes(&a, 100));
		assert_true(!policy_share_includes(&a, 10)
			    || policy_share_includes(&a, 20)); /* shares grow */
		hits += policy_share_includes(&a, 10) ? 1 : 0;
	}
	assert_in_range(hits, 1700, 2300);
}

static void
compose_reply_says_what_was_found_and_what_to_do(void **state)
{
	static const struct {
		const char *rules;
		unsigned code;
		const char *xcode, *text;
	} table[] = {
		{ "policy { reject when spf = fail }", 550, "5.7.23",
		  "The SPF record of yodel.example does not allow the connecting IP address 198.51.100.7 to send mail for it (decided by \"-all\")." },
		{ "policy { reject when iprev != pass }", 550, "5.7.25",
		  "The reverse DNS (PTR) name of the connecting IP address 198.51.100.7 is smtpout.yodel.example, but that name resolves to 198.51.100.9." },
		{ "policy { reject when iprev != pass and spf = fail }", 550, "5.7.26",
		  "Fixing either of these two is enough to avoid this refusal. For help" },
		{ "policy { reject when dnsbl >= 4 }", 550, "5.7.1",
		  "The connecting IP address 198.51.100.7 is on the blocklist bl.test (reason: a source of spam)." },
		{ "policy { reject when helo = permerror }", 550, "5.7.1",
		  "introduced itself (HELO/EHLO) as \"a\\x1b;b\", which is not a valid host name, as it has a \";\"." },
		{ "policy { reject when sender = fail }", 550, "5.7.27", "has a null MX record (\"0 .\")" },
		{ "policy { defer when spf = fail }", 451, "4.7.23", "The SPF record" },
		{ "policy { reject 554 5.5.0 \"go away\" when spf = fail }", 554, "5.5.0",
		  "go away. For help" },
		{ "policy { reject \"go away\" when spf = fail }", 550, "5.7.23", "go away. For help" },
		{ "contact \"https://x.test\" policy { reject when client in { 198.51.100.7 } }", 550,
		  "5.7.1",
		  "The receiving site's policy refuses mail from the connecting IP address 198.51.100.7 or its network. Only the receiving site can change its policy: to ask for an exception, see https://x.test and quote reference ID." },
		{ "contact \"https://x.test/100%%/%r\" policy { reject 554 5.5.0 \"go away\" when spf = fail }",
		  554, "5.5.0", "go away. For help, see https://x.test/100%/ID about this refusal." },
		{ "contact \"ask+%r@x.test\" policy { reject 554 5.5.0 \"go away\" when spf = fail }", 554,
		  "5.5.0", "go away. For help, write to ask+ID@x.test about this refusal." },
	};
	struct facts facts = facts_of("a\x1b;b");

	(void)state;
	facts.helo.form = HELO_INVALID;
	facts.helo.fault = HELO_FAULT_NO_HOST_NAME;
	facts.sender.finding = SENDER_NULL_MX;
	facts.iprev.names =
		&(struct iprev_name){ .name = "smtpout.yodel.example", .addresses = "198.51.100.9" };
	facts.iprev.count = 1;
	facts.results[METHOD_IPREV] = RESULT_FAIL;
	facts.results[METHOD_SPF] = RESULT_FAIL;
	facts.results[METHOD_HELO] = RESULT_PERMERROR;
	facts.results[METHOD_SENDER] = RESULT_FAIL;
	facts.lists[LIST_CLIENT] = (struct list_facts){ listed, ROWS(listed) };
	for (size_t i = 0; i < ROWS(table); i++) {
		struct config *config;
		const struct verdict verdict = judge(table[i].rules, &facts, "<user@in.test>", &config);
		struct smtp_reply reply;
		char memory[1024];
		struct strbuf line;

		compose_reply(config, &verdict, "ID", &reply);
		strbuf_init(&line, memory, sizeof memory);
		smtp_reply_add_to(&reply, &line);
		print_message("    %s\n", memory);
		assert_int_equal(reply.code, table[i].code);
		assert_string_equal(reply.xcode, table[i].xcode);
		assert_true(smtp_reply_codes_are_valid(reply.code, reply.xcode));
		assert_non_null(strstr(memory, table[i].text));
		if (config->contact == NULL || !contact_has_reference(config->contact))
			assert_non_null(strstr(memory, "reference ID."));
		config_unref(config);
	}
}

/* B11, B22: words for each kind of HELO that fit together, and no advice to take a name that is none. */
static void
B11_B22_words_of_a_helo_fit(void **state)
{
	static const struct {
		const char *helo, *verified;
		enum result result;
		enum helo_agreement agreement;
		bool resolves;
		const char *said, *refused;
	} table[] = {
		{ "out_1.yodel.example", "out_1.yodel.example", RESULT_PERMERROR, HELO_UNRELATED, false,
		  "\"out_1.yodel.example\" is not a valid host name, as it has a \"_\"",
		  "as \"out_1.yodel.example\", which is not a valid host name, as it has a \"_\". If this is your mail server, ask its administrator to set its HELO name to its own host name, whose A record has to be 198.51.100.7. " },
		{ "bad_helo!", NULL, RESULT_PERMERROR, HELO_UNRELATED, false,
		  "\"bad_helo!\" is not a valid host name, as it has \"_\" and \"!\"",
		  "as \"bad_helo!\", which is not a valid host name, as it has \"_\" and \"!\". If " },
		{ "a b.example", NULL, RESULT_PERMERROR, HELO_UNRELATED, false, "as it has a \" \"",
		  "as it has a \" \". If " },
		{ "-a.example", NULL, RESULT_PERMERROR, HELO_UNRELATED, false, "is not a valid host name",
		  "not a valid host name. If " },
		{ "!a$b%c&d!e", NULL, RESULT_PERMERROR, HELO_UNRELATED, false,
		  "as it has \"!\", \"$\", \"%\" and \"&\"", "as it has \"!\", \"$\", \"%\" and \"&\". If " },
		{ "!a$b%c&d/e*f", NULL, RESULT_PERMERROR, HELO_UNRELATED, false,
		  "as it has \"!\", \"$\", \"%\", \"&\" and other characters",
		  "\"&\" and other characters. If " },
		{ "b\xc3\xbc"
		  "cher.example",
		  "a.example", RESULT_PERMERROR, HELO_UNRELATED, false,
		  "is not a valid host name, as it has characters that are not ASCII",
		  "as \"b\\xc3\\xbc"
		  "cher.example\", which is not a valid host name, as it has characters that are not ASCII. If this is your mail server, ask its administrator to set its HELO name to a.example. " },
		{ "a\x01.example", NULL, RESULT_PERMERROR, HELO_UNRELATED, false,
		  "is not a valid host name, as it has control characters",
		  "as \"a\\x01.example\", which is not a valid host name, as it has control characters. If " },
		{ "[198.51.100.7]", "a.example", RESULT_PASS, HELO_UNRELATED, false,
		  "[198.51.100.7] is the client's own address; some receivers refuse that in place of a name",
		  "as \"[198.51.100.7]\", its own IP address. There is nothing wrong" },
		{ "[192.0.2.1]", "a.example", RESULT_FAIL, HELO_UNRELATED, false,
		  "[192.0.2.1] is the address of another host",
		  "as \"[192.0.2.1]\", which is the IP address of another host. If this is your mail server, ask its administrator to set its HELO name to a.example. " },
		{ "[192.0.2", "a.example", RESULT_PERMERROR, HELO_UNRELATED, false,
		  "\"[192.0.2\" is not a valid address literal",
		  "as \"[192.0.2\", which is not a valid address literal. If " },
		{ "a.example", "b.example", RESULT_FAIL, HELO_UNRELATED, false,
		  "a.example does not resolve to the client and is not its verified reverse DNS name",
		  "as \"a.example\", but that name does not resolve to this IP address and is not its reverse DNS (PTR) name b.example. If this is your mail server, ask its administrator to set its HELO name to b.example. If a.example is your server's name, keep it, and ask whoever manages its DNS to set its A record to 198.51.100.7. " },
		{ "a.example", NULL, RESULT_TEMPERROR, HELO_UNRELATED, false, "a.example cannot be looked up",
		  "as \"a.example\", a name that could not be looked up (" },
		{ "a.example", "a.example", RESULT_PASS, HELO_EQUAL, false,
		  "a.example is the client's reverse DNS name",
		  "as \"a.example\", which is a name of this IP address. There " },
		{ "a.example", "b.example", RESULT_PASS, HELO_UNRELATED, true,
		  "a.example resolves to the client",
		  "as \"a.example\", which is a name of this IP address. There " },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		const struct telling *telling = telling_of(METHOD_HELO);
		char memory[1024] = "", normalized[DOMAIN_SIZE];
		struct strbuf text = STRBUF_OVER(memory);
		struct facts facts = facts_of(NULL);

		facts.helo = (struct helo_facts){ .given = table[i].helo,
						  .agreement = table[i].agreement,
						  .resolves_to_client = table[i].resolves };
		facts.helo.form = domain_helo_form(span_of(table[i].helo), normalized, &facts.helo.literal,
						   &facts.helo.fault);
		facts.helo.name = normalized;
		facts.iprev.verified = table[i].verified;
		facts.results[METHOD_HELO] = table[i].result;
		telling->refuse(NULL, &facts, &text);
		print_message("    %s\n", memory);
		assert_non_null(strstr(memory, table[i].refused));
		memory[0] = '\0';
		text = (struct strbuf)STRBUF_OVER(memory);
		telling->say(&facts, 0, &text);
		print_message("    %s\n", memory);
		assert_non_null(strstr(memory, table[i].said));
	}
}

/* The reference survives even the longest findings. */
static void
compose_reply_keeps_the_reference_whatever_the_length(void **state)
{
	static char longest[254];
	struct facts facts = facts_of(NULL);
	struct config *config;
	struct verdict verdict;
	struct smtp_reply reply;

	(void)state;
	memset(longest, 'x', sizeof longest - 1);
	facts.spf[SPF_MAILFROM].domain = longest;
	facts.results[METHOD_SPF] = RESULT_FAIL;
	facts.results[METHOD_IPREV] = RESULT_PERMERROR;
	verdict = judge(
		"contact \"https://mx.example.test/a/long/page/name/for/our/dear/users.html\" policy { reject when spf = fail and iprev = permerror }",
		&facts, "<a@b.test>", &config);
	compose_reply(config, &verdict, "20261123T213300Z-4f2a91c07be3", &reply);
	assert_non_null(strstr(reply.lines[reply.count - 1], "https://mx.example.test/"));
	config_unref(config);
}

static void
compose_writes_received_spf_and_notes(void **state)
{
	struct facts facts = facts_of("h(\"e.test");
	char memory[COMPOSE_FIELD_SIZE];
	struct strbuf value;
	struct config *config;
	struct verdict verdict;
	const struct smtp_reply reply = {
		.code = 550, .xcode = "5.7.1", .lines = { "say \"no\"" }, .count = 1
	};

	(void)state;
	facts.results[METHOD_SPF] = RESULT_FAIL;
	verdict = judge("policy { tag \"a \\\"tag\\\"\" when spf = fail reject when spf = fail }", &facts,
			"<a@b.test>", &config);
	strbuf_init(&value, memory, sizeof memory);
	compose_received_spf(config, &facts, &value);
	assert_string_equal(
		memory,
		"fail (mx.test: yodel.example does not permit this client)\n    receiver=mx.test;\n"
		"    client-ip=198.51.100.7;\n    identity=mailfrom;\n"
		"    envelope-from=\"joe@yodel.example\";\n    helo=\"h(%22e.test\";\n    mechanism=-all");
	strbuf_init(&value, memory, sizeof memory);
	compose_would("ID", &verdict, &reply, &value);
	assert_string_equal(
		memory,
		"id=ID; would=reject;\n    rule=\"test.conf:1\";\n    reply=\"550 5.7.1 say \\\"no\\\"\"");
	strbuf_init(&value, memory, sizeof memory);
	compose_note("ID", verdict.tags[0], &value);
	assert_string_equal(memory, "id=ID;\n    tag=\"a %22tag%22\";\n    rule=\"test.conf:1\"");
	config_unref(config);
}

/* P18: no line of blanks alone (RFC 5322, 3.2.2), whatever words and blanks a reply has. */
static void
P18_compose_would_folds_no_line_of_blanks(void **state)
{
	const struct verdict verdict = { .action = ACTION_REJECT };

	(void)state;
	for (int blanks = 1; blanks < 90; blanks++) {
		for (int word = 1; word < 90; word += 4) {
			struct smtp_reply reply = { .code = 550, .xcode = "5.7.1", .count = 1 };
			char memory[COMPOSE_FIELD_SIZE];
			struct strbuf value;

			(void)snprintf(reply.lines[0], sizeof reply.lines[0], "%.*s%*s%.*s", word, LONG_WORD,
				       blanks, "", word, LONG_WORD);
			strbuf_init(&value, memory, sizeof memory);
			compose_would("ID", &verdict, &reply, &value);
			for (const char *line = memory; line != NULL; line = strchr(line, '\n')) {
				line += *line == '\n';
				assert_true(strspn(line, " ") < strcspn(line, "\n"));
			}
		}
	}
}

/* P18: of a hundred listings with the longest names the field tells the heaviest, the one that decided, and
 * all else. */
static void
P18_compose_authres_tells_what_was_decided_on(void **state)
{
	enum { LISTINGS = 100 };
	static struct list_finding findings[LISTINGS];
	static char zones[LISTINGS][254];
	struct facts facts = facts_of(LONG_WORD LONG_WORD LONG_WORD "\"");
	char memory[COMPOSE_FIELD_SIZE], policy[700];
	struct strbuf value;
	struct config *config;
	struct verdict verdict;
	size_t told;

	(void)state;
	for (size_t i = 0; i < LISTINGS; i++) {
		(void)snprintf(zones[i], sizeof zones[i], "z%zu.%.60s.%.60s.%.40s.test", i, LONG_WORD,
			       LONG_WORD, LONG_WORD);
		findings[i] = (struct list_finding){
			.zone = zones[i], .group = zones[i], .operator= zones[i], .asked = zones[i]
		};
		findings[i].weight = i == LISTINGS - 3 ? 90 : 1;
		findings[i].state = LIST_LISTED;
		findings[i].meaning = LONG_WORD "(" LONG_WORD ")\"" LONG_WORD;
	}
	for (int subject = 0; subject < LIST_SUBJECTS; subject++)
		facts.lists[subject] = (struct list_facts){ findings, LISTINGS };
	for (int method = 0; method < METHODS; method++)
		facts.results[method] = RESULT_PASS;
	facts.results[METHOD_DNSBL] = RESULT_FAIL;
	(void)snprintf(policy, sizeof policy, "dnsbl \"%s\" policy { accept when listed in { \"%s\" } }",
		       zones[LISTINGS - 2], zones[LISTINGS - 2]);
	verdict = judge(policy, &facts, "<a@b.test>", &config);
	assert_non_null(verdict.rule);
	strbuf_init(&value, memory, sizeof memory);
	compose_authres(config, &facts,
			&(struct message_summary){ .verdicts = &(struct told_verdict){ .verdict = verdict },
						   .verdict_count = 1 },
			&value);
	assert_false(value.is_cut);
	assert_non_null(strstr(memory, "spf=pass smtp.mailfrom=yodel.example"));
	assert_non_null(strstr(memory, "iprev=pass"));
	assert_non_null(strstr(memory, "x-tls="));
	assert_non_null(strstr(memory, zones[LISTINGS - 2]));
	assert_non_null(strstr(memory, zones[LISTINGS - 3]));
	told = 0;
	for (const char *at = memory; (at = strstr(at, "x-dnsbl=fail")) != NULL; at++)
		told++;
	(void)snprintf(policy, sizeof policy, "(+%zu results left out)", 4 * LISTINGS - told);
	assert_string_equal(memory + value.length - strlen(policy), policy);
	config_unref(config);
}

/* RFC 7208, 9.1: each result is said in words. */
static void
R7208_18_compose_received_spf_says_each_result(void **state)
{
	static const struct {
		enum result result;
		const char *field;
	} table[] = {
		{ RESULT_PASS, "pass (mx.test: yodel.example permits this client)\n" },
		{ RESULT_SOFTFAIL,
		  "softfail (mx.test: yodel.example probably does not permit this client)\n" },
		{ RESULT_NEUTRAL, "neutral (mx.test: yodel.example says nothing of this client)\n" },
		{ RESULT_NONE, "none (mx.test: yodel.example has no SPF record)\n" },
		{ RESULT_TEMPERROR, "temperror (mx.test: yodel.example could not be checked)\n" },
		{ RESULT_PERMERROR, "permerror (mx.test: yodel.example could not be checked)\n" },
		{ RESULT_UNCHECKED, "" },
	};
	struct config *config = config_from_text("authserv-id \"mx.test\"", NULL);

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		struct facts facts = facts_of("h.test");
		char memory[COMPOSE_FIELD_SIZE];
		struct strbuf value;

		facts.results[METHOD_SPF] = table[i].result;
		strbuf_init(&value, memory, sizeof memory);
		compose_received_spf(config, &facts, &value);
		assert_int_equal(strncmp(memory, table[i].field, strlen(table[i].field)), 0);
		assert_int_equal(memory[0] == '\0', table[i].field[0] == '\0');
	}
	config_unref(config);
}

static void
policy_judge_compares_numbers(void **state)
{
	static const struct {
		const char *rule;
		bool is_true; /* bl.test lists with weight 1 */
	} table[] = {
		{ "dnsbl < 2", true },   { "dnsbl < 1", false },  { "dnsbl <= 1", true },
		{ "dnsbl <= 0", false }, { "dnsbl = 1", true },   { "dnsbl = 2", false },
		{ "dnsbl != 2", true },  { "dnsbl != 1", false }, { "dnsbl >= 1", true },
		{ "dnsbl >= 2", false }, { "dnsbl > 0", true },   { "dnsbl > 1", false },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		struct facts facts = facts_of("h.test");
		struct list_finding finding = listed[0];
		struct config *config;
		char policy[80];

		finding.weight = 1;
		facts.lists[LIST_CLIENT] = (struct list_facts){ &finding, 1 };
		facts.results[METHOD_DNSBL] = RESULT_FAIL;
		(void)snprintf(policy, sizeof policy, "policy { reject when %s }", table[i].rule);
		print_message("    %s\n", policy);
		assert_int_equal(judge(policy, &facts, "<a@b.test>", &config).action,
				 table[i].is_true ? ACTION_REJECT : ACTION_ACCEPT);
		config_unref(config);
	}
}

/* Read a line; the pair of that name, or a failure. */
static struct log_pair
pair_of(const char *line, const char *name)
{
	struct log_pair pair, found = { .name = "" };

	for (const char *at = line; *at != '\0';) {
		if (!log_line_next(&at, &pair))
			fail_msg("no pairs: %s", line);
		if (strcmp(pair.name, name) != 0)
			continue;
		assert_string_equal(found.name, "");
		found = pair;
	}
	assert_string_equal(found.name, name);
	return found;
}

static void
make_line(const struct facts *facts, const struct message_summary *summary, char line[COMPOSE_LOG_SIZE])
{
	struct strbuf text;

	strbuf_init(&text, line, COMPOSE_LOG_SIZE);
	compose_log_line(facts, summary, &text);
	assert_false(text.is_cut);
	assert_true(text.length < BOUND_LOG_LINE);
}

/* C27, E09: one line, escaped. */
static void
compose_log_line_cannot_be_forged(void **state)
{
	struct facts facts = facts_of("h\r\nid=x");
	const struct told_verdict verdict = { .verdict = { .action = ACTION_REJECT }, .recipients = 2 };
	const struct message_summary summary = {
		.ident = "ID", .queue_id = "ABC", .verdicts = &verdict, .verdict_count = 1, .waited_ms = 7
	};
	char line[COMPOSE_LOG_SIZE];

	(void)state;
	facts.results[METHOD_SPF] = RESULT_FAIL;
	make_line(&facts, &summary, line);
	assert_string_equal(
		line,
		"id=ID client=198.51.100.7 queue=ABC helo=\"h\\x0d\\x0aid=x\" from=<joe@yodel.example> verdict=would-reject*2 spf=fail waited=7ms");
}

/* P10: whatever a client says is one value, and reads back, cut or whole. */
static void
P10_compose_log_line_reads_back_whatever_is_said(void **state)
{
	static const char *const pieces[] = { "a",
					      " ",
					      "=",
					      "\"",
					      "\\",
					      "<",
					      ">",
					      "'",
					      "\xff",
					      "\n",
					      "...",
					      "\\x",
					      " from=<ceo@bank.example> verdict=accept",
					      ",",
					      "(",
					      "%" };
	const struct told_verdict verdict = { .verdict = { .action = ACTION_ACCEPT, .is_enforced = true },
					      .recipients = 1 };
	unsigned seed = 7;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		char helo[600] = "", sender[600] = "", line[COMPOSE_LOG_SIZE];
		const struct message_summary summary = { .ident = "ID",
							 .queue_id = helo,
							 .verdicts = &verdict,
							 .verdict_count = 1,
							 .waited_ms = 7 };
		struct facts facts = facts_of(helo);
		struct log_pair pair;

		for (seed = seed * 1103515245U + 12345U; (seed >> 16) % 12 != 0;
		     seed = seed * 1103515245U + 12345U)
			for (unsigned i = 0; i <= (seed >> 20) % 3 && strlen(helo) < 500; i++)
				(void)strcat(helo, pieces[(seed >> 8) % ROWS(pieces)]);
		(void)snprintf(sender, sizeof sender, "%s", helo);
		facts.sender.mailbox.text = sender;
		make_line(&facts, &summary, line);
		assert_string_equal(pair_of(line, "verdict").value, "accept");
		pair = pair_of(line, "helo");
		assert_true(pair.is_cut ? pair.length < strlen(helo) : pair.length == strlen(helo));
		assert_memory_equal(pair.value, helo, pair.length);
		pair = pair_of(line, "from");
		assert_int_equal(pair.value[0], '<');
		assert_memory_equal(pair.value + 1, sender, pair.length - (pair.is_cut ? 1 : 2));
		assert_true(pair.is_cut
			    || (pair.length == strlen(sender) + 2 && pair.value[pair.length - 1] == '>'));
	}
}

/* N16: for whom it was, and which lists list something, each once. */
static void
N16_N21_compose_log_line_tells_of_recipients_lists_and_user(void **state)
{
	static struct list_finding client[] = {
		{ .zone = "bl.test", .state = LIST_LISTED },
		{ .zone = "clean.test", .state = LIST_NOT_LISTED },
		{ .zone = "broken.test", .state = LIST_FAULT },
		{ .zone = "wl.test", .state = LIST_LISTED, .is_allow = true },
	};
	static struct list_finding sender[] = { { .zone = "bl.test", .state = LIST_LISTED },
						{ .zone = "dbl.test", .state = LIST_LISTED } };
	static const struct record_recipient recipients[] = { { { .typed = "<bob@in.test>" }, 0 },
							      { { .typed = "postmaster" }, 0 },
							      { { .typed = "<a b@in.test>" }, 0 } };
	const struct told_verdict verdict = { .verdict = { .action = ACTION_ACCEPT, .is_enforced = true },
					      .recipients = 40 };
	struct message_summary summary = { .ident = "ID",
					   .verdicts = &verdict,
					   .verdict_count = 1,
					   .recipients = recipients,
					   .recipient_count = 3,
					   .recipient_total = 40 };
	struct facts facts = facts_of("h");
	char line[COMPOSE_LOG_SIZE];

	(void)state;
	facts.lists[LIST_CLIENT] = (struct list_facts){ client, ROWS(client) };
	facts.lists[LIST_SENDER] = (struct list_facts){ sender, ROWS(sender) };
	make_line(&facts, &summary, line);
	assert_string_equal(
		line,
		"id=ID client=198.51.100.7 helo=h from=<joe@yodel.example> to=<bob@in.test> to=postmaster to=\"<a b@in.test>\" more-to=37 verdict=accept*40 listed-by=bl.test,dbl.test allowed-by=wl.test waited=0ms");
	summary.recipient_count = summary.recipient_total = 1;
	make_line(&facts, &summary, line);
	assert_string_equal(pair_of(line, "to").value, "<bob@in.test>");
	assert_null(strstr(line, "more-to="));
	assert_null(strstr(line, "user="));
	facts.client.auth_name = "anna verdict=reject";
	make_line(&facts, &summary, line);
	assert_string_equal(pair_of(line, "user").value, "anna verdict=reject");
	assert_string_equal(pair_of(line, "verdict").value, "accept*40");
}

#define LONG_READINGS (BOUND_READINGS + 1)

/* Readings of one sender, each with as much to tell as there can be; `name` is what everybody says. */
static void
make_long_readings(struct facts readings[LONG_READINGS], const char *name)
{
	static char zones[24][64];
	static struct list_finding findings[48];

	for (size_t i = 0; i < ROWS(findings); i++) {
		(void)snprintf(zones[i / 2], sizeof zones[0], "a-list-of-some-length-%zu.example", i / 2);
		findings[i] = (struct list_finding){ .zone = zones[i / 2],
						     .state = LIST_LISTED,
						     .is_allow = i % 2 == 1 };
	}
	for (size_t i = 0; i < LONG_READINGS; i++) {
		readings[i] = facts_of(name);
		assert_true(ipaddr_parse(SPAN("2001:db8:1111:2222:3333:4444:5555:6666"),
					 &readings[i].client.address));
		readings[i].sender.mailbox.text = name;
		for (int method = 0; method < METHODS; method++) {
			readings[i].results[method] = RESULT_PERMERROR;
			readings[i].withheld[method] = DNS_TOO_MANY_OF_ALL;
		}
		for (int subject = 0; subject < LIST_SUBJECTS; subject++)
			readings[i].lists[subject] = (struct list_facts){ findings, ROWS(findings) };
		readings[i].other = i + 1 < LONG_READINGS ? &readings[i + 1] : NULL;
	}
}

static void
make_long_verdicts(struct told_verdict *verdicts, size_t count, const struct rule *rule)
{
	for (size_t i = 0; i < count; i++)
		verdicts[i] = (struct told_verdict){ .verdict = { .action = ACTION_QUARANTINE,
								  .rule = rule,
								  .audits = { rule },
								  .audit_count = 1,
								  .withheld = DNS_TOO_MANY_OF_ALL,
								  .overruled = OVERRULED_BY_ACCEPTANCE },
						     .recipients = 4294967295 };
}

/* N16, P10: everything at its longest: the line keeps to its bound, and what it has no room for is counted.
 */
static void
N16_P10_compose_log_line_keeps_to_its_bound(void **state)
{
	static char name[400], place[600], queue[200];
	const struct rule rule = { .action = ACTION_QUARANTINE, .percent = 99, .place = place };
	const struct record_recipient recipient = { { .typed = name }, 0 };
	struct told_verdict verdicts[8];
	const struct message_summary summary = { .ident = "20261124T125000Z-4f2a91c07be3",
						 .queue_id = queue,
						 .verdicts = verdicts,
						 .verdict_count = ROWS(verdicts),
						 .waited_ms = 4294967295,
						 .is_unfinished = true,
						 .recipients = &recipient,
						 .recipient_count = 1,
						 .recipient_total = 1000000 };
	struct facts readings[LONG_READINGS];
	char line[COMPOSE_LOG_SIZE];

	(void)state;
	memset(name, '"', sizeof name - 1);
	memset(place, '\\', sizeof place - 1);
	memset(queue, '\n', sizeof queue - 1);
	make_long_verdicts(verdicts, ROWS(verdicts), &rule);
	make_long_readings(readings, name);
	make_line(readings, &summary, line);
	print_message("%zu octets\n", strlen(line));
	assert_string_equal(pair_of(line, "waited").value, "4294967295ms");
	assert_string_equal(pair_of(line, "more-to").value, "999999");
	assert_true(pair_of(line, "to").is_cut);
	assert_non_null(strstr(pair_of(line, "listed-by").value, ",+1"));
}

/* N12: rules that only tell, and shares that left the client out, once each. */
static void
N12_compose_log_line_tells_of_audits_and_shares(void **state)
{
	const struct rule audit = { .action = ACTION_REJECT,
				    .is_audit = true,
				    .percent = 100,
				    .place = "x.conf:3" },
			  share = { .action = ACTION_DEFER, .percent = 10, .place = "x y.conf:4" };
	const struct told_verdict verdicts[] = {
		{ { .action = ACTION_ACCEPT, .is_enforced = true, .audits = { &audit }, .audit_count = 1 },
		  1,
		  NULL },
		{ { .action = ACTION_ACCEPT,
		    .is_enforced = true,
		    .audits = { &share, &audit },
		    .audit_count = 2 },
		  2,
		  NULL },
	};
	const struct message_summary summary = {
		.ident = "ID", .queue_id = NULL, .verdicts = verdicts, .verdict_count = 2, .waited_ms = 7
	};
	const struct facts facts = facts_of("h");
	char line[COMPOSE_LOG_SIZE];

	(void)state;
	make_line(&facts, &summary, line);
	assert_string_equal(pair_of(line, "audit").value, "reject(x.conf:3),defer-10%(x y.conf:4)");
	assert_string_equal(pair_of(line, "verdict").value, "accept,accept*2");
}

/* What was never decided, and what was not done for the sake of other recipients. */
static void
compose_log_line_tells_of_pending_and_overruled_verdicts(void **state)
{
	const struct rule rule = { .action = ACTION_REJECT, .place = "x.conf:3" };
	const struct told_verdict verdicts[] = {
		{ { .is_enforced = true, .pending_until = STAGE_BODY, .rule = &rule }, 2, NULL },
		{ { .action = ACTION_REJECT, .overruled = OVERRULED_BY_ACCEPTANCE, .rule = &rule }, 1, NULL },
	};
	const struct message_summary summary = {
		.ident = "ID", .verdicts = verdicts, .verdict_count = 2, .waited_ms = 7, .is_unfinished = true
	};
	const struct facts facts = facts_of("h");
	char line[COMPOSE_LOG_SIZE];

	(void)state;
	make_line(&facts, &summary, line);
	assert_string_equal(pair_of(line, "unfinished").value, "yes");
	assert_string_equal(pair_of(line, "verdict").value, "pending*2(x.conf:3),would-reject(x.conf:3)");
	assert_string_equal(pair_of(line, "overruled").value, "others-accept");
}

/*
 * P0: a sender that can be read in two ways. An exception needs both, a refusal one; the same for a recipient
 * and for the policy of its domain.
 */
static void
P0_policy_judge_lets_the_worst_reading_count(void **state)
{
	static const struct {
		const char *rules;
		enum action action;
	} table[] = {
		{ "policy { reject when spf = fail }", ACTION_REJECT },
		{ "policy { accept when mail-from = \"joe@yodel.example\" reject when spf != none }",
		  ACTION_REJECT },
		{ "policy { accept when spf = pass reject when helo-name = \"h.test\" }", ACTION_REJECT },
		{ "policy { reject when mail-from = \"*@forged.example\" }", ACTION_REJECT },
		{ "policy { accept when mail-from = \"joe@*\" reject when spf != none }", ACTION_ACCEPT },
		{ "policy { defer when spf = fail }", ACTION_DEFER },
	};
	struct facts facts = facts_of("h.test"), other = facts;

	(void)state;
	facts.results[METHOD_SPF] = RESULT_PASS;
	other.results[METHOD_SPF] = RESULT_FAIL;
	other.sender.mailbox.domain = "forged.example";
	facts.other = &other;
	for (size_t i = 0; i < ROWS(table); i++) {
		print_message("    %s\n", table[i].rules);
		assert_int_equal(action_of(table[i].rules, &facts), table[i].action);
	}
}

/* P0: whatever the spelling, the recipient's policy and the rules for it are those of the plain form. */
static void
P0_policy_judge_finds_a_recipient_in_any_spelling(void **state)
{
	static const struct {
		const char *typed, *used;
	} spellings[] = {
		{ "<ceo@strict.test>", NULL },
		{ "<c\\eo@strict.test>", NULL },
		{ "<ceo(x)@strict.test>", "ceo@strict.test" },
		{ "<\"ceo\"@strict.test>", NULL },
		{ "<CEO@STRICT.TEST.>", NULL },
		{ "<ceo%strict.test@in.test>", "ceo@strict.test" },
		{ "<ceo%strict.test@in.test>", NULL },
		{ "<strict.test!ceo>", "ceo" },
		{ "<\"ceo@strict.test\">", NULL },
		{ "<@in.test:ceo@strict.test>", "ceo@strict.test." },
	};
	static const char *const rules[] = {
		"policy for \"strict.test\" { reject when not trusted }",
		"policy { reject when recipient = \"ceo@strict.test\" }",
		"policy { reject when recipient = \"*@strict.test\" }",
	};
	const struct facts facts = facts_of("h.test");

	(void)state;
	for (size_t i = 0; i < ROWS(rules); i++) {
		struct config *config;

		(void)judge(rules[i], &facts, "<a@b.test>", &config);
		for (size_t j = 0; j < ROWS(spellings); j++) {
			print_message("    %s\n", spellings[j].typed);
			assert_int_equal(
				judge_for(config, &facts, spellings[j].typed, spellings[j].used).action,
				ACTION_REJECT);
		}
		assert_int_equal(judge_for(config, &facts, "<ceo@in.test>", "ceo@in.test").action,
				 ACTION_ACCEPT);
		config_unref(config);
	}
}

/* At the end of a message there is one reply: refused for each, or not; deferred only where nobody has it. */
static void
policy_overrule_has_one_answer_for_all(void **state)
{
	static const struct {
		enum action actions[3];
		bool is_audit; /* of the first */
		enum overruled expected[3];
	} table[] = {
		{ { ACTION_REJECT, ACTION_REJECT, ACTION_REJECT }, false, { OVERRULED_NOT } },
		{ { ACTION_REJECT, ACTION_DEFER, ACTION_REJECT },
		  false,
		  { OVERRULED_BY_DEFERRAL, OVERRULED_NOT, OVERRULED_BY_DEFERRAL } },
		{ { ACTION_REJECT, ACTION_DEFER, ACTION_ACCEPT },
		  false,
		  { OVERRULED_BY_ACCEPTANCE, OVERRULED_BY_ACCEPTANCE, OVERRULED_NOT } },
		{ { ACTION_REJECT, ACTION_REJECT, ACTION_QUARANTINE },
		  false,
		  { OVERRULED_BY_ACCEPTANCE, OVERRULED_BY_ACCEPTANCE, OVERRULED_NOT } },
		{ { ACTION_REJECT, ACTION_REJECT, ACTION_DEFER },
		  true,
		  { OVERRULED_NOT, OVERRULED_BY_ACCEPTANCE, OVERRULED_BY_ACCEPTANCE } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct policy_end end = { 0 };

		for (size_t j = 0; j < 3; j++)
			policy_count_end(&end,
					 &(struct verdict){ .action = table[i].actions[j],
							    .is_enforced = j > 0 || !table[i].is_audit });
		for (size_t j = 0; j < 3; j++) {
			struct verdict verdict = { .action = table[i].actions[j],
						   .is_enforced = j > 0 || !table[i].is_audit };
			const bool was_enforced = verdict.is_enforced;

			policy_overrule(&verdict, &end);
			assert_int_equal(verdict.overruled, table[i].expected[j]);
			assert_int_equal(verdict.is_enforced,
					 was_enforced && verdict.overruled == OVERRULED_NOT);
		}
	}
}

/* facts_forwarding(): nobody but the author's domain makes it true; what is not known is not so. */
static void
looks_forwarded_rests_on_the_signature_of_the_author(void **state)
{
	static const struct {
		enum result spf, iprev, helo, dkim;
		const char *signer;
		enum result dmarc;
		enum forwarding expected;
	} table[] = {
		{ RESULT_FAIL, RESULT_PASS, RESULT_PASS, RESULT_PASS, "a.test", RESULT_UNCHECKED,
		  FORWARDING_LIKELY },
		{ RESULT_SOFTFAIL, RESULT_PASS, RESULT_PASS, RESULT_PASS, "a.test", RESULT_PASS,
		  FORWARDING_LIKELY },
		/* DMARC knows what belongs together. */
		{ RESULT_FAIL, RESULT_PASS, RESULT_PASS, RESULT_PASS, "m.a.test", RESULT_PASS,
		  FORWARDING_LIKELY },
		{ RESULT_FAIL, RESULT_PASS, RESULT_PASS, RESULT_PASS, "m.a.test", RESULT_FAIL,
		  FORWARDING_NONE },
		{ RESULT_FAIL, RESULT_PASS, RESULT_PASS, RESULT_PASS, "m.a.test", RESULT_UNCHECKED,
		  FORWARDING_NONE },
		{ RESULT_FAIL, RESULT_PASS, RESULT_PASS, RESULT_PASS, "m.a.test", RESULT_TEMPERROR,
		  FORWARDING_UNKNOWN },
		/* Somebody else's signature, or one that is not good. */
		{ RESULT_FAIL, RESULT_PASS, RESULT_PASS, RESULT_PASS, "b.test", RESULT_UNCHECKED,
		  FORWARDING_NONE },
		{ RESULT_FAIL, RESULT_PASS, RESULT_PASS, RESULT_FAIL, "a.test", RESULT_FAIL,
		  FORWARDING_NONE },
		{ RESULT_FAIL, RESULT_PASS, RESULT_PASS, RESULT_POLICY, "a.test", RESULT_FAIL,
		  FORWARDING_NONE },
		{ RESULT_FAIL, RESULT_PASS, RESULT_PASS, RESULT_TEMPERROR, "a.test", RESULT_UNCHECKED,
		  FORWARDING_UNKNOWN },
		{ RESULT_FAIL, RESULT_PASS, RESULT_PASS, RESULT_TEMPERROR, "b.test", RESULT_UNCHECKED,
		  FORWARDING_NONE },
		{ RESULT_FAIL, RESULT_PASS, RESULT_PASS, RESULT_UNCHECKED, NULL, RESULT_UNCHECKED,
		  FORWARDING_UNKNOWN },
		{ RESULT_FAIL, RESULT_PASS, RESULT_PASS, RESULT_NONE, NULL, RESULT_NONE, FORWARDING_NONE },
		{ RESULT_FAIL, RESULT_PASS, RESULT_PASS, RESULT_TEMPERROR, NULL, RESULT_TEMPERROR,
		  FORWARDING_UNKNOWN },
		/* SPF and names. */
		{ RESULT_PASS, RESULT_PASS, RESULT_PASS, RESULT_PASS, "a.test", RESULT_PASS,
		  FORWARDING_NONE },
		{ RESULT_NEUTRAL, RESULT_PASS, RESULT_PASS, RESULT_PASS, "a.test", RESULT_PASS,
		  FORWARDING_NONE },
		{ RESULT_TEMPERROR, RESULT_PASS, RESULT_PASS, RESULT_PASS, "a.test", RESULT_PASS,
		  FORWARDING_UNKNOWN },
		{ RESULT_FAIL, RESULT_FAIL, RESULT_PASS, RESULT_PASS, "a.test", RESULT_PASS,
		  FORWARDING_NONE },
		{ RESULT_FAIL, RESULT_PASS, RESULT_PERMERROR, RESULT_PASS, "a.test", RESULT_PASS,
		  FORWARDING_NONE },
		{ RESULT_FAIL, RESULT_TEMPERROR, RESULT_PASS, RESULT_PASS, "a.test", RESULT_PASS,
		  FORWARDING_UNKNOWN },
		{ RESULT_FAIL, RESULT_PERMERROR, RESULT_PASS, RESULT_UNCHECKED, NULL, RESULT_UNCHECKED,
		  FORWARDING_NONE },
	};
	static const char *const rules =
		"enable { dkim } policy { accept when looks-forwarded reject when not looks-forwarded }";
	static const enum action actions[] = { [FORWARDING_NONE] = ACTION_REJECT,
					       [FORWARDING_UNKNOWN] = ACTION_ACCEPT,
					       [FORWARDING_LIKELY] = ACTION_ACCEPT };

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct facts facts = facts_of("mail.test");
		struct dkim_finding signature = { .result = table[i].dkim, .domain = table[i].signer };

		facts.results[METHOD_SPF] = table[i].spf;
		facts.results[METHOD_IPREV] = table[i].iprev;
		facts.results[METHOD_HELO] = table[i].helo;
		facts.results[METHOD_DKIM] = table[i].dkim;
		facts.results[METHOD_DMARC] = table[i].dmarc;
		facts.author = (struct author_facts){ AUTHOR_ONE, "a.test" };
		facts.dkim =
			(struct dkim_facts){ .signatures = &signature, .count = table[i].signer != NULL };
		if (facts_forwarding(&facts) != table[i].expected)
			fail_msg("row %zu: %d", i, (int)facts_forwarding(&facts));
		assert_int_equal(action_of(rules, &facts), actions[table[i].expected]);
		facts.author = (struct author_facts){ AUTHOR_SEVERAL_FIELDS, "" };
		facts.results[METHOD_DMARC] = RESULT_PERMERROR;
		assert_int_not_equal(facts_forwarding(&facts), FORWARDING_LIKELY);
	}
}

/* What cannot be so is not waited for. */
static void
looks_forwarded_is_pending_only_where_it_may_be(void **state)
{
	static const char *const rules =
		"enable { dkim } policy { reject when spf = fail and not looks-forwarded tag \"x\" when looks-forwarded }";
	struct facts facts = facts_of("mail.test");
	struct config *config;
	struct verdict verdict;

	(void)state;
	facts.results[METHOD_SPF] = RESULT_FAIL;
	facts.results[METHOD_IPREV] = facts.results[METHOD_HELO] = RESULT_PASS;
	facts.awaited[STAGE_BODY] = 1U << METHOD_DKIM;
	verdict = judge(rules, &facts, "<user@in.test>", &config);
	assert_true(verdict_is_pending(&verdict));
	config_unref(config);
	facts.results[METHOD_IPREV] = RESULT_FAIL;
	assert_int_equal(action_of(rules, &facts), ACTION_REJECT);
	facts.results[METHOD_SPF] = RESULT_PASS;
	verdict = judge(rules, &facts, "<user@in.test>", &config);
	assert_false(verdict_waits(&verdict));
	config_unref(config);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(P0_policy_judge_lets_the_worst_reading_count),
		cmocka_unit_test(P0_policy_judge_finds_a_recipient_in_any_spelling),
		cmocka_unit_test(policy_judge_takes_the_first_rule_that_is_true),
		cmocka_unit_test(N02_policy_judge_asks_exceptions_before_any_policy),
		cmocka_unit_test(policy_judge_knows_recipients_by_their_parts),
		cmocka_unit_test(policy_judge_never_refuses_for_a_fault_alone),
		cmocka_unit_test(policy_judge_notes_no_rule_that_is_not_true),
		cmocka_unit_test(policy_judge_tells_which_rule_is_undecided_of_what_it_accepts),
		cmocka_unit_test(policy_judge_does_not_wait_for_a_check_that_is_not_made),
		cmocka_unit_test(policy_judge_waits_for_what_looks_forwarded_without_dmarc),
		cmocka_unit_test(policy_judge_enforces_nothing_in_audit_mode),
		cmocka_unit_test(policy_share_includes_its_share_of_networks_always_the_same),
		cmocka_unit_test(compose_reply_says_what_was_found_and_what_to_do),
		cmocka_unit_test(B11_B22_words_of_a_helo_fit),
		cmocka_unit_test(compose_reply_keeps_the_reference_whatever_the_length),
		cmocka_unit_test(compose_writes_received_spf_and_notes),
		cmocka_unit_test(P18_compose_would_folds_no_line_of_blanks),
		cmocka_unit_test(P18_compose_authres_tells_what_was_decided_on),
		cmocka_unit_test(R7208_18_compose_received_spf_says_each_result),
		cmocka_unit_test(policy_judge_compares_numbers),
		cmocka_unit_test(compose_log_line_cannot_be_forged),
		cmocka_unit_test(P10_compose_log_line_reads_back_whatever_is_said),
		cmocka_unit_test(N16_N21_compose_log_line_tells_of_recipients_lists_and_user),
		cmocka_unit_test(N16_P10_compose_log_line_keeps_to_its_bound),
		cmocka_unit_test(N12_compose_log_line_tells_of_audits_and_shares),
		cmocka_unit_test(compose_log_line_tells_of_pending_and_overruled_verdicts),
		cmocka_unit_test(policy_overrule_has_one_answer_for_all),
		cmocka_unit_test(looks_forwarded_rests_on_the_signature_of_the_author),
		cmocka_unit_test(looks_forwarded_is_pending_only_where_it_may_be),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
