/* doctor_relay: whether a server takes mail of strangers for strangers. MAIL and RCPT in the usual spellings,
 * RSET and QUIT, never DATA. */
#include "heloscope/doctor/relay.h"

#include <string.h>

#include "heloscope/peer/smtp_dialogue.h"
#include "heloscope/base/strbuf.h"

#define TRIES_A_CONNECTION 8 /* Postfix is slow after ten refusals and hangs up after twenty */
#define USER "heloscope-relay-test"

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
	struct smtp_dialogue dialogue;
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
	const unsigned code = smtp_dialogue_say(&test->dialogue, command, path);

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
	const struct smtp_reader *reply = smtp_dialogue_reply(&test->dialogue);

	if (reply != NULL && reply->code >= 400)
		test->refusal = arena_printf(test->exam->arena, "%u %s", reply->code,
					     arena_copy(test->exam->arena, smtp_reader_text(reply)));
}

static bool
call(struct relay_test *test, const struct ipaddr *address)
{
	const struct look_back_settings *settings = &test->exam->config->look_back;

	if (smtp_dialogue_begin(&test->dialogue, address, settings->port, settings->ehlo_name))
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
	smtp_dialogue_end(&test->dialogue);
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

	smtp_dialogue_init(&test->dialogue, patience_ms);
	try_nobodies(test, address);
	do {
		before = test->next;
		way = try_some(test, address);
		smtp_dialogue_end(&test->dialogue);
	} while (way == NULL && test->next > before && test->next < TRIES);
	smtp_dialogue_free(&test->dialogue);
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
		exam_say_server(
			exam, PROBLEM_RELAY_OPEN, host, address, DOCTOR_ERROR,
			arena_printf(exam->arena,
				     "%s is an open relay, it takes mail from anybody for anybody: %s.", host,
				     way),
			remedy);
	else if (test.next < TRIES || test.but != NULL || !test.has_sender)
		exam_say_server(
			exam, PROBLEM_RELAY_UNKNOWN, host, address, DOCTOR_UNKNOWN,
			arena_printf(exam->arena, "%s did not answer all of the test%s%s%s.", host,
				     test.but != NULL ? test.but : "", test.refusal != NULL ? ": " : "",
				     test.refusal != NULL ? test.refusal : ""),
			patience_ms < DOCTOR_RELAY_MS ? "The time for all of the examination was short."
						      : "Try again in some minutes, or from another host.");
	else
		exam_set_cell(exam, DOCTOR_RELAY, DOCTOR_GOOD);
}
