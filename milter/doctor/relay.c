/* doctor_relay: whether a server takes mail of strangers for strangers. MAIL and RCPT in the usual spellings,
 * RSET and QUIT, never DATA. */
#include "heloscope/doctor/relay.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "heloscope/base/clock.h"
#include "heloscope/wire/smtp_reader.h"
#include "heloscope/base/strbuf.h"

#define TRIES_A_CONNECTION 8 /* Postfix is slow after ten refusals and hangs up after twenty */
#define USER "heloscope-relay-test"

/* One connection. */
struct dialogue {
	int fd;
	uint64_t end_ms;
	bool is_over; /* closed, late, or no SMTP */
	struct smtp_reader reader;
};

static bool
wait_for(struct dialogue *dialogue, short what)
{
	const uint64_t now_ms = clock_now_ms();
	struct pollfd poll_fd = { .fd = dialogue->fd, .events = what };

	return now_ms < dialogue->end_ms && poll(&poll_fd, 1, (int)(dialogue->end_ms - now_ms)) == 1;
}

/* The code of the next reply; 0 when there is none. */
static unsigned
hear(struct dialogue *dialogue)
{
	enum smtp_progress progress = SMTP_MORE;
	char octet;

	smtp_reader_next(&dialogue->reader);
	dialogue->reader.octets = 0; /* this dialogue has many replies */
	while (progress == SMTP_MORE || progress == SMTP_LINE) {
		if (!wait_for(dialogue, POLLIN) || recv(dialogue->fd, &octet, 1, 0) != 1)
			break;
		progress = smtp_reader_take(&dialogue->reader, octet);
	}
	dialogue->is_over = progress != SMTP_DONE;
	return dialogue->is_over ? 0 : dialogue->reader.code;
}

static unsigned
say(struct dialogue *dialogue, const char *command, const char *argument)
{
	char memory[1024];
	struct strbuf line;
	size_t sent = 0;

	strbuf_init(&line, memory, sizeof memory);
	strbuf_printf(&line, "%s%s\r\n", command, argument);
	while (sent < line.length && !dialogue->is_over) {
		const ssize_t written = wait_for(dialogue, POLLOUT) ? send(dialogue->fd, memory + sent,
									   line.length - sent, MSG_NOSIGNAL)
								    : -1;

		dialogue->is_over = written < 0;
		sent += written > 0 ? (size_t)written : 0;
	}
	return dialogue->is_over ? 0 : hear(dialogue);
}

static bool
begin(struct dialogue *dialogue, const struct ipaddr *address, uint16_t port, const char *ehlo_name)
{
	struct sockaddr_storage storage;
	const socklen_t length = ipaddr_to_sockaddr(address, port, &storage);

	dialogue->is_over = false;
	dialogue->reader = (struct smtp_reader){ .code = 0 };
	dialogue->fd = socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (dialogue->fd < 0
	    || (connect(dialogue->fd, (const struct sockaddr *)&storage, length) != 0
		&& errno != EINPROGRESS))
		return false;
	return wait_for(dialogue, POLLOUT) && hear(dialogue) == 220
	       && say(dialogue, "EHLO ", ehlo_name) == 250;
}

static void
end(struct dialogue *dialogue)
{
	if (dialogue->fd < 0)
		return;
	if (!dialogue->is_over)
		(void)say(dialogue, "QUIT", "");
	(void)close(dialogue->fd);
}

/* The spellings. */

/* What is put into a spelling: $u the user, $f a foreign domain, $d the server's domain, $a its address
 * literal. */
struct parts {
	const char *foreign, *domain, *literal;
};

static const char *
spell(struct arena *arena, const char *pattern, const struct parts *parts)
{
	char memory[900];
	struct strbuf text;

	strbuf_init(&text, memory, sizeof memory);
	for (; *pattern != '\0'; pattern++) {
		if (*pattern != '$') {
			strbuf_add_char(&text, *pattern);
			continue;
		}
		pattern++;
		strbuf_add(&text, *pattern == 'u'   ? USER
				  : *pattern == 'f' ? parts->foreign
				  : *pattern == 'd' ? parts->domain
						    : parts->literal);
	}
	return arena_string(arena, memory);
}

/* At what a recipient ends. All but the first prove nothing where every local part is taken there. */
enum ending { FOREIGN, OWN, LITERAL, BARE, ENDINGS };

#define NOBODY USER "-nobody-has-this-name"

/* Recipients that should be refused, and tell where every local part is taken. */
static const char *const nobodies[ENDINGS] = {
	[OWN] = "<" NOBODY "@$d>",
	[LITERAL] = "<" NOBODY "@$a>",
	[BARE] = "<" NOBODY ">",
};

static const struct spelling {
	const char *recipient;
	enum ending ending;
} spellings[] = {
	{ "<$u@$f>", FOREIGN },    { "<@$d:$u@$f>", FOREIGN }, { "<\"$u@$f\">", BARE },
	{ "<$u%$f>", BARE },       { "<$f!$u>", BARE },        { "<$u%$f@$d>", OWN },
	{ "<$u%$f@$a>", LITERAL }, { "<\"$u@$f\"@$d>", OWN },  { "<\"$u%$f\"@$d>", OWN },
	{ "<$f!$u@$d>", OWN },     { "<$u@$f@$d>", OWN },
};

static const char *const senders[] = { "<$u@$f>", "<>", "<postmaster@$d>", "<postmaster@$a>" };

static bool
is_taken(unsigned code)
{
	return code == 250 || code == 251;
}

/* A test: all senders with all spellings, in that order, on as many connections as it takes. */
struct relay_test {
	struct exam *exam;
	struct parts parts;
	struct dialogue dialogue;
	size_t next;             /* try */
	bool takes_all[ENDINGS]; /* local parts, perhaps: one that nobody has was not refused */
	const char *but;         /* why an answer is none: "later", "not like this"; or NULL */
	const char *refusal;     /* the last reply that refused us a greeting or a sender; or NULL */
	bool has_sender;         /* one was taken */
};

#define SPELLINGS (sizeof spellings / sizeof spellings[0])
#define TRIES (SPELLINGS * (sizeof senders / sizeof senders[0]))

/* The code of the reply; 0 when the server has had enough, with 421 or without a word. */
static unsigned
ask(struct relay_test *test, const char *command, const char *path)
{
	const unsigned code = say(&test->dialogue, command, path);

	if (code == 421)
		test->dialogue.is_over = true;
	else if (code / 100 == 4)
		test->but = ", but with \"later\"";
	return test->dialogue.is_over ? 0 : code;
}

/* Why the server will not talk to us, or with our senders: its own line says it. */
static void
note_refusal(struct relay_test *test)
{
	const struct smtp_reader *reader = &test->dialogue.reader;

	if (reader->code >= 400)
		test->refusal = arena_printf(test->exam->arena, "%u %s", reader->code,
					     arena_copy(test->exam->arena, smtp_reader_text(reader)));
}

static bool
call(struct relay_test *test, const struct ipaddr *address)
{
	const struct look_back_settings *settings = &test->exam->config->look_back;

	if (begin(&test->dialogue, address, settings->port, settings->ehlo_name))
		return true;
	note_refusal(test);
	return false;
}

/* On a connection of its own. What is not refused may be taken for anybody. */
static void
try_nobodies(struct relay_test *test, const struct ipaddr *address)
{
	const bool is_open = call(test, address) && ask(test, "MAIL FROM:", "<>") == 250;

	for (int ending = OWN; ending < ENDINGS; ending++) {
		const char *nobody = spell(test->exam->arena, nobodies[ending], &test->parts);

		test->takes_all[ending] = !is_open || ask(test, "RCPT TO:", nobody) / 100 != 5;
	}
	end(&test->dialogue);
}

/* One sender, up to try `stop`. How its mail gets through: "MAIL FROM:... RCPT TO:...", or NULL. */
static const char *
try_sender(struct relay_test *test, size_t stop)
{
	struct arena *arena = test->exam->arena;
	const size_t number = test->next / SPELLINGS, behind = (number + 1) * SPELLINGS;
	const char *sender = spell(arena, senders[number], &test->parts);
	const unsigned reply = ask(test, "MAIL FROM:", sender);

	test->has_sender = test->has_sender || reply == 250;
	if (reply / 100 == 5)
		note_refusal(test);
	if (reply == 530) /* RFC 3207, 4; RFC 4954, 6 */
		test->but = ", which it wants with STARTTLS or a password";
	if (reply != 250) {
		test->next = reply != 0 ? behind : test->next;
		return NULL;
	}
	for (; test->next < stop && test->next < behind; test->next++) {
		const struct spelling *spelling = &spellings[test->next % SPELLINGS];
		const char *recipient = spell(arena, spelling->recipient, &test->parts);
		const unsigned code =
			test->takes_all[spelling->ending] ? 550 : ask(test, "RCPT TO:", recipient);

		if (is_taken(code))
			return arena_printf(arena, "MAIL FROM:%s RCPT TO:%s", sender, recipient);
		if (code == 0) /* to be tried again */
			return NULL;
	}
	(void)ask(test, "RSET", "");
	return NULL;
}

/* One connection: as far as the server lets us, and no further than it is patient. */
static const char *
try_some(struct relay_test *test, const struct ipaddr *address)
{
	const size_t most = test->next + TRIES_A_CONNECTION, stop = most < TRIES ? most : TRIES;
	const char *way = NULL;

	if (!call(test, address))
		return NULL;
	while (way == NULL && !test->dialogue.is_over && test->next < stop)
		way = try_sender(test, stop);
	return way;
}

/* How a stranger's mail gets through, or NULL. */
static const char *
find_way(struct relay_test *test, const struct ipaddr *address, unsigned patience_ms)
{
	const char *way;
	size_t before;

	test->dialogue.end_ms = clock_now_ms() + patience_ms;
	try_nobodies(test, address);
	do {
		before = test->next;
		way = try_some(test, address);
		end(&test->dialogue);
	} while (way == NULL && test->next > before && test->next < TRIES);
	return way;
}

static const char remedy[] =
	"Unless the host that you ask from may send through it, it is an open relay: spammers find it within days, and lists soon after. Postfix: smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination, with no more in mynetworks than your own hosts, and allow_percent_hack = no where the recipient has a \"%\". Sendmail: no promiscuous_relay and no loose_relay_check.";

void
exam_relay(struct exam *exam, const char *host, const struct ipaddr *address, unsigned patience_ms)
{
	const char *ours = exam->config->look_back.ehlo_name, *domain = exam->report->domain;
	const struct parts parts = {
		.foreign = domain_has_dot(span_of(ours)) && !domain_same_organization(ours, domain)
				   ? ours
				   : "example.net",
		.domain = domain,
		.literal = arena_printf(exam->arena, address->length == 4 ? "[%s]" : "[IPv6:%s]",
					exam_address_text(exam, address)),
	};
	struct relay_test test = { .exam = exam, .parts = parts };
	const char *way = find_way(&test, address, patience_ms);

	if (way != NULL)
		exam_say(
			exam, DOCTOR_RELAY, DOCTOR_ERROR,
			arena_printf(exam->arena, "%s takes mail of strangers for strangers: %s.", host, way),
			remedy, NULL);
	else if (test.next < TRIES || test.but != NULL || !test.has_sender)
		exam_say(exam, DOCTOR_RELAY, DOCTOR_UNKNOWN,
			 arena_printf(exam->arena, "%s did not answer all of the test%s%s%s.", host,
				      test.but != NULL ? test.but : "", test.refusal != NULL ? ": " : "",
				      test.refusal != NULL ? test.refusal : ""),
			 patience_ms < DOCTOR_RELAY_MS ? "The time for all of the examination was short."
						       : "Try again in some minutes, or from another host.",
			 NULL);
	else
		exam_set_cell(exam, DOCTOR_RELAY, DOCTOR_GOOD);
}
