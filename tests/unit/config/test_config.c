#include "unit.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config_text.h"
#include "heloscope/config/read.h"
#include "heloscope/config/sense.h"
#include "heloscope/config/settings.h"
#include "heloscope/config/show.h"
#include "heloscope/checks/truth.h"

/* P18: what readers compare is written as a name that they can read: RFC 8616, section 4, and without final
 * dot. */
static void
P18_config_takes_an_authserv_id_as_readers_read_it(void **state)
{
	struct config *config = config_from_text("authserv-id \"MX.B\xc3\xbc"
						 "cher.example.\"",
						 NULL);

	(void)state;
	assert_string_equal(config->authserv_id, "mx.xn--bcher-kva.example");
	assert_string_equal(config->own_ids.items[0], "mx.xn--bcher-kva.example");
	config_unref(config);
}

static void
config_reads_the_example_of_the_manual(void **state)
{
	struct config *config = config_from_text(
		"authserv-id \"mx.example.org\" also { \"*.mx.example.org\" }\n"
		"listen \"unix:/run/x.sock\" { owner \"a\" group \"b\" mode 0620 }\n"
		"mode enforce user \"x\" group \"y\" log stderr level error contact \"call us\"\n"
		"resolver { servers 192.0.2.53, 192.0.2.54@5353 zone \"bl.test\" servers 127.0.0.1@53 timeout 500ms }\n"
		"trust { networks { 10.0.0.0/8, 2001:db8::/32 } authenticated no keep-results yes }\n"
		"spf engine " OTHER_SPF_WORD
		" spf { explanation yes } received-spf yes disable { sender, spf }\n"
		"list \"zen.test\" { operator \"Z\" answers { 127.0.0.2 \"two\", 127.0.0.10-127.0.0.11 } page \"http://z/%s\" }\n"
		"dnsbl \"zen.test\" weight 4\n"
		"domain-dnsbl \"dbl.test\" on { helo, ptr }\n"
		"dnswl \"wl.test\" answers { 127.0.5.0-3 } weight 1000\n"
		"policy { accept when trusted reject 25% 554 5.7.1 \"no\" when dnsbl >= 5 and not dnswl }\n"
		"policy for { \"a.test\", \"*.a.test\" } { audit reject when spf in { fail, softfail } otherwise default }\n",
		NULL);
	const struct list *list = config->lists.items;
	const struct rule *rule = &config->default_policy.rules.items[1];

	(void)state;
	assert_string_equal(config->authserv_id, "mx.example.org");
	assert_int_equal(config->own_ids.count, 2);
	assert_int_equal(config->socket_mode, 0620);
	assert_int_equal(config->mode, MODE_ENFORCE);
	assert_string_equal(config->group, "y");
	assert_int_equal(config->log_level, LOG_LEVEL_ERROR);
	assert_int_equal(config->resolver.mode, RESOLVER_SERVERS);
	assert_int_equal(config->resolver.server_count, 2);
	assert_string_equal(config->resolver.zones[0].server, "127.0.0.1@53");
	assert_int_equal(config->timeout_ms, 500);
	assert_int_equal(config->trusted.count, 2);
	assert_false(config->trusts_authenticated);
	assert_true(config->keeps_trusted_results);
	assert_int_equal(config->spf_engine, OTHER_SPF_ENGINE);
	assert_true(config->shows_spf_explanation && config->adds_received_spf);
	assert_false(config_wants(config, METHOD_SENDER));
	assert_true(config_wants(config, METHOD_IPREV));
	assert_int_equal(config->lists.count, 3);
	assert_string_equal(list[0].operator, "Z");
	assert_int_equal(list[0].answers.count, 2);
	assert_int_equal(list[0].answers.items[1].last, 0x7f00000b);
	assert_int_equal(list[1].subjects, 1U << LIST_HELO | 1U << LIST_PTR);
	assert_int_equal(list[2].answers.items[0].last, 0x7f000503);
	assert_true(list[2].is_allow);
	assert_int_equal(rule->percent, 25);
	assert_int_equal(rule->code, 554);
	assert_string_equal(rule->place, "test.conf:11");
	assert_int_equal(rule->condition->kind, CONDITION_AND);
	assert_int_equal(config->policies.items[0].otherwise.action, ACTION_DEFAULT);
	assert_true(config->policies.items[0].rules.items[0].is_audit);
	config_unref(config);
}

static void
config_has_safe_defaults(void **state)
{
	struct config *config = config_from_text("", NULL);

	(void)state;
	assert_int_equal(config->mode, MODE_AUDIT);
	assert_string_equal(config->listen, "inet:8891@127.0.0.1");
	assert_string_equal(config->user, "heloscope");
	assert_int_equal(config->timeout_ms, 5000);
	assert_true(config->trusts_authenticated);
	assert_non_null(config->authserv_id);
	assert_int_equal(config->resolver.mode, RESOLVER_SYSTEM);
	config_unref(config);
}

/* F39: each names file, line, column, what was found and what was expected. */
static void
F39_config_complains_with_place_and_expectation(void **state)
{
	static const struct {
		const char *text, *expected;
	} table[] = {
		{ "lisen \"x\"", "found \"lisen\"; did you mean \"listen\"?\n" },
		{ "foo bar", "\"trust\" or \"user\"\n" }, /* nothing is near */
		{ "policy { reject when spf == fail }",
		  "test.conf:1:26: found \"==\"; write one \"=\", as in \"spf = fail\"\n" },
		{ "policy { reject when dnbsl >= 5 }",
		  "there is no test \"dnbsl\" of this form; did you mean \"dnsbl\"?\n" },
		{ "disable { sfp }", "unknown check \"sfp\"; did you mean \"spf\"?" },
		{ "enable { spf }", "unknown check \"spf\"; expected \"dkim\"" },
		{ "policy { reject when dkim = fail }",
		  "\"dkim\" is not checked by itself; expected \"enable { dkim }\"" },
		{ "policy { reject when spf = fail and not looks-forwarded }",
		  "test.conf:1: \"looks-forwarded\" needs \"dkim\", which is not checked by itself; expected \"enable { dkim }\"" },
		{ "policy { reject when from in { \"a.test\" } }",
		  "test.conf:1: \"from\" needs \"dmarc\", which is not checked by itself; expected \"enable { dkim, dmarc }\"" },
		{ "policy { reject when from = none }", "\"from\" needs \"dmarc\", which is not" },
		{ "policy { reject when dmarc.policy = reject }", ":1: \"dmarc\" is not checked by itself" },
		{ "enable { dkim } policy { reject when looks-forwarded = yes }",
		  "there is no test \"looks-forwarded\" of this form" },
		{ "policy { reject when dkim.domain in { \"a.test\" } }", "expected \"enable { dkim }\"" },
		{ "enable { dkim } policy { reject when dkim.domain in { \"joe@a.test\" } }",
		  "it is compared with a name" },
		{ " \"x\"",
		  "test.conf:1:2: found the text \"x\"; expected the end of file, \"authserv-id\"" },
		{ "\n  mode enfroce",
		  "test.conf:2:8: found \"enfroce\"; did you mean \"enforce\"? Expected \"audit\" or \"enforce\"" },
		{ "mode audit mode audit",
		  "test.conf:1:12: \"mode\" is given twice, first in test.conf:1; expected it once" },
		{ "dnsbl \"a.test\" weight 2 weight 3",
		  "test.conf:1:25: \"weight\" is given twice, first in test.conf:1; expected it once" },
		{ "dnsbl \"a.test\" answers { 127.0.0.2 } answers { 127.0.0.3 }",
		  "\"answers\" is given twice" },
		{ "dnsbl \"a.test\" key \"a\" key \"b\"", "\"key\" is given twice" },
		{ "domain-dnsbl \"a.test\" on { helo } on { ptr }", "\"on\" is given twice" },
		{ "dnsbl \"a.test\" test-entries none test-entries none", "\"test-entries\" is given twice" },
		{ "list \"a.test\" { kind block\nkind allow }", "test.conf:2:1: \"kind\" is given twice" },
		{ "list \"a.test\" { status closed status alive }", "\"status\" is given twice" },
		{ "list \"a.test\" { operator \"a\" operator \"b\" }", "\"operator\" is given twice" },
		{ "list \"a.test\" { contains \"b.test\" contains \"c.test\" }",
		  "\"contains\" is given twice" },
		{ "policy { otherwise accept otherwise reject }",
		  "test.conf:1:27: \"otherwise\" is given twice" },
		{ "resolver { zone \"a.test\" servers 192.0.2.1 zone \"A.test.\" servers 192.0.2.2 }",
		  "test.conf:1:49: the zone \"a.test\" is given twice, first in test.conf:1; expected it once" },
		{ "listen \"inet:25@127.0.0.1\" { mode 0660 }",
		  "\"mode\" has no effect on a port; expected it only with listen \"unix:/PATH\"" },
		{ "listen \"inet6:25@::1\" { owner \"o\" }", "\"owner\" has no effect on a port" },
		{ "listen \"8891\"", "expected \"inet:PORT@ADDRESS\"" },
		{ "listen \"inet:99999@127.0.0.1\"", "with a port from 1 to 65535" },
		{ "listen \"inet:25@\"", "with a port from 1 to 65535" },
		{ "listen \"unix:/x\" { mode 999 }", "expected an octal number like 0660" },
		{ "authserv-id \"a b\"", "is not a domain name" },
		{ "resolver { timeout 9s }", "expected 100ms to 8s" },
		{ "look-back yes { timeout 500ms }", "expected 1s to 5m" },
		{ "look-back yes { port 0 }", "expected a number from 1 to 65535" },
		{ "look-back yes { at-a-time 2000 }", "expected a number from 1 to 1000" },
		{ "look-back yes { per-minute 0 }", "expected a number from 1 to 6000" },
		{ "look-back yes { ehlo-name \"mx\" }", "expected one like \"mx.example.org\"" },
		{ "look-back yes { file \"peers\" }", "expected an absolute path" },
		{ "\nenable { dmarc }", "test.conf:2: \"dmarc\" fails good mail without \"dkim\"; expected" },
		{ "enable { dkim, dmarc }\ndisable { spf }",
		  "test.conf:1: \"dmarc\" fails good mail without \"spf\", which is disabled in test.conf:2; expected both" },
		{ "policy { reject when dmarc.policy = reject }",
		  "expected \"enable { dkim, dmarc }\" somewhere" },
		{ "policy { reject when arc = fail }", "expected \"enable { arc }\"" },
		{ "enable { arc } policy { accept when arc.sealer in { \"a.test\" } }",
		  "\"arc.sealer\" where no sealer is trusted; expected \"trust { arc-sealers { \"DOMAIN\" } }\"" },
		{ "enable { arc } policy { reject when iprev = fail and not (spf = fail or arc.sealer = none) }",
		  "\"arc.sealer\" where no sealer is trusted" },
		{ "enable { arc } trust { arc-sealers \"a.test\" } policy { reject when arc.sealer = believed }",
		  "unknown word for \"arc.sealer\": \"believed\"; expected \"none\", \"untrusted\" or \"trusted\"" },
		{ "trust { arc-sealers { \"joe@a.test\" } }",
		  "it is compared with a name, not with an address" },
		{ "policy { reject when dmarc.policy = quarantined }",
		  "unknown word for \"dmarc.policy\": \"quarantined\"; did you mean \"quarantine\"? Expected \"none\", \"quarantine\" or \"reject\"\n" },
		{ "policy { reject when from = two }",
		  "expected \"one\", \"none\", \"several\" or \"malformed\"\n" },
		{ "policy { reject when dmarc.policy in { \"reject\" } }", "words without quotes" },
		{ "look-back yes look-back yes", "\"look-back\" is given twice" },
		{ "look-back yes { timeout 5s timeout 6s }",
		  "test.conf:1:28: \"look-back timeout\" is given twice" },
		{ "look-back yes { per-minute 5 per-minute 6 }", "\"per-minute\" is given twice" },
		{ "listen \"unix:/x\" { owner \"a\" owner \"b\" }", "\"owner\" is given twice" },
		{ "resolver { trust-anchor \"/a\" trust-anchor \"/b\" }", "\"trust-anchor\" is given twice" },
		{ "spf { engine own engine own }", "\"engine\" is given twice" },
		{ "trust { authenticated yes authenticated no }", "\"authenticated\" is given twice" },
		{ "policy { reject when banner = fail }", "\"banner\" needs \"look-back yes\"" },
		{ "policy { accept when dnsbl or (trusted and not tls = none) }",
		  "\"tls\" needs \"look-back yes\"" },
		{ "resolver { timeout 5 }", "expected a duration" },
		{ "resolver { cache 5 }", "expected a size" },
		{ "resolver { cache 5s }", "expected a size" },
		{ "resolver { cache 100kB }", "expected 256kB to 64GB" },
		{ "resolver { cache 99999999999999999999GB }", "expected 256kB to 64GB" },
		{ "resolver { servers sytem }", "did you mean \"system\"?" },
		{ "resolver { servers 192.0.2.1@99999 }", "is not a name server" },
		{ "trust { networks { 10.0.0.1/8 } }", "has bits set after its prefix" },
		{ "trust { authenticated maybe }", "expected \"no\" or \"yes\"" },
		{ "dnsbl \"zen\"", "is not a zone of a list" },
		{ "dnsbl \"a.test\" weight 0", "expected a number from 1 to 1000" },
		{ "dnsbl \"a.test\" answers { 127.255.255.1 }", "where lists report errors" },
		{ "dnsbl \"a.test\" answers { 10.0.0.1 }", "outside 127.0.0.0/8" },
		{ "dnsbl \"a.test\" answers { 127.0.0.9-2 }", "is not an answer of a list" },
		{ "dnsbl \"a.test\" dnsbl \"a.test\"", "is used twice" },
		{ "dnsbl \"a.test\" on { sender }", "\"on\" is for domain lists" },
		{ "domain-dnsbl \"a.test\" on { form }", "expected \"ptr\", \"helo\" or \"sender\"" },
		{ "dnsbl \"a.test\" key-file \"/nonexistent/key\"", "cannot be read: No such file" },
		{ "disable { spff }", "did you mean \"spf\"?" },
		{ "policy { reject when spf = fial }", "did you mean \"fail\"?" },
		{ "policy { reject when spf in { \"x\" } }", "results without quotes" },
		{ "policy { reject when recipient in { fail } }", "patterns in quotes" },
		{ "policy { reject when trustd }", "did you mean \"trusted\"?" },
		{ "policy { reject when spf > 3 }", "in front of a number" },
		{ "policy { reject 450 when trusted }", "expected one of class 5" },
		{ "policy { defer 451 5.7.1 when trusted }", "expected one of class 4" },
		{ "policy { reject 5.7.25 \"x\" when trusted }",
		  "without a reply code; expected both, like 550 5.7.1" },
		{ "policy { reject when mail-from in { \"example.org\" } }",
		  "is not a pattern of an address" },
		{ "dnsbl \"a.test\" policy { reject when spf = fail or listed in { \"b.test\" } }",
		  "test.conf:1: \"b.test\" is not a list in use" },
		{ "policy { accept 550 when trusted }", "only after \"reject\" or \"defer\"" },
		{ "policy { reject 0% when trusted }", "expected 1% to 100%" },
		{ "policy { tag 10% \"x\" when trusted }", "expected one only for" },
		{ "policy { tag when trusted }", "a tag without its text" },
		{ "policy { reject \"\xc3\xbc\" when trusted }", "not printable ASCII" },
		{ "policy { otherwise default }", "in the default policy itself" },
		{ "policy { reject when spf = fail", "the file ends here, within the braces" },
		{ "contact \"never closed", "does not end on its line" },
		{ "policy {\n  accept # all\n  reject when trusted\n}",
		  "test.conf:2:9: the line ends here; expected \"when\" and a condition, as in \"reject when spf = fail\"\n" },
		{ "policy {\n  reject when\n  accept when trusted\n}",
		  "test.conf:2:14: the line ends here; expected" },
		{ "policy {\n  reject\n}", "test.conf:2:9: the line ends here; expected" },
		{ "mode audit\nreject when spf = fail",
		  "test.conf:2:1: found \"reject\"; it belongs in policy { ... }\n" },
		{ "accept when trusted",
		  "found \"accept\"; it belongs in policy { ... } or exceptions { ... }\n" },
		{ "timeout 5s",
		  "found \"timeout\"; it belongs in resolver { ... } or in look-back yes { ... }\n" },
		{ "probe yes",
		  "test.conf:1:1: found \"probe\", which was an older name; expected \"look-back\" and, for the test entries of a list, \"test-entries\"\n" },
		{ "dnsbl \"a.test\" probe none", "test.conf:1:16: found \"probe\", which was" },
		{ "list \"a.test\" { probe { listed \"127.0.0.2\" } }",
		  "test.conf:1:17: found \"probe\", which was" },
		{ "mode audit\nprobe-interval 5m",
		  "test.conf:2:1: found \"probe-interval\", which was an older name; expected \"test-interval\"\n" },
		{ "audit log \"/x\"",
		  "test.conf:1:1: found \"audit\"; it belongs in front of a verb in policy { ... }; in front of the path of a log it is \"records\" now\n" },
		{ "weight 3", "found \"weight\"; it belongs after the zone of a list\n" },
		{ "level info", "found \"level\"; it belongs after \"log\"\n" },
		{ "engine native", "found \"engine\"; it belongs in spf { ... }\n" },
		{ "mode 0660 ", "test.conf:1:6: found \"0660\"; expected \"audit\" or \"enforce\"\n" },
		{ "owner \"x\"",
		  "found \"owner\"; it belongs in listen \"...\" { ... } or in control \"...\" { ... }\n" },
		{ "mode audit $", "the character \"$\" has no meaning here" },
		{ "include \"missing.conf\"",
		  "missing.conf\" cannot be included: No such file or directory" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		char messages[4096] = "";

		print_message("    %s\n", table[i].text);
		assert_null(config_from_text(table[i].text, messages));
		if (strstr(messages, table[i].expected) == NULL)
			fail_msg("got: %s", messages);
	}
}

/* N19: what one writes who comes from elsewhere is answered once, with what to write. */
static void
N19_config_says_what_to_write(void **state)
{
	static const struct {
		const char *text, *complaint;
	} table[] = {
		{ "policy {\n reject when spf == fail\n}", "2:18: found \"==\"; write one \"=\", as in" },
		{ "policy { reject when spf = fail && helo = fail }", "1:33: found \"&&\"; write \"and\"" },
		{ "policy { reject when spf = fail || helo = fail }", "1:33: found \"||\"; write \"or\"" },
		{ "policy { reject when ! trusted }", "1:22: found \"!\"; write \"not\"" },
		{ "policy { reject when dnsbl => 5 }", "1:28: found \"=>\"; write \">=\"" },
		{ "policy { reject if spf = fail }", "1:17: found \"if\"; write \"when\"" },
		{ "policy { if spf = fail reject }",
		  "1:10: found \"if\"; a rule begins with what is to be done" },
		{ "policy {\n reject\n}", "2:8: the line ends here; expected \"when\" and a condition" },
		{ "policy { reject }", "1:17: found \"}\"; expected \"when\" and a condition" },
		{ "policy { reject spf = fail }", "1:17: found \"spf\"; expected \"when\" and a condition" },
		{ "policy { reject whne spf = fail }", "1:17: found \"whne\"; did you mean \"when\"?" },
		{ "user heloscope", "1:6: found \"heloscope\"; write it in quotes, as in \"heloscope\"" },
		{ "dnsbl zen.spamhaus.org weight 3", "1:7: found \"zen.spamhaus.org\"; write it in quotes" },
		{ "resolver { zone bl.test servers 127.0.0.1 }", "found \"bl.test\"; write it in quotes" },
		{ "records /var/log/x.jsonl\nmode audit",
		  "1:9: found \"/var/log/x.jsonl\"; write it in quotes" },
		{ "contact https://mx.test/help?a=b",
		  "found \"https://mx.test/help?a\"; write it in quotes" },
		{ "policy { reject when mail-from in { a@b.test, *@c.test } }",
		  "found \"a@b.test\"; write it in quotes" },
		{ "user 'heloscope'\nmode audit", "1:6: found single quotes; write double ones" },
		{ "policy {\n accept when mail-from in { 'a@b.test', 'c@d.test' }\n reject when spf = fail\n}",
		  "2:29: found single quotes" },
		{ "user \xe2\x80\x9cheloscope\xe2\x80\x9d\nmode audit", "1:6: found typographic quotes" },
		{ "policy { accept when recipient in { \xe2\x80\x9e"
		  "a@b.test\xe2\x80\x9c } }",
		  "1:37: found typographic quotes; write plain ones" },
		{ "contact \xc2\xabx\xc2\xbb", "found typographic quotes" },
		{ "dnsbl \"bl.test\" weigth 3", "1:17: found \"weigth\"; did you mean \"weight\"?" },
		{ "log file \"/var/log/x\"", "1:5: unknown log target \"file\"; expected" },
		{ "mode: audit", "1:1: found \"mode:\"; did you mean \"mode\"?" },
		{ "mode audit;", "1:11: found \";\"; leave it out" },
		{ "// mine\nmode audit", "1:1: a comment begins with \"#\" here" },
		{ "mode audit\ninclude \"missing.conf\"",
		  "test.conf:2:9: \"missing.conf\" cannot be included: No such file or directory; a path without a leading slash begins in the directory of this file\n" },
		{ "policy { reject 5.7.25 \"x\" when trusted }",
		  "the enhanced code 5.7.25 without a reply code" },
		{ "policy { reject when spf != }",
		  "1:29: found \"}\"; expected \"fail\", \"neutral\", \"none\", \"pass\", \"permerror\", \"softfail\" or \"temperror\"\n" },
		{ "policy { reject when spf in { fail, } }", "1:37: found \"}\"; expected \"fail\", " },
		{ "policy { reject when dnsbl >= }", "1:31: found \"}\"; expected a number\n" },
		{ "policy { reject when mail-from = }", "1:34: found \"}\"; expected a text in quotes\n" },
		{ "policy { reject when client not in { } }",
		  "1:38: found \"}\"; expected a network like 192.0.2.0/24\n" },
		{ "policy { reject when from in { } }",
		  "1:32: found \"}\"; expected a text in quotes, \"malformed\", \"none\", \"one\" or \"several\"\n" },
		{ "policy { reject when and spf = fail }",
		  "1:22: found \"and\"; expected a test, as in \"reject when spf = fail\"\n" },
		{ "policy { reject when helo fail }", "1:27: found \"fail\"; write \"helo = fail\"\n" },
		{ "policy { reject when helo is fail }",
		  "1:27: found \"is\"; expected a comparison like \"helo = fail\"\n" },
		{ "policy { reject when hello fail }",
		  "1:22: there is no test \"hello\" of this form; did you mean \"helo\"?\n" },
		{ "policy { reject when helo }",
		  "1:22: there is no test \"helo\" of this form; expected a comparison like \"helo = fail\"\n" },
		{ "policy { reject when dnsbl 5 }", "1:28: found \"5\"; write \"dnsbl >= 5\"\n" },
		{ "policy { reject when dnsbl above 5 }",
		  "1:28: found \"above\"; expected \"and\", \"or\" or a comparison like \"dnsbl >= 2\"\n" },
		{ "policy { reject when trusted client }",
		  "1:30: found \"client\"; expected \"and\", \"or\" or the next rule\n" },
		{ "policy { accept when client 10.0.0.0/8 }",
		  "1:29: found \"10.0.0.0/8\"; write client in { 10.0.0.0/8 }\n" },
		{ "policy { accept when client = \"10.0.0.0/8\" }",
		  "1:22: there is no test \"client\" of this form; expected networks without quotes, like client in { 192.0.2.0/24 }\n" },
		{ "policy { accept when mail-from \"*@a.test\" }",
		  "1:32: found the text \"*@a.test\"; write mail-from in { \"*@a.test\" }\n" },
		{ "list \"a.test\" { kind }", "1:22: found \"}\"; expected \"allow\" or \"block\"\n" },
		{ "list \"a.test\" { takes 5 }",
		  "1:23: found \"5\"; expected \"address\", \"both\" or \"domain\"\n" },
		{ "dnsbl \"a.test\" test-entries", "1:28: the file ends here; expected \"none\" or \"{\"\n" },
		{ "domain-dnsbl \"a.test\" on { }",
		  "1:28: found \"}\"; expected \"helo\", \"ptr\" or \"sender\"\n" },
		{ "enable { }", "1:10: found \"}\"; expected \"arc\", \"dkim\" or \"dmarc\"\n" },
		{ "\xef\xbb\xbfmode audit\n",
		  "1:1: the file begins with a byte order mark (U+FEFF); save it as UTF-8 without one\n" },
		{ "mode audit\ngr\xc3\xb6\xc3\x9f"
		  "e 5\n",
		  "2:1: found \"gr\\xc3\\xb6\\xc3\\x9fe\"; characters beyond ASCII stand in quotes only\n" },
		{ "mode\xc2\xa0"
		  "audit",
		  "1:1: found \"mode\\xc2\\xa0audit\"; write a plain blank in place of the no-break space" },
		{ "mode audit {\n user \"x\"\n}", "1:12: found \"{\"; expected" },
		/* Braces: who forgets one hears where it was opened. */
		{ "trust {\n networks { 10.0.0.0/8 }\n\npolicy {\n reject when spf = fail\n}\nmode audit",
		  "4:1: found \"policy\" within the braces that open in line 1; is their \"}\" missing?" },
		{ "\nresolver {\n timeout 5s\nmode audit\n",
		  "4:1: found \"mode\" within the braces that open in line 2; is their \"}\" missing?" },
		{ "mode audit\npolicy {\n reject when mail-from in { \"a@b.test\"\n}\n",
		  "4:2: the file ends here, within the braces that open in line 2; expected their \"}\"" },
		{ "policy {\n reject when mail-from in { \"a@b.test\"\n reject when spf = fail\n}",
		  "3:2: found \"reject\" within the braces that open in line 2" },
		{ "list \"a.test\" {\n answers { 127.0.0.2 \"two\"\n}\n\ndnsbl \"a.test\"\n",
		  "5:1: found \"dnsbl\" within the braces that open in line 1" },
		{ "policy {\n reject when spf = fail\n\npolicy for \"a.test\" {\n}\nspf { engine native }\n",
		  "4:1: found \"policy\" within the braces that open in line 1" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		char messages[4096] = "";

		assert_null(config_from_text(table[i].text, messages));
		if (strstr(messages, table[i].complaint) == NULL
		    || strchr(messages, '\n') != strrchr(messages, '\n'))
			fail_msg("%s gives: %s", table[i].text, messages);
	}
}

/* One address needs no braces, as one result and one pattern need none. */
static void
config_takes_one_network_without_braces(void **state)
{
	struct config *config = config_from_text(
		"policy { accept when client = 10.0.0.0/8 accept when client != 2001:db8::/32 }", NULL);
	const struct rule *rules = config->default_policy.rules.items;

	(void)state;
	assert_int_equal(rules[0].condition->kind, CONDITION_CLIENT);
	assert_int_equal(rules[0].condition->networks.items[0].prefix, 8);
	assert_false(rules[0].condition->is_negated);
	assert_int_equal(rules[1].condition->networks.items[0].prefix, 32);
	assert_true(rules[1].condition->is_negated);
	config_unref(config);
}

/* One fault, one complaint, wherever the string stands that does not end. */
static void
F39_config_complains_once_of_a_string_without_end(void **state)
{
	static const char *const texts[] = {
		"contact \"abc\nmode audit\n",
		"listen \"x\nmode audit\n",
		"policy {\n reject \"x when spf = fail\n reject when spf = fail\n}\n",
		"policy {\n reject 550\n\"x when spf = fail\n}\nmode audit",
		"dnsbl \"a.test\" test-entries { listed \"127.0.0.2 }\nmode audit\n",
		"\"x\nmode audit",
	};

	(void)state;
	for (size_t i = 0; i < ROWS(texts); i++) {
		char messages[4096] = "";

		assert_null(config_from_text(texts[i], messages));
		if (strstr(messages, "does not end on its line") == NULL
		    || strchr(messages, '\n') != strrchr(messages, '\n'))
			fail_msg("%s gives: %s", texts[i], messages);
	}
}

static void
F39_config_reports_every_error_of_a_file(void **state)
{
	static const char text[] = "authserv-id \"a b\"\n" /* 1 */
				   "lisen \"x\"\n"         /* 2 */
				   "mode enfroce\n"        /* 3 */
				   "trust {\n"
				   "    netwroks { 10.0.0.0/8 }\n" /* 5 */
				   "    authenticated maybe\n"     /* 6 */
				   "}\n"
				   "listen\n" /* 8 */
				   "policy {\n"
				   "    reject when spf = fial\n" /* 10 */
				   "    rejct when spf = fail\n"  /* 11 */
				   "    reject when dnsbl >=\n"   /* 12 */
				   "    accept when trusted\n"
				   "    reject 450 \"x\" when helo = fail\n" /* 14 */
				   "}\n"
				   "received-spf perhaps\n"; /* 16 */
	static const unsigned lines[] = { 1, 2, 3, 5, 6, 8, 10, 11, 12, 14, 16 };
	char messages[4096] = "";
	unsigned count = 0;

	(void)state;
	assert_null(config_from_text(text, messages));
	for (char *rest = messages, *line; (line = strsep(&rest, "\n")) != NULL && *line != '\0'; count++) {
		char expected[32];

		assert_true(count < ROWS(lines));
		(void)snprintf(expected, sizeof expected, "test.conf:%u:", lines[count]);
		if (strncmp(line, expected, strlen(expected)) != 0)
			fail_msg("expected %s, got %s", expected, line);
	}
	assert_int_equal(count, ROWS(lines));
}

/* F26: a key is known as such and never part of what is shown. */
static void
F26_config_knows_the_key_of_a_zone(void **state)
{
	static const struct {
		const char *text, *zone, *shown, *key;
	} table[] = {
		{ "dnsbl \"zen.dq.test\" key \"s3krit\"", "s3krit.zen.dq.test", "zen.dq.test", "s3krit" },
		{ "dnsbl \"s3krit.zen.dq.test\" list \"*.zen.dq.test\" { }", "s3krit.zen.dq.test",
		  "zen.dq.test", "s3krit" },
		{ "dnsbl \"abcdefghij0123456789abcdef.bl.test\"", "abcdefghij0123456789abcdef.bl.test",
		  "bl.test", "abcdefghij0123456789abcdef" },
		{ "dnsbl \"bl.test\"", "bl.test", "bl.test", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		struct config *config = config_from_text(table[i].text, NULL);
		const struct list *list = &config->lists.items[0];

		assert_string_equal(list->zone, table[i].zone);
		assert_string_equal(list->shown, table[i].shown);
		assert_true(table[i].key == NULL ? list->key == NULL : strcmp(list->key, table[i].key) == 0);
		assert_null(strstr(list->operator, "s3krit"));
		config_unref(config);
	}
}

static void
config_same_compares_what_is_asked(void **state)
{
	struct config *a = config_from_text("resolver { servers 192.0.2.1 }", NULL);
	struct config *b = config_from_text("resolver { servers 192.0.2.1 timeout 1s } mode enforce", NULL);
	struct config *c = config_from_text("resolver { servers 192.0.2.2 }", NULL);
	struct config *d =
		config_from_text("resolver { servers 192.0.2.1 zone \"a.test\" servers 192.0.2.3 }", NULL);

	(void)state;
	assert_true(config_same(a, b, EFFECT_RESOLVER));
	assert_false(config_same(a, c, EFFECT_RESOLVER));
	assert_false(config_same(a, d, EFFECT_RESOLVER));
	config_unref(a);
	config_unref(b);
	config_unref(c);
	config_unref(d);
}

/* Octets of all kinds: no crash, and either a configuration or a complaint. */
static void
config_survives_mangled_files(void **state)
{
	static const char good[] =
		"mode audit dnsbl \"a.test\" weight 2 exceptions { accept when trusted } policy { reject 10% 550 \"x\" when (spf = fail or dnsbl >= 2) and recipient in { \"a@b\" } }";
	char text[sizeof good], messages[4096];

	(void)state;
	for (size_t at = 0; at + 1 < sizeof good; at++) {
		static const char mangled[] = { '\0', '"', '{', '}', '(', '\n', '\xff', '9', ' ' };

		for (size_t i = 0; i < ROWS(mangled); i++) {
			struct config *config;

			memcpy(text, good, sizeof good);
			text[at] = mangled[i];
			memset(messages, 0, sizeof messages);
			config = config_from_text(text, messages);
			assert_int_equal(config == NULL, messages[0] != '\0');
			config_unref(config);
		}
	}
}

/* What config_show() writes. */
static void
show(const struct config *config, char *text, size_t size)
{
	struct output out = { .file = fmemopen(text, size, "w") };

	assert_non_null(out.file);
	config_show(config, &out);
	(void)fclose(out.file);
}

/* -T: what is shown reads back as the same configuration. */
static void
config_show_reads_back_the_same(void **state)
{
	static const char *const texts[] = {
		"",
		"authserv-id \"mx.test\" also { \"a.test\", \"*.b.test\" } listen \"unix:/x\\\\y\\\"z\" { owner \"o\" group \"g\" mode 0600 } mode enforce recipients apart user \"u\" group \"h\" log stderr level error contact \"c\"",
		"resolver { servers 192.0.2.53, 2001:db8::53@5353 zone \"bl.test\" servers 192.0.2.1, 192.0.2.2 timeout 1500ms trust-anchor \"/etc/passwd\" } test-interval 90s",
		"resolver { servers recursive } trust { networks { 192.0.2.0/24, 2001:db8::/32 } authenticated no keep-results yes } spf { engine " OTHER_SPF_WORD
		" explanation yes } received-spf yes disable { helo, dnswl }",
		"list \"a.test\" { operator \"A\" kind block takes both ipv6 only status merged \"x\" terms \"t\" page \"http://%s\" contains { \"b.test\" } answers { 127.0.0.2-11 \"bad\", 127.0.1.2 } errors { 127.0.0.255 } test-entries { listed { \"192.0.2.1\", \"x.test\" } unlisted \"192.0.2.2\" } }\n"
		"dnsbl \"a.test\" weight 3 domain-dnsbl \"b.test\" on { helo } answers { 127.0.0.9 } dnsbl \"b.test\" test-entries none list \"c.test\" { status closed } dnswl \"c.test\"",
		"user \"gr\xc3\xbc\xc3\x9f \x1b[2J \xff \xe2\x80\xae\" list \"d.test\" { operator \"\\\\x41\\x1b\" } dnsbl \"d.test\"",
		"dnsbl \"a.test\"\nlook-back yes { networks { 192.0.2.0/24, 2001:db8::/32 } file \"/var/lib/x\" } policy { reject when banner = fail or tls in { none } and not peer-tls = pass }",
		"enable { dkim, dmarc } policy { reject when dmarc.policy in { reject, quarantine } and from != several or from in { \"*.a.test\" } and from in { none, malformed } }",
		"enable { arc } trust { arc-sealers { \"lists.a.test\", \"*.b.test\" } } policy { accept when arc.sealer = trusted tag \"x\" when arc.sealer not in { \"lists.a.test\" } and arc.sealer in { none, untrusted } }",
		"policy { accept when not (trusted or authenticated) and not spf = fail\n"
		"reject 10% 554 5.7.25 \"no \\\"name\\\"\" when (dnsbl >= 2 or dnswl) and (spf in { fail, none } or helo != pass)\n"
		"audit defer when dnsbl.operators > 0 or iprev not in { pass, none }\n"
		"quarantine \"q\" when client in { 192.0.2.0/24 } and recipient not in { \"a@b\" }\n"
		"tag \"t\" when mail-from = \"\" or helo-name in { \"*.x\" } or client-name != \"y\" otherwise reject }\n"
		"policy for { \"x.test\" } { reject when dnsbl < 1 and dnswl <= 2 otherwise default }",
	};

	(void)state;
	for (size_t i = 0; i < ROWS(texts); i++) {
		char first[8192] = "", second[8192] = "", third[8192] = "", messages[4096];
		struct config *config = config_from_text(texts[i], messages);

		if (config == NULL)
			fail_msg("%s says \"%s\"", texts[i], messages);
		show(config, first, sizeof first);
		config_unref(config);
		config = config_from_text(first, messages);
		if (config == NULL)
			fail_msg("%s says \"%s\"", first, messages);
		show(config, second, sizeof second);
		config_unref(config);
		config = config_from_text(second, messages);
		show(config, third, sizeof third);
		config_unref(config);
		assert_string_equal(second, third); /* the first names other lines as the places of rules */
		assert_int_equal(strlen(first) > 0, 1);
	}
}

/* F26: -T says what takes effect, each setting as it was meant, and no key. */
static void
F26_config_show_says_what_was_set(void **state)
{
	static const struct {
		const char *text, *shown;
	} cases[] = {
		{ "", "mode audit\n" },
		{ "", "timeout 5s\n" },
		{ "", "cache 8MB\n" },
		{ "resolver { timeout 1500ms cache 300kB }", "timeout 1500ms\n    cache 300kB\n" },
		{ "resolver { cache 1MB }", "cache 1MB\n" },
		{ "", "test-interval 5m\n" },
		{ "dnsbl \"a.test\"\nlook-back no", "look-back no {" },
		{ "dnsbl \"a.test\" test-entries none look-back yes", "look-back yes {" },
		{ "",
		  "look-back no {\n    port 25\n    at-a-time 20\n    per-minute 60\n    timeout 1m\n}\n" },
		{ "look-back yes { ehlo-name \"p.mx.test\" port 2525 at-a-time 7 per-minute 8 timeout 90s file \"/f\" networks { 192.0.2.0/24 } }",
		  "look-back yes {\n    ehlo-name \"p.mx.test\"\n    port 2525\n    at-a-time 7\n    per-minute 8\n    file \"/f\"\n    networks { 192.0.2.0/24 }\n    timeout 90s\n}\n" },
		{ "listen \"unix:/s\" { mode 0600 }", "listen \"unix:/s\" { mode 0600 }\n" },
		{ "disable { helo, dnswl }", "disable { helo, dnswl }\n" },
		{ "dnsbl \"zen.dq.test\" key \"s3krit\" weight 2",
		  "dnsbl \"zen.dq.test\" weight 2 key \"***\" test-entries" },
		{ "dnsbl \"s3krit0123456789abcdefghij.dq.test\"",
		  "dnsbl \"dq.test\" weight 1 key \"***\" test-entries" },
		{ "domain-dnsbl \"b.test\"",
		  "domain-dnsbl \"b.test\" weight 1 test-entries { listed \"test\" unlisted \"invalid\" }\n" },
		{ "policy { reject when not (dnsbl > 1 and spf = fail) or trusted }",
		  "    reject when not (dnsbl > 1 and spf = fail) or trusted # test.conf:1\n    otherwise accept\n" },
		{ "exceptions { accept when trusted tag \"x\" when dnsbl }",
		  "exceptions {\n    accept when trusted #" },
		{ "policy { reject when (dnsbl or dnswl) and spf in { fail, none } }",
		  "reject when (dnsbl or dnswl) and spf in { none, fail } #" },
		{ "list \"x.test\" { status closed } dnsbl \"x.test\"", "# not queried; see the warning\n" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		char shown[8192] = "", messages[4096];
		struct config *config = config_from_text(cases[i].text, messages);

		assert_non_null(config);
		show(config, shown, sizeof shown);
		if (strstr(shown, cases[i].shown) == NULL || strstr(shown, "s3krit") != NULL)
			fail_msg("%s is shown as \"%s\"", cases[i].text, shown);
		config_unref(config);
	}
}

/* F26: errors and warnings name a list without what may be its key. */
static void
F26_config_complains_without_keys(void **state)
{
	static const char *const texts[] = {
		"dnsbl \"s3kritabcdefghij0123456789.zen.test\" dnsbl \"s3kritabcdefghij0123456789.zen.test\"",
		"dnsbl \"s3kritabcdefghij0123456789..zen.test\"",
		"dnsbl \"a.test\" policy { reject when listed in { \"s3kritabcdefghij0123456789.zen.test\" } }",
		"dnsbl \"zen.test\" key \"s3krit abc\"",
		"list \"*.zen.test\" { status closed } dnsbl \"s3krit.zen.test\" dnsbl \"s3krit.zen.test\" weight 0",
	};

	(void)state;
	for (size_t i = 0; i < ROWS(texts); i++) {
		char messages[4096];

		assert_null(config_from_text(texts[i], messages));
		assert_true(strlen(messages) > 0);
		if (strstr(messages, "s3krita") != NULL || strstr(messages, "s3krit abc") != NULL)
			fail_msg("%s", messages);
	}
}

/* How often `part` stands in `text`. */
static size_t
count_of(const char *text, const char *part)
{
	size_t count = 0;

	while ((text = strstr(text, part)) != NULL) {
		text += strlen(part);
		count++;
	}
	return count;
}

/* `front`, then `part` so many times, then `end`; for free(3). */
static char *
repeated(const char *front, const char *part, size_t times, const char *end)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	assert_non_null(out);
	(void)fputs(front, out);
	while (times-- > 0)
		(void)fputs(part, out);
	(void)fputs(end, out);
	(void)fclose(out);
	return text;
}

/* P9: as many terms as one likes stand beside each other; what nests has an end and an error. */
static void
P9_config_bounds_what_nests_and_nothing_else(void **state)
{
	static const struct {
		const char *front, *part, *end;
		size_t times;
		const char *complaint; /* NULL: none */
	} cases[] = {
		{ "policy { reject when trusted", " or dnsbl", " }", 200000, NULL },
		{ "policy { reject when trusted", " and spf = fail", " }", 200000, NULL },
		{ "policy { reject when trusted", " or dnsbl and dnswl", " }", 100000, NULL },
		{ "policy { reject when trusted", " or (dnsbl or dnswl)", " }", 50000, NULL },
		{ "policy { reject when ", "not ", "trusted }", 100, NULL },
		{ "policy { reject when ", "not ", "trusted }", 101, "conditions nested more than 100" },
		{ "policy { reject when ", "not ", "trusted }", 200000, "nested too deep" },
		{ "policy { reject when ", "(", "trusted }", 200000, "nested too deep" },
		{ "policy { reject when ", "trusted or (dnsbl and (", "trusted }", 100000,
		  "nested too deep" },
		{ "policy { reject when ", "not (", "trusted }", 200000, "nested too deep" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		char *text = repeated(cases[i].front, cases[i].part, cases[i].times, cases[i].end);
		char messages[4096] = "";
		struct config *config = config_from_text(text, messages);

		free(text);
		if (cases[i].complaint == NULL)
			assert_non_null(config);
		else if (config != NULL || count_of(messages, cases[i].complaint) != 1)
			fail_msg("%s: %.300s", cases[i].part, messages);
		config_unref(config);
	}
}

/* A rule of 200,000 terms is judged and shown like any other. */
static void
P9_policy_judges_a_wide_rule_with_little_stack(void **state)
{
	char *text = repeated("policy { reject when dnsbl", " or (spf = fail and dnswl)", 50000, " }"),
	     *shown = NULL;
	size_t length;
	struct config *config = config_from_text(text, NULL);
	const struct condition *condition = config->default_policy.rules.items[0].condition;
	struct facts facts = { 0 };
	struct output out = { .file = open_memstream(&shown, &length) };

	(void)state;
	assert_int_equal(condition->operand_count, 50001);
	assert_int_equal(condition->depth, 2);
	facts.results[METHOD_SPF] = RESULT_FAIL;
	assert_int_equal(truth_of(condition, &facts, NULL), TRUTH_FALSE);
	config_show(config, &out);
	(void)fclose(out.file);
	assert_int_equal(count_of(shown, " or spf = fail and dnswl"), 50000);
	config_unref(config);
	free(shown);
	free(text);
}

static void
write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	(void)fputs(text, file);
	(void)fclose(file);
}

/* Read main.conf of the current folder; it must be refused with that complaint, said once, or `complaint` be
 * NULL. */
static void
expect_complaint_of(const char *path, const char *complaint)
{
	char messages[4096] = "";
	struct output out = { .file = fmemopen(messages, sizeof messages, "w") };
	struct config *config = config_read(path, &out);

	(void)fclose(out.file);
	if (complaint == NULL
		    ? config == NULL || messages[0] != '\0'
		    : config != NULL || count_of(messages, complaint) != 1 || count_of(messages, "\n") != 1)
		fail_msg("expected \"%s\", came: %.1000s", complaint, messages);
	config_unref(config);
}

static void
expect_complaint(const char *complaint)
{
	expect_complaint_of("main.conf", complaint);
}

/* Issue 12.9: an editor goes to the path that is told; records keep the short name. */
static void
config_names_files_by_the_path_to_them(void **state)
{
	char folder[] = "/tmp/heloscope-test.XXXXXX", path[64], messages[4096] = "", expected[200];
	const int before = open(".", O_RDONLY | O_DIRECTORY);
	struct output out = { .file = fmemopen(messages, sizeof messages, "w") };
	struct config *config;

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	assert_int_equal(mkdir("in", 0700), 0);
	(void)snprintf(path, sizeof path, "%s/main.conf", folder);
	write_file("main.conf", "include \"in/a.conf\"\n");
	write_file("in/a.conf", "include \"b.conf\"\n");
	write_file("in/b.conf", "\n mode enfroce");
	(void)snprintf(expected, sizeof expected, "%s/in/b.conf:2:7: found \"enfroce\"", folder);
	expect_complaint_of(path, expected);
	expect_complaint_of("./main.conf", "./in/b.conf:2:7: found \"enfroce\"");
	expect_complaint_of("main.conf", "in/b.conf:2:7: found \"enfroce\"");
	write_file("in/b.conf", "\npolicy { reject when listed in { \"a.test\" } }");
	expect_complaint_of("./main.conf", "./in/b.conf:2: \"a.test\" is not a list in use");
	write_file("in/b.conf", "\npolicy { reject when iprev = softfail }");
	config = config_read(path, &out);
	config_warn_of_nonsense(config, path, &out);
	(void)fclose(out.file);
	(void)snprintf(expected, sizeof expected, "%s/in/b.conf:2: warning: ", folder);
	assert_memory_equal(messages, expected, strlen(expected));
	assert_string_equal(config->default_policy.rules.items[0].place, "b.conf:2");
	config_unref(config);
	(void)unlink("in/b.conf");
	(void)unlink("in/a.conf");
	(void)rmdir("in");
	(void)unlink("main.conf");
	assert_int_equal(fchdir(before), 0);
	(void)close(before);
	(void)rmdir(folder);
}

/* For heloscope doctor where no filter is set up. */
static void
config_without_a_file_is_the_defaults(void **state)
{
	char messages[1000] = "";
	struct output out = { .file = fmemopen(messages, sizeof messages, "w") };
	struct config *config = config_read(NULL, &out);

	(void)state;
	(void)fclose(out.file);
	assert_string_equal(messages, "");
	assert_non_null(config);
	assert_non_null(config->authserv_id);
	config_unref(config);
}

/* P17: whatever a file that includes itself is called, and whatever lies there instead of a file. */
static void
P17_config_reads_files_only_and_none_within_itself(void **state)
{
	char folder[] = "/tmp/heloscope-test.XXXXXX";
	const int before = open(".", O_RDONLY | O_DIRECTORY);

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	write_file("main.conf", "include \"main.conf\"");
	expect_complaint("main.conf:1:9: \"main.conf\" cannot be included: it is included within itself");
	write_file("main.conf", "include \"./inner.conf\"");
	write_file("inner.conf", "\ninclude \"link.conf\"");
	assert_int_equal(symlink("main.conf", "link.conf"), 0);
	expect_complaint(
		"./inner.conf:2:9: \"./link.conf\" cannot be included: it is included within itself");
	assert_int_equal(unlink("link.conf"), 0);
	assert_int_equal(link("inner.conf", "link.conf"), 0);
	expect_complaint("it is included within itself");
	assert_int_equal(unlink("link.conf"), 0);
	/* Twice in a row is no cycle. */
	write_file("link.conf", "");
	write_file("main.conf", "include \"link.conf\" include \"./link.conf\"");
	expect_complaint(NULL);
	assert_int_equal(unlink("link.conf"), 0);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	write_file("main.conf", "include \"fifo\"");
	expect_complaint("\"fifo\" cannot be included: it is a FIFO; expected a file");
	write_file("main.conf", "include \"/dev/zero\"");
	expect_complaint("it is a device; expected a file");
	write_file("main.conf", "include \"/tmp\"");
	expect_complaint("it is a directory; expected a file");
	write_file("main.conf", "dnsbl \"a.test\" key-file \"fifo\"");
	expect_complaint("key file \"fifo\" cannot be read: it is a FIFO");
	write_file("main.conf", "resolver { trust-anchor \"fifo\" }");
	expect_complaint("trust-anchor \"fifo\" cannot be read: it is a FIFO");
	write_file("main.conf", "resolver { trust-anchor \"absent\" }");
	expect_complaint("trust-anchor \"absent\" cannot be read: No such file or directory");
	(void)unlink("fifo");
	(void)unlink("inner.conf");
	(void)unlink("main.conf");
	assert_int_equal(fchdir(before), 0);
	(void)close(before);
	(void)rmdir(folder);
}

/* P17: files and octets of a whole configuration have one bound. */
static void
P17_config_bounds_files_and_octets_together(void **state)
{
	char folder[] = "/tmp/heloscope-test.XXXXXX";
	const int before = open(".", O_RDONLY | O_DIRECTORY);
	char *text;

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	write_file("inner.conf", "# nothing\n");
	text = repeated("", "include \"inner.conf\"\n", 127, "");
	write_file("main.conf", text);
	free(text);
	expect_complaint(NULL);
	text = repeated("", "include \"inner.conf\"\n", 5000, "");
	write_file("main.conf", text);
	free(text);
	expect_complaint(
		"main.conf:128:9: \"inner.conf\" cannot be included: it is one file more than the 128");
	text = repeated("", "# of sixteen oct\n", 80000, "");
	write_file("inner.conf", text);
	free(text);
	write_file("main.conf", "include \"inner.conf\" include \"inner.conf\" include \"inner.conf\"");
	expect_complaint(NULL);
	write_file("main.conf", "include \"inner.conf\" include \"inner.conf\" include \"inner.conf\"\n"
				"include \"inner.conf\" include \"inner.conf\"\n");
	expect_complaint(
		"main.conf:2:9: \"inner.conf\" cannot be included: all files together have more than 4194304 octets");
	(void)unlink("inner.conf");
	(void)unlink("main.conf");
	assert_int_equal(fchdir(before), 0);
	(void)close(before);
	(void)rmdir(folder);
}

/* N01, B20: what could never fit is an error that names what would. */
static void
N01_B20_config_refuses_patterns_that_fit_nothing(void **state)
{
	static const struct {
		const char *setting, *pattern, *advice; /* NULL: it is right */
	} cases[] = {
		{ "recipient", "@partner.example", "expected \"*@partner.example\"" },
		{ "mail-from", "@partner.example", "expected \"*@partner.example\"" },
		{ "mail-from", "@*.partner.example", "expected \"*@*.partner.example\"" },
		{ "mail-from", "partner.example", "\"*@example.org\"" },
		{ "mail-from", ".partner.example", "expected \"*@*.partner.example\"" },
		{ "mail-from", "anna@.partner.example", "expected \"anna@*.partner.example\"" },
		{ "mail-from", "anna@o*.example", "expected \"anna@*.example\"" },
		{ "mail-from", "anna@part*", "stands for whole labels" },
		{ "mail-from", "anna@a.*.example", "expected \"anna@*.example\"" },
		{ "mail-from", "o*@partner.example", "expected \"*@partner.example\"" },
		{ "mail-from", "anna@", "expected \"anna@*\"" },
		{ "mail-from", "<anna@partner.example>", "matches nothing" },
		{ "mail-from", "Anna anna@partner.example", "without brackets, names and blanks" },
		{ "mail-from", "anna@[192.0.2.1]", "matches nothing" },
		{ "mail-from", "*", "expected \"*@*\"" },
		{ "recipient", "*", "expected \"*@*\"" },
		{ "recipient", "", "no recipient is empty" },
		{ "client-name", "192.0.2.1", "client in { 192.0.2.0/24 }" },
		{ "client-name", "2001:db8::1", "client in { 192.0.2.0/24 }" },
		{ "client-name", "192.0.2.0/24", "matches nothing" },
		{ "client-name", "anna@partner.example", "expected \"partner.example\"" },
		{ "client-name", "@partner.example", "expected \"partner.example\"" },
		{ "client-name", ".partner.example", "expected \"*.partner.example\"" },
		{ "client-name", "o*.example", "expected \"*.example\"" },
		{ "client-name", "", "matches nothing" },
		{ "helo-name", ".example", "expected \"*.example\"" },
		{ "helo-name", "*example", "whole labels" },
		{ "helo-name", "mail.*", "whole labels" },
		{ "helo-name", "@d.example", "expected \"d.example\"" },
		{ "mail-from", "", NULL },
		{ "mail-from", "*@*", NULL },
		{ "mail-from", "postmaster", NULL },
		{ "mail-from", "postmaster@*", NULL },
		{ "mail-from", "*@*.partner.example", NULL },
		{ "mail-from", "\\\"a b\\\"@partner.example", "matches nothing" },
		{ "helo-name", "[192.0.2.1]", NULL },
		{ "helo-name", "foo_bar", NULL },
		{ "helo-name", "192.0.2.1", NULL },
		{ "client-name", "*.partner.example.", NULL },
		{ "client-name", "*", NULL },
	};
	static const struct {
		const char *text, *advice;
	} settings[] = {
		{ "policy for \"anna@d.example\" { otherwise default }", "rules with \"recipient in\"" },
		{ "policy for \"@d.example\" { otherwise default }", "expected \"d.example\"" },
		{ "policy for { \"d.example\", \".d.example\" } { otherwise default }",
		  "expected \"*.d.example\"" },
		{ "policy for \"192.0.2.1\" { otherwise default }", "it is an address" },
		{ "policy for \"\" { otherwise default }", "matches nothing" },
		{ "authserv-id \"a.test\" also \"@b.test\"", "expected \"b.test\"" },
		{ "authserv-id \"a.test\" also { \".b.test\" }", "expected \"*.b.test\"" },
		{ "authserv-id \"a.test\" also { \"mx*.b.test\" }", "expected \"*.b.test\"" },
		{ "list \"a.test\" { contains \"b*.test\" }", "expected \"*.test\"" },
		{ "list \".a.test\" { kind block }", "expected \"*.a.test\"" },
		{ "list \"a.*.test\" { kind block }", "matches nothing" },
	};
	char messages[4096], text[300];
	struct config *config;

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		(void)snprintf(text, sizeof text, "policy { reject when %s = \"%s\" }", cases[i].setting,
			       cases[i].pattern);
		messages[0] = '\0';
		config = config_from_text(text, messages);
		if (cases[i].advice == NULL ? config == NULL || messages[0] != '\0'
					    : config != NULL || strstr(messages, cases[i].advice) == NULL)
			fail_msg("%s: %s", text, messages);
		config_unref(config);
	}
	for (size_t i = 0; i < ROWS(settings); i++) {
		config = config_from_text(settings[i].text, messages);
		if (config != NULL || strstr(messages, settings[i].advice) == NULL)
			fail_msg("%s: %s", settings[i].text, messages);
	}
}

/* Read it: it must be accepted, with that warning alone, or with none. */
static void
expect_warning(const char *text, const char *warning)
{
	char messages[4096] = "", own[4096] = "";
	struct config *config = config_from_text(text, own);
	struct output out = { .file = fmemopen(messages, sizeof messages, "w") };

	if (config != NULL)
		config_warn_of_nonsense(config, "test.conf", &out);
	(void)fclose(out.file);
	if (config == NULL || own[0] != '\0'
	    || (warning == NULL ? messages[0] != '\0' : strstr(messages, warning) == NULL)
	    || (warning != NULL
		&& (count_of(messages, "\n") != 1 || strstr(messages, ": warning: ") == NULL)))
		fail_msg("%s: %s", text, messages);
	config_unref(config);
}

/* N02: what the default policy accepts and another refuses is warned of, unless that has the exception, too.
 */
static void
N02_config_warns_of_a_policy_without_the_exceptions(void **state)
{
	static const struct {
		const char *text, *warning;
	} cases[] = {
		{ "policy { accept when trusted }\npolicy for \"a.test\" { reject when spf = fail }",
		  "test.conf:2: warning: this policy refuses mail that the default policy accepts by the rule in /" },
		{ "policy { accept when trusted\naccept when recipient = \"postmaster\" } policy for \"a.test\" { accept when trusted reject when spf = fail }",
		  "/test.conf:2; what" },
		{ "dnswl \"w.test\" policy { accept when trusted accept when dnswl } policy for \"a.test\" { otherwise reject }",
		  "test.conf:1 and others; what" },
		{ "policy { accept when trusted } policy for \"a.test\" { quarantine when spf = fail otherwise default }",
		  "this policy refuses mail" },
		{ "dnswl \"w.test\" policy { accept when trusted or (dnswl and client in { 10.0.0.0/8 }) } policy for \"a.test\" { accept when trusted or (dnswl and client in { 10.0.0.0/8 }) defer when spf = fail }",
		  NULL },
		{ "policy { accept when client in { 10.0.0.0/8 } } policy for \"a.test\" { accept when client in { 10.0.0.0/9 } defer when spf = fail }",
		  "this policy refuses mail" },
		{ "exceptions { accept when trusted } policy { accept when trusted } policy for \"a.test\" { reject when spf = fail }",
		  NULL },
		{ "exceptions { accept when trusted } policy for \"a.test\" { reject when spf = fail }",
		  NULL },
		{ "policy { accept when trusted } policy for \"a.test\" { audit reject when spf = fail }",
		  NULL },
		{ "policy { accept when trusted } policy for \"a.test\" { tag \"x\" when spf = fail }",
		  NULL },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++)
		expect_warning(cases[i].text, cases[i].warning);
}

#define DMARC "enable { dkim, dmarc } policy {\n"
#define AUTHORED DMARC "reject when from != one\n"
#define GATEWAY "trust { gateways { 192.0.2.1 } }\n"
#define EXCEPTION "exceptions { accept when recipient = \"postmaster@*\" } "

/* N05: rules that never act, or that act on good mail; zones that look misspelt. */
static void
N05_config_warns_of_what_can_be_known(void **state)
{
	static const struct {
		const char *text, *warning;
	} cases[] = {
		{ "policy { }\nenable { dkim }\ndisable { dkim }",
		  "test.conf:3: warning: the check \"dkim\" is disabled here and enabled in /" },
		{ "enable { dkim } disable { spf } policy { }", NULL },
		{ AUTHORED
		  "quarantine when dmarc.policy = reject and iprev = fail\nquarantine when dmarc.policy = quarantine and iprev = fail\n}",
		  NULL },
		{ "policy {\nreject when spf = fail\nreject 50% when helo = fail\naccept when helo = fail\nreject when spf = fail }",
		  "test.conf:5: warning: this rule never acts: the one in /" },
		{ "disable { spf } policy {\nreject when spf = fail }",
		  "test.conf:2: warning: the check \"spf\" is disabled" },
		{ "disable { spf } policy { reject when not spf = pass }", "\"spf\" is disabled" },
		{ "dnswl \"w.test\" disable { spf } policy { reject when dnswl or not (trusted and spf != pass) }",
		  "\"spf\" is disabled" },
		{ "disable { spf } exceptions { accept when spf = pass } policy { }", "\"spf\" is disabled" },
		{ "disable { spf-helo } policy { reject when spf = fail }", NULL },
		{ "policy { reject when iprev = softfail }", "\"iprev\" never has this result" },
		{ "policy { reject when dnsbl in { pass, softfail } }", "\"dnsbl\" never has this result" },
		{ "policy { reject when iprev in { softfail, fail } }", NULL },
		{ "policy { reject when not iprev = softfail }", NULL },
		{ "dnsbl \"a.test\" weight 2 dnsbl \"b.test\" policy { reject when dnsbl >= 4 }",
		  "\"dnsbl\" is never that: all lists in use add up to 3 at most" },
		{ "dnsbl \"a.test\" weight 2 dnsbl \"b.test\" policy { reject when dnsbl >= 3 or dnsbl = 0 }",
		  NULL },
		{ "dnsbl \"a.test\" weight 2 policy { reject when dnsbl.operators > 1 }",
		  "add up to 1 at most" },
		{ "dnsbl \"a.test\" policy { reject when dnsbl < 0 }", "is never that" },
		{ "policy { reject when dnsbl >= 4 and not dnswl }",
		  "no list in use counts for \"dnsbl\", so this is never true" },
		{ "policy { accept when dnswl }", "no list in use counts for \"dnswl\"" },
		{ "dnsbl \"a.test\" policy { accept when dnswl }", "no list in use counts for \"dnswl\"" },
		{ "policy { reject when dnsbl }", "no list in use counts for \"dnsbl\"" },
		{ "policy { reject when dnsbl = fail }", "no list in use can decide \"dnsbl\"" },
		{ "policy { reject when dnsbl < 1 and dnsbl in { none, fail } and not dnswl }", NULL },
		{ "list \"zen.spamhaus.org\" { kind block } dnsbl \"zen.spamhaus.og\" policy { }",
		  "the list \"zen.spamhaus.og\" is not in the catalogue; did you mean \"zen.spamhaus.org\"?" },
		{ "list \"zen.spamhaus.org\" { kind block } dnsbl \"zne.spamhaus.org\" policy { }",
		  "did you mean" },
		{ "list \"zen.spamhaus.org\" { kind block } dnsbl \"bl.example.org\" policy { }", NULL },
		{ "list \"bl.test\" { kind block } dnsbl \"dbl.test\" policy { }", NULL },
		{ "", "test.conf: warning: it has no setting at all" },
		{ "mode enforce", "test.conf: warning: there is no policy { ... }, so no mail is refused" },
		{ "exceptions { accept when trusted }", "there is no policy" },
		{ "policy for \"a.test\" { }", NULL },
		{ "policy for { \"a.test\", \"b.test\" } { }\npolicy for \"b.test\" { }",
		  "test.conf:2: warning: this policy is never used for \"b.test\": the policy at /" },
		{ "policy for \"*.test\" { } policy for \"a.test\" { }", "never used for \"a.test\"" },
		{ "policy for \"a.test\" { } policy for \"*.test\" { }", NULL },
		{ "policy { reject when spf = fail\ndefer when spf = fail }",
		  "test.conf:2: warning: this rule never acts: the one in /" },
		{ "policy { accept when client in { 0.0.0.0/0, ::/0 } reject when spf = fail }",
		  "this rule never acts" },
		{ "policy { accept when trusted or dnsbl >= 0 reject when spf = fail }",
		  "this rule never acts" },
		{ "policy { accept when trusted and client in { 0.0.0.0/0, ::/0 } reject when spf = fail }",
		  NULL },
		{ "policy { accept when client in { 0.0.0.0/0 } reject when spf = fail }", NULL },
		{ "policy { reject 10% when spf = fail reject when spf = fail }", NULL },
		{ "policy { audit reject when spf = fail reject when spf = fail }", NULL },
		{ "policy { tag \"x\" when spf = fail reject when spf = fail }", NULL },
		{ "look-back yes policy { reject when banner != pass }",
		  "test.conf:1: warning: this rule also refuses mail from hosts that only send" },
		{ "look-back yes policy { defer when iprev != pass and peer-tls not in { pass, neutral } }",
		  "expected \"peer-tls = fail\"" },
		{ "look-back yes policy { reject when not (banner = pass or dnswl = pass) }",
		  "expected \"banner = fail\"" },
		{ "look-back yes policy { reject when banner = fail }", NULL },
		{ "look-back yes policy { reject when banner in { none, fail } }", NULL },
		{ "look-back yes policy { reject when banner not in { pass, none } }", NULL },
		{ "look-back yes policy { reject when banner != pass and banner != none }", NULL },
		{ "look-back yes policy { reject when not (banner = pass or banner = none) }", NULL },
		{ "look-back yes policy { audit reject when banner != pass }", NULL },
		{ "look-back yes policy { quarantine when peer-tls != pass }", NULL },
		{ "look-back yes policy { reject when tls != pass }", NULL },
		{ AUTHORED "reject when dmarc.policy = reject }",
		  "test.conf:3: warning: this rule refuses mail for DMARC alone" },
		{ AUTHORED "reject when dmarc = fail }", "refuses mail for DMARC alone" },
		{ AUTHORED "reject 10% when dmarc = fail and dmarc.policy = reject }", "for DMARC alone" },
		{ DMARC "reject when (iprev = fail and dmarc = fail) or dmarc in { fail, permerror } }",
		  "for DMARC alone" },
		{ AUTHORED "reject when dmarc.policy = reject and iprev != pass }", NULL },
		{ AUTHORED "reject when dmarc = fail and from in { \"bank.test\" } }", NULL },
		{ DMARC "reject when dmarc.policy = reject and iprev != pass }",
		  "test.conf:2: warning: mail without exactly one author (From) gets past this rule" },
		{ DMARC "quarantine when dmarc = fail and from in { \"bank.test\" } }",
		  "add \"reject when from != one\"" },
		{ DMARC "quarantine when dmarc = fail audit reject when from != one }",
		  "gets past this rule" },
		{ DMARC "quarantine when dmarc in { fail, permerror } }", NULL },
		{ DMARC "quarantine when dmarc.policy = reject quarantine when dmarc != pass }", NULL },
		{ DMARC "quarantine when dmarc.policy = reject quarantine when from in { none, several } }",
		  NULL },
		{ "recipients apart " AUTHORED "} policy for \"a.test\" { quarantine when dmarc = fail }",
		  "gets past this rule" },
		{ "recipients apart " AUTHORED
		  "} policy for \"a.test\" { quarantine when dmarc = fail otherwise default }",
		  NULL },
		{ DMARC "reject when dmarc = permerror or from = several }", NULL },
		{ DMARC "audit reject when dmarc = fail }", NULL },
		{ EXCEPTION AUTHORED "reject when dmarc = fail and iprev != pass }",
		  "test.conf:2: warning: this rule is decided at the end of the message, where there is one answer for all recipients, so whoever adds a recipient whose mail is accepted anyhow (see " },
		{ DMARC "accept when spf = pass or recipient = \"a@b.test\" defer when dkim != pass }",
		  "\"recipients apart\" prevents that" },
		{ DMARC "reject when dkim = fail } policy for \"a.test\" { }", "\"recipients apart\"" },
		{ DMARC "} policy for \"a.test\" { reject when dkim = fail }", "\"recipients apart\"" },
		{ "recipients apart " EXCEPTION DMARC "reject when dkim = fail } policy for \"a.test\" { }",
		  NULL },
		{ EXCEPTION DMARC "reject when spf = fail audit reject when dkim = fail }", NULL },
		{ EXCEPTION DMARC "quarantine when dkim = fail }", NULL },
		{ "exceptions { accept when trusted } " DMARC "reject when dkim = fail }", NULL },
		{ AUTHORED "quarantine when dmarc.policy in { quarantine, reject } }", NULL },
		{ "trust { networks { 0.0.0.0/7 } } policy { }",
		  "test.conf: warning: trust { networks { 0.0.0.0/7 } } includes addresses of others" },
		{ "trust { gateways { ::/0 } } policy { }",
		  "trust { gateways { ::/0 } } includes addresses of others" },
		{ "trust { networks { 10.0.0.0/8, fc00::/7 } gateways { 10.1.0.0/16, fd00::1 } } policy { }",
		  NULL },
		{ "trust { networks { 10.0.0.0/8, 192.0.2.25 } gateways { 192.0.2.25 } } policy { }",
		  "test.conf: warning: trust { networks { 192.0.2.25/32 } } has no effect, because it is in gateways" },
		{ "trust { networks { 10.0.0.0/8 } gateways { 10.0.0.0/8 } } policy { }",
		  "trust { networks { 10.0.0.0/8 } } has no effect" },
		{ "trust { networks { fd00:1::/32 } gateways { 192.0.2.1, fd01::/16 } } policy { }", NULL },
		{ "trust { networks { fd00:1::/32 } gateways { 192.0.2.1, fd00::/8 } } policy { }",
		  "trust { networks { fd00:1::/32 } } has no effect" },
		{ "trust { networks { 127.0.0.0/8, ::1 } gateways { 127.0.0.0/8, ::1, 192.0.2.1 } } policy { }",
		  NULL },
		{ "trust { gateways { 127.0.0.0/8, ::1 } } policy { }", "make no host a gateway" },
		{ "trust { gateways { 127.0.0.1, 192.0.2.1 } } policy { }", NULL },
		{ GATEWAY "mode enforce policy {\naudit reject when spf = fail\ndefer when helo = fail }",
		  "test.conf:4: warning: this rule refuses mail from gateways, too" },
		{ GATEWAY "mode enforce policy for \"a.test\" { otherwise reject }",
		  "refuses mail from gateways" },
		{ GATEWAY "policy { reject when spf = fail }", NULL }, /* mode audit */
		{ GATEWAY "mode enforce policy { audit reject when spf = fail quarantine when helo = fail }",
		  NULL },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++)
		expect_warning(cases[i].text, cases[i].warning);
}

/* Each of many rules and policies is looked for among all others: by the square of their number that takes
 * minutes. */
static void
config_warns_of_many_rules_without_comparing_each_with_each(void **state)
{
	enum { RULES = 20000, MOST_S = 60 };
	char *text, messages[4096] = "";
	size_t size;
	FILE *file = open_memstream(&text, &size);
	struct config *config;
	struct output out;

	(void)state;
	(void)fprintf(file, "policy {\n");
	for (int i = 0; i < RULES; i++)
		(void)fprintf(file, "accept when recipient = \"a%d@b.test\"\n", i);
	(void)fprintf(file, "accept when recipient = \"a7@b.test\"\n}\n");
	for (int i = 0; i < RULES; i++)
		(void)fprintf(file, "policy for \"d%d.test\" { otherwise default }\n", i);
	(void)fprintf(file, "policy for \"d7.test\" { accept when trusted reject when spf = fail }\n");
	(void)fclose(file);
	(void)alarm(MOST_S);
	config = config_from_text(text, NULL);
	out = (struct output){ .file = fmemopen(messages, sizeof messages, "w") };
	config_warn_of_nonsense(config, "test.conf", &out);
	(void)fclose(out.file);
	(void)alarm(0);
	assert_non_null(strstr(messages, "test.conf:20002: warning: this rule never acts: the one in"));
	assert_non_null(
		strstr(messages, "test.conf:40004: warning: this policy refuses mail that the default"));
	assert_non_null(
		strstr(messages, "test.conf:40004: warning: this policy is never used for \"d7.test\""));
	assert_int_equal(count_of(messages, "\n"), 3);
	config_unref(config);
	free(text);
}

/* P16: wherever a key may stand, also where it is wrong or not expected, nothing shows it. */
static void
P16_config_shows_no_key_wherever_it_stands(void **state)
{
#define LONG "s3kritabcdefghij0123456789"
#define CATALOGUE "list \"*.dq.test\" { kind block }\n"
	static const char *const texts[] = {
		"resolver { zone \"" LONG ".dq.test\" servers 127.0.0.1 }",
		CATALOGUE "resolver { zone \"s3krit.dq.test\" servers 127.0.0.1 }",
		CATALOGUE "resolver { zone \"s3krit.dq.test\" servers bogus }",
		"dnsbl \"zen.test\" key \"s3krit\" resolver { zone \"s3krit.zen.test\" servers 127.0.0.1 }",
		"resolver { zone \"s3krit.zen.test\" servers 127.0.0.1 } dnsbl \"zen.test\" key \"s3krit\"",
		"resolver { zone \"" LONG "..zen.test\" servers 127.0.0.1 }",
		"dnsbl \"zen.test\" key \"s3krit\" policy { reject when listed = \"s3krit.zen.test\" }",
		"dnsbl \"zen.test\" key s3krit",
		"dnsbl \"zen.test\" key \"s3krit\" \"s3krit\"",
		"dnsbl \"zen.test\" key \"s3krit",
		"dnsbl \"zen.test\" key \"s3krit\" weight \"s3krit.zen.test\"",
		"dnsbl \"zen.test\" weight \"" LONG ".zen.test\"",
		"dnsbl \"zen.test\" " LONG,
		"dnsbl " LONG ".zen.test",
		CATALOGUE "dnsbl \"zen.test\" weight \"s3krit.dq.test\"",
		CATALOGUE "dnsbl \"s3krit.dq.test\" dnsbl \"s3krit.dq.test\"",
		"dnsbl \"s3krit.dq.test\" dnsbl \"s3krit.dq.test\" " CATALOGUE,
		"list \"" LONG ".dq.test\" { kind block contains \"" LONG ".zen.test\" } dnsbl \"" LONG
		".dq.test\"",
		"list \"" LONG ".dq.test\" { kind bolck }",
		"policy { reject when helo-name = \"." LONG ".dq.test\" }",
		"policy { reject when mail-from = \"" LONG ".dq.test\" }",
	};

	(void)state;
	for (size_t i = 0; i < ROWS(texts); i++) {
		char messages[4096] = "", shown[8192] = "";
		struct config *config = config_from_text(texts[i], messages);

		if (config != NULL)
			show(config, shown, sizeof shown);
		if (strstr(messages, "s3krit") != NULL || strstr(shown, "s3krit") != NULL)
			fail_msg("%s: %s%s", texts[i], messages, shown);
		config_unref(config);
	}
}

/* Of thousands of errors the first are shown, and how many more there are. */
static void
config_read_shows_so_many_errors(void **state)
{
	static char text[60000], messages[20000];
	size_t length = 0, lines = 0;

	(void)state;
	for (int i = 0; i < 3000; i++)
		length += (size_t)snprintf(text + length, sizeof text - length, "mode nonsense%d\n", i);
	assert_null(config_from_text(text, messages));
	for (const char *at = messages; (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	assert_int_equal(lines, 21);
	assert_non_null(strstr(messages, " more errors, which are not shown\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(config_read_shows_so_many_errors),
		cmocka_unit_test(P18_config_takes_an_authserv_id_as_readers_read_it),
		cmocka_unit_test(config_reads_the_example_of_the_manual),
		cmocka_unit_test(config_has_safe_defaults),
		cmocka_unit_test(F39_config_complains_with_place_and_expectation),
		cmocka_unit_test(F39_config_reports_every_error_of_a_file),
		cmocka_unit_test(N19_config_says_what_to_write),
		cmocka_unit_test(config_takes_one_network_without_braces),
		cmocka_unit_test(F39_config_complains_once_of_a_string_without_end),
		cmocka_unit_test(F26_config_knows_the_key_of_a_zone),
		cmocka_unit_test(config_same_compares_what_is_asked),
		cmocka_unit_test(config_survives_mangled_files),
		cmocka_unit_test(config_show_reads_back_the_same),
		cmocka_unit_test(F26_config_show_says_what_was_set),
		cmocka_unit_test(F26_config_complains_without_keys),
		cmocka_unit_test(N01_B20_config_refuses_patterns_that_fit_nothing),
		cmocka_unit_test(N02_config_warns_of_a_policy_without_the_exceptions),
		cmocka_unit_test(N05_config_warns_of_what_can_be_known),
		cmocka_unit_test(config_warns_of_many_rules_without_comparing_each_with_each),
		cmocka_unit_test(P16_config_shows_no_key_wherever_it_stands),
		cmocka_unit_test(P9_config_bounds_what_nests_and_nothing_else),
		cmocka_unit_test(P9_policy_judges_a_wide_rule_with_little_stack),
		cmocka_unit_test(config_without_a_file_is_the_defaults),
		cmocka_unit_test(P17_config_reads_files_only_and_none_within_itself),
		cmocka_unit_test(config_names_files_by_the_path_to_them),
		cmocka_unit_test(P17_config_bounds_files_and_octets_together),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
