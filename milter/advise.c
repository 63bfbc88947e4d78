#include "heloscope/advise.h"

#include <stdarg.h>
#include <string.h>

#include "heloscope/authres.h"
#include "heloscope/prose.h"
#include "heloscope/record.h"
#include "heloscope/spf_record.h"
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

static void
advise_spf(const json_t *record, FILE *out)
{
	const json_t *check = record_check(record, "spf");
	const char *domain = record_text(check, "domain");
	const char *ip = record_text(record_member(record, "client"), "ip");
	const char *published = record_text(check, "record");
	char memory[TEXT_MAX];
	struct ipaddr client;
	struct strbuf better;

	if (record_is(check, "result", "permerror"))
		put_bullet(out, "The owner of %s should correct its SPF record: %s.", domain,
			   record_text(check, "problem"));
	if ((!record_is(check, "result", "fail") && !record_is(check, "result", "softfail"))
	    || !ipaddr_parse(span_of(ip), &client) || !spf_record_is_one(span_of(published)))
		return;
	strbuf_init(&better, memory, sizeof memory);
	spf_record_extend(&better, published, &client);
	put_bullet(out, "If %s sends mail for %s, its owner can publish this TXT record for %s:", ip, domain,
		   domain);
	prose_put(out, 6, "%s", memory);
	prose_put(out, 4,
		  "If the mail was forwarded: SPF cannot pass for a forwarder that keeps the sender's "
		  "address. The forwarder can rewrite it (SRS).");
}

static void
advise_names(const json_t *record, FILE *out)
{
	const json_t *iprev = record_check(record, "iprev"), *helo = record_check(record, "x-helo");
	const json_t *first = json_array_get(record_member(iprev, "names"), 0);
	const char *ip = record_text(record_member(record, "client"), "ip");
	const char *verified = record_text(record_member(record, "client"), "name");

	if (record_is(iprev, "result", "permerror"))
		put_bullet(
			out,
			"Whoever runs the network of %s (the hosting or access provider) should give it a "
			"PTR record with the server's name, and that name an address record that leads back.",
			ip);
	if (record_is(iprev, "result", "fail"))
		put_bullet(out,
			   "The PTR record of %s says %s, but that name does not lead back to %s. One of the "
			   "two should be corrected: the PTR by the provider, the address record by the "
			   "owner of the name.",
			   ip, record_text(first, "name"), ip);
	if (record_is(helo, "result", "fail") || record_is(helo, "result", "permerror"))
		put_bullet(out,
			   "The administrator of the sending server should have it say its own name with "
			   "EHLO: %s.",
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
			   "from a domain that has one.",
			   record_text(sender, "domain"), record_text(sender, "reason"));
	advise_lists(record, out);
}

bool
advise_is_needed(const json_t *record)
{
	static const char *const methods[] = { "iprev", "x-helo", "spf", "x-sender", "x-dnsbl" };

	for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
		if (result_is_bad(result_from_word(record_text(record_check(record, methods[i]), "result"))))
			return true;
	return false;
}
