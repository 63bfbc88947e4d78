/* doctor_relay: whether a server takes mail of strangers for strangers. MAIL and RCPT in the usual spellings,
 * RSET and QUIT, never DATA. */
#include "heloscope/doctor_exam.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "heloscope/clock.h"
#include "heloscope/smtp_reader.h"
#include "heloscope/strbuf.h"

#define DIALOGUE_MS 120000 /* for everything: servers slow down those who are refused often */
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

	dialogue->end_ms = clock_now_ms() + DIALOGUE_MS;
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

/* Those with the server's own domain at the end prove nothing where every local part is taken. */
static const struct spelling {
	const char *recipient;
	bool is_own;
} spellings[] = {
	{ "<$u@$f>", false },   { "<@$d:$u@$f>", false },   { "<\"$u@$f\">", false },
	{ "<$u%$f>", false },   { "<$f!$u>", false },       { "<$u%$f@$d>", true },
	{ "<$u%$f@$a>", true }, { "<\"$u@$f\"@$d>", true }, { "<\"$u%$f\"@$d>", true },
	{ "<$f!$u@$d>", true }, { "<$u@$f@$d>", true },
};

static const char *const senders[] = { "<$u@$f>", "<>", "<postmaster@$d>", "<postmaster@$a>" };

static bool
is_taken(unsigned code)
{
	return code == 250 || code == 251;
}

/* Whether the recipient is taken from that sender. `is_unsure` is set for an answer that says "later". */
static bool
try(struct dialogue *dialogue, const char *sender, const char *recipient, bool *is_unsure)
{
	unsigned code = say(dialogue, "MAIL FROM:", sender);

	if (code == 250)
		code = say(dialogue, "RCPT TO:", recipient);
	else
		code = code / 100 == 4 ? code : 500;
	*is_unsure = *is_unsure || code / 100 == 4;
	(void)say(dialogue, "RSET", "");
	return is_taken(code);
}

/* How a stranger's mail gets through: "MAIL FROM:... RCPT TO:...", or NULL. */
static const char *
find_way(struct exam *exam, struct dialogue *dialogue, const struct parts *parts, bool *is_unsure)
{
	const char *nobody = spell(exam->arena, "<$u-nobody-has-this-name@$d>", parts);
	const bool takes_all = try(dialogue, "<>", nobody, is_unsure);

	for (size_t i = 0; i < sizeof senders / sizeof senders[0]; i++) {
		const char *sender = spell(exam->arena, senders[i], parts);

		for (size_t j = 0; j < sizeof spellings / sizeof spellings[0] && !dialogue->is_over; j++) {
			const char *recipient = spell(exam->arena, spellings[j].recipient, parts);

			if (!(spellings[j].is_own && takes_all)
			    && try(dialogue, sender, recipient, is_unsure))
				return arena_printf(exam->arena, "MAIL FROM:%s RCPT TO:%s", sender,
						    recipient);
		}
	}
	return NULL;
}

static const char remedy[] =
	"Unless the host that you ask from may send through it, it is an open relay: spammers find it within "
	"days, and lists soon after. Postfix: smtpd_relay_restrictions = permit_mynetworks, "
	"permit_sasl_authenticated, reject_unauth_destination, with no more in mynetworks than your own "
	"hosts, and allow_percent_hack = "
	"no where the recipient has a \"%\". Sendmail: no promiscuous_relay and no loose_relay_check.";

void
exam_relay(struct exam *exam, const char *host, const struct ipaddr *address)
{
	const char *ours = exam->config->probe.ehlo_name, *domain = exam->report->domain;
	const struct parts parts = {
		.foreign = domain_has_dot(span_of(ours)) && !domain_same_organization(ours, domain)
				   ? ours
				   : "example.net",
		.domain = domain,
		.literal = arena_printf(exam->arena, address->length == 4 ? "[%s]" : "[IPv6:%s]",
					exam_address_text(exam, address)),
	};
	struct dialogue dialogue = { .fd = -1 };
	bool is_unsure = false;
	const bool has_begun = begin(&dialogue, address, exam->config->probe.port, ours);
	const char *way = has_begun ? find_way(exam, &dialogue, &parts, &is_unsure) : NULL;

	if (way != NULL)
		exam_say(
			exam, DOCTOR_RELAY, DOCTOR_ERROR,
			arena_printf(exam->arena, "%s takes mail of strangers for strangers: %s.", host, way),
			remedy, NULL);
	else if (!has_begun || dialogue.is_over || is_unsure)
		exam_say(exam, DOCTOR_RELAY, DOCTOR_UNKNOWN,
			 arena_printf(exam->arena, "%s did not answer all of the test%s.", host,
				      is_unsure ? ", but with \"later\"" : ""),
			 "Try again in some minutes.", NULL);
	else
		exam_set_cell(exam, DOCTOR_RELAY, DOCTOR_GOOD);
	end(&dialogue);
}
