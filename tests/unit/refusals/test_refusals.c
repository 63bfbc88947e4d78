/* refusals: the catalogue, how a reply is compared with it, and what its codes say. */
#include "unit.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "golden.h"
#include "heloscope/mails/text.h"
#include "heloscope/refusals/automaton.h"
#include "heloscope/refusals/examples.h"
#include "heloscope/refusals/groups.h"
#include "heloscope/refusals/named_server.h"
#include "heloscope/refusals/normal.h"
#include "heloscope/refusals/place.h"
#include "heloscope/refusals/recognize.h"
#include "heloscope/refusals/stage.h"
#include "heloscope/words/refusal.h"

/* Settings that an entry needs, whatever it is about. */
#define REST " party receiver permanent yes meaning \"m\" remedy \"r\" "

/* The catalogue of a file with this text; NULL, with `messages` without the directory, for an error. */
static struct catalogue *
catalogue_of(const char *text, char *messages, size_t size)
{
	char path[] = "/tmp/heloscope-test.XXXXXX";
	const int fd = mkstemp(path);
	struct output out = { .file = fmemopen(messages, size, "w") };
	struct catalogue *catalogue;

	assert_true(fd >= 0 && out.file != NULL);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	(void)close(fd);
	catalogue = catalogue_open(path, &out);
	(void)fclose(out.file);
	(void)unlink(path);
	for (char *at = messages; (at = strstr(at, path)) != NULL;)
		memmove(at, at + strlen(path), strlen(at + strlen(path)) + 1);
	return catalogue;
}

static struct catalogue *
good_catalogue(const char *text)
{
	char messages[4096] = "";
	struct catalogue *catalogue = catalogue_of(text, messages, sizeof messages);

	if (catalogue == NULL)
		fail_msg("%s", messages);
	return catalogue;
}

static struct recognition
recognize_one(const struct catalogue *catalogue, const struct refusal *refusal)
{
	struct recognizer *recognizer = recognizer_new(catalogue);
	struct recognition known;

	assert_non_null(recognizer);
	known = recognize(recognizer, refusal);
	recognizer_free(recognizer);
	return known;
}

static struct recognition
recognize_at(const struct catalogue *catalogue, const char *host, const char *text)
{
	struct refusal refusal = refusal_of_text(span_of(text));

	refusal.host = span_of(host);
	return recognize_one(catalogue, &refusal);
}

static struct recognition
recognize_in(const struct catalogue *catalogue, enum refusal_stage stage, const char *text)
{
	struct refusal refusal = refusal_of_text(span_of(text));

	refusal.stage = stage;
	return recognize_one(catalogue, &refusal);
}

/* The reader. */

static void
refusals_tell_what_is_wrong_and_what_was_expected(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{ "refusal \"a\" { text \"abc\" category spf" REST "colour red }",
		  ":1:91: found \"colour\"; expected a text in quotes, \"category\", \"code\"" },
		{ "refusal \"a\" { text \"abc\" category spv" REST "}",
		  ":1:35: unknown category \"spv\"; did you mean \"spf\"?" },
		{ "refusal \"a\" { text \"abc\" category spf party me permanent yes meaning \"m\" remedy \"r\" }",
		  ":1:45: unknown party \"me\"; expected \"unknown\", \"senders-domain-owner\"" },
		{ "refusal \"a\" { text \"abc\" category spf" REST "permanent no }",
		  "\"permanent\" is given twice" },
		{ "refusal \"a\" { text \"by me@p.test\" category spf" REST "}",
		  ":1:20: \"by me@p.test\" has a mail address, which is never compared; expected other words" },
		{ "refusal \"a\" { code 650 text \"abc\" category spf" REST "}",
		  ":1:20: \"650\" is not a code of a refusal; expected one like 550, 5xx, 5.7.1 or 5.7.x" },
		{ "refusal \"a\" { code 3.7.x text \"abc\" category spf" REST "}",
		  "\"3.7.x\" is not a code" },
		{ "refusal \"a\" { code 550 551 text \"abc\" category spf" REST "}",
		  "\"a reply code\" is given twice" },
		{ "samples spv receiver { \"a\" }", ":1:9: unknown category \"spv\"; did you mean \"spf\"?" },
		{ "samples spf me { \"a\" }", ":1:13: unknown party \"me\"; expected" },
		{ "samples spf receiver \"a\"", ":1:22: found the text \"a\"; expected \"{\"" },
		{ "samples spf receiver { \"550 a\\\\n550 b\" }",
		  ":1:24: \"550 a\\n550 b\" has a mark for the end of a line; expected a blank there" },
		{ "samples spf receiver { \"550 a⏎ b\" }",
		  ":1:24: \"550 a\\xe2\\x8f\\x8e b\" has a mark for the end of" },
		{ "samples spf receiver { \"550 b\" \"550 a\" \"550 b\" }",
		  ":1:40: \"550 b\" is given twice" },
		{ "refusal \"a\" { text \"a \" category spf" REST "}",
		  ":1:20: \"a \" is in too many replies; expected at least 2 characters of one" },
		{ "refusal \"a\" { category spf" REST "}",
		  ":1:9: \"a\" lacks something; expected \"text\", \"sign\", \"code\" or \"server\"" },
		{ "refusal \"a\" { text \"abc\" }", "\"a\" lacks something; expected \"category\"" },
		{ "refusal \"a\" { text \"abc\" category spf party receiver permanent yes meaning \"m\" }",
		  "\"a\" lacks something; expected \"remedy\"" },
		{ "frame \"a\" { }", "\"a\" lacks something; expected \"text\"" },
		{ "refusal \"A b\" { text \"abc\" category spf" REST "}",
		  ":1:9: \"A b\" is not a name of an entry; expected lower-case letters" },
		{ "operator \"x\" { servers \"*.a.*\" }", "the pattern \"*.a.*\" matches nothing" },
		{ "operator \"x\" { links \"*.a.*\" }", "the pattern \"*.a.*\" matches nothing" },
		{ "operator \"x\" { elsewhere often }", "expected \"no\" or \"yes\"" },
		{ "operator \"x\" { elsewhere yes elsewhere no }", "\"elsewhere\" is given twice" },
		{ "mode audit", ":1:1: found \"mode\"; expected the end of file, \"frame\", \"include\"" },
		{ "refusal \"a\" { text \"abc\"\nrefusal \"b\" { text \"abc\" category spf" REST "}",
		  ":2:1: found \"refusal\" within the braces that open in line 1; is their \"}\" missing?" },
		{ "include \"/nonexistent/x.conf\"", "\"/nonexistent/x.conf\" cannot be included" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		char messages[4096] = "";

		assert_null(catalogue_of(rows[i].text, messages, sizeof messages));
		if (strstr(messages, rows[i].message) == NULL)
			fail_msg("%s\nhas no %s\nbut %s", rows[i].text, rows[i].message, messages);
	}
}

static void
refusals_words_of_settings_are_not_theirs(void **state)
{
	struct catalogue *catalogue = good_catalogue(
		"operator \"O\" { servers { \"*.o.test\" \"o.test\", \"p.test\" } domains \"o.example\" }\n"
		"refusal \"reject\" {\n"
		"  operator \"O\" code 5xx 5.7.x text \"spf\" \"policy\" sign \"[X1]\" server \"*.o.test\" \"p.test\"\n"
		"  category policy party recipient permanent no\n"
		"  meaning \"one \" \"two\"\n \"three\" remedy \"r\" page \"https://o.example\" example \"e\" }\n"
		"frame \"around\" { text \"said so\" }\n");
	const struct refusal_entry *entry = catalogue->entries[1];

	(void)state;
	assert_int_equal(catalogue->entry_count, 2);
	assert_true(catalogue->entries[0]->is_frame);
	assert_string_equal(entry->name, "reject");
	assert_string_equal(entry->meaning, "one twothree");
	assert_int_equal(entry->code.reply_min, 500);
	assert_int_equal(entry->code.parts[2], CODE_ANY);
	assert_int_equal(entry->servers.count, 2);
	assert_int_equal(entry->category, CATEGORY_POLICY);
	assert_int_equal(entry->party, PARTY_RECIPIENT);
	assert_false(entry->is_permanent);
	catalogue_free(catalogue);
}

static void
refusals_of_one_name_the_last_one_counts(void **state)
{
	struct catalogue *catalogue = good_catalogue("operator \"O\" { servers \"*.old.test\" }\n"
						     "refusal \"a\" { text \"abc\" category spf" REST "}\n"
						     "refusal \"b\" { text \"abcd\" category ptr" REST "}\n"
						     "operator \"O\" { servers \"*.new.test\" }\n"
						     "refusal \"a\" { text \"xyz\" category dkim" REST "}\n");

	(void)state;
	assert_int_equal(catalogue->entry_count, 2);
	assert_null(recognize_at(catalogue, "", "550 abc").entry);
	assert_int_equal(recognize_at(catalogue, "", "550 xyz").category, CATEGORY_DKIM);
	assert_null(recognize_at(catalogue, "mx.old.test", "550 no").owner);
	assert_string_equal(recognize_at(catalogue, "MX.New.Test", "550 no").owner, "O");
	catalogue_free(catalogue);
}

/* Comparing. */

static void
normal_joins_lines_and_leaves_their_codes_out(void **state)
{
	static const struct {
		const char *text;
		unsigned reply;
		const char *normal;
	} rows[] = {
		{ "550-5.7.1 One\r\n550-5.7.1  two\r\n550 5.7.1 THREE", 550, "one two three" },
		{ "550-5.7.1 One 550-5.7.1 two 550 5.7.1 three", 550, "one two three" },
		{ "said: 550 #5.1.0 Address", 550, "said: address" },
		{ "554-One\\n554 two", 554, "one two" },
		{ "call 550 5550-1 5.7.1.1", 550, "call 5550-1 5.7.1.1" },
		{ "550 5.7.1", 554, "550 5.7.1" },
		{ "550 5.7.1", 0, "550 5.7.1" },
		{ "  you\xe2\x80\x99re \xe2\x80\x9cit\xe2\x80\x9d\xc2\xa0 ", 0, "you're \"it\"" },
		{ "a\x01\x7f\tb", 0, "a b" },
		{ "\xff\xc3\x84", 0, "\xff\xc3\x84" },
	};
	char memory[200];

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct strbuf out = STRBUF_OVER(memory);

		normal_add(&out, span_of(rows[i].text), rows[i].reply);
		assert_string_equal(memory, rows[i].normal);
	}
}

/* What a sender or a recipient chose to be called is no reason. */
static void
normal_blots_mail_addresses_out(void **state)
{
	static const struct {
		const char *text, *left;
	} rows[] = {
		{ "<no.spam@mx.p.test>: unknown", "<@@@@@@@@@@@@@@@@@>: unknown" },
		{ "to no@p.test... unknown", "to @@@@@@@@@... unknown" },
		{ "of <\"no spam\"@p.test> here", "of <@@@@@@@@@@@@@@@@> here" },
		{ "no@[192.0.2.1] here", "@@@@@@@@@@@@@@ here" },
		{ "r\xc3\xa9@p\xc3\xa9.test", "@@@@@@@@@@@@" },
		{ "bounce+a=p.test@q.test, no", "@@@@@@@@@@@@@@@@@@@@@@, no" },
		{ "see http://p.test/?c=hi&m=no@q.test&v=1", "see http://p.test/?c=hi&m=@@@@@@@@@&v=1" },
		{ "mail to:no@q.test no", "mail to:@@@@@@@@@ no" },
		{ "no @ all, @q.test and x@", "no @ all, @@@@@@@ and @@" },
		{ "no\"@p.test", "no\"@@@@@@@" },
		{ "@@p.test", "@@@@@@@@" },
		{ "@", "@" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		char memory[100];
		struct strbuf text = STRBUF_OVER(memory);

		strbuf_add(&text, rows[i].text);
		normal_blot_addresses(&text);
		assert_string_equal(text.text, rows[i].left);
	}
}

static void
codes_are_found_where_codes_stand(void **state)
{
	static const struct {
		const char *text;
		unsigned reply;
		const char *enhanced;
	} rows[] = {
		{ "550 5.7.1 no", 550, "5.7.1" },
		{ "550-5.7.26 no", 550, "5.7.26" },
		{ "550: 5.7.1 no", 550, "5.7.1" },
		{ "550 #5.1.0 no", 550, "5.1.0" },
		{ "554-Transaction failed", 554, "0.0.0" },
		{ "host mx.test[192.0.2.1] said: 421 4.7.0 [TS01] deferred - 4.16.55.1", 421, "4.7.0" },
		{ "smtp;550 5.4.312 Message expired", 550, "5.4.312" },
		{ "220-laposte 421 4.2.1 Service", 421, "4.2.1" },
		{ "smtpstatus=554 smtpmsg", 554, "0.0.0" },
		{ "<<< 552-5.7.0 blocked", 552, "5.7.0" },
		{ "(554, 'Reject')", 554, "0.0.0" },
		{ "no such host (#5.1.2)", 0, "5.1.2" },
		{ "sent to 550 people, 451 of them twice", 0, "0.0.0" },
		{ "2001:db8:1:554:: at 10:30:450 from 192.0.2.550", 0, "0.0.0" },
		{ "version 5.7.1.2 and 15.7.1 of 2023.5.7.1", 0, "0.0.0" },
		{ "250 2.0.0 ok", 0, "0.0.0" },
		{ "", 0, "0.0.0" },
		{ "55", 0, "0.0.0" },
		{ "550", 550, "0.0.0" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		const struct codes codes = codes_find(span_of(rows[i].text));
		char enhanced[40];

		(void)snprintf(enhanced, sizeof enhanced, "%u.%u.%u", codes.enhanced.class,
			       codes.enhanced.subject, codes.enhanced.detail);
		if (codes.reply != rows[i].reply || strcmp(enhanced, rows[i].enhanced) != 0)
			fail_msg("%s: %u %s", rows[i].text, codes.reply, enhanced);
	}
}

static void
note_id(void *context, unsigned id, struct span place)
{
	static const char *const words[] = { "he", "she", "his", "hers", "s" };
	char *text = context;

	assert_true(span_equals(place, span_of(words[id])));
	text[strlen(text)] = (char)('0' + id);
}

static void
automaton_finds_all_words_in_one_pass(void **state)
{
	static const struct span words[] = { { "he", 2 },   { "she", 3 }, { "his", 3 },
					     { "hers", 4 }, { "he", 2 },  { "s", 1 } };
	unsigned ids[ROWS(words)];
	struct automaton *automaton = automaton_new(words, ROWS(words), ids);
	char found[40] = "";

	(void)state;
	assert_non_null(automaton);
	assert_int_equal(ids[4], ids[0]);
	assert_int_equal(ids[5], 4);
	automaton_scan(automaton, SPAN("ushers"), note_id, found);
	assert_string_equal(found, "41034");
	found[0] = '\0';
	memset(found, 0, sizeof found);
	automaton_scan(automaton,
		       SPAN("\xff"
			    "hhis"),
		       note_id, found);
	assert_string_equal(found, "24");
	automaton_free(automaton);
}

/* The place of the last such words. */
static struct span
place_of(struct span text, const char *words)
{
	struct span place = { text.at, strlen(words) };

	for (size_t i = 0; i + place.length <= text.length; i++)
		if (memcmp(text.at + i, words, place.length) == 0)
			place.at = text.at + i;
	return place;
}

static void
place_is_own_at_words_and_in_names_as_a_part_of_one(void **state)
{
	static const struct {
		const char *text, *fragment;
		bool is_own;
	} rows[] = {
		{ "a phish here", "phish", true },
		{ "phishing", "phish", true },
		{ "phishermen", "phish", false },
		{ "triumphish", "phish", false },
		{ "code #bl000001", "bl000", true },
		{ "code dns-p3", "dns-p", true },
		{ "blacklisted", "blacklist", true },
		{ "blacklistings", "blacklist", true },
		{ "see https://p.test/spamtrap/x", "spamtrap", false },
		{ "see https://p.test/spamtrap/x", "/spamtrap/", true },
		{ "see https: //p.test/a?c=rdns", "c=rdns", true },
		{ "see https: //p.test/a?c=rdns", "rdns", false },
		{ "see p.test/spamtrap", "spamtrap", false },
		{ "spam/virus found", "virus", true },
		{ "zen.spamhaus.test", "spamhaus", false },
		{ "zen.spamhaus.test", "spamhaus.", true },
		{ "by spamhaus-fan.test", "by spam", false },
		{ "by spamhaus-fan.test.", "by spamhaus-fan.test", true },
		{ "from mx.spam.test: no spam", "spam", true },
		{ "virus.", "virus", true },
		{ "5.7.1 virus 1.5", "virus", true },
		{ "\xe9\x82\xae\xe4\xbb\xb6http://p.test/", "\xe9\x82\xae\xe4\xbb\xb6", true },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		const struct span text = span_of(rows[i].text);
		struct place_text whole;

		place_text_init(&whole, text);
		if (place_is_own(&whole, place_of(text, rows[i].fragment)) != rows[i].is_own)
			fail_msg("%s: %s", rows[i].text, rows[i].fragment);
	}
}

static void
place_is_denied_by_the_words_before_it(void **state)
{
	static const struct {
		const char *text;
		bool is_denied;
	} rows[] = {
		{ "your ip is not on a list", true },
		{ "it isn't currently on our list", true },
		{ "on no list", true },
		{ "not a list", true },
		{ "it is on a list", false },
		{ "it is not on any list: list", false },
		{ "not accepted: list", false },
		{ "not accepted because of a list", false },
		{ "know list", false },
		{ "list", false },
		{ "is not in the on by our list", false },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		const struct span text = span_of(rows[i].text);

		if (place_is_denied(text, place_of(text, "list")) != rows[i].is_denied)
			fail_msg("%s", rows[i].text);
	}
}

/* Which entry wins: header of refusals/recognize.h. */
static const char ranks[] =
	"operator \"O\" { servers \"*.o.test\" domains \"o.example\" }\n"
	"operator \"P\" { servers \"*.p.test\" }\n"
	"refusal \"sign\" { operator \"L\" sign \"[x1]\" category url" REST "}\n"
	"refusal \"o-long\" { operator \"O\" text \"mail was\" \"refused here\" category spf" REST "}\n"
	"refusal \"o-short\" { operator \"O\" text \"refused\" category ptr" REST "}\n"
	"refusal \"p\" { operator \"P\" text \"refused\" category helo" REST "}\n"
	"refusal \"l\" { operator \"L\" text \"refused h\" category size" REST "}\n"
	"refusal \"any\" { text \"mail was refused here today\" category tls" REST "}\n"
	"refusal \"any-code\" { code 5.7.9 text \"mail was refused here today\" category dane" REST "}\n"
	"refusal \"silent\" { server \"*.silent.test\" code 554 category ip-listed" REST "}\n"
	"refusal \"by-code\" { code 5.7.20 category dkim" REST "}\n"
	"refusal \"program\" { operator \"Prog\" text \"program's words\" category dane" REST "}\n"
	"frame \"told\" { text \"frame\" \"delivery\" category loop" REST "}\n"
	"frame \"words\" { text \"delivery\" }\n";

static void
recognize_chooses_by_rank(void **state)
{
	static const struct {
		const char *host, *text, *entry, *owner;
	} rows[] = {
		{ "", "550 mail was refused here [X1] today", "sign", "L" },
		{ "", "550 mail was refused here", "o-long", "O" },
		{ "", "550 mail was refused here today", "o-long", "O" },
		{ "mx.p.test", "550 mail was refused here today", "p", "P" },
		{ "mx.o.test", "550 was refused here", "o-short", "O" },
		{ "mx.q.test", "550 we refused him", "l", "L" },
		{ "", "550 <refused@p.test>: go, refused.here@o.test", NULL, NULL },
		{ "mx.silent.test", "554 goodbye", "silent", NULL },
		{ "mx.silent.test.", "550 goodbye", NULL, NULL },
		{ "", "554 goodbye", NULL, NULL },
		{ "mx.o.test", "550 5.7.20 goodbye", "by-code", "O" },
		{ "", "550 5.7.20 frame of delivery", "told", NULL },
		{ "", "550 delivery", NULL, NULL },
		{ "", "host mx.p.test[192.0.2.1] said: 550 refused", "p", "P" },
		{ "", "550 host mx.p.test refused", "o-short", NULL }, /* few words are anybody's */
		{ "mx.p.test", "550 program's words", "program", "Prog" },
		{ "mx.q.test", "550 program's words", "program", "Prog" },
		{ "o.test", "550 hello", NULL, NULL },
		{ "", "", NULL, NULL },
	};
	struct catalogue *catalogue = good_catalogue(ranks);

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		const struct recognition known = recognize_at(catalogue, rows[i].host, rows[i].text);
		const char *entry = known.entry != NULL ? known.entry->name : "-";
		const char *owner = known.owner != NULL ? known.owner : "-";

		if (strcmp(entry, rows[i].entry != NULL ? rows[i].entry : "-") != 0
		    || strcmp(owner, rows[i].owner != NULL ? rows[i].owner : "-") != 0)
			fail_msg("%s %s: %s, %s", rows[i].host, rows[i].text, entry, owner);
	}
	catalogue_free(catalogue);
}

/* Whose words, server, pages or recipients they are: header of refusals/recognize.h. */
static void
recognize_knows_who_refused(void **state)
{
	static const char entries[] =
		"operator \"A\" { servers \"*.a.test\" domains \"a.example\" links \"help.a.test\" }\n"
		"operator \"S\" { servers \"*.s.test\" elsewhere yes }\n"
		"operator \"L\" { links { \"*.l.test\" \"l.test\" } }\n"
		"operator \"M\" { links \"m.test\" }\n"
		"frame \"f\" { operator \"F\" text \"f-id=\" }\n"
		"refusal \"s\" { operator \"S\" text \"no such thing\" category content" REST "}\n"
		"refusal \"s-long\" { operator \"S\" text \"no such thing in our house\" category url" REST
		"}\n"
		"refusal \"a-long\" { operator \"A\" text \"nothing of that kind to-day\" category url" REST
		"}\n"
		"refusal \"l\" { operator \"L\" sign \"l.test/query\" category ip-listed" REST "}\n"
		"refusal \"a\" { operator \"A\" text \"listed by l\" category ip-listed" REST "}\n";
	static const struct {
		const char *host, *text, *owner;
	} rows[] = {
		{ "", "550 see https://help.a.test/x?y", "A" },
		{ "", "550 see http://www.l.test.", "L" },
		{ "", "550 https://l.test/x, http://help.a.test", "A" },
		{ "", "550 the host help.a.test says so", "A" },
		{ "", "550 see http:///x or https://help.a.test/x", "A" },
		{ "", "550 http://l.test, http://m.test", NULL },
		{ "", "550 http://l.test, http://m.test, http://l.test", NULL },
		{ "", "550 f-id=17, see http://l.test", "F" },
		{ "mx.a.test", "550 f-id=17", "A" },
		{ "", "server mx.a.test[192.0.2.1] said: 550 no", "A" },
		{ "mx.q.test", "550 see https://help.a.test/x?y", "A" },
		{ "", "550 mx.a.test is not welcome", NULL },
		{ "", "550 <x@a.example>: unknown user", "A" },
		{ "", "550 5.1.1 x@a.example", "A" },
		{ "", "550 5.1.1 x@a.example. No such user", "A" },
		{ "mx.q.test", "550 <x@a.example>: unknown user", NULL },
		{ "", "550 <x@a.example>: unknown sender", NULL },
		{ "", "550 x@", NULL },
		{ "mx.s.test", "550 hello", "S" },
		{ "", "550 no [mx.a.test 2026-11-29T10:00:00Z 08DC]", "A" },
		{ "", "550 no, see http://l.test (mx.a.test).", "A" },
		{ "mx.q.test", "550 no [mx.a.test]", "A" },
		{ "mx.s.test", "550 no [mx.a.test]", "S" },
		{ "", "550 no [mx.a.test] to-day", NULL },
		/* Words of a program that others run, too. */
		{ "mx.a.test", "550 no such thing in our house", "S" },
		{ "mx.q.test", "550 no such thing in our house", "S" },
		/* Many words may be his where no server is known, and anybody's at a stranger's. */
		{ "", "550 nothing of that kind to-day", "A" },
		{ "mx.q.test", "550 nothing of that kind to-day", NULL },
		{ "", "550 listed by l, see l.test/query", "L" },
		{ "mx.a.test", "550 listed by l, see l.test/query", "A" },
	};
	struct catalogue *catalogue = good_catalogue(entries);

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		const struct recognition known = recognize_at(catalogue, rows[i].host, rows[i].text);
		const char *owner = known.owner != NULL ? known.owner : "-";

		if (strcmp(owner, rows[i].owner != NULL ? rows[i].owner : "-") != 0)
			fail_msg("%s %s: %s", rows[i].host, rows[i].text, owner);
	}
	catalogue_free(catalogue);
}

/* Words that stand in a link, in a name, or behind a denial are not what the server says. */
static void
recognize_believes_no_denied_and_no_foreign_words(void **state)
{
	static const char entries[] =
		"refusal \"listed\" { text \"block list\" category ip-listed" REST "}\n"
		"refusal \"spam\" { text \"spam\" category content" REST "}\n"
		"refusal \"unknown\" { text \"user unknown\" category mailbox-unknown" REST "}\n"
		"refusal \"ptr\" { text \"ptr record\" category ptr" REST "}\n";
	static const struct {
		const char *text, *entry;
	} rows[] = {
		{ "550 you are on a block list", "listed" },
		{ "550 you are on no block list", NULL },
		{ "550 on no block list of ours, but on the block list of all", "listed" },
		{ "550 on a block list; but on no block list of ours", "listed" },
		{ "550 no ptr record", "ptr" },
		{ "550 no ptr record: your ptr record", "ptr" },
		{ "550 this is not spam", NULL },
		{ "550 see https://p.test/spam/", NULL },
		{ "550 mx.no-spam.test does not like it", NULL },
		{ "550 address rejected: user unknown", "unknown" },
		{ "550 sender address rejected: user unknown", NULL },
	};
	struct catalogue *catalogue = good_catalogue(entries);

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		const struct recognition known = recognize_at(catalogue, "", rows[i].text);
		const char *entry = known.entry != NULL ? known.entry->name : "-";

		if (strcmp(entry, rows[i].entry != NULL ? rows[i].entry : "-") != 0)
			fail_msg("%s: %s", rows[i].text, entry);
	}
	catalogue_free(catalogue);
}

/* Which entry wins where the best one says little, or may be of anybody: header of refusals/recognize.h. */
static void
recognize_prefers_what_names_a_reason(void **state)
{
	static const char entries[] =
		"operator \"O\" { servers \"*.o.test\" }\n"
		"operator \"N\" { }\n"
		"refusal \"policy\" { text \"policy violation\" category policy" REST "}\n"
		"refusal \"spf\" { text \"spf\" \"violat\" category spf" REST "}\n"
		"refusal \"content\" { text \"spam\" category content" REST "}\n"
		"refusal \"short\" { operator \"O\" sign \"[x1]\" category url" REST "}\n"
		"refusal \"long\" { operator \"O\" sign \"[x1] in full\" category url" REST "}\n"
		"refusal \"nobody\" { operator \"N\" sign \"[y1]\" category url" REST "}\n"
		"frame \"later\" { text \"try later\" category greylist" REST "}\n"
		"frame \"rejected\" { text \"was rejected\" category unknown" REST "}\n"
		"frame \"virus\" { text \"worm\" category virus" REST "}\n";
	static const struct {
		const char *host, *text, *entry;
	} rows[] = {
		{ "", "550 policy violation", "policy" },
		{ "", "550 spf policy violation", "spf" },
		{ "", "550 spam policy violation", "policy" }, /* spam is said of many things */
		{ "", "550 it was rejected, a worm", "virus" },
		{ "", "450 please try later", "later" },
		{ "", "450 <x@p.test>: 192.0.2.1, mx.p.test: try later", "later" },
		{ "", "450 too many of your messages came, try later", NULL },
		{ "mx.o.test", "550 [x1]", "short" },
		{ "", "550 [x1]", "short" },
		{ "mx.p.test", "550 [x1]", NULL },
		{ "mx.p.test", "550 [x1] in full", "long" },
		{ "mx.p.test", "550 [y1]", "nobody" },
	};
	struct catalogue *catalogue = good_catalogue(entries);

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		const struct recognition known = recognize_at(catalogue, rows[i].host, rows[i].text);
		const char *entry = known.entry != NULL ? known.entry->name : "-";

		if (strcmp(entry, rows[i].entry != NULL ? rows[i].entry : "-") != 0)
			fail_msg("%s %s: %s", rows[i].host, rows[i].text, entry);
	}
	catalogue_free(catalogue);
}

/* RFC 3463, 5248, 7372: what is not in the catalogue is told by its codes, and nothing beyond them. */
static void
recognize_tells_no_more_than_the_codes_bear(void **state)
{
	static const struct {
		const char *text;
		enum refusal_category category;
		enum refusal_party party;
		enum permanence permanence;
	} rows[] = {
		{ "550 5.1.1 x", CATEGORY_MAILBOX_UNKNOWN, PARTY_RECIPIENT, PERMANENCE_YES },
		{ "450 4.7.25 x", CATEGORY_PTR, PARTY_SENDING_SERVER_ADMIN, PERMANENCE_NO },
		{ "550 5.7.23 x", CATEGORY_SPF, PARTY_SENDERS_DOMAIN_OWNER, PERMANENCE_YES },
		{ "550 5.7.1 x", CATEGORY_UNKNOWN, PARTY_UNKNOWN, PERMANENCE_YES },
		{ "554 5.7.0 x", CATEGORY_UNKNOWN, PARTY_UNKNOWN, PERMANENCE_YES },
		{ "451 x", CATEGORY_UNKNOWN, PARTY_NOBODY_WAIT, PERMANENCE_NO },
		{ "521 x", CATEGORY_UNKNOWN, PARTY_UNKNOWN, PERMANENCE_YES },
		{ "550 5.5.0 x", CATEGORY_UNKNOWN, PARTY_UNKNOWN, PERMANENCE_YES },
		{ "550 5.9.9 x", CATEGORY_UNKNOWN, PARTY_UNKNOWN, PERMANENCE_YES },
		{ "452 x", CATEGORY_RECEIVER_FAULT, PARTY_NOBODY_WAIT, PERMANENCE_NO },
		{ "421 4.0.0 x", CATEGORY_UNKNOWN, PARTY_NOBODY_WAIT, PERMANENCE_NO },
		{ "530 x", CATEGORY_AUTH_REQUIRED, PARTY_SENDING_SERVER_ADMIN, PERMANENCE_YES },
		{ "5.2.2 x", CATEGORY_MAILBOX_FULL, PARTY_RECIPIENT, PERMANENCE_YES },
		{ "no", CATEGORY_UNKNOWN, PARTY_UNKNOWN, PERMANENCE_UNKNOWN },
	};
	struct catalogue *catalogue = good_catalogue("");

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		const struct recognition known = recognize_at(catalogue, "", rows[i].text);

		assert_null(known.entry);
		assert_int_equal(known.category, rows[i].category);
		assert_int_equal(known.party, rows[i].party);
		assert_int_equal(known.permanence, rows[i].permanence);
	}
	catalogue_free(catalogue);
}

/* Words that are said of both leave it to the first digit; an entry that asks for it knows better. */
static void
recognize_calls_no_deferral_permanent_that_only_words_do(void **state)
{
	static const char entries[] =
		"refusal \"gone\" { text \"account disabled\" category policy" REST "}\n"
		"refusal \"ts\" { code 4xx sign \"[ts]\" category policy" REST "}\n";
	static const struct {
		const char *text;
		enum permanence permanence;
		bool is_wait_told;
	} rows[] = {
		{ "550 account disabled", PERMANENCE_YES, false },
		{ "450 account disabled", PERMANENCE_NO, true },
		{ "account disabled", PERMANENCE_YES, false },
		{ "421 4.7.1 [ts]", PERMANENCE_YES, false },
	};
	struct catalogue *catalogue = good_catalogue(entries);

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		const struct recognition known = recognize_at(catalogue, "", rows[i].text);
		char memory[REFUSAL_REMEDY_SIZE];
		struct strbuf remedy = STRBUF_OVER(memory);

		assert_non_null(known.entry);
		assert_int_equal(known.permanence, rows[i].permanence);
		refusal_add_remedy(&known, REFUSAL_DEFERRED, &remedy);
		assert_int_equal(strncmp(memory, "The sending server tries again.", 31) == 0,
				 rows[i].is_wait_told);
	}
	catalogue_free(catalogue);
}

static bool
has_remedy(const struct recognition *known)
{
	char memory[REFUSAL_REMEDY_SIZE];
	struct strbuf remedy = STRBUF_OVER(memory);

	refusal_add_remedy(known, REFUSAL_REFUSED, &remedy);
	return remedy.length > 20;
}

/* So many samples, each with a word of its own, and with words of two categories; and these entries. */
static struct catalogue *
catalogue_with_samples(size_t count, const char *entries)
{
	static const char *const kinds[] = { "samples greylist nobody-wait { %s}\n",
					     "samples virus sending-server-admin { %s}\n" };
	static const char *const words[] = { "zorkalos blimfigo", "frobmelo quuxtrip" };
	char memory[64 * 1024], texts[32 * 1024];
	struct strbuf file = STRBUF_OVER(memory);

	for (size_t kind = 0; kind < ROWS(kinds); kind++) {
		struct strbuf list = STRBUF_OVER(texts);

		for (size_t i = 0; i < count / ROWS(kinds); i++)
			strbuf_printf(&list, "\"%s %s n%c%c\" ", kind == 0 ? "451" : "550", words[kind],
				      (char)('a' + i / 26 % 26), (char)('a' + i % 26));
		strbuf_printf(&file, kinds[kind], texts);
	}
	strbuf_add(&file, entries);
	return good_catalogue(memory);
}

/* What neither an entry nor its words tell is learned from replies that are known, where there are enough of
 * them; what has been seen on both sides, or nowhere, says nothing. */
static void
recognize_learns_from_samples(void **state)
{
	static const struct {
		size_t samples;
		const char *text;
		enum refusal_category category;
		enum refusal_party party;
		bool is_gist;
	} rows[] = {
		{ 400, "451 zorkalos blimfigo again", CATEGORY_GREYLIST, PARTY_NOBODY_WAIT, true },
		{ 400, "550 oh, frobmelo quuxtrip", CATEGORY_VIRUS, PARTY_SENDING_SERVER_ADMIN, true },
		{ 400, "nothing of that", CATEGORY_UNKNOWN, PARTY_UNKNOWN, false },
		{ 400, "zorkalos blimfigo frobmelo quuxtrip", CATEGORY_UNKNOWN, PARTY_UNKNOWN, false },
		{ 400, "550 frobmelo quuxtrip, the user is unknown", CATEGORY_MAILBOX_UNKNOWN,
		  PARTY_RECIPIENT, true },
		{ 400, "554 5.7.23 frobmelo quuxtrip", CATEGORY_SPF, PARTY_SENDERS_DOMAIN_OWNER, false },
		{ LESSONS_MIN - 2, "550 oh, frobmelo quuxtrip", CATEGORY_UNKNOWN, PARTY_UNKNOWN, false },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct catalogue *catalogue = catalogue_with_samples(rows[i].samples, "");
		const struct recognition known = recognize_at(catalogue, "", rows[i].text);

		if (known.category != rows[i].category || known.party != rows[i].party
		    || known.is_gist != rows[i].is_gist || known.entry != NULL)
			fail_msg("%s: %s, %s", rows[i].text, config_refusal_categories[known.category],
				 config_refusal_parties[known.party]);
		catalogue_free(catalogue);
	}
}

/* What is learned outweighs few words that are anybody's, but not those that stand for one thing. */
static void
recognize_believes_samples_against_few_words_of_anybody(void **state)
{
	static const char entries[] =
		"operator \"Example\" { servers { \"*.own.test\" } }\n"
		"refusal \"few\" { text \"declared bad\" category policy" REST "}\n"
		"refusal \"telling\" { text \"badly spelt\" category helo" REST "}\n"
		"refusal \"long\" { text \"declared worse than anything\" category policy" REST "}\n"
		"refusal \"signed\" { sign \"[x7]\" category policy" REST "}\n"
		"refusal \"own\" { operator \"Example\" text \"one of ours\" category policy" REST "}\n";
	static const struct {
		const char *text;
		enum refusal_category category;
	} rows[] = {
		{ "declared bad", CATEGORY_POLICY },
		{ "550 frobmelo quuxtrip declared bad", CATEGORY_VIRUS },
		{ "550 frobmelo quuxtrip badly spelt", CATEGORY_HELO },
		{ "550 frobmelo quuxtrip declared worse than anything", CATEGORY_POLICY },
		{ "550 [x7] frobmelo quuxtrip", CATEGORY_POLICY },
		{ "550 frobmelo quuxtrip one of ours", CATEGORY_POLICY },
	};
	struct catalogue *catalogue = catalogue_with_samples(400, entries);

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		const struct recognition known = recognize_at(catalogue, "mx.own.test", rows[i].text);

		if (known.category != rows[i].category || !known.is_known)
			fail_msg("%s: %s", rows[i].text, config_refusal_categories[known.category]);
	}
	catalogue_free(catalogue);
}

static void *
ask_of_quux(void *catalogue)
{
	return (void *)(uintptr_t)recognize_at(catalogue, "", "550 oh, frobmelo quuxtrip").category;
}

/* What is learned when it is first asked for is learned once, and whole before anybody is answered. */
static void
recognize_learns_for_all_threads(void **state)
{
	struct catalogue *catalogue = catalogue_with_samples(400, "");
	pthread_t threads[4];

	(void)state;
	for (size_t i = 0; i < ROWS(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask_of_quux, catalogue), 0);
	for (size_t i = 0; i < ROWS(threads); i++) {
		void *category;

		assert_int_equal(pthread_join(threads[i], &category), 0);
		assert_int_equal((uintptr_t)category, CATEGORY_VIRUS);
	}
	catalogue_free(catalogue);
}

/* The examples of entries teach, too. */
static void
recognize_learns_from_examples(void **state)
{
	char memory[64 * 1024];
	struct strbuf file = STRBUF_OVER(memory);
	struct catalogue *catalogue;
	struct recognition known;

	(void)state;
	for (size_t i = 0; i < LESSONS_MIN; i++)
		strbuf_printf(&file,
			      "refusal \"e%zu\" { text \"x%zu y\" category %s" REST
			      "example \"550 x%zu y %s\" }\n",
			      i, i, i % 2 == 0 ? "virus" : "size", i,
			      i % 2 == 0 ? "frob quux wibble" : "zork blim wobble");
	catalogue = good_catalogue(memory);
	known = recognize_at(catalogue, "", "550 frob quux wibble");
	assert_int_equal(known.category, CATEGORY_VIRUS);
	assert_int_equal(known.party, PARTY_RECEIVER);
	known = recognize_at(catalogue, "", "550 zork blim wobble");
	assert_int_equal(known.category, CATEGORY_SIZE);
	catalogue_free(catalogue);
}

/* The same text has the same numbers, each once, no more than there is room for. */
static void
features_are_bounded_and_each_once(void **state)
{
	char memory[BOUND_REFUSAL_TEXT + 1];
	struct strbuf text = STRBUF_OVER(memory);
	struct notion_words *words = notion_words_new();
	const struct codes codes = codes_find(SPAN("550 5.1.1"));
	struct place_text place;
	struct sights sights;
	struct features features, again;

	(void)state;
	assert_non_null(words);
	for (size_t i = 0; text.length < BOUND_REFUSAL_TEXT - 64; i++)
		strbuf_printf(&text, "spam user full dns relay @ policy w%c%c ", (char)('a' + i / 26 % 26),
			      (char)('a' + i % 26));
	place_text_init(&place, (struct span){ text.text, text.length });
	notions_find(words, &place, &sights);
	assert_int_equal(sights.count, SIGHTS_MAX);
	features_find(&place, &sights, &codes, REFUSAL_STAGE_RCPT, &features);
	features_find(&place, &sights, &codes, REFUSAL_STAGE_RCPT, &again);
	assert_in_range(features.count, 20, FEATURES_MAX);
	assert_int_equal(features.count, again.count);
	assert_memory_equal(features.items, again.items, features.count * sizeof *features.items);
	for (size_t i = 1; i < features.count; i++)
		assert_true(features.items[i - 1] < features.items[i]);
	notion_words_free(words);
}

/* What no entry knows is read by its words, in several languages; where they deny it, or say two things, not.
 */
static void
recognize_reads_the_gist_of_unknown_words(void **state)
{
	static const struct {
		const char *text;
		enum refusal_stage stage;
		enum refusal_category category;
		enum refusal_party party;
	} rows[] = {
		{ "550 that addressee is unknown to us", 0, CATEGORY_MAILBOX_UNKNOWN, PARTY_RECIPIENT },
		{ "550 Das Postfach <a@p.test> ist hier unbekannt", 0, CATEGORY_MAILBOX_UNKNOWN,
		  PARTY_RECIPIENT },
		{ "550 il destinatario non esiste", 0, CATEGORY_MAILBOX_UNKNOWN, PARTY_RECIPIENT },
		{ "550 5.7.1 la boîte de ce destinataire est pleine", 0, CATEGORY_MAILBOX_FULL,
		  PARTY_RECIPIENT },
		{ "550 5.7.1 the account was terminated last year", 0, CATEGORY_MAILBOX_DISABLED,
		  PARTY_RECIPIENT },
		{ "550 this user cannot receive anything", 0, CATEGORY_MAILBOX_DISABLED, PARTY_RECIPIENT },
		{ "550 the sender domain was not found", 0, CATEGORY_SENDER_DOMAIN,
		  PARTY_SENDERS_DOMAIN_OWNER },
		{ "553 mx.a.test does not exist", REFUSAL_STAGE_MAIL, CATEGORY_SENDER_DOMAIN,
		  PARTY_SENDERS_DOMAIN_OWNER },
		{ "553 unknown user", REFUSAL_STAGE_MAIL, CATEGORY_SENDER_UNKNOWN,
		  PARTY_SENDERS_DOMAIN_OWNER },
		{ "554 your IP stands on a blacklist here", 0, CATEGORY_IP_LISTED,
		  PARTY_SENDING_SERVER_ADMIN },
		{ "550 no access for this IP", 0, CATEGORY_IP_LISTED, PARTY_SENDING_SERVER_ADMIN },
		{ "421 trop de connexions", 0, CATEGORY_RATE, PARTY_SENDING_SERVER_ADMIN },
		{ "450 the reverse DNS of 192.0.2.1 is bad", 0, CATEGORY_PTR, PARTY_IP_OPERATOR },
		{ "550 5.1.1 no relaying here", 0, CATEGORY_RELAY, PARTY_RECEIVER },
		{ "503 send HELO first", 0, CATEGORY_PROTOCOL, PARTY_SENDING_SERVER_ADMIN },
		{ "550 the DNSBL of our house refused the sender", 0, CATEGORY_IP_LISTED,
		  PARTY_SENDING_SERVER_ADMIN },
		{ "550 the sender is in a black list rbl.a.test", 0, CATEGORY_IP_LISTED,
		  PARTY_SENDING_SERVER_ADMIN },
		{ "550 the sender is in a black list of ebl.a.test", 0, CATEGORY_POLICY, PARTY_RECEIVER },
		{ "550 192.0.2.1 belongs to spammers", 0, CATEGORY_IP_LISTED, PARTY_SENDING_SERVER_ADMIN },
		{ "550 we know that spambot", 0, CATEGORY_REPUTATION, PARTY_SENDING_SERVER_ADMIN },
		{ "543 reject by frob(ID:192.0.2.1)", 0, CATEGORY_UNKNOWN, PARTY_UNKNOWN },
		{ "543 reject by frob(IP:192.0.2.1)", 0, CATEGORY_IP_LISTED, PARTY_SENDING_SERVER_ADMIN },
		{ "550 the user cannot receive mail from you", 0, CATEGORY_POLICY, PARTY_RECIPIENT },
		{ "550 outgoing mail of this account is disabled", 0, CATEGORY_POLICY,
		  PARTY_SENDING_SERVER_ADMIN },
		{ "550 .forward: can't create output: permission denied", 0, CATEGORY_RECEIVER_FAULT,
		  PARTY_RECEIVER },
		{ "550 we will not accept this e-mail", 0, CATEGORY_UNKNOWN, PARTY_UNKNOWN },
		{ "550 this address will not accept mail", 0, CATEGORY_MAILBOX_DISABLED, PARTY_RECIPIENT },
		{ "550 only with authentication", 0, CATEGORY_AUTH_REQUIRED, PARTY_SENDING_SERVER_ADMIN },
		{ "550 receive your mail before you send", 0, CATEGORY_AUTH_REQUIRED,
		  PARTY_SENDING_SERVER_ADMIN },
		{ "550 Пользователь <a@p.test> не найден", 0, CATEGORY_MAILBOX_UNKNOWN, PARTY_RECIPIENT },
		/* Scripts without blanks between words. */
		{ "550 收件人邮箱不存在", 0, CATEGORY_MAILBOX_UNKNOWN, PARTY_RECIPIENT },
		{ "552 收件人邮箱已满", 0, CATEGORY_MAILBOX_FULL, PARTY_RECIPIENT },
		{ "550 ユーザが存在しません", 0, CATEGORY_UNKNOWN, PARTY_UNKNOWN },
		{ "554 迷惑メールと判定", 0, CATEGORY_CONTENT, PARTY_SENDING_SERVER_ADMIN },
		{ "553 mail from must be the authorized user", 0, CATEGORY_AUTH_REQUIRED,
		  PARTY_SENDING_SERVER_ADMIN },
		{ "550 too many requests", 0, CATEGORY_RATE, PARTY_SENDING_SERVER_ADMIN },
		{ "554 procmail has failed", 0, CATEGORY_RECEIVER_FAULT, PARTY_RECEIVER },
		{ "550 your email address is blacklisted", 0, CATEGORY_POLICY, PARTY_RECEIVER },
		{ "550 ce compte n'est plus utilisé", 0, CATEGORY_MAILBOX_DISABLED, PARTY_RECIPIENT },
		{ "451 database error on this server", 0, CATEGORY_RECEIVER_FAULT, PARTY_NOBODY_WAIT },
		{ "550 mail system full", 0, CATEGORY_RECEIVER_FAULT, PARTY_RECEIVER },
		{ "550 DMARC says so, and SPF, too", 0, CATEGORY_DMARC, PARTY_SENDERS_DOMAIN_OWNER },
		{ "550 5.7.1 the IP address is dynamic", 0, CATEGORY_DYNAMIC_IP, PARTY_IP_OPERATOR },
		{ "550 5.7.1 the IP address is not dynamic", 0, CATEGORY_UNKNOWN, PARTY_UNKNOWN },
		{ "550 the sender could not be verified", 0, CATEGORY_SENDER_UNKNOWN,
		  PARTY_SENDERS_DOMAIN_OWNER },
		{ "550 our users could not be verified", 0, CATEGORY_MAILBOX_UNKNOWN, PARTY_RECIPIENT },
		{ "550 192.0.2.1 was rejected", 0, CATEGORY_IP_LISTED, PARTY_SENDING_SERVER_ADMIN },
		{ "host 192.0.2.1[192.0.2.1] said: 550 it was rejected", 0, CATEGORY_UNKNOWN, PARTY_UNKNOWN },
		{ "192.0.2.1 does not like it.\nRemote host said: 550 it was rejected", 0, CATEGORY_UNKNOWN,
		  PARTY_UNKNOWN },
		{ "Connected to 192.0.2.1 but it was rejected.", 0, CATEGORY_UNKNOWN, PARTY_UNKNOWN },
		{ "550 the sender 192.0.2.1 was refused", 0, CATEGORY_IP_LISTED, PARTY_SENDING_SERVER_ADMIN },
		{ "550 the sender was refused", 0, CATEGORY_POLICY, PARTY_RECEIVER },
		{ "550 the IP is in Spamhaus's list", 0, CATEGORY_IP_LISTED, PARTY_SENDING_SERVER_ADMIN },
		{ "554 5.7.1 FORBIDDEN_FILE_EXTENSION", 0, CATEGORY_CONTENT, PARTY_SENDING_SERVER_ADMIN },
		{ "557 the address - a@p.test - is not available here", 0, CATEGORY_MAILBOX_UNKNOWN,
		  PARTY_RECIPIENT },
		{ "450 the address is not available here", 0, CATEGORY_UNKNOWN, PARTY_NOBODY_WAIT },
		{ "550 the attachment is unsafe", 0, CATEGORY_CONTENT, PARTY_SENDING_SERVER_ADMIN },
		{ "421 deferred due to complaints", 0, CATEGORY_REPUTATION, PARTY_SENDING_SERVER_ADMIN },
		{ "501 invalid command", REFUSAL_STAGE_MAIL, CATEGORY_PROTOCOL, PARTY_SENDING_SERVER_ADMIN },
		{ "550 unauthenticated users may not", 0, CATEGORY_UNKNOWN, PARTY_UNKNOWN },
		{ "550 5.7.1 unauthenticated mail is not taken", 0, CATEGORY_AUTH_REQUIRED,
		  PARTY_SENDING_SERVER_ADMIN },
		{ "550 this mail is not welcome", 0, CATEGORY_POLICY, PARTY_RECEIVER },
		{ "550 the sender's domain is unresolvable", 0, CATEGORY_SENDER_DOMAIN,
		  PARTY_SENDERS_DOMAIN_OWNER },
		{ "554 listed, and that is all", 0, CATEGORY_IP_LISTED, PARTY_SENDING_SERVER_ADMIN },
		{ "554 that sender is on our blacklist", 0, CATEGORY_POLICY, PARTY_RECEIVER },
		{ "554 that sender cannot send mail here", 0, CATEGORY_POLICY, PARTY_RECEIVER },
		{ "554 that mailbox has you on a blacklist", 0, CATEGORY_POLICY, PARTY_RECIPIENT },
		{ "550 your mail is blocked by the recipient", 0, CATEGORY_POLICY, PARTY_RECIPIENT },
		{ "550 too many invalid recipients", 0, CATEGORY_REPUTATION, PARTY_SENDING_SERVER_ADMIN },
		{ "554 very bad karma", 0, CATEGORY_REPUTATION, PARTY_SENDING_SERVER_ADMIN },
		{ "554 the filter rejected it", 0, CATEGORY_CONTENT, PARTY_SENDING_SERVER_ADMIN },
		{ "550 this policy is ours", 0, CATEGORY_POLICY, PARTY_RECEIVER },
		{ "550 not allowed", 0, CATEGORY_POLICY, PARTY_RECEIVER },
		{ "450 the mailbox is unavailable, later", 0, CATEGORY_RECEIVER_FAULT, PARTY_NOBODY_WAIT },
		{ "451 a DNS failure", 0, CATEGORY_DNS_FAULT_RECEIVER, PARTY_RECEIVER },
		{ "451 a DNS failure for the sender", 0, CATEGORY_UNKNOWN, PARTY_NOBODY_WAIT },
		{ "550 the return email has an invalid domain", 0, CATEGORY_SENDER_DOMAIN,
		  PARTY_SENDERS_DOMAIN_OWNER },
		{ "550 the sender's TLD is unknown", 0, CATEGORY_SENDER_DOMAIN, PARTY_SENDERS_DOMAIN_OWNER },
		{ "550 user name and sender: not your login", 0, CATEGORY_AUTH_REQUIRED,
		  PARTY_SENDING_SERVER_ADMIN },
		{ "550 a header is larger than 1000 octets", 0, CATEGORY_PROTOCOL,
		  PARTY_SENDING_SERVER_ADMIN },
		/* Of recipients, and of senders, an enhanced code knows more than a vague word. */
		{ "550 5.1.1 the mailbox cannot receive anything", 0, CATEGORY_MAILBOX_UNKNOWN,
		  PARTY_RECIPIENT },
		{ "550 5.1.1 the mailbox is full", 0, CATEGORY_MAILBOX_FULL, PARTY_RECIPIENT },
		/* A code that names a check is believed. */
		{ "550 5.7.25 looks like spam", 0, CATEGORY_PTR, PARTY_SENDING_SERVER_ADMIN },
		{ "550 we like neither spam nor links to it", 0, CATEGORY_UNKNOWN, PARTY_UNKNOWN },
		{ "550 your IP is not on our blacklist", 0, CATEGORY_UNKNOWN, PARTY_UNKNOWN },
		{ "550 see https://unknown.user.test/spam", 0, CATEGORY_UNKNOWN, PARTY_UNKNOWN },
		{ "550 <unknown.user@spam.test>", 0, CATEGORY_UNKNOWN, PARTY_UNKNOWN },
		{ "550 our users are happy. Unknown is why", 0, CATEGORY_UNKNOWN, PARTY_UNKNOWN },
		{ "550 mailbox locked by another session, later", 0, CATEGORY_UNKNOWN, PARTY_UNKNOWN },
		{ "421 too many odd things came from your server, try later", 0, CATEGORY_UNKNOWN,
		  PARTY_NOBODY_WAIT },
		{ "554 Service unavailable", 0, CATEGORY_UNKNOWN, PARTY_UNKNOWN },
		{ "550 user unknown or mailbox full or virus", 0, CATEGORY_VIRUS,
		  PARTY_SENDING_SERVER_ADMIN },
		{ "550 mailbox full or disabled", 0, CATEGORY_UNKNOWN, PARTY_UNKNOWN },
	};
	struct catalogue *catalogue = good_catalogue("");

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		const struct recognition known = recognize_in(catalogue, rows[i].stage, rows[i].text);

		if (known.category != rows[i].category || known.party != rows[i].party)
			fail_msg("%s: %s", rows[i].text, config_refusal_categories[known.category]);
		assert_true(!known.is_gist || has_remedy(&known));
	}
	catalogue_free(catalogue);
}

/* What the words say beyond the entry that they fit, or the code, and what they do not. */
static void
recognize_prefers_the_gist_to_few_words_of_anybody(void **state)
{
	static const char entries[] =
		"refusal \"listed\" { text \"black listed\" category ip-listed" REST "}\n"
		"refusal \"rejected\" { text \"recipient rejected\" category mailbox-unknown" REST "}\n"
		"refusal \"unwanted\" { text \"unwanted\" category policy" REST "}\n"
		"refusal \"signed\" { sign \"[x7]\" category ip-listed" REST "}\n"
		"refusal \"long\" { text \"this is what we black listed\" category ip-listed" REST "}\n"
		"refusal \"coded\" { code 5.1.1 category mailbox-unknown" REST "}\n"
		"refusal \"named\" { code 5.7.25 category ptr" REST "}\n"
		"frame \"frame\" { text \"mail was refused for a reason that we do not tell\" category unknown" REST
		"}\n"
		"frame \"part\" { text \"do not tell\" category policy" REST "}\n";
	static const struct {
		const char *text;
		enum refusal_category category;
	} rows[] = {
		{ "554 black listed", CATEGORY_IP_LISTED },
		{ "554 a link in it is black listed", CATEGORY_URL },
		{ "554 a link in it, this is what we black listed", CATEGORY_URL },
		{ "554 [x7] a link in it is black listed", CATEGORY_IP_LISTED },
		{ "554 black listed, the link below tells why", CATEGORY_IP_LISTED },
		{ "554 black listed, see URL: blocklist", CATEGORY_IP_LISTED },
		{ "554 that HELO is black listed", CATEGORY_HELO },
		{ "554 black listed file extension", CATEGORY_CONTENT },
		{ "554 rejected content, black listed", CATEGORY_CONTENT },
		{ "550 recipient rejected: it is inactive", CATEGORY_MAILBOX_DISABLED },
		{ "550 unwanted, and we do not mean you alone, but the reputation of it",
		  CATEGORY_REPUTATION },
		{ "550 5.1.1 your SPF record forbids it", CATEGORY_SPF },
		{ "550 5.1.1 the mailbox cannot receive", CATEGORY_MAILBOX_UNKNOWN },
		{ "550 5.7.25 your SPF record forbids it", CATEGORY_PTR },
		{ "550 mail was refused for a reason that we do not tell", CATEGORY_UNKNOWN },
		{ "550 5.7.23 mail was refused for a reason that we do not tell, in words of which there are "
		  "so many that the frame is not even half of them, and less",
		  CATEGORY_SPF },
	};
	struct catalogue *catalogue = good_catalogue(entries);

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		const struct recognition known = recognize_at(catalogue, "", rows[i].text);

		if (known.category != rows[i].category)
			fail_msg("%s: %s", rows[i].text, config_refusal_categories[known.category]);
	}
	catalogue_free(catalogue);
}

/* Who refuses at the greeting has seen an address, and at EHLO a name, and nothing else. */
static void
recognize_tells_what_the_stage_bears(void **state)
{
	static const struct {
		const char *text;
		enum refusal_stage stage;
		enum refusal_category category;
	} rows[] = {
		{ "554 no", REFUSAL_STAGE_GREETING, CATEGORY_POLICY },
		{ "550 no", REFUSAL_STAGE_HELO, CATEGORY_HELO },
		{ "421 no", REFUSAL_STAGE_GREETING, CATEGORY_UNKNOWN },
		{ "554 no", REFUSAL_STAGE_RCPT, CATEGORY_UNKNOWN },
		{ "554 5.7.25 no", REFUSAL_STAGE_GREETING, CATEGORY_PTR },
	};
	struct catalogue *catalogue = good_catalogue("");

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		const struct recognition known = recognize_in(catalogue, rows[i].stage, rows[i].text);

		assert_int_equal(known.category, rows[i].category);
		assert_true(strlen(refusal_meaning(&known)) > 20 && has_remedy(&known));
	}
	catalogue_free(catalogue);
}

static void
named_server_is_one_that_a_program_named(void **state)
{
	static const struct {
		const char *text, *name;
	} rows[] = {
		{ "host mx.p.test[192.0.2.1] said: 550 no", "mx.p.test" },
		{ "(host mx.p.test said: 550 no)", "mx.p.test" },
		{ "x (host mx.p.test[2001:db8::1] refused to talk to me: 554 no", "mx.p.test" },
		{ "host mx.p.test [192.0.2.1]: 550 no", "mx.p.test" },
		{ "host mx.p.test [192.0.2.1]\n  SMTP error from remote mail server after DATA:\n 550 no",
		  "mx.p.test" },
		{ "550 host not.p.test, no. host mx.p.test[192.0.2.1] said: no", "mx.p.test" },
		{ "... while talking to mx.p.test.:\n<<< 550 no", "mx.p.test" },
		{ "relay=mx.p.test. [192.0.2.1], stat=", "mx.p.test" },
		{ "connect to mx.p.test[192.0.2.1]:25: Connection refused", "mx.p.test" },
		{ "lost connection with mx.p.test[192.0.2.1] while", "mx.p.test" },
		{ "R=dnslookup T=smtp H=mx.p.test [192.0.2.1]: 550 no", "mx.p.test" },
		{ "on host=mx.p.test tls=on", "mx.p.test" },
		{ "550 host a.p.test[192.0.2.1] is blocked", "" },
		{ "550 host a.p.test [192.0.2.1]", "" },
		{ "550 host a.p.test[unknown] said: no", "" },
		{ "550 host a.p.test said: no", "" },
		{ "550 host a.p.test said: 550th no", "" },
		{ "550 host mx.p.test not found", "" },
		{ "550 we were talking to a.p.test, who", "" },
		{ "550 relay=a.p.test is not known", "" },
		{ "451 cannot connect to a.p.test: timeout", "" },
		{ "451 no connection with a.p.test", "" },
		{ "host ", "" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++)
		if (!span_equals(named_server_in(span_of(rows[i].text)), span_of(rows[i].name)))
			fail_msg("%s", rows[i].text);
}

static void
named_signer_stands_in_brackets_at_the_end(void **state)
{
	static const struct {
		const char *text, *name;
	} rows[] = {
		{ "550 no [mx.p.test]", "mx.p.test" },
		{ "550 no (mx.p.test). \n", "mx.p.test" },
		{ "550 no [x] [mx.p.test 2026-11-29T10:00:00Z 08DC]", "mx.p.test" },
		{ "[mx.p.test]", "mx.p.test" },
		{ "550 no [mx.p.test] for x", "" },
		{ "550 no [x@p.test]", "" },
		{ "550 no [x mx.p.test]", "" },
		{ "550 no [2001:db8::1]", "" },
		{ "550 no [mx]", "" },
		{ "550 no mx.p.test]", "" },
		{ "550 no []", "" },
		{ "]", "" },
		{ "...", "" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++)
		if (!span_equals(named_signer_in(span_of(rows[i].text)), span_of(rows[i].name)))
			fail_msg("%s", rows[i].text);
}

/* RFC 3463, 3.2; RFC 5321, 3.3: a server knows no recipient before RCPT. */
static void
recognize_knows_when_no_recipient_can_be_meant(void **state)
{
	static const char entries[] =
		"operator \"O\" { }\n"
		"refusal \"domain\" { text \"no such domain\" category mailbox-unknown" REST "}\n"
		"refusal \"own\" { operator \"O\" text \"no such name\" category mailbox-full" REST "}\n"
		"refusal \"size\" { text \"too much\" category size" REST "}\n";
	static const struct {
		const char *text;
		enum refusal_stage stage;
		const char *entry;
	} rows[] = {
		{ "550 no such domain", REFUSAL_STAGE_NONE, "domain" },
		{ "550 no such domain", REFUSAL_STAGE_RCPT, "domain" },
		{ "550 no such domain", REFUSAL_STAGE_END_OF_DATA, "domain" },
		{ "550 no such domain", REFUSAL_STAGE_MAIL, NULL },
		{ "550 no such domain", REFUSAL_STAGE_GREETING, NULL },
		{ "550 5.1.8 no such domain", REFUSAL_STAGE_RCPT, NULL },
		{ "550 5.1.7 no such domain", REFUSAL_STAGE_NONE, NULL },
		{ "550 5.1.2 no such domain", REFUSAL_STAGE_NONE, "domain" },
		{ "550 5.7.8 no such domain", REFUSAL_STAGE_NONE, "domain" },
		{ "550 no such name", REFUSAL_STAGE_MAIL, "own" },
		{ "550 too much", REFUSAL_STAGE_MAIL, "size" },
	};
	struct catalogue *catalogue = good_catalogue(entries);

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		const struct refusal_entry *entry =
			recognize_in(catalogue, rows[i].stage, rows[i].text).entry;

		if (strcmp(entry != NULL ? entry->name : "-", rows[i].entry != NULL ? rows[i].entry : "-")
		    != 0)
			fail_msg("%s at %d: %s", rows[i].text, rows[i].stage,
				 entry != NULL ? entry->name : "-");
	}
	catalogue_free(catalogue);
}

static void
normal_words_are_those_of_sentences(void **state)
{
	static const struct {
		const char *text;
		size_t octets;
	} rows[] = {
		{ "please try later.", 18 },     { "<@@@@@@>: (isn't it?)", 12 },
		{ "mx.p.test 192.0.2.1 no", 3 }, { "see https://p.test/no", 4 },
		{ "id=x7 grey-list", 10 },       { "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++)
		if (normal_words(span_of(rows[i].text)) != rows[i].octets)
			fail_msg("%s: %zu", rows[i].text, normal_words(span_of(rows[i].text)));
}

static void
recognize_examples_tells_which_are_not_recognized(void **state)
{
	struct catalogue *catalogue = good_catalogue(
		"operator \"O\" { servers \"*.o.test\" }\n"
		"refusal \"good\" { text \"abc\" example \"550 abc\" category spf" REST "}\n"
		"refusal \"deaf\" { text \"abc\" code 554 example \"550 abd\" category spf" REST "}\n"
		"refusal \"weak\" { text \"abc\" example \"550 abc defg\" category spf" REST "}\n"
		"refusal \"strong\" { operator \"O\" text \"defg\" example \"550 defg\" category spf" REST
		"}\n");
	char messages[4096] = "";
	struct output out = { .file = fmemopen(messages, sizeof messages, "w") };

	(void)state;
	assert_int_equal(recognize_examples(catalogue, &out), 3);
	(void)fclose(out.file);
	assert_non_null(
		strstr(messages, ":2: the example of \"good\" is recognized just as well by \"weak\"\n"));
	assert_non_null(strstr(messages, ":3: the example of \"deaf\" is recognized by no entry\n"));
	assert_non_null(strstr(messages, ":4: the example of \"weak\" is recognized by \"strong\"\n"));
	catalogue_free(catalogue);
}

/* Reading text. */

struct seen {
	size_t count, longest;
	char texts[4096];
	unsigned long lines[20];
};

static void
see(void *context, const struct refusal *refusal)
{
	struct seen *seen = context;
	const size_t used = strlen(seen->texts);

	if (seen->count < ROWS(seen->lines))
		seen->lines[seen->count] = refusal->line;
	seen->count++;
	if (refusal->text.length > seen->longest)
		seen->longest = refusal->text.length;
	if (refusal->text.length < 200)
		(void)snprintf(seen->texts + used, sizeof seen->texts - used, "%.*s|",
			       (int)refusal->text.length, refusal->text.at);
}

static struct seen
read_octets(const char *octets, size_t length)
{
	struct seen seen = { .count = 0 };
	struct text_reader reader;

	text_reader_init(&reader, SPAN("f"), see, &seen);
	for (size_t i = 0; i < length; i += 7) /* in pieces of any size */
		text_reader_add(&reader, (struct span){ octets + i, length - i < 7 ? length - i : 7 });
	text_reader_finish(&reader);
	return seen;
}

/* What stands in front of it stays, also where the server itself has written such words. */
static void
stage_is_that_of_the_command_that_is_named_last(void **state)
{
	static const struct {
		const char *text, *left;
		enum refusal_stage stage;
	} rows[] = {
		{ "550 no (in reply to RCPT TO command)", "550 no ", REFUSAL_STAGE_RCPT },
		{ "550 no (in reply to end of DATA command))", "550 no ", REFUSAL_STAGE_END_OF_DATA },
		{ "550 no\n  (IN\n reply to\n  LHLO command)", "550 no\n  ", REFUSAL_STAGE_HELO },
		{ "550 no (in reply to DATA command) (in reply to MAIL FROM command)",
		  "550 no (in reply to DATA command) ", REFUSAL_STAGE_MAIL },
		{ "550 no (in reply to FROB command)", "550 no ", REFUSAL_STAGE_NONE },
		{ "550 in reply to RCPT TO", "550 in reply to RCPT TO", REFUSAL_STAGE_NONE },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct span text = span_of(rows[i].text);

		assert_int_equal(stage_take(&text), rows[i].stage);
		assert_int_equal(text.length, strlen(rows[i].left));
		assert_memory_equal(text.at, rows[i].left, text.length);
	}
}

static void
text_read_keeps_lines_together_that_belong_together(void **state)
{
	static const char text[] = "\n550 one\n550 two\n550-three\n550-3\n550 3\n\n\n"
				   "host mx.test\n  said:\n    550 four\n(in reply to RCPT TO command)\n"
				   "550 five\n\n... while talking to mx.test:\n>>> DATA\n<<< 550 six\n554 6";
	const struct seen seen = read_octets(text, strlen(text));

	(void)state;
	assert_string_equal(seen.texts,
			    "550 one|550 two|550-three\n550-3\n550 3|"
			    "host mx.test\n  said:\n    550 four\n(in reply to RCPT TO command)|"
			    "550 five|... while talking to mx.test:\n>>> DATA\n<<< 550 six\n554 6|");
	assert_int_equal(seen.lines[0], 2);
	assert_int_equal(seen.lines[3], 9);
}

static void
text_read_holds_no_more_than_its_bound(void **state)
{
	static char octets[3 * BOUND_LINE_READ];
	struct seen seen;

	(void)state;
	memset(octets, 'x', sizeof octets);
	seen = read_octets(octets, sizeof octets); /* a line without end */
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.longest, BOUND_REFUSAL_TEXT);
	for (size_t i = 10; i < sizeof octets; i += 10)
		octets[i] = '\n'; /* lines without code */
	seen = read_octets(octets, sizeof octets);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.longest, BOUND_REFUSAL_TEXT);
}

static void
text_of_a_notice_is_told_from_replies(void **state)
{
	static const struct {
		const char *text;
		bool is_notice;
	} rows[] = {
		{ "550 5.1.1 one\n550 could not be delivered", false },
		{ "host mx.test[192.0.2.1] said: 550 no\n\nmail delivery failed", false },
		{ "This is the mail system at host a.test.\n\n<x@p.test>: 550 no", true },
		{ "550 no\nFinal-Recipient: rfc822; x@p.test", true },
		{ "I'm sorry. Your message could\nnot be delivered", true },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++)
		if (text_is_notice(span_of(rows[i].text)) != rows[i].is_notice)
			fail_msg("%s", rows[i].text);
}

/* Counting. */

static void
groups_count_what_is_of_one_kind(void **state)
{
	static const char *const texts[] = { "550 5.9.1 no 17", "550 mail was refused here",
					     "550 5.9.1 no 18", "550 Mail was REFUSED here",
					     "550 5.9.2 no 17", "550 5.9.1 no 1" };
	struct catalogue *catalogue = good_catalogue(ranks);
	struct refusal_groups groups;

	(void)state;
	assert_true(groups_init(&groups));
	for (size_t i = 0; i < ROWS(texts); i++) {
		char copy[60];
		struct refusal refusal;
		struct recognition known;

		(void)snprintf(copy, sizeof copy, "%s", texts[i]);
		refusal = refusal_of_text(span_of(copy));
		known = recognize_at(catalogue, "", copy);
		groups_add(&groups, &refusal, &known);
		memset(copy, 'x', sizeof copy); /* nothing of it is kept */
	}
	assert_int_equal(groups_sort(&groups), 3);
	assert_int_equal(groups.items[0]->count, 3);
	assert_true(span_equals(groups.items[0]->refusal.text, span_of(texts[0])));
	assert_int_equal(groups.items[1]->count, 2);
	assert_string_equal(groups.items[1]->known.entry->name, "o-long");
	assert_int_equal(groups.items[2]->count, 1);
	groups_clear(&groups);
	catalogue_free(catalogue);
}

/* The servers of a kind, as people are told of them. */
static void
groups_tell_of_all_servers_of_a_kind(void **state)
{
	static const struct {
		const char *hosts[3];
		const char *told;
	} rows[] = {
		{ { "mx1.a.example", "MX1.a.example", "mx1.a.example" }, "mx1.a.example" },
		{ { "mx1.a.example", "mx2.a.example", "" }, "mx1.a.example and other servers of a.example" },
		{ { "mx1.in.a.example", "mx2.in.A.example", "mx3.a.example" },
		  "mx1.in.a.example and other servers of a.example" },
		{ { "a.example", "mx.a.example", "a.example" }, "a.example and other servers of a.example" },
		{ { "mx.a.example", "mx.xa.example", "mx.a.example" }, "mx.a.example and other servers" },
		{ { "mx.b.example", "mx.a.example", "mx.b.example" }, "mx.b.example and other servers" },
		{ { "mx.a.co.uk", "mx.b.co.uk", "mx.a.co.uk" }, "mx.a.co.uk and other servers" },
		{ { "", "mx.a.example", "" }, "" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		const struct refusal refusal = refusal_of_text(SPAN("no"));
		struct refusal_groups groups;
		char memory[400];
		struct strbuf told = STRBUF_OVER(memory);

		assert_true(groups_init(&groups));
		for (size_t j = 0; j < ROWS(rows[i].hosts); j++)
			groups_add(&groups, &refusal,
				   &(struct recognition){ .host = span_of(rows[i].hosts[j]) });
		refusal_add_servers(groups.items[0], &told);
		assert_string_equal(memory, rows[i].told);
		groups_clear(&groups);
	}
}

static void
groups_hold_no_more_kinds_than_their_bound(void **state)
{
	static char text[BOUND_REFUSAL_TEXT];
	struct refusal_groups groups;
	struct refusal refusal = refusal_of_text((struct span){ text, sizeof text });

	(void)state;
	assert_true(groups_init(&groups));
	refusal.sender = refusal.recipient = refusal.host = refusal.text;
	for (size_t i = 0; i < BOUND_REFUSAL_KINDS + 3; i++) {
		const struct recognition known = {
			.host = refusal.text, .codes = { .reply = 550, .enhanced = { 5, 9, (unsigned)i } }
		};

		groups_add(&groups, &refusal, &known);
	}
	assert_int_equal(groups_sort(&groups), BOUND_REFUSAL_KINDS);
	assert_int_equal(groups.beyond, 3);
	assert_false(groups.arena.has_failed);
	groups_clear(&groups);
}

/* Words. */

static void
refusal_tell_begins_with_the_answer(void **state)
{
	static const struct {
		const char *host, *text;
		enum refusal_status status;
	} rows[] = {
		{ "mx.o.test", "550-5.7.1 mail was refused here\n550 5.7.1 because of you", REFUSAL_REFUSED },
		{ "mx.q.test", "451 4.3.0 \x1b[31m try\xff later", REFUSAL_DEFERRED },
		{ "", "550 5.7.20 no", REFUSAL_STATUS_NONE },
		{ "", "go away", REFUSAL_EXPIRED },
	};
	struct catalogue *catalogue = good_catalogue(ranks);
	struct recognizer *recognizer = recognizer_new(catalogue);
	char *text = NULL;
	size_t size;
	struct output out = { .file = open_memstream(&text, &size) };

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct refusal refusal = refusal_of_text(span_of(rows[i].text));
		struct recognition known;

		refusal.host = span_of(rows[i].host);
		refusal.status = rows[i].status;
		known = recognize(recognizer, &refusal);
		refusal_tell(&(struct refusal_group){ .refusal = refusal,
						      .known = known,
						      .count = 1 + 36 * (i == 0) },
			     NULL, &out);
		output_put(&out, "\n");
	}
	(void)fclose(out.file);
	golden_compare("why", text);
	free(text);
	recognizer_free(recognizer);
	catalogue_free(catalogue);
}

static void
refusal_words_say_something_of_every_code(void **state)
{
	(void)state;
	for (int word = 0; word <= CODE_WORDS; word++) {
		const struct recognition known = { .word = (enum code_word)word };

		assert_true(strlen(refusal_meaning(&known)) > 20);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refusals_tell_what_is_wrong_and_what_was_expected),
		cmocka_unit_test(refusals_words_of_settings_are_not_theirs),
		cmocka_unit_test(refusals_of_one_name_the_last_one_counts),
		cmocka_unit_test(normal_joins_lines_and_leaves_their_codes_out),
		cmocka_unit_test(normal_blots_mail_addresses_out),
		cmocka_unit_test(codes_are_found_where_codes_stand),
		cmocka_unit_test(automaton_finds_all_words_in_one_pass),
		cmocka_unit_test(place_is_own_at_words_and_in_names_as_a_part_of_one),
		cmocka_unit_test(place_is_denied_by_the_words_before_it),
		cmocka_unit_test(recognize_chooses_by_rank),
		cmocka_unit_test(recognize_knows_who_refused),
		cmocka_unit_test(recognize_believes_no_denied_and_no_foreign_words),
		cmocka_unit_test(recognize_prefers_what_names_a_reason),
		cmocka_unit_test(recognize_tells_no_more_than_the_codes_bear),
		cmocka_unit_test(recognize_calls_no_deferral_permanent_that_only_words_do),
		cmocka_unit_test(recognize_learns_from_samples),
		cmocka_unit_test(recognize_believes_samples_against_few_words_of_anybody),
		cmocka_unit_test(recognize_learns_for_all_threads),
		cmocka_unit_test(recognize_learns_from_examples),
		cmocka_unit_test(features_are_bounded_and_each_once),
		cmocka_unit_test(recognize_reads_the_gist_of_unknown_words),
		cmocka_unit_test(recognize_prefers_the_gist_to_few_words_of_anybody),
		cmocka_unit_test(recognize_tells_what_the_stage_bears),
		cmocka_unit_test(named_server_is_one_that_a_program_named),
		cmocka_unit_test(named_signer_stands_in_brackets_at_the_end),
		cmocka_unit_test(recognize_knows_when_no_recipient_can_be_meant),
		cmocka_unit_test(normal_words_are_those_of_sentences),
		cmocka_unit_test(recognize_examples_tells_which_are_not_recognized),
		cmocka_unit_test(stage_is_that_of_the_command_that_is_named_last),
		cmocka_unit_test(text_read_keeps_lines_together_that_belong_together),
		cmocka_unit_test(text_read_holds_no_more_than_its_bound),
		cmocka_unit_test(text_of_a_notice_is_told_from_replies),
		cmocka_unit_test(groups_count_what_is_of_one_kind),
		cmocka_unit_test(groups_tell_of_all_servers_of_a_kind),
		cmocka_unit_test(groups_hold_no_more_kinds_than_their_bound),
		cmocka_unit_test(refusal_tell_begins_with_the_answer),
		cmocka_unit_test(refusal_words_say_something_of_every_code),
	};

	return cmocka_run_group_tests_name("refusals", tests, NULL, NULL);
}
