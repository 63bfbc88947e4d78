/* bounces: what servers write about mail that was not delivered, read out of their messages. */
#include "unit.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "heloscope/base/bounds.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/mails/given.h"
#include "heloscope/mails/mail_kind.h"
#include "heloscope/mails/mbox.h"
#include "heloscope/mails/message.h"

/* What was told: "SENDER>RECIPIENT HOST[ADDRESS] STAGE CODE STATUS|TEXT" and a line end for each. */
struct told {
	char memory[65536];
	struct strbuf text;
	size_t count;
	time_t time;
	unsigned long line;
};

static void
take_refusal(void *context, const struct refusal *refusal)
{
	struct told *told = context;
	char address[IPADDR_TEXT_SIZE] = "";
	const char *stage = refusal_stage_token(refusal->stage),
		   *status = refusal_status_token(refusal->status);

	if (refusal->address.length > 0)
		(void)ipaddr_format(&refusal->address, address);
	strbuf_add_span(&told->text, refusal->sender);
	strbuf_add(&told->text, ">");
	strbuf_add_span(&told->text, refusal->recipient);
	strbuf_add(&told->text, " ");
	strbuf_add_span(&told->text, refusal->host);
	strbuf_printf(&told->text, "[%s] %s %u.%u.%u %s|", address, stage != NULL ? stage : "-",
		      refusal->enhanced.class, refusal->enhanced.subject, refusal->enhanced.detail,
		      status != NULL ? status : "-");
	for (size_t i = 0; i < refusal->text.length; i++)
		strbuf_add_char(&told->text, refusal->text.at[i] == '\n' ? '~' : refusal->text.at[i]);
	strbuf_add(&told->text, "\n");
	told->count++;
	told->time = refusal->time;
	told->line = refusal->line;
}

static struct message_taker
taker_of(struct told *told)
{
	strbuf_init(&told->text, told->memory, sizeof told->memory);
	told->count = 0;
	told->line = 0;
	return (struct message_taker){
		.refusal = take_refusal, .context = told, .file = SPAN("x"), .line = 1, .is_alone = true
	};
}

/* A message of tests/fuzz/seeds/bounce, which the fuzzer begins with, too. */
static struct span
seed(const char *name, char *memory, size_t size)
{
	const char *folder = getenv("srcdir");
	char path[300];
	FILE *file;
	size_t length;

	(void)snprintf(path, sizeof path, "%s/tests/fuzz/seeds/bounce/%s", folder != NULL ? folder : "..",
		       name);
	file = fopen(path, "rb");
	assert_non_null(file);
	length = fread(memory, 1, size, file);
	(void)fclose(file);
	return (struct span){ memory, length };
}

/* RFC 3464; and what is written by servers that know nothing of it. */
static void
bounces_are_read_whoever_wrote_them(void **state)
{
	static const struct {
		const char *name, *expected;
	} table[] = {
		{ "courier",
		  "anna@a.example>bob@b.example mx.b.example[203.0.113.5] mail 0.0.0 refused|550 5.1.8 Sender domain does not exist\n" },
		{ "delayed",
		  "anna@a.example>bob@b.example mx.b.example[203.0.113.5] - 4.7.1 deferred|450 4.7.1 <bob@b.example>: Recipient address rejected: Greylisted\n"
		  "anna@a.example>carl@c.example [] - 2.0.0 delivered|250 2.0.0 Ok: queued\n" },
		{ "domino",
		  "anna@a.example>bob@b.example [] - 0.0.0 refused|User bob (bob@b.example) not listed in Domino Directory\n" },
		{ "exchange",
		  "anna@a.example>bob@b.example mx.b.example[] - 0.0.0 refused|550 5.7.509 Access denied, sending domain a.example does not pass DMARC verification and has a DMARC policy of reject.\n" },
		{ "exchange-old",
		  "anna@a.example>bob@b.example [] - 0.0.0 refused|550 5.7.1 <bob@b.example>... Relaying denied\n" },
		{ "exim",
		  "anna@a.example>bob@b.example mx.b.example[203.0.113.5] rcpt 0.0.0 refused|550-Verification failed for <anna@a.example>~    550 5.1.7 Sender verify failed\n"
		  "anna@a.example>carl@c.example mx.c.example[2001:db8::25] end-of-data 0.0.0 refused|554 5.7.1 Message rejected\n"
		  "anna@a.example>dora@d.example [] - 0.0.0 refused|retry timeout exceeded\n" },
		{ "exim-delay",
		  "anna@a.example>bob@b.example mx.b.example[203.0.113.5] - 0.0.0 deferred|451 4.7.1 Greylisting in action, please come back later\n" },
		{ "exim-dsn",
		  "anna@a.example>bob@b.example mx.b.example[203.0.113.5] greeting 5.0.0 refused|554-mx.b.example~554 Your access to this mail system has been rejected\n" },
		{ "forwarded", "anna@a.example>bob@b.example [] - 5.1.1 refused|550 5.1.1 unknown\n" },
		{ "gmail",
		  "anna@a.example>bob@b.example mx.b.example[203.0.113.5] - 0.0.0 refused|550 5.7.1 Command rejected\n" },
		{ "gmail-html",
		  "anna@a.example>bob@b.example [] - 0.0.0 refused|550 5.7.26 Unauthenticated email from a.example is not accepted\n" },
		{ "gmx",
		  "anna@a.example>bob@b.example mx.b.example[203.0.113.5] - 0.0.0 refused|554 5.7.1 Spam detected\n" },
		{ "inline",
		  "anna@a.example>bob@b.example mx.b.example[203.0.113.5] rcpt 0.0.0 refused|550 5.7.1 Client host~     rejected: cannot find your hostname, [192.0.2.7]\n" },
		{ "interscan",
		  "anna@a.example>bob@b.example [] - 0.0.0 refused|550 5.1.1 <bob@b.example> unknown\n" },
		{ "no-bounce", "" },
		{ "office365-html",
		  "anna@a.example>bob@b.example [] - 0.0.0 refused|550 5.7.1 Service unavailable, Client host [192.0.2.7] blocked using a list & more\n" },
		{ "opensmtpd",
		  "anna@a.example>bob@b.example [] - 0.0.0 refused|550 5.7.1 Message rejected: no reverse DNS\n" },
		{ "pasted",
		  "anna@a.example>bob@b.example [203.0.113.5] - 5.7.1 refused|550 5.7.1 Blocked. To request removal~from this list see https://b.example/delist\n" },
		{ "postfix",
		  "anna@a.example>bob@b.example mx.b.example[203.0.113.5] end-of-data 5.7.26 refused|550-5.7.26 This mail has been blocked because the sender~is unauthenticated. 550 5.7.26 SPF did not pass\n"
		  "anna@a.example>carl@c.example mx.c.example[203.0.113.9] connect 4.4.1 expired|connect to mx.c.example[203.0.113.9]:25: Connection~timed out\n" },
		{ "qmail",
		  "anna@a.example>bob@b.example [203.0.113.5] - 0.0.0 refused|550 5.7.1 <bob@b.example>: Service unavailable; client host is listed\n"
		  "anna@a.example>carl@c.example [] - 0.0.0 refused|Sorry, I couldn't find any host named c.example. (#5.1.2)\n"
		  "anna@a.example>dora@d.example [] - 0.0.0 refused|554 HELO refused~I'm not going to try again; this message has been in the queue too long.\n" },
		{ "sendmail",
		  "anna@a.example>bob@b.example mx.b.example[] data 5.7.1 refused|550-5.7.1 Mail refused~550-5.7.1 because the client has no reverse DNS.~550 5.7.1 See https://b.example/ptr\n" },
		{ "sendmail-two",
		  "anna@a.example>bob@b.example mx.b.example[] rcpt 0.0.0 refused|550 5.1.1 bob is unknown\n"
		  "anna@a.example>carl@b.example mx.b.example[] rcpt 0.0.0 refused|552 5.2.2 carl is full\n" },
		{ "sun",
		  "anna@a.example>bob@b.example [] - 0.0.0 refused|550 5.1.1 unknown or illegal alias: bob@b.example\n" },
		{ "workmail",
		  "anna@a.example>bob@b.example [] - 5.1.1 refused|550 5.1.1 <bob@b.example>... User Unknown\n" },
		{ "x6", "anna@a.example>bob@b.example [] - 0.0.0 refused|550 5.1.1 User unknown\n" },
		{ "yahoo",
		  "anna@a.example>bob@b.example [] - 0.0.0 refused|550 5.1.1 <bob@b.example>... User Unknown~[RCPT_TO]\n" },
		{ "zoho",
		  "anna@a.example>bob@b.example [] - 0.0.0 refused|Invalid Address, ERROR_CODE :550, ERROR_CODE :5.1.1 <bob@b.example> unknown\n" },
	};
	static char memory[65536];
	struct told *told = malloc(sizeof *told);

	(void)state;
	assert_non_null(told);
	for (size_t i = 0; i < ROWS(table); i++) {
		const struct span message = seed(table[i].name, memory, sizeof memory);
		const struct message_taker taker = taker_of(told);
		size_t count;

		count = mail_kind_of(message) == MAIL_KIND_MESSAGE ? message_read(message, &taker)
								   : message_read_text(message, &taker);
		if (strcmp(told->text.text, table[i].expected) != 0)
			print_error("%s:\n", table[i].name);
		assert_string_equal(told->text.text, table[i].expected);
		assert_int_equal(count, told->count);
	}
	free(told);
}

/* What somebody has copied: a line, or some, with or without what stands around. */
static void
text_of_a_notice_is_read(void **state)
{
	static const struct {
		const char *text, *expected;
	} table[] = {
		{ "550 5.7.1 no", "" },
		{ "Diagnostic-Code: Connection timed out", "> [] - 0.0.0 -|Connection timed out\n" },
		{ "Diagnostic-Code: smtp; 220-mx 421 4.2.1 wait", "> [] - 0.0.0 -|421 4.2.1 wait\n" },
		{ "Diagnostic-Code: smtp; host mx.b.example[192.0.2.1] said: 550 no (in reply to MAIL FROM command)",
		  "> mx.b.example[192.0.2.1] mail 0.0.0 -|550 no\n" },
		{ "<b@b.example>: host mx.b.example [192.0.2.1]\n SMTP error from remote mail server after EHLO a.example:\n 550 Rejected",
		  ">b@b.example mx.b.example[192.0.2.1] helo 0.0.0 -|550 Rejected\n" },
		{ "<b@b.example>: (host mx.b.example[192.0.2.1] refused to talk to me: 554 no",
		  ">b@b.example mx.b.example[192.0.2.1] greeting 0.0.0 -|554 no\n" },
		{ "<b@b.example>: lost connection with mx.b.example[2001:db8::1] while sending end of data -- message may be sent more than once",
		  ">b@b.example mx.b.example[2001:db8::1] end-of-data 0.0.0 -|lost connection with mx.b.example[2001:db8::1] while sending end of data -- message may be sent more than once\n" },
		{ "<b@b.example>: lost connection with mx.b.example[2001:db8::1] while sending RCPT TO",
		  ">b@b.example mx.b.example[2001:db8::1] rcpt 0.0.0 -|lost connection with mx.b.example[2001:db8::1] while sending RCPT TO\n" },
		{ "Diagnostic-Code: smtp; 5.1.0 - Unknown address error 550-'5.7.1 blocked' (delivery attempts: 0)",
		  "> [] - 0.0.0 -|550-'5.7.1 blocked' (delivery attempts: 0)\n" },
		{ "Diagnostic-Code: smtp; 5.1.0 - Unknown address error 5x50-'blocked'",
		  "> [] - 0.0.0 -|5.1.0 - Unknown address error 5x50-'blocked'\n" },
		{ "Diagnostic-Code: smtp; 550 5.1.0 it is no - 'no'",
		  "> [] - 0.0.0 -|550 5.1.0 it is no - 'no'\n" },
		{ "Diagnostic-Code: smtp; host mx.a.example [192.0.2.7] is blocked: ask us",
		  "> [] - 0.0.0 -|host mx.a.example [192.0.2.7] is blocked: ask us\n" },
		{ "> > b@b.example:\n> > Remote host said: 421 later\n> > Giving up on 192.0.2.1.",
		  ">b@b.example [192.0.2.1] - 0.0.0 -|421 later\n" },
		{ "hello", "" },
		{ "", "" },
	};
	struct told *told = malloc(sizeof *told);

	(void)state;
	assert_non_null(told);
	for (size_t i = 0; i < ROWS(table); i++) {
		const struct message_taker taker = taker_of(told);

		const size_t count = message_read_text(span_of(table[i].text), &taker);

		if (strcmp(told->text.text, table[i].expected) != 0)
			print_error("%s:\n", table[i].text);
		assert_string_equal(told->text.text, table[i].expected);
		assert_int_equal(count, told->count);
	}
	free(told);
}

/* RFC 3464, 2.2.3 and 2.3.7; RFC 5322, 3.3. */
static void
bounce_has_its_time_and_place(void **state)
{
	static char memory[65536];
	struct told *told = malloc(sizeof *told);
	struct message_taker taker;

	(void)state;
	assert_non_null(told);
	taker = taker_of(told);
	taker.line = 7;
	assert_int_equal(message_read(seed("sendmail", memory, sizeof memory), &taker), 1);
	assert_int_equal(told->time, 1795514400); /* Last-Attempt-Date */
	assert_int_equal(told->line, 7);
	assert_int_equal(message_read(seed("gmail", memory, sizeof memory), &taker), 1);
	assert_int_equal(told->time, 1795514400); /* Date, in another zone */
	free(told);
}

/* An mbox, in pieces of any size: messages are told apart, and whose is not of interest is passed over. */
static void
mbox_tells_its_messages_wherever_it_is_cut(void **state)
{
	static const char *const names[] = { "no-bounce", "postfix", "inline", "qmail" };
	static char memory[65536], message[65536];
	struct told *told = malloc(sizeof *told);
	struct strbuf all;
	char whole[4096] = "";

	(void)state;
	assert_non_null(told);
	strbuf_init(&all, memory, sizeof memory);
	for (size_t i = 0; i < ROWS(names); i++) {
		strbuf_add(&all, "From MAILER-DAEMON Tue Nov 24 10:00:00 2026\r\n");
		strbuf_add_span(&all, seed(names[i], message, sizeof message));
		strbuf_add(&all, "\nFrom here on it goes on\n\n");
	}
	assert_int_equal(mail_kind_of((struct span){ all.text, all.length }), MAIL_KIND_MBOX);
	for (size_t size = all.length; size > 0; size /= 7) {
		const struct message_taker taker = taker_of(told);
		struct span rest = { all.text, all.length };
		struct mbox mbox;

		mbox_init(&mbox, true, &taker);
		for (; rest.length > 0; rest = span_from(rest, size))
			mbox_add(&mbox, (struct span){ rest.at, size < rest.length ? size : rest.length });
		assert_int_equal(mbox_finish(&mbox), 6);
		assert_int_equal(mbox.messages, 4);
		mbox_clear(&mbox);
		if (size == all.length)
			(void)snprintf(whole, sizeof whole, "%s", told->text.text);
		assert_string_equal(told->text.text, whole);
	}
	free(told);
}

static void
mail_kind_is_told_by_the_beginning(void **state)
{
	static const struct {
		const char *text;
		enum mail_kind kind;
	} table[] = {
		{ "From x Tue Nov 24 10:00:00 2026\nFrom: a\nTo: b\n", MAIL_KIND_MBOX },
		{ "Received: a\n b\nX-A: c\nSubject: d\n", MAIL_KIND_MESSAGE },
		{ "\n\nReceived: a\n b\nSubject: d\n", MAIL_KIND_MESSAGE },
		{ "Subject: d\n\nTo: somebody", MAIL_KIND_NONE },
		{ "Nov 24 10:00:00 mail postfix/smtp[1]: x: to=<b@b.example>", MAIL_KIND_NONE },
		{ "<b@b.example>: host mx said: 550 feedback", MAIL_KIND_NONE },
		{ "<?xml version=\"1.0\"?>\n<feedback>", MAIL_KIND_AGGREGATE },
		{ "\xef\xbb\xbf<n:feedback xmlns:n=\"urn:ietf:params:xml:ns:dmarc-2.0\">",
		  MAIL_KIND_AGGREGATE },
		{ "{\"organization-name\":\"B\",\"policies\":[]}", MAIL_KIND_TLS_REPORT },
		{ "{\"a\":1}", MAIL_KIND_NONE },
		{ "550 5.7.1 no", MAIL_KIND_NONE },
		{ "", MAIL_KIND_NONE },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++)
		assert_int_equal(mail_kind_of(span_of(table[i].text)), table[i].kind);
}

static void
write_file(const char *directory, const char *name, struct span octets)
{
	char path[300];
	FILE *file;

	(void)snprintf(path, sizeof path, "%s/%s", directory, name);
	file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(octets.at, 1, octets.length, file), octets.length);
	assert_int_equal(fclose(file), 0);
}

static void
remove_file(const char *directory, const char *name)
{
	char path[300];

	(void)snprintf(path, sizeof path, "%s/%s", directory, name);
	assert_int_equal(remove(path), 0);
}

static void
make_directory(const char *directory, const char *name)
{
	char path[300];

	(void)snprintf(path, sizeof path, "%s/%s", directory, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static void
take_fault(void *context, struct span file, const char *reason)
{
	struct told *told = context;

	strbuf_add_span(&told->text, span_from(file, file.length > 3 ? file.length - 3 : 0));
	strbuf_printf(&told->text, ": %s\n", reason);
}

/* Words of a refusal are "full" here. */
static bool
take_words(void *context, const struct refusal *refusal)
{
	struct told *told = context;

	if (memmem(refusal->text.at, refusal->text.length, "full", 4) == NULL)
		return false;
	take_refusal(told, refusal);
	return true;
}

/* Read a file with such octets. Returns whether that went well; `told` takes what was told. */
static bool
read_given(struct span octets, struct told *told)
{
	char path[] = "/tmp/heloscope-given-XXXXXX";
	const int fd = mkstemp(path);
	struct expansion expansion = expansion_of_run();
	const struct given_taker taker = { .refusal = take_refusal,
					   .words = take_words,
					   .fault = take_fault,
					   .context = told,
					   .expansion = &expansion };
	bool is_read;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, octets.at, octets.length), octets.length);
	(void)close(fd);
	(void)taker_of(told);
	is_read = given_read(path, &taker);
	(void)unlink(path);
	return is_read;
}

/* Text that is anything else is not taken for refusals that nobody knows. */
static void
given_tells_what_is_no_refusal(void **state)
{
	static const struct {
		const char *octets;
		const char *told; /* or the beginning of a fault, behind the file's name */
		bool is_read;
	} rows[] = {
		{ "550 no\n", "> [] - 0.0.0 -|550 no\n", true },
		{ "5.7.1 no\n", "> [] - 0.0.0 -|5.7.1 no\n", true },
		{ "It is full.\n", "> [] - 0.0.0 -|It is full.\n", true },
		{ "Hello,\n\n550 no\n\nWhy?\n", "> [] - 0.0.0 -|550 no\n", true },
		{ "Hello,\n\nit is full.\n\nWhy?\n", "> [] - 0.0.0 -|it is full.\n", true },
		{ "Read me.\n\nThis is a program.\n", ": there is no refusal in it; expected a bounce",
		  false },
		{ "%PDF-1.4\n550 0 obj\n", ": it is not text; expected a bounce", false },
		{ "550 0\1\2\3\4\5\6\7\10\16", ": it is not text; expected a bounce", false },
		{ "550 0\1\2\3\4\5\6\7\10", "> [] - 0.0.0 -|550 0", true },
		{ "host mx.b.example[192.0.2.1] refused to talk to me: 554 no\n",
		  "> mx.b.example[192.0.2.1] greeting 0.0.0 -|554 no\n", true },
		{ "mx postfix/smtp[9]: 12345ABCDE: host mx.b.example[192.0.2.1] refused to talk to me: 554 no\n",
		  "> mx.b.example[192.0.2.1] greeting 0.0.0 -|554 no\n", true },
		{ "12345ABCDE: host mx.b.example[192.0.2.1] said: 554 no (in reply to RCPT TO command)\n",
		  "> mx.b.example[192.0.2.1] rcpt 0.0.0 -|554 no\n", true },
		{ "Error: Can't send - all recipients were rejected: 550 no\n", "> [] - 0.0.0 -|550 no\n",
		  true },
		{ "It does not understand the RCPT TO command. Reason: 550 no\n", "> [] - 0.0.0 -|550 no\n",
		  true },
		{ "smtp.b.example[192.0.2.1]: 550 no\n", "> [] - 0.0.0 -|smtp.b.example[192.0.2.1]: 550 no\n",
		  true },
		{ "550 rejected: host mx.b.example[192.0.2.1] said: 554 no\n",
		  "> [] - 0.0.0 -|550 rejected: host mx.b.example[192.0.2.1] said: 554 no\n", true },
		{ "12345ABCDE: reject: RCPT from x.example[192.0.2.9]: 550 no; from=<a@a.example> to=<b@b.example> "
		  "proto=ESMTP helo=<x>\n",
		  "> [] rcpt 0.0.0 -|550 no\n", true },
		{ "NOQUEUE: reject: RCPT from [192.0.2.9]:4711: 550 no; from=<a@a.example>, helo=<x>\n",
		  "> [] rcpt 0.0.0 -|550 no\n", true },
		{ "milter-reject: END-OF-MESSAGE from x.example[192.0.2.9]: 5.7.1 no; from=<a@a.example>\n",
		  "> [] end-of-data 0.0.0 -|5.7.1 no\n", true },
		{ "2026-11-29 10:03:28 H=x.example [192.0.2.9]:4711 F=<> rejected RCPT <b@b.example>: No.\n",
		  "> [] rcpt 0.0.0 -|No.\n", true },
		{ "H=x [192.0.2.9] F=<a@a.example> temporarily rejected after DATA: for \"Cc:\" no\n",
		  "> [] end-of-data 0.0.0 deferred|for \"Cc:\" no\n", true },
		{ "H=x [192.0.2.9] F=<> rejected RCPT <b@b.example>: No.\nH=x [192.0.2.9] F=<> rejected MAIL "
		  "<>: Nor you.\n",
		  "> [] rcpt 0.0.0 -|No.\n> [] mail 0.0.0 -|Nor you.\n", true },
		{ "H=x [192.0.2.9] F=<a@a.example> rejected it: 550 no\n",
		  "> [] - 0.0.0 -|H=x [192.0.2.9] F=<a@a.example> rejected it: 550 no\n", true },
		{ "550 I reject: mail from x.example\n", "> [] - 0.0.0 -|550 I reject: mail from x.example\n",
		  true },
		{ "delivery 7: failure: 192.0.2.1_does_not_like_recipient./Remote_host_said:_550_no_a/b/"
		  "Giving_up_on_192.0.2.1./\n",
		  "> [] - 0.0.0 -|550 no a/b\n", true },
		{ "\n \n", "", true },
	};
	struct told *told = malloc(sizeof *told);

	(void)state;
	assert_non_null(told);
	for (size_t i = 0; i < ROWS(rows); i++) {
		const bool is_read = read_given(span_of(rows[i].octets), told);
		const char *text = told->text.text + (is_read ? 0 : 3);

		if (is_read != rows[i].is_read || strncmp(text, rows[i].told, strlen(rows[i].told)) != 0)
			fail_msg("%s: %s", rows[i].octets, told->text.text);
	}
	free(told);
}

static void
given_finds_out_what_it_is(void **state)
{
	char directory[] = "/tmp/heloscope-given-XXXXXX", path[300];
	static char memory[65536];
	struct told *told = malloc(sizeof *told);
	struct expansion expansion = expansion_of_run();
	const struct given_taker taker = { .refusal = take_refusal,
					   .words = take_words,
					   .fault = take_fault,
					   .context = told,
					   .expansion = &expansion };

	(void)state;
	assert_non_null(told);
	assert_non_null(mkdtemp(directory));
	make_directory(directory, "new");
	make_directory(directory, "cur");
	make_directory(directory, "cur/x");
	write_file(directory, "new/1", seed("workmail", memory, sizeof memory));
	write_file(directory, "new/3", SPAN("Read me.\n"));
	write_file(directory, "new/2", seed("no-bounce", memory, sizeof memory));
	write_file(directory, "cur/3:2,S", seed("zoho", memory, sizeof memory));
	write_file(directory, "t", SPAN("Hello.\n\n<b@b.example>: 550 no\n"));
	write_file(directory, "l", SPAN("554 one\n\n550 two\n"));
	write_file(directory, "z", SPAN("\x1f\x8b\x08\0\0\0\0\0\0\3\xff\xff\xff\xff"));
	(void)taker_of(told);
	assert_true(given_read(directory, &taker));
	assert_int_equal(told->count, 2);
	(void)snprintf(path, sizeof path, "%s/t", directory);
	(void)taker_of(told);
	assert_true(given_read(path, &taker));
	assert_string_equal(told->text.text, ">b@b.example [] - 0.0.0 -|550 no\n");
	(void)snprintf(path, sizeof path, "%s/l", directory);
	(void)taker_of(told);
	assert_true(given_read(path, &taker));
	assert_string_equal(told->text.text, "> [] - 0.0.0 -|554 one\n> [] - 0.0.0 -|550 two\n");
	assert_int_equal(told->line, 3);
	(void)snprintf(path, sizeof path, "%s/z", directory);
	(void)taker_of(told);
	assert_false(given_read(path, &taker));
	assert_non_null(strstr(told->text.text, "damaged"));
	(void)snprintf(path, sizeof path, "%s/-", directory);
	(void)taker_of(told);
	assert_false(given_read(path, &taker));
	assert_non_null(strstr(told->text.text, "No such file"));
	for (size_t i = 0; i < 10; i++) {
		static const char *const names[] = { "new/1", "new/2", "new/3", "cur/3:2,S", "cur/x",
						     "t",     "l",     "z",     "new",       "cur" };

		remove_file(directory, names[i]);
	}
	assert_int_equal(rmdir(directory), 0);
	free(told);
}

/* Read a message whose middle is repeated so often. */
static size_t
read_repeated(const char *begin, const char *middle, size_t times, const char *end, struct told *told)
{
	const struct message_taker taker = taker_of(told);
	struct mbox mbox;
	size_t count;

	mbox_init(&mbox, false, &taker);
	mbox_add(&mbox, span_of(begin));
	for (size_t i = 0; i < times; i++)
		mbox_add(&mbox, span_of(middle));
	mbox_add(&mbox, span_of(end));
	count = mbox_finish(&mbox);
	assert_true(mbox.room <= BOUND_MAIL_OCTETS * 2U && mbox.length == 0);
	mbox_clear(&mbox);
	return count;
}

#define BOUNCE "From: MAILER-DAEMON@a.example\nSubject: failure\nMIME-Version: 1.0\n"
#define STATUS                                                                                               \
	"Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822;b@b.example\nAction: failed\nDiagnostic-Code: smtp; 550 no\n"

/* What is beyond the bounds is passed over, and what stands before it is read. */
static void
message_is_read_within_its_bounds(void **state)
{
	struct told *told = malloc(sizeof *told);
	static char line[1000001];

	(void)state;
	assert_non_null(told);
	/* BOUND_MAIL_OCTETS: a line without end, behind the report and before it. */
	memset(line, 'x', sizeof line - 1);
	assert_int_equal(read_repeated(BOUNCE STATUS "X: ", line, 18, "\n", told), 1);
	assert_int_equal(read_repeated(BOUNCE "Content-Type: multipart/mixed; boundary=b\n\n", line, 18,
				       "\n--b\n" STATUS, told),
			 0);
	/* BOUND_MAIL_LINES */
	assert_int_equal(read_repeated(BOUNCE "Content-Type: multipart/mixed; boundary=b\n\n--b\n" STATUS
					      "\n--b\n\n",
				       "\n", BOUND_MAIL_LINES, "--b--\n", told),
			 1);
	assert_int_equal(read_repeated(BOUNCE, "X:\n", BOUND_MAIL_LINES, STATUS, told), 0);
	/* BOUND_MAIL_PARTS */
	assert_int_equal(read_repeated(BOUNCE "Content-Type: multipart/mixed; boundary=b\n\n", "--b\n\nx\n",
				       BOUND_MAIL_PARTS - 2, "--b\n" STATUS "\n--b--\n", told),
			 1);
	assert_int_equal(read_repeated(BOUNCE "Content-Type: multipart/mixed; boundary=b\n\n", "--b\n\nx\n",
				       BOUND_MAIL_PARTS, "--b\n" STATUS "\n--b--\n", told),
			 0);
	/* BOUND_MAIL_DEPTH, of parts and of messages; far beyond it the stack holds, too. */
	assert_int_equal(read_repeated(BOUNCE, "Content-Type: multipart/mixed; boundary=b\n\n--b\n",
				       BOUND_MAIL_DEPTH - 1, STATUS, told),
			 1);
	assert_int_equal(read_repeated(BOUNCE, "Content-Type: multipart/mixed; boundary=b\n\n--b\n",
				       BOUND_MAIL_DEPTH, STATUS, told),
			 0);
	assert_int_equal(read_repeated("Subject: a\nTo: b\n", "Content-Type: message/rfc822\n\nSubject: a\n",
				       BOUND_MAIL_DEPTH, BOUNCE STATUS, told),
			 1);
	assert_int_equal(read_repeated("Subject: a\nTo: b\n", "Content-Type: message/rfc822\n\nSubject: a\n",
				       3000, BOUNCE STATUS, told),
			 0);
	assert_int_equal(read_repeated(BOUNCE, "Content-Type: multipart/mixed; boundary=b\n\n--b\n", 3000,
				       STATUS, told),
			 0);
	free(told);
}

/* BOUND_PART_OCTETS, and BOUND_BOUNCE_RECIPIENTS. */
static void
part_is_read_within_its_bounds(void **state)
{
	struct told *told = malloc(sizeof *told);
	static char recipients[BOUND_PART_OCTETS];
	struct strbuf text;

	(void)state;
	assert_non_null(told);
	assert_int_equal(read_repeated(BOUNCE "Content-Type: message/delivery-status\n\n", "X-Filler: x\n",
				       BOUND_PART_OCTETS / 12,
				       "\nFinal-Recipient: rfc822; b@b.example\nAction: failed\n", told),
			 0);
	strbuf_init(&text, recipients, sizeof recipients);
	for (size_t i = 0; i < BOUND_BOUNCE_RECIPIENTS + 1; i++)
		strbuf_printf(&text, "Final-Recipient: rfc822; b%zu@b.example\nAction: failed\n\n", i);
	assert_int_equal(
		read_repeated(BOUNCE "Content-Type: message/delivery-status\n\n", text.text, 1, "", told),
		BOUND_BOUNCE_RECIPIENTS);
	free(told);
}

/* Each octet is gone over a few times: by the square of its length each of these takes minutes. */
static void
text_of_a_notice_is_gone_over_once(void **state)
{
	enum { MOST_S = 60 };
	static const char *const middles[] = {
		"550", " ", "\t ", " by ", "(in reply to ", "\"@", "<", "host "
	};
	struct told *told = malloc(sizeof *told);

	(void)state;
	assert_non_null(told);
	(void)alarm(MOST_S);
	for (size_t i = 0; i < ROWS(middles); i++)
		assert_int_equal(read_repeated(BOUNCE "\nUndelivered\n", middles[i],
					       BOUND_PART_OCTETS / strlen(middles[i]), "\n550 no\n", told),
				 0);
	(void)alarm(0);
	free(told);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounces_are_read_whoever_wrote_them),
		cmocka_unit_test(text_of_a_notice_is_read),
		cmocka_unit_test(bounce_has_its_time_and_place),
		cmocka_unit_test(mbox_tells_its_messages_wherever_it_is_cut),
		cmocka_unit_test(given_tells_what_is_no_refusal),
		cmocka_unit_test(given_finds_out_what_it_is),
		cmocka_unit_test(mail_kind_is_told_by_the_beginning),
		cmocka_unit_test(message_is_read_within_its_bounds),
		cmocka_unit_test(part_is_read_within_its_bounds),
		cmocka_unit_test(text_of_a_notice_is_gone_over_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
