/* Logs of Postfix, Exim and Sendmail: what became of each message for each recipient. */
#include "../unit.h"

#include <stdlib.h>
#include <time.h>

#include "heloscope/base/bounds.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/mails/log_clock.h"
#include "heloscope/mails/log_queue.h"
#include "heloscope/mails/log_reader.h"

#define WRITTEN 1795860000 /* 2026-11-28T10:00:00Z */

/* What was handed over, a line each. */
struct told {
	char memory[8192];
	struct strbuf text;
	size_t count;
};

static void
add_pair(struct strbuf *text, const char *key, struct span value)
{
	if (value.length == 0)
		return;
	strbuf_printf(text, " %s=", key);
	strbuf_add_escaped(text, value, 2000);
}

static void
add_address(struct strbuf *text, const char *key, const struct ipaddr *address)
{
	char memory[IPADDR_TEXT_SIZE];

	if (address->length > 0)
		add_pair(text, key, span_of(ipaddr_format(address, memory)));
}

static void
take(void *context, const struct refusal *refusal)
{
	struct told *told = context;
	struct strbuf *text = &told->text;
	const char *stage = refusal_stage_token(refusal->stage);

	told->count++;
	strbuf_printf(text, "%lu %s", refusal->line, refusal_status_token(refusal->status));
	if (refusal->time != REFUSAL_NO_TIME)
		strbuf_printf(text, " time=%ld", (long)refusal->time);
	add_pair(text, "id", refusal->queue_id);
	add_pair(text, "from", refusal->sender);
	add_pair(text, "to", refusal->recipient);
	add_pair(text, "host", refusal->host);
	add_address(text, "ip", &refusal->address);
	add_address(text, "client", &refusal->client);
	if (refusal->enhanced.class != 0)
		strbuf_printf(text, " dsn=%u.%u.%u", refusal->enhanced.class, refusal->enhanced.subject,
			      refusal->enhanced.detail);
	if (stage != NULL)
		strbuf_printf(text, " at=%s", stage);
	add_pair(text, "text", refusal->text);
	strbuf_add_char(text, '\n');
}

/* Read a log in pieces of so many octets, in UTC. */
static void
read_log(struct told *told, struct span log, size_t piece, time_t since)
{
	struct log_reader *reader;

	strbuf_init(&told->text, told->memory, sizeof told->memory);
	told->count = 0;
	assert_int_equal(setenv("TZ", "UTC", 1), 0);
	tzset();
	reader = log_reader_new(since, take, told);
	assert_non_null(reader);
	log_reader_begin(reader, SPAN("mail.log"), WRITTEN);
	while (log.length > 0) {
		const struct span part = { log.at, piece < log.length ? piece : log.length };

		log_reader_add(reader, part);
		log = span_from(log, part.length);
	}
	log_reader_end(reader);
	log_reader_free(reader);
}

static void
assert_told(const char *log, const char *expected)
{
	static const size_t pieces[] = { 1, 7, 1 << 20 };
	static struct told told;

	for (size_t i = 0; i < ROWS(pieces); i++) {
		read_log(&told, span_of(log), pieces[i], 0);
		assert_string_equal(told.memory, expected);
	}
}

/* Postfix. */

#define QMGR                                                                                                 \
	"Nov 27 10:00:00 mail postfix/qmgr[9]: 4FXY12345z: from=<anna@a.example>, size=900, nrcpt=1 (queue active)\n"
#define SMTP                                                                                                 \
	"Nov 27 10:00:01 mail postfix/smtp[10]: 4FXY12345z: to=<bob@b.example>, relay=mx.b.example[192.0.2.1]:25, "
#define REST "delay=0.34, delays=0.12/0.03/0.18/0, "
#define SEEN                                                                                                 \
	"2 %s time=1795773601 id=4FXY12345z from=anna@a.example to=bob@b.example host=mx.b.example ip=192.0.2.1 "

static void
postfix_log_tells_who_refused_what_and_when(void **state)
{
	(void)state;
	assert_told(
		QMGR SMTP REST
		"dsn=5.7.1, status=bounced (host mx.b.example[192.0.2.1] said: 550 5.7.1 No (see "
		"x) (in reply to RCPT TO command))\n",
		"2 refused time=1795773601 id=4FXY12345z from=anna@a.example to=bob@b.example host=mx.b.example "
		"ip=192.0.2.1 dsn=5.7.1 at=rcpt text=550 5.7.1 No (see x)\n");
	assert_told(
		QMGR SMTP REST "dsn=5.7.1, status=bounced (host mx.b.example[192.0.2.1] said: 550 5.7.1 You "
			       "said (in reply to DATA command) (in reply to RCPT TO command))\n",
		"2 refused time=1795773601 id=4FXY12345z from=anna@a.example to=bob@b.example host=mx.b.example "
		"ip=192.0.2.1 dsn=5.7.1 at=rcpt text=550 5.7.1 You said (in reply to DATA command)\n");
	assert_told(QMGR SMTP REST "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 1)\n",
		    "2 delivered time=1795773601 id=4FXY12345z from=anna@a.example to=bob@b.example "
		    "host=mx.b.example ip=192.0.2.1 dsn=2.0.0 text=250 2.0.0 Ok: queued as 1\n");
	assert_told(
		"Nov 27 10:00:01 mail postfix-192.0.2.99/smtp[10]: 1234567890: to=<b@b.example>, "
		"orig_to=<\"x>, status=sent (\"@a.example>, relay=none, delay=1, delays=1/0/0/0, dsn=4.4.1, "
		"status=deferred (connect to mx.b.example[2001:db8::1]:25: Connection timed out)",
		"1 deferred time=1795773601 id=1234567890 to=b@b.example host=mx.b.example ip=2001:db8::1 "
		"client=192.0.2.99 dsn=4.4.1 at=connect text=connect to mx.b.example[2001:db8::1]:25: Connection "
		"timed out\n");
}

/* A greeting of 554 is deferred for days (smtp_skip_5xx_greeting); what error(8) repeats is no wrapper's
 * words. */
static void
postfix_log_tells_the_words_of_the_server_that_said_them(void **state)
{
	(void)state;
	assert_told(
		"2026-11-27T10:00:01.123456+01:00 mail server1-1/smtp[10]: 12345ABCDE: to=<b@b.example>, "
		"relay=mx2.b.example[192.0.2.2]:25, delay=1, delays=1/0/0/0, dsn=4.0.0, status=deferred (host "
		"mx1.b.example[192.0.2.1] refused to talk to me: 554 IP=192.0.2.7 - A problem occurred. (BL))\n",
		"1 deferred time=1795770001 id=12345ABCDE to=b@b.example host=mx1.b.example ip=192.0.2.1 dsn=4.0.0 "
		"at=greeting text=554 IP=192.0.2.7 - A problem occurred. (BL)\n");
	assert_told(
		"Nov 27 10:00:01 mail postfix/error[10]: 12345ABCDE: to=<b@b.example>, relay=none, delay=1, "
		"delays=1/0/0/0, dsn=4.7.0, status=deferred (delivery temporarily suspended: host "
		"mx.b.example[192.0.2.1] refused to talk to me: 421 4.7.0 Later)\n",
		"1 deferred time=1795773601 id=12345ABCDE to=b@b.example host=mx.b.example ip=192.0.2.1 dsn=4.7.0 "
		"at=greeting text=421 4.7.0 Later\n");
	assert_told(
		"Nov 27 10:00:01 mail postfix/lmtp[10]: 12345ABCDE: to=<b@b.example>, "
		"relay=mail[private/dovecot-lmtp], delay=1, delays=1/0/0/0, dsn=5.2.2, status=bounced (host "
		"mail[private/dovecot-lmtp] said: 552 5.2.2 Full (in reply to end of DATA comm",
		"1 refused time=1795773601 id=12345ABCDE to=b@b.example dsn=5.2.2 at=end-of-data text=host "
		"mail[private/dovecot-lmtp] said: 552 5.2.2 Full\n");
}

static void
postfix_log_reads_ids_of_any_length(void **state)
{
	(void)state;
	assert_told(
		"Nov 27 10:00:01 mail postfix/qmgr[9]: 4A: from=<anna@a.example>, size=1, nrcpt=1 (queue active)\n"
		"Nov 27 10:00:01 mail postfix/smtp[10]: 4A: to=<b@b.example>, relay=mx.b.example[192.0.2.1]:25, "
		"delay=1, delays=1/0/0/0, dsn=5.1.1, status=bounced (host mx.b.example[192.0.2.1] said: 550 5.1.1 no)\n",
		"2 refused time=1795773601 id=4A from=anna@a.example to=b@b.example host=mx.b.example ip=192.0.2.1 "
		"dsn=5.1.1 text=550 5.1.1 no\n");
	assert_told(
		"Nov 27 10:00:01 mail postfix/smtp[10]: : to=<b@b.example>, relay=x, status=bounced (no)\n",
		"");
}

/* A message expires without its recipient being named: the last deferral was of one. */
static void
postfix_log_tells_why_a_message_expired(void **state)
{
	(void)state;
	assert_told(
		QMGR SMTP REST
		"dsn=4.7.1, status=deferred (host mx.b.example[192.0.2.1] said: 450 4.7.1 Later (in "
		"reply to MAIL FROM command))\n"
		"Nov 28 09:00:00 mail postfix/qmgr[9]: 4FXY12345z: from=<anna@a.example>, "
		"status=expired, returned to sender\n",
		"2 deferred time=1795773601 id=4FXY12345z from=anna@a.example to=bob@b.example host=mx.b.example "
		"ip=192.0.2.1 dsn=4.7.1 at=mail text=450 4.7.1 Later\n"
		"3 expired time=1795856400 id=4FXY12345z from=anna@a.example to=bob@b.example host=mx.b.example "
		"ip=192.0.2.1 text=450 4.7.1 Later\n");
}

static void
postfix_log_leaves_out_what_is_not_of_ours_or_no_delivery(void **state)
{
	static const char *const lines[] = {
		"postfix/smtpd[1]: NOQUEUE: reject: RCPT from x.example[192.0.2.9]: 550 5.7.1 <b@b.example>: no; "
		"from=<a@a.example> to=<b@b.example> proto=ESMTP helo=<x.example>",
		"postfix/cleanup[1]: 12345ABCDE: milter-reject: END-OF-MESSAGE from x.example[192.0.2.9]: 4.7.1 Try "
		"again later; from=<a@a.example> to=<b@b.example> proto=ESMTP helo=<x.example>",
		"postfix/smtp[1]: 12345ABCDE: host mx.b.example[192.0.2.1] refused to talk to me: 554 no",
		"postfix/smtp[1]: connect to mx.b.example[192.0.2.1]:25: Network is unreachable",
		"postfix/smtp[1]: 12345ABCDE: to=<b@b.example>, relay=127.0.0.1[127.0.0.1]:10024, delay=1, "
		"delays=1/0/0/0, dsn=2.0.0, status=sent (250 2.0.0 Ok)",
		"postfix/lmtp[1]: 12345ABCDE: to=<b@b.example>, relay=mail[private/dovecot-lmtp], delay=1, "
		"delays=1/0/0/0, dsn=2.0.0, status=sent (250 2.0.0 Saved)",
		"postfix/local[1]: 12345ABCDE: to=<b@b.example>, relay=local, delay=1, delays=1/0/0/0, dsn=5.1.1, "
		"status=bounced (unknown user: \"b\")",
		"postfix/smtp[1]: 12345ABCDE: to=<b@b.example>, relay=mx.b.example[192.0.2.1]:25, delay=1, "
		"delays=1/0/0/0, dsn=2.1.5, status=deliverable (250 2.1.5 Ok)",
		"postfix/smtp[1]: 12345ABCDE: to=<b@b.example, relay=x",
		"postfix/smtp[1]: 12345ABCDE: to=<b@b.example>, relay=",
		"postfix/qmgr[1]: 12345ABCDE: from=<a@a.example",
		"sshd[1]: Accepted publickey for a from 192.0.2.9 port 1 ssh2",
		"",
	};
	static char log[4096];
	struct strbuf text;

	(void)state;
	strbuf_init(&text, log, sizeof log);
	for (size_t i = 0; i < ROWS(lines); i++)
		strbuf_printf(&text, "Nov 27 10:00:00 mail %s\n", lines[i]);
	assert_false(text.is_cut);
	assert_told(log, "");
}

/* Of journalctl -o short-iso, short-full and export; of containers; and what people quote. */
static void
log_reader_reads_what_is_in_front_of_a_line(void **state)
{
	static const struct {
		const char *before, *told;
	} rows[] = {
		{ "2026-11-27T10:00:01+0100 mail postfix/smtp[10]: ", "1 refused time=1795770001" },
		{ "Fri 2026-11-27 10:00:01 UTC mail postfix/smtp[10]: ", "1 refused time=1795773601" },
		{ "<22>Nov 27 10:00:01 mail postfix/smtp[10]: ", "1 refused time=1795773601" },
		{ "mail-1  | 2026-11-27T10:00:01Z mail postfix/smtp[10]: ", "1 refused time=1795773601" },
		{ "Nov 27 10:00:01 postfix/smtp[10]: ", "1 refused time=1795773601" },
		{ "postfix/smtp[10]: ", "1 refused" },
		{ "Nov 27 10:00:01 mail [postfix/smtp][10]: ", "1 refused time=1795773601" },
		{ "", "1 refused" },
		{ "10/6/2018, 9:44:32 PM | info | ", "1 refused" },
		{ "__CURSOR=s=1;i=2\n__REALTIME_TIMESTAMP=1795773601123456\n_HOSTNAME=mail\nSYSLOG_IDENTIFIER=postfix/"
		  "smtp\nMESSAGE=",
		  "5 refused time=1795773601" },
	};
	char log[1024], expected[512];

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		(void)snprintf(
			log, sizeof log,
			"%s12345ABCDE: to=<b@b.example>, relay=none, delay=1,  delays=1/0/0/0, dsn=5.4.4, "
			"status=bounced (Host not found)\n",
			rows[i].before);
		(void)snprintf(expected, sizeof expected,
			       "%s id=12345ABCDE to=b@b.example dsn=5.4.4 text=Host not found\n",
			       rows[i].told);
		assert_told(log, expected);
		assert_int_equal(log_guess(span_of(log)),
				 rows[i].before[0] == '_' ? LOG_SYSLOG : LOG_POSTFIX);
	}
}

/* Exim. */

static void
exim_log_reads_both_orders_and_both_kinds_of_ids(void **state)
{
	(void)state;
	assert_told(
		"2026-11-27 10:00:00 1w6AAA-0000000G1zB-1Jus <= anna@a.example H=pc [192.0.2.50] P=esmtp S=900\n"
		"2026-11-27 10:00:01 1w6AAA-0000000G1zB-1Jus ** bob@b.example <list@a.example> R=dnslookup "
		"T=remote_smtp H=mx.b.example [192.0.2.1] X=TLS1.3:x:256 CV=yes DN=\"CN=a: b\": SMTP error from "
		"remote mail server after pipelined RCPT TO:<bob@b.example>: 550-5.7.1 No\\n550 5.7.1 never\n",
		"2 refused time=1795773601 id=1w6AAA-0000000G1zB-1Jus from=anna@a.example to=bob@b.example "
		"host=mx.b.example ip=192.0.2.1 at=rcpt text=550-5.7.1 No\\x0a550 5.7.1 never\n");
	assert_told(
		"2026-11-27 10:00:01 +0100 [77] 1RwAAA-0002zL-Mh == bob@b.example R=dnslookup T=remote_smtp defer "
		"(-44): SMTP error from remote mail server after RCPT TO:<bob@b.example>: host mx.b.example "
		"[192.0.2.1]: 450 4.3.2 Later\n",
		"1 deferred time=1795770001 id=1RwAAA-0002zL-Mh to=bob@b.example host=mx.b.example ip=192.0.2.1 "
		"at=rcpt text=450 4.3.2 Later\n");
	assert_told(
		"exim[14706]: 2026-11-27 10:00:01 1RwAAA-0002zL-Mh ** b@b.example F=<a@a.example> R=dnslookup "
		"T=remote_smtp: SMTP error from remote mailer after end of data: host mx.b.example [192.0.2.1]: "
		"554 no\n",
		"1 refused time=1795773601 id=1RwAAA-0002zL-Mh from=a@a.example to=b@b.example host=mx.b.example "
		"ip=192.0.2.1 at=end-of-data text=554 no\n");
}

static void
exim_log_tells_deliveries_and_its_own_words(void **state)
{
	(void)state;
	assert_told(
		"2026-11-27 10:00:00.123 1RwAAA-0002zL-Mh <= <> R=1RwAAA-0002zK-Mh U=exim P=local S=9\n"
		"2026-11-27 10:00:01.123 1RwAAA-0002zL-Mh => bob@b.example R=dnslookup T=remote_smtp "
		"H=mx.b.example [2001:db8::1]:25 I=[2001:db8::9]:4711 X=y C=\"250 OK <= x: y\"\n"
		"2026-11-27 10:00:01.123 1RwAAA-0002zL-Mh -> eve <eve@b.example> R=dnslookup T=remote_smtp "
		"H=mx.b.example [2001:db8::1] C=\"250 OK\"\n"
		"2026-11-27 10:00:01.123 1RwAAA-0002zL-Mh => root <root@a.example> R=local T=maildir\n"
		"2026-11-27 10:00:01.123 1RwAAA-0002zL-Mh Completed\n",
		"2 delivered time=1795773601 id=1RwAAA-0002zL-Mh from=<> to=bob@b.example host=mx.b.example "
		"ip=2001:db8::1 client=2001:db8::9\n"
		"3 delivered time=1795773601 id=1RwAAA-0002zL-Mh from=<> to=eve@b.example host=mx.b.example "
		"ip=2001:db8::1\n");
	assert_told(
		"2026-11-27 10:00:01 1RwAAA-0002zL-Mh ** b@b.example: retry timeout exceeded\n"
		"2026-11-27 10:00:01 1RwAAA-0002zL-Mh == b@b.example R=d T=s defer (-53): retry time not reached "
		"for any host\n"
		"2026-11-27 10:00:01 1RwAAA-0002zL-Mh == b@b.example R=d T=s defer (110) H=mx.b.example "
		"[192.0.2.1]: Connection timed out\n"
		"2026-11-27 10:00:01 1RwAAA-0002zL-Mh ** b@b.example R=client T=x : DANE error: tlsa lookup FAIL\n",
		"1 expired time=1795773601 id=1RwAAA-0002zL-Mh to=b@b.example text=retry timeout exceeded\n"
		"3 deferred time=1795773601 id=1RwAAA-0002zL-Mh to=b@b.example host=mx.b.example ip=192.0.2.1 "
		"text=Connection timed out\n"
		"4 refused time=1795773601 id=1RwAAA-0002zL-Mh to=b@b.example text=DANE error: tlsa lookup FAIL\n");
}

/* Sendmail. */

#define SM                                                                                                   \
	"Nov 27 10:00:01 mail sm-mta[9]: 5ARA012345: to=<bob@b.example>,<eve@b.example>, delay=00:00:01, "   \
	"xdelay=00:00:01, mailer=esmtp, pri=1, relay=mx.b.example. [192.0.2.1], dsn="

static void
sendmail_log_tells_each_recipient(void **state)
{
	(void)state;
	assert_told(
		"Nov 27 10:00:00 mail sendmail[9]: 5ARA012345: from=<anna@a.example>, size=9, class=0, nrcpts=2, "
		"relay=pc [192.0.2.50]\n" SM "5.1.1, stat=User unknown\n",
		"2 refused time=1795773601 id=5ARA012345 from=anna@a.example to=bob@b.example host=mx.b.example "
		"ip=192.0.2.1 dsn=5.1.1 text=User unknown\n"
		"2 refused time=1795773601 id=5ARA012345 from=anna@a.example to=eve@b.example host=mx.b.example "
		"ip=192.0.2.1 dsn=5.1.1 text=User unknown\n");
	assert_told(
		"Nov 27 10:00:01 mail sm-mta[9]: 5ARA012345: to=<b@b.example>, mailer=esmtp, relay=mx.b.example. "
		"[IPv6:2001:db8::1], dsn=4.7.1, stat=Deferred: 451 4.7.1 Greylisted, later\n"
		"Nov 27 10:00:01 mail sm-mta[9]: 5ARA012345: to=<b@b.example>, mailer=esmtp, relay=mx.b.example. "
		"[192.0.2.1], reply=550 5.7.1 No, never, dsn=5.7.1, stat=Service unavailable\n"
		"Nov 27 10:00:01 mail sm-mta[9]: 5ARA012345: to=<b@b.example>, mailer=esmtp, relay=mx.b.example. "
		"[192.0.2.1], dsn=2.0.0, stat=Sent (ok 1)\n"
		"Nov 27 10:00:01 mail sm-mta[9]: 5ARA012345: to=<b@b.example>, mailer=local, dsn=2.0.0, stat=Sent\n"
		"Nov 27 10:00:01 mail sendmail[9]: 5ARA012346: to=b@b.example, mailer=relay, relay=[127.0.0.1] "
		"[127.0.0.1], dsn=2.0.0, stat=Sent (5ARA012345 Message accepted for delivery)\n"
		"Nov 27 10:00:01 mail sm-mta[9]: 5ARA012345: to=<b@b.example>, mailer=esmtp, dsn=4.0.0, stat=queued\n",
		"1 deferred time=1795773601 id=5ARA012345 to=b@b.example host=mx.b.example ip=2001:db8::1 dsn=4.7.1 "
		"text=451 4.7.1 Greylisted, later\n"
		"2 refused time=1795773601 id=5ARA012345 to=b@b.example host=mx.b.example ip=192.0.2.1 dsn=5.7.1 "
		"text=550 5.7.1 No, never\n"
		"3 delivered time=1795773601 id=5ARA012345 to=b@b.example host=mx.b.example ip=192.0.2.1 dsn=2.0.0 "
		"text=(ok 1)\n");
	assert_told(
		"Nov 27 10:00:01 web sm-msp-queue[9]: 5ARA012345: to=postmaster, delay=00:59:33, mailer=relay, "
		"relay=mail.b.example. [192.0.2.1], dsn=4.7.1, stat=Deferred: 450 4.7.1 Later\n",
		"1 deferred time=1795773601 id=5ARA012345 to=postmaster host=mail.b.example ip=192.0.2.1 "
		"dsn=4.7.1 text=450 4.7.1 Later\n");
}

/* All together. */

static void
log_reader_leaves_out_what_is_older(void **state)
{
	static struct told told;

	(void)state;
	read_log(&told, SPAN(QMGR SMTP REST "dsn=2.0.0, status=sent (ok)\n"), 100, 1795773602);
	assert_int_equal(told.count, 0);
	read_log(&told, SPAN(QMGR SMTP REST "dsn=2.0.0, status=sent (ok)\n"), 100, 1795773601);
	assert_int_equal(told.count, 1);
}

static void
log_reader_holds_so_much_of_a_line(void **state)
{
	static char log[BOUND_LINE_READ * 3];
	static struct told told;
	struct strbuf text;

	(void)state;
	for (size_t piece = 1000; piece < sizeof log * 2; piece += sizeof log) {
		strbuf_init(&text, log, sizeof log);
		strbuf_add(&text, SMTP REST "dsn=5.0.0, status=bounced (550 ");
		while (text.length < BOUND_LINE_READ * 2)
			strbuf_add_char(&text, 'x');
		strbuf_add(&text, ")\n" SMTP REST "dsn=2.0.0, status=sent (ok)\n");
		read_log(&told, (struct span){ log, text.length }, piece, 0);
		assert_int_equal(told.count, 2);
	}
}

static void
log_guess_tells_logs_from_the_rest(void **state)
{
	static const struct {
		const char *text;
		enum log_kind kind;
	} rows[] = {
		{ QMGR, LOG_POSTFIX },
		{ SMTP REST "dsn=5.0.0, status=bounced (550 x)", LOG_POSTFIX },
		{ "2026-11-27 10:00:00 1w6AAA-0000000G1zB-1Jus <= anna@a.example H=pc [192.0.2.50] P=esmtp S=900\n",
		  LOG_EXIM },
		{ SM "5.1.1, stat=User unknown\n", LOG_SENDMAIL },
		{ "2026-11-27 10:00:01 1RwAAA-0002zL-Mh == b@b.example R=d T=s defer (-53): retry time not "
		  "reached for any host\n",
		  LOG_NONE },
		{ "__CURSOR=s=1\n", LOG_SYSLOG },
		{ "550 5.7.1 No\n", LOG_NONE },
		{ "", LOG_NONE },
		{ "\n\n", LOG_NONE },
		{ "Nov 27 10:00:00 mail sshd[1]: Accepted\n", LOG_NONE },
		{ "Nov 27 10:00:00 mail postfix/smtpd[1]: NOQUEUE: reject: RCPT from x.example[192.0.2.9]: 550 no\n",
		  LOG_NONE },
		{ "From: a@a.example\nSubject: x\n\nSee this:\n" QMGR, LOG_NONE },
	};
	char log[4096];
	struct strbuf text;

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++)
		assert_int_equal(log_guess(span_of(rows[i].text)), rows[i].kind);
	strbuf_init(&text, log, sizeof log);
	for (int i = 0; i < 20; i++)
		strbuf_add(&text, "Nov 27 10:00:00 mail cron[1]: x\n");
	assert_int_equal(log_guess(span_of(log)), LOG_SYSLOG);
}

/* Parts of it. */

static void
log_clock_takes_the_year_that_is_not_later_than_the_log(void **state)
{
	static const struct {
		const char *zone, *stamp;
		time_t written, expected;
	} rows[] = {
		{ "UTC", "Nov 27 10:00:00 x", WRITTEN, 1795773600 },
		{ "UTC", "Nov  7 10:00:00.5 x", WRITTEN, 1794045600 },
		{ "UTC", "Nov 28 11:00:00 x", WRITTEN, WRITTEN },    /* never the future, */
		{ "UTC", "Dec 31 23:59:59 x", WRITTEN, 1767225599 }, /* but last year */
		{ "UTC", "Feb 29 00:00:00 x", WRITTEN, 1709164800 }, /* 2024 */
		{ "UTC", "Nov 27 2025 10:00:00 x", WRITTEN, 1764237600 },
		{ "UTC", "Fri Nov 27 10:00:00 x", WRITTEN, 1795773600 },
		{ "UTC", "1795773600.123456 x", WRITTEN, 1795773600 },
		{ "Europe/Berlin", "2026-07-01 12:00:00 x", WRITTEN, 1782900000 },
		{ "Europe/Berlin", "2026-07-01T12:00:00,1-0230 x", WRITTEN, 1782916200 },
		{ "Europe/Berlin", "2000-02-29T12:00:00Z x", WRITTEN, 951825600 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct span text = span_of(rows[i].stamp);
		struct log_clock clock;
		time_t seconds = 0;

		assert_int_equal(setenv("TZ", rows[i].zone, 1), 0);
		tzset();
		log_clock_init(&clock, rows[i].written);
		assert_true(log_clock_read(&clock, &text, &seconds));
		assert_true(span_equals(text, SPAN("x")));
		assert_int_equal(seconds, rows[i].expected);
	}
}

static void
log_clock_takes_nothing_else(void **state)
{
	static const char *const rows[] = { "",
					    "Nov",
					    "Nov 27",
					    "Nov 32 10:00:00 ",
					    "Nov 27 24:00:00 ",
					    "Nov 27 10:00:00x",
					    "2026-13-01T10:00:00 ",
					    "2026-11-27T10:00 ",
					    "1795773600",
					    "550 5.7.1 no",
					    "Foo 27 10:00:00 " };

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct span text = span_of(rows[i]);
		struct log_clock clock;

		log_clock_init(&clock, WRITTEN);
		assert_false(log_clock_read(&clock, &text, NULL));
		assert_int_equal(text.length, strlen(rows[i]));
	}
}

/* Ids of a host are its own; the last note counts; the oldest are forgotten, whatever their number. */
static void
log_queue_remembers_the_newest(void **state)
{
	struct log_queue queue;
	struct span note;
	char id[32], sender[100];
	const int count = 3 * LOG_QUEUE_OCTETS / 100;

	(void)state;
	assert_true(log_queue_init(&queue));
	assert_false(log_queue_find(&queue, LOG_NOTE_SENDER, SPAN("h"), SPAN("A"), &note));
	log_queue_note(&queue, LOG_NOTE_SENDER, SPAN("h"), SPAN("A"), SPAN("a@a.example"));
	log_queue_note(&queue, LOG_NOTE_DEFERRAL, SPAN("h"), SPAN("A"), SPAN("later"));
	assert_false(log_queue_find(&queue, LOG_NOTE_SENDER, SPAN("g"), SPAN("A"), &note));
	assert_true(log_queue_find(&queue, LOG_NOTE_SENDER, SPAN("h"), SPAN("A"), &note));
	assert_true(span_equals(note, SPAN("a@a.example")));
	log_queue_note(&queue, LOG_NOTE_SENDER, SPAN("h"), SPAN("A"), SPAN("b@a.example"));
	assert_true(log_queue_find(&queue, LOG_NOTE_SENDER, SPAN("h"), SPAN("A"), &note));
	assert_true(span_equals(note, SPAN("b@a.example")));
	assert_false(log_queue_find(&queue, LOG_NOTE_SENDER, SPAN(""), SPAN("Ah"), &note));
	for (int i = 0; i < count; i++) {
		(void)snprintf(id, sizeof id, "%d", i);
		(void)snprintf(sender, sizeof sender, "%*d@a.example", i % 60, i);
		log_queue_note(&queue, LOG_NOTE_SENDER, SPAN(""), span_of(id), span_of(sender));
		if (i >= 100000) {
			(void)snprintf(id, sizeof id, "%d", i - 100000);
			(void)snprintf(sender, sizeof sender, "%*d@a.example", (i - 100000) % 60, i - 100000);
			assert_true(log_queue_find(&queue, LOG_NOTE_SENDER, SPAN(""), span_of(id), &note));
			assert_true(span_equals(note, span_of(sender)));
		}
	}
	assert_false(log_queue_find(&queue, LOG_NOTE_SENDER, SPAN(""), SPAN("0"), &note));
	assert_false(log_queue_find(&queue, LOG_NOTE_SENDER, SPAN("h"), SPAN("A"), &note));
	log_queue_clear(&queue);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(postfix_log_tells_who_refused_what_and_when),
		cmocka_unit_test(postfix_log_tells_the_words_of_the_server_that_said_them),
		cmocka_unit_test(postfix_log_reads_ids_of_any_length),
		cmocka_unit_test(postfix_log_tells_why_a_message_expired),
		cmocka_unit_test(postfix_log_leaves_out_what_is_not_of_ours_or_no_delivery),
		cmocka_unit_test(log_reader_reads_what_is_in_front_of_a_line),
		cmocka_unit_test(exim_log_reads_both_orders_and_both_kinds_of_ids),
		cmocka_unit_test(exim_log_tells_deliveries_and_its_own_words),
		cmocka_unit_test(sendmail_log_tells_each_recipient),
		cmocka_unit_test(log_reader_leaves_out_what_is_older),
		cmocka_unit_test(log_reader_holds_so_much_of_a_line),
		cmocka_unit_test(log_guess_tells_logs_from_the_rest),
		cmocka_unit_test(log_clock_takes_the_year_that_is_not_later_than_the_log),
		cmocka_unit_test(log_clock_takes_nothing_else),
		cmocka_unit_test(log_queue_remembers_the_newest),
	};

	return cmocka_run_group_tests_name("logs", tests, NULL, NULL);
}
