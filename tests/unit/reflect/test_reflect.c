/* reflect: who is answered at a test address, how often, and that nobody can make more of it. */
#include "unit.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "heloscope/reflect/answer.h"
#include "heloscope/reflect/judge.h"
#include "heloscope/reflect/limits.h"

static const char *ids[] = { "mx.test" };
static const struct text_set own_ids = { ids, 1 };

#define OWN "test@in.test"
#define RECEIVED                                                                                             \
	"from x (x [192.0.2.1])\n\tby mx.test (Postfix) with ESMTP id ABC123\n\tfor <test@in.test>; date"

/* A message that is answered but for `name: value`, which replaces From when it is one. */
static void
make_letter(struct letter *letter, const char *name, const char *value)
{
	memset(letter, 0, sizeof *letter);
	letter->own_ids = &own_ids;
	letter_field(letter, SPAN("Authentication-Results"), SPAN("mx.test; spf=pass"));
	letter_field(letter, SPAN("Received"), SPAN(RECEIVED));
	if (strcasecmp(name, "From") != 0)
		letter_field(letter, SPAN("From"), SPAN("A <a.b+c@one.test>"));
	letter_field(letter, span_of(name), span_of(value));
	letter_field(letter, SPAN("Message-ID"), SPAN("<1@one.test>"));
}

/* RFC 3834, 2; RFC 5230, 4.6. */
static void
letter_is_not_answered_for_what_its_header_says(void **state)
{
	static const struct {
		const char *name, *value;
		enum silence expected;
	} table[] = {
		{ "Subject", "hello", SILENCE_NONE },
		{ "Auto-Submitted", " no (really)", SILENCE_NONE },
		{ "Precedence", "normal", SILENCE_NONE },
		{ "Content-Type", "multipart/mixed; boundary=x", SILENCE_NONE },
		{ "Return-Path", "<a@one.test>", SILENCE_NONE },
		{ "Auto-Submitted", "auto-replied", SILENCE_AUTOMATIC },
		{ "auto-submitted", "AUTO-GENERATED; x", SILENCE_AUTOMATIC },
		{ "Auto-Submitted", "", SILENCE_AUTOMATIC },
		{ "Auto-Submitted", "nothing", SILENCE_AUTOMATIC },
		{ "Precedence", "bulk", SILENCE_BULK },
		{ "Precedence", "List", SILENCE_BULK },
		{ "Precedence", "junk", SILENCE_BULK },
		{ "List-Id", "<l.one.test>", SILENCE_LIST },
		{ "List-Unsubscribe ", "<https://one.test/>", SILENCE_LIST },
		{ "Content-Type", "Multipart/Report; report-type=x", SILENCE_REPORT },
		{ "Content-Type", "\n (c) multipart/report", SILENCE_REPORT },
		{ "Return-Path", " <>", SILENCE_NULL_SENDER },
		{ "X-Loop", "x", SILENCE_LOOP },
		{ "X-Auto-Response-Suppress", "All", SILENCE_LOOP },
		{ "From", "a@one.test, b@one.test", SILENCE_AUTHOR },
		{ "From", "a@one.test, b@two.test", SILENCE_AUTHOR },
		{ "From", "", SILENCE_AUTHOR },
		{ "From", "\"a b\"@one.test", SILENCE_ADDRESS },
		{ "From", "-oQ/tmp@one.test", SILENCE_ADDRESS },
		{ "From", "|sh@one.test", SILENCE_ADDRESS },
		{ "From", "/etc/x@one.test", SILENCE_ADDRESS },
		{ "From", "a%two.test@one.test", SILENCE_ADDRESS },
		{ "From", "two.test!a@one.test", SILENCE_ADDRESS },
		{ "From", "\xc3\xa9@one.test", SILENCE_ADDRESS },
		{ "From", "Test <TEST@in.test>", SILENCE_ITSELF },
		{ "From", "MAILER-DAEMON@one.test", SILENCE_ROBOT },
		{ "From", "postmaster@one.test", SILENCE_ROBOT },
		{ "From", "no-reply-7@one.test", SILENCE_ROBOT },
		{ "From", "list-request@one.test", SILENCE_ROBOT },
		{ "From", "owner-list@one.test", SILENCE_ROBOT },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		struct letter letter;

		make_letter(&letter, table[i].name, table[i].value);
		if (judge_letter(&letter, OWN) != table[i].expected)
			fail_msg("%s: %s: %s", table[i].name, table[i].value,
				 silence_words(judge_letter(&letter, OWN)));
	}
}

static void
letter_of_two_authors_or_unseen_by_the_filter_is_not_answered(void **state)
{
	struct letter letter;

	(void)state;
	make_letter(&letter, "Subject", "x");
	letter_field(&letter, SPAN("From"), SPAN("a@one.test"));
	assert_int_equal(judge_letter(&letter, OWN), SILENCE_AUTHOR);
	memset(&letter, 0, sizeof letter);
	letter.own_ids = &own_ids;
	letter_field(&letter, SPAN("From"), SPAN("a@one.test"));
	letter_field(&letter, SPAN("Authentication-Results"), SPAN("mx.other.test; spf=pass"));
	assert_int_equal(judge_letter(&letter, OWN), SILENCE_UNSEEN);
	letter_field(&letter, SPAN("Authentication-Results"), SPAN("mx.test; spf=pass"));
	assert_int_equal(judge_letter(&letter, OWN), SILENCE_QUEUE_ID);
}

/* A client says HELO, its certificate's name and the recipient; only the line that begins with "by" counts,
 * of the first field. */
static void
letter_takes_the_queue_id_from_the_line_of_the_mta(void **state)
{
	static const struct {
		const char *value, *expected;
	} table[] = {
		{ RECEIVED, "ABC123" },
		{ "from by x id FORGED (y\n\t[192.0.2.1])\n\tby mx.test (Postfix) with ESMTPS id 4Zx1-2_a.b; date",
		  "4Zx1-2_a.b" },
		{ "from x by mx.test with ESMTP id FORGED; date", "" },
		{ "by mx.test (Postfix, from userid 0)\n\tid ABC; date", "" },
		{ "from x\n\tby mx.test with ESMTP id \"A B\"; date", "" },
		{ "from x\n\tby mx.test\n\tfor <a id FORGED@in.test>; date", "" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		struct letter letter = { .own_ids = &own_ids };

		letter_field(&letter, SPAN("Received"), span_of(table[i].value));
		letter_field(&letter, SPAN("Received"), SPAN("from x\n\tby mx.test id FORGED2; date"));
		assert_string_equal(letter.queue_id, table[i].expected);
	}
}

/* By the square of its length each of these takes minutes. */
static void
letter_goes_over_a_field_once(void **state)
{
	enum { MOST_S = 60, LENGTH = 4000000 };
	static const char *const parts[] = { " ", "\n", "\n ", "\n by", "<" };
	struct letter letter = { .own_ids = &own_ids };
	char *value = malloc(LENGTH);

	(void)state;
	assert_non_null(value);
	(void)alarm(MOST_S);
	for (size_t i = 0; i < ROWS(parts); i++) {
		for (size_t at = 0; at < LENGTH; at++)
			value[at] = parts[i][at % strlen(parts[i])];
		letter.has_received = false;
		letter_field(&letter, SPAN("Received"), (struct span){ value, LENGTH });
		assert_string_equal(letter.queue_id, "");
	}
	(void)alarm(0);
	free(value);
}

static void
letter_repeats_only_a_message_id_that_is_one(void **state)
{
	static const struct {
		const char *value, *expected;
	} table[] = {
		{ " <1.a@one.test>", "<1.a@one.test>" },
		{ "<1@one.test>\n Bcc: x@two.test", "<1@one.test>" },
		{ "1@one.test", "" },
		{ "<1@one\x01.test>", "" },
		{ "<a<b@one.test>", "" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		struct letter letter = { .own_ids = &own_ids };

		letter_field(&letter, SPAN("Message-ID"), span_of(table[i].value));
		assert_string_equal(letter.message_id, table[i].expected);
	}
}

/* A record. */

static struct facts facts;
static struct dkim_finding signature;
static struct message_record record;

/* SPF passes for one.test; the author was recorded. */
static void
make_record(void)
{
	memset(&facts, 0, sizeof facts);
	memset(&signature, 0, sizeof signature);
	facts.sender.mailbox.form = MAILBOX_ADDRESS;
	facts.results[METHOD_SPF] = RESULT_PASS;
	facts.spf[SPF_MAILFROM].domain = "bounces.one.test";
	facts.author.finding = AUTHOR_ONE;
	facts.author.domain = "one.test";
	facts.dkim.signatures = &signature;
	signature.domain = "";
	record = (struct message_record){ .ident = "20261128T000000Z-000000000000",
					  .queue_id = "ABC123",
					  .facts = &facts };
}

static enum silence
judge(void)
{
	struct letter letter;

	make_letter(&letter, "X-Heloscope", "id=20261128T000000Z-000000000000; audit=reject");
	return judge_record(&letter, &record);
}

static void
record_shows_who_is_answered(void **state)
{
	(void)state;
	make_record();
	assert_int_equal(judge(), SILENCE_NONE);
	facts.spf[SPF_MAILFROM].domain = "two.test";
	assert_int_equal(judge(), SILENCE_UNAUTHENTICATED);
	facts.dkim.count = 1;
	signature.result = RESULT_PASS;
	signature.domain = "two.test";
	assert_int_equal(judge(), SILENCE_UNAUTHENTICATED);
	signature.domain = "mail.one.test";
	assert_int_equal(judge(), SILENCE_NONE);
	signature.result = RESULT_FAIL;
	assert_int_equal(judge(), SILENCE_UNAUTHENTICATED);
}

/* RFC 9989, 4.4: strict alignment is known to that check alone. */
static void
record_of_dmarc_counts_more_than_alignment_by_organization(void **state)
{
	(void)state;
	make_record();
	facts.results[METHOD_DMARC] = RESULT_FAIL;
	assert_int_equal(judge(), SILENCE_UNAUTHENTICATED);
	facts.results[METHOD_DMARC] = RESULT_NONE;
	assert_int_equal(judge(), SILENCE_NONE);
	facts.results[METHOD_SPF] = RESULT_FAIL;
	facts.results[METHOD_DMARC] = RESULT_PASS;
	assert_int_equal(judge(), SILENCE_NONE);
}

static void
record_must_be_that_of_the_message(void **state)
{
	struct facts other;

	(void)state;
	make_record();
	record.queue_id = "ABC124";
	assert_int_equal(judge(), SILENCE_NO_RECORD);
	make_record();
	record.ident = "20261128T000000Z-000000000001";
	assert_int_equal(judge(), SILENCE_OTHER_REFERENCE);
	make_record();
	facts.author.domain = "two.test";
	assert_int_equal(judge(), SILENCE_OTHER_AUTHOR);
	facts.author.finding = AUTHOR_SEVERAL_DOMAINS;
	assert_int_equal(judge(), SILENCE_OTHER_AUTHOR);
	facts.author.finding = AUTHOR_UNCHECKED; /* SPF alone */
	assert_int_equal(judge(), SILENCE_NONE);
	make_record();
	facts.sender.mailbox.form = MAILBOX_NULL;
	assert_int_equal(judge(), SILENCE_NULL_SENDER);
	make_record();
	other = facts; /* another reading of the sender, which does not pass */
	other.results[METHOD_SPF] = RESULT_FAIL;
	facts.other = &other;
	assert_int_equal(judge(), SILENCE_UNAUTHENTICATED);
}

/* Limits. */

static char folder[] = "/tmp/heloscope-reflect.XXXXXX", path[64];

static int
make_folder(void **state)
{
	(void)state;
	memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
	if (mkdtemp(folder) == NULL)
		return 1;
	(void)snprintf(path, sizeof path, "%s/state", folder);
	return 0;
}

static int
remove_folder(void **state)
{
	char lock[80];

	(void)state;
	(void)snprintf(lock, sizeof lock, "%s.lock", path);
	(void)unlink(path);
	(void)unlink(lock);
	return rmdir(folder);
}

static void
limits_allow_one_answer_an_hour(void **state)
{
	struct error error;

	(void)state;
	assert_int_equal(limits_take(path, "a@one.test", 9, 100000, &error), LIMITS_TAKEN);
	assert_int_equal(limits_take(path, "A@ONE.test", 9, 100000, &error), LIMITS_ADDRESS);
	assert_int_equal(limits_take(path, "b@one.test", 9, 100000, &error), LIMITS_TAKEN);
	assert_int_equal(limits_take(path, "a@one.test", 9, 103599, &error), LIMITS_ADDRESS);
	assert_int_equal(limits_take(path, "a@one.test", 9, 103600, &error), LIMITS_TAKEN);
	assert_int_equal(limits_take(path, "a@one.test", 9, 50000, &error), LIMITS_ADDRESS); /* set back */
}

static void
limits_allow_so_many_in_all_and_keep_no_more(void **state)
{
	struct error error;
	struct stat status;
	char address[20];

	(void)state;
	for (unsigned i = 0; i < LIMITS_MAX + 10; i++) {
		(void)snprintf(address, sizeof address, "a%u@one.test", i);
		assert_int_equal(limits_take(path, address, LIMITS_MAX, 100000, &error),
				 i < LIMITS_MAX ? LIMITS_TAKEN : LIMITS_ALL);
	}
	assert_int_equal(stat(path, &status), 0);
	assert_true(status.st_size < LIMITS_MAX * 40);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(limits_take(path, "z@one.test", 2, 200000, &error), LIMITS_TAKEN);
	assert_int_equal(limits_take(path, "y@one.test", 2, 200000, &error), LIMITS_TAKEN);
	assert_int_equal(limits_take(path, "x@one.test", 2, 200000, &error), LIMITS_ALL);
	assert_true(limits_give_back(path, "Y@one.test", 200000, &error));
	assert_int_equal(limits_take(path, "x@one.test", 2, 200000, &error), LIMITS_TAKEN);
}

static void
limits_hold_no_address(void **state)
{
	char octets[400] = "";
	struct error error;
	FILE *file;

	(void)state;
	assert_int_equal(limits_take(path, "stranger@one.test", 9, 100000, &error), LIMITS_TAKEN);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_true(fread(octets, 1, sizeof octets - 1, file) > 0);
	(void)fclose(file);
	assert_null(strstr(octets, "stranger"));
}

static void
limits_that_cannot_be_kept_allow_nothing(void **state)
{
	struct error error;

	(void)state;
	assert_int_equal(limits_take("/nonexistent/state", "a@one.test", 9, 100000, &error), LIMITS_FAULT);
	assert_non_null(strstr(error.text, "/nonexistent/state"));
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_int_equal(limits_take(path, "a@one.test", 9, 100000, &error), LIMITS_FAULT);
}

/* RFC 2045, 6.7. */
static void
answer_is_quoted_printable(void **state)
{
	char *text = NULL, octets[2000];
	size_t length = 0;
	struct output out = { .file = open_memstream(&text, &length) };

	(void)state;
	reflect_put_quoted(SPAN("From a=b \n.\n\xc3\xa9\\ c\n"), &out);
	assert_true(output_flush(&out));
	assert_string_equal(text, "=46rom a=3Db=20\n=2E\n=C3=A9=5C c\n");
	for (size_t i = 0; i < sizeof octets; i++)
		octets[i] = "xF \xc3y."[i * i % 6];
	reflect_put_quoted((struct span){ octets, sizeof octets }, &out);
	assert_true(output_close(&out));
	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
		assert_true(strlen(line) <= 76);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(letter_is_not_answered_for_what_its_header_says),
		cmocka_unit_test(letter_of_two_authors_or_unseen_by_the_filter_is_not_answered),
		cmocka_unit_test(letter_takes_the_queue_id_from_the_line_of_the_mta),
		cmocka_unit_test(letter_goes_over_a_field_once),
		cmocka_unit_test(letter_repeats_only_a_message_id_that_is_one),
		cmocka_unit_test(record_shows_who_is_answered),
		cmocka_unit_test(record_of_dmarc_counts_more_than_alignment_by_organization),
		cmocka_unit_test(record_must_be_that_of_the_message),
		cmocka_unit_test_setup_teardown(limits_allow_one_answer_an_hour, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(limits_allow_so_many_in_all_and_keep_no_more, make_folder,
						remove_folder),
		cmocka_unit_test_setup_teardown(limits_hold_no_address, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(limits_that_cannot_be_kept_allow_nothing, make_folder,
						remove_folder),
		cmocka_unit_test(answer_is_quoted_printable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
