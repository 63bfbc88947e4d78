#include "heloscope/cli/argument.h"

#include <stdio.h>
#include <string.h>

#include "heloscope/cli/cli.h"
#include "heloscope/wire/mailbox.h"
#include "heloscope/base/strbuf.h"

#define AGO_MAX 99999 /* hours or days */
#define ADDRESS_MEMORY (256U << 10)

int
cli_read_address(const char *command, const char *text, struct ipaddr *address)
{
	if (ipaddr_parse(span_of(text), address))
		return -1;
	return cli_usage_error(
		command, "\"%.60s\" is not an address; expected one like 198.51.100.7 or 2001:db8::7", text);
}

/* Names. */

static bool
is_address(const char *text)
{
	struct ipaddr address;

	return ipaddr_parse(span_of(text), &address);
}

/* "_dmarc.example.org", "s1._domainkey.example.org": what a record is called, not a domain with mail. */
static bool
has_underscored_label(const char *name)
{
	return name[0] == '_' || strstr(name, "._") != NULL;
}

/* "300.1.2.3" is none: no top level domain begins with a digit. */
static bool
is_domain(const char *name)
{
	const char *last = strrchr(name, '.');

	return last != NULL && !ascii_is_digit(last[1]);
}

int
cli_read_domain(const char *command, const char *text, char *name)
{
	char read[DOMAIN_SIZE];
	const char *at = strrchr(text, '@');

	if (is_address(text) || text[0] == '[')
		return cli_usage_error(
			command,
			"\"%.80s\" is an address; expected a domain like example.org (addresses from which mail goes out are given with --ip)",
			text);
	if (at != NULL && domain_normalize(span_of(at + 1), read))
		return cli_usage_error(command, "\"%.80s\" is a mail address; its domain is %s", text, read);
	if (!domain_normalize(span_of(text), read) || !is_domain(read))
		return cli_usage_error(command, "\"%.80s\" is not a domain; expected one like example.org",
				       text);
	if (has_underscored_label(read))
		return cli_usage_error(
			command,
			"\"%.80s\" is the name of a record; expected the domain it is about, like example.org",
			text);
	(void)snprintf(name, DOMAIN_SIZE, "%s", read);
	return -1;
}

int
cli_read_helo(const char *command, const char *text, char *helo)
{
	char read[DOMAIN_SIZE];
	struct ipaddr literal;
	enum helo_fault fault;

	if (is_address(text))
		return cli_usage_error(
			command,
			"\"%.80s\" is an address; servers give a name like mail.example.org, or the address in brackets: [%s%.60s]",
			text, strchr(text, ':') != NULL ? "IPv6:" : "", text);
	if (strlen(text) < DOMAIN_SIZE
	    && domain_helo_form(span_of(text), read, &literal, &fault) == HELO_LITERAL)
		(void)snprintf(helo, DOMAIN_SIZE, "%s", text);
	else if (domain_normalize(span_of(text), read))
		(void)snprintf(helo, DOMAIN_SIZE, "%s", read);
	else
		return cli_usage_error(command, "\"%.80s\" is not a name; expected one like mail.example.org",
				       text);
	return -1;
}

int
cli_read_selector(const char *command, const char *text, char *selector, char *domain)
{
	static const char infix[] = "._domainkey";
	char read[DOMAIN_SIZE], *end;

	if (is_address(text) || !domain_normalize(span_of(text), read))
		return cli_usage_error(
			command,
			"\"%.80s\" is not a selector; expected one like s1, the value of s= in a signature",
			text);
	end = strstr(read, infix);
	if (end != NULL && (end[sizeof infix - 1] == '\0' || end[sizeof infix - 1] == '.')) {
		const char *rest = end + sizeof infix - 1;

		(void)snprintf(domain, DOMAIN_SIZE, "%s", rest[0] == '.' ? rest + 1 : "");
		*end = '\0';
	} else {
		domain[0] = '\0';
	}
	(void)snprintf(selector, DOMAIN_SIZE, "%s", read);
	return -1;
}

/* Mail addresses. */

/* The "<...>" at the end of `text`, when something, and no other such, stands before it; else NULL. */
static const char *
path_behind_name(const char *text)
{
	const size_t length = strlen(text);
	const char *open = strrchr(text, '<');

	if (length == 0 || text[length - 1] != '>' || open == NULL || strchr(open, '>') != text + length - 1)
		return NULL;
	return memchr(text, '>', (size_t)(open - text)) == NULL ? open : NULL;
}

/* Whether what stands in `path` is an address as one writes it, which nobody could read in another way. */
static bool
is_plain_address(const char *path, bool takes_local)
{
	struct span inner = span_of(path);
	struct arena arena;
	struct mailbox mailbox;
	bool is_plain;

	if (inner.length > 1 && path[0] == '<' && path[inner.length - 1] == '>')
		inner = (struct span){ path + 1, inner.length - 2 };
	arena_init(&arena, ADDRESS_MEMORY);
	mailbox = mailbox_read(inner, &arena);
	is_plain = span_equals_nocase(span_of(mailbox.text), inner)
		   && (mailbox.form == MAILBOX_ADDRESS || mailbox.form == MAILBOX_LITERAL
		       || (takes_local && mailbox.form == MAILBOX_LOCAL_ONLY));
	arena_clear(&arena);
	return is_plain;
}

/* Nobody can say that in SMTP: a command ends with its line. */
static bool
holds_line_end(const char *text)
{
	return strpbrk(text, "\r\n") != NULL;
}

static int
read_path(const char *command, const char *text, bool takes_local, const char *expected, char *path)
{
	const char *behind_name = path_behind_name(text);
	char memory[CLI_PATH_SIZE];
	struct strbuf read;

	strbuf_init(&read, memory, sizeof memory);
	if (behind_name != NULL || text[0] == '<')
		strbuf_add(&read, behind_name != NULL ? behind_name : text);
	else
		strbuf_printf(&read, "<%s>", text);
	if (read.is_cut || holds_line_end(text) || (text[0] != '<' && !is_plain_address(memory, takes_local)))
		return cli_usage_error(command, "\"%.80s\" is not a mail address; expected %s", text,
				       expected);
	(void)memcpy(path, memory, read.length + 1);
	return -1;
}

int
cli_read_sender(const char *command, const char *text, char *path)
{
	return read_path(
		command, text[0] != '\0' ? text : "<>", false,
		"one like anna@example.org, or <> for the null sender; what begins with \"<\" is taken as it is",
		path);
}

int
cli_read_recipient(const char *command, const char *text, char *path)
{
	static const char expected[] = "one like bob@example.net";

	if (strcmp(text, "<>") == 0)
		return cli_usage_error(command, "\"<>\" is not a recipient; expected %s", expected);
	return read_path(command, text, true, expected, path);
}

/* Times. */

time_t
cli_read_time(const char *text)
{
	char again[CLI_TIME_SIZE];
	struct tm parts = { 0 };
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &parts);
	const time_t read = end != NULL ? timegm(&parts) : 0;

	/* What is written otherwise than it is read is no day, or not in this form. */
	if (end == NULL || gmtime_r(&read, &parts) == NULL
	    || strftime(again, sizeof again, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0 || strcmp(again, text) != 0)
		return 0;
	return read;
}

/* "24h" or "7d" as seconds; 0 when it is none. */
static time_t
read_ago(const char *text)
{
	const size_t length = strlen(text);
	const char unit = length > 0 ? text[length - 1] : '\0';
	unsigned number = 0;

	if ((unit != 'h' && unit != 'd')
	    || !span_to_number((struct span){ text, length - 1 }, 1, AGO_MAX, &number))
		return 0;
	return (time_t)number * (unit == 'h' ? 3600 : 86400);
}

int
cli_read_since(const char *command, const char *text, char *since)
{
	const time_t ago = read_ago(text), then = ago != 0 ? time(NULL) - ago : cli_read_time(text);
	struct tm parts;

	if (then == 0 || gmtime_r(&then, &parts) == NULL)
		return cli_usage_error(
			command, "\"%.40s\" is not a time; expected one like 24h, 7d or 2026-11-24T12:00:00Z",
			text);
	(void)strftime(since, CLI_TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts);
	return -1;
}
