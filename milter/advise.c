#include "heloscope/advise.h"

#include <stdarg.h>
#include <string.h>

#include "heloscope/authres.h"
#include "heloscope/prose.h"
#include "heloscope/record.h"
#include "heloscope/strbuf.h"

#define TEXT_MAX 4000

/* One piece of advice. */
static void put_bullet(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
put_bullet(FILE *out, const char *format, ...)
{
	char memory[TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(memory, sizeof memory, format, arguments);
	va_end(arguments);
	(void)fputs("  * ", out);
	prose_wrap(out, memory, 4, 4);
}

/* The record with the client's address in front of its last term: "v=spf1 ... ip4:192.0.2.1 -all". */
static void
say_better_record(const json_t *record, const json_t *check, struct strbuf *said)
{
	const char *old = record_text(check, "record"),
		   *ip = record_text(record_member(record, "client"), "ip");
	const char *all = strrchr(old, ' ');
	const size_t length = all != NULL ? (size_t)(all - old) : strlen(old);

	strbuf_printf(said, "%.*s %s:%s%s", (int)length, old, strchr(ip, ':') != NULL ? "ip6" : "ip4", ip,
		      all != NULL ? all : "");
}

static void
advise_spf(const json_t *record, FILE *out)
{
	const json_t *check = record_check(record, "spf");
	const char *domain = record_text(check, "domain");
	char memory[TEXT_MAX];
	struct strbuf better;

	if (record_is(check, "result", "permerror"))
		put_bullet(out, "The owner of %s should correct its SPF record: %s.", domain,
			   record_text(check, "problem"));
	if (!record_is(check, "result", "fail") && !record_is(check, "result", "softfail"))
		return;
	strbuf_init(&better, memory, sizeof memory);
	say_better_record(record, check, &better);
	put_bullet(out, "If %s sends mail for %s, its owner can publish this TXT record for %s:",
		   record_text(record_member(record, "client"), "ip"), domain, domain);
	prose_put(out, 6, "%s", memory);
	prose_put(out, 4,
		  "If the mail was forwarded: SPF cannot pass for a forwarder that keeps the sender's "
		  "address. The "
		  "forwarder can rewrite it (SRS).");
}

static void
advise_names(const json_t *record, FILE *out)
{
	const json_t *iprev = record_check(record, "iprev"), *helo = record_check(record, "x-helo");
	const json_t *first = json_array_get(record_member(iprev, "names"), 0);
	const char *ip = record_text(record_member(record, "client"), "ip");
	const char *verified = record_text(record_member(record, "client"), "name");

	if (record_is(iprev, "result", "permerror"))
		put_bullet(out,
			   "Whoever runs the network of %s (the hosting or access provider) should give it a "
			   "PTR "
			   "record with "
			   "the server's name, and that name an address record that leads back.",
			   ip);
	if (record_is(iprev, "result", "fail"))
		put_bullet(out,
			   "The PTR record of %s says %s, but that name does not lead back to %s. One of the "
			   "two "
			   "should be "
			   "corrected: the PTR by the provider, the address record by the owner of the name.",
			   ip, record_text(first, "name"), ip);
	if (record_is(helo, "result", "fail") || record_is(helo, "result", "permerror"))
		put_bullet(
			out,
			"The administrator of the sending server should have it say its own name with EHLO: "
			"%s.",
			verified[0] != '\0' ? verified : "one that leads to its address");
}

static void
advise_lists(const json_t *record, FILE *out)
{
	const json_t *hit;
	size_t i;

	for (i = 0; (hit = json_array_get(record_member(record_check(record, "x-dnsbl"), "hits"), i)) != NULL;
	     i++) {
		if (!record_is(hit, "state", "listed"))
			continue;
		put_bullet(
			out,
			"%s lists %s%s%s. Only its operator can take that back, once the reason is gone%s%s",
			record_text(hit, "zone"), record_text(hit, "asked"),
			record_text(hit, "meaning")[0] != '\0' ? ": " : "", record_text(hit, "meaning"),
			record_text(hit, "page")[0] != '\0' ? ": " : ".", record_text(hit, "page"));
	}
}

void
advise(const json_t *record, FILE *out)
{
	const json_t *sender = record_check(record, "x-sender");

	advise_names(record, out);
	advise_spf(record, out);
	if (record_is(sender, "result", "fail"))
		put_bullet(out,
			   "%s cannot receive bounces (%s). Its owner should publish an MX record, or send "
			   "from a "
			   "domain that has one.",
			   record_text(sender, "domain"), record_text(sender, "reason"));
	advise_lists(record, out);
}

static bool
is_bad(const char *word)
{
	const enum result result = result_from_word(word);

	return result == RESULT_FAIL || result == RESULT_SOFTFAIL || result == RESULT_PERMERROR;
}

bool
advise_is_needed(const json_t *record)
{
	static const char *const methods[] = { "iprev", "x-helo", "spf", "x-sender", "x-dnsbl" };

	for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
		if (is_bad(record_text(record_check(record, methods[i]), "result")))
			return true;
	return false;
}
